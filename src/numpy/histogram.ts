/** Counting values: histograms of one and two dimensions, and of small integers. */
import { isArray, type NDArray } from '../core/array.ts'
import { show } from '../core/describe.ts'
import { isInexact, isInteger } from '../core/dtype.ts'
import { ArgumentError, DtypeError, ShapeError } from '../core/errors.ts'
import * as ops from '../core/ops/index.ts'
import type { ArrayLike } from '../core/tree.ts'
import { linspace, zeros } from './creation.ts'
import { promotedInexact } from './promoted.ts'
import { diff } from './reduction.ts'
import { part, ravel } from './shape.ts'
import { searchsorted } from './sorting.ts'

/** How many bins of equal width, or their edges, rising. */
export type Bins = number | NDArray
/** The least and the greatest value that count; those of the data by default. */
export type HistogramRange = readonly [low: number, high: number]
export interface BinOptions {
  /** Default 10. */
  readonly bins?: Bins
  readonly range?: HistogramRange | null
  /** What each element counts for; here its shape is checked alone. */
  readonly weights?: ArrayLike | null
}
export interface HistogramOptions extends BinOptions {
  /** The density in place of counts: its integral over all bins is 1. */
  readonly density?: boolean | null
}
const binOptions = ['bins', 'range', 'weights'] as const

const floating = (a: NDArray): NDArray => (isInexact(a.dtype) ? a : ops.convert(a, 'float32'))

function edgesOf(operation: string, a: NDArray, bins: Bins, range: HistogramRange | null): NDArray {
  const { dtype } = floating(a)
  if (isArray(bins)) {
    if (bins.ndim !== 1 || bins.size < 2) throw new ShapeError(operation, `got bins of shape [${bins.shape.join(',')}]; takes a number of bins, or a vector of at least two edges`)
    return ops.convert(bins, dtype)
  }
  ops.checkInteger(operation, 'bins', bins, 1)
  if (range !== null) {
    const given = ops.checkList<number>(operation, 'range', range)
    if (given.length !== 2 || !given.every((n) => typeof n === 'number' && Number.isFinite(n)) || given[0]! > given[1]!) throw new ArgumentError(operation, `got range ${show(range)}; takes [low, high], finite and in this order`)
  }
  const [low, high]: readonly ArrayLike[] = range ?? [ops.minOf(a), ops.maxOf(a)]
  const [from, to] = [ops.convert(low!, dtype), ops.convert(high!, dtype)]
  // Of one value alone the bins stand around it.
  const flat = ops.eq(from, to)
  return linspace(ops.where(flat, ops.sub(from, 0.5), from), ops.where(flat, ops.add(to, 0.5), to), bins + 1)
}

function requireWeights(operation: string, a: NDArray, weights: ArrayLike | null): NDArray | null {
  if (weights === null) return null
  const w = ops.toArray(operation, weights)
  if (w.shape.join() !== a.shape.join()) throw new ShapeError(operation, `got weights of shape [${w.shape.join(',')}] for data of shape [${a.shape.join(',')}]; takes one for each element`)
  return w
}

/**
 * The edges that `histogram` puts its bins between: [bins + 1], of the data's dtype, float32 for integers.
 *
 * @example
 * np.histogramBinEdges(np.array([0, 1, 4]), 2).js()   // [0, 2, 4]
 * @throws ShapeError for edges that are no vector, ArgumentError for a number of bins below 1.
 */
export function histogramBinEdges(x: ArrayLike, bins?: Bins | BinOptions, options?: BinOptions): NDArray {
  return ops.within('histogramBinEdges', () => {
    const o = ops.placed<BinOptions>('histogramBinEdges', ['bins'], [bins], options, binOptions)
    const a = ops.toArray('histogramBinEdges', x)
    requireWeights('histogramBinEdges', a, o.weights ?? null)
    return edgesOf('histogramBinEdges', a, o.bins ?? 10, o.range ?? null)
  })
}

/**
 * How many elements lie in each bin, and the bins' edges: `[counts, edges]` of [bins] and [bins + 1]. A bin takes its lower edge,
 * and the last one its upper edge too; what lies outside is not counted. Counts are floating, in the
 * dtype where x and the weights meet.
 *
 * @example
 * const [counts] = np.histogram(np.array([1, 2, 1]), np.array([0, 1, 2, 3]))
 * counts.js()   // [0, 2, 1]
 * @throws ShapeError for weights of another shape, or edges that are no vector; ArgumentError for a number of bins below 1.
 */
export function histogram(x: ArrayLike, bins?: Bins | HistogramOptions, options?: HistogramOptions): [counts: NDArray, edges: NDArray] {
  return ops.within('histogram', () => {
    const o = ops.placed<HistogramOptions>('histogram', ['bins'], [bins], options, [...binOptions, 'density'])
    const given = ops.toArray('histogram', x)
    const asked = requireWeights('histogram', given, o.weights ?? null)
    const weights = ravel(asked === null ? ops.broadcastTo(ops.convert(1, floating(given).dtype), given.shape) : promotedInexact('histogram', asked, given)[0])
    const edges = edgesOf('histogram', given, o.bins ?? 10, o.range ?? null)
    const a = ravel(given)
    const n = edges.size
    const last = part(edges, 0, n - 1, n)
    const place = ops.where(ops.eq(a, last), n - 1, searchsorted(edges, a, { side: 'right' }))
    const counts = part(zeros([n], { dtype: weights.dtype }).at(place).add(weights), 0, 1, n)
    if (o.density !== true) return [counts, edges]
    return [ops.div(ops.div(counts, diff(edges)), ops.sum(counts)), edges]
  })
}

