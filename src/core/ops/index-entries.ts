/** What NumPy's indices mean for an array of a given shape. */
import type { NDArray } from '../array.ts'
import { isArray } from '../array-base.ts'
import { sameShape, type Shape, sizeOf } from '../aval.ts'
import { describe, show } from '../describe.ts'
import { dtypeInfo, isInteger } from '../dtype.ts'
import { ArgumentError, DtypeError, ShapeError } from '../errors.ts'
import { within } from '../in-name-of.ts'
import { convert } from './elementwise.ts'

/** `null`, `undefined` or left out: to the edge. */
export type Bound = number | null | undefined
/**
 * One entry of an index: an integer drops its axis, `[start, stop, step]` is a slice (`[]` all of it), `null` a new axis,
 * `'...'` all axes not named, an integer array picks, a boolean mask selects (outside jit).
 */
export type IndexEntry = number | null | '...' | readonly [start?: Bound, stop?: Bound, step?: Bound] | NDArray

export interface Parsed {
  /** For each axis of the array that is left: a slice, or an index array. */
  readonly slices: readonly { readonly start: number; readonly stop: number; readonly step: number }[]
  /** What the entries ask for, in order: an axis of the array, a new one, an index array, or one position of an axis. */
  readonly layout: readonly Entry[]
}
export type ArrayEntry = { readonly kind: 'array'; readonly axis: number; readonly index: NDArray }
export type Entry = { readonly kind: 'axis'; readonly axis: number } | { readonly kind: 'new' } | { readonly kind: 'position' } | ArrayEntry

/** Plain integers out of bounds become index arrays of rank 0: they follow the caller's mode as those do. */
export function parse(operation: string, shape: Shape, entries: readonly IndexEntry[]): Parsed {
  const expanded = expand(operation, shape, entries)
  const slices: { start: number; stop: number; step: number }[] = []
  const layout: Entry[] = []
  let axis = 0
  for (const e of expanded) {
    if (e === null) {
      layout.push({ kind: 'new' })
      continue
    }
    const size = shape[axis]!
    if (typeof e === 'number') {
      if (!Number.isInteger(e)) throw new ArgumentError(operation, `index ${e} is no integer`)
      if (size === 0) throw new ShapeError(operation, `index ${e} for axis ${axis} of shape [${shape.join(',')}], which is empty; it takes slices and empty index arrays`)
      if (e < -size || e >= size) {
        slices.push({ start: 0, stop: size, step: 1 })
        layout.push({ kind: 'array', axis, index: convert(Math.min(Math.max(e, -(2 ** 31)), 2 ** 31 - 1), 'int32') })
        axis++
        continue
      }
      const at = e < 0 ? e + size : e
      slices.push({ start: at, stop: at + 1, step: 1 })
      layout.push({ kind: 'position' })
    } else if (isArray(e)) {
      if (!isInteger(e.dtype)) throw new DtypeError(operation, `got an index array of ${e.dtype}; it takes integers or a boolean mask`)
      slices.push({ start: 0, stop: size, step: 1 })
      layout.push({ kind: 'array', axis, index: e })
    } else {
      if (!Array.isArray(e)) throw new ArgumentError(operation, `${describe(e)} is no index; it takes integers, lists [start, stop, step] ([] for a whole axis), null for a new axis, '...', and arrays`)
      slices.push(bounds(operation, e, size))
      layout.push({ kind: 'axis', axis })
    }
    axis++
  }
  return { slices, layout }
}

/** Fills in '...' and missing axes; masks become index arrays. */
function expand(operation: string, shape: Shape, entries: readonly IndexEntry[]): (number | null | readonly Bound[] | NDArray)[] {
  const used = entries.reduce<number>((n, e) => n + (e === null || e === '...' ? 0 : isArray(e) && e.dtype === 'bool' ? e.ndim : 1), 0)
  if (used > shape.length) throw new ShapeError(operation, `${used} indices for shape [${shape.join(',')}], which has ${shape.length} axes; takes at most one for each`)
  const missing = Array.from({ length: shape.length - used }, () => [] as const)
  const at = entries.indexOf('...')
  if (at !== entries.lastIndexOf('...')) throw new ArgumentError(operation, "'...' may stand once")
  const all = at < 0 ? [...entries, ...missing] : [...entries.slice(0, at), ...missing, ...entries.slice(at + 1)]
  let axis = 0
  return all.flatMap((e) => {
    if (!isArray(e) || e.dtype !== 'bool') {
      if (e !== null) axis++
      return [e as number | null | readonly Bound[] | NDArray]
    }
    const own = shape.slice(axis, (axis += e.ndim))
    if (!sameShape(own, e.shape)) throw new ShapeError(operation, `a mask of shape [${e.shape.join(',')}] stands for axes of sizes [${own.join(',')}] of shape [${shape.join(',')}]; they must be equal`)
    return nonzero(operation, e)
  })
}

/** The positions where a concrete mask holds: one int32 array an axis. */
export function nonzero(operation: string, mask: NDArray): NDArray[] {
  const known = mask.concrete(operation)
  const bytes = within(operation, () => known.storage(operation).read())
  const size = dtypeInfo[mask.dtype].bytes
  const found: number[] = []
  for (let i = 0; i * size < bytes.length; i++) if (bytes.subarray(i * size, (i + 1) * size).some((b) => b !== 0)) found.push(i)
  const out: NDArray[] = []
  let stride = sizeOf(mask.shape)
  for (const d of mask.shape) {
    stride /= d
    const data = Int32Array.from(found, (f) => Math.floor(f / stride) % d)
    out.push(known.beside(new Uint8Array(data.buffer), { shape: [found.length], dtype: 'int32', weakType: false }))
  }
  return out
}

/** A slice as NumPy clips it: start, stop and step with start + k·step inside the axis. */
function bounds(operation: string, e: readonly Bound[], size: number): { start: number; stop: number; step: number } {
  const step = e[2] ?? 1
  if (!Number.isInteger(step) || step === 0) throw new ArgumentError(operation, `slice step ${show(step)} must be an integer other than 0`)
  const clip = (b: Bound, otherwise: number): number => {
    if (b === null || b === undefined) return otherwise
    if (!Number.isInteger(b)) throw new ArgumentError(operation, `slice bound ${show(b)} is no integer`)
    return step > 0 ? Math.min(Math.max(b < 0 ? b + size : b, 0), size) : Math.min(Math.max(b < 0 ? b + size : b, -1), size - 1)
  }
  return { start: clip(e[0], step > 0 ? 0 : size - 1), stop: clip(e[1], step > 0 ? size : -1), step }
}
