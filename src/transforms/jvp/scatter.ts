/** Derivatives of scatters, after JAX's slicing.py. */
import { aval, sizeOf } from '../../core/aval.ts'
import { ArgumentError } from '../../core/errors.ts'
import type { GatherParams, ScatterParams } from '../../core/primitives/index.ts'
import { scatterWindow } from '../../core/shapes/index.ts'
import { bind1, type Value } from '../../core/trace.ts'
import { add, broadcastInDim, convert, div, eq, gather, gt, iota, mul, range, reshape, scatter, scatterAdd, select } from '../build.ts'
import { addTangents, instantiate, isZero, through, zeros } from '../zero.ts'
import type { Jvp } from './rule.ts'

/** The gather that reads the places which a scatter writes; 0 where it drops the update. */
function inverseGather(x: Value, updates: Value, { dimensionNumbers: d, mode }: ScatterParams): GatherParams {
  return {
    dimensionNumbers: {
      offsetDims: d.updateWindowDims,
      collapsedSliceDims: d.insertedWindowDims,
      startIndexMap: d.scatterDimsToOperandDims,
      operandBatchingDims: d.operandBatchingDims,
      startIndicesBatchingDims: d.scatterIndicesBatchingDims,
    },
    sliceSizes: scatterWindow(x.aval.shape.length, updates.aval.shape, d),
    mode: mode === 'promiseInBounds' ? 'fillOrDrop' : mode,
    fillValue: 0,
  }
}

/**
 * Of updates to one place the last wins, so only that one's tangent may count: each update is numbered, the numbers are
 * scattered, and read back they say which update won.
 */
export const scatterJvp: Jvp<'scatter'> = ([x, indices, updates], [tx, , tu], params) => {
  const out = scatter(x!, indices!, updates!, params)
  const { updateWindowDims } = params.dimensionNumbers
  const windows = updates!.aval.shape.map((d, i) => (updateWindowDims.includes(i) ? 1 : d))
  const number = add(reshape(iota('int32', [sizeOf(windows)], 0), windows), 1)
  const ids = broadcastInDim(number, { shape: updates!.aval.shape, broadcastDimensions: range(windows.length) })
  const written = scatter(zeros(aval(x!.aval.shape, 'int32')), indices!, ids, params)
  const keptTangent = select(eq(written, 0), instantiate(tx!), 0)
  if (isZero(tu!)) return [[out], [keptTangent]]
  const won = eq(ids, gather(written, indices!, inverseGather(x!, updates!, params)))
  return [[out], [scatterAdd(keptTangent, indices!, select(won, instantiate(tu!), 0), { ...params, uniqueIndices: false })]]
}

export const scatterMulJvp: Jvp<'scatterMul'> = ([x, indices, updates], [tx, , tu], params) => {
  const out = bind1('scatterMul', [x!, indices!, updates!], params)
  const left = through(tx!, (t) => bind1('scatterMul', [t, indices!, updates!], params))
  if (isZero(tu!)) return [[out], [left]]
  if (!params.uniqueIndices) {
    throw new ArgumentError('scatterMul', 'has a derivative for updates only where indices are promised unique; pass uniqueIndices: true')
  }
  const right = mul(x!, scatterAdd(zeros(x!.aval), indices!, instantiate(tu!), params))
  return [[out], [addTangents(left, right)]]
}

/** The result is shared evenly among the operand's element and the updates that are equal to it. */
export function scatterExtremum(primitive: 'scatterMin' | 'scatterMax'): Jvp<typeof primitive> {
  return ([x, indices, updates], [tx, , tu], params) => {
    const out = bind1(primitive, [x!, indices!, updates!], params)
    const like = x!.aval
    const read = inverseGather(x!, updates!, params)
    const flag = (b: Value): Value => convert(b, like.dtype, like.weakType)
    const kept = flag(eq(x!, out))
    const hit = flag(eq(updates!, gather(out, indices!, read)))
    const total = add(kept, scatterAdd(zeros(like), indices!, hit, params))
    const share = div(1, select(gt(total, 0), total, 1))
    const left = through(tx!, (t) => mul(t, mul(kept, share)))
    const right = through(tu!, (t) => scatterAdd(zeros(like), indices!, mul(t, mul(hit, gather(share, indices!, read))), params))
    return [[out], [addTangents(left, right)]]
  }
}
