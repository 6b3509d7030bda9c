/** Polynomials as vectors of coefficients, the highest power first, as NumPy's first interface has them. */
import type { NDArray } from '../core/array.ts'
import { ArgumentError, ShapeError } from '../core/errors.ts'
import * as ops from '../core/ops/index.ts'
import type { ArrayLike } from '../core/tree.ts'
import { power } from './arithmetic.ts'
import { zeros } from './creation.ts'
import { promoted, promotedInexact } from './promoted.ts'
import { part } from './shape.ts'
import { convolve } from './signal.ts'

function coefficients(operation: string, p: ArrayLike): NDArray {
  const a = ops.toArray(operation, p)
  if (a.ndim > 1) throw new ShapeError(operation, `got coefficients of shape [${a.shape.join(',')}]; takes a vector, the highest power first`)
  return a.ndim === 0 ? ops.reshape(a, [1]) : a
}
/** With zeros in front. */
const lengthened = (p: NDArray, n: number): NDArray => (p.size === n ? p : ops.pad(p, 0, [[n - p.size, 0, 0]]))

/**
 * The values of a polynomial: p[0] xⁿ⁻¹ + … + p[n-1], of the shape of x, in the dtype where both meet.
 *
 * @example
 * np.polyval(np.array([1, 0, 2]), np.array([1, 3])).js()   // x² + 2: [3, 11]
 * @throws ShapeError unless p is a vector.
 */
export function polyval(p: ArrayLike, x: ArrayLike): NDArray {
  return ops.within('polyval', () => {
    const [c, a] = promoted('polyval', coefficients('polyval', p), x)
    let out = zeros(a.shape, { dtype: a.dtype })
    for (let i = 0; i < c.size; i++) out = ops.add(ops.mul(out, a), ops.slice(c, [i]))
    return out
  })
}

const summed =
  (operation: 'polyadd' | 'polysub', combine: typeof ops.add) =>
  (p: ArrayLike, q: ArrayLike): NDArray =>
    ops.within(operation, () => {
      const [first, second] = ops.toArrays(operation, [p, q])
      const [a, b] = promoted(operation, coefficients(operation, first), coefficients(operation, second))
      const n = Math.max(a.size, b.size)
      return combine(lengthened(a, n), lengthened(b, n))
    })
/**
 * The sum of two polynomials, as long as the longer.
 *
 * @example
 * np.polyadd(np.array([1, 2]), np.array([3, 4, 5])).js()   // [3, 5, 7]
 */
export const polyadd: (p: ArrayLike, q: ArrayLike) => NDArray = summed('polyadd', ops.add)
/** The difference of two polynomials, as long as the longer. */
export const polysub: (p: ArrayLike, q: ArrayLike) => NDArray = summed('polysub', ops.sub)

/**
 * The product of two polynomials: [n] and [m] to [n + m - 1]; floating.
 *
 * @example
 * np.polymul(np.array([1, 1]), np.array([1, -1])).js()   // x² - 1: [1, 0, -1]
 */
export function polymul(p: ArrayLike, q: ArrayLike): NDArray {
  return ops.within('polymul', () => {
    const [first, second] = ops.toArrays('polymul', [p, q])
    return convolve(orZero(coefficients('polymul', first)), orZero(coefficients('polymul', second)))
  })
}

/** No coefficients are those of 0. */
const orZero = (p: NDArray): NDArray => (p.size === 0 ? lengthened(p, 1) : p)

/**
 * The m-th derivative of a polynomial: [n] to [n - m]; floating.
 *
 * @example
 * np.polyder(np.array([1, 2, 3])).js()   // of x² + 2x + 3: [2, 2]
 * @throws ArgumentError unless m is an integer of at least 0.
 */
export function polyder(p: ArrayLike, m?: number | { readonly m?: number }): NDArray {
  return ops.within('polyder', () => {
    const { m: order = 1 } = ops.placed<{ readonly m?: number }>('polyder', ['m'], [m], undefined, ['m'])
    ops.checkInteger('polyder', 'm', order, 0)
    let [a] = promotedInexact('polyder', coefficients('polyder', p))
    for (let i = 0; i < order && a.size > 0; i++) {
      const n = a.size - 1
      a = ops.mul(part(a, 0, 0, n), ops.flip(ops.add(ops.iota(a.dtype, [n]), 1), 0))
    }
    return a
  })
}

