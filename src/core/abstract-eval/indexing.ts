/** Result types of primitives with run-time indices, and of sorting. */
import { type Aval, aval, sameShape, type Shape, showType } from '../aval.ts'
import { ArgumentError, ShapeError } from '../errors.ts'
import type { GatherParams, IndexingParams, ScatterParams } from '../primitives/index.ts'
import { gatherShape, gatherWindow, scatterWindowAxes, without } from '../shapes/index.ts'
import {
  type AbstractEvalRules,
  type Accept,
  accept,
  allWeak,
  operand,
  requireAxes,
  requireAxis,
  requireCount,
  requireDtype,
  requireEqualDtypes,
  requireIndex,
  reshaped,
  showShape,
  showTypes,
} from './rule.ts'

const list = (xs: readonly number[]): string => `(${xs.join(', ')})`

/** One int32 scalar for each axis of `x`. */
function requireStarts(operation: string, x: Aval, starts: readonly Aval[]): void {
  if (starts.length !== x.shape.length) {
    throw new ArgumentError(operation, `got ${starts.length} start indices for ${showType(x)}; takes one for each axis`)
  }
  for (const s of starts) {
    requireIndex(operation, s)
    if (s.shape.length !== 0) throw new ShapeError(operation, `got start index ${showType(s)}; takes scalars`)
  }
}

function requireFits(operation: string, x: Aval, window: Shape, what: string): void {
  const fits = window.length === x.shape.length && window.every((d, i) => Number.isInteger(d) && d >= 0 && d <= x.shape[i]!)
  if (!fits) throw new ShapeError(operation, `got ${what} ${showShape(window)} for ${showType(x)}; takes one size for each axis, at most the operand's`)
}

interface BatchedIndices {
  readonly indexMap: readonly number[]
  readonly operandBatchingDims: readonly number[]
  readonly indicesBatchingDims: readonly number[]
}

/** What gather and scatter ask of their index operand alike. */
function requireIndices(operation: string, x: Aval, indices: Aval, d: BatchedIndices): void {
  requireIndex(operation, indices)
  const depth = indices.shape.at(-1)
  if (depth === undefined) throw new ShapeError(operation, `got indices ${showType(indices)}; takes a last axis that holds the index vector`)
  requireAxes(operation, x, d.indexMap)
  if (depth !== d.indexMap.length) {
    throw new ShapeError(operation, `got indices ${showType(indices)} for indexed axes ${list(d.indexMap)}; the last axis of indices must be ${d.indexMap.length}`)
  }
  requireAxes(operation, x, d.operandBatchingDims)
  requireAxes(operation, reshaped(indices, indices.shape.slice(0, -1)), d.indicesBatchingDims)
  const fits =
    d.operandBatchingDims.length === d.indicesBatchingDims.length &&
    d.operandBatchingDims.every((axis, i) => x.shape[axis] === indices.shape[d.indicesBatchingDims[i]!] && !d.indexMap.includes(axis))
  if (!fits) {
    throw new ShapeError(
      operation,
      `got batching axes ${list(d.operandBatchingDims)} of ${showType(x)} and ${list(d.indicesBatchingDims)} of indices ${showType(indices)}; takes pairs of equal size that are not indexed`,
    )
  }
}

function gather(avals: readonly Aval[], { dimensionNumbers: d, sliceSizes }: GatherParams): Aval[] {
  requireCount('gather', avals, 2)
  const x = operand('gather', avals, 0)
  const indices = operand('gather', avals, 1)
  requireIndices('gather', x, indices, { indexMap: d.startIndexMap, operandBatchingDims: d.operandBatchingDims, indicesBatchingDims: d.startIndicesBatchingDims })
  requireFits('gather', x, sliceSizes, 'slice sizes')
  const dropped = [...d.collapsedSliceDims, ...d.operandBatchingDims]
  requireAxes('gather', x, dropped)
  if (dropped.some((axis) => sliceSizes[axis]! > 1)) {
    throw new ShapeError('gather', `got slice sizes ${showShape(sliceSizes)} with collapsed or batching axes ${list(dropped)}; the slice size of those is at most 1`)
  }
  const window = gatherWindow(sliceSizes, d)
  const rank = indices.shape.length - 1 + window.length
  requireOffsets('gather', d.offsetDims, window.length, rank)
  return [reshaped(x, gatherShape(indices.shape, sliceSizes, d))]
}

