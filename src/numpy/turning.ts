/** The same elements in another order along axes, or more than once: reversed, shifted, turned, tiled, repeated. */
import { isArray, type NDArray } from '../core/array.ts'
import { ArgumentError, ShapeError } from '../core/errors.ts'
import * as ops from '../core/ops/index.ts'
import type { ArrayLike } from '../core/tree.ts'
import { type Axes, type AxesOption, part, ravel, swapaxes } from './shape.ts'

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
