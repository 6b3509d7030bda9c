/** Sequences as samples of functions: differences, integrals, interpolation, convolution. */
import type { NDArray } from '../core/array.ts'
import { show } from '../core/describe.ts'
import { finfo } from './dtypes.ts'
import { ArgumentError, ShapeError } from '../core/errors.ts'
import * as ops from '../core/ops/index.ts'
import type { ArrayLike } from '../core/tree.ts'
import { convGeneralDilated } from '../lax/convolution.ts'
import { mod } from './arithmetic.ts'
import { promotedInexact } from './promoted.ts'
import { cumsum, diff } from './reduction.ts'
import { moveaxis, part, ravel } from './shape.ts'
import { argsort, searchsorted } from './sorting.ts'

export interface Ediff1dOptions {
  /** Put at the end, and at the front; flat, in the dtype of x. */
  readonly toEnd?: ArrayLike | null
  readonly toBegin?: ArrayLike | null
}
/**
 * Differences of neighbours in the flat array: [n] to [n - 1], and what is put around them.
 *
 * @example
 * np.ediff1d(np.array([1, 2, 4])).js()                     // [1, 2]
 * np.ediff1d(np.array([1, 2, 4]), { toBegin: -9 }).js()    // [-9, 1, 2]
 */
export function ediff1d(x: ArrayLike, options: Ediff1dOptions = {}): NDArray {
  return ops.within('ediff1d', () => {
    ops.checkOptions('ediff1d', options, ['toEnd', 'toBegin'])
    const a = ravel(x)
    const n = Math.max(a.size, 1)
    const between = ops.sub(part(a, 0, Math.min(1, a.size), a.size), part(a, 0, 0, n - 1))
    const around = (v: ArrayLike | null | undefined): NDArray[] => (v === null || v === undefined ? [] : [ravel(ops.convert(v, a.dtype))])
    const parts = [...around(options.toBegin), between, ...around(options.toEnd)]
    return parts.length === 1 ? between : ops.concatenate(parts, 0)
  })
}

export interface GradientOptions {
  /** One axis or several; all by default. */
  readonly axis?: ops.Axis
}
/**
 * The slope along axes, from neighbours on either side, and one-sided at the ends. Spacings follow x: one number for all axes, or for
 * each axis a number or a vector of coordinates. One array for a single axis, else a list; floating.
 *
 * @example
 * np.gradient(np.array([1, 2, 4, 7])).js()                          // [1, 1.5, 2.5, 3]
 * np.gradient(np.array([1, 2, 4, 7]), 2, { axis: 0 }).js()          // [0.5, 0.75, 1.25, 1.5]
 * @throws ShapeError for an axis of fewer than 2 elements, or coordinates of another size.
 */
export function gradient(x: ArrayLike, ...spacings: readonly (ArrayLike | GradientOptions)[]): NDArray | NDArray[] {
  return ops.within('gradient', () => {
    const last = spacings.at(-1)
    const options: GradientOptions = isGradientOptions(last) ? last : {}
    ops.checkOptions('gradient', options, ['axis'])
    // What is no options object at the end is a spacing.
    const given = (isGradientOptions(last) ? spacings.slice(0, -1) : spacings) as readonly ArrayLike[]
    const [a] = promotedInexact('gradient', x)
    const places = options.axis === null || options.axis === undefined ? a.shape.map((_, i) => i) : ops.axisList('gradient', options.axis)
    const axes = places.map((i) => ops.normalAxis('gradient', i, a.ndim))
    if (given.length > 1 && given.length !== axes.length) throw new ArgumentError('gradient', `got ${given.length} spacings for ${axes.length} axes; takes none, one, or one for each axis`)
    const out = axes.map((axis, i) => slopes(a, axis, given.length === 0 ? 1 : given.length === 1 ? given[0]! : given[i]!))
    return typeof options.axis === 'number' || out.length === 1 ? out[0]! : out
  })
}
const isGradientOptions = (x: ArrayLike | GradientOptions | undefined): x is GradientOptions => ops.isOptions(x)

