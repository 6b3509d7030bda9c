/** Structural primitives move elements of any dtype without looking inside. */
import type { DType } from '../dtype.ts'
import type { Shape } from '../aval.ts'
import type { NoParams } from './elementwise.ts'

export interface ShapeParams {
  reshape: { readonly newSizes: Shape }
  /** Output axis i is input axis permutation[i]. */
  transpose: { readonly permutation: readonly number[] }
  /** Input axis i becomes output axis broadcastDimensions[i] (increasing); a size of 1 stretches. */
  broadcastInDim: { readonly shape: Shape; readonly broadcastDimensions: readonly number[] }
  rev: { readonly dimensions: readonly number[] }
  concatenate: { readonly dimension: number }
  /** Operands `x, paddingValue[]`; a [low, high, interior] for each axis, low and high may be negative. */
  pad: { readonly paddingConfig: readonly (readonly [low: number, high: number, interior: number])[] }
  slice: { readonly startIndices: readonly number[]; readonly limitIndices: readonly number[]; readonly strides: readonly number[] }
  /** No operands. Counts along `dimension`. */
  iota: { readonly dtype: DType; readonly shape: Shape; readonly dimension: number }
  /**
   * The same bits as another dtype. To a narrower one a last axis of the ratio of widths appears, to a wider one it
   * goes; so `key[]` to uint32 is `uint32[2]`.
   */
  bitcastConvertType: { readonly newDtype: DType }
  /** n operands to n results, unchanged; no pass merges or moves anything across it. */
  optimizationBarrier: NoParams
}
