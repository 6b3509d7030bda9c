/** Functions whose result's size depends on values: they need concrete arrays, and work outside jit. */
import type { NDArray } from '../core/array.ts'
import * as ops from '../core/ops/index.ts'
import type { ArrayLike } from '../core/tree.ts'
import { concatenate } from './joining.ts'
import { part, ravel } from './shape.ts'
import { argsort, searchsorted, sort } from './sorting.ts'
import { take } from './indexing.ts'
import { promoted } from './promoted.ts'

export interface Unique {
  /** Sorted; of several NaN one. */
  readonly values: NDArray
  /** Where each value first stands in the flat array: int32. */
  readonly indices: NDArray
  /** For each element the position of its value; the shape of x. */
  readonly inverseIndices: NDArray
  readonly counts: NDArray
}

/** The different values with all that is known of them. Outside jit. */
export function uniqueAll(x: ArrayLike): Unique {
  return ops.within('uniqueAll', () => {
    const given = ops.toArray('uniqueAll', x)
    const flat = ravel(given)
    const n = flat.size
    const order = argsort(flat)
    const sorted = take(flat, order, { mode: 'promiseInBounds' })
    const [after, before] = [part(sorted, 0, Math.min(1, n), n), part(sorted, 0, 0, Math.max(n - 1, 0))]
    const bothNan = ops.and(ops.ne(after, after), ops.ne(before, before))
    const changes = ops.and(ops.ne(after, before), ops.not(bothNan))
    const first = n === 0 ? changes : concatenate([ops.reshape(ops.toArray('uniqueAll', true), [1]), changes])
    const starts = ops.nonzero('unique', first)[0]!
    const ends = n === 0 ? starts : concatenate([part(starts, 0, 1, starts.size), ops.reshape(ops.convert(n, 'int32'), [1])])
    const group = ops.sub(ops.cumulative('cumsum', first, 0), 1)
    const inverse = take(group, argsort(order), { mode: 'promiseInBounds' })
    return {
      values: take(sorted, starts, { mode: 'promiseInBounds' }),
      indices: take(order, starts, { mode: 'promiseInBounds' }),
      inverseIndices: ops.reshape(inverse, given.shape),
      counts: ops.sub(ends, starts),
    }
  })
}

export interface UniqueOptions {
  readonly returnIndex?: boolean
  readonly returnInverse?: boolean
  readonly returnCounts?: boolean
}
/** A list where anything beside the values is asked for. */
export type UniqueOut<O> = O extends { readonly returnIndex: true } | { readonly returnInverse: true } | { readonly returnCounts: true } ? NDArray[] : NDArray

/**
 * The different values, sorted. Outside jit.
 *
 * @example
 * np.unique(np.array([3, 1, 3])).js()                                     // [1, 3]
 * const [values, counts] = np.unique(x, { returnCounts: true })
 */
export function unique<const O extends UniqueOptions = Readonly<Record<never, never>>>(x: ArrayLike, options?: O): UniqueOut<O> {
  return ops.within('unique', () => {
    const o: UniqueOptions = options ?? {}
    ops.checkOptions('unique', o, ['returnIndex', 'returnInverse', 'returnCounts'])
    const { values, indices, inverseIndices, counts } = uniqueAll(x)
    const all = [values, ...(o.returnIndex === true ? [indices] : []), ...(o.returnInverse === true ? [inverseIndices] : []), ...(o.returnCounts === true ? [counts] : [])]
    // One array when nothing else is asked for: the conditional type says the same of the options' type.
    return (all.length === 1 ? values : all) as UniqueOut<O>
  })
}
/** The different values, sorted. Outside jit. */
export const uniqueValues = (x: ArrayLike): NDArray => ops.within('uniqueValues', () => uniqueAll(x).values)
/** The different values, sorted, and how often each is there. Outside jit. */
export const uniqueCounts = (x: ArrayLike): Pick<Unique, 'values' | 'counts'> =>
  ops.within('uniqueCounts', () => {
    const { values, counts } = uniqueAll(x)
    return { values, counts }
  })

/** Whether each element stands among `values`: bool of the shape of x. Works under jit too. */
export function isin(x: ArrayLike, values: ArrayLike, options: { readonly invert?: boolean } = {}): NDArray {
  return ops.within('isin', () => {
    ops.checkOptions('isin', options, ['invert'])
    const [a, among] = ops.toArrays('isin', [x, values])
    const line = sort(ravel(among))
    if (line.size === 0) return ops.broadcastTo(ops.toArray('isin', options.invert === true), a.shape)
    const at = ops.min(searchsorted(line, a), line.size - 1)
    const found = ops.eq(ops.slice(line, [at]), a)
    return options.invert === true ? ops.not(found) : found
  })
}
/** Sorted values in both; in one of them; in the first alone; in exactly one. Outside jit. */
export function intersect1d(x: ArrayLike, y: ArrayLike): NDArray {
  return ops.within('intersect1d', () => {
    const [a, b] = promoted('intersect1d', x, y)
    const values = uniqueValues(a)
    return ops.slice(values, [isin(values, b)])
  })
}
/** Sorted values of either. Outside jit. */
export const union1d = (x: ArrayLike, y: ArrayLike): NDArray => ops.within('union1d', () => uniqueValues(concatenate(ops.toArrays('union1d', [x, y]).map(ravel))))
/** Sorted values of the first that are not in the second. Outside jit. */
export function setdiff1d(x: ArrayLike, y: ArrayLike): NDArray {
  return ops.within('setdiff1d', () => {
    const [given, others] = ops.toArrays('setdiff1d', [x, y])
    const a = uniqueValues(given)
    return ops.slice(a, [isin(a, others, { invert: true })])
  })
}
/** Sorted values of exactly one of the two. Outside jit. */
export function setxor1d(x: ArrayLike, y: ArrayLike): NDArray {
  return ops.within('setxor1d', () => {
    const [a, b] = ops.toArrays('setxor1d', [x, y])
    return sort(concatenate([setdiff1d(a, b), setdiff1d(b, a)]))
  })
}
