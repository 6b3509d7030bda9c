/** What products are summed in, and the vectors of columns that a tile takes at once. */
import type { DType } from '../../../core/dtype.ts'
import type { Expression } from '../../kernel-ir/index.ts'

/** `pairs`: int32 sums, of words that hold two factors each (pairs.ts). */
export type SumType = 'float32' | 'float64' | 'int32' | 'pairs'

/** The type of packed elements and of sums. */
export const elementType = (sum: SumType): 'float32' | 'float64' | 'int32' => (sum === 'pairs' ? 'int32' : sum)

export interface TileShape {
  /** Columns of a tile: the width of a panel of B. */
  readonly columns: 4 | 8
  readonly elementBytes: 4 | 8
}

export function tileShape(dtype: SumType): TileShape {
  return dtype === 'float64' ? { columns: 4, elementBytes: 8 } : { columns: 8, elementBytes: 4 }
}

/** By what a tile sums in. */
export const instructions = {
  float32: { splat: 'v128.load32_splat', mul: 'f32x4.mul', add: 'f32x4.add' },
  float64: { splat: 'v128.load64_splat', mul: 'f64x2.mul', add: 'f64x2.add' },
  int32: { splat: 'v128.load32_splat', mul: 'i32x4.mul', add: 'i32x4.add' },
  pairs: { splat: 'v128.load32_splat', mul: 'i32x4.dot_i16x8_s', add: 'i32x4.add' },
} as const

/** Vectors in a row of a tile: 16 bytes each. */
export const vectors = 2

export function sumType(dtype: DType): Exclude<SumType, 'pairs'> {
  if (dtype === 'float64' || dtype === 'int32') return dtype
  return dtype === 'uint32' ? 'int32' : 'float32'
}

/** Packed factors are of the type that is summed in; of uint32 the bits do, since products wrap alike. */
export function inSumType(nodes: Expression, sum: SumType): Expression {
  const dtype = elementType(sum)
  const last = nodes.at(-1)!
  if (last.dtype === dtype) return nodes
  const input = nodes.length - 1
  if (last.dtype === 'uint32') return [...nodes, { op: 'bitcast', dtype, input }]
  return [...nodes, { op: 'apply', primitive: 'convertElementType', params: { newDtype: dtype, weakType: false }, dtype, inputs: [input] }]
}
