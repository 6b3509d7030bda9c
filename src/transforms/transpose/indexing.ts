/** Transposes of primitives with run-time indices: what was read is added where it was read. */
import type { GatherParams, IndexingParams, ScatterParams } from '../../core/primitives/index.ts'
import { ArgumentError } from '../../core/errors.ts'
import { scatterWindow } from '../../core/shapes/index.ts'
import { bind1, type Value } from '../../core/trace.ts'
import { gather, mul, scatter, scatterAdd } from '../build.ts'
import { zeros } from '../zero.ts'
import { each, isUndefined, knownOf, type Operand, type TransposeRule, type TransposeRules, valueOf } from './rule.ts'

const toScatter = ({ dimensionNumbers: d, mode }: GatherParams): ScatterParams => ({
  dimensionNumbers: {
    updateWindowDims: d.offsetDims,
    insertedWindowDims: d.collapsedSliceDims,
    scatterDimsToOperandDims: d.startIndexMap,
    operandBatchingDims: d.operandBatchingDims,
    scatterIndicesBatchingDims: d.startIndicesBatchingDims,
  },
  mode,
  uniqueIndices: false,
})

/** Reads the places that a scatter wrote; 0 for an update that it dropped. */
function readBack(ct: Value, indices: Value, updates: Operand, { dimensionNumbers: d, mode }: ScatterParams): Value {
  return gather(ct, indices, {
    dimensionNumbers: {
      offsetDims: d.updateWindowDims,
      collapsedSliceDims: d.insertedWindowDims,
      startIndexMap: d.scatterDimsToOperandDims,
      operandBatchingDims: d.operandBatchingDims,
      startIndicesBatchingDims: d.scatterIndicesBatchingDims,
    },
    sliceSizes: scatterWindow(ct.aval.shape.length, updates.aval.shape, d),
    mode: mode === 'promiseInBounds' ? 'fillOrDrop' : mode,
    fillValue: 0,
  })
}

/** @throws ArgumentError where two updates may go to one place, so that the order of updates matters. */
function requireUnique(primitive: 'scatter' | 'scatterMul', { uniqueIndices }: ScatterParams): void {
  if (!uniqueIndices) throw new ArgumentError(primitive, 'can be transposed only where indices are promised unique; pass uniqueIndices: true')
}

const replaced: TransposeRule<'scatter'> = ([given], [x, indices, updates], params) => {
  requireUnique('scatter', params)
  const ct = valueOf(given!)
  const at = knownOf('scatter', indices)
  return [
    isUndefined(x!) ? scatter(ct, at, zeros(updates!.aval), params) : null,
    null,
    isUndefined(updates!) ? readBack(ct, at, updates, params) : null,
  ]
}

const multiplied: TransposeRule<'scatterMul'> = ([given], [x, indices, updates], params) => {
  const ct = valueOf(given!)
  const at = knownOf('scatterMul', indices)
  if (isUndefined(x!)) return [bind1('scatterMul', [ct, at, knownOf('scatterMul', updates)], params), null, null]
  requireUnique('scatterMul', params)
  return [null, null, readBack(mul(ct, knownOf('scatterMul', x)), at, updates!, params)]
}

export const indexingTranspose: TransposeRules<keyof IndexingParams> = {
  dynamicSlice: ([given], [x, ...starts]) => {
    const at = starts.map((s) => knownOf('dynamicSlice', s))
    return [isUndefined(x!) ? bind1('dynamicUpdateSlice', [zeros(x.aval), valueOf(given!), ...at], {}) : null, ...starts.map(() => null)]
  },
  dynamicUpdateSlice: ([given], [x, update, ...starts]) => {
    const ct = valueOf(given!)
    const at = starts.map((s) => knownOf('dynamicUpdateSlice', s))
    return [
      isUndefined(x!) ? bind1('dynamicUpdateSlice', [ct, zeros(update!.aval), ...at], {}) : null,
      isUndefined(update!) ? bind1('dynamicSlice', [ct, ...at], { sliceSizes: update.aval.shape }) : null,
      ...starts.map(() => null),
    ]
  },
  gather: each((ct, [, indices], params, aval) => scatterAdd(zeros(aval), knownOf('gather', indices), ct, toScatter(params))),
  scatterAdd: each(
    (ct) => ct,
    (ct) => ct,
    (ct, [, indices, updates], params) => readBack(ct, knownOf('scatterAdd', indices), updates!, params),
  ),
  scatter: replaced,
  scatterMul: multiplied,
  scatterMin: 'nonlinear',
  scatterMax: 'nonlinear',
  sort: 'nonlinear',
  topK: 'nonlinear',
}
