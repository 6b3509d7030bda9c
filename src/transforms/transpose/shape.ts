/** Transposes of reductions and of structural primitives. */
import type { ReductionParams, ShapeParams } from '../../core/primitives/index.ts'
import { bind, bind1, type Value } from '../../core/trace.ts'
import { broadcastInDim, pad, range, reduceSum, reshape, rev, slice, sliceAxis, sub, transpose } from '../build.ts'
import { instantiate, nonzero, type Tangent } from '../zero.ts'
import { each, isUndefined, type TransposeRules, valueOf } from './rule.ts'

const all = (x: Value): number[] => range(x.aval.shape.length)

/** Drops what pad put at the ends and between; gives back zeros for what it cut off. */
function unpad(ct: Value, { paddingConfig }: ShapeParams['pad']): Value {
  const grown = paddingConfig.some(([low, high]) => low < 0 || high < 0)
    ? pad(ct, 0, { paddingConfig: paddingConfig.map(([low, high]) => [Math.max(-low, 0), Math.max(-high, 0), 0]) })
    : ct
  const { shape } = grown.aval
  return slice(grown, {
    startIndices: paddingConfig.map(([low]) => Math.max(low, 0)),
    limitIndices: paddingConfig.map(([, high], i) => shape[i]! - Math.max(high, 0)),
    strides: paddingConfig.map(([, , interior]) => interior + 1),
  })
}

export const shapeTranspose: TransposeRules<keyof ShapeParams> = {
  reshape: each((ct, _, __, aval) => reshape(ct, aval.shape)),
  transpose: each((ct, _, { permutation }) => transpose(ct, permutation.map((_, i) => permutation.indexOf(i)))),
  broadcastInDim: each((ct, _, { shape, broadcastDimensions }, aval) => {
    const axes = range(shape.length).filter((a) => {
      const from = broadcastDimensions.indexOf(a)
      return from < 0 || (aval.shape[from] === 1 && shape[a] !== 1)
    })
    const summed = axes.length === 0 ? ct : reduceSum(ct, { axes })
    return summed.aval.shape.length === aval.shape.length ? summed : reshape(summed, aval.shape)
  }),
  rev: each((ct, _, { dimensions }) => rev(ct, { dimensions })),
  concatenate: ([given], operands, { dimension }) => {
    const ct = valueOf(given!)
    let at = 0
    return operands.map((x) => {
      const start = at
      at += x.aval.shape[dimension]!
      return isUndefined(x) ? sliceAxis(ct, dimension, start, at) : null
    })
  },
  pad: ([given], [x, value], params) => {
    const ct = valueOf(given!)
    const inside = unpad(ct, params)
    // What the padding value was given: all but what the operand was.
    const outside = (): Value => sub(reduceSum(ct, { axes: all(ct) }), reduceSum(inside, { axes: all(inside) }))
    return [isUndefined(x!) ? inside : null, isUndefined(value!) ? outside() : null]
  },
  slice: each((ct, _, { startIndices, strides }, aval) => {
    const sizes = ct.aval.shape
    const reach = startIndices.map((s, i) => (sizes[i] === 0 ? s : s + (sizes[i]! - 1) * strides[i]! + 1))
    return pad(ct, 0, { paddingConfig: startIndices.map((s, i) => [s, aval.shape[i]! - reach[i]!, strides[i]! - 1]) })
  }),
  iota: 'nonlinear',
  bitcastConvertType: 'nonlinear',
  optimizationBarrier: (cotangents) => {
    const moved = bind('optimizationBarrier', cotangents.filter(nonzero), {})
    let next = 0
    return cotangents.map((ct): Tangent => (nonzero(ct) ? moved[next++]! : ct))
  },
}

export const reductionTranspose: TransposeRules<keyof ReductionParams> = {
  reduceSum: each((ct, _, { axes }, { shape }) =>
    broadcastInDim(ct, { shape, broadcastDimensions: range(shape.length).filter((a) => !axes.includes(a)) }),
  ),
  cumsum: each((ct, _, { axis, reverse }) => bind1('cumsum', [instantiate(ct)], { axis, reverse: !reverse })),
  reduceProd: 'nonlinear',
  reduceMax: 'nonlinear',
  reduceMin: 'nonlinear',
  reduceAnd: 'nonlinear',
  reduceOr: 'nonlinear',
  reduceXor: 'nonlinear',
  argmax: 'nonlinear',
  argmin: 'nonlinear',
  cumprod: 'nonlinear',
  cummax: 'nonlinear',
  cummin: 'nonlinear',
  cumlogsumexp: 'nonlinear',
}
