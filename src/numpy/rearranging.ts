/** Arrays with elements put in, taken out or written over. */
import { isArray, type NDArray } from '../core/array.ts'
import { type Shape, sizeOf } from '../core/aval.ts'
import { show } from '../core/describe.ts'
import { isInteger } from '../core/dtype.ts'
import { ArgumentError, DtypeError, ShapeError } from '../core/errors.ts'
import * as ops from '../core/ops/index.ts'
import type { ArrayLike } from '../core/tree.ts'
import { mod } from './arithmetic.ts'
import { part, ravel } from './shape.ts'

export interface AxisOrFlat {
  /** Null (default): of the flat array. */
  readonly axis?: number | null
}
/** Positions along an axis: one, a list, or an array of integers or truth values whose values are known. */
export type Positions = number | readonly number[] | NDArray

function positions(operation: string, at: Positions, size: number, beyond: number): number[] {
  const given = isArray(at) ? known(operation, at, size) : typeof at === 'number' ? [at] : [...ops.checkList(operation, 'the positions', at)]
  return given.map((i) => {
    if (!Number.isInteger(i) || i < -size || i >= size + beyond) throw new ArgumentError(operation, `position ${show(i)} is out of bounds for ${size} elements; it takes ${-size} to ${size + beyond - 1}`)
    return i < 0 ? i + size : i
  })
}
function known(operation: string, at: NDArray, size: number): number[] {
  if (at.dtype === 'bool') {
    if (at.ndim !== 1 || at.size !== size) throw new ShapeError(operation, `got a mask of shape [${at.shape.join(',')}] for ${size} elements; takes a vector of as many`)
    return Array.from(ops.nonzero(operation, at)[0]!.dataSync(), Number)
  }
  if (!isInteger(at.dtype)) throw new DtypeError(operation, `got positions of ${at.dtype}; takes integers, or a mask`)
  return Array.from(ravel(at).dataSync(), Number)
}
function lineOf(operation: string, x: ArrayLike, axis: number | null | undefined): { a: NDArray; at: number } {
  const a = axis === null || axis === undefined ? ravel(x) : ops.toArray(operation, x)
  return { a, at: ops.normalAxis(operation, axis ?? 0, a.ndim) }
}

/**
 * Without the elements at some positions along an axis.
 *
 * @example
 * np.delete(np.array([1, 2, 3, 4]), [0, -1]).js()        // [2, 3]
 * np.delete(np.ones([2, 3]), 1, { axis: 1 }).shape       // [2, 2]
 * @throws ArgumentError for a position out of bounds.
 */
export function remove(x: ArrayLike, obj: Positions, axis?: number | null | AxisOrFlat): NDArray {
  return ops.within('delete', () => {
    const o = ops.placed<AxisOrFlat>('delete', ['axis'], [axis], undefined, ['axis'])
    const { a, at } = lineOf('delete', x, o.axis)
    const size = a.shape[at]!
    const gone = [...new Set(positions('delete', obj, size, 0))].sort((p, q) => p - q)
    const edges = [-1, ...gone, size]
    const parts = edges.slice(1).flatMap((stop, i) => (edges[i]! + 1 < stop ? [part(a, at, edges[i]! + 1, stop)] : []))
    return parts.length === 0 ? part(a, at, 0, 0) : ops.concatenate(parts, at)
  })
}
/**
 * With values before some positions along an axis, which are those of the given array. The values are converted to its dtype; at a single
 * position they may be several.
 *
 * @example
 * np.insert(np.array([1, 2, 3]), 1, 9).js()                          // [1, 9, 2, 3]
 * np.insert(np.array([1, 2, 3]), [0, 2], np.array([8, 9])).js()      // [8, 1, 2, 9, 3]
 * @throws ArgumentError for a position out of bounds, ShapeError for values that do not fit.
 */
