/** Structural operations under lax's names. */
import type { NDArray } from '../core/array.ts'
import { aval, type Shape } from '../core/aval.ts'
import { show } from '../core/describe.ts'
import { asInteger, type DType, isInteger } from '../core/dtype.ts'
import { ShapeError } from '../core/errors.ts'
import { Literal } from '../core/jaxpr.ts'
import * as ops from '../core/ops/index.ts'
import { bind1 } from '../core/trace.ts'
import type { ArrayLike } from '../core/tree.ts'
import { plainAxes, plainAxis } from './axes.ts'
import { arrayOfDtype, requireOneDtype } from './operands.ts'

export { expandDims, squeeze } from '../core/ops/index.ts'

/** Counts 0, 1, 2 … : `size` of them. */
export const iota = (dtype: DType, size: number): NDArray => ops.iota(ops.checkDtype('iota', dtype), [ops.checkInteger('iota', 'size', size, 0)])

/** Counts along one axis of a shape. */
export const broadcastedIota = (dtype: DType, shape: Shape, dimension: number): NDArray =>
  ops.within('broadcastedIota', () => ops.iota(ops.checkDtype('broadcastedIota', dtype), shape, plainAxis('broadcastedIota', dimension, ops.checkShape('broadcastedIota', shape).length), 'broadcastedIota'))

/** An array of one value; plain numbers give float32, weakly typed as in JAX. */
export function full(shape: Shape, fillValue: ArrayLike, dtype?: DType): NDArray {
  ops.checkOperands('full', [fillValue])
  ops.checkShape('full', shape)
  if (dtype !== undefined) ops.checkDtype('full', dtype)
  if (typeof fillValue === 'object') return ops.within('full', () => ops.broadcastTo(dtype === undefined ? fillValue : ops.convert(fillValue, dtype), shape))
  const own = typeof fillValue === 'boolean' ? 'bool' : 'float32'
  const to = dtype === undefined ? own : ops.checkDtype('full', dtype)
  const value = to === 'bool' ? Number(fillValue) !== 0 : isInteger(to) ? asInteger(Number(fillValue), to) : Number(fillValue)
  return ops.within('full', () => bind1('broadcastInDim', [new Literal(value, aval([], to, dtype === undefined && to !== 'bool'))], { shape: [...shape], broadcastDimensions: [] }))
}

/** An array of one value with the shape and dtype of another. */
export const fullLike = (x: ArrayLike, fillValue: ArrayLike, dtype?: DType, shape?: Shape): NDArray => {
  const { aval: like } = ops.toValue('fullLike', x)
  const out = ops.within('fullLike', () => full(shape ?? like.shape, fillValue, dtype ?? like.dtype))
  return dtype === undefined && like.weakType ? ops.convert(out, like.dtype, true) : out
}

/** New leading axes of the given sizes. */
export function broadcast(x: ArrayLike, sizes: Shape): NDArray {
  return ops.within('broadcast', () => {
    const a = ops.toArray('broadcast', x)
    ops.checkShape('broadcast', sizes)
    return broadcastInDim(a, [...sizes, ...a.shape], a.shape.map((_, i) => sizes.length + i))
  })
}

/** Axis i of x becomes axis `broadcastDimensions[i]` of `shape`; sizes of 1 stretch. */
export const broadcastInDim = (x: ArrayLike, shape: Shape, broadcastDimensions: readonly number[]): NDArray =>
  bind1('broadcastInDim', [ops.toValue('broadcastInDim', x)], {
    shape: [...ops.checkShape('broadcastInDim', shape)],
    broadcastDimensions: [...ops.checkIntegers('broadcastInDim', 'broadcastDimensions', broadcastDimensions)],
  })

/** The same elements in another shape, its axes first permuted to `dimensions` where given. Sizes are all given: np.reshape takes -1. */
export function reshape(x: ArrayLike, newSizes: Shape, dimensions: readonly number[] | null = null): NDArray {
  return ops.within('reshape', () => {
    if (Array.isArray(newSizes) && newSizes.includes(-1)) throw new ShapeError('reshape', `got shape ${show(newSizes)}; lax.reshape takes every size, np.reshape finds the one given as -1`)
    return ops.reshape(dimensions === null ? x : permuted('reshape', x, dimensions), newSizes)
  })
}

