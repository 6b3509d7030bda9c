/** Rules with run-time indices, after XLA's definitions (https://openxla.org/xla/operation_semantics#gather). */
import { type Shape, sizeOf } from '../../core/aval.ts'
import { scalarBytes } from '../../core/bytes.ts'
import { type DType, dtypeInfo, isInteger } from '../../core/dtype.ts'
import type { GatherParams, IndexingParams, IndexMode, ScatterDimensionNumbers, ScatterParams } from '../../core/primitives/index.ts'
import { rowMajorStrides, scatterWindow, scatterWindowAxes } from '../../core/shapes/index.ts'
import { type CpuRules, fromNumbers, type HostArray, numbersOf, rangeOf, scalarOf } from './host-array.ts'
import { sortCpu } from './sort.ts'
import { eachIndex, moveElements, replaceElements, stridedOffsets } from './walk.ts'

const clampTo = (x: number, low: number, high: number): number => Math.min(Math.max(x, low), high)

/** The flat position of a slice's first element, moved so that the slice fits. */
function sliceStart(shape: Shape, sizes: Shape, starts: readonly HostArray[]): number {
  const strides = rowMajorStrides(shape)
  return starts.reduce((at, s, i) => at + clampTo(scalarOf(s), 0, shape[i]! - sizes[i]!) * strides[i]!, 0)
}

/** What it takes to read where the window of an index starts. */
interface IndexReader {
  readonly shape: Shape
  readonly values: ArrayLike<number>
  readonly strides: readonly number[]
  readonly indexMap: readonly number[]
  readonly operandBatchingDims: readonly number[]
  readonly indicesBatchingDims: readonly number[]
}

/**
 * The window's start for the index vector at `batch`, an entry for each axis of the operand; null where it is out of
 * bounds and the mode drops it.
 */
function windowStart(r: IndexReader, window: Shape, mode: IndexMode, batch: readonly number[]): number[] | null {
  const base = dot(batch, r.strides)
  const start = new Array<number>(r.shape.length).fill(0)
  for (const [i, axis] of r.operandBatchingDims.entries()) start[axis] = batch[r.indicesBatchingDims[i]!]!
  for (const [k, axis] of r.indexMap.entries()) {
    const at = r.values[base + k]!
    const last = r.shape[axis]! - window[axis]!
    if (mode === 'fillOrDrop' && (at < 0 || at > last)) return null
    start[axis] = clampTo(at, 0, last)
  }
  return start
}

const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((s, x, i) => s + x * b[i]!, 0)

/** What a gather reads out of bounds when the caller does not say. */
function defaultFill(dtype: DType): number {
  const { kind } = dtypeInfo[dtype]
  if (kind === 'int') return rangeOf(dtype).lowest
  return kind === 'float' || kind === 'complex' ? NaN : rangeOf(dtype).highest
}

function gather([x, indices]: readonly HostArray[], { dimensionNumbers: d, sliceSizes, mode, fillValue }: GatherParams, [out]: readonly HostArray['aval'][]): HostArray[] {
  const shape = x!.aval.shape
  const strides = rowMajorStrides(shape)
  const windowAxes = shape.map((_, i) => i).filter((i) => !d.collapsedSliceDims.includes(i) && !d.operandBatchingDims.includes(i))
  const batchAxes = out!.shape.map((_, i) => i).filter((i) => !d.offsetDims.includes(i))
  const sources = new Int32Array(sizeOf(out!.shape))
  const reader = readerOf(shape, indices!, d.startIndexMap, d.operandBatchingDims, d.startIndicesBatchingDims)
  eachIndex(out!.shape, (index, i) => {
    const start = windowStart(reader, sliceSizes, mode, batchAxes.map((a) => index[a]!))
    sources[i] = start === null ? -1 : windowAxes.reduce((at, axis, k) => at + index[d.offsetDims[k]!]! * strides[axis]!, dot(start, strides))
  })
  const { dtype } = x!.aval
  const filler = dtype === 'key' ? new Uint8Array(8).fill(255) : scalarBytes(fillValue ?? defaultFill(dtype), dtype)
  return [moveElements(x!, out!, sources, { aval: { shape: [], dtype, weakType: false }, bytes: filler })]
}

