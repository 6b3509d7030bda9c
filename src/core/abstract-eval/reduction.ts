/** Result types of reductions, which drop their axes, and of cumulative primitives, which keep the shape. */
import { type Aval, aval, showType } from '../aval.ts'
import { isInteger } from '../dtype.ts'
import { DtypeError, ShapeError } from '../errors.ts'
import type { ArgParams, Axes, CumulativeParams, ReductionParams } from '../primitives/index.ts'
import { without } from '../shapes/axes.ts'
import { type AbstractEvalRules, type Accept, accept, operand, requireAxes, requireAxis, requireCount, requireDtype, reshaped } from './rule.ts'

type Operation = keyof ReductionParams

function reduce(operation: Operation, set: Accept): (avals: readonly Aval[], params: Axes) => Aval[] {
  return (avals, { axes }) => {
    requireCount(operation, avals, 1)
    const x = operand(operation, avals, 0)
    requireDtype(operation, x, set)
    requireAxes(operation, x, axes)
    return [reshaped(x, without(x.shape, axes))]
  }
}

function arg(operation: Operation): (avals: readonly Aval[], params: ArgParams) => Aval[] {
  return (avals, { axis, indexDtype }) => {
    requireCount(operation, avals, 1)
    const x = operand(operation, avals, 0)
    requireDtype(operation, x, accept.real)
    requireAxis(operation, x, axis)
    if (x.shape[axis] === 0) throw new ShapeError(operation, `got ${showType(x)}, which is empty along axis ${axis}; there is no extremum`)
    if (!isInteger(indexDtype)) throw new DtypeError(operation, `got index dtype ${indexDtype}; takes an integer dtype such as int32`)
    return [aval(without(x.shape, [axis]), indexDtype)]
  }
}

function cumulative(operation: Operation, set: Accept): (avals: readonly Aval[], params: CumulativeParams) => Aval[] {
  return (avals, { axis }) => {
    requireCount(operation, avals, 1)
    const x = operand(operation, avals, 0)
    requireDtype(operation, x, set)
    requireAxis(operation, x, axis)
    return [x]
  }
}

export const reductionAbstractEval: AbstractEvalRules<Operation> = {
  reduceSum: reduce('reduceSum', accept.number),
  reduceProd: reduce('reduceProd', accept.number),
  reduceMax: reduce('reduceMax', accept.real),
  reduceMin: reduce('reduceMin', accept.real),
  reduceAnd: reduce('reduceAnd', accept.integerOrBool),
  reduceOr: reduce('reduceOr', accept.integerOrBool),
  reduceXor: reduce('reduceXor', accept.integerOrBool),
  argmax: arg('argmax'),
  argmin: arg('argmin'),
  cumsum: cumulative('cumsum', accept.number),
  cumprod: cumulative('cumprod', accept.number),
  cummax: cumulative('cummax', accept.real),
  cummin: cumulative('cummin', accept.real),
  cumlogsumexp: cumulative('cumlogsumexp', accept.float),
}
