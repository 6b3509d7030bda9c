/** Products of vectors, matrices and more. */
import type { NDArray } from '../core/array.ts'
import { show } from '../core/describe.ts'
import { ArgumentError, ShapeError } from '../core/errors.ts'
import * as ops from '../core/ops/index.ts'
import type { ArrayLike } from '../core/tree.ts'
import { moveaxis, ravel } from './shape.ts'

export { dot, matmul } from '../core/ops/index.ts'

/** The products of all pairs, of flat arrays: [n] and [m] to [n, m]. */
export function outer(x: ArrayLike, y: ArrayLike): NDArray {
  return ops.within('outer', () => {
    const [a, b] = ops.toArrays('outer', [x, y])
    return ops.mul(ops.reshape(a, [-1, 1]), ops.reshape(b, [1, -1]))
  })
}
/** The product of the flat arrays. */
export function vdot(x: ArrayLike, y: ArrayLike): NDArray {
  return ops.within('vdot', () => {
    const [a, b] = ops.toArrays('vdot', [x, y])
    if (a.size !== b.size) throw new ShapeError('vdot', `got shapes [${a.shape.join(',')}] and [${b.shape.join(',')}]; takes arrays of as many elements, and they have ${a.size} and ${b.size}`)
    return ops.dot(ravel(a), ravel(b))
  })
}
function requireEqualAxes(operation: string, a: NDArray, b: NDArray, first: number | undefined, second: number | undefined, nameOfFirst: string, nameOfSecond: string): void {
  if (first !== second) throw new ShapeError(operation, `got shapes [${a.shape.join(',')}] and [${b.shape.join(',')}]; ${nameOfFirst} (${first}) must equal ${nameOfSecond} (${second})`)
}
function requireRanks(operation: string, a: NDArray, least: number, b: NDArray, leastOfSecond: number): void {
  if (a.ndim < least || b.ndim < leastOfSecond) throw new ShapeError(operation, `got shapes [${a.shape.join(',')}] and [${b.shape.join(',')}]; takes ranks of at least ${least} and ${leastOfSecond}`)
}
/** Sums products over the last axes of both. */
export function inner(x: ArrayLike, y: ArrayLike): NDArray {
  return ops.within('inner', () => {
    const [a, b] = ops.toArrays('inner', [x, y])
    if (a.ndim === 0 || b.ndim === 0) return ops.mul(a, b)
    requireEqualAxes('inner', a, b, a.shape.at(-1), b.shape.at(-1), 'the last axis of the first', 'the last axis of the second')
    return ops.tensordot(a, b, [[a.ndim - 1], [b.ndim - 1]])
  })
}
type Side = number | readonly number[]
type AxisPairs = number | readonly [Side, Side]
/** Sums products over pairs of axes: the last n of x with the first n of y (2 by default), or two lists. */
export function tensordot(x: ArrayLike, y: ArrayLike, axes?: AxisPairs | { readonly axes?: AxisPairs }): NDArray {
  return ops.within('tensordot', () => {
    const { axes: pairs = 2 } = ops.placed<{ readonly axes?: AxisPairs }>('tensordot', ['axes'], [axes], undefined, ['axes'])
    if (typeof pairs === 'number') return ops.tensordot(x, y, pairs)
    const [first, second, ...more] = ops.checkList<Side>('tensordot', 'axes', pairs)
    if (second === undefined || first === undefined || more.length > 0) throw new ArgumentError('tensordot', `got axes ${show(pairs)}; takes a number, or one list for each operand`)
    return ops.tensordot(x, y, [ops.axisList('tensordot', first, 'axes'), ops.axisList('tensordot', second, 'axes')])
  })
}
/** The dot product along an axis, the others broadcast. */
export function vecdot(x: ArrayLike, y: ArrayLike, options: { readonly axis?: number } = {}): NDArray {
  return ops.within('vecdot', () => {
    ops.checkOptions('vecdot', options, ['axis'])
    const { axis = -1 } = options
    const [a, b] = [moveaxis(x, axis, -1), moveaxis(y, axis, -1)]
    requireEqualAxes('vecdot', ops.toArray('vecdot', x), ops.toArray('vecdot', y), a.shape.at(-1), b.shape.at(-1), `axis ${axis} of the first`, `axis ${axis} of the second`)
    return ops.squeeze(ops.matmul(ops.expandDims(a, a.ndim - 1), ops.expandDims(b, b.ndim)), [-1, -2])
  })
}
/** A matrix (or a stack) times a vector (or a stack). */
export function matvec(x: ArrayLike, v: ArrayLike): NDArray {
  return ops.within('matvec', () => {
    const [a, b] = [ops.toArray('matvec', x), ops.toArray('matvec', v)]
    requireRanks('matvec', a, 2, b, 1)
    requireEqualAxes('matvec', a, b, a.shape.at(-1), b.shape.at(-1), 'the last axis of the matrix', 'the last axis of the vector')
    return ops.squeeze(ops.matmul(a, ops.expandDims(b, b.ndim)), -1)
  })
}
/** Vectors times matrices: [..., n] and [..., n, m] give [..., m]. */
export function vecmat(v: ArrayLike, x: ArrayLike): NDArray {
  return ops.within('vecmat', () => {
    const [a, b] = [ops.toArray('vecmat', v), ops.toArray('vecmat', x)]
    requireRanks('vecmat', a, 1, b, 2)
    requireEqualAxes('vecmat', a, b, a.shape.at(-1), b.shape.at(-2), 'the last axis of the vector', 'the second to last axis of the matrix')
    return ops.squeeze(ops.matmul(ops.expandDims(a, a.ndim - 1), b), -2)
  })
}

