/** Slices at run-time positions, gather and scatter. */
import { isArray, type NDArray } from '../core/array.ts'
import { aval, type Shape } from '../core/aval.ts'
import { show } from '../core/describe.ts'
import { isInteger } from '../core/dtype.ts'
import { ArgumentError, DtypeError, ShapeError } from '../core/errors.ts'
import { Literal } from '../core/jaxpr.ts'
import * as ops from '../core/ops/index.ts'
import type { IndexMode } from '../core/primitives/index.ts'
import { bind1, type Value } from '../core/trace.ts'
import type { ArrayLike } from '../core/tree.ts'
import { arrayOfDtype } from './operands.ts'

/** A start for every axis: a list of numbers and scalars, or one integer vector. */
export type StartIndices = readonly ArrayLike[] | NDArray

/** int32 scalars, of integers of one dtype; negative starts count from the end, as JAX has it. */
function starts(operation: string, x: NDArray, indices: StartIndices): Value[] {
  if (isArray(indices)) indices.requireUsable(operation)
  const list = isArray(indices) ? split(operation, indices) : ops.checkList(operation, 'startIndices', indices)
  if (list.length !== x.ndim) throw new ShapeError(operation, `got ${list.length} start indices for shape [${x.shape.join(',')}]; takes one for each axis`)
  const dtypes = list.flatMap((s) => (isArray(s) ? [s.dtype] : []))
  if (dtypes.some((d) => d !== dtypes[0])) throw new DtypeError(operation, `got start indices of ${dtypes.join(', ')}; takes integers of one dtype`)
  return list.map((s, axis) => start(operation, s, x.shape[axis]!))
}

function split(operation: string, indices: NDArray): NDArray[] {
  if (indices.ndim !== 1) throw new ShapeError(operation, `got start indices of shape [${indices.shape.join(',')}]; takes a vector with one entry an axis`)
  return Array.from({ length: indices.size }, (_, i) => ops.reshape(ops.laxSlice(indices, [i], [i + 1]), []))
}

const int32 = (n: number): Literal => new Literal(n, aval([], 'int32', false))

function start(operation: string, index: ArrayLike, size: number): Value {
  ops.checkOperands(operation, [index])
  if (typeof index === 'boolean') throw new DtypeError(operation, 'got a boolean as start index; takes integers')
  if (typeof index === 'number') {
    if (!Number.isInteger(index)) throw new ArgumentError(operation, `start index ${index} is no integer`)
    // Beyond int32 lies past the end.
    return int32(Math.min(Math.max(index < 0 ? index + size : index, -(2 ** 31)), 2 ** 31 - 1))
  }
  if (!isInteger(index.dtype)) throw new DtypeError(operation, `got a start index of ${index.dtype}; takes integers`)
  return ops.startIndex(index, size)
}

/**
 * The block of `sliceSizes` at `startIndices`, which may be known only at run time; moved inside where it would stick out.
 *
 * @example
 * lax.dynamicSlice(np.arange(5), [3], [3]).js()   // [2, 3, 4]
 */
export function dynamicSlice(x: ArrayLike, startIndices: StartIndices, sliceSizes: Shape): NDArray {
  const a = ops.toArray('dynamicSlice', x)
  return bind1('dynamicSlice', [a, ...starts('dynamicSlice', a, startIndices)], { sliceSizes: [...ops.checkShape('dynamicSlice', sliceSizes)] })
}

/**
 * A copy of x with `update` written at `startIndices`, moved inside where it would stick out.
 * @throws DtypeError unless the update has the dtype of x.
 */
export function dynamicUpdateSlice(x: ArrayLike, update: ArrayLike, startIndices: StartIndices): NDArray {
  const a = ops.toArray('dynamicUpdateSlice', x)
  const u = arrayOfDtype('dynamicUpdateSlice', update, a, 'update')
  return bind1('dynamicUpdateSlice', [a, u, ...starts('dynamicUpdateSlice', a, startIndices)], {})
}

const startsAt = (rank: number, axis: number, index: ArrayLike): ArrayLike[] => Array.from({ length: rank }, (_, i) => (i === axis ? index : 0))

