/** Derivatives of contractions, convolution and windowed reductions. */
import type { ContractionParams, RandomParams, SelectWindowParams, WindowFamilyParams, WindowParams } from '../../core/primitives/index.ts'
import { dilatedSize, windowShape } from '../../core/shapes/index.ts'
import { bind1, type Value } from '../../core/trace.ts'
import { concatenate, mul, pad, range, reduceSum, reshape, slice } from '../build.ts'
import { instantiate, isZero, Zero } from '../zero.ts'
import { productOfOthers } from './reduction.ts'
import { bilinear, flat, type Jvp, type JvpRules, linear, parts } from './rule.ts'

/** Every window's elements along a new first axis, padding as `value`: one strided slice a place in the window. */
function windows(x: Value, value: number, w: WindowParams): Value {
  const { shape } = x.aval
  const counts = windowShape(shape, w)
  const padded = pad(x, value, { paddingConfig: w.padding.map(([low, high], i) => [low, high, w.baseDilation[i]! - 1]) })
  const places = w.windowDimensions.reduce<number[][]>((all, n) => all.flatMap((p) => range(n).map((k) => [...p, k])), [[]])
  const slices = places.map((place) => {
    const startIndices = place.map((k, i) => k * w.windowDilation[i]!)
    const limitIndices = startIndices.map((s, i) => s + dilatedSize(counts[i]!, w.windowStrides[i]!))
    return reshape(slice(padded, { startIndices, limitIndices, strides: w.windowStrides }), [1, ...counts])
  })
  return concatenate(slices, 0)
}

/** Reads the tangent of each window's extremum. */
const extremum = (primitive: 'reduceWindowMax' | 'reduceWindowMin', selectPrim: SelectWindowParams['selectPrim']): Jvp<typeof primitive> =>
  parts(primitive, (t, [x], _, params: WindowParams) => bind1('selectAndGatherAdd', [t, x], { ...params, selectPrim }))

/** Linear in the first operand; what the second selects does not change with it, almost everywhere. */
const selecting =
  <P extends 'selectAndScatterAdd' | 'selectAndGatherAdd'>(primitive: P): Jvp<P> =>
  ([source, x], [t], params) => {
    const out = bind1(primitive, [source!, x!], params)
    return [[out], [isZero(t!) ? new Zero(out.aval) : bind1(primitive, [instantiate(t!), x!], params)]]
  }

export const contractionJvp: JvpRules<keyof ContractionParams> = { dotGeneral: bilinear('dotGeneral') }

export const windowsJvp: JvpRules<keyof WindowFamilyParams> = {
  convGeneralDilated: bilinear('convGeneralDilated'),
  reduceWindowSum: linear('reduceWindowSum'),
  reduceWindowProd: parts('reduceWindowProd', (t, [x], _, params) =>
    reduceSum(mul(windows(t, 0, params), productOfOthers(windows(x, 1, params))), { axes: [0] }),
  ),
  reduceWindowMax: extremum('reduceWindowMax', 'ge'),
  reduceWindowMin: extremum('reduceWindowMin', 'le'),
  selectAndScatterAdd: selecting('selectAndScatterAdd'),
  selectAndGatherAdd: selecting('selectAndGatherAdd'),
}

export const randomJvp: JvpRules<keyof RandomParams> = { threefry2x32: flat('threefry2x32') }
