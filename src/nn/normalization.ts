/** Functions of whole axes: softmax and its kin, standardisation, one-hot codes. */
import type { NDArray } from '../core/array.ts'
import type { DType } from '../core/dtype.ts'
import * as ops from '../core/ops/index.ts'
import { type Axis, checkOptions, placed, type ReduceOptions } from '../core/ops/index.ts'
import type { ArrayLike } from '../core/tree.ts'
import { floating, noBool, strong } from './operand.ts'

const keep = { keepdims: true } as const

export interface SoftmaxOptions {
  /** The axes of one distribution; the last by default. */
  readonly axis?: Axis
  /** Elements that take part; the others get probability 0. */
  readonly where?: ArrayLike
}
function softmaxOptions(operation: string, axis: Axis | SoftmaxOptions | undefined, options: SoftmaxOptions | undefined): { axis: Axis; where: ArrayLike | undefined } {
  const { axis: at = -1, where } = placed<SoftmaxOptions>(operation, ['axis'], [axis], options, ['axis', 'where'])
  return { axis: at, where }
}
/** The axes as numbers from the front. @throws ShapeError naming the function that was called. */
const axesOf = (operation: string, axis: Axis, a: NDArray): number[] => ops.normalAxes(operation, axis, a.ndim)
/** Less the greatest along the axes, without which exp would overflow. Of no elements there is none. */
const shifted = (a: NDArray, axes: readonly number[]): NDArray => (axes.some((i) => a.shape[i] === 0) ? a : ops.sub(a, ops.stopGradientArray(ops.maxOf(a, axes, keep))))
const among = (a: NDArray, where: ArrayLike | undefined): NDArray => (where === undefined ? a : ops.where(where, a, -Infinity))

/** e / Σ e of exponentials of which the greatest is 1. The sum lies between 1 and their number, so its inverse is a normal number of the wider floats: one division a row. */
function shares(e: NDArray, axes: readonly number[]): NDArray {
  const total = ops.sum(e, axes, keep)
  return e.dtype === 'float32' || e.dtype === 'float64' ? ops.mul(e, ops.div(1, total)) : ops.div(e, total)
}

/**
 * exp(x) / Σ exp(x) along an axis (the last by default), without overflow.
 *
 * @example
 * nn.softmax(np.array([1, 2, 3]))
 */
export function softmax(x: ArrayLike, axis?: Axis | SoftmaxOptions, options?: SoftmaxOptions): NDArray {
  return ops.within('softmax', () => {
    const o = softmaxOptions('softmax', axis, options)
    const a = among(noBool('softmax', x), o.where)
    const axes = axesOf('softmax', o.axis, a)
    const out = shares(ops.exp(shifted(a, axes)), axes)
    return o.where === undefined ? out : ops.where(o.where, out, 0)
  })
}

/** x - log Σ exp(x) along an axis, the last by default. */
export function logSoftmax(x: ArrayLike, axis?: Axis | SoftmaxOptions, options?: SoftmaxOptions): NDArray {
  return ops.within('logSoftmax', () => {
    const o = softmaxOptions('logSoftmax', axis, options)
    const a = among(noBool('logSoftmax', x), o.where)
    const axes = axesOf('logSoftmax', o.axis, a)
    const below = shifted(a, axes)
    const out = ops.sub(below, ops.log(ops.sum(ops.exp(below), axes, keep)))
    return o.where === undefined ? out : ops.where(o.where, out, -Infinity)
  })
}

export interface LogsumexpOptions extends ReduceOptions {
  /** Factors of the exponentials. */
  readonly b?: ArrayLike
  /** Elements that take part. */
  readonly where?: ArrayLike
}
/**
 * log Σ b · exp(x) over axes (all by default), without overflow; of infinities as the limit. Without elements -Infinity.
 *
 * @example
 * nn.logsumexp(np.array([1000, 1000]))   // 1000.6931
 */