export function insert(x: ArrayLike, obj: Positions, values: ArrayLike, axis?: number | null | AxisOrFlat): NDArray {
  return ops.within('insert', () => {
    const o = ops.placed<AxisOrFlat>('insert', ['axis'], [axis], undefined, ['axis'])
    const { a, at } = lineOf('insert', x, o.axis)
    const size = a.shape[at]!
    const places = positions('insert', obj, size, 1)
    const single = typeof obj === 'number' || (isArray(obj) && obj.ndim === 0)
    const given = ops.convert(values, a.dtype)
    // At one position the values' first axis stands where the array's axis is, as in NumPy.
    const full = given.ndim > 0 && given.ndim < a.ndim ? ops.reshape(given, [...Array.from({ length: a.ndim - given.ndim }, () => 1), ...given.shape]) : given
    const turned = single && full.ndim > 0 ? moved(full, at) : full
    const count = places.length === 1 ? (turned.shape[at] ?? 1) : places.length
    const block = ops.broadcastTo(turned, a.shape.map((d, i) => (i === at ? count : d)))
    if (places.length === 1) return ops.concatenate([part(a, at, 0, places[0]!), block, part(a, at, places[0]!, size)], at)
    const order = places.map((p, i) => [p, i] as const).sort(([p, i], [q, k]) => p - q || i - k)
    const parts: NDArray[] = []
    let done = 0
    for (const [p, i] of order) {
      if (p > done) parts.push(part(a, at, done, p))
      parts.push(part(block, at, i, i + 1))
      done = p
    }
    if (done < size) parts.push(part(a, at, done, size))
    return parts.length === 0 ? a : ops.concatenate(parts, at)
  })
}
const moved = (v: NDArray, at: number): NDArray => (at === 0 ? v : ops.transpose(v, [...v.shape.map((_, i) => i).slice(1, at + 1), 0, ...v.shape.map((_, i) => i).slice(at + 1)]))

/**
 * The elements of the flat array, over and over, in another shape; zeros where there are none to repeat.
 *
 * @example
 * np.resize(np.array([1, 2, 3]), [2, 2]).js()   // [[1, 2], [3, 1]]
 */
export function resize(x: ArrayLike, newShape: number | Shape): NDArray {
  return ops.within('resize', () => {
    const shape = ops.checkShape('resize', typeof newShape === 'number' ? [newShape] : newShape)
    const a = ravel(x)
    const size = sizeOf(shape)
    if (a.size === 0 || size === 0) return ops.broadcastTo(ops.convert(0, a.dtype), shape)
    const times = Math.ceil(size / a.size)
    const repeated = ops.reshape(ops.broadcastTo(ops.expandDims(a, 0), [times, a.size]), [times * a.size])
    return ops.reshape(part(repeated, 0, 0, size), shape)
  })
}

export interface FillDiagonalOptions {
  /** Of a matrix with more rows than columns the diagonal goes on below, after a row left out. */
  readonly wrap?: boolean
  /** Accepted as false for JAX's sake: arrays do not change. */
  readonly inplace?: false
}
/**
 * A copy with values on the diagonal: of at least two axes, of one size unless they are two.
 *
 * @example
 * np.fillDiagonal(np.zeros([2, 3]), 7).js()   // [[7, 0, 0], [0, 7, 0]]
 * @throws ShapeError for fewer axes, or sizes that differ.
 */
export function fillDiagonal(x: ArrayLike, val: ArrayLike, options: FillDiagonalOptions = {}): NDArray {
  return ops.within('fillDiagonal', () => {
    ops.checkOptions('fillDiagonal', options, ['wrap', 'inplace'])
    requireCopy('fillDiagonal', options.inplace)
    const wrap = ops.checkFlag('fillDiagonal', 'wrap', options.wrap ?? false)
    const a = ops.toArray('fillDiagonal', x)
    if (a.ndim < 2 || (a.ndim > 2 && a.shape.some((d) => d !== a.shape[0]))) throw new ShapeError('fillDiagonal', `got shape [${a.shape.join(',')}]; takes two axes, or more of one size`)
    if (a.size === 0) return a
    const step = a.ndim === 2 ? a.shape[1]! + 1 : 1 + a.shape.slice(1).reduce(([sum, n], _, i) => [sum + n * a.shape[a.ndim - 1 - i]!, n * a.shape[a.ndim - 1 - i]!] as const, [0, 1] as readonly [number, number])[0]
    const end = a.ndim === 2 && !wrap ? Math.min(a.size, a.shape[1]! * a.shape[1]!) : a.size
    const count = Math.ceil(end / step)
    const flat = ravel(a)
    const [, values] = ops.toArrays('fillDiagonal', [a, val])
    const written = values.ndim === 0 ? values : resize(values, count)
    return ops.reshape(flat.at([0, end, step]).set(ops.convert(written, a.dtype)), a.shape)
  })
}
function requireCopy(operation: string, inplace: boolean | undefined): void {
  if (inplace === true) throw new ArgumentError(operation, 'arrays do not change: take the result, and leave inplace out')
  if (inplace !== undefined) ops.checkFlag(operation, 'inplace', inplace)
}

