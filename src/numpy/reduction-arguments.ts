/** What reductions are given: options, in their places or among the options, and operands, in the dtype that they are computed in. */
import type { NDArray } from '../core/array.ts'
import { type DType, isInexact } from '../core/dtype.ts'
import * as ops from '../core/ops/index.ts'
import type { ArrayLike } from '../core/tree.ts'

export interface ReduceOptions extends ops.ReduceOptions {
  /** Reduces only the elements where this holds. */
  readonly where?: ArrayLike
  /** Takes part in the result. */
  readonly initial?: ArrayLike
}
export interface SumOptions extends ReduceOptions, ops.DtypeOption {}
/** An axis in its place, or the options. */
export type Place<O> = ops.Axis | O

const reduceOptions = ['axis', 'keepdims', 'where', 'initial'] as const
const sumOptions = [...reduceOptions, 'dtype'] as const

export const sumArguments = (operation: string, axis: Place<SumOptions> | undefined, options: SumOptions | undefined): SumOptions => ops.placed<SumOptions>(operation, ['axis'], [axis], options, sumOptions)
export const reduceArguments = (operation: string, axis: Place<ReduceOptions> | undefined, options: ReduceOptions | undefined): ReduceOptions => ops.placed<ReduceOptions>(operation, ['axis'], [axis], options, reduceOptions)

/** Computed as means are: of the half floats in float32, whose sums overflow where means do not. */
export function widened(given: NDArray, compute: (a: NDArray) => NDArray): NDArray {
  const dtype = ops.meanDType(given.dtype)
  return dtype === given.dtype ? compute(given) : ops.convert(compute(ops.convert(given, dtype)), given.dtype)
}
export const floating = (a: NDArray, dtype: DType | undefined): NDArray => (dtype !== undefined ? ops.convert(a, dtype) : isInexact(a.dtype) ? a : ops.convert(a, 'float32'))
