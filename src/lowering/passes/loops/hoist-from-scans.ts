/**
 * What does not depend on the carry leaves the loop before it starts. A product of each iteration's x with weights is one
 * product for all iterations: x_t · W becomes (all x) · W, a matrix of as many more rows. What is the same in every
 * iteration is computed once.
 */
import type { Eqn, Jaxpr, Var } from '../../../core/jaxpr.ts'
import { cleanScans } from '../clean-scans.ts'
import { mapScans } from '../rebuild.ts'
import { removeDead } from '../remove-dead.ts'
import { chunkLength, inChunks } from './chunk-scan.ts'
import { bytesOfAll, countUses, loopBudget, operandsOf, Outside, type Scan } from './loop-body.ts'

export const hoistFromScans = (jaxpr: Jaxpr): Jaxpr => hoistWithin(jaxpr, loopBudget)

/** The same within another budget, in bytes. */
export const hoistWithin = (jaxpr: Jaxpr, budget: number): Jaxpr => mapScans(jaxpr, (e) => hoist(withCleanBody(e), budget))

/** A loop inside, from which everything was hoisted, only repeats what it reads: then it can leave this one too. */
const withCleanBody = (e: Scan): Scan => ({ ...e, params: { ...e.params, jaxpr: cleanScans(e.params.jaxpr) } })

/** What costs nothing where it is read; outside it would be an array to store. */
const free: ReadonlySet<string> = new Set(['reshape', 'transpose', 'broadcastInDim', 'slice', 'rev', 'pad', 'concatenate', 'iota', 'convertElementType', 'stopGradient'])

function hoist(e: Scan, budget: number): readonly Eqn[] | null {
  const { length, numConsts, numCarry, jaxpr } = e.params
  if (length < 2) return null
  const outside = new Outside(e)
  const isRoot = ({ primitive, inputs, outputs, params }: Eqn): boolean => {
    const [out] = outputs
    if (out === undefined || !outside.has(out)) return false
    if (!outside.moves(out)) return outputs.length === 1 && !free.has(primitive) && inputs.some((a) => outside.stands(a))
    return primitive === 'dotGeneral' && 'dimensionNumbers' in params && inputs.some((a) => outside.stands(a))
  }
  const roots = jaxpr.equations.filter(isRoot)
  if (roots.length === 0) return null

  // The body reads a root's result as an operand. Those that only served other roots are not read any more.
  const gone = new Set(roots)
  const rest = removeDead({ ...jaxpr, equations: jaxpr.equations.filter((x) => !gone.has(x)) })
  const uses = countUses(rest)
  const read = roots.filter((x) => uses.has(x.outputs[0]!))
  const moving = roots.filter((x) => outside.moves(x.outputs[0]!)).map((x) => x.outputs[0]!)
  const chunk = chunkLength(length, bytesOfAll(moving), budget)
  if (chunk === null) return null
  if (chunk < length) return inChunks(e, chunk, (inner) => hoist(inner, budget) ?? [inner])

  const made = read.map((x) => ({ v: x.outputs[0]!, at: outside.make(x) }))
  if (made.some(({ at }) => at === null)) return null
  const side = (moves: boolean): { vars: Var[]; atoms: Eqn['inputs'] } => {
    const those = made.filter(({ at }) => at!.moving === moves)
    return { vars: those.map(({ v }) => v), atoms: those.map(({ at }) => at!.atom) }
  }
  const [still, stacked] = [side(false), side(true)]
  const { consts, carry, xs } = operandsOf(e)
  const bodyInputs = [...jaxpr.inputs.slice(0, numConsts), ...still.vars, ...jaxpr.inputs.slice(numConsts), ...stacked.vars]
  const loop: Scan = {
    ...e,
    params: { ...e.params, numConsts: numConsts + still.vars.length, numCarry, jaxpr: { ...rest, inputs: bodyInputs } },
    inputs: [...consts, ...still.atoms, ...carry, ...xs, ...stacked.atoms],
  }
  return [...outside.equations, loop]
}
