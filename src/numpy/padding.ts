/** `np.pad`. */
import { isArray, type NDArray } from '../core/array.ts'
import { sizeOf } from '../core/aval.ts'
import { show } from '../core/describe.ts'
import { isInexact, isInteger } from '../core/dtype.ts'
import { ArgumentError, OutOfMemoryError, ShapeError } from '../core/errors.ts'
import * as ops from '../core/ops/index.ts'
import type { ArrayLike } from '../core/tree.ts'
import { linspace } from './creation.ts'
import { median } from './quantiles.ts'
import { part } from './shape.ts'

export type PadMode = 'constant' | 'edge' | 'reflect' | 'symmetric' | 'wrap' | 'empty' | 'linear_ramp' | 'maximum' | 'mean' | 'median' | 'minimum'
/** One number for all sides, one pair for all axes, or a pair for each axis. */
export type PadWidth = number | readonly [before: number, after: number] | readonly (readonly [before: number, after: number])[]
export interface PadOptions {
  readonly mode?: PadMode
  /** What 'constant' puts there: one value, or numbers as `padWidth` has them; 0 by default. */
  readonly constantValues?: ArrayLike | PadValues
  /** Where 'linear_ramp' ends: one number for all sides, one pair for all axes, or a pair for each axis; 0 by default. */
  readonly endValues?: number | PadValues
  /** How many elements at each end 'maximum', 'mean', 'median' and 'minimum' are of, as `padWidth`; all of the axis by default. */
  readonly statLength?: PadWidth | null
}
/** One pair for all axes, or a pair for each. */
export type PadValues = readonly [before: number, after: number] | readonly (readonly [before: number, after: number])[]

/** A pair of numbers for each axis. */
function pairs(what: string, given: number | PadValues, rank: number, fits: (n: unknown) => boolean, kind: string): (readonly [number, number])[] {
  const all = (pair: unknown): readonly unknown[] => Array.from({ length: rank }, () => pair)
  // Whatever it is, a list of pairs comes of it, or the refusal below.
  if (typeof given !== 'number') ops.checkList<unknown>('pad', `the ${what}`, given, 1)
  const sides: readonly unknown[] = typeof given === 'number' ? [given] : given
  const one = typeof sides[0] === 'number'
  const list = one && sides.length === 1 ? all([sides[0], sides[0]]) : one && sides.length === 2 ? all(sides) : sides.length === 1 ? all(sides[0]) : sides
  if (list.length !== rank || list.some((p) => !Array.isArray(p) || p.length !== 2 || !p.every(fits))) {
    throw new ShapeError('pad', `got ${what} ${show(given)} for rank ${rank}; takes a number, a pair [before, after] or one pair an axis, of ${kind}`)
  }
  // Each has been looked at.
  return list as (readonly [number, number])[]
}
const widths = (width: PadWidth, rank: number): (readonly [number, number])[] => pairs('pad width', width, rank, (n) => Number.isInteger(n) && Number(n) >= 0, 'integers of at least 0')
const values = (what: string, given: number | PadValues, rank: number): (readonly [number, number])[] => pairs(what, given, rank, (n) => typeof n === 'number', 'numbers')

/**
 * Elements added around an array, of its dtype: 'constant' values (default), the 'edge' repeated, a 'linear_ramp' from the edge to `endValues`,
 * the 'maximum', 'mean', 'median' or 'minimum' along each axis, the array mirrored ('reflect', 'symmetric') or repeated ('wrap'); 'empty' gives zeros.
 *
 * @example
 * np.pad(np.array([1, 2, 3]), [1, 2]).js()                     // [0, 1, 2, 3, 0, 0]
 * np.pad(np.array([1, 2, 3]), 2, { mode: 'reflect' }).js()     // [3, 2, 1, 2, 3, 2, 1]
 * @throws ShapeError for widths that do not fit, ArgumentError for an unknown mode.
 */
export function pad(x: ArrayLike, padWidth: PadWidth, mode?: PadMode | PadOptions, options?: PadOptions): NDArray {
  return ops.within('pad', () => {
    const o = ops.placed<PadOptions>('pad', ['mode'], [mode], options, ['mode', 'constantValues', 'endValues', 'statLength'])
    const a = ops.toArray('pad', x)
    const sides = widths(padWidth, a.ndim)
    const kind = o.mode ?? 'constant'
    switch (kind) {
      case 'constant':
        return constant(a, sides, o.constantValues ?? 0)
      case 'empty':
        return constant(a, sides, 0)
      case 'linear_ramp':
        return ramps(a, sides, values('end values', o.endValues ?? 0, a.ndim))
      case 'maximum':
      case 'mean':
      case 'median':
      case 'minimum':
        return statistics(a, sides, statisticOf[kind], o.statLength ?? null)
      case 'edge':
        return along(a, sides, (i, n) => Math.min(Math.max(i, 0), n - 1))
      case 'wrap':
        return along(a, sides, (i, n) => ((i % n) + n) % n)
      case 'reflect':
        return along(a, sides, (i, n) => bounce(i, n, 2 * (n - 1), 0))
      case 'symmetric':
        return along(a, sides, (i, n) => bounce(i, n, 2 * n, 1))
      default:
        throw new ArgumentError('pad', `unknown mode ${show(o.mode)}; known modes: constant, edge, reflect, symmetric, wrap, empty, linear_ramp, maximum, mean, median, minimum`)
    }
  })
}

