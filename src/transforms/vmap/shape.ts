/** Batching of reductions and of structural primitives. */
import type { ArgParams, Axes, CumulativeParams, Primitive, ReductionParams, ShapeParams } from '../../core/primitives/index.ts'
import { aval } from '../../core/aval.ts'
import { bind, bind1, type Value } from '../../core/trace.ts'
import { broadcastInDim, concatenate, pad, reshape, rev, select, slice, transpose } from '../build.ts'
import { filled } from '../zero.ts'
import { allShifted, type Batch, batchedAt, type BatchRules, inserted, shifted, toFront } from './rule.ts'

/** A rule for one operand, whose mapped axis is given. */
function sole<P extends Primitive>(rule: (x: Value, dim: number, params: Parameters<Batch<P>>[3], size: number) => readonly [Value, number]): Batch<P> {
  return (size, [x], [dim], params) => {
    const [out, at] = rule(x!, dim ?? 0, params, size)
    return [[out], [at]]
  }
}

const afterDropping = (axes: readonly number[], dim: number): number => dim - axes.filter((a) => a < dim).length

const reduce = <P extends 'reduceSum' | 'reduceProd' | 'reduceMax' | 'reduceMin' | 'reduceAnd' | 'reduceOr' | 'reduceXor'>(primitive: P): Batch<P> =>
  sole((x, dim, { axes }: Axes) => {
    const whole = allShifted(axes, dim)
    return [bind1<Primitive>(primitive, [x], { axes: whole }), afterDropping(whole, dim)]
  })

const arg = <P extends 'argmax' | 'argmin'>(primitive: P): Batch<P> =>
  sole((x, dim, { axis, indexDtype }: ArgParams) => {
    const at = shifted(axis, dim)
    return [bind1<Primitive>(primitive, [x], { axis: at, indexDtype }), afterDropping([at], dim)]
  })

const cumulative = <P extends 'cumsum' | 'cumprod' | 'cummax' | 'cummin' | 'cumlogsumexp'>(primitive: P): Batch<P> =>
  sole((x, dim, { axis, reverse }: CumulativeParams) => [bind1<Primitive>(primitive, [x], { axis: shifted(axis, dim), reverse }), dim])

export const reductionBatch: BatchRules<keyof ReductionParams> = {
  reduceSum: reduce('reduceSum'),
  reduceProd: reduce('reduceProd'),
  reduceMax: reduce('reduceMax'),
  reduceMin: reduce('reduceMin'),
  reduceAnd: reduce('reduceAnd'),
  reduceOr: reduce('reduceOr'),
  reduceXor: reduce('reduceXor'),
  argmax: arg('argmax'),
  argmin: arg('argmin'),
  cumsum: cumulative('cumsum'),
  cumprod: cumulative('cumprod'),
  cummax: cumulative('cummax'),
  cummin: cumulative('cummin'),
  cumlogsumexp: cumulative('cumlogsumexp'),
}

export const shapeBatch: BatchRules<keyof ShapeParams> = {
  reshape: sole((x, dim, { newSizes }, size) => [reshape(toFront(x, dim), [size, ...newSizes]), 0]),
  transpose: sole((x, dim, { permutation }) => [transpose(x, [dim, ...allShifted(permutation, dim)]), 0]),
  broadcastInDim: sole((x, dim, { shape, broadcastDimensions }, size) => [
    broadcastInDim(toFront(x, dim), { shape: [size, ...shape], broadcastDimensions: [0, ...broadcastDimensions.map((d) => d + 1)] }),
    0,
  ]),
  rev: sole((x, dim, { dimensions }) => [rev(x, { dimensions: allShifted(dimensions, dim) }), dim]),
  concatenate: (size, inputs, dims, { dimension }) => [[concatenate(inputs.map((x, i) => batchedAt(x, dims[i]!, size, 0)), dimension + 1)], [0]],
  pad: (size, [x, value], [xDim, valueDim], { paddingConfig }) => {
    const config = (at: number): ShapeParams['pad'] => ({ paddingConfig: inserted(paddingConfig, at, [0, 0, 0]) })
    if (valueDim === null) return [[pad(x!, value!, config(xDim!))], [xDim!]]
    // A padding value for each element of the batch: put where the mask says that there is no operand.
    const whole = batchedAt(x!, xDim!, size, 0)
    const inside = pad(filled(aval(whole.aval.shape, 'bool'), 1), filled(aval([], 'bool'), 0), config(0))
    const padded = pad(whole, filled(aval([], whole.aval.dtype, true), 0), config(0))
    return [[select(inside, padded, broadcastInDim(value!, { shape: inside.shape, broadcastDimensions: [0] }))], [0]]
  },
  slice: sole((x, dim, { startIndices, limitIndices, strides }, size) => [
    slice(x, { startIndices: inserted(startIndices, dim, 0), limitIndices: inserted(limitIndices, dim, size), strides: inserted(strides, dim, 1) }),
    dim,
  ]),
  // Without operands it is never mapped; what it counts along is its own.
  iota: (size, _, __, params) => [[batchedAt(bind1('iota', [], params), null, size, 0)], [0]],
  bitcastConvertType: sole((x, dim, params) => [bind1('bitcastConvertType', [toFront(x, dim)], params), 0]),
  optimizationBarrier: (_, inputs, dims) => [bind('optimizationBarrier', inputs, {}), dims],
}