export interface Histogram2dOptions {
  /** For both axes, or a pair; default 10. */
  readonly bins?: Bins | readonly [Bins, Bins]
  readonly range?: readonly [HistogramRange | null, HistogramRange | null] | null
  readonly weights?: ArrayLike | null
  readonly density?: boolean | null
}
/**
 * How many points (x, y) lie in each cell of a grid: `[counts, xEdges, yEdges]`, counts of [x bins, y bins]; int32, or the
 * weights' dtype.
 *
 * @example
 * const [counts] = np.histogram2d(np.array([0, 1, 1]), np.array([0, 0, 1]), 2)
 * counts.js()   // [[1, 0], [1, 1]]
 * @throws ShapeError unless x and y are vectors of one size, and weights too.
 */
export function histogram2d(x: ArrayLike, y: ArrayLike, bins?: Bins | readonly [Bins, Bins] | Histogram2dOptions, options?: Histogram2dOptions): [counts: NDArray, xEdges: NDArray, yEdges: NDArray] {
  return ops.within('histogram2d', () => {
    const o = ops.placed<Histogram2dOptions>('histogram2d', ['bins'], [bins], options, [...binOptions, 'density'])
    const points = [ops.toArray('histogram2d', x), ops.toArray('histogram2d', y)]
    const [a, b] = points
    if (a!.ndim !== 1 || b!.ndim !== 1 || a!.size !== b!.size) throw new ShapeError('histogram2d', `got shapes [${a!.shape.join(',')}] and [${b!.shape.join(',')}]; takes two vectors of one size`)
    const weights = requireWeights('histogram2d', a!, o.weights ?? null)
    const asked = o.bins ?? 10
    const pair = isArray(asked) || typeof asked === 'number' ? [asked, asked] : ops.checkList<Bins>('histogram2d', 'bins', asked)
    const ranges = o.range === null || o.range === undefined ? [null, null] : ops.checkList<HistogramRange | null>('histogram2d', 'range', o.range)
    if (pair.length !== 2 || ranges.length !== 2) throw new ArgumentError('histogram2d', `got ${pair.length} bins and ${ranges.length} ranges; takes a pair of each, for x and y`)
    const edges = points.map((p, i) => edgesOf('histogram2d', p, pair[i]!, ranges[i] ?? null))
    // Bin 0 is below the first edge and the last one above the last: both are cut off.
    const places = points.map((p, i) => {
      const e = edges[i]!
      const at = searchsorted(e, p, { side: 'right' })
      return ops.where(ops.eq(p, part(e, 0, e.size - 1, e.size)), ops.sub(at, 1), at)
    })
    const sizes = edges.map((e) => e.size + 1)
    const cell = ops.add(ops.mul(places[0]!, sizes[1]!), places[1]!)
    const counts = zeros([sizes[0]! * sizes[1]!], { dtype: weights?.dtype ?? 'int32' }).at(cell).add(weights ?? 1)
    const inner = part(part(ops.reshape(counts, sizes), 0, 1, sizes[0]! - 1), 1, 1, sizes[1]! - 1)
    const [ex, ey] = [edges[0]!, edges[1]!]
    if (o.density !== true) return [inner, ex, ey]
    const shares = ops.div(ops.convert(inner, floating(a!).dtype), ops.sum(inner))
    return [ops.div(ops.div(shares, ops.expandDims(diff(ex), 1)), ops.expandDims(diff(ey), 0)), ex, ey]
  })
}

export interface BincountOptions {
  /** What each element counts for. */
  readonly weights?: ArrayLike | null
  /** The result has at least so many. */
  readonly minlength?: number
  /** The size of the result; needed under jit. Greater values are not counted. */
  readonly length?: number | null
}
/**
 * How often each integer from 0 to the greatest occurs: int32, or the weights' dtype. Negative ones count as 0, as in JAX.
 *
 * @example
 * np.bincount(np.array(Int32Array.of(1, 3, 1))).js()                     // [0, 2, 0, 1]
 * np.bincount(np.array(Int32Array.of(1, 3, 1)), { length: 2 }).js()      // [0, 2]
 * @throws DtypeError for anything but integers, ShapeError for anything but a vector, ConcretizationError under jit without a length.
 */
export function bincount(x: ArrayLike, options: BincountOptions = {}): NDArray {
  return ops.within('bincount', () => {
    ops.checkOptions('bincount', options, ['weights', 'minlength', 'length'])
    const a = ops.toArray('bincount', x)
    if (!isInteger(a.dtype)) throw new DtypeError('bincount', `got ${a.dtype}; takes integers: convert with astype('int32')`)
    if (a.ndim !== 1) throw new ShapeError('bincount', `got shape [${a.shape.join(',')}]; takes a vector`)
    const weights = requireWeights('bincount', a, options.weights ?? null)
    const least = ops.checkInteger('bincount', 'minlength', options.minlength ?? 0, 0)
    const length = options.length === null || options.length === undefined ? Math.max(least, a.size === 0 ? 0 : Number(ops.maxOf(a).item()) + 1) : ops.checkInteger('bincount', 'length', options.length, 0)
    const [counted] = ops.checkShape('bincount', [length])
    return zeros(counted!, { dtype: weights?.dtype ?? 'int32' }).at(ops.max(a, 0)).add(weights ?? 1, { mode: 'drop' })
  })
}
