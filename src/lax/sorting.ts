/** Sorting and selection by rank. */
import type { NDArray } from '../core/array.ts'
import { ArgumentError } from '../core/errors.ts'
import * as ops from '../core/ops/index.ts'
import { bind } from '../core/trace.ts'
import type { ArrayLike } from '../core/tree.ts'
import { bringSorts } from '../families/sorts.ts'

export interface SortOptions {
  /** The axis to sort along; the last by default. */
  readonly dimension?: number
  /** How many leading operands decide the order; 1 by default. */
  readonly numKeys?: number
  /** Accepted for JAX's sake: the order of equals always stays. */
  readonly isStable?: boolean
}

/** What sort gives back: one array for one, a list for a list. */
export type Sorted<X> = X extends readonly unknown[] ? NDArray[] : NDArray

/**
 * Ascending along an axis; stable; NaN last. A list is sorted together, by its first `numKeys` operands.
 *
 * @example
 * lax.sort(np.array([3, 1, 2])).js()                                       // [1, 2, 3]
 * const [k, v] = lax.sort([keys, values], { numKeys: 1 })
 */
export function sort<X extends ArrayLike | readonly ArrayLike[]>(x: X, options: SortOptions = {}): Sorted<X> {
  ops.checkOptions('sort', options, ['dimension', 'isStable', 'numKeys'])
  const { dimension = -1, numKeys = 1, isStable = true } = options
  ops.checkFlag('sort', 'isStable', isStable)
  const list: readonly ArrayLike[] = isList(x) ? ops.checkList('sort', 'the first argument', x) : [x]
  if (list.length === 0) throw new ArgumentError('sort', 'takes an array or a list of at least one')
  const arrays = list.map((x) => ops.toArray('sort', x))
  bringSorts()
  const out = bind('sort', arrays, { dimension: ops.normalAxis('sort', dimension, arrays[0]!.ndim), numKeys: ops.checkInteger('sort', 'numKeys', numKeys, 1) })
  // One in, one out: TypeScript does not narrow the conditional type by isList.
  return (isList(x) ? out : out[0]!) as Sorted<X>
}
const isList = (x: ArrayLike | readonly ArrayLike[]): x is readonly ArrayLike[] => Array.isArray(x)

/** Keys ascending along an axis, and the values in the same order. */
export function sortKeyVal(keys: ArrayLike, values: ArrayLike, dimension = -1): [keys: NDArray, values: NDArray] {
  return ops.within('sortKeyVal', () => {
    const [k, v] = sort([keys, values], { dimension, numKeys: 1 })
    return [k!, v!]
  })
}

export interface TopKOptions {
  /** The last by default. */
  readonly axis?: number
}

/** The k largest along an axis, descending, and their int32 positions. */
export function topK(x: ArrayLike, k: number, options: TopKOptions = {}): [values: NDArray, indices: NDArray] {
  ops.checkOptions('topK', options, ['axis'])
  const a = ops.toArray('topK', x)
  const axis = a.ndim === 0 ? -1 : ops.normalAxis('topK', options.axis ?? -1, a.ndim)
  const swap = (y: NDArray): NDArray => (a.ndim === 0 || axis === a.ndim - 1 ? y : ops.transpose(y, a.shape.map((_, i) => (i === axis ? a.ndim - 1 : i === a.ndim - 1 ? axis : i))))
  bringSorts()
  const [values, indices] = bind('topK', [swap(a)], { k: ops.checkInteger('topK', 'k', k, 0) })
  return [swap(values!), swap(indices!)]
}
