/** Primitives with run-time indices, and sorting. Index operands are int32. */
import type { Shape } from '../aval.ts'

/** As XLA's GatherDimensionNumbers. */
export interface GatherDimensionNumbers {
  readonly offsetDims: readonly number[]
  readonly collapsedSliceDims: readonly number[]
  readonly startIndexMap: readonly number[]
  readonly operandBatchingDims: readonly number[]
  readonly startIndicesBatchingDims: readonly number[]
}
/** As XLA's ScatterDimensionNumbers. */
export interface ScatterDimensionNumbers {
  readonly updateWindowDims: readonly number[]
  readonly insertedWindowDims: readonly number[]
  readonly scatterDimsToOperandDims: readonly number[]
  readonly operandBatchingDims: readonly number[]
  readonly scatterIndicesBatchingDims: readonly number[]
}
/** What an index out of bounds means. `fillOrDrop`: gather reads `fillValue`, scatter drops the update. */
export type IndexMode = 'clip' | 'fillOrDrop' | 'promiseInBounds'

export interface GatherParams {
  readonly dimensionNumbers: GatherDimensionNumbers
  readonly sliceSizes: Shape
  readonly mode: IndexMode
  /** Null: NaN for inexact, the least value for signed, the greatest for unsigned, true for bool. */
  readonly fillValue: number | boolean | null
}
export interface ScatterParams {
  readonly dimensionNumbers: ScatterDimensionNumbers
  readonly mode: IndexMode
  readonly uniqueIndices: boolean
}

export interface IndexingParams {
  /** Operands `x, ...startIndices` (one scalar an axis), clamped so that the slice fits. */
  dynamicSlice: { readonly sliceSizes: Shape }
  /** Operands `x, update, ...startIndices`, clamped. */
  dynamicUpdateSlice: Readonly<Record<never, never>>
  /** Operands `x, indices`; the last axis of `indices` holds the index vector. */
  gather: GatherParams
  /** Operands `x, indices, updates`. Of equal indices the last update wins. */
  scatter: ScatterParams
  scatterAdd: ScatterParams
  scatterMul: ScatterParams
  scatterMin: ScatterParams
  scatterMax: ScatterParams
  /** n operands of one shape, sorted together, ascending by the first `numKeys`; stable; NaN last, -0 and +0 equal, as in JAX. */
  sort: { readonly dimension: number; readonly numKeys: number }
  /** Along the last axis: results `values, indices`, descending; NaN first, +0 before -0, ties in index order. */
  topK: { readonly k: number }
}
