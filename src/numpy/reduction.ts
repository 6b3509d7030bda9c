/** Reductions under NumPy's names, with `where` and `initial`. */
import type { NDArray } from '../core/array.ts'
import { isInexact } from '../core/dtype.ts'
import { ArgumentError, ShapeError } from '../core/errors.ts'
import * as ops from '../core/ops/index.ts'
import type { ArrayLike } from '../core/tree.ts'
import { promotedInexact } from './promoted.ts'
import { floating, type Place, reduceArguments, type ReduceOptions, sumArguments, type SumOptions, widened } from './reduction-arguments.ts'

export type { ReduceOptions, SumOptions } from './reduction-arguments.ts'

export { argmax, argmin } from '../core/ops/index.ts'

type Reduction = (x: ArrayLike, options: ops.ReduceOptions & ops.DtypeOption) => NDArray

/** `where` puts the neutral element in place of what is left out; `initial` is combined in the end, in the dtype of the result. */
function reduced(x: ArrayLike, o: SumOptions, neutral: (x: NDArray) => ArrayLike, reduction: Reduction, combine: (a: ArrayLike, b: ArrayLike) => NDArray): NDArray {
  const { where, initial, ...rest } = o
  if (where === undefined && initial === undefined) return reduction(x, rest)
  const a = ops.toArray('sum', x)
  const kept = where === undefined ? a : ops.where(where, a, ops.convert(neutral(a), a.dtype))
  const out = reduction(kept, rest)
  return initial === undefined ? out : combine(out, ops.convert(initial, out.dtype))
}
/** As `reduced`; of no elements the initial value is the extremum. */
function extreme(x: ArrayLike, o: ReduceOptions, neutral: (x: NDArray) => ArrayLike, of: Reduction, combine: (a: ArrayLike, b: ArrayLike) => NDArray): NDArray {
  const a = ops.toArray('reduce', x)
  const none = ops.normalAxes('reduce', o.axis, a.ndim).some((i) => a.shape[i] === 0)
  return none && o.initial !== undefined ? empty(a, o, o.initial) : reduced(a, o, neutral, of, combine)
}
function empty(x: NDArray, { axis, keepdims = false }: ops.ReduceOptions, initial: ArrayLike): NDArray {
  const axes = ops.normalAxes('reduce', axis, x.ndim)
  const shape = keepdims ? x.shape.map((d, i) => (axes.includes(i) ? 1 : d)) : x.shape.filter((_, i) => !axes.includes(i))
  return ops.broadcastTo(ops.convert(initial, x.dtype), shape)
}

/**
 * The sum over axes. Bool and small integers are summed as 32-bit ones.
 *
 * @example
 * np.sum(np.array([[1, 2], [3, 4]]), 0).js()                        // [4, 6]
 * np.sum(x, { axis: [0, 1], keepdims: true, where: np.greater(x, 0) })
 */
export function sum(x: ArrayLike, axis?: Place<SumOptions>, options?: SumOptions): NDArray {
  return ops.within('sum', () => {
    return reduced(x, sumArguments('sum', axis, options), () => 0, (a, o) => ops.sum(a, o), ops.add)
  })
}
/** The product over axes; 1 over none. Bool and small integers are multiplied as 32-bit ones. */
export function prod(x: ArrayLike, axis?: Place<SumOptions>, options?: SumOptions): NDArray {
  return ops.within('prod', () => {
    return reduced(x, sumArguments('prod', axis, options), () => 1, (a, o) => ops.prod(a, o), ops.mul)
  })
}
/** The greatest; NaN where there is one. */
export function max(x: ArrayLike, axis?: Place<ReduceOptions>, options?: ReduceOptions): NDArray {
  return ops.within('max', () => {
    return extreme(x, reduceArguments('max', axis, options), (a) => (isInexact(a.dtype) ? -Infinity : ops.minOf(a)), (a, o) => ops.maxOf(a, o), ops.max)
  })
}
/** The smallest; NaN where there is one. */
export function min(x: ArrayLike, axis?: Place<ReduceOptions>, options?: ReduceOptions): NDArray {
  return ops.within('min', () => {
    return extreme(x, reduceArguments('min', axis, options), (a) => (isInexact(a.dtype) ? Infinity : ops.maxOf(a)), (a, o) => ops.minOf(a, o), ops.min)
  })
}
/** `max` by another name. */
export const amax = (x: ArrayLike, axis?: Place<ReduceOptions>, options?: ReduceOptions): NDArray => ops.within('amax', () => max(x, axis, options))
/** `min` by another name. */
export const amin = (x: ArrayLike, axis?: Place<ReduceOptions>, options?: ReduceOptions): NDArray => ops.within('amin', () => min(x, axis, options))

