/**
 * Windowed reductions and their gradients, in gather form: every result is computed where it stands.
 *
 * selectAndScatterAdd becomes the offset of each window's extremum (usually one more accumulator of the forward
 * pooling's kernel) and a sum over the windows that cover an element; where windows do not overlap that is one
 * comparison.
 */
import { type Aval, type Shape, sizeOf } from '../../../core/aval.ts'
import type { DType } from '../../../core/dtype.ts'
import type { WindowFamilyParams, WindowParams } from '../../../core/primitives/index.ts'
import { windowShape } from '../../../core/shapes/index.ts'
import { addConstant, addIndex, type Combine, constantIndex, flattenIndex, floorDivIndex, type Guard, type Index, modIndex, type NodeId, scaleIndex } from '../../kernel-ir/index.ts'
import type { Builder } from '../builder.ts'
import type { Graph, LoweringRule, LoweringRules } from '../graph.ts'
import { dtypeOf, type Operand, shapeOf, type Value } from '../value.ts'
import { convolution } from './convolution.ts'
import { combineFor, identity, sumDType } from './reduction.ts'

/** The element that offset `inner` of window `index` is, and where there is one. */
function windowPlace(b: Builder, from: Shape, w: WindowParams, index: readonly Index[], inner: readonly Index[]): { place: Index[]; guards: Guard[] } {
  const guards: Guard[] = []
  const place = from.map((size, k) => {
    const offset = scaleIndex(inner[k]!, w.windowDilation[k]!)
    const moved = addConstant(addIndex(scaleIndex(index[k]!, w.windowStrides[k]!), offset, b.sizes), -w.padding[k]![0])
    const dilation = w.baseDilation[k]!
    guards.push({ index: moved, low: 0, high: size === 0 ? 0 : (size - 1) * dilation + 1 })
    if (dilation > 1) guards.push({ index: modIndex(moved, dilation, b.sizes), low: 0, high: 1 })
    return floorDivIndex(moved, dilation, b.sizes)
  })
  return { place, guards }
}

function readWindow(b: Builder, x: Operand, w: WindowParams, index: readonly Index[], inner: readonly Index[], otherwise: number | boolean): NodeId {
  const { place, guards } = windowPlace(b, shapeOf(x), w, index, inner)
  return b.guarded(dtypeOf(x), guards, () => b.read(x, place), () => b.literal(dtypeOf(x), otherwise))
}

function reduceWindow<P extends 'reduceWindowSum' | 'reduceWindowProd' | 'reduceWindowMax' | 'reduceWindowMin'>(combine: Combine): LoweringRule<P> {
  return (g, [x], params: WindowParams, [out]) => {
    const used = combineFor(combine, dtypeOf(x!))
    const dtype = used === 'sum' || used === 'prod' ? sumDType(dtypeOf(x!)) : dtypeOf(x!)
    const v = g.reduction(out!.shape, params.windowDimensions, {
      combine: used,
      dtype,
      at: (b, i, r) => b.convert(dtype, readWindow(b, x!, params, i, r, identity(combine, dtypeOf(x!)))),
      position: null,
      flops: 1,
    })
    return [g.convert(v, out!.dtype)]
  }
}

/** The flat offset of what each window selects, in the narrowest dtype that holds it. Padding can be selected, and then nothing is there. */
function selected(g: Graph, x: Operand, w: WindowParams, windows: Shape, select: 'ge' | 'le'): { offset: Operand; dtype: DType } {
  const combine = select === 'ge' ? 'selectGe' : 'selectLe'
  const v = g.reduction(windows, w.windowDimensions, {
    combine,
    dtype: dtypeOf(x),
    at: (b, i, r) => readWindow(b, x, w, i, r, identity(combine, dtypeOf(x))),
    position: (b, _, r) => b.index('int32', flattenIndex(r, w.windowDimensions, b.sizes)),
    flops: 3,
  })
  const dtype = sizeOf(w.windowDimensions) <= 256 ? 'uint8' : 'int32'
  return { offset: g.convert(v, dtype), dtype }
}

