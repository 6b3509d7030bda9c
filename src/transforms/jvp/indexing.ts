/** Derivatives of primitives with run-time indices, and of sorting. */
import { sizeOf } from '../../core/aval.ts'
import type { GatherParams, IndexingParams } from '../../core/primitives/index.ts'
import { bind, bind1, type Value } from '../../core/trace.ts'
import { gather, iota, range, reshape } from '../build.ts'
import { instantiate, isZero, nonzero, Zero, zeros } from '../zero.ts'
import { type JvpRules, linearInFirst } from './rule.ts'
import { scatterExtremum, scatterJvp, scatterMulJvp } from './scatter.ts'

/** Reads `x` along one axis at the places that `indices`, of the same rank, name. */
function takeAlong(x: Value, indices: Value, axis: number): Value {
  // A slice of one element fits into no axis without elements.
  if (sizeOf(indices.aval.shape) === 0) return zeros({ ...x.aval, shape: indices.aval.shape })
  const rank = x.aval.shape.length
  const others = range(rank).filter((i) => i !== axis)
  const params: GatherParams = {
    dimensionNumbers: { offsetDims: [], collapsedSliceDims: [axis], startIndexMap: [axis], operandBatchingDims: others, startIndicesBatchingDims: others },
    sliceSizes: new Array<number>(rank).fill(1),
    mode: 'promiseInBounds',
    fillValue: null,
  }
  return gather(x, reshape(indices, [...indices.aval.shape, 1]), params)
}

export const indexingJvp: JvpRules<keyof IndexingParams> = {
  dynamicSlice: linearInFirst('dynamicSlice', 1),
  dynamicUpdateSlice: linearInFirst('dynamicUpdateSlice', 2),
  gather: linearInFirst('gather', 1),
  scatter: scatterJvp,
  scatterAdd: ([x, indices, updates], [tx, , tu], params) => [
    [bind1('scatterAdd', [x!, indices!, updates!], params)],
    [isZero(tu!) ? tx! : bind1('scatterAdd', [instantiate(tx!), indices!, instantiate(tu!)], params)],
  ],
  scatterMul: scatterMulJvp,
  scatterMin: scatterExtremum('scatterMin'),
  scatterMax: scatterExtremum('scatterMax'),
  // Positions are sorted along; tangents are then read in that order.
  sort: (primals, tangents, params) => {
    const { shape } = primals[0]!.aval
    const outs = bind('sort', [...primals, iota('int32', shape, params.dimension)], params)
    const order = outs.pop()!
    return [outs, tangents.map((t) => (nonzero(t) ? takeAlong(t, order, params.dimension) : new Zero(t.aval)))]
  },
  topK: ([x], [t], params) => {
    const [values, indices] = bind('topK', [x!], params)
    return [[values!, indices!], [takeAlong(instantiate(t!), indices!, x!.aval.shape.length - 1), new Zero(indices!.aval)]]
  },
}