export interface PutOptions {
  /** What becomes of an index out of bounds: it is clamped ('clip') or wrapped ('wrap'). By default it is clamped, after negative ones were counted from the end. */
  readonly mode?: 'clip' | 'wrap'
  readonly inplace?: false
}
/**
 * A copy with values at places of the flat array, repeated as often as is needed.
 *
 * @example
 * np.put(np.zeros([2, 2]), np.array(Int32Array.of(0, 3)), np.array([5, 6])).js()   // [[5, 0], [0, 6]]
 * @throws DtypeError for indices that are no integers.
 */
export function put(x: ArrayLike, indices: ArrayLike, values: ArrayLike, options: PutOptions = {}): NDArray {
  return ops.within('put', () => {
    ops.checkOptions('put', options, ['mode', 'inplace'])
    requireCopy('put', options.inplace)
    const mode = options.mode === undefined ? null : ops.checkOneOf('put', 'mode', options.mode, ['clip', 'wrap'])
    const a = ops.toArray('put', x)
    if (isArray(indices) ? !isInteger(indices.dtype) : !Number.isInteger(indices)) throw new DtypeError('put', `got indices of ${isArray(indices) ? indices.dtype : show(indices)}; takes integers`)
    const at = ravel(ops.convert(indices, 'int32'))
    const given = ops.convert(values, a.dtype)
    if (at.size === 0 || given.size === 0) return a
    const wrapped = mode === null ? at : mode === 'wrap' ? mod(at, Math.max(a.size, 1)) : ops.clamp(0, at, Math.max(a.size - 1, 0))
    return ops.reshape(ravel(a).at(wrapped).set(resize(given, at.size), { mode: 'clip' }), a.shape)
  })
}

/** A copy with values at places along an axis, the same as `takeAlongAxis` reads. @throws ShapeError for indices of another rank. */
export function putAlongAxis(x: ArrayLike, indices: ArrayLike, values: ArrayLike, axis: number | null, options: { readonly inplace?: false } = {}): NDArray {
  return ops.within('putAlongAxis', () => {
    ops.checkOptions('putAlongAxis', options, ['inplace'])
    requireCopy('putAlongAxis', options.inplace)
    const given = ops.toArray('putAlongAxis', x)
    if (axis === null) return ops.reshape(putAlongAxis(ravel(given), ravel(indices), ravel(ops.broadcastTo(ops.convert(values, given.dtype), ops.toArray('putAlongAxis', indices).shape)), 0), given.shape)
    const at = ops.normalAxis('putAlongAxis', axis, given.ndim)
    const places = ops.toArray('putAlongAxis', indices)
    if (places.ndim !== given.ndim) throw new ShapeError('putAlongAxis', `got indices of shape [${places.shape.join(',')}] for shape [${given.shape.join(',')}]; takes one rank`)
    if (!isInteger(places.dtype)) throw new DtypeError('putAlongAxis', `got indices of ${places.dtype}; takes integers`)
    const whole = ops.broadcastTo(places, given.shape.map((d, i) => (i === at ? places.shape[i]! : d)))
    const entries = given.shape.map((_, i) => (i === at ? whole : ops.iota('int32', whole.shape, i)))
    return given.at(...entries).set(ops.convert(values, given.dtype))
  })
}

/**
 * A vector without the zeros at its ends, 'f' for the front and 'b' for the back. Outside jit.
 *
 * @example
 * np.trimZeros(np.array([0, 1, 0, 2, 0])).js()   // [1, 0, 2]
 * @throws ShapeError for anything but a vector.
 */
export function trimZeros(x: ArrayLike, trim?: 'fb' | 'f' | 'b' | { readonly trim?: 'fb' | 'f' | 'b' }): NDArray {
  return ops.within('trimZeros', () => {
    const { trim: ends = 'fb' } = ops.placed<{ readonly trim?: 'fb' | 'f' | 'b' }>('trimZeros', ['trim'], [trim], undefined, ['trim'])
    ops.checkOneOf('trimZeros', 'trim', ends, ['fb', 'f', 'b'])
    const a = ops.toArray('trimZeros', x)
    if (a.ndim !== 1) throw new ShapeError('trimZeros', `got shape [${a.shape.join(',')}]; takes a vector`)
    const found = Array.from(ops.nonzero('trimZeros', ops.ne(a, a.dtype === 'bool' ? false : 0))[0]!.dataSync(), Number)
    if (found.length === 0) return part(a, 0, 0, 0)
    return part(a, 0, ends === 'b' ? 0 : found[0]!, ends === 'f' ? a.size : found.at(-1)! + 1)
  })
}