function readerOf(
  shape: Shape,
  indices: HostArray,
  indexMap: readonly number[],
  operandBatchingDims: readonly number[],
  indicesBatchingDims: readonly number[],
): IndexReader {
  return { shape, values: numbersOf(indices), strides: rowMajorStrides(indices.aval.shape), indexMap, operandBatchingDims, indicesBatchingDims }
}

/** Of every element of `updates` in order: the element of the operand that it goes to, -1 where it is dropped. */
function scatterTargets(shape: Shape, indices: HostArray, updates: Shape, d: ScatterDimensionNumbers, mode: IndexMode): Int32Array {
  const strides = rowMajorStrides(shape)
  const window = scatterWindow(shape.length, updates, d)
  const windowAxes = scatterWindowAxes(shape.length, d)
  const batchAxes = updates.map((_, i) => i).filter((i) => !d.updateWindowDims.includes(i))
  const reader = readerOf(shape, indices, d.scatterDimsToOperandDims, d.operandBatchingDims, d.scatterIndicesBatchingDims)
  const targets = new Int32Array(sizeOf(updates))
  // A promise that is broken drops the update, as XLA does.
  const how = mode === 'promiseInBounds' ? 'fillOrDrop' : mode
  eachIndex(updates, (index, i) => {
    const start = windowStart(reader, window, how, batchAxes.map((a) => index[a]!))
    targets[i] = start === null ? -1 : windowAxes.reduce((at, axis, k) => at + index[d.updateWindowDims[k]!]! * strides[axis]!, dot(start, strides))
  })
  return targets
}

function scatterWith(combine: (dtype: DType) => (a: number, b: number) => number): (inputs: readonly HostArray[], params: ScatterParams) => HostArray[] {
  return ([x, indices, updates], { dimensionNumbers, mode }) => {
    const f = combine(x!.aval.dtype)
    const values = Float64Array.from(numbersOf(x!))
    const us = numbersOf(updates!)
    for (const [i, target] of scatterTargets(x!.aval.shape, indices!, updates!.aval.shape, dimensionNumbers, mode).entries()) {
      if (target >= 0) values[target] = f(values[target]!, us[i]!)
    }
    return [fromNumbers(x!.aval, values)]
  }
}

export const indexingCpu: CpuRules<keyof IndexingParams> = {
  dynamicSlice: ([x, ...starts], { sliceSizes }, [out]) => {
    const { shape } = x!.aval
    return [moveElements(x!, out!, stridedOffsets(sliceSizes, rowMajorStrides(shape), sliceStart(shape, sliceSizes, starts)))]
  },
  dynamicUpdateSlice: ([x, update, ...starts]) => {
    const { shape } = x!.aval
    const sizes = update!.aval.shape
    return [replaceElements(x!, update!, stridedOffsets(sizes, rowMajorStrides(shape), sliceStart(shape, sizes, starts)))]
  },
  gather,
  scatter: ([x, indices, updates], { dimensionNumbers, mode }) => [
    replaceElements(x!, updates!, scatterTargets(x!.aval.shape, indices!, updates!.aval.shape, dimensionNumbers, mode)),
  ],
  scatterAdd: scatterWith((dtype) => (isInteger(dtype) ? (a, b) => (a + b) | 0 : (a, b) => a + b)),
  scatterMul: scatterWith((dtype) => (isInteger(dtype) ? Math.imul : (a, b) => a * b)),
  scatterMin: scatterWith(() => (a, b) => Math.min(a, b)),
  scatterMax: scatterWith(() => (a, b) => Math.max(a, b)),
  ...sortCpu,
}