/** Kronecker's product: blocks of y, scaled by the elements of x. */
export function kron(x: ArrayLike, y: ArrayLike): NDArray {
  return ops.within('kron', () => {
    const [p, q] = ops.toArrays('kron', [x, y])
    const rank = Math.max(p.ndim, q.ndim)
    const full = (a: NDArray): NDArray => ops.reshape(a, [...Array.from({ length: rank - a.ndim }, () => 1), ...a.shape])
    const [a, b] = [full(p), full(q)]
    const product = ops.mul(ops.reshape(a, a.shape.flatMap((d) => [d, 1])), ops.reshape(b, b.shape.flatMap((d) => [1, d])))
    return ops.reshape(product, a.shape.map((d, i) => d * b.shape[i]!))
  })
}

export interface CrossOptions {
  /** The axis of the vectors, in both and in the result; the last by default. */
  readonly axis?: number
}
/** The cross product of vectors of 2 or 3 components; of two of 2 its z component. */
export function cross(x: ArrayLike, y: ArrayLike, options: CrossOptions = {}): NDArray {
  return ops.within('cross', () => {
    ops.checkOptions('cross', options, ['axis'])
    const { axis = -1 } = options
    const [a, b] = [moveaxis(x, axis, -1), moveaxis(y, axis, -1)]
    const sizes = [a.shape.at(-1), b.shape.at(-1)]
    if (sizes.some((d) => d !== 2 && d !== 3)) throw new ShapeError('cross', `got vectors of ${sizes.join(' and ')} components; takes 2 or 3`)
    const component = (v: NDArray, i: number): ArrayLike =>
      i >= v.shape.at(-1)! ? 0 : ops.reshape(ops.laxSlice(v, [...v.shape.slice(0, -1).map(() => 0), i], [...v.shape.slice(0, -1), i + 1]), v.shape.slice(0, -1))
    const term = (i: number, j: number): NDArray => ops.sub(ops.mul(component(a, i), component(b, j)), ops.mul(component(a, j), component(b, i)))
    if (sizes[0] === 2 && sizes[1] === 2) return term(0, 1)
    const parts = [term(1, 2), term(2, 0), term(0, 1)]
    const shape = ops.broadcastShapes('cross', parts.map((p) => p.shape))
    return moveaxis(ops.stack(parts.map((p) => ops.broadcastTo(p, shape)), shape.length), -1, axis)
  })
}
