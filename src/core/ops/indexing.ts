/** NumPy's indexing: what `x.slice(...)` reads. */
import type { NDArray } from '../array.ts'
import { aval, type Shape, sizeOf } from '../aval.ts'
import { isUnsigned } from '../dtype.ts'
import { ShapeError } from '../errors.ts'
import { Literal } from '../jaxpr.ts'
import type { IndexMode } from '../primitives/index.ts'
import { bind1 } from '../trace.ts'
import { add, convert, lt, min, where } from './elementwise.ts'
import { type ArrayEntry, type Entry, type IndexEntry, parse, type Parsed } from './index-entries.ts'
import { broadcastShapes } from './operands.ts'
import { broadcastTo, concatenate, expandDims, flip, laxSlice, reshape, transpose } from './shape.ts'

export { type Bound, type IndexEntry, nonzero } from './index-entries.ts'

/** How an index out of bounds behaves: JAX's names. */
export type AtMode = 'clip' | 'fill' | 'drop' | 'promiseInBounds'
export interface AtOptions {
  readonly mode?: AtMode
  /** What `get` reads out of bounds with mode 'fill'. */
  readonly fillValue?: number | boolean
}

/**
 * NumPy indexing. Negative indices count from the end. Indices out of bounds are clamped; the element that is read instead gets the derivative where
 * the index picks one block, and none where an index array or a stride picks elements apart: all as in JAX.
 */
export function slice(x: NDArray, entries: readonly IndexEntry[], options: AtOptions = {}): NDArray {
  const parsed = parse('slice', x.shape, entries)
  const basic = readRegion(x, regionOf(parsed))
  const arrays = arrayEntries(parsed.layout)
  if (arrays.length === 0) return reshape(basic, sizesOf(parsed.layout, basic.shape))
  const clamped = options.mode !== 'fill' && options.mode !== 'drop'
  if (clamped && arrays.every((a) => a.index.ndim === 0 && basic.shape[a.axis] !== 0) && parsed.slices.every(({ step }) => Math.abs(step) === 1)) {
    return reshape(blockAt(basic, arrays), sizesOf(parsed.layout, basic.shape))
  }
  return gathered(basic, pickOf('slice', basic.shape, parsed.layout, arrays), options)
}

export const arrayEntries = (layout: readonly Entry[]): ArrayEntry[] => layout.flatMap((l) => (l.kind === 'array' ? [l] : []))
/** Sizes of the axes that entries without index arrays ask for. */
export const sizesOf = (layout: readonly Entry[], shape: Shape): number[] => layout.flatMap((l) => (l.kind === 'axis' ? [shape[l.axis]!] : l.kind === 'new' ? [1] : []))

/** A block with strides, some of its axes read backwards: what integers and slices select. */
export interface Region {
  readonly starts: readonly number[]
  readonly limits: readonly number[]
  readonly strides: readonly number[]
  readonly reversed: readonly number[]
  readonly shape: Shape
}
export function regionOf({ slices }: Parsed): Region {
  const shape = slices.map(({ start, stop, step }) => Math.max(0, Math.ceil((stop - start) / step)))
  // A negative step reads the same elements forwards, then turns them round.
  const starts = slices.map(({ start, step }, i) => (shape[i] === 0 ? 0 : step < 0 ? start + (shape[i]! - 1) * step : start))
  const limits = slices.map(({ step }, i) => (shape[i] === 0 ? 0 : starts[i]! + (shape[i]! - 1) * Math.abs(step) + 1))
  return { starts, limits, strides: slices.map(({ step }) => Math.abs(step)), reversed: slices.flatMap(({ step }, i) => (step < 0 ? [i] : [])), shape }
}

export const isWhole = (r: Region, shape: Shape): boolean => shape.every((d, i) => r.starts[i] === 0 && r.limits[i] === d && r.strides[i] === 1) && r.reversed.length === 0

export function readRegion(x: NDArray, r: Region): NDArray {
  const forward = isWhole({ ...r, reversed: [] }, x.shape) ? x : laxSlice(x, r.starts, r.limits, r.strides)
  return r.reversed.length === 0 ? forward : flip(forward, r.reversed)
}