function slopes(a: NDArray, axis: number, spacing: ArrayLike): NDArray {
  const n = a.shape[axis]!
  if (n < 2) throw new ShapeError('gradient', `axis ${axis} of shape [${a.shape.join(',')}] has ${n} elements; a slope takes at least 2`)
  const h = ops.toArray('gradient', spacing)
  const at = (from: number, to: number): NDArray => part(a, axis, from, to)
  if (h.ndim === 0) {
    const inner = ops.mul(ops.sub(at(2, n), at(0, n - 2)), 0.5)
    return ops.div(ops.concatenate([ops.sub(at(1, 2), at(0, 1)), inner, ops.sub(at(n - 1, n), at(n - 2, n - 1))], axis), spacing)
  }
  if (h.ndim !== 1 || h.size !== n) throw new ShapeError('gradient', `got a spacing of shape [${h.shape.join(',')}] for axis ${axis} of shape [${a.shape.join(',')}]; takes a number, or ${n} coordinates`)
  const widths = ops.reshape(ops.convert(diff(h), a.dtype), a.shape.map((_, i) => (i === axis ? n - 1 : 1)))
  const [before, after] = [part(widths, axis, 0, n - 2), part(widths, axis, 1, n - 1)]
  // The parabola through three points.
  const both = ops.add(before, after)
  const left = ops.div(ops.neg(after), ops.mul(before, both))
  const middle = ops.div(ops.sub(after, before), ops.mul(before, after))
  const right = ops.div(before, ops.mul(after, both))
  const inner = ops.add(ops.add(ops.mul(left, at(0, n - 2)), ops.mul(middle, at(1, n - 1))), ops.mul(right, at(2, n)))
  const end = (i: number): NDArray => ops.div(ops.sub(at(i + 1, i + 2), at(i, i + 1)), part(widths, axis, i, i + 1))
  return ops.concatenate([end(0), inner, end(n - 2)], axis)
}

export interface TrapezoidOptions {
  /** Where the samples stand: a vector along the axis, or an array like y. */
  readonly x?: ArrayLike | null
  /** Their distance where x is not given; default 1. */
  readonly dx?: ArrayLike
  /** Default the last. */
  readonly axis?: number
}
/**
 * The integral of samples along an axis by the trapezoidal rule; floating.
 *
 * @example
 * np.trapezoid(np.array([1, 2, 3])).item()                                   // 4
 * np.trapezoid(np.array([1, 2, 3]), { x: np.array([4, 6, 8]) }).item()       // 8
 * @throws ShapeError for positions that do not fit.
 */
export function trapezoid(y: ArrayLike, x?: ArrayLike | TrapezoidOptions | null, options?: TrapezoidOptions): NDArray {
  return ops.within('trapezoid', () => {
    const o = ops.placed<TrapezoidOptions>('trapezoid', ['x'], [x], options, ['x', 'dx', 'axis'])
    const axis = o.axis ?? -1
    const along = (a: NDArray): NDArray => {
      const line = moveaxis(a, axis, -1)
      const [at, n] = [line.ndim - 1, line.shape.at(-1)!]
      return ops.add(part(line, at, Math.min(1, n), n), part(line, at, 0, Math.max(n - 1, 0)))
    }
    if (o.x === null || o.x === undefined) {
      const [a, dx] = promotedInexact('trapezoid', y, o.dx ?? 1)
      return ops.mul(0.5, ops.sum(ops.mul(along(a), dx), -1))
    }
    const [a, p] = promotedInexact('trapezoid', y, o.x)
    const widths = p.ndim === 1 ? diff(p) : moveaxis(diff(p, { axis }), axis, -1)
    return ops.mul(0.5, ops.sum(ops.mul(along(a), widths), -1))
  })
}