export function logsumexp(x: ArrayLike, axis?: Axis | LogsumexpOptions, options?: LogsumexpOptions): NDArray {
  return ops.within('logsumexp', () => {
    const o = placed<LogsumexpOptions>('logsumexp', ['axis'], [axis], options, ['axis', 'keepdims', 'b', 'where'])
    const at = o.axis ?? null
    const given = strong('logsumexp', x)
    // What does not take part may have any factor, NaN too.
    const factors = (b: ArrayLike, where: ArrayLike | undefined): ArrayLike => (where === undefined ? b : ops.where(where, b, 0))
    // A factor of 0 takes its element out, even an infinite one.
    const a = among(o.b === undefined ? given : ops.where(ops.ne(o.b, 0), given, -Infinity), o.where)
    const axes = ops.normalAxes('logsumexp', at, a.ndim)
    const none = axes.some((i) => a.shape[i] === 0)
    const largest = none ? null : ops.maxOf(a, at, keep)
    const most = largest === null ? 0 : ops.stopGradientArray(ops.where(ops.isFinite(largest), largest, 0))
    const e = ops.exp(ops.sub(a, most))
    const total = ops.add(ops.log(ops.sum(o.b === undefined ? e : ops.mul(e, factors(o.b, o.where)), at, keep)), most)
    return o.keepdims === true ? total : ops.squeeze(total, axes)
  })
}

export interface LogmeanexpOptions extends ReduceOptions {
  /** Elements that take part. */
  readonly where?: ArrayLike
}
/**
 * log of the mean of exp(x) over axes (all by default), without overflow.
 *
 * @example
 * nn.logmeanexp(np.array([1000, 1000]))   // 1000
 */
export function logmeanexp(x: ArrayLike, axis?: Axis | LogmeanexpOptions, options?: LogmeanexpOptions): NDArray {
  return ops.within('logmeanexp', () => {
    const o = placed<LogmeanexpOptions>('logmeanexp', ['axis'], [axis], options, ['axis', 'keepdims', 'where'])
    const a = strong('logmeanexp', x)
    const place = { axis: o.axis ?? null, keepdims: o.keepdims ?? false }
    const axes = ops.normalAxes('logmeanexp', o.axis, a.ndim)
    const total = logsumexp(a, o.where === undefined ? place : { ...place, where: o.where })
    if (o.where === undefined) return ops.sub(total, Math.log(axes.reduce((n, i) => n * a.shape[i]!, 1)))
    return ops.sub(total, ops.log(ops.sum(ops.broadcastTo(ops.convert(o.where, a.dtype), a.shape), place)))
  })
}

export interface OneHotOptions {
  /** Default float32. */
  readonly dtype?: DType
  /** Where the new axis stands; default last. */
  readonly axis?: number
}
/**
 * 1 at the index, 0 elsewhere, along a new axis; an index out of range gives zeros.
 *
 * @example
 * nn.oneHot(np.array([0, 2]), 3)   // [[1, 0, 0], [0, 0, 1]]
 */
export function oneHot(x: ArrayLike, numClasses: number, options: OneHotOptions = {}): NDArray {
  return ops.within('oneHot', () => {
    checkOptions('oneHot', options, ['dtype', 'axis'])
    ops.checkInteger('oneHot', 'numClasses', numClasses, 0)
    const a = ops.toArray('oneHot', x)
    const at = ops.normalAxis('oneHot', options.axis ?? -1, a.ndim + 1)
    const shape = Array.from({ length: a.ndim + 1 }, (_, i) => (i === at ? numClasses : 1))
    const classes = ops.convert(ops.reshape(ops.iota('int32', [numClasses]), shape), a.dtype)
    return ops.convert(ops.eq(ops.expandDims(a, at), classes), options.dtype ?? 'float32')
  })
}

export interface StandardizeOptions {
  /** Default the last. */
  readonly axis?: Axis
  /** Given instead of computed. */
  readonly mean?: ArrayLike
  readonly variance?: ArrayLike
  /** Default 1e-5. */
  readonly epsilon?: ArrayLike
}
/** (x - mean) / √(variance + epsilon) over axes. */
export function standardize(x: ArrayLike, axis?: Axis | StandardizeOptions, options?: StandardizeOptions): NDArray {
  return ops.within('standardize', () => {
    const o = placed<StandardizeOptions>('standardize', ['axis'], [axis], options, ['axis', 'mean', 'variance', 'epsilon'])
    const at = o.axis ?? -1
    const a = floating('standardize', x)
    // Plain numbers among themselves would be float32.
    const given = (v: ArrayLike): ArrayLike => (typeof v === 'number' ? ops.convert(v, a.dtype, a.aval.weakType) : v)
    const mean = given(o.mean ?? ops.mean(a, at, keep))
    // The mean of squares less the squared mean, which rounding may make negative: as jax.nn.standardize computes it.
    const variance = o.variance !== undefined ? given(o.variance) : ops.max(ops.sub(ops.mean(ops.square(a), at, keep), ops.square(mean)), 0)
    return ops.mul(ops.sub(a, mean), ops.rsqrt(ops.add(variance, o.epsilon ?? 1e-5)))
  })
}
