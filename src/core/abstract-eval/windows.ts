/** Result types of convolution and of windowed reductions. */
import { type Aval, aval, sameShape, showType } from '../aval.ts'
import { ShapeError } from '../errors.ts'
import type { ConvParams, WindowFamilyParams, WindowParams } from '../primitives/index.ts'
import { convShape, dilatedSize, isPermutation, paddedSize, windowShape, type WindowAxes } from '../shapes/index.ts'
import { type AbstractEvalRules, type Accept, accept, allWeak, operand, requireCount, requireDtype, requireEqualDtypes, reshaped, showShape, showTypes } from './rule.ts'

const conv = 'convGeneralDilated'

function convolve(avals: readonly Aval[], p: ConvParams): Aval[] {
  requireCount(conv, avals, 2)
  const lhs = operand(conv, avals, 0)
  const rhs = operand(conv, avals, 1)
  for (const a of avals) requireDtype(conv, a, accept.number)
  requireEqualDtypes(conv, avals)
  requireConvParams(lhs, rhs, p)
  return [aval(convShape(lhs.shape, rhs.shape, p), lhs.dtype, allWeak(avals))]
}

function requireConvParams(lhs: Aval, rhs: Aval, p: ConvParams): void {
  const refuse = (message: string): never => {
    throw new ShapeError(conv, `got ${showType(lhs)} and kernel ${showType(rhs)}: ${message}`)
  }
  const rank = lhs.shape.length
  if (rank < 2 || rhs.shape.length !== rank) refuse('takes two operands of one rank, at least 2')
  const d = p.dimensionNumbers
  for (const dims of [d.lhs, d.rhs, d.out]) {
    if (!isPermutation(dims, rank)) refuse(`dimension numbers (${dims.join(', ')}) must hold each of ${rank} axes once`)
  }
  const spatial = rank - 2
  for (const [name, xs] of Object.entries({ windowStrides: p.windowStrides, lhsDilation: p.lhsDilation, rhsDilation: p.rhsDilation })) {
    if (xs.length !== spatial || !xs.every((x) => Number.isInteger(x) && x >= 1)) refuse(`${name} (${xs.join(', ')}) must be ${spatial} integers of at least 1`)
  }
  if (p.padding.length !== spatial || !p.padding.every((x) => x.length === 2 && x.every(Number.isInteger))) {
    refuse(`padding ${showPadding(p.padding)} must be ${spatial} pairs of integers`)
  }
  for (const [i, [low, high]] of p.padding.entries()) {
    const axis = d.lhs[i + 2]!
    const window = dilatedSize(rhs.shape[d.rhs[i + 2]!]!, p.rhsDilation[i]!)
    requirePositions(conv, `${showType(lhs)} and kernel ${showType(rhs)}`, axis, paddedSize(lhs.shape[axis]!, low, high, p.lhsDilation[i]! - 1), window, [low, high])
  }
  const batch = lhs.shape[d.lhs[0]!]!
  const features = lhs.shape[d.lhs[1]!]!
  const outFeatures = rhs.shape[d.rhs[0]!]!
  const inFeatures = rhs.shape[d.rhs[1]!]!
  const groups = [p.featureGroupCount, p.batchGroupCount]
  if (!groups.every((g) => Number.isInteger(g) && g >= 1) || (p.featureGroupCount > 1 && p.batchGroupCount > 1)) {
    refuse(`featureGroupCount ${p.featureGroupCount} and batchGroupCount ${p.batchGroupCount} must be positive, one of them 1`)
  }
  if (features !== inFeatures * p.featureGroupCount) {
    refuse(`${features} input features, but the kernel takes ${inFeatures} in ${p.featureGroupCount} groups; they must be equal`)
  }
  if (outFeatures % p.featureGroupCount !== 0 || outFeatures % p.batchGroupCount !== 0 || batch % p.batchGroupCount !== 0) {
    refuse(`batch ${batch} must be a multiple of batchGroupCount ${p.batchGroupCount}, and ${outFeatures} output features of both group counts`)
  }
}

