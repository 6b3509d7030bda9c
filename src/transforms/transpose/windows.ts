/** Transposes of contractions and windowed reductions. */
import { type Aval, type Shape, sizeOf } from '../../core/aval.ts'
import type { ContractionParams, DotDimensionNumbers, PrimitiveParams, RandomParams, SelectWindowParams, WindowFamilyParams } from '../../core/primitives/index.ts'
import { type PromotionType, promoteTypes } from '../../core/promotion.ts'
import { dilatedSize, freeAxes } from '../../core/shapes/index.ts'
import { bind1, type Value } from '../../core/trace.ts'
import { add, constant, convert, dotGeneral, iota, pad, range, reduceWindowSum, reshape, scatterAdd, slice, sub, transpose } from '../build.ts'
import { zeros } from '../zero.ts'
import { convTranspose, inputPadding } from './convolution.ts'
import { each, knownOf, type TransposeRule, type TransposeRules } from './rule.ts'

/**
 * The cotangent of one side of a contraction: the result's cotangent with the other side, contracted over the other's
 * free axes. `x` and axes are of the side wanted first; `swapped` says that it was the right one. Where the result has a dtype
 * of its own (`preferredElementType`), the sums are taken in the wider of the two, and x has its own again.
 */
function dotCotangent(ct: Value, y: Value, x: Aval, { contracting, batch }: DotDimensionNumbers, swapped: boolean): Value {
  const rank = x.shape.length
  const xFree = freeAxes(rank, contracting[0], batch[0])
  const yFree = freeAxes(y.aval.shape.length, contracting[1], batch[1])
  const nBatch = batch[0].length
  // Result axes: batch, then the free axes of the left side, then of the right.
  const yInResult = swapped ? range(nBatch + yFree.length, nBatch) : range(nBatch + xFree.length + yFree.length, nBatch + xFree.length)
  const strong = ({ dtype }: Aval): PromotionType => ({ dtype, weakType: false })
  const { dtype } = promoteTypes(strong(ct.aval), strong(y.aval))
  const out = dotGeneral(convert(ct, dtype, ct.aval.weakType), convert(y, dtype, y.aval.weakType), { dimensionNumbers: { contracting: [yInResult, yFree], batch: [range(nBatch), batch[1]] }, preferredElementType: null })
  // Which stands as: batch, free axes of x, then contracted axes in the order of y's.
  const contracted = contracting[0].map((a, i) => [contracting[1][i]!, a] as const).sort(([a], [b]) => a - b).map(([, a]) => a)
  const order = [...batch[0], ...xFree, ...contracted]
  return transpose(dtype === x.dtype ? out : convert(out, x.dtype, x.weakType), range(rank).map((a) => order.indexOf(a)))
}

const exchangedSides = ({ contracting: [l, r], batch: [bl, br] }: DotDimensionNumbers): DotDimensionNumbers => ({ contracting: [r, l], batch: [br, bl] })

export const contractionTranspose: TransposeRules<keyof ContractionParams> = {
  dotGeneral: each(
    (ct, [, y], { dimensionNumbers }, x) => dotCotangent(ct, knownOf('dotGeneral', y), x, dimensionNumbers, false),
    (ct, [x], { dimensionNumbers }, y) => dotCotangent(ct, knownOf('dotGeneral', x), y, exchangedSides(dimensionNumbers), true),
  ),
}

/** Scatters to where windows' extrema are; holes of a dilated operand are filled with what is never one. */
const gathered: TransposeRule<'selectAndGatherAdd'> = each((ct, [, x], params, { shape }) => {
  const { baseDilation, windowDilation, selectPrim, windowDimensions, windowStrides, padding } = params
  const window: SelectWindowParams = { selectPrim, windowDimensions, windowStrides, padding }
  const operand = knownOf('selectAndGatherAdd', x)
  if (windowDilation.some((d) => d !== 1)) return addedAt(selectedPlaces(operand, params), ct, shape)
  if (baseDilation.every((d) => d === 1)) return bind1('selectAndScatterAdd', [ct, operand], window)
  const never = constant(operand, selectPrim === 'ge' ? -Infinity : Infinity)
  const holes = pad(operand, never, { paddingConfig: baseDilation.map((d) => [0, 0, d - 1]) })
  return slice(bind1('selectAndScatterAdd', [ct, holes], window), {
    startIndices: shape.map(() => 0),
    limitIndices: shape.map((n, i) => dilatedSize(n, baseDilation[i]!)),
    strides: baseDilation,
  })
})

/** The flat index of each window's extremum, -1 in windows of padding alone: what is read there of 1, 2, 3 … */
function selectedPlaces(operand: Value, params: PrimitiveParams['selectAndGatherAdd']): Value {
  const { shape } = operand.aval
  // float64 holds every order of the operand and every index.
  const counted = reshape(convert(add(iota('int32', [sizeOf(shape)], 0), 1), 'float64'), shape)
  return sub(convert(bind1('selectAndGatherAdd', [counted, convert(operand, 'float64')], params), 'int32'), 1)
}

/** Zeros of a shape with every element of `ct` added at its flat index; those at -1 are dropped. */
function addedAt(places: Value, ct: Value, shape: Shape): Value {
  const sums = scatterAdd(zeros({ ...ct.aval, shape: [sizeOf(shape)] }), reshape(places, [sizeOf(places.aval.shape), 1]), reshape(ct, [sizeOf(ct.aval.shape)]), {
    dimensionNumbers: { updateWindowDims: [], insertedWindowDims: [0], scatterDimsToOperandDims: [0], operandBatchingDims: [], scatterIndicesBatchingDims: [] },
    mode: 'fillOrDrop',
    uniqueIndices: false,
  })
  return reshape(sums, shape)
}

export const windowsTranspose: TransposeRules<keyof WindowFamilyParams> = {
  convGeneralDilated: convTranspose,
  reduceWindowSum: each((ct, _, p, { shape }) =>
    reduceWindowSum(ct, {
      windowDimensions: p.windowDimensions,
      windowStrides: p.baseDilation,
      padding: inputPadding({
        input: shape,
        window: p.windowDimensions,
        output: ct.aval.shape,
        strides: p.windowStrides,
        padding: p.padding,
        inputDilation: p.baseDilation,
        windowDilation: p.windowDilation,
      }),
      baseDilation: p.windowStrides,
      windowDilation: p.windowDilation,
    }),
  ),
  selectAndScatterAdd: each((ct, [, x], { selectPrim, windowDimensions, windowStrides, padding }) => {
    const operand = knownOf('selectAndScatterAdd', x)
    const ones = operand.aval.shape.map(() => 1)
    return bind1('selectAndGatherAdd', [ct, operand], { selectPrim, windowDimensions, windowStrides, padding, baseDilation: ones, windowDilation: ones })
  }),
  selectAndGatherAdd: gathered,
  reduceWindowProd: 'nonlinear',
  reduceWindowMax: 'nonlinear',
  reduceWindowMin: 'nonlinear',
}

export const randomTranspose: TransposeRules<keyof RandomParams> = { threefry2x32: 'nonlinear' }