export interface InterpOptions {
  /** What stands below the first and above the last of xp; the value there by default, or 'extrapolate' for the line through the last two. */
  readonly left?: ArrayLike | 'extrapolate' | null
  readonly right?: ArrayLike | 'extrapolate' | null
  /** The function repeats itself after so much. */
  readonly period?: ArrayLike | null
}
/**
 * Linear interpolation: the values at x of the function that goes through the points (xp, fp), xp rising. Floating, of the shape of x.
 *
 * @example
 * np.interp(np.array([0.5, 3]), np.array([0, 1, 2]), np.array([10, 20, 40])).js()   // [15, 40]
 * @throws ShapeError unless xp and fp are vectors of one size of at least 1.
 */
export function interp(x: ArrayLike, xp: ArrayLike, fp: ArrayLike, options: InterpOptions = {}): NDArray {
  return ops.within('interp', () => {
    ops.checkOptions('interp', options, ['left', 'right', 'period'])
    let [a, at] = promotedInexact('interp', x, xp)
    let [f] = promotedInexact('interp', fp)
    if (at.ndim !== 1 || f.ndim !== 1 || at.size !== f.size || at.size === 0) throw new ShapeError('interp', `got points of shapes [${at.shape.join(',')}] and [${f.shape.join(',')}]; takes two vectors of one size, not empty`)
    const { left = null, right = null, period = null } = options
    if (period !== null) {
      const p = ops.convert(ops.abs(period), a.dtype)
      const turned = mod(at, p)
      const order = argsort(turned)
      const n = at.size
      const sorted = ops.slice(turned, [order])
      const values = ops.slice(f, [order])
      a = mod(a, p)
      at = ops.concatenate([ops.sub(part(sorted, 0, n - 1, n), p), sorted, ops.add(part(sorted, 0, 0, 1), p)], 0)
      f = ops.concatenate([part(values, 0, n - 1, n), values, part(values, 0, 0, 1)], 0)
    }
    const n = at.size
    if (n === 1) return outside(a, at, f, ops.broadcastTo(ops.slice(f, [0]), a.shape), left, right)
    const i = ops.clamp(1, searchsorted(at, a, { side: 'right' }), n - 1)
    const [x0, x1, f0, f1] = [at, at, f, f].map((v, k) => ops.slice(v, [k % 2 === 0 ? ops.sub(i, 1) : i]))
    const width = ops.sub(x1!, x0!)
    // Two points in one place have no line through them.
    const none = ops.le(ops.abs(width), finfo(at.dtype).eps ** 2)
    const line = ops.add(f0!, ops.mul(ops.div(ops.sub(a, x0!), ops.where(none, 1, width)), ops.sub(f1!, f0!)))
    return outside(a, at, f, ops.where(none, f0!, line), left, right)
  })
}
function outside(a: NDArray, at: NDArray, f: NDArray, inside: NDArray, left: InterpOptions['left'], right: InterpOptions['right']): NDArray {
  const n = at.size
  const value = (side: 'left' | 'right', v: InterpOptions['left'], own: number): ArrayLike | null => {
    if (v === 'extrapolate') return null
    if (typeof v === 'string') throw new ArgumentError('interp', `got ${side} ${show(v)}; takes a number, or 'extrapolate'`)
    return v ?? ops.slice(f, [own])
  }
  const [low, high] = [value('left', left, 0), value('right', right, n - 1)]
  const below = low === null ? inside : ops.where(ops.lt(a, ops.slice(at, [0])), low, inside)
  return high === null ? below : ops.where(ops.gt(a, ops.slice(at, [n - 1])), high, below)
}

