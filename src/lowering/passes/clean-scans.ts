/**
 * What a loop carries for nothing: carries that every iteration hands on unchanged become constants, ys that are the
 * same in every iteration or are xs are made outside.
 */
import type { Var } from '../../core/jaxpr.ts';
import { type Atom, type Eqn, type EqnFor, eqn, type Jaxpr } from '../../core/jaxpr.ts'
import { Renaming, withInputs } from './rebuild.ts'

export function cleanScans(jaxpr: Jaxpr): Jaxpr {
  const names = new Renaming()
  const equations: Eqn[] = []
  for (const original of jaxpr.equations) {
    const e = withInputs(original, names.all(original.inputs))
    if (e.primitive === 'scan') equations.push(...cleanScan(e, names))
    else if (e.primitive === 'jit') equations.push({ ...e, params: { ...e.params, jaxpr: cleanScans(e.params.jaxpr) } })
    else equations.push(e)
  }
  return { ...jaxpr, equations, outputs: names.all(jaxpr.outputs) }
}

function cleanScan(e: EqnFor<'scan'>, names: Renaming): Eqn[] {
  const { numConsts, numCarry } = e.params
  const jaxpr = cleanScans(e.params.jaxpr)
  const whole = numConsts + numCarry
  const carryVars = jaxpr.inputs.slice(numConsts, whole)
  const unchanged = carryVars.map((v, i) => jaxpr.outputs[i] === v)

  // Operands by the body's variable: what is the same in every iteration.
  const outside = new Map<Var, Atom>()
  jaxpr.inputs.slice(0, numConsts).forEach((v, i) => outside.set(v, e.inputs[i]!))
  carryVars.forEach((v, i) => unchanged[i] === true && outside.set(v, e.inputs[numConsts + i]!))
  const stacked = new Map<Var, Atom>(jaxpr.inputs.slice(whole).map((v, i) => [v, e.inputs[whole + i]!]))

  const after: Eqn[] = []
  const keepY = jaxpr.outputs.slice(numCarry).map((y, i) => {
    const v = e.outputs[numCarry + i]!
    const xs = y.kind === 'var' ? stacked.get(y) : undefined
    if (xs !== undefined) {
      names.set(v, xs)
      return false
    }
    const same = y.kind === 'literal' ? y : outside.get(y)
    if (same === undefined) return true
    const { shape } = v.aval
    after.push(eqn('broadcastInDim', { shape, broadcastDimensions: shape.slice(1).map((_, k) => k + 1) }, [same], [v]))
    return false
  })
  unchanged.forEach((is, i) => is && names.set(e.outputs[i]!, e.inputs[numConsts + i]!))
  if (jaxpr === e.params.jaxpr && keepY.every(Boolean) && !unchanged.some(Boolean)) return [e]

  const changing = <T>(xs: readonly T[]): T[] => xs.filter((_, i) => unchanged[i] !== true)
  const constant = <T>(xs: readonly T[]): T[] => xs.filter((_, i) => unchanged[i] === true)
  const regroup = <T>(xs: readonly T[]): T[] => [...xs.slice(0, numConsts), ...constant(xs.slice(numConsts, whole)), ...changing(xs.slice(numConsts, whole)), ...xs.slice(whole)]
  const keep = <T>(xs: readonly T[]): T[] => [...changing(xs.slice(0, numCarry)), ...xs.slice(numCarry).filter((_, i) => keepY[i])]
  const moved = constant(carryVars).length
  const params = {
    ...e.params,
    numConsts: numConsts + moved,
    numCarry: numCarry - moved,
    jaxpr: { ...jaxpr, inputs: regroup(jaxpr.inputs), outputs: keep(jaxpr.outputs) },
  }
  const outputs = keep(e.outputs)
  if (outputs.length === 0) return after
  return [eqn('scan', params, regroup(e.inputs), outputs), ...after]
}