/** Positions in padded and dilated axes are int32 on every device. */
const longest = 2 ** 31 - 1
function requirePositions(operation: string, of: string, axis: number, base: number, window: number, padding: readonly number[]): void {
  if (Math.max(base, window, ...padding.map(Math.abs)) <= longest) return
  throw new ShapeError(operation, `got ${of}: axis ${axis} has ${base} elements with padding [${padding.join(', ')}] and dilation, and its window reaches over ${window}; none of them may be above ${longest}`)
}

const showPadding = (padding: readonly (readonly number[])[]): string => `[${padding.map((p) => `(${p.join(', ')})`).join(', ')}]`

/** Window parameters with one entry an axis. */
function requireWindow(operation: string, x: Aval, w: WindowAxes): void {
  const rank = x.shape.length
  const sizes = { windowDimensions: w.windowDimensions, windowStrides: w.windowStrides, baseDilation: w.baseDilation, windowDilation: w.windowDilation }
  for (const [name, xs] of Object.entries(sizes)) {
    if (xs === undefined || (xs.length === rank && xs.every((n) => Number.isInteger(n) && n >= 1))) continue
    throw new ShapeError(operation, `got ${name} ${showShape(xs)} for ${showType(x)}; takes ${rank} integers of at least 1, one for each axis`)
  }
  if (w.padding.length !== rank || !w.padding.every((p) => p.length === 2 && p.every(Number.isInteger))) {
    throw new ShapeError(operation, `got padding ${showPadding(w.padding)} for ${showType(x)}; takes ${rank} pairs of integers, one for each axis`)
  }
  for (const [i, [low, high]] of w.padding.entries()) {
    const window = dilatedSize(w.windowDimensions[i]!, w.windowDilation?.[i] ?? 1)
    requirePositions(operation, showType(x), i, paddedSize(x.shape[i]!, low, high, (w.baseDilation?.[i] ?? 1) - 1), window, [low, high])
  }
}

function reduceWindow(operation: keyof WindowFamilyParams, set: Accept): (avals: readonly Aval[], params: WindowParams) => Aval[] {
  return (avals, params) => {
    requireCount(operation, avals, 1)
    const x = operand(operation, avals, 0)
    requireDtype(operation, x, set)
    requireWindow(operation, x, params)
    return [reshaped(x, windowShape(x.shape, params))]
  }
}

export const windowsAbstractEval: AbstractEvalRules<keyof WindowFamilyParams> = {
  convGeneralDilated: convolve,
  reduceWindowSum: reduceWindow('reduceWindowSum', accept.number),
  reduceWindowProd: reduceWindow('reduceWindowProd', accept.number),
  reduceWindowMax: reduceWindow('reduceWindowMax', accept.real),
  reduceWindowMin: reduceWindow('reduceWindowMin', accept.real),
  selectAndScatterAdd: (avals, params) => {
    requireCount('selectAndScatterAdd', avals, 2)
    const source = operand('selectAndScatterAdd', avals, 0)
    const x = operand('selectAndScatterAdd', avals, 1)
    for (const a of avals) requireDtype('selectAndScatterAdd', a, accept.number)
    requireEqualDtypes('selectAndScatterAdd', avals)
    requireWindow('selectAndScatterAdd', x, params)
    const windows = windowShape(x.shape, params)
    if (!sameShape(source.shape, windows)) {
      throw new ShapeError('selectAndScatterAdd', `got source ${showType(source)} for ${showType(x)}, whose windows give ${showShape(windows)}; the source must have that shape`)
    }
    return [aval(x.shape, x.dtype, allWeak(avals))]
  },
  selectAndGatherAdd: (avals, params) => {
    requireCount('selectAndGatherAdd', avals, 2)
    const tangents = operand('selectAndGatherAdd', avals, 0)
    const x = operand('selectAndGatherAdd', avals, 1)
    for (const a of avals) requireDtype('selectAndGatherAdd', a, accept.number)
    requireEqualDtypes('selectAndGatherAdd', avals)
    requireWindow('selectAndGatherAdd', x, params)
    if (!sameShape(tangents.shape, x.shape)) throw new ShapeError('selectAndGatherAdd', `got ${showTypes(avals)}; tangents and operand must have one shape`)
    return [aval(windowShape(x.shape, params), x.dtype, allWeak(avals))]
  },
}