export type ConvolutionMode = 'full' | 'same' | 'valid'
function convolved(operation: 'convolve' | 'correlate', x: ArrayLike, y: ArrayLike, mode: ConvolutionMode): NDArray {
  ops.checkOneOf(operation, 'mode', mode, ['full', 'same', 'valid'])
  const [a, b] = promotedInexact(operation, x, y)
  if (a.ndim !== 1 || b.ndim !== 1 || a.size === 0 || b.size === 0) throw new ShapeError(operation, `got shapes [${a.shape.join(',')}] and [${b.shape.join(',')}]; takes two vectors, not empty`)
  const swapped = a.size < b.size
  const [long, short] = swapped ? [b, a] : [a, b]
  const n = short.size
  const padding: readonly [number, number] = mode === 'full' ? [n - 1, n - 1] : mode === 'same' ? [n >> 1, n - (n >> 1) - 1] : [0, 0]
  const kernel = operation === 'convolve' ? ops.flip(short, 0) : short
  const out = ops.reshape(convGeneralDilated(ops.reshape(long, [1, 1, -1]), ops.reshape(kernel, [1, 1, -1]), { windowStrides: [1], padding: [padding] }), [-1])
  return operation === 'correlate' && swapped ? ops.flip(out, 0) : out
}
/**
 * The convolution of two vectors: Σⱼ xⱼ yₙ₋ⱼ. 'full' (default) gives n + m - 1 values, 'same' the middle max(n, m), 'valid' those where
 * the shorter lies within the longer. Floating.
 *
 * @example
 * np.convolve(np.array([1, 2, 3]), np.array([0, 1, 0.5])).js()   // [0, 1, 2.5, 4, 1.5]
 * @throws ShapeError for anything but vectors with elements, ArgumentError for another mode.
 */
export function convolve(x: ArrayLike, y: ArrayLike, mode?: ConvolutionMode | { readonly mode?: ConvolutionMode }): NDArray {
  return ops.within('convolve', () => convolved('convolve', x, y, ops.placed<{ readonly mode?: ConvolutionMode }>('convolve', ['mode'], [mode], undefined, ['mode']).mode ?? 'full'))
}
/**
 * The cross-correlation of two vectors: Σⱼ xₙ₊ⱼ yⱼ; modes as `convolve`, 'valid' by default.
 *
 * @example
 * np.correlate(np.array([1, 2, 3]), np.array([0, 1, 0.5])).js()   // [3.5]
 * @throws as `convolve`.
 */
export function correlate(x: ArrayLike, y: ArrayLike, mode?: ConvolutionMode | { readonly mode?: ConvolutionMode }): NDArray {
  return ops.within('correlate', () => convolved('correlate', x, y, ops.placed<{ readonly mode?: ConvolutionMode }>('correlate', ['mode'], [mode], undefined, ['mode']).mode ?? 'valid'))
}

export interface UnwrapOptions {
  /** Greater jumps are wrapped ones; half a period by default. */
  readonly discont?: ArrayLike | null
  /** Default the last. */
  readonly axis?: number
  /** Default 2π. */
  readonly period?: number
}
/**
 * Angles without jumps: whole periods are added where neighbours along an axis differ by more than half of one. Floating.
 *
 * @example
 * np.unwrap(np.array([0, 3, 6, 1]), { period: 8 }).js()   // [0, 3, 6, 9]
 */
export function unwrap(x: ArrayLike, options: UnwrapOptions = {}): NDArray {
  return ops.within('unwrap', () => {
    ops.checkOptions('unwrap', options, ['discont', 'axis', 'period'])
    const period = ops.checkNumber('unwrap', 'period', options.period ?? 2 * Math.PI)
    const [a] = promotedInexact('unwrap', x)
    const at = ops.normalAxis('unwrap', options.axis ?? -1, a.ndim)
    const n = a.shape[at]!
    if (n === 0) return a
    const half = period / 2
    const steps = diff(a, { axis: at })
    const within = ops.sub(mod(ops.add(steps, half), period), half)
    const turned = ops.where(ops.and(ops.eq(within, -half), ops.gt(steps, 0)), half, within)
    const jump = ops.where(ops.lt(ops.abs(steps), options.discont ?? half), 0, ops.sub(turned, steps))
    return ops.concatenate([part(a, at, 0, 1), ops.add(part(a, at, 1, n), cumsum(jump, at))], at)
  })
}
