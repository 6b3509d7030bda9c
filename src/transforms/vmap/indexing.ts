/** Batching of primitives with run-time indices: the mapped axis becomes a window or a batching axis, as in JAX. */
import { aval } from '../../core/aval.ts'
import { Literal } from '../../core/jaxpr.ts'
import type { GatherDimensionNumbers, IndexingParams, ScatterDimensionNumbers, ScatterParams } from '../../core/primitives/index.ts'
import { bind, bind1, type Value } from '../../core/trace.ts'
import { concatenate, gather, range, reshape } from '../build.ts'
import { type Batch, batchedAt, type BatchRules, commonDim, type Dim, inserted, rankOf, shifted, toFront } from './rule.ts'

const next = (axes: readonly number[]): number[] => axes.map((a) => a + 1)
const start: Value = new Literal(0, aval([], 'int32'))

const gatherBatch: Batch<'gather'> = (size, [x, indices], [xDim, indexDim], params) => {
  const d = params.dimensionNumbers
  const moved: GatherDimensionNumbers = { ...d, offsetDims: next(d.offsetDims) }
  if (indexDim === null) {
    // The whole batch is part of every window.
    const dimensionNumbers: GatherDimensionNumbers = {
      offsetDims: [0, ...moved.offsetDims],
      collapsedSliceDims: next(d.collapsedSliceDims),
      startIndexMap: next(d.startIndexMap),
      operandBatchingDims: next(d.operandBatchingDims),
      startIndicesBatchingDims: d.startIndicesBatchingDims,
    }
    return [[gather(toFront(x!, xDim!), indices!, { ...params, dimensionNumbers, sliceSizes: [size, ...params.sliceSizes] })], [0]]
  }
  const at = toFront(indices!, indexDim!)
  if (xDim === null) {
    const dimensionNumbers = { ...moved, startIndicesBatchingDims: next(d.startIndicesBatchingDims) }
    return [[gather(x!, at, { ...params, dimensionNumbers })], [0]]
  }
  const dimensionNumbers: GatherDimensionNumbers = {
    offsetDims: moved.offsetDims,
    collapsedSliceDims: next(d.collapsedSliceDims),
    startIndexMap: next(d.startIndexMap),
    operandBatchingDims: [0, ...next(d.operandBatchingDims)],
    startIndicesBatchingDims: [0, ...next(d.startIndicesBatchingDims)],
  }
  return [[gather(toFront(x!, xDim!), at, { ...params, dimensionNumbers, sliceSizes: [Math.min(size, 1), ...params.sliceSizes] })], [0]]
}

function scatterBatch<P extends 'scatter' | 'scatterAdd' | 'scatterMul' | 'scatterMin' | 'scatterMax'>(primitive: P): Batch<P> {
  return (size, [x, indices, updates], [xDim, indexDim, updateDim], params: ScatterParams) => {
    const d = params.dimensionNumbers
    const operand = batchedAt(x!, xDim!, size, 0)
    const given = batchedAt(updates!, updateDim!, size, 0)
    const moved: ScatterDimensionNumbers = {
      updateWindowDims: next(d.updateWindowDims),
      insertedWindowDims: next(d.insertedWindowDims),
      scatterDimsToOperandDims: next(d.scatterDimsToOperandDims),
      operandBatchingDims: next(d.operandBatchingDims),
      scatterIndicesBatchingDims: d.scatterIndicesBatchingDims,
    }
    const dimensionNumbers: ScatterDimensionNumbers =
      indexDim === null
        ? { ...moved, updateWindowDims: [0, ...moved.updateWindowDims] }
        : { ...moved, operandBatchingDims: [0, ...moved.operandBatchingDims], scatterIndicesBatchingDims: [0, ...next(d.scatterIndicesBatchingDims)] }
    return [[bind1<'scatter'>(primitive as 'scatter', [operand, toFront(indices!, indexDim!), given], { ...params, dimensionNumbers })], [0]]
  }
}

/** Start indices as index vectors: `[size, n]`, or `[n]` where none of them is mapped. */
function indexVectors(starts: readonly Value[], dims: readonly Dim[], size: number): Value {
  return concatenate(starts.map((s, i) => reshape(batchedAt(s, dims[i]!, size, 0), [size, 1])), 1)
}

const mapped = (dims: readonly Dim[]): boolean => dims.some((d) => d !== null)

export const indexingBatch: BatchRules<keyof IndexingParams> = {
  dynamicSlice: (size, [x, ...starts], [xDim, ...startDims], { sliceSizes }) => {
    if (!mapped(startDims)) {
      return [[bind1('dynamicSlice', [x!, ...inserted(starts, xDim!, start)], { sliceSizes: inserted(sliceSizes, xDim!, size) })], [xDim!]]
    }
    const rank = rankOf(x!, xDim!)
    const dimensionNumbers: GatherDimensionNumbers = {
      offsetDims: range(rank),
      collapsedSliceDims: [],
      startIndexMap: range(rank),
      operandBatchingDims: [],
      startIndicesBatchingDims: [],
    }
    return gatherBatch(size, [x!, indexVectors(starts, startDims, size)], [xDim!, 0], { dimensionNumbers, sliceSizes, mode: 'clip', fillValue: null })
  },
  dynamicUpdateSlice: (size, [x, update, ...starts], [xDim, updateDim, ...startDims]) => {
    if (!mapped(startDims)) {
      const operands = [batchedAt(x!, xDim!, size, 0), batchedAt(update!, updateDim!, size, 0), start, ...starts]
      return [[bind1('dynamicUpdateSlice', operands, {})], [0]]
    }
    const rank = rankOf(x!, xDim!)
    const dimensionNumbers: ScatterDimensionNumbers = {
      updateWindowDims: range(rank),
      insertedWindowDims: [],
      scatterDimsToOperandDims: range(rank),
      operandBatchingDims: [],
      scatterIndicesBatchingDims: [],
    }
    return scatterBatch('scatter')(size, [x!, indexVectors(starts, startDims, size), update!], [xDim!, 0, updateDim!], { dimensionNumbers, mode: 'clip', uniqueIndices: true })
  },
  gather: gatherBatch,
  scatter: scatterBatch('scatter'),
  scatterAdd: scatterBatch('scatterAdd'),
  scatterMul: scatterBatch('scatterMul'),
  scatterMin: scatterBatch('scatterMin'),
  scatterMax: scatterBatch('scatterMax'),
  sort: (size, inputs, dims, { dimension, numKeys }) => {
    const at = commonDim(dims)
    const outs = bind('sort', inputs.map((x, i) => batchedAt(x, dims[i]!, size, at)), { dimension: shifted(dimension, at), numKeys })
    return [outs, outs.map(() => at)]
  },
  topK: (_, [x], [dim], params) => {
    const outs = bind('topK', [toFront(x!, dim!)], params)
    return [outs, outs.map(() => 0)]
  },
}
