/** Contractions, convolution and windows. */
import type { DType } from '../dtype.ts'
import type { Shape } from '../aval.ts'

export interface DotDimensionNumbers {
  readonly contracting: readonly [lhs: readonly number[], rhs: readonly number[]]
  readonly batch: readonly [lhs: readonly number[], rhs: readonly number[]]
}

/** Where each logical axis stands: [batch, feature, ...spatial] of lhs and out, [outFeature, inFeature, ...spatial] of rhs. */
export interface ConvDimensionNumbers {
  readonly lhs: readonly number[]
  readonly rhs: readonly number[]
  readonly out: readonly number[]
}

export type Padding = readonly (readonly [low: number, high: number])[]

export interface ConvParams {
  readonly windowStrides: readonly number[]
  readonly padding: Padding
  readonly lhsDilation: readonly number[]
  readonly rhsDilation: readonly number[]
  readonly dimensionNumbers: ConvDimensionNumbers
  readonly featureGroupCount: number
  readonly batchGroupCount: number
}

/** One entry an axis of the operand, spatial or not. */
export interface WindowParams {
  readonly windowDimensions: Shape
  readonly windowStrides: readonly number[]
  readonly padding: Padding
  readonly baseDilation: readonly number[]
  readonly windowDilation: readonly number[]
}
export interface SelectWindowParams {
  /** 'ge': the first maximum in window order is selected; 'le': the first minimum. */
  readonly selectPrim: 'ge' | 'le'
  readonly windowDimensions: Shape
  readonly windowStrides: readonly number[]
  readonly padding: Padding
}

export interface ContractionParams {
  /** Result axes: batch, then free axes of lhs, then of rhs. */
  dotGeneral: { readonly dimensionNumbers: DotDimensionNumbers; readonly preferredElementType: DType | null }
}

export interface WindowFamilyParams {
  convGeneralDilated: ConvParams
  reduceWindowSum: WindowParams
  reduceWindowProd: WindowParams
  reduceWindowMax: WindowParams
  reduceWindowMin: WindowParams
  /** Operands `source, operand`: adds each source element where its window of `operand` has its extremum; shape of `operand`. */
  selectAndScatterAdd: SelectWindowParams
  /** Operands `tangents, operand` of one shape: reads `tangents` where each window of `operand` has its extremum. */
  selectAndGatherAdd: SelectWindowParams & { readonly baseDilation: readonly number[]; readonly windowDilation: readonly number[] }
}
