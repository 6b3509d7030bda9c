/** Order: sorting, searching in what is sorted, quantiles. NaN comes last, as in JAX. */
import type { NDArray } from '../core/array.ts'
import { show } from '../core/describe.ts'
import { isInexact } from '../core/dtype.ts'
import { ArgumentError, ShapeError } from '../core/errors.ts'
import * as ops from '../core/ops/index.ts'
import type { ArrayLike } from '../core/tree.ts'
import { sort as laxSort } from '../lax/sorting.ts'
import { promoted } from './promoted.ts'
import { part, ravel } from './shape.ts'

export interface SortOptions {
  /** The last by default; null sorts the flat array. */
  readonly axis?: number | null
  readonly descending?: boolean
  /** Sorting is always stable. */
  readonly stable?: boolean
}
const sortOptions = ['axis', 'descending', 'stable'] as const

function line(operation: string, x: ArrayLike, axis: number | null | SortOptions | undefined, options: SortOptions | undefined): { a: NDArray; at: number; descending: boolean } {
  const o = ops.placed<SortOptions>(operation, ['axis'], [axis], options, sortOptions)
  const a = o.axis === null ? ravel(x) : ops.toArray(operation, x)
  return { a, at: ops.normalAxis(operation, o.axis ?? -1, a.ndim), descending: o.descending ?? false }
}

/** @example np.sort(np.array([3, 1, 2]), { descending: true }).js()   // [3, 2, 1] */
export function sort(x: ArrayLike, axis?: number | null | SortOptions, options?: SortOptions): NDArray {
  return ops.within('sort', () => {
    const { a, at, descending } = line('sort', x, axis, options)
    const sorted = laxSort(a, { dimension: at })
    return descending ? ops.flip(sorted, at) : sorted
  })
}

/** The int32 positions that sort an axis; of equal elements the first comes first, descending too. */
export function argsort(x: ArrayLike, axis?: number | null | SortOptions, options?: SortOptions): NDArray {
  return ops.within('argsort', () => {
    const { a, at, descending } = line('argsort', x, axis, options)
    const count = ops.iota('int32', a.shape, at)
    if (!descending) return laxSort([a, count], { dimension: at, numKeys: 1 })[1]!
    // Sorted from the other end, equal elements come out in reverse; so start from the reverse.
    const [, places] = laxSort([ops.flip(a, at), ops.flip(count, at)], { dimension: at, numKeys: 1 })
    return ops.flip(places!, at)
  })
}

/**
 * The int32 positions that sort by several keys, the last one first.
 *
 * @example
 * np.lexsort([np.array([2, 1, 3]), np.array([0, 0, -1])]).js()   // [2, 1, 0]
 */
export function lexsort(keys: readonly ArrayLike[], axis?: number | { readonly axis?: number }): NDArray {
  return ops.within('lexsort', () => {
    const options = ops.placed<{ readonly axis?: number }>('lexsort', ['axis'], [axis], undefined, ['axis'])
    const arrays = ops.checkList('lexsort', 'keys', keys).map((x) => ops.toArray('lexsort', x)).reverse()
    const first = arrays[0]
    if (first === undefined) throw new ArgumentError('lexsort', 'takes a list of at least one key')
    if (arrays.some((a) => a.shape.join() !== first.shape.join())) throw new ShapeError('lexsort', `got keys of shapes ${keys.map((k) => `[${ops.toArray('lexsort', k).shape.join(',')}]`).join(', ')}; takes keys of one shape`)
    if (first.ndim === 0) return ops.convert(0, 'int32')
    const at = ops.normalAxis('lexsort', options.axis ?? -1, first.ndim)
    return laxSort([...arrays, ops.iota('int32', first.shape, at)], { dimension: at, numKeys: arrays.length }).at(-1)!
  })
}

/** An order in which element k stands where sorting would put it; here simply sorted. */
export const partition = (x: ArrayLike, kth: number, axis?: number | null | SortOptions, options?: SortOptions): NDArray => {
  ops.checkInteger('partition', 'kth', kth)
  return ops.within('partition', () => {
    const o = ops.placed<SortOptions>('partition', ['axis'], [axis], options, sortOptions)
    const sorted = sort(x, o)
    const size = sorted.shape.at(o.axis ?? -1)!
    if (kth < -size || kth >= size) throw new ArgumentError('partition', `kth is ${kth} along an axis of ${size} elements; takes ${-size} to ${size - 1}`)
    return sorted
  })
}

export interface SearchOptions {
  /** 'left': before equal elements; 'right': after them. */
  readonly side?: 'left' | 'right'
}
/** Where values would go in a sorted vector: int32 positions. NaN counts as the greatest. */
export function searchsorted(sorted: ArrayLike, values: ArrayLike, options: SearchOptions = {}): NDArray {
  return ops.within('searchsorted', () => {
    ops.checkOptions('searchsorted', options, ['side'])
    const { side = 'left' } = options
    if (side !== 'left' && side !== 'right') throw new ArgumentError('searchsorted', `unknown side ${show(side)}; takes 'left' or 'right'`)
    const [a, v] = promoted('searchsorted', sorted, values)
    if (a.ndim !== 1) throw new ShapeError('searchsorted', `got shape [${a.shape.join(',')}]; takes a sorted vector`)
    const goesLeft = (at: NDArray): NDArray => {
      const less = side === 'left' ? ops.le(v, at) : ops.lt(v, at)
      if (!isInexact(at.dtype)) return less
      const last = ops.ne(at, at)
      return ops.or(less, side === 'left' ? last : ops.and(last, ops.eq(v, v)))
    }
    // Binary search: the answer lies in [low, high].
    const constant = (n: number): NDArray => ops.broadcastTo(ops.convert(n, 'int32'), v.shape)
    let [low, high] = [constant(0), constant(a.size)]
    for (let width = a.size; width > 0; width >>= 1) {
      const middle = ops.shiftRightLogical(ops.add(low, high), 1)
      const open = ops.lt(low, high)
      const left = goesLeft(ops.slice(a, [middle]))
      high = ops.where(ops.and(open, left), middle, high)
      low = ops.where(ops.and(open, ops.not(left)), ops.add(middle, 1), low)
    }
    return low
  })
}

/** The bin of each value between increasing (or decreasing) edges. */
export function digitize(x: ArrayLike, bins: ArrayLike, options: { readonly right?: boolean } = {}): NDArray {
  return ops.within('digitize', () => {
    ops.checkOptions('digitize', options, ['right'])
    const edges = ops.toArray('digitize', bins)
    if (edges.ndim !== 1) throw new ShapeError('digitize', `got bins of shape [${edges.shape.join(',')}]; takes a vector`)
    const side = options.right === true ? 'left' : 'right'
    const rising = searchsorted(edges, x, { side })
    if (edges.size < 2) return rising
    const falling = ops.sub(edges.size, searchsorted(ops.flip(edges), x, { side }))
    return ops.where(ops.ge(part(edges, 0, edges.size - 1, edges.size), part(edges, 0, 0, 1)), rising, falling)
  })
}