function constant(x: NDArray, sides: readonly (readonly [number, number])[], given: ArrayLike | PadValues): NDArray {
  if (typeof given === 'number' || typeof given === 'boolean' || isArray(given)) return ops.pad(x, given, sides.map(([low, high]) => [low, high, 0]))
  const each = values('constant values', given, x.ndim)
  return around(x, sides, (y, axis) => each[axis]!.map((v) => ops.broadcastTo(ops.convert(v, y.dtype), y.shape.map((d, i) => (i === axis ? 1 : d)))) as [NDArray, NDArray])
}

/** Axis by axis: two blocks, of size 1 along it, or of the width of their side. */
function around(x: NDArray, sides: readonly (readonly [number, number])[], blocks: (y: NDArray, axis: number) => readonly [before: NDArray, after: NDArray]): NDArray {
  return sides.reduce((y, width, axis) => {
    if (width[0] + width[1] === 0) return y
    const wide = blocks(y, axis).flatMap((b, k) => (width[k]! === 0 ? [] : [ops.broadcastTo(b, y.shape.map((d, i) => (i === axis ? width[k]! : d)))]))
    return ops.concatenate(width[0] === 0 ? [y, ...wide] : [wide[0]!, y, ...wide.slice(1)], axis)
  }, x)
}

function requireElements(x: NDArray, axis: number): void {
  if (x.shape[axis] === 0) throw new ShapeError('pad', `axis ${axis} of shape [${x.shape.join(',')}] is empty: there is nothing to continue; use mode 'constant'`)
}

function ramps(x: NDArray, sides: readonly (readonly [number, number])[], ends: readonly (readonly [number, number])[]): NDArray {
  return around(x, sides, (y, axis) => {
    requireElements(y, axis)
    const n = y.shape[axis]!
    const ramp = (end: number, edge: NDArray, num: number): NDArray => linspace(end, ops.squeeze(edge, axis), { num, endpoint: false, dtype: y.dtype, axis })
    const [low, high] = sides[axis]!
    return [ramp(ends[axis]![0], part(y, axis, 0, 1), low), ops.flip(ramp(ends[axis]![1], part(y, axis, n - 1, n), high), axis)]
  })
}

type Statistic = (x: NDArray, axis: number) => NDArray
const keep = { keepdims: true } as const
const statisticOf: Readonly<Record<'maximum' | 'mean' | 'median' | 'minimum', Statistic>> = {
  maximum: (x, axis) => ops.maxOf(x, axis, keep),
  mean: (x, axis) => ops.mean(x, axis, keep),
  median: (x, axis) => median(x, axis, keep),
  minimum: (x, axis) => ops.minOf(x, axis, keep),
}
function statistics(x: NDArray, sides: readonly (readonly [number, number])[], statistic: Statistic, lengths: PadWidth | null): NDArray {
  const of = lengths === null ? null : pairs('stat length', lengths, x.ndim, (n) => Number.isInteger(n) && Number(n) > 0, 'integers above 0')
  return around(x, sides, (y, axis) => {
    requireElements(y, axis)
    const n = y.shape[axis]!
    // Of integers the nearest, halves to even.
    const own = (s: NDArray): NDArray => ops.convert(isInteger(y.dtype) && isInexact(s.dtype) ? ops.round(s) : s, y.dtype)
    if (of === null) {
      const all = own(statistic(y, axis))
      return [all, all]
    }
    const [low, high] = of[axis]!
    return [own(statistic(part(y, axis, 0, Math.min(low, n)), axis)), own(statistic(part(y, axis, Math.max(n - high, 0), n), axis))]
  })
}

/** Position i of the line that goes to and fro with a period; at its ends the last element stands once (0) or twice (1). */
function bounce(i: number, n: number, period: number, repeated: 0 | 1): number {
  if (n === 1) return 0
  const p = ((i % period) + period) % period
  return p < n ? p : period - p - repeated
}

function along(x: NDArray, pairs: readonly (readonly [number, number])[], source: (i: number, n: number) => number): NDArray {
  const padded = x.shape.map((n, i) => pairs[i]![0] + n + pairs[i]![1])
  // No device has more bytes; what follows lists the positions one by one.
  if (sizeOf(padded) > 2 ** 32) throw new OutOfMemoryError('pad', `got shape [${x.shape.join(',')}], which would be padded to [${padded.join(',')}]: more elements than any device holds`)
  return pairs.reduce((y, [low, high], axis) => {
    const n = y.shape[axis]!
    if (low + high === 0) return y
    if (n === 0) throw new ShapeError('pad', `axis ${axis} of shape [${x.shape.join(',')}] is empty: there is nothing to repeat; use mode 'constant'`)
    return pick(y, axis, Array.from({ length: low + n + high }, (_, i) => source(i - low, n)))
  }, x)
}

/** The elements at `places` along an axis, as few slices, reversals and spreads: places that rise, fall or stay go together. */
function pick(x: NDArray, axis: number, places: readonly number[]): NDArray {
  const parts: NDArray[] = []
  for (let i = 0; i < places.length; ) {
    const step = i + 1 < places.length ? places[i + 1]! - places[i]! : 1
    let end = i + 1
    if (Math.abs(step) <= 1) while (end < places.length && places[end]! - places[end - 1]! === step) end++
    const [first, last] = [places[i]!, places[end - 1]!]
    const run = part(x, axis, Math.min(first, last), Math.max(first, last) + 1)
    parts.push(step === 0 ? ops.broadcastTo(run, run.shape.map((d, k) => (k === axis ? end - i : d))) : step < 0 && end - i > 1 ? ops.flip(run, axis) : run)
    i = end
  }
  return ops.concatenate(parts, axis)
}
