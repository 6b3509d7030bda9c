/** Equations whose results nobody reads go; so do a scan's unread results and the operands that only they needed. */
import type { Atom, Eqn, EqnFor, Jaxpr, Var } from '../../core/jaxpr.ts'
import { eqn } from '../../core/jaxpr.ts'

export function removeDead(jaxpr: Jaxpr): Jaxpr {
  const live = new Set<Var>()
  const use = (a: Atom): void => {
    if (a.kind === 'var') live.add(a)
  }
  jaxpr.outputs.forEach(use)
  const kept: Eqn[] = []
  for (let i = jaxpr.equations.length - 1; i >= 0; i--) {
    const e = jaxpr.equations[i]!
    if (!e.outputs.some((v) => live.has(v))) continue
    const slim = e.primitive === 'scan' ? slimScan(e, live) : e
    slim.inputs.forEach(use)
    kept.push(slim)
  }
  return { ...jaxpr, equations: kept.reverse() }
}

/**
 * A carry is needed when its final value is, or when a needed result of the body depends on it: a fixed point. Unread
 * ys, and consts, carries and xs that nothing needed depends on, are dropped.
 */
function slimScan(e: EqnFor<'scan'>, live: ReadonlySet<Var>): Eqn {
  const { numConsts, numCarry, jaxpr } = e.params
  const ysLive = e.outputs.slice(numCarry).map((v) => live.has(v))
  const carryLive = e.outputs.slice(0, numCarry).map((v) => live.has(v))
  let body = jaxpr
  let used = new Set<Var>()
  for (;;) {
    const keep = [...carryLive, ...ysLive]
    body = removeDead({ ...jaxpr, outputs: jaxpr.outputs.filter((_, i) => keep[i]) })
    used = usedVars(body)
    let grew = false
    for (let i = 0; i < numCarry; i++) {
      if (carryLive[i] === true || !used.has(jaxpr.inputs[numConsts + i]!)) continue
      carryLive[i] = true
      grew = true
    }
    if (!grew) break
  }
  const keepInput = jaxpr.inputs.map((v, i) => (i >= numConsts && i < numConsts + numCarry ? carryLive[i - numConsts]! : used.has(v)))
  const keepOutput = [...carryLive, ...ysLive]
  if (keepInput.every(Boolean) && keepOutput.every(Boolean) && body.equations.length === jaxpr.equations.length && body.equations.every((x, i) => x === jaxpr.equations[i])) return e
  const params = {
    ...e.params,
    numConsts: keepInput.slice(0, numConsts).filter(Boolean).length,
    numCarry: carryLive.filter(Boolean).length,
    jaxpr: { ...body, inputs: jaxpr.inputs.filter((_, i) => keepInput[i]) },
  }
  return eqn('scan', params, e.inputs.filter((_, i) => keepInput[i]), e.outputs.filter((_, i) => keepOutput[i]))
}

function usedVars(jaxpr: Jaxpr): Set<Var> {
  const used = new Set<Var>()
  for (const e of jaxpr.equations) for (const a of e.inputs) if (a.kind === 'var') used.add(a)
  for (const a of jaxpr.outputs) if (a.kind === 'var') used.add(a)
  return used
}