/** One position of each axis that a scalar index stands for, all of the others; moved inside. */
function blockAt(x: NDArray, arrays: readonly ArrayEntry[]): NDArray {
  const starts = x.shape.map((size, axis) => {
    const entry = arrays.find((a) => a.axis === axis)
    return entry === undefined ? new Literal(0, aval([], 'int32')) : startIndex(entry.index, size)
  })
  return bind1('dynamicSlice', [x, ...starts], { sliceSizes: x.shape.map((d, axis) => (arrays.some((a) => a.axis === axis) ? 1 : d)) })
}

/** A run-time position as int32; a negative one counts from the end, an unsigned one past the greatest int32 lies past every end. */
export function startIndex(index: NDArray, size: number): NDArray {
  if (isUnsigned(index.dtype)) return convert(index.dtype === 'uint32' ? min(index, 2 ** 31 - 1) : index, 'int32')
  const i = convert(index, 'int32')
  return where(lt(i, 0), add(i, size), i)
}

/** What index arrays pick of a block: positions along `axes`, and how the axes of the result come about. */
export interface Pick {
  /** int32 [...index axes, number of index arrays]. */
  readonly indices: NDArray
  readonly indexShape: Shape
  /** Axes that index arrays stand for, in their order; and the others. */
  readonly axes: readonly number[]
  readonly rest: readonly number[]
  /** From [...index axes, ...rest] to the order of the result, axes of single positions last. */
  readonly order: readonly number[]
  readonly shape: Shape
}

export function pickOf(operation: string, block: Shape, layout: readonly Entry[], arrays: readonly ArrayEntry[]): Pick {
  const indexShape = broadcastShapes(operation, arrays.map((a) => a.index.shape))
  const columns = arrays.map(({ index, axis }) => {
    const i = convert(index, 'int32')
    // An unsigned index does not count from the end, though past the greatest int32 it looks negative: it is out of bounds, as in JAX.
    const fromStart = isUnsigned(index.dtype) ? i : where(lt(i, 0), add(i, block[axis]!), i)
    return expandDims(broadcastTo(fromStart, indexShape), indexShape.length)
  })
  const axes = arrays.map((a) => a.axis)
  const rest = block.map((_, i) => i).filter((i) => !axes.includes(i))
  // Beside an index array a position is one too: index axes go to the place of the first of them when all stand side by
  // side, else to the front.
  const advanced = layout.flatMap((l, i) => (l.kind === 'array' || l.kind === 'position' ? [i] : []))
  const together = advanced.at(-1)! - advanced[0]! === advanced.length - 1
  const named = layout.filter((l) => l.kind === 'axis' || l.kind === 'new')
  const at = together ? advanced[0]! : 0
  const shape = [...sizesOf(named.slice(0, at), block), ...indexShape, ...sizesOf(named.slice(at), block)]
  const kept = (entries: readonly Entry[]): number[] => entries.flatMap((l) => (l.kind === 'axis' ? [rest.indexOf(l.axis) + indexShape.length] : []))
  const dropped = rest.map((_, i) => i + indexShape.length).filter((i) => !kept(named).includes(i))
  const order = [...kept(named.slice(0, at)), ...indexShape.map((_, i) => i), ...kept(named.slice(at)), ...dropped]
  if (sizeOf(indexShape) > 0 && axes.some((axis) => block[axis] === 0)) {
    throw new ShapeError(operation, `an index array of shape [${indexShape.join(',')}] stands for an empty axis of shape [${block.join(',')}]`)
  }
  return { indices: concatenate(columns, indexShape.length), indexShape, axes, rest, order, shape }
}

function gathered(block: NDArray, { indices, indexShape, axes, rest, order, shape }: Pick, { mode = 'promiseInBounds', fillValue }: AtOptions): NDArray {
  if (sizeOf(indexShape) === 0 && axes.some((axis) => block.shape[axis] === 0)) return reshape(block, shape)
  const dimensionNumbers = {
    offsetDims: rest.map((_, i) => indexShape.length + i),
    collapsedSliceDims: [...axes].sort((a, b) => a - b),
    startIndexMap: axes,
    operandBatchingDims: [],
    startIndicesBatchingDims: [],
  }
  const sliceSizes = block.shape.map((d, i) => (axes.includes(i) ? 1 : d))
  const out = bind1('gather', [block, indices], { dimensionNumbers, sliceSizes, mode: indexMode(mode), fillValue: fillValue ?? null })
  return reshape(transpose(out, order), shape)
}

export const indexMode = (mode: AtMode): IndexMode => (mode === 'fill' || mode === 'drop' ? 'fillOrDrop' : mode)
