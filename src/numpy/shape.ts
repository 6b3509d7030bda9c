/** Arrays in other shapes: axes moved, added and dropped. */
import type { NDArray } from '../core/array.ts'
import { type Shape, sizeOf } from '../core/aval.ts'
import { ShapeError } from '../core/errors.ts'
import * as ops from '../core/ops/index.ts'
import type { ArrayLike } from '../core/tree.ts'

export type Axes = number | readonly number[] | null
export interface AxesOption {
  readonly axis?: Axes
}
export interface AxisOption {
  readonly axis?: number
}

/**
 * New axes of size 1, at these places of the result.
 *
 * @example
 * np.expandDims(np.ones([3]), 0)          // of shape [1, 3]
 * np.expandDims(np.ones([3]), [0, -1])    // of shape [1, 3, 1]
 */
export function expandDims(x: ArrayLike, axis: number | readonly number[] | { readonly axis: number | readonly number[] }): NDArray {
  const o = ops.placed<{ readonly axis?: number | readonly number[] }>('expandDims', ['axis'], [axis], undefined, ['axis'])
  // Left out, it is refused where it is looked at.
  return ops.expandDims(x, o.axis!)
}

/** @example np.reshape(x, [2, -1]) */
export const reshape = (x: ArrayLike, shape: number | Shape): NDArray => ops.reshape(x, shape)
/** All elements in one axis. */
export const ravel = (x: ArrayLike): NDArray => ops.within('ravel', () => ops.reshape(x, [-1]))
/** Axes reversed, or in the order of `axes`. */
export function transpose(x: ArrayLike, axes?: readonly number[] | null | { readonly axes?: readonly number[] | null }): NDArray {
  const o = ops.placed<{ readonly axes?: readonly number[] | null }>('transpose', ['axes'], [axes], undefined, ['axes'])
  return ops.transpose(x, o.axes)
}
/** `transpose` with the axes given. */
export const permuteDims = (x: ArrayLike, axes: readonly number[]): NDArray => ops.within('permuteDims', () => ops.transpose(x, axes))
/** The last two axes exchanged. */
export function matrixTranspose(x: ArrayLike): NDArray {
  return ops.within('matrixTranspose', () => {
    const a = ops.toArray('matrixTranspose', x)
    if (a.ndim < 2) throw new ShapeError('matrixTranspose', `got shape [${a.shape.join(',')}]; takes at least two axes`)
    return swapaxes(a, -1, -2)
  })
}
/** Two axes exchanged. */
export function swapaxes(x: ArrayLike, axis1: number, axis2: number): NDArray {
  return ops.within('swapaxes', () => {
    const a = ops.toArray('swapaxes', x)
    const [i, j] = [axis1, axis2].map((axis) => ops.normalAxis('swapaxes', axis, a.ndim))
    return ops.transpose(a, a.shape.map((_, k) => (k === i ? j! : k === j ? i! : k)))
  })
}
/** Axes moved to other places, the rest in their order. */
export function moveaxis(x: ArrayLike, source: number | readonly number[], destination: number | readonly number[]): NDArray {
  return ops.within('moveaxis', () => {
    const a = ops.toArray('moveaxis', x)
    const list = (axes: number | readonly number[]): number[] => ops.axisList('moveaxis', axes).map((i) => ops.normalAxis('moveaxis', i, a.ndim))
    const [from, to] = [list(source), list(destination)]
    if (from.length !== to.length || new Set(from).size !== from.length || new Set(to).size !== to.length) {
      throw new ShapeError('moveaxis', `got source [${from.join(',')}] and destination [${to.join(',')}]; takes lists of one length without repeats`)
    }
    const rest = a.shape.map((_, i) => i).filter((i) => !from.includes(i))
    return ops.transpose(a, a.shape.map((_, i) => (to.includes(i) ? from[to.indexOf(i)]! : rest.shift()!)))
  })
}
/**
 * An axis moved to stand before another.
 *
 * @example
 * np.rollaxis(np.ones([2, 3, 4]), 2).shape   // [4, 2, 3]
 */