const selectAndScatterAdd: LoweringRule<'selectAndScatterAdd'> = (g, [source, operand], params, [out]) => {
  const { windowDimensions, windowStrides, padding } = params
  const ones = windowDimensions.map(() => 1)
  const w: WindowParams = { windowDimensions, windowStrides, padding, baseDilation: ones, windowDilation: ones }
  const windows = windowShape(out!.shape, params)
  if (sizeOf(windows) === 0) return [zeros(g, out!)]
  const { offset, dtype } = selected(g, operand!, w, windows, params.selectPrim)
  const sums = sumDType(out!.dtype)
  // Along each axis an element is covered by the window that starts last before it, and by `cover - 1` before that, which come first in the sum.
  const cover = windowDimensions.map((size, k) => Math.ceil(size / windowStrides[k]!))
  const term = (b: Builder, i: readonly Index[], order: readonly Index[]): NodeId => {
    const guards: Guard[] = []
    const inside: Index[] = []
    const window = i.map((index, k) => {
      const moved = addConstant(index, padding[k]![0])
      const stride = windowStrides[k]!
      const last = floorDivIndex(moved, stride, b.sizes)
      const back = addConstant(scaleIndex(order[k]!, -1), cover[k]! - 1)
      const at = addIndex(last, scaleIndex(back, -1), b.sizes)
      const within = addIndex(modIndex(moved, stride, b.sizes), scaleIndex(back, stride), b.sizes)
      guards.push({ index: at, low: 0, high: windows[k]! }, { index: within, low: 0, high: windowDimensions[k]! })
      inside.push(within)
      return at
    })
    // outside of all windows the cotangent is 0, whatever the place
    const place = b.guarded(dtype, guards, () => b.read(offset, window), () => b.literal(dtype, 0))
    const ct = b.guarded(dtypeOf(source!), guards, () => b.read(source!, window), () => b.literal(dtypeOf(source!), 0))
    const is = b.apply('eq', {}, 'bool', [place, b.index(dtype, flattenIndex(inside, windowDimensions, b.sizes))])
    return b.apply('selectN', {}, sums, [is, b.literal(sums, 0), b.convert(sums, ct)])
  }
  if (sizeOf(cover) === 1) {
    const none = cover.map(() => constantIndex(0))
    const v = g.map(out!.shape, sums, 2, (b, i) => term(b, i, none))
    return [g.convert(v, out!.dtype)]
  }
  const v = g.reduction(out!.shape, cover, { combine: 'sum', dtype: sums, at: term, position: null, flops: 4 })
  return [g.convert(v, out!.dtype)]
}

/** The tangent at each window's extremum: a sum over the window in which all others are 0. */
const selectAndGatherAdd: LoweringRule<'selectAndGatherAdd'> = (g, [tangents, operand], params, [out]) => {
  const { offset, dtype } = selected(g, operand!, params, out!.shape, params.selectPrim)
  const t = out!.dtype
  const v: Value = g.reduction(out!.shape, params.windowDimensions, {
    combine: 'sum',
    dtype: t,
    at: (b, i, r) => {
      const is = b.apply('eq', {}, 'bool', [b.read(offset, i), b.index(dtype, flattenIndex(r, params.windowDimensions, b.sizes))])
      return b.apply('selectN', {}, t, [is, b.literal(t, 0), readWindow(b, tangents!, params, i, r, 0)])
    },
    position: null,
    flops: 3,
  })
  return [v]
}

const zeros = (g: Graph, out: Aval): Value => g.structural(out.shape, out.dtype, (b) => b.literal(out.dtype, 0))

export const windowsLowering: LoweringRules<keyof WindowFamilyParams> = {
  convGeneralDilated: convolution,
  reduceWindowSum: reduceWindow('sum'),
  reduceWindowProd: reduceWindow('prod'),
  reduceWindowMax: reduceWindow('max'),
  reduceWindowMin: reduceWindow('min'),
  selectAndScatterAdd,
  selectAndGatherAdd,
}
