/** Quantiles, of all elements and of those that are no NaN. */
import { isArray, type NDArray } from '../core/array.ts'
import { show } from '../core/describe.ts'
import { isInexact } from '../core/dtype.ts'
import { ArgumentError, ShapeError } from '../core/errors.ts'
import * as ops from '../core/ops/index.ts'
import type { ArrayLike } from '../core/tree.ts'
import { sort as laxSort } from '../lax/sorting.ts'

export type QuantileMethod = 'linear' | 'lower' | 'higher' | 'midpoint' | 'nearest'
export interface QuantileOptions {
  readonly axis?: ops.Axis
  readonly keepdims?: boolean
  /** Between two elements; 'linear' by default. */
  readonly method?: QuantileMethod
}
type Place = ops.Axis | QuantileOptions
type MedianOptions = Omit<QuantileOptions, 'method'>

/** `passNaN`: over what is no NaN; else one NaN makes its quantile NaN. */
function quantiles(operation: string, x: ArrayLike, q: ArrayLike, o: QuantileOptions, passNaN: boolean): NDArray {
  const { method = 'linear', keepdims = false } = o
  const given = ops.toArray(operation, x)
  const a = isInexact(given.dtype) ? given : ops.convert(given, 'float32')
  const axes = ops.normalAxes(operation, o.axis, a.ndim)
  const rest = a.shape.map((_, i) => i).filter((i) => !axes.includes(i))
  const n = axes.reduce((m, i) => m * a.shape[i]!, 1)
  const lines = ops.reshape(ops.transpose(a, [...rest, ...axes]), [...rest.map((i) => a.shape[i]!), n])
  if (n === 0) throw new ShapeError(operation, `of no elements: shape [${a.shape.join(',')}] over axes [${axes.join(',')}]; takes at least one`)
  const at = lines.ndim - 1
  const share = ops.convert(q, a.dtype)
  // NaN comes last, so the others are the first `counted` of each line.
  const sorted = laxSort(lines, { dimension: at })
  const isNaN = ops.ne(lines, lines)
  const spread = share.shape.map((_, i) => at + i)
  const last = passNaN ? ops.expandDims(ops.sub(ops.sum(ops.convert(ops.not(isNaN), a.dtype), at), 1), spread) : n - 1
  const place = ops.mul(share, last)
  const pickAt = (p: NDArray): NDArray => {
    const index = ops.clamp(0, ops.convert(p, 'int32'), n - 1)
    return passNaN ? picked(sorted, index, share.ndim) : ops.slice(sorted, ['...', index])
  }
  const [low, high] = [pickAt(ops.floor(place)), pickAt(ops.ceil(place))]
  const between = mixed(operation, method, low, high, ops.sub(place, ops.floor(place)))
  const poisoned = passNaN ? between : ops.where(ops.expandDims(ops.any(isNaN, at), spread), NaN, between)
  const ordered = ops.transpose(poisoned, [...spread, ...rest.map((_, i) => i)])
  return keepdims ? ops.reshape(ordered, [...share.shape, ...a.shape.map((d, i) => (axes.includes(i) ? 1 : d))]) : ordered
}

/** Of each line its own elements: [...rest, n] at [...rest, ...q] to [...rest, ...q]. */
function picked(lines: NDArray, index: NDArray, rank: number): NDArray {
  const rest = lines.ndim - 1
  const entries = Array.from({ length: rest }, (_, i) => ops.reshape(ops.iota('int32', [lines.shape[i]!]), [lines.shape[i]!, ...Array.from({ length: rest - 1 - i + rank }, () => 1)]))
  return ops.slice(lines, [...entries, index])
}

function mixed(operation: string, method: QuantileMethod, low: NDArray, high: NDArray, weight: NDArray): NDArray {
  switch (method) {
    case 'linear':
      return ops.add(ops.mul(low, ops.sub(1, weight)), ops.mul(high, weight))
    case 'lower':
      return low
    case 'higher':
      return high
    case 'midpoint':
      return ops.mul(ops.add(low, high), 0.5)
    case 'nearest':
      return ops.where(ops.le(weight, 0.5), low, high)
    default:
      throw new ArgumentError(operation, `unknown method ${show(method)}; known methods: linear, lower, higher, midpoint, nearest`)
  }
}

const quantileOptions = ['axis', 'keepdims', 'method'] as const
const medianOptions = ['axis', 'keepdims'] as const
/** A plain number is divided in float32, as in JAX, unless the elements hold more digits. */
const hundredth = (x: ArrayLike, q: ArrayLike): ArrayLike => (typeof q === 'number' && isArray(x) && x.dtype === 'float64' ? q / 100 : ops.div(q, 100))

/**
 * The value below which a share q of the elements lie; NaN where there is one. The axes of q come first. Floating: integers give float32.
 *
 * @example
 * np.quantile(np.array([1, 2, 4]), 0.25).item()                       // 1.5
 * np.quantile(np.array([1, 2, 4]), 0.25, { method: 'lower' }).item()  // 1
 * @throws ShapeError of no elements, ArgumentError for an unknown method.
 */
export function quantile(x: ArrayLike, q: ArrayLike, axis?: Place, options?: QuantileOptions): NDArray {
  return ops.within('quantile', () => quantiles('quantile', x, q, ops.placed<QuantileOptions>('quantile', ['axis'], [axis], options, quantileOptions), false))
}
/** As `quantile`, of a hundred. */
export function percentile(x: ArrayLike, q: ArrayLike, axis?: Place, options?: QuantileOptions): NDArray {
  return ops.within('percentile', () => quantiles('percentile', x, hundredth(x, q), ops.placed<QuantileOptions>('percentile', ['axis'], [axis], options, quantileOptions), false))
}
/** The middle element, or the mean of the middle two. */
export function median(x: ArrayLike, axis?: ops.Axis | MedianOptions, options?: MedianOptions): NDArray {
  return ops.within('median', () => quantiles('median', x, 0.5, { ...ops.placed<MedianOptions>('median', ['axis'], [axis], options, medianOptions), method: 'midpoint' }, false))
}
/**
 * As `quantile`, of the elements that are no NaN; NaN where all are.
 *
 * @example
 * np.nanquantile(np.array([1, NaN, 3]), 0.5).item()   // 2
 */
export function nanquantile(x: ArrayLike, q: ArrayLike, axis?: Place, options?: QuantileOptions): NDArray {
  return ops.within('nanquantile', () => quantiles('nanquantile', x, q, ops.placed<QuantileOptions>('nanquantile', ['axis'], [axis], options, quantileOptions), true))
}
/** As `nanquantile`, of a hundred. */
export function nanpercentile(x: ArrayLike, q: ArrayLike, axis?: Place, options?: QuantileOptions): NDArray {
  return ops.within('nanpercentile', () => quantiles('nanpercentile', x, hundredth(x, q), ops.placed<QuantileOptions>('nanpercentile', ['axis'], [axis], options, quantileOptions), true))
}
/** As `median`, of the elements that are no NaN; NaN where all are. */
export function nanmedian(x: ArrayLike, axis?: ops.Axis | MedianOptions, options?: MedianOptions): NDArray {
  return ops.within('nanmedian', () => quantiles('nanmedian', x, 0.5, { ...ops.placed<MedianOptions>('nanmedian', ['axis'], [axis], options, medianOptions), method: 'midpoint' }, true))
}
