import { lax } from 'pullback'
import { type Case, contraction, holds, load } from './load.ts'

type Padding = 'SAME' | 'VALID' | readonly (readonly [number, number])[]
interface ConvParams {
  readonly dimensionNumbers: readonly [string, string, string]
  readonly windowStrides: readonly number[]
  readonly padding: Padding
  readonly lhsDilation?: readonly number[]
  readonly rhsDilation?: readonly number[]
  readonly featureGroupCount?: number
  readonly batchGroupCount?: number
}
interface TransposeParams {
  readonly dimensionNumbers: readonly [string, string, string]
  readonly strides: readonly number[]
  readonly padding: Padding
  readonly rhsDilation?: readonly number[]
  readonly transposeKernel?: boolean
}

const fixture = load<{ readonly conv: readonly Case<ConvParams>[]; readonly transpose: readonly Case<TransposeParams>[] }>('conv.json')
holds('convGeneralDilated', fixture.conv, (options) => (x, w) => lax.convGeneralDilated(x, w, options), contraction)
holds('convTranspose', fixture.transpose, (options) => (x, w) => lax.convTranspose(x, w, options), contraction)