/** Greatest minus least. */
export function ptp(x: ArrayLike, axis?: Place<ops.ReduceOptions>, options?: ops.ReduceOptions): NDArray {
  return ops.within('ptp', () => {
    const o = ops.placed<ops.ReduceOptions>('ptp', ['axis'], [axis], options, ['axis', 'keepdims'])
    return ops.sub(ops.maxOf(x, o), ops.minOf(x, o))
  })
}
/** How many elements are not 0: int32. */
export function countNonzero(x: ArrayLike, axis?: Place<ops.ReduceOptions>, options?: ops.ReduceOptions): NDArray {
  return ops.within('countNonzero', () => {
    const o = ops.placed<ops.ReduceOptions>('countNonzero', ['axis'], [axis], options, ['axis', 'keepdims'])
    return ops.sum(ops.ne(ops.toArray('countNonzero', x), typeof x === 'boolean' || (typeof x === 'object' && x.dtype === 'bool') ? false : 0), o)
  })
}

export interface TruthOptions extends ops.ReduceOptions {
  /** Asks only the elements where this holds. */
  readonly where?: ArrayLike
}
type Truth = (x: ArrayLike, axis?: Place<TruthOptions>, options?: TruthOptions) => NDArray
const truth =
  (operation: 'any' | 'all', of: typeof ops.any): Truth =>
  (x, axis, options) =>
    ops.within(operation, () => {
      const { where, ...o } = ops.placed<TruthOptions>(operation, ['axis'], [axis], options, ['axis', 'keepdims', 'where'])
      if (where === undefined) return of(x, o)
      const a = ops.toArray(operation, x)
      return of(ops.where(where, a.dtype === 'bool' ? a : ops.ne(a, 0), operation === 'all'), o)
    })
/** Whether any element along the axes is not 0. */
export const any: Truth = truth('any', ops.any)
/** Whether no element along the axes is 0. */
export const all: Truth = truth('all', ops.all)

export interface MeanOptions extends ops.ReduceOptions, ops.DtypeOption {
  readonly where?: ArrayLike
}
/** The arithmetic mean; integers and bool give float32. */
export function mean(x: ArrayLike, axis?: Place<MeanOptions>, options?: MeanOptions): NDArray {
  return ops.within('mean', () => {
    const { where, ...o } = ops.placed<MeanOptions>('mean', ['axis'], [axis], options, ['axis', 'keepdims', 'dtype', 'where'])
    if (where === undefined) return ops.mean(x, o)
    const place = { axis: o.axis, keepdims: o.keepdims }
    const ofKept = (a: NDArray): NDArray => ops.div(ops.sum(ops.where(where, a, 0), place), ops.sum(ops.broadcastTo(ops.convert(where, a.dtype), a.shape), place))
    const a = floating(ops.toArray('mean', x), o.dtype)
    // A dtype that is named is computed in, as in JAX.
    return o.dtype === undefined ? widened(a, ofKept) : ofKept(a)
  })
}
export interface VarOptions extends ops.ReduceOptions, ops.DtypeOption {
  /** Divides by n - ddof; 0 by default. */
  readonly ddof?: number
  /** The array API's name for ddof. */
  readonly correction?: number
  /** Takes only the elements where this holds. */
  readonly where?: ArrayLike
}
/** The mean of squared distances from the mean; NaN where ddof leaves nothing to divide by. */
export function variance(x: ArrayLike, axis?: Place<VarOptions>, options?: VarOptions): NDArray {
  return ops.within('var', () => {
    const o = ops.placed<VarOptions>('var', ['axis'], [axis], options, ['axis', 'keepdims', 'dtype', 'ddof', 'correction', 'where'])
    const ddof = ops.checkNumber('var', 'ddof', o.ddof ?? o.correction ?? 0)
    return widened(floating(ops.toArray('var', x), o.dtype), (a) => {
      const axes = ops.normalAxes('var', o.axis, a.ndim)
      const n = axes.reduce((m, i) => m * a.shape[i]!, 1)
      const place = { axis: axes, keepdims: o.keepdims }
      if (o.where === undefined) {
        const centred = ops.sub(a, ops.mean(a, { axis: axes, keepdims: true }))
        return ops.div(ops.sum(ops.square(centred), place), n > ddof ? n - ddof : NaN)
      }
      const { where } = o
      const centred = ops.sub(a, mean(a, { axis: axes, keepdims: true, where }))
      const left = ops.sub(ops.sum(ops.broadcastTo(ops.convert(where, a.dtype), a.shape), place), ddof)
      return ops.div(ops.sum(ops.where(where, ops.square(centred), 0), place), ops.where(ops.gt(left, 0), left, NaN))
    })
  })
}
/** The standard deviation: the root of the variance. */
export function std(x: ArrayLike, axis?: Place<VarOptions>, options?: VarOptions): NDArray {
  return ops.within('std', () => {
    return ops.sqrt(variance(x, axis, options))
  })
}

