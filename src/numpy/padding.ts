/** `np.pad`. */
import type { NDArray } from '../core/array.ts'
import { sizeOf } from '../core/aval.ts'
import { show } from '../core/describe.ts'
import { ArgumentError, OutOfMemoryError, ShapeError } from '../core/errors.ts'
import * as ops from '../core/ops/index.ts'
import type { ArrayLike } from '../core/tree.ts'
import { part } from './shape.ts'

export type PadMode = 'constant' | 'edge' | 'reflect' | 'symmetric' | 'wrap' | 'empty'
/** One number for all sides, one pair for all axes, or a pair for each axis. */
export type PadWidth = number | readonly [before: number, after: number] | readonly (readonly [before: number, after: number])[]
export interface PadOptions {
  readonly mode?: PadMode
  /** What 'constant' puts there; 0 by default. */
  readonly constantValues?: ArrayLike
}

const isPair = (w: readonly unknown[]): w is readonly [number, number] => typeof w[0] === 'number'

function widths(width: PadWidth, rank: number): (readonly [number, number])[] {
  const all = (pair: readonly [number, number]): (readonly [number, number])[] => Array.from({ length: rank }, () => pair)
  // Whatever it is, a list of pairs comes of it, or the refusal below.
  if (typeof width !== 'number') ops.checkList<unknown>('pad', 'the pad width', width, 1)
  const list = typeof width === 'number' ? all([width, width]) : isPair(width) ? all(width.length === 2 ? width : [width[0], width[0]]) : width.length === 1 ? all(width[0]!) : [...width]
  if (list.length !== rank || list.some((p: unknown) => !Array.isArray(p) || p.length !== 2 || p.some((n) => !Number.isInteger(n) || n < 0))) {
    throw new ShapeError('pad', `got pad width ${show(width)} for rank ${rank}; takes a number, a pair [before, after] or one pair an axis, of integers of at least 0`)
  }
  return list
}

/**
 * Elements added around an array.
 *
 * @example
 * np.pad(np.array([1, 2, 3]), [1, 2]).js()                     // [0, 1, 2, 3, 0, 0]
 * np.pad(np.array([1, 2, 3]), 2, { mode: 'reflect' }).js()     // [3, 2, 1, 2, 3, 2, 1]
 */
export function pad(x: ArrayLike, padWidth: PadWidth, mode?: PadMode | PadOptions, options?: PadOptions): NDArray {
  return ops.within('pad', () => {
    const o = ops.placed<PadOptions>('pad', ['mode'], [mode], options, ['mode', 'constantValues'])
    const a = ops.toArray('pad', x)
    const pairs = widths(padWidth, a.ndim)
    switch (o.mode ?? 'constant') {
      case 'constant':
      case 'empty':
        return ops.pad(a, o.constantValues ?? 0, pairs.map(([low, high]) => [low, high, 0]))
      case 'edge':
        return along(a, pairs, (i, n) => Math.min(Math.max(i, 0), n - 1))
      case 'wrap':
        return along(a, pairs, (i, n) => ((i % n) + n) % n)
      case 'reflect':
        return along(a, pairs, (i, n) => bounce(i, n, 2 * (n - 1), 0))
      case 'symmetric':
        return along(a, pairs, (i, n) => bounce(i, n, 2 * n, 1))
      default:
        throw new ArgumentError('pad', `unknown mode ${show(o.mode)}; known modes: constant, edge, reflect, symmetric, wrap, empty`)
    }
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
