/** Derivatives of reductions. Of equal extrema each has an even share, as in JAX. */
import type { Axes, ReductionParams } from '../../core/primitives/index.ts'
import type { Value } from '../../core/trace.ts'
import { broadcastInDim, convert, cumprod, concatenate, constant, div, eq, mul, range, reduceSum, reshape, sliceAxis, transpose } from '../build.ts'
import { toShape } from '../zero.ts'
import { cumulativeJvp } from './cumulative.ts'
import { flat, type Jvp, type JvpRules, linear, parts } from './rule.ts'

/** The product of all others along the first axis: of those before and those after, so that zeros are no matter. */
export function productOfOthers(x: Value): Value {
  const n = x.aval.shape[0]!
  if (n === 0) return x
  const one = toShape(constant(x, 1), [1, ...x.aval.shape.slice(1)])
  const before = concatenate([one, sliceAxis(cumprod(x, { axis: 0, reverse: false }), 0, 0, n - 1)], 0)
  const after = concatenate([sliceAxis(cumprod(x, { axis: 0, reverse: true }), 0, 1, n), one], 0)
  return mul(before, after)
}

function productFactor(x: Value, axes: readonly number[]): Value {
  const { shape } = x.aval
  const kept = range(shape.length).filter((i) => !axes.includes(i))
  const order = [...axes, ...kept]
  const flatShape = [axes.reduce((n, a) => n * shape[a]!, 1), ...kept.map((i) => shape[i]!)]
  const others = productOfOthers(reshape(transpose(x, order), flatShape))
  return transpose(reshape(others, order.map((i) => shape[i]!)), range(shape.length).map((i) => order.indexOf(i)))
}

const extremum = (primitive: 'reduceMax' | 'reduceMin'): Jvp<typeof primitive> =>
  parts(primitive, (t, [x], out, { axes }: Axes) => {
    const { shape } = x.aval
    const kept = range(shape.length).filter((i) => !axes.includes(i))
    const chosen = convert(eq(x, broadcastInDim(out, { shape, broadcastDimensions: kept })), x.aval.dtype, x.aval.weakType)
    return div(reduceSum(mul(t, chosen), { axes }), reduceSum(chosen, { axes }))
  })

export const reductionJvp: JvpRules<keyof ReductionParams> = {
  reduceSum: linear('reduceSum'),
  reduceProd: parts('reduceProd', (t, [x], _, { axes }) => reduceSum(mul(t, productFactor(x, axes)), { axes })),
  reduceMax: extremum('reduceMax'),
  reduceMin: extremum('reduceMin'),
  reduceAnd: flat('reduceAnd'),
  reduceOr: flat('reduceOr'),
  reduceXor: flat('reduceXor'),
  argmax: flat('argmax'),
  argmin: flat('argmin'),
  cumsum: linear('cumsum'),
  ...cumulativeJvp,
}