export interface PolyintOptions {
  /** How many times; default 1. */
  readonly m?: number
  /** The constants of integration: one number, or one for each time, the first one integrated first. Default 0. */
  readonly k?: number | readonly number[] | null
}
/**
 * The m-th integral of a polynomial: [n] to [n + m]; floating.
 *
 * @example
 * np.polyint(np.array([2, 2]), { k: 3 }).js()   // [1, 2, 3]
 * @throws ArgumentError unless m is an integer of at least 0, and there are 1 or m constants.
 */
export function polyint(p: ArrayLike, m?: number | PolyintOptions, options?: PolyintOptions): NDArray {
  return ops.within('polyint', () => {
    const o = ops.placed<PolyintOptions>('polyint', ['m'], [m], options, ['m', 'k'])
    const order = ops.checkInteger('polyint', 'm', o.m ?? 1, 0)
    const given = o.k === null || o.k === undefined ? [0] : typeof o.k === 'number' ? [o.k] : ops.checkList<number>('polyint', 'k', o.k)
    for (const k of given) ops.checkNumber('polyint', 'k', k)
    if (given.length !== 1 && given.length !== order) throw new ArgumentError('polyint', `got ${given.length} constants for ${order} integrals; takes one, or one for each`)
    const [a] = promotedInexact('polyint', coefficients('polyint', p))
    // x^t comes from x^(t-m), divided by t (t-1) … (t-m+1), of which the constants have what is above 0. One table: an order beyond memory is refused as such.
    const powers = ops.sub(ops.iota(a.dtype, [order, a.size + order], 1), ops.iota(a.dtype, [order, a.size + order], 0))
    const divisors = ops.flip(ops.prod(ops.maximum(powers, 1), { axis: 0 }), 0)
    const constants = given.length === 1 ? ops.broadcastTo(ops.convert(given[0]!, a.dtype), [order]) : ops.stack(given.map((k) => ops.convert(k, a.dtype)), 0)
    return ops.div(ops.concatenate([a, constants], 0), divisors)
  })
}

/**
 * The polynomial with given roots, its first coefficient 1: [n] to [n + 1]; floating.
 *
 * @example
 * np.poly(np.array([1, 2])).js()   // (x - 1)(x - 2): [1, -3, 2]
 * @throws ShapeError for anything but a vector: the characteristic polynomial of a matrix is not here.
 */
export function poly(roots: ArrayLike): NDArray {
  return ops.within('poly', () => {
    const [r] = promotedInexact('poly', coefficients('poly', roots))
    // a scalar, as in NumPy
    if (r.size === 0) return ops.convert(1, r.dtype)
    let out = ops.reshape(ops.convert(1, r.dtype), [1])
    for (let i = 0; i < r.size; i++) out = ops.sub(ops.pad(out, 0, [[0, 1, 0]]), ops.mul(ops.pad(out, 0, [[1, 0, 0]]), ops.slice(r, [i])))
    return out
  })
}

export interface VanderOptions {
  /** How many columns; as many as rows by default. */
  readonly N?: number | null
  /** Powers rise from 0 on; by default they fall to 0. */
  readonly increasing?: boolean
}
/**
 * The Vandermonde matrix: powers of each element of a vector in a row, [n] to [n, N], in the dtype of x.
 *
 * @example
 * np.vander(np.array([2, 3]), 3).js()   // [[4, 2, 1], [9, 3, 1]]
 * @throws ShapeError unless x is a vector.
 */
export function vander(x: ArrayLike, N?: number | VanderOptions | null, options?: VanderOptions): NDArray {
  return ops.within('vander', () => {
    const o = ops.placed<VanderOptions>('vander', ['N'], [N], options, ['N', 'increasing'])
    const a = ops.toArray('vander', x)
    if (a.ndim !== 1) throw new ShapeError('vander', `got shape [${a.shape.join(',')}]; takes a vector`)
    const columns = ops.checkInteger('vander', 'N', o.N ?? a.size, 0)
    const [rows] = ops.checkShape('vander', [a.size, columns])
    const up = ops.iota('int32', [rows!, columns], 1)
    const powers = ops.checkFlag('vander', 'increasing', o.increasing ?? false) ? up : ops.sub(columns - 1, up)
    return ops.convert(power(ops.expandDims(a, 1), ops.convert(powers, a.dtype)), a.dtype)
  })
}