/** `sliceSize` elements along one axis. */
export function dynamicSliceInDim(x: ArrayLike, startIndex: ArrayLike, sliceSize: number, axis = 0): NDArray {
  return ops.within('dynamicSliceInDim', () => {
    const a = ops.toArray('dynamicSliceInDim', x)
    const at = ops.normalAxis('dynamicSliceInDim', axis, a.ndim)
    return dynamicSlice(a, startsAt(a.ndim, at, startIndex), a.shape.map((d, i) => (i === at ? sliceSize : d)))
  })
}

/** One element along an axis, which stays with size 1 unless `keepdims` is false. */
export function dynamicIndexInDim(x: ArrayLike, index: ArrayLike, axis = 0, keepdims = true): NDArray {
  return ops.within('dynamicIndexInDim', () => {
    const out = dynamicSliceInDim(x, index, 1, axis)
    return keepdims ? out : ops.squeeze(out, axis)
  })
}

/** `update` written from `startIndex` on along one axis. */
export function dynamicUpdateSliceInDim(x: ArrayLike, update: ArrayLike, startIndex: ArrayLike, axis: number): NDArray {
  return ops.within('dynamicUpdateSliceInDim', () => {
    const a = ops.toArray('dynamicUpdateSliceInDim', x)
    return dynamicUpdateSlice(a, update, startsAt(a.ndim, ops.normalAxis('dynamicUpdateSliceInDim', axis, a.ndim), startIndex))
  })
}

/** `update` written at one index of an axis; it may lack that axis or have it with size 1. */
export function dynamicUpdateIndexInDim(x: ArrayLike, update: ArrayLike, index: ArrayLike, axis: number): NDArray {
  return ops.within('dynamicUpdateIndexInDim', () => {
    const a = ops.toArray('dynamicUpdateIndexInDim', x)
    const u = arrayOfDtype('dynamicUpdateIndexInDim', update, a, 'update')
    const at = ops.normalAxis('dynamicUpdateIndexInDim', axis, a.ndim)
    return dynamicUpdateSliceInDim(a, u.ndim === a.ndim ? u : ops.expandDims(u, at), index, at)
  })
}

/** What an index out of bounds means: JAX's names, and XLA's. 'fill' reads `fillValue` in gather, and drops the update in scatter. */
export type GatherMode = 'clip' | 'fill' | 'drop' | 'fillOrDrop' | 'promiseInBounds'
const indexMode = (operation: string, mode: GatherMode): IndexMode => {
  switch (mode) {
    case 'fill':
    case 'drop':
    case 'fillOrDrop':
      return 'fillOrDrop'
    case 'clip':
    case 'promiseInBounds':
      return mode
    default:
      throw new ArgumentError(operation, `unknown mode ${show(mode)}; known modes: clip, fill, drop, promiseInBounds`)
  }
}

function indicesOf(operation: string, indices: ArrayLike): NDArray {
  const i = ops.toArray(operation, indices)
  if (!isInteger(i.dtype)) throw new DtypeError(operation, `got indices of ${i.dtype}; takes integers`)
  return ops.convert(i, 'int32')
}

/** @throws ArgumentError unless all are lists of axes, and those needed are there. */
function requireNumbers(operation: string, numbers: object, needed: readonly string[], optional: readonly string[]): void {
  ops.checkOptions(operation, numbers, [...needed, ...optional])
  const given = new Map<string, unknown>(Object.entries(numbers))
  // Lists of axes by their types: that is what is asked of them here.
  const lists = [...needed, ...optional.filter((name) => given.get(name) !== undefined)]
  for (const name of lists) ops.checkIntegers(operation, `dimensionNumbers.${name}`, given.get(name) as readonly number[])
}

/** As XLA's GatherDimensionNumbers; batching axes may be left out. */
export interface GatherNumbers {
  readonly offsetDims: readonly number[]
  readonly collapsedSliceDims: readonly number[]
  readonly startIndexMap: readonly number[]
  readonly operandBatchingDims?: readonly number[]
  readonly startIndicesBatchingDims?: readonly number[]
}
export interface GatherOptions {
  readonly dimensionNumbers: GatherNumbers
  readonly sliceSizes: Shape
  /** Default 'promiseInBounds': an index out of bounds is clamped, as in indexing. */
  readonly mode?: GatherMode
  /** What 'fill' reads out of bounds. Default NaN for floats, the least value for signed, the greatest for unsigned integers, true for bool. */
  readonly fillValue?: number | boolean | null
}

