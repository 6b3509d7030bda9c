/** Batching of contractions and windowed reductions. */
import type { ContractionParams, DotDimensionNumbers, WindowFamilyParams, WindowParams } from '../../core/primitives/index.ts'
import { freeAxes } from '../../core/shapes/index.ts'
import { bind1, type Value } from '../../core/trace.ts'
import { dotGeneral } from '../build.ts'
import { convBatch } from './convolution.ts'
import { allShifted, type Batch, batchedAt, type BatchRules, inserted } from './rule.ts'

/** Mapped on both sides: a batch axis. On one: one more free axis of that side. */
const dotBatch: Batch<'dotGeneral'> = (_, [x, y], [xDim, yDim], { dimensionNumbers: { contracting, batch }, preferredElementType }) => {
  const side = (axes: readonly number[], dim: number | null | undefined): number[] => (dim === null || dim === undefined ? [...axes] : allShifted(axes, dim))
  const shiftedNumbers: DotDimensionNumbers = {
    contracting: [side(contracting[0], xDim), side(contracting[1], yDim)],
    batch: [side(batch[0], xDim), side(batch[1], yDim)],
  }
  const { contracting: c, batch: b } = shiftedNumbers
  if (xDim !== null && yDim !== null) {
    const dimensionNumbers: DotDimensionNumbers = { contracting: c, batch: [[xDim!, ...b[0]], [yDim!, ...b[1]]] }
    return [[dotGeneral(x!, y!, { dimensionNumbers, preferredElementType })], [0]]
  }
  const xFree = freeAxes(x!.aval.shape.length, c[0], b[0])
  const yFree = freeAxes(y!.aval.shape.length, c[1], b[1])
  const dim = b[0].length + (xDim !== null ? xFree.indexOf(xDim!) : xFree.length + yFree.indexOf(yDim!))
  return [[dotGeneral(x!, y!, { dimensionNumbers: shiftedNumbers, preferredElementType })], [dim]]
}

export const contractionBatch: BatchRules<keyof ContractionParams> = { dotGeneral: dotBatch }

/** Windows of one along the mapped axis. */
const widened = <W extends Omit<WindowParams, 'baseDilation' | 'windowDilation'>>(w: W, dim: number): W => ({
  ...w,
  windowDimensions: inserted(w.windowDimensions, dim, 1),
  windowStrides: inserted(w.windowStrides, dim, 1),
  padding: inserted(w.padding, dim, [0, 0]),
})
const dilated = <W extends Pick<WindowParams, 'baseDilation' | 'windowDilation'>>(w: W, dim: number): W => ({
  ...w,
  baseDilation: inserted(w.baseDilation, dim, 1),
  windowDilation: inserted(w.windowDilation, dim, 1),
})

const reduceWindow =
  <P extends 'reduceWindowSum' | 'reduceWindowProd' | 'reduceWindowMax' | 'reduceWindowMin'>(primitive: P): Batch<P> =>
  (_, [x], [dim], params: WindowParams) => [[bind1<'reduceWindowSum'>(primitive as 'reduceWindowSum', [x!], dilated(widened(params, dim!), dim!))], [dim!]]

const front = (size: number, xs: readonly Value[], dims: readonly (number | null)[]): Value[] => xs.map((x, i) => batchedAt(x, dims[i]!, size, 0))

export const windowsBatch: BatchRules<keyof WindowFamilyParams> = {
  convGeneralDilated: convBatch,
  reduceWindowSum: reduceWindow('reduceWindowSum'),
  reduceWindowProd: reduceWindow('reduceWindowProd'),
  reduceWindowMax: reduceWindow('reduceWindowMax'),
  reduceWindowMin: reduceWindow('reduceWindowMin'),
  selectAndScatterAdd: (size, inputs, dims, params) => [[bind1('selectAndScatterAdd', front(size, inputs, dims), widened(params, 0))], [0]],
  selectAndGatherAdd: (size, inputs, dims, params) => [[bind1('selectAndGatherAdd', front(size, inputs, dims), dilated(widened(params, 0), 0))], [0]],
}
