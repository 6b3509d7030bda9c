/** Result shapes of slice, pad, gather and the windows of scatter (https://openxla.org/xla/operation_semantics#gather). */
import type { Shape } from '../aval.ts'
import type { GatherDimensionNumbers, ScatterDimensionNumbers } from '../primitives/indexing.ts'
import type { ShapeParams } from '../primitives/shape.ts'
import { paddedSize } from './windows.ts'

export const sliceShape = ({ startIndices, limitIndices, strides }: ShapeParams['slice']): number[] =>
  startIndices.map((start, i) => Math.ceil((limitIndices[i]! - start) / strides[i]!))

export const padShape = (shape: Shape, { paddingConfig }: ShapeParams['pad']): number[] =>
  shape.map((size, i) => paddedSize(size, ...paddingConfig[i]!))

/** Slice sizes without collapsed and batching axes: the window of one index, as it stands in the result. */
export function gatherWindow(sliceSizes: Shape, d: GatherDimensionNumbers): number[] {
  return sliceSizes.filter((_, i) => !d.collapsedSliceDims.includes(i) && !d.operandBatchingDims.includes(i))
}

/** `indices` without its last axis, with the window's axes at `offsetDims`. */
export function gatherShape(indices: Shape, sliceSizes: Shape, d: GatherDimensionNumbers): number[] {
  return interleave(indices.slice(0, -1), gatherWindow(sliceSizes, d), d.offsetDims)
}

/** The axes of an operand that updates have a window axis for, in order. */
export function scatterWindowAxes(rank: number, d: ScatterDimensionNumbers): number[] {
  const axes: number[] = []
  for (let i = 0; i < rank; i++) if (!d.insertedWindowDims.includes(i) && !d.operandBatchingDims.includes(i)) axes.push(i)
  return axes
}

/** The window of one update, an entry for each axis of the operand (1 where the window has none). */
export function scatterWindow(rank: number, updates: Shape, d: ScatterDimensionNumbers): number[] {
  const window = new Array<number>(rank).fill(1)
  for (const [k, axis] of scatterWindowAxes(rank, d).entries()) window[axis] = updates[d.updateWindowDims[k]!]!
  return window
}

function interleave(batch: Shape, window: Shape, places: readonly number[]): number[] {
  const out: number[] = []
  let b = 0
  let w = 0
  for (let i = 0; i < batch.length + window.length; i++) out.push(places.includes(i) ? window[w++]! : batch[b++]!)
  return out
}
