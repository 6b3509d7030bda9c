/**
 * A batch of convolutions is one convolution: of inputs, in its batch; of kernels, in its output features; of both, as
 * feature groups. After JAX's `_conv_general_dilated_batch_rule`.
 */
import type { ConvParams } from '../../core/primitives/index.ts'
import type { Value } from '../../core/trace.ts'
import { mergeAxis, splitAxis } from '../axes.ts'
import { convGeneralDilated } from '../build.ts'
import type { Batch } from './rule.ts'

type Batched = readonly [out: Value, dim: number]

/** The mapped axis goes between the groups and the rest of an axis, groups being outermost. */
function mergeInsideGroups(x: Value, dim: number, axis: number, groups: number): Value {
  const split = splitAxis(x, axis + (dim <= axis ? 1 : 0), groups)
  return mergeAxis(mergeAxis(split, dim + (axis < dim ? 1 : 0), axis + 1), axis, axis)
}

function both(x: Value, xDim: number, y: Value, yDim: number, p: ConvParams): Batched {
  const { lhs, rhs, out } = p.dimensionNumbers
  const size = x.aval.shape[xDim]!
  const kernels = mergeAxis(y, yDim, rhs[0]!)
  const result =
    p.batchGroupCount > 1
      ? convGeneralDilated(mergeAxis(x, xDim, lhs[0]!), kernels, { ...p, batchGroupCount: p.batchGroupCount * size })
      : convGeneralDilated(mergeAxis(x, xDim, lhs[1]!), kernels, { ...p, featureGroupCount: p.featureGroupCount * size })
  return [splitAxis(result, out[1]!, size), out[1]!]
}

function inputs(x: Value, dim: number, y: Value, p: ConvParams): Batched {
  const { lhs, out } = p.dimensionNumbers
  const merged = p.batchGroupCount === 1 ? mergeAxis(x, dim, lhs[0]!) : mergeInsideGroups(x, dim, lhs[0]!, p.batchGroupCount)
  return [splitAxis(convGeneralDilated(merged, y, p), out[0]!, x.aval.shape[dim]!), out[0]!]
}

function kernels(x: Value, y: Value, dim: number, p: ConvParams): Batched {
  const { rhs, out } = p.dimensionNumbers
  const size = y.aval.shape[dim]!
  const groups = Math.max(p.featureGroupCount, p.batchGroupCount)
  if (groups === 1) return [splitAxis(convGeneralDilated(x, mergeAxis(y, dim, rhs[0]!), p), out[1]!, size), out[1]!]
  const result = convGeneralDilated(x, mergeInsideGroups(y, dim, rhs[0]!, groups), p)
  // Output features are groups, batch, the rest; the groups and the rest become one axis again.
  const apart = splitAxis(splitAxis(result, out[1]!, groups), out[1]! + 1, size)
  return [mergeAxis(apart, out[1]!, out[1]! + 1), out[1]!]
}

export const convBatch: Batch<'convGeneralDilated'> = (_, [x, y], [xDim, yDim], params) => {
  const batched = (): Batched => {
    if (xDim === null) return kernels(x!, y!, yDim!, params)
    return yDim === null ? inputs(x!, xDim!, y!, params) : both(x!, xDim!, y!, yDim!, params)
  }
  const [out, dim] = batched()
  return [[out], [dim]]
}
