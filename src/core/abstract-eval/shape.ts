/** Result types of structural primitives. */
import { type Aval, aval, type Shape, showType, sizeOf } from '../aval.ts'
import { dtypeInfo } from '../dtype.ts'
import { ArgumentError, DtypeError, ShapeError } from '../errors.ts'
import type { ShapeParams } from '../primitives/index.ts'
import { isPermutation, padShape, sliceShape } from '../shapes/index.ts'
import {
  type AbstractEvalRules,
  accept,
  allWeak,
  operand,
  requireAxes,
  requireAxis,
  requireCount,
  requireDtype,
  requireEqualDtypes,
  reshaped,
  showShape,
  showTypes,
} from './rule.ts'

/** The only operand. */
function sole(operation: string, avals: readonly Aval[]): Aval {
  requireCount(operation, avals, 1)
  return operand(operation, avals, 0)
}

/** @throws ShapeError unless sizes are non-negative integers. */
function requireSizes(operation: string, shape: Shape): void {
  if (shape.every((d) => Number.isInteger(d) && d >= 0)) return
  throw new ShapeError(operation, `got shape ${showShape(shape)}; sizes are integers of at least 0`)
}

export const shapeAbstractEval: AbstractEvalRules<keyof ShapeParams> = {
  reshape: (avals, { newSizes }) => {
    const x = sole('reshape', avals)
    requireSizes('reshape', newSizes)
    if (sizeOf(x.shape) !== sizeOf(newSizes)) {
      throw new ShapeError('reshape', `got ${showType(x)} of ${sizeOf(x.shape)} elements for shape ${showShape(newSizes)} of ${sizeOf(newSizes)}; the numbers of elements must be equal`)
    }
    return [reshaped(x, newSizes)]
  },
  transpose: (avals, { permutation }) => {
    const x = sole('transpose', avals)
    if (!isPermutation(permutation, x.shape.length)) {
      throw new ShapeError('transpose', `got permutation (${permutation.join(', ')}) for ${showType(x)}; takes each of its ${x.shape.length} axes once`)
    }
    return [reshaped(x, permutation.map((p) => x.shape[p]!))]
  },
  broadcastInDim: (avals, { shape, broadcastDimensions }) => {
    const x = sole('broadcastInDim', avals)
    requireSizes('broadcastInDim', shape)
    const fits =
      broadcastDimensions.length === x.shape.length &&
      broadcastDimensions.every(
        (d, i) => Number.isInteger(d) && d >= 0 && d < shape.length && (i === 0 || d > broadcastDimensions[i - 1]!) && (x.shape[i] === 1 || x.shape[i] === shape[d]),
      )
    if (!fits) {
      throw new ShapeError(
        'broadcastInDim',
        `cannot broadcast ${showType(x)} to ${showShape(shape)} with its axes at (${broadcastDimensions.join(', ')}); takes one increasing place for each axis, of equal size or where the operand has 1`,
      )
    }
    return [reshaped(x, shape)]
  },
  rev: (avals, { dimensions }) => {
    const x = sole('rev', avals)
    requireAxes('rev', x, dimensions)
    return [x]
  },
  concatenate: (avals, { dimension }) => {
    const x = operand('concatenate', avals, 0)
    requireAxis('concatenate', x, dimension)
    requireEqualDtypes('concatenate', avals)
    const fits = avals.every((a) => a.shape.length === x.shape.length && a.shape.every((d, i) => i === dimension || d === x.shape[i]))
    if (!fits) throw new ShapeError('concatenate', `got ${showTypes(avals)} along axis ${dimension}; shapes must be equal on every other axis`)
    const total = avals.reduce((n, a) => n + a.shape[dimension]!, 0)
    return [aval(x.shape.map((d, i) => (i === dimension ? total : d)), x.dtype, allWeak(avals))]
  },
  pad: (avals, params) => {
    requireCount('pad', avals, 2)
    const x = operand('pad', avals, 0)
    const value = operand('pad', avals, 1)
    requireEqualDtypes('pad', avals)
    if (value.shape.length !== 0) throw new ShapeError('pad', `got padding value ${showType(value)}; takes a scalar`)
    const { paddingConfig } = params
    const shown = `[${paddingConfig.map((p) => `(${p.join(', ')})`).join(', ')}]`
    if (paddingConfig.length !== x.shape.length) throw new ShapeError('pad', `got padding ${shown} for ${showType(x)}; takes one (low, high, interior) for each axis`)
    if (paddingConfig.some((p) => !p.every(Number.isInteger) || p[2] < 0)) throw new ShapeError('pad', `got padding ${shown}; takes integers, interior at least 0`)
    const shape = padShape(x.shape, params)
    if (shape.some((d) => d < 0)) throw new ShapeError('pad', `padding ${shown} of ${showType(x)} gives ${showShape(shape)}; no size may be negative`)
    return [aval(shape, x.dtype, allWeak(avals))]
  },
  slice: (avals, params) => {
    const x = sole('slice', avals)
    const { startIndices, limitIndices, strides } = params
    const rank = x.shape.length
    const fits =
      startIndices.length === rank &&
      limitIndices.length === rank &&
      strides.length === rank &&
      x.shape.every((size, i) => 0 <= startIndices[i]! && startIndices[i]! <= limitIndices[i]! && limitIndices[i]! <= size && strides[i]! >= 1) &&
      [...startIndices, ...limitIndices, ...strides].every(Number.isInteger)
    if (!fits) {
      throw new ShapeError(
        'slice',
        `got start ${showShape(startIndices)}, limit ${showShape(limitIndices)}, strides ${showShape(strides)} for ${showType(x)}; takes 0 <= start <= limit <= size and a stride of at least 1 for each axis`,
      )
    }
    return [reshaped(x, sliceShape(params))]
  },
  iota: (avals, { dtype, shape, dimension }) => {
    requireCount('iota', avals, 0)
    requireSizes('iota', shape)
    const out = aval(shape, dtype)
    requireDtype('iota', out, accept.number, 'result')
    requireAxis('iota', out, dimension)
    return [out]
  },
  bitcastConvertType: (avals, { newDtype }) => {
    const x = sole('bitcastConvertType', avals)
    if (x.dtype !== newDtype && (x.dtype === 'bool' || newDtype === 'bool')) {
      throw new DtypeError('bitcastConvertType', `cannot read ${showType(x)} as ${newDtype}; bool has no bits of its own, convert with astype`)
    }
    const from = dtypeInfo[x.dtype].bytes
    const to = dtypeInfo[newDtype].bytes
    if (from >= to) return [aval(from === to ? x.shape : [...x.shape, from / to], newDtype)]
    if (x.shape.at(-1) !== to / from) {
      throw new ShapeError('bitcastConvertType', `cannot read ${showType(x)} as ${newDtype}; the last axis must be ${to / from}, the ratio of their widths`)
    }
    return [aval(x.shape.slice(0, -1), newDtype)]
  },
  optimizationBarrier: (avals) => {
    if (avals.length === 0) throw new ArgumentError('optimizationBarrier', 'got no operands; takes at least one')
    return [...avals]
  },
}
