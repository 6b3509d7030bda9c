/** Run-time indices: gathers are reads at computed places, scatters kernels of their own. */
import { type Shape, sizeOf } from '../../../core/aval.ts'
import { type DType, dtypeInfo } from '../../../core/dtype.ts'
import type { IndexingParams } from '../../../core/primitives/index.ts'
import { rowMajorStrides, scatterWindow, scatterWindowAxes } from '../../../core/shapes/index.ts'
import { addIndex, constantIndex, flattenIndex, type Index, scaleIndex } from '../../kernel-ir/index.ts'
import type { LoweringRule, LoweringRules } from '../graph.ts'
import { shapeOf, type ScatterDef } from '../value.ts'

/** What a gather reads out of bounds when nothing is said. */
function defaultFill(dtype: DType): number | boolean {
  const { kind, bytes } = dtypeInfo[dtype]
  switch (kind) {
    case 'float':
    case 'complex':
      return NaN
    case 'int':
      return -(2 ** (bytes * 8 - 1))
    case 'uint':
      return 2 ** (bytes * 8) - 1
    case 'bool':
      return true
    case 'key':
      return 0
  }
}

const dynamicSlice: LoweringRule<'dynamicSlice'> = (g, [input, ...starts], { sliceSizes }, [out]) => {
  const x = g.inMemory(input!)
  const strides = rowMajorStrides(x.shape)
  const moving = sliceSizes.map((size, k) => ({ k, limit: x.shape[k]! - size })).filter(({ limit }) => limit > 0)
  return [
    g.map(out!.shape, out!.dtype, 2, (b, i) => {
      const positions = moving.map(({ k, limit }) => ({ node: b.read(starts[k]!, []), stride: strides[k]!, limit }))
      return b.gather(x, flattenIndex(i, x.shape, b.sizes), positions, 'clip', 0)
    }),
  ]
}

const gather: LoweringRule<'gather'> = (g, [input, indices], { dimensionNumbers: d, sliceSizes, mode, fillValue }, [out]) => {
  const x = g.inMemory(input!)
  const strides = rowMajorStrides(x.shape)
  const windowAxes = x.shape.map((_, k) => k).filter((k) => !d.collapsedSliceDims.includes(k) && !d.operandBatchingDims.includes(k))
  return [
    g.map(out!.shape, out!.dtype, 2, (b, i) => {
      const batch = i.filter((_, k) => !d.offsetDims.includes(k))
      let flat = constantIndex(0)
      windowAxes.forEach((axis, w) => (flat = addIndex(flat, scaleIndex(i[d.offsetDims[w]!]!, strides[axis]!), b.sizes)))
      d.operandBatchingDims.forEach((axis, w) => (flat = addIndex(flat, scaleIndex(batch[d.startIndicesBatchingDims[w]!]!, strides[axis]!), b.sizes)))
      const positions = d.startIndexMap.map((axis, w) => ({
        node: b.read(indices!, [...batch, constantIndex(w)]),
        stride: strides[axis]!,
        limit: x.shape[axis]! - sliceSizes[axis]!,
      }))
      return b.gather(x, flat, positions, mode === 'fillOrDrop' ? 'fill' : 'clip', fillValue ?? defaultFill(x.dtype))
    }),
  ]
}

function scatter<P extends 'scatter' | 'scatterAdd' | 'scatterMul' | 'scatterMin' | 'scatterMax'>(combine: ScatterDef['combine']): LoweringRule<P> {
  return (g, [input, indices, updates], { dimensionNumbers: d, mode }, [out]) => {
    const operand = g.inMemory(input!)
    const rank = operand.shape.length
    const space = shapeOf(updates!)
    if (sizeOf(space) === 0) return [operand]
    const axes = scatterWindowAxes(rank, d)
    const window = scatterWindow(rank, space, d)
    return [
      g.value(out!.shape, out!.dtype, {
        kind: 'scatter',
        operand,
        space,
        // A promise that is broken drops the update, as in XLA.
        mode: mode === 'clip' ? 'clip' : 'drop',
        combine,
        at: (b, point) => {
          const batch = point.filter((_, k) => !d.updateWindowDims.includes(k))
          const index: Index[] = operand.shape.map(() => constantIndex(0))
          axes.forEach((axis, w) => (index[axis] = point[d.updateWindowDims[w]!]!))
          d.operandBatchingDims.forEach((axis, w) => (index[axis] = batch[d.scatterIndicesBatchingDims[w]!]!))
          const positions = d.scatterDimsToOperandDims.map((axis, w) => ({
            axis,
            node: b.read(indices!, [...batch, constantIndex(w)]),
            limit: operand.shape[axis]! - window[axis]!,
          }))
          return { value: b.read(updates!, point), index, positions }
        },
      }),
    ]
  }
}

const dynamicUpdateSlice: LoweringRule<'dynamicUpdateSlice'> = (g, [input, update, ...starts], _, [out]) => {
  const operand = g.inMemory(input!)
  const space: Shape = shapeOf(update!)
  if (sizeOf(space) === 0) return [operand]
  return [
    g.value(out!.shape, out!.dtype, {
      kind: 'scatter',
      operand,
      space,
      mode: 'clip',
      combine: 'set',
      at: (b, point) => ({
        value: b.read(update!, point),
        index: point,
        positions: starts.map((s, axis) => ({ axis, node: b.read(s, []), limit: operand.shape[axis]! - space[axis]! })).filter((p) => p.limit > 0),
      }),
    }),
  ]
}

export const indexingLowering: LoweringRules<Exclude<keyof IndexingParams, 'sort' | 'topK'>> = {
  dynamicSlice,
  dynamicUpdateSlice,
  gather,
  scatter: scatter('set'),
  scatterAdd: scatter('sum'),
  scatterMul: scatter('prod'),
  scatterMin: scatter('min'),
  scatterMax: scatter('max'),
}