/** Places of window axes: sorted, unique, within the rank, one for each. */
function requireOffsets(operation: string, dims: readonly number[], count: number, rank: number): void {
  const fits = dims.length === count && dims.every((d, i) => Number.isInteger(d) && d >= 0 && d < rank && (i === 0 || d > dims[i - 1]!))
  if (!fits) throw new ShapeError(operation, `got window axes ${list(dims)}; takes ${count} increasing axes below ${rank}`)
}

function scatter(operation: keyof IndexingParams, set: Accept): (avals: readonly Aval[], params: ScatterParams) => Aval[] {
  return (avals, { dimensionNumbers: d }) => {
    requireCount(operation, avals, 3)
    const x = operand(operation, avals, 0)
    const indices = operand(operation, avals, 1)
    const updates = operand(operation, avals, 2)
    requireDtype(operation, x, set)
    requireEqualDtypes(operation, [x, updates])
    requireIndices(operation, x, indices, {
      indexMap: d.scatterDimsToOperandDims,
      operandBatchingDims: d.operandBatchingDims,
      indicesBatchingDims: d.scatterIndicesBatchingDims,
    })
    requireAxes(operation, x, [...d.insertedWindowDims, ...d.operandBatchingDims])
    const axes = scatterWindowAxes(x.shape.length, d)
    requireOffsets(operation, d.updateWindowDims, axes.length, updates.shape.length)
    const batch = without(updates.shape, d.updateWindowDims)
    const fits = sameShape(batch, indices.shape.slice(0, -1)) && axes.every((axis, k) => updates.shape[d.updateWindowDims[k]!]! <= x.shape[axis]!)
    if (!fits) {
      throw new ShapeError(
        operation,
        `got updates ${showType(updates)} with window axes ${list(d.updateWindowDims)} for ${showType(x)} and indices ${showType(indices)}; ` +
          `takes the leading axes of indices ${showShape(indices.shape.slice(0, -1))}, and windows no larger than axes ${list(axes)} of the operand`,
      )
    }
    return [x]
  }
}

export const indexingAbstractEval: AbstractEvalRules<keyof IndexingParams> = {
  dynamicSlice: (avals, { sliceSizes }) => {
    const x = operand('dynamicSlice', avals, 0)
    requireStarts('dynamicSlice', x, avals.slice(1))
    requireFits('dynamicSlice', x, sliceSizes, 'slice sizes')
    return [reshaped(x, sliceSizes)]
  },
  dynamicUpdateSlice: (avals) => {
    const x = operand('dynamicUpdateSlice', avals, 0)
    const update = operand('dynamicUpdateSlice', avals, 1)
    requireStarts('dynamicUpdateSlice', x, avals.slice(2))
    requireEqualDtypes('dynamicUpdateSlice', [x, update])
    requireFits('dynamicUpdateSlice', x, update.shape, 'an update of shape')
    return [aval(x.shape, x.dtype, allWeak(avals))]
  },
  gather,
  scatter: scatter('scatter', accept.any),
  scatterAdd: scatter('scatterAdd', accept.number),
  scatterMul: scatter('scatterMul', accept.number),
  scatterMin: scatter('scatterMin', accept.real),
  scatterMax: scatter('scatterMax', accept.real),
  sort: (avals, { dimension, numKeys }) => {
    const first = operand('sort', avals, 0)
    requireAxis('sort', first, dimension)
    if (!avals.every((a) => sameShape(a.shape, first.shape))) throw new ShapeError('sort', `got shapes that differ: ${showTypes(avals)}; operands sorted together have one shape`)
    if (!Number.isInteger(numKeys) || numKeys < 1 || numKeys > avals.length) {
      throw new ArgumentError('sort', `got numKeys ${numKeys} for ${avals.length} operands; takes 1 to ${avals.length}`)
    }
    for (const key of avals.slice(0, numKeys)) requireDtype('sort', key, accept.real)
    return [...avals]
  },
  topK: (avals, { k }) => {
    requireCount('topK', avals, 1)
    const x = operand('topK', avals, 0)
    requireDtype('topK', x, accept.real)
    const last = x.shape.at(-1)
    if (last === undefined || !Number.isInteger(k) || k < 0 || k > last) {
      throw new ShapeError('topK', `got k ${k} for ${showType(x)}; takes an array of rank 1 or more and k from 0 to the size of its last axis`)
    }
    const shape = [...x.shape.slice(0, -1), k]
    return [reshaped(x, shape), aval(shape, 'int32')]
  },
}
