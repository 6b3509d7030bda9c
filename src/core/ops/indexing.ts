/** NumPy's indexing, reading and updating: what `x.slice(...)` and `x.at(...)` do. */
import type { NDArray } from '../array.ts'
import { isArray } from '../array-base.ts'
import { type Shape, sizeOf } from '../aval.ts'
import { dtypeInfo, isInteger } from '../dtype.ts'
import { ArgumentError, DtypeError, ShapeError } from '../errors.ts'
import type { GatherDimensionNumbers, IndexMode, ScatterParams } from '../primitives/index.ts'
import { bind1 } from '../trace.ts'
import type { ArrayLike } from '../tree.ts'
import { add, lt, where } from './elementwise.ts'
import { broadcastShapes } from './operands.ts'
import { broadcastTo, concatenate, expandDims, flip, iota, laxSlice, reshape, transpose } from './shape.ts'

/** `null`, `undefined` or left out: to the edge. */
export type Bound = number | null | undefined
/**
 * One entry of an index: an integer drops its axis, `[start, stop, step]` is a slice (`[]` all of it), `null` a new axis,
 * `'...'` all axes not named, an integer array picks, a boolean mask selects (outside jit).
 */
export type IndexEntry = number | null | '...' | readonly [start?: Bound, stop?: Bound, step?: Bound] | NDArray

/** How an index out of bounds behaves: JAX's names. */
export type AtMode = 'clip' | 'fill' | 'drop' | 'promiseInBounds'
export interface AtOptions {
  readonly mode?: AtMode
  /** What `get` reads out of bounds with mode 'fill'. */
  readonly fillValue?: number | boolean
}

interface Parsed {
  /** For each axis of the array that is left: a slice, or an index array. */
  readonly slices: readonly { readonly start: number; readonly stop: number; readonly step: number }[]
  /** What the entries ask for, in order: an axis of the array, a new one, an index array, or one position of an axis. */
  readonly layout: readonly Entry[]
}
type ArrayEntry = { readonly kind: 'array'; readonly axis: number; readonly index: NDArray }
type Entry = { readonly kind: 'axis'; readonly axis: number } | { readonly kind: 'new' } | { readonly kind: 'position' } | ArrayEntry

function parse(operation: string, shape: Shape, entries: readonly IndexEntry[]): Parsed {
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
      if (e < -size || e >= size) throw new ShapeError(operation, `index ${e} is out of bounds for axis ${axis} of shape [${shape.join(',')}]; it takes ${-size} to ${size - 1}`)
      const at = e < 0 ? e + size : e
      slices.push({ start: at, stop: at + 1, step: 1 })
      layout.push({ kind: 'position' })
    } else if (isArray(e)) {
      if (!isInteger(e.dtype)) throw new DtypeError(operation, `got an index array of ${e.dtype}; it takes integers or a boolean mask`)
      slices.push({ start: 0, stop: size, step: 1 })
      layout.push({ kind: 'array', axis, index: e })
    } else {
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
  if (used > shape.length) throw new ShapeError(operation, `${used} indices for shape [${shape.join(',')}], which has ${shape.length} axes`)
  const missing = Array.from({ length: shape.length - used }, () => [] as const)
  const at = entries.indexOf('...')
  if (at !== entries.lastIndexOf('...')) throw new ArgumentError(operation, "'...' may stand once")
  const all = at < 0 ? [...entries, ...missing] : [...entries.slice(0, at), ...missing, ...entries.slice(at + 1)]
  return all.flatMap((e) => (isArray(e) && e.dtype === 'bool' ? nonzero(operation, e) : [e as number | null | readonly Bound[] | NDArray]))
}

