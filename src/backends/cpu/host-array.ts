/** Values of the interpreter: a type and the bytes of a row-major array. */
import { type Aval, sizeOf } from '../../core/aval.ts'
import { decodeNumbers, encodeNumbers, type TypedArray } from '../../core/bytes.ts'
import { type DType, dtypeInfo } from '../../core/dtype.ts'
import type { Primitive, PrimitiveParams } from '../../core/primitives/index.ts'

export interface HostArray {
  readonly aval: Aval
  readonly bytes: Uint8Array
}

/** Computes a primitive's results, whose types are `outs`. */
type CpuRule<P extends Primitive> = (inputs: readonly HostArray[], params: PrimitiveParams[P], outs: readonly Aval[]) => HostArray[]
export type CpuRules<K extends Primitive = Primitive> = { readonly [P in K]: CpuRule<P> }

/** The elements as JavaScript numbers; 16-bit floats widened, bool 0 or 1. */
export const numbersOf = (a: HostArray): TypedArray => decodeNumbers(a.bytes, a.aval.dtype)

/** Numbers as an array of a type: floats rounded to nearest even, integers wrapped. */
export const fromNumbers = (aval: Aval, values: ArrayLike<number>): HostArray => ({ aval, bytes: encodeNumbers(values, aval.dtype) })

/** An array from what a function gives for each flat index. */
export function fill(aval: Aval, at: (i: number) => number): HostArray {
  const values = new Float64Array(sizeOf(aval.shape))
  for (let i = 0; i < values.length; i++) values[i] = at(i)
  return fromNumbers(aval, values)
}

/** The first number: of scalar operands. */
export const scalarOf = (a: HostArray): number => numbersOf(a)[0]!

export interface Range {
  readonly lowest: number
  readonly highest: number
}

/** The least and greatest value of a dtype; infinities for floats. They are the identities of max and min. */
export function rangeOf(dtype: DType): Range {
  const { kind, bytes } = dtypeInfo[dtype]
  if (kind === 'int') return { lowest: -(2 ** (8 * bytes - 1)), highest: 2 ** (8 * bytes - 1) - 1 }
  if (kind === 'uint') return { lowest: 0, highest: 2 ** (8 * bytes) - 1 }
  if (kind === 'bool') return { lowest: 0, highest: 1 }
  return { lowest: -Infinity, highest: Infinity }
}

export const widthOf = (dtype: DType): number => 8 * dtypeInfo[dtype].bytes
