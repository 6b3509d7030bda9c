/** What products are summed in, and the vectors of columns that a tile takes at once. */

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
