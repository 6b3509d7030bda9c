/** Reverse mode: cotangents travel backwards through a program that is linear in some of its inputs. */
import type { NDArray } from '../../core/array.ts'
import { ArgumentError, InternalError } from '../../core/errors.ts'
import type { Atom, Eqn, Jaxpr, Var } from '../../core/jaxpr.ts'
import type { Primitive } from '../../core/primitives/index.ts'
import { bind, type Value } from '../../core/trace.ts'
import { during, watching } from '../../core/watching.ts'
import { bits, cachedBy, inputAvals, merge, outputAvals, traceClosed, where, whereNot } from '../staging/jaxprs.ts'
import { addTangents, hasTangent, instantiate, nonzero, type Tangent, Zero } from '../zero.ts'
import { controlFlowTranspose, type TransposedProgram } from './control-flow.ts'
import { elementwiseTranspose } from './elementwise.ts'
import { indexingTranspose } from './indexing.ts'
import { isUndefined, type Operand, type TransposeRules, Undefined } from './rule.ts'
import { reductionTranspose, shapeTranspose } from './shape.ts'
import { contractionTranspose, randomTranspose, windowsTranspose } from './windows.ts'

export const transposeRules: TransposeRules = {
  ...elementwiseTranspose,
  ...reductionTranspose,
  ...shapeTranspose,
  ...indexingTranspose,
  ...contractionTranspose,
  ...windowsTranspose,
  ...controlFlowTranspose({ transposeJaxpr: (...args) => transposeJaxpr(...args), backwardPass }),
  ...randomTranspose,
}

const evaluate = <P extends Primitive>(e: Eqn<P>, inputs: readonly Value[]): NDArray[] => bind<P>(e.primitive, inputs, e.params)

/** Cotangents of an equation's operands. */
function transposed<P extends Primitive>(e: Eqn<P>, cotangents: readonly Tangent[], operands: readonly Operand[]): readonly (Tangent | null)[] {
  const rule = transposeRules[e.primitive]
  if (rule === 'nonlinear') {
    throw new ArgumentError('linearTranspose', `the function is not linear: it applies ${e.primitive} to what depends on its inputs`)
  }
  return watching() !== null ? during(`in the backward pass, at the transpose of ${e.primitive}`, () => rule(cotangents, operands, e.params)) : rule(cotangents, operands, e.params)
}

/**
 * Cotangents of a program's inputs: of those that are `Undefined`, which it is linear in; zero for the others.
 * Equations that depend on known inputs alone are evaluated first.
 */
export function backwardPass(jaxpr: Jaxpr, inputs: readonly Operand[], cotangents: readonly Tangent[], consts: readonly Value[] = []): Tangent[] {
  const known = new Map<Var, Value>()
  jaxpr.constVars.forEach((v, i) => known.set(v, consts[i]!))
  jaxpr.inputs.forEach((v, i) => {
    const x = inputs[i]!
    if (!isUndefined(x)) known.set(v, x)
  })
  const read = (a: Atom): Operand => (a.kind === 'literal' ? a : (known.get(a) ?? new Undefined(a.aval)))
  const linear: { readonly equation: Eqn; readonly operands: readonly Operand[] }[] = []
  for (const e of jaxpr.equations) {
    const operands = e.inputs.map(read)
    if (operands.some(isUndefined)) {
      linear.push({ equation: e, operands })
      continue
    }
    const outs = evaluate(e, operands.filter((x) => !isUndefined(x)))
    e.outputs.forEach((v, i) => known.set(v, outs[i]!))
  }
  const collected = new Map<Var, Tangent>()
  const give = (a: Atom, ct: Tangent): void => {
    if (a.kind === 'var' && nonzero(ct) && hasTangent(a.aval)) collected.set(a, addTangents(collected.get(a) ?? new Zero(a.aval), ct))
  }
  jaxpr.outputs.forEach((a, i) => give(a, cotangents[i]!))
  for (const { equation, operands } of linear.reverse()) {
    const cts = equation.outputs.map((v) => collected.get(v) ?? new Zero(v.aval))
    if (!cts.some(nonzero)) continue
    const given = transposed(equation, cts, operands)
    equation.inputs.forEach((a, i) => {
      const ct = given[i]
      if (isUndefined(operands[i]!) && ct !== null && ct !== undefined) give(a, ct)
    })
  }
  return jaxpr.inputs.map((v, i) => (isUndefined(inputs[i]!) ? (collected.get(v) ?? new Zero(v.aval)) : new Zero(v.aval)))
}

/** A program for cotangents; computed once for each program and pattern of linear inputs and zeros. */
const transposeJaxpr: (jaxpr: Jaxpr, linear: readonly boolean[], nonzeroCotangents: readonly boolean[]) => TransposedProgram = cachedBy(
  (linear, nonzeroCotangents) => `${bits(linear)}|${bits(nonzeroCotangents)}`,
  (jaxpr, linear, nonzeroCotangents) => {
    const avals = inputAvals(jaxpr)
    const outs = outputAvals(jaxpr)
    const known = whereNot(avals, linear)
    let nonzeroOutputs: boolean[] | null = null
    const program = traceClosed(
      (inputs) => {
        const operands = merge<Operand>(linear, where(avals, linear).map((a) => new Undefined(a)), inputs.slice(0, known.length))
        const cotangents = merge<Tangent>(nonzeroCotangents, inputs.slice(known.length), whereNot(outs, nonzeroCotangents).map((a) => new Zero(a)))
        const cts = where(backwardPass(jaxpr, operands, cotangents), linear)
        nonzeroOutputs = cts.map(nonzero)
        return where(cts, nonzeroOutputs).map(instantiate)
      },
      [...known, ...where(outs, nonzeroCotangents)],
      'transpose',
    )
    if (nonzeroOutputs === null) throw new InternalError('transpose', 'traced nothing')
    return { jaxpr: program, nonzeroOutputs }
  },
)