export interface AverageOptions {
  readonly axis?: ops.Axis
  /** Of the shape of x, or a vector along a single axis. */
  readonly weights?: ArrayLike
  readonly keepdims?: boolean
}
/** The mean, weighted. */
export function average(x: ArrayLike, axis?: ops.Axis | AverageOptions, options?: AverageOptions): NDArray {
  return ops.within('average', () => {
    const o = ops.placed<AverageOptions>('average', ['axis'], [axis], options, ['axis', 'weights', 'keepdims'])
    const { weights, ...rest } = o
    if (weights === undefined) return ops.mean(x, rest)
    const [a, weight] = promotedInexact('average', x, weights)
    let w = weight
    if (w.ndim === 1 && a.ndim > 1) {
      if (typeof rest.axis !== 'number') throw new ArgumentError('average', 'a vector of weights needs one axis')
      const at = ops.normalAxis('average', rest.axis, a.ndim)
      if (w.size !== a.shape[at]) throw new ShapeError('average', `got ${w.size} weights for axis ${at} of shape [${a.shape.join(',')}]; takes one for each of its ${a.shape[at]!} elements`)
      w = ops.reshape(w, a.shape.map((_, i) => (i === at ? w.size : 1)))
    }
    const full = ops.broadcastTo(w, a.shape)
    const wide = ops.meanDType(a.dtype)
    return ops.convert(ops.div(ops.sum(ops.mul(ops.convert(a, wide), ops.convert(full, wide)), rest), ops.sum(ops.convert(full, wide), rest)), a.dtype)
  })
}

const running =
  (primitive: 'cumsum' | 'cumprod') =>
  (x: ArrayLike, axis?: number | null | CumulativeOptions, options?: CumulativeOptions): NDArray => {
    const o = ops.placed<CumulativeOptions>(primitive, ['axis'], [axis], options, ['axis', 'dtype'])
    const a = ops.toArray(primitive, x)
    return ops.cumulative(primitive, ops.convert(a, o.dtype ?? a.dtype, false, primitive), o.axis)
  }
export interface CumulativeOptions extends ops.DtypeOption {
  readonly axis?: number | null
}
type Cumulative = (x: ArrayLike, axis?: number | null | CumulativeOptions, options?: CumulativeOptions) => NDArray
/** Running sums along an axis; of the flat array without one. */
export const cumsum: Cumulative = running('cumsum')
/** Running products along an axis; of the flat array without one. */
export const cumprod: Cumulative = running('cumprod')

export interface DiffOptions {
  /** How often; 1 by default. */
  readonly n?: number
  /** The last by default. */
  readonly axis?: number
  /** Stands before the array along the axis: a scalar, or an array of the same other sizes. */
  readonly prepend?: ArrayLike
  /** Stands behind it. */
  readonly append?: ArrayLike
}
/**
 * Differences of neighbours along an axis, n times; of truth values whether they differ.
 *
 * @example
 * np.diff(np.array([1, 4, 9])).js()      // [3, 5]
 * np.diff(np.array([1, 4, 9]), 2).js()   // [2]
 * np.diff(np.array([1, 4, 9]), { prepend: 0 }).js()   // [1, 3, 5]
 */
export function diff(x: ArrayLike, n?: number | DiffOptions, axis?: number | DiffOptions, rest?: DiffOptions): NDArray {
  return ops.within('diff', () => {
    const options = ops.placed<DiffOptions>('diff', ['n', 'axis'], [n, axis], rest, ['n', 'axis', 'prepend', 'append'])
    const a = ops.toArray('diff', x)
    const at = ops.normalAxis('diff', options.axis ?? -1, a.ndim)
    const ends = [options.prepend, a, options.append].filter((part) => part !== undefined)
    const column = a.shape.map((d, k) => (k === at ? 1 : d))
    let out = ends.length === 1 ? a : ops.concatenate(ops.toArrays('diff', ends).map((part) => (part.ndim === 0 ? ops.broadcastTo(part, column) : part)), at)
    const times = ops.checkInteger('diff', 'n', options.n ?? 1, 0)
    for (let i = 0; i < times; i++) {
      const size = out.shape[at]!
      const piece = (start: number, stop: number): NDArray => ops.laxSlice(out, out.shape.map((_, k) => (k === at ? start : 0)), out.shape.map((d, k) => (k === at ? stop : d)))
      if (size === 0) return out
      out = out.dtype === 'bool' ? ops.ne(piece(1, size), piece(0, size - 1)) : ops.sub(piece(1, size), piece(0, size - 1))
    }
    return out
  })
}
