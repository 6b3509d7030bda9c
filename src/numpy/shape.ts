/** Arrays in other shapes: axes moved, joined, split and repeated. */
import { isArray, type NDArray } from '../core/array.ts'
import type { Shape } from '../core/aval.ts'
import { ArgumentError, ShapeError } from '../core/errors.ts'
import * as ops from '../core/ops/index.ts'
import type { ArrayLike } from '../core/tree.ts'

export { expandDims } from '../core/ops/index.ts'

type Axes = number | readonly number[] | null
export interface AxesOption {
  readonly axis?: Axes
}
export interface AxisOption {
  readonly axis?: number
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

/** Joins along an existing axis; with axis null, of the flat arrays. */
export function concatenate(xs: readonly ArrayLike[], axis?: number | null | { readonly axis?: number | null }): NDArray {
  return ops.within('concatenate', () => {
    const o = ops.placed<{ readonly axis?: number | null }>('concatenate', ['axis'], [axis], undefined, ['axis'])
    return o.axis === null ? ops.concatenate(ops.checkList('concatenate', 'the first argument', xs).map(ravel)) : ops.concatenate(xs, o.axis ?? 0)
  })
}
/** `concatenate` by another name. */
export const concat = (xs: readonly ArrayLike[], axis?: number | null | { readonly axis?: number | null }): NDArray => ops.within('concat', () => concatenate(xs, axis))
/** Joins along a new axis. */
export function stack(xs: readonly ArrayLike[], axis?: number | AxisOption): NDArray {
  return ops.stack(xs, ops.placed<AxisOption>('stack', ['axis'], [axis], undefined, ['axis']).axis ?? 0)
}
/** The slices along an axis, without it. */
export function unstack(x: ArrayLike, axis?: number | AxisOption): NDArray[] {
  return ops.within('unstack', () => {
    const a = ops.toArray('unstack', x)
    const at = ops.normalAxis('unstack', ops.placed<AxisOption>('unstack', ['axis'], [axis], undefined, ['axis']).axis ?? 0, a.ndim)
    return Array.from({ length: a.shape[at]! }, (_, i) => ops.squeeze(part(a, at, i, i + 1), at))
  })
}
const listOf = (operation: string, xs: readonly ArrayLike[]): readonly ArrayLike[] => ops.checkList(operation, 'the first argument', xs, 1)
/** Rows joined: vectors count as one row. */
export const vstack = (xs: readonly ArrayLike[]): NDArray => ops.within('vstack', () => ops.concatenate(listOf('vstack', xs).map(atLeast2d), 0))
/** Columns joined; vectors end to end. */
export function hstack(xs: readonly ArrayLike[]): NDArray {
  return ops.within('hstack', () => {
    const arrays = listOf('hstack', xs).map(atLeast1d)
    return ops.concatenate(arrays, arrays[0]?.ndim === 1 ? 0 : 1)
  })
}
/** Along the third axis; vectors and matrices get one. */
export const dstack = (xs: readonly ArrayLike[]): NDArray => ops.within('dstack', () => ops.concatenate(listOf('dstack', xs).map(atLeast3d), 2))
/** Vectors as columns. */
export const columnStack = (xs: readonly ArrayLike[]): NDArray =>
  ops.within('columnStack', () => ops.concatenate(listOf('columnStack', xs).map((x) => ops.toArray('columnStack', x)).map((a) => (a.ndim < 2 ? ops.reshape(a, [-1, 1]) : a)), 1))

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

function splitAt(x: NDArray, axis: number, places: readonly number[]): NDArray[] {
  const size = x.shape[axis]!
  const clip = (p: number): number => Math.min(Math.max(p < 0 ? p + size : p, 0), size)
  const edges = [0, ...places.map(clip), size]
  return edges.slice(1).map((stop, i) => part(x, axis, edges[i]!, Math.max(stop, edges[i]!)))
}
/**
 * Parts along an axis: a number of equal ones, or cut at indices.
 *
 * @throws ShapeError when the axis does not divide evenly; arraySplit allows that.
 */
export function split(x: ArrayLike, indicesOrSections: number | readonly number[], axis?: number | AxisOption): NDArray[] {
  return splitOf('split', x, indicesOrSections, axis, true)
}
/** As `split`; the first parts are one longer where the axis does not divide evenly. */
export function arraySplit(x: ArrayLike, indicesOrSections: number | readonly number[], axis?: number | AxisOption): NDArray[] {
  return splitOf('arraySplit', x, indicesOrSections, axis, false)
}
/** Each is an array of its own. */
const mostSections = 2 ** 24
function splitOf(operation: string, x: ArrayLike, indicesOrSections: number | readonly number[], axis: number | AxisOption | undefined, even: boolean): NDArray[] {
  const a = ops.toArray(operation, x)
  const at = ops.normalAxis(operation, ops.placed<AxisOption>(operation, ['axis'], [axis], undefined, ['axis']).axis ?? 0, a.ndim)
  if (typeof indicesOrSections !== 'number') return splitAt(a, at, ops.checkIntegers(operation, 'indices', indicesOrSections))
  const n = ops.checkInteger(operation, 'the number of sections', indicesOrSections, 1)
  if (n > mostSections) throw new ArgumentError(operation, `the number of sections is ${n}; takes at most ${mostSections}`)
  const size = a.shape[at]!
  if (even && size % n !== 0) throw new ShapeError(operation, `axis ${at} of shape [${a.shape.join(',')}] does not divide into ${n} equal parts; arraySplit makes unequal ones`)
  return splitAt(a, at, Array.from({ length: n - 1 }, (_, i) => (i + 1) * Math.floor(size / n) + Math.min(i + 1, size % n)))
}
/** `split` along the first axis. */
export const vsplit = (x: ArrayLike, indicesOrSections: number | readonly number[]): NDArray[] => ops.within('vsplit', () => split(x, indicesOrSections, 0))
/** `split` along the second axis; of a vector along its only one. */
export const hsplit = (x: ArrayLike, indicesOrSections: number | readonly number[]): NDArray[] => ops.within('hsplit', () => split(x, indicesOrSections, ops.toArray('hsplit', x).ndim === 1 ? 0 : 1))
/** `split` along the third axis. */
export const dsplit = (x: ArrayLike, indicesOrSections: number | readonly number[]): NDArray[] => ops.within('dsplit', () => split(x, indicesOrSections, 2))

/** The elements in reverse along axes; all by default. */
export function flip(x: ArrayLike, axis?: Axes | AxesOption): NDArray {
  return ops.flip(x, ops.placed<AxesOption>('flip', ['axis'], [axis], undefined, ['axis']).axis)
}
/** The first axis reversed. */
export const flipud = (x: ArrayLike): NDArray => ops.within('flipud', () => ops.flip(x, 0))
/** The second axis reversed. */
export const fliplr = (x: ArrayLike): NDArray => ops.within('fliplr', () => ops.flip(x, 1))

/** Elements shifted along axes, around the end; of the flat array without an axis. A shift may be a traced scalar. */
export function roll(x: ArrayLike, shift: ArrayLike | readonly number[], axis?: Axes | AxesOption): NDArray {
  return ops.within('roll', () => {
    const { axis: places } = ops.placed<AxesOption>('roll', ['axis'], [axis], undefined, ['axis'])
    const a = ops.toArray('roll', x)
    if (places === null || places === undefined) return ops.reshape(roll(ravel(a), shift, 0), a.shape)
    const axes = ops.axisList('roll', places).map((i) => ops.normalAxis('roll', i, a.ndim))
    const shifts: readonly ArrayLike[] = isArray(shift) || typeof shift === 'number' || typeof shift === 'boolean' ? axes.map(() => shift) : ops.checkList('roll', 'shift', shift)
    if (shifts.length !== axes.length) throw new ArgumentError('roll', `got ${shifts.length} shifts for ${axes.length} axes; takes one for each axis`)
    return axes.reduce((y, at, i) => rollOne(y, shifts[i]!, at), a)
  })
}
function rollOne(x: NDArray, shift: ArrayLike, axis: number): NDArray {
  const size = x.shape[axis]!
  if (size === 0) return x
  if (isArray(shift)) return rollTraced(x, shift, axis)
  ops.checkOperands('roll', [shift])
  const by = ((ops.checkInteger('roll', 'shift', Number(shift)) % size) + size) % size
  return by === 0 ? x : ops.concatenate([part(x, axis, size - by, size), part(x, axis, 0, size - by)], axis)
}
function rollTraced(x: NDArray, shift: NDArray, axis: number): NDArray {
  const size = x.shape[axis]!
  const rest = ops.rem(ops.convert(shift, 'int32'), size)
  const source = ops.rem(ops.sub(ops.add(ops.iota('int32', [size]), size), rest), size)
  return ops.slice(x, [...Array.from({ length: axis }, () => [] as const), source])
}

export interface Rot90Options {
  /** How many quarter turns, from the first axis towards the second; 1 by default. */
  readonly k?: number
  /** [0, 1] by default. */
  readonly axes?: readonly [number, number]
}
/**
 * A quarter turn k times, in the plane of two axes.
 *
 * @example
 * np.rot90(np.array([[1, 2], [3, 4]])).js()      // [[2, 4], [1, 3]]
 * np.rot90(np.array([[1, 2], [3, 4]]), 2).js()   // [[4, 3], [2, 1]]
 */
export function rot90(x: ArrayLike, k?: number | Rot90Options, axes?: readonly [number, number]): NDArray {
  return ops.within('rot90', () => {
    const options = ops.placed<Rot90Options>('rot90', ['k', 'axes'], [k, axes], undefined, ['k', 'axes'])
    const a = ops.toArray('rot90', x)
    const plane: readonly number[] = ops.checkIntegers('rot90', 'axes', options.axes ?? [0, 1])
    if (plane.length !== 2) throw new ArgumentError('rot90', `got axes [${plane.join(',')}]; takes two`)
    const turns = ops.checkInteger('rot90', 'k', options.k ?? 1)
    const [i, j] = plane.map((axis) => ops.normalAxis('rot90', axis, a.ndim))
    if (i === j) throw new ShapeError('rot90', `got the axes ${i!} and ${j!}; takes two different ones`)
    switch (((turns % 4) + 4) % 4) {
      case 1:
        return swapaxes(ops.flip(a, j), i!, j!)
      case 2:
        return ops.flip(a, [i!, j!])
      case 3:
        return ops.flip(swapaxes(a, i!, j!), j)
      default:
        return a
    }
  })
}

/** The array laid side by side, `reps` times along every axis. */
export function tile(x: ArrayLike, reps: number | readonly number[]): NDArray {
  return ops.within('tile', () => {
    const times = ops.checkShape('tile', typeof reps === 'number' ? [reps] : reps)
    const a = ops.toArray('tile', x)
    const rank = Math.max(times.length, a.ndim)
    const full = (list: readonly number[]): number[] => [...Array.from({ length: rank - list.length }, () => 1), ...list]
    const [shape, counts] = [full(a.shape), full(times)]
    const columns = ops.reshape(a, shape.flatMap((d) => [1, d]))
    const wide = ops.broadcastTo(columns, shape.flatMap((d, i) => [counts[i]!, d]))
    return ops.reshape(wide, shape.map((d, i) => d * counts[i]!))
  })
}

export interface RepeatOptions extends AxesOption {
  readonly axis?: number | null
}
/** Every element repeated, or each its own number of times; of the flat array without an axis. */
export function repeat(x: ArrayLike, repeats: number | readonly number[], axis?: number | null | RepeatOptions): NDArray {
  return ops.within('repeat', () => {
    const o = ops.placed<RepeatOptions>('repeat', ['axis'], [axis], undefined, ['axis'])
    const given = ops.toArray('repeat', x)
    // A scalar is repeated as the vector of it.
    const a = o.axis === null || o.axis === undefined || given.ndim === 0 ? ravel(given) : given
    const at = ops.normalAxis('repeat', o.axis ?? 0, a.ndim)
    const size = a.shape[at]!
    if (typeof repeats === 'number') {
      ops.checkInteger('repeat', 'repeats', repeats, 0)
      const spread = ops.broadcastTo(ops.expandDims(a, at + 1), [...a.shape.slice(0, at + 1), repeats, ...a.shape.slice(at + 1)])
      return ops.reshape(spread, a.shape.map((d, i) => (i === at ? d * repeats : d)))
    }
    ops.checkShape('repeat', repeats)
    if (repeats.length === 1) return repeat(a, repeats[0]!, at)
    if (repeats.length !== size) throw new ShapeError('repeat', `got ${repeats.length} repeats for axis ${at} of size ${size}; takes one number or one for each element`)
    const parts = repeats.flatMap((n, i) => (n === 0 ? [] : [repeat(part(a, at, i, i + 1), n, at)]))
    return parts.length === 0 ? part(a, at, 0, 0) : ops.concatenate(parts, at)
  })
}

/** Values put at the end; both flat without an axis. */
export function append(x: ArrayLike, values: ArrayLike, axis?: number | null | { readonly axis?: number | null }): NDArray {
  return ops.within('append', () => {
    const o = ops.placed<{ readonly axis?: number | null }>('append', ['axis'], [axis], undefined, ['axis'])
    return concatenate([x, values], { axis: o.axis ?? null })
  })
}

/** The number of elements, all of them or along an axis; and the number of axes, and the shape. */
export function size(x: ArrayLike, axis?: number): number {
  const a = ops.toValue('size', x).aval.shape
  return axis === undefined ? a.reduce((n, d) => n * d, 1) : a[ops.normalAxis('size', axis, a.length)]!
}
/** How many axes an array has. */
export const ndim = (x: ArrayLike): number => ops.toValue('ndim', x).aval.shape.length
/** The sizes of the axes. */
export const shape = (x: ArrayLike): Shape => ops.toValue('shape', x).aval.shape
