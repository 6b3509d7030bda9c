/** Result types of primitives that hold programs: those of the program. */
import { type Aval, sameType, showType } from '../aval.ts'
import { ArgumentError, DtypeError, ShapeError } from '../errors.ts'
import type { ControlFlowParams } from '../primitives/index.ts'
import { type AbstractEvalRules, reshaped, showTypes } from './rule.ts'

/** @throws ShapeError or DtypeError unless operands are what the program takes. */
function requireInputs(operation: string, got: readonly Aval[], takes: readonly Aval[], what: string): void {
  if (got.length !== takes.length) {
    throw new ArgumentError(operation, `got ${got.length} operands (${showTypes(got)}); ${what} takes ${takes.length} (${showTypes(takes)})`)
  }
  for (const [i, a] of got.entries()) {
    const t = takes[i]!
    if (sameType(a, t)) continue
    const message = `got operand ${i} of type ${showType(a)}; ${what} takes ${showType(t)}`
    throw a.dtype === t.dtype ? new ShapeError(operation, message) : new DtypeError(operation, message)
  }
}

export const controlFlowAbstractEval: AbstractEvalRules<keyof ControlFlowParams> = {
  jit: (avals, { name, jaxpr }) => {
    requireInputs('jit', avals, jaxpr.inputs.map((v) => v.aval), `'${name}'`)
    return jaxpr.outputs.map((o) => o.aval)
  },
  scan: (avals, { length, numConsts, numCarry, jaxpr }) => {
    if (!Number.isInteger(length) || length < 0) throw new ArgumentError('scan', `got length ${length}; takes an integer of at least 0`)
    const whole = numConsts + numCarry
    for (const [i, x] of avals.slice(whole).entries()) {
      if (x.shape[0] !== length) {
        throw new ShapeError('scan', `got xs ${i} of type ${showType(x)}; every xs must have a leading axis of the length, ${length}`)
      }
    }
    const sliced = avals.map((a, i) => (i < whole ? a : reshaped(a, a.shape.slice(1))))
    requireInputs('scan', sliced, jaxpr.inputs.map((v) => v.aval), 'the body')
    const outs = jaxpr.outputs.map((o) => o.aval)
    requireInputs('scan', outs.slice(0, numCarry), jaxpr.inputs.slice(numConsts, whole).map((v) => v.aval), 'the carry that the body returns must be as it got it: it')
    return outs.map((o, i) => (i < numCarry ? o : reshaped(o, [length, ...o.shape])))
  },
}