/** XLA's gather: slices of x at the index vectors in the last axis of `indices`. */
export function gather(x: ArrayLike, indices: ArrayLike, options: GatherOptions): NDArray {
  ops.checkOptions('gather', options, ['dimensionNumbers', 'sliceSizes', 'mode', 'fillValue'])
  const { dimensionNumbers: d, sliceSizes, mode = 'promiseInBounds', fillValue = null } = options
  requireNumbers('gather', d, ['offsetDims', 'collapsedSliceDims', 'startIndexMap'], ['operandBatchingDims', 'startIndicesBatchingDims'])
  ops.checkShape('gather', sliceSizes)
  if (fillValue !== null && typeof fillValue !== 'number' && typeof fillValue !== 'boolean') throw new ArgumentError('gather', `fillValue is ${show(fillValue)}; takes a number or a truth value`)
  return bind1('gather', [ops.toArray('gather', x), indicesOf('gather', indices)], {
    dimensionNumbers: {
      offsetDims: d.offsetDims,
      collapsedSliceDims: d.collapsedSliceDims,
      startIndexMap: d.startIndexMap,
      operandBatchingDims: d.operandBatchingDims ?? [],
      startIndicesBatchingDims: d.startIndicesBatchingDims ?? [],
    },
    sliceSizes,
    mode: indexMode('gather', mode),
    fillValue,
  })
}

/** As XLA's ScatterDimensionNumbers; batching axes may be left out. */
export interface ScatterNumbers {
  readonly updateWindowDims: readonly number[]
  readonly insertedWindowDims: readonly number[]
  readonly scatterDimsToOperandDims: readonly number[]
  readonly operandBatchingDims?: readonly number[]
  readonly scatterIndicesBatchingDims?: readonly number[]
}
export interface ScatterOptions {
  readonly dimensionNumbers: ScatterNumbers
  /** Default 'drop'. */
  readonly mode?: GatherMode
  /** A promise that no position is written twice. */
  readonly uniqueIndices?: boolean
  /** Accepted for JAX's sake; nothing depends on it. */
  readonly indicesAreSorted?: boolean
}
type Scatter = (x: ArrayLike, indices: ArrayLike, updates: ArrayLike, options: ScatterOptions) => NDArray

const scatterWith =
  (operation: 'scatter' | 'scatterAdd' | 'scatterMul' | 'scatterMin' | 'scatterMax'): Scatter =>
  (x, indices, updates, options) => {
    ops.checkOptions(operation, options, ['dimensionNumbers', 'mode', 'uniqueIndices', 'indicesAreSorted'])
    const { dimensionNumbers: d, mode = 'drop', uniqueIndices = false } = options
    requireNumbers(operation, d, ['updateWindowDims', 'insertedWindowDims', 'scatterDimsToOperandDims'], ['operandBatchingDims', 'scatterIndicesBatchingDims'])
    const a = ops.toArray(operation, x)
    return bind1(operation, [a, indicesOf(operation, indices), arrayOfDtype(operation, updates, a, 'updates')], {
      dimensionNumbers: {
        updateWindowDims: d.updateWindowDims,
        insertedWindowDims: d.insertedWindowDims,
        scatterDimsToOperandDims: d.scatterDimsToOperandDims,
        operandBatchingDims: d.operandBatchingDims ?? [],
        scatterIndicesBatchingDims: d.scatterIndicesBatchingDims ?? [],
      },
      mode: indexMode(operation, mode),
      uniqueIndices: ops.checkFlag(operation, 'uniqueIndices', uniqueIndices),
    })
  }

/** A copy of x with `updates` written at `indices`; of equal positions the last wins. */
export const scatter: Scatter = scatterWith('scatter')
/** As `scatter`, adding. */
export const scatterAdd: Scatter = scatterWith('scatterAdd')
/** Multiplies what stands there by the updates. */
export const scatterMul: Scatter = scatterWith('scatterMul')
/** The smaller of what stands there and the updates. */
export const scatterMin: Scatter = scatterWith('scatterMin')
/** The greater of what stands there and the updates. */
export const scatterMax: Scatter = scatterWith('scatterMax')
