/** Functions of whole axes: softmax and its kin, standardisation, one-hot codes. */
import type { NDArray } from '../core/array.ts'
import type { DType } from '../core/dtype.ts'
import * as ops from '../core/ops/index.ts'
import { checkOptions, type Axis, type ReduceOptions } from '../core/ops/index.ts'
import type { ArrayLike } from '../core/tree.ts'

const float = (x: ArrayLike): NDArray => {
  const a = ops.toArray(x)
  return a.dtype.startsWith('float') || a.dtype === 'bfloat16' ? a : ops.convert(a, 'float32')
}
const keep = { keepdims: true } as const
type Place = Axis | { readonly axis?: Axis }
const axisOf = (operation: string, place: Place | undefined): Axis => ops.reduceArguments<ReduceOptions>(operation, place as Axis | ReduceOptions | undefined, undefined, ['axis']).axis ?? -1

/**
 * exp(x) / Σ exp(x) along an axis (the last by default), without overflow.
 *
 * @example
 * nn.softmax(np.array([1, 2, 3]))
 */
export function softmax(x: ArrayLike, axis?: Place): NDArray {
  const a = float(x)
  const at = axisOf('softmax', axis)
  const e = ops.exp(ops.sub(a, ops.stopGradientArray(ops.maxOf(a, at, keep))))
  return ops.div(e, ops.sum(e, at, keep))
}

/** x - log Σ exp(x) along an axis, the last by default. */
export function logSoftmax(x: ArrayLike, axis?: Place): NDArray {
  const a = float(x)
  const at = axisOf('logSoftmax', axis)
  const shifted = ops.sub(a, ops.stopGradientArray(ops.maxOf(a, at, keep)))
  return ops.sub(shifted, ops.log(ops.sum(ops.exp(shifted), at, keep)))
}

export interface LogsumexpOptions extends ReduceOptions {
  /** Factors of the exponentials. */
  readonly b?: ArrayLike
}
/** log Σ b · exp(x) over axes (all by default), without overflow; of infinities as the limit. */
export function logsumexp(x: ArrayLike, axis?: Axis | LogsumexpOptions, options?: LogsumexpOptions): NDArray {
  const o = ops.reduceArguments<LogsumexpOptions>('logsumexp', axis, options, ['axis', 'keepdims', 'b'])
  const a = float(x)
  const largest = ops.maxOf(a, o.axis ?? null, keep)
  const most = ops.stopGradientArray(ops.where(ops.isFinite(largest), largest, 0))
  const e = ops.exp(ops.sub(a, most))
  const total = ops.add(ops.log(ops.sum(o.b === undefined ? e : ops.mul(e, o.b), o.axis ?? null, keep)), most)
  return o.keepdims === true ? total : ops.squeeze(total, ops.normalAxes('logsumexp', o.axis, a.ndim))
}

export interface OneHotOptions {
  /** Default float32. */
  readonly dtype?: DType
  /** Where the new axis stands; default last. */
  readonly axis?: number
}
/** 1 at the index, 0 elsewhere, along a new axis; an index out of range gives zeros. */
export function oneHot(x: ArrayLike, numClasses: number, options: OneHotOptions = {}): NDArray {
  checkOptions('oneHot', options, ['dtype', 'axis'])
  const a = ops.toArray(x)
  const at = ops.normalAxis('oneHot', options.axis ?? -1, a.ndim + 1)
  const shape = Array.from({ length: a.ndim + 1 }, (_, i) => (i === at ? numClasses : 1))
  const classes = ops.convert(ops.reshape(ops.iota('int32', [numClasses]), shape), a.dtype)
  return ops.convert(ops.eq(ops.expandDims(a, at), classes), options.dtype ?? 'float32')
}

export interface StandardizeOptions {
  /** Default the last. */
  readonly axis?: Axis
  readonly epsilon?: number
}
/** (x - mean) / √(variance + epsilon) over axes. */
export function standardize(x: ArrayLike, options: StandardizeOptions = {}): NDArray {
  checkOptions('standardize', options, ['axis', 'epsilon'])
  const { axis = -1, epsilon = 1e-5 } = options
  const a = float(x)
  const mean = ops.mean(a, axis, keep)
  // The mean of squares less the squared mean, as jax.nn.standardize computes it.
  const variance = ops.sub(ops.mean(ops.square(a), axis, keep), ops.square(mean))
  return ops.mul(ops.sub(a, mean), ops.rsqrt(ops.add(variance, epsilon)))
}
