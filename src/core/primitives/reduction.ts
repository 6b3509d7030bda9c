/** Reductions drop the axes they reduce; cumulative primitives keep the shape. `axes` are sorted, unique and non-negative. */
import type { DType } from '../dtype.ts'

export interface Axes {
  readonly axes: readonly number[]
}
export interface ArgParams {
  readonly axis: number
  readonly indexDtype: DType
}
export interface CumulativeParams {
  readonly axis: number
  readonly reverse: boolean
}

export interface ReductionParams {
  reduceSum: Axes
  reduceProd: Axes
  /** A NaN anywhere gives NaN, as in NumPy. */
  reduceMax: Axes
  reduceMin: Axes
  reduceAnd: Axes
  reduceOr: Axes
  reduceXor: Axes
  /** The first extremum; the first NaN, where there is one. */
  argmax: ArgParams
  argmin: ArgParams
  cumsum: CumulativeParams
  cumprod: CumulativeParams
  cummax: CumulativeParams
  cummin: CumulativeParams
  cumlogsumexp: CumulativeParams
}
