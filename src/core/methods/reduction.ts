/** Methods of arrays that reduce axes. `x.sum(1)`, `x.sum(1, { keepdims: true })` and `x.sum({ axis: 1 })` all work. */
import type { NDArray } from '../array.ts'
import * as ops from '../ops/index.ts'
import type { Axis, DtypeOption, ReduceOptions } from '../ops/index.ts'
import { ElementwiseMethods } from './elementwise.ts'

type Place<O> = Axis | O

export abstract class ReductionMethods extends ElementwiseMethods {
  sum(this: NDArray, axis?: Place<ReduceOptions & DtypeOption>, options?: ReduceOptions & DtypeOption): NDArray { return ops.sum(this, axis, options) }
  mean(this: NDArray, axis?: Place<ReduceOptions & DtypeOption>, options?: ReduceOptions & DtypeOption): NDArray { return ops.mean(this, axis, options) }
  prod(this: NDArray, axis?: Place<ReduceOptions & DtypeOption>, options?: ReduceOptions & DtypeOption): NDArray { return ops.prod(this, axis, options) }
  max(this: NDArray, axis?: Place<ReduceOptions>, options?: ReduceOptions): NDArray { return ops.maxOf(this, axis, options) }
  min(this: NDArray, axis?: Place<ReduceOptions>, options?: ReduceOptions): NDArray { return ops.minOf(this, axis, options) }
  any(this: NDArray, axis?: Place<ReduceOptions>, options?: ReduceOptions): NDArray { return ops.any(this, axis, options) }
  all(this: NDArray, axis?: Place<ReduceOptions>, options?: ReduceOptions): NDArray { return ops.all(this, axis, options) }
  /** int32 position of the first maximum. */
  argmax(this: NDArray, axis?: Place<ReduceOptions>, options?: ReduceOptions): NDArray { return ops.argmax(this, axis, options) }
  argmin(this: NDArray, axis?: Place<ReduceOptions>, options?: ReduceOptions): NDArray { return ops.argmin(this, axis, options) }
  cumsum(this: NDArray, axis?: number | null): NDArray { return ops.cumulative('cumsum', this, axis) }
  matmul(this: NDArray, y: NDArray): NDArray { return ops.matmul(this, y) }
  dot(this: NDArray, y: NDArray): NDArray { return ops.dot(this, y) }
}