export function rollaxis(x: ArrayLike, axis: number, start?: number | { readonly start?: number }): NDArray {
  return ops.within('rollaxis', () => {
    const o = ops.placed<{ readonly start?: number }>('rollaxis', ['start'], [start], undefined, ['start'])
    const a = ops.toArray('rollaxis', x)
    const from = ops.normalAxis('rollaxis', axis, a.ndim)
    const given = ops.checkInteger('rollaxis', 'start', o.start ?? 0)
    if (given < -a.ndim || given > a.ndim) throw new ShapeError('rollaxis', `start is ${given} for rank ${a.ndim}; it takes ${-a.ndim} to ${a.ndim}`)
    const to = given < 0 ? given + a.ndim : given
    const order = a.shape.map((_, i) => i).filter((i) => i !== from)
    order.splice(from < to ? to - 1 : to, 0, from)
    return ops.transpose(a, order)
  })
}
/** Drops axes of size 1: all of them, or those named. */
export function squeeze(x: ArrayLike, axis?: Axes | AxesOption): NDArray {
  return ops.squeeze(x, ops.placed<AxesOption>('squeeze', ['axis'], [axis], undefined, ['axis']).axis)
}
/**
 * The array in a larger shape, its axes of size 1 and missing ones repeated.
 *
 * @example
 * np.broadcastTo(np.array([1, 2]), [3, 2]).shape   // [3, 2]
 * @throws ShapeError where the shape does not broadcast to that one.
 */
export const broadcastTo = (x: ArrayLike, shape: number | Shape): NDArray =>
  ops.broadcastTo(x, typeof shape === 'number' ? [shape] : shape)
/** All of them in their common shape. */
export function broadcastArrays(...xs: readonly ArrayLike[]): NDArray[] {
  return ops.within('broadcastArrays', () => {
    const arrays = xs.map((x) => ops.toArray('broadcastArrays', x))
    const shape = ops.broadcastShapes('broadcastArrays', arrays.map((a) => a.shape))
    return arrays.map((a) => ops.broadcastTo(a, shape))
  })
}
/** The shape that several broadcast to. @throws ShapeError where they do not. */
export const broadcastShapes = (...shapes: readonly (number | Shape)[]): Shape => ops.broadcastShapes('broadcastShapes', shapes.map((s) => ops.checkShape('broadcastShapes', typeof s === 'number' ? [s] : s)))

const atLeast1d = (x: ArrayLike): NDArray => {
  const a = ops.toArray('atleast1d', x)
  return a.ndim === 0 ? ops.reshape(a, [1]) : a
}
const atLeast2d = (x: ArrayLike): NDArray => {
  const a = ops.toArray('atleast2d', x)
  return a.ndim < 2 ? ops.reshape(a, [1, a.size]) : a
}
const atLeast3d = (x: ArrayLike): NDArray => {
  const a = ops.toArray('atleast3d', x)
  return a.ndim < 2 ? ops.reshape(a, [1, a.size, 1]) : a.ndim === 2 ? ops.expandDims(a, 2) : a
}
export { atLeast1d as atleast1d, atLeast2d as atleast2d, atLeast3d as atleast3d }

/** x[start:stop] along one axis. */
export function part(x: NDArray, axis: number, start: number, stop: number): NDArray {
  return ops.laxSlice(x, x.shape.map((_, i) => (i === axis ? start : 0)), x.shape.map((d, i) => (i === axis ? stop : d)))
}

/** The number of elements, all of them or along an axis; and the number of axes, and the shape. */
export function size(x: ArrayLike, axis?: number): number {
  const a = ops.toValue('size', x).aval.shape
  return axis === undefined ? sizeOf(a) : a[ops.normalAxis('size', axis, a.length)]!
}
/** How many axes an array has. */
export const ndim = (x: ArrayLike): number => ops.toValue('ndim', x).aval.shape.length
/** The sizes of the axes. */
export const shape = (x: ArrayLike): Shape => ops.toValue('shape', x).aval.shape