function permuted(operation: string, x: ArrayLike, permutation: readonly number[]): NDArray {
  const a = ops.toArray(operation, x)
  for (const axis of ops.checkList(operation, 'the permutation', permutation)) plainAxis(operation, axis, a.ndim, 'np.transpose')
  return ops.transpose(a, permutation)
}

/** Result axis i is axis `permutation[i]` of x, counted from the front. */
export const transpose = (x: ArrayLike, permutation: readonly number[]): NDArray => permuted('transpose', x, permutation)

/** The elements in reverse along the axes named, counted from the front. */
export const rev = (x: ArrayLike, dimensions: readonly number[]): NDArray =>
  ops.within('rev', () => {
    const a = ops.toArray('rev', x)
    return ops.flip(a, plainAxes('rev', ops.checkList('rev', 'dimensions', dimensions), a.ndim, 'np.flip'))
  })

/** Joins arrays of one dtype along an existing axis, counted from the front. @throws DtypeError for others: np.concatenate promotes. */
export function concatenate(xs: readonly ArrayLike[], dimension: number): NDArray {
  const [first] = ops.checkList('concatenate', 'the first argument', xs, 1)
  requireOneDtype('concatenate', xs, 'concatenate')
  if (typeof first === 'object' && first.ndim > 0) plainAxis('concatenate', dimension, first.ndim, 'np.concatenate')
  return ops.concatenate(xs, dimension)
}

/**
 * Adds `[low, high, interior]` elements to every axis; negative low and high take some away. The
 * padding has the dtype of x, and rank 0.
 *
 * @example
 * lax.pad(np.array([1, 2, 3]), 0, [[1, 0, 1]]).js()   // [0, 1, 0, 2, 0, 3]
 */
export function pad(x: ArrayLike, paddingValue: ArrayLike, paddingConfig: readonly (readonly [low: number, high: number, interior: number])[]): NDArray {
  const a = ops.toArray('pad', x)
  return ops.pad(a, arrayOfDtype('pad', paddingValue, a, 'padding'), paddingConfig)
}

/** The elements from `startIndices` to below `limitIndices`, every `strides`-th: one entry an axis. */
export const slice = (x: ArrayLike, startIndices: readonly number[], limitIndices: readonly number[], strides?: readonly number[] | null): NDArray =>
  ops.laxSlice(x, startIndices, limitIndices, strides ?? null)

/** A slice along one axis; negative bounds count from the end. */
export function sliceInDim(x: ArrayLike, startIndex: number | null, limitIndex: number | null, stride = 1, axis = 0): NDArray {
  return ops.within('sliceInDim', () => {
    const a = ops.toArray('sliceInDim', x)
    const at = ops.normalAxis('sliceInDim', axis, a.ndim)
    const size = a.shape[at]!
    const bound = (b: number | null, otherwise: number): number => {
      if (b === null) return otherwise
      ops.checkInteger('sliceInDim', 'a bound', b)
      return b < 0 ? b + size : b
    }
    return slice(
      a,
      a.shape.map((_, i) => (i === at ? bound(startIndex, 0) : 0)),
      a.shape.map((d, i) => (i === at ? bound(limitIndex, size) : d)),
      a.shape.map((_, i) => (i === at ? stride : 1)),
    )
  })
}

/** One element along an axis, which stays with size 1 unless `keepdims` is false. */
export function indexInDim(x: ArrayLike, index: number, axis = 0, keepdims = true): NDArray {
  return ops.within('indexInDim', () => {
    const a = ops.toArray('indexInDim', x)
    const at = ops.normalAxis('indexInDim', axis, a.ndim)
    const size = a.shape[at]!
    if (!Number.isInteger(index) || index < -size || index >= size) throw new ShapeError('indexInDim', `index ${show(index)} is out of bounds for axis ${at} of shape [${a.shape.join(',')}]; it takes ${-size} to ${size - 1}`)
    const start = index < 0 ? index + size : index
    const out = sliceInDim(a, start, start + 1, 1, at)
    return keepdims ? out : ops.squeeze(out, at)
  })
}