/** The positions where a concrete mask holds: one int32 array an axis. */
export function nonzero(operation: string, mask: NDArray): NDArray[] {
  const known = mask.concrete(operation)
  const bytes = known.storage(operation).read()
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
  if (!Number.isInteger(step) || step === 0) throw new ArgumentError(operation, `slice step ${step} must be an integer other than 0`)
  const clip = (b: Bound, otherwise: number): number => {
    if (b === null || b === undefined) return otherwise
    if (!Number.isInteger(b)) throw new ArgumentError(operation, `slice bound ${b} is no integer`)
    return step > 0 ? Math.min(Math.max(b < 0 ? b + size : b, 0), size) : Math.min(Math.max(b < 0 ? b + size : b, -1), size - 1)
  }
  return { start: clip(e[0], step > 0 ? 0 : size - 1), stop: clip(e[1], step > 0 ? size : -1), step }
}

/**
 * NumPy indexing. Negative indices count from the end. Index arrays out of bounds are clamped, and get no derivative: as in JAX.
 */
export function slice(x: NDArray, entries: readonly IndexEntry[], options: AtOptions = {}): NDArray {
  const { slices, layout } = parse('slice', x.shape, entries)
  const basic = slicedBasic(x, slices)
  const arrays = layout.flatMap((l) => (l.kind === 'array' ? [l] : []))
  if (arrays.length === 0) return reshape(basic, layout.flatMap((l) => (l.kind === 'axis' ? [basic.shape[l.axis]!] : l.kind === 'new' ? [1] : [])))
  return gathered(basic, layout, arrays, options)
}

function slicedBasic(x: NDArray, slices: Parsed['slices']): NDArray {
  const reversed = slices.flatMap(({ step }, i) => (step < 0 ? [i] : []))
  const count = slices.map(({ start, stop, step }) => Math.max(0, Math.ceil((stop - start) / step)))
  // A negative step reads the same elements forwards, then turns them round.
  const starts = slices.map(({ start, step }, i) => (count[i] === 0 ? 0 : step < 0 ? start + (count[i]! - 1) * step : start))
  const limits = slices.map(({ step }, i) => (count[i] === 0 ? 0 : starts[i]! + (count[i]! - 1) * Math.abs(step) + 1))
  const whole = slices.every(({ step }, i) => starts[i] === 0 && limits[i] === x.shape[i] && Math.abs(step) === 1)
  const part = whole ? x : laxSlice(x, starts, limits, slices.map(({ step }) => Math.abs(step)))
  return reversed.length === 0 ? part : flip(part, reversed)
}

function gathered(basic: NDArray, layout: readonly Entry[], arrays: readonly ArrayEntry[], { mode = 'promiseInBounds', fillValue }: AtOptions): NDArray {
  const shape = broadcastShapes('slice', arrays.map((a) => a.index.shape))
  const columns = arrays.map(({ index, axis }) => {
    const i = index.dtype === 'int32' ? index : index.astype('int32')
    return expandDims(broadcastTo(where(lt(i, 0), add(i, basic.shape[axis]!), i), shape), shape.length)
  })
  const picked = arrays.map((a) => a.axis)
  // Dropped axes (integers) have size 1 here; they go in the final reshape.
  const rest = basic.shape.map((_, i) => i).filter((i) => !picked.includes(i))
  const dimensionNumbers: GatherDimensionNumbers = {
    offsetDims: rest.map((_, i) => shape.length + i),
    collapsedSliceDims: [...picked].sort((a, b) => a - b),
    startIndexMap: picked,
    operandBatchingDims: [],
    startIndicesBatchingDims: [],
  }
  const sliceSizes = basic.shape.map((d, i) => (picked.includes(i) ? 1 : d))
  // Beside an index array a position is one too: index axes go to the place of the first of them when all stand side by
  // side, else to the front.
  const advanced = layout.flatMap((l, i) => (l.kind === 'array' || l.kind === 'position' ? [i] : []))
  const together = advanced.at(-1)! - advanced[0]! === advanced.length - 1
  const named = layout.filter((l) => l.kind === 'axis' || l.kind === 'new')
  const at = together ? advanced[0]! : 0
  const sizes = (entries: readonly Entry[]): number[] => entries.map((l) => (l.kind === 'axis' ? basic.shape[l.axis]! : 1))
  const result = [...sizes(named.slice(0, at)), ...shape, ...sizes(named.slice(at))]
  if (picked.some((axis) => basic.shape[axis] === 0)) {
    if (sizeOf(shape) > 0) throw new ShapeError('slice', `an index array of shape [${shape.join(',')}] reads from an empty axis of shape [${basic.shape.join(',')}]`)
    return reshape(basic, result)
  }
  // Axes: [...index axes, ...rest].
  const out = bind1('gather', [basic, concatenate(columns, shape.length)], { dimensionNumbers, sliceSizes, mode: gatherMode(mode), fillValue: fillValue ?? null })
  const kept = (entries: readonly Entry[]): number[] => entries.flatMap((l) => (l.kind === 'axis' ? [rest.indexOf(l.axis) + shape.length] : []))
  const dropped = rest.map((_, i) => i + shape.length).filter((i) => !kept(named).includes(i))
  return reshape(transpose(out, [...kept(named.slice(0, at)), ...shape.map((_, i) => i), ...kept(named.slice(at)), ...dropped]), result)
}

const gatherMode = (mode: AtMode): IndexMode => (mode === 'fill' || mode === 'drop' ? 'fillOrDrop' : mode)

type ScatterPrimitive = 'scatter' | 'scatterAdd' | 'scatterMul' | 'scatterMin' | 'scatterMax'

/** Updates at an index: reads and writes by position in the flat array. */
export class At {
  readonly #x: NDArray
  readonly #entries: readonly IndexEntry[]
  constructor(x: NDArray, entries: readonly IndexEntry[]) {
    this.#x = x
    this.#entries = entries
  }
  /** The elements, as `slice`, with a mode for index arrays out of bounds. */
  get(options: AtOptions = {}): NDArray {
    return slice(this.#x, this.#entries, options)
  }
  /** A copy of the array with the elements replaced; of equal positions the last wins. Out of bounds: dropped. */
  set(values: ArrayLike, options?: AtOptions): NDArray {
    return this.#update('scatter', values, options)
  }
  add(values: ArrayLike, options?: AtOptions): NDArray {
    return this.#update('scatterAdd', values, options)
  }
  mul(values: ArrayLike, options?: AtOptions): NDArray {
    return this.#update('scatterMul', values, options)
  }
  min(values: ArrayLike, options?: AtOptions): NDArray {
    return this.#update('scatterMin', values, options)
  }
  max(values: ArrayLike, options?: AtOptions): NDArray {
    return this.#update('scatterMax', values, options)
  }

  #update(primitive: ScatterPrimitive, values: ArrayLike, { mode = 'drop' }: AtOptions = {}): NDArray {
    const x = this.#x
    const flat = reshape(iota('int32', [x.size]), x.shape)
    // Positions out of bounds read as x.size, which scatter drops.
    const places = slice(flat, this.#entries, mode === 'clip' ? { mode } : { mode: 'fill', fillValue: x.size })
    const updates = broadcastTo(isArray(values) ? values.astype(x.dtype) : full(values, x), places.shape)
    const params: ScatterParams = {
      dimensionNumbers: { updateWindowDims: [], insertedWindowDims: [0], scatterDimsToOperandDims: [0], operandBatchingDims: [], scatterIndicesBatchingDims: [] },
      mode: 'fillOrDrop',
      uniqueIndices: false,
    }
    return reshape(bind1(primitive, [reshape(x, [x.size]), reshape(places, [places.size, 1]), reshape(updates, [updates.size])], params), x.shape)
  }
}

const full = (value: number | boolean, like: NDArray): NDArray => where(true, value, like.dtype === 'bool' ? false : 0).astype(like.dtype)
