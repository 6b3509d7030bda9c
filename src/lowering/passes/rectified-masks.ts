/**
 * Whether x is positive is asked of the rectified x, so that x itself need not be kept for the gradient: with
 * h = max(x, 0) or h = x > 0 ? x : 0, later uses of x > 0 become h > 0, and of x <= 0 become h <= 0. Only where NaN
 * answers alike: x > 0 ? x : 0 makes a 0 of it, which is <= 0 as NaN is not.
 */
import { sameShape } from '../../core/aval.ts'
import { type Atom, type Eqn, eqn, type EqnFor, type Jaxpr, Var } from '../../core/jaxpr.ts'
import { mapPrograms, Renaming, withInputs } from './rebuild.ts'

export function rectifiedMasks(jaxpr: Jaxpr): Jaxpr {
  const inner = mapPrograms(jaxpr, rectifiedMasks)
  const lastRead = lastReads(inner)
  const names = new Renaming()
  const definitions = new Map<Var, Eqn>()
  const masks = new Map<Atom, Mask[]>()
  const rectified = new Map<Atom, Rectified>()
  const equations: Eqn[] = []
  const note = (m: Mask): void => void masks.set(m.x, [...(masks.get(m.x) ?? []), m])
  for (const [i, original] of inner.equations.entries()) {
    let e = withInputs(original, names.all(original.inputs))
    const mask = maskOf(e, definitions)
    if (mask !== null) {
      const best = askedLast(mask, rectified)
      if (best !== mask) e = ask(best, best.result)
      note(best)
    }
    equations.push(e)
    for (const v of e.outputs) definitions.set(v, e)
    const made = rectifies(e, definitions)
    if (made === null || rectified.has(made.x)) continue
    rectified.set(made.x, made)
    for (const m of masks.get(made.x) ?? []) {
      // One that nobody reads from here on was asked already, or for h alone.
      if ((lastRead.get(m.result) ?? -1) <= i || !answers(made, m)) continue
      const again: Mask = { ...m, x: made.h, result: new Var(m.result.aval) }
      equations.push(ask(again, again.result))
      names.set(m.result, again.result)
      lastRead.set(again.result, lastRead.get(m.result)!)
      note(again)
    }
  }
  return { ...inner, equations, outputs: names.all(inner.outputs) }
}

/** The number of the last equation that reads each variable; infinite for outputs. */
function lastReads(jaxpr: Jaxpr): Map<Var, number> {
  const last = new Map<Var, number>()
  const read = (a: Atom, i: number): void => {
    if (a.kind === 'var') last.set(a, i)
  }
  for (const [i, e] of jaxpr.equations.entries()) for (const a of e.inputs) read(a, i)
  for (const a of jaxpr.outputs) read(a, Infinity)
  return last
}

/** `result` = x > 0 or x <= 0. */
interface Mask {
  readonly x: Atom
  readonly zero: Atom
  readonly primitive: 'gt' | 'le'
  readonly result: Var
}
/** `h` is x where it is positive and 0 elsewhere; for NaN it is NaN, or 0. */
interface Rectified {
  readonly x: Atom
  readonly h: Var
  readonly keepsNaN: boolean
}

const ask = (m: Mask, result: Var): Eqn => eqn(m.primitive, {}, [m.x, m.zero], [result])
const answers = (r: Rectified, m: Mask): boolean => r.keepsNaN || m.primitive === 'gt'

/** The same question, asked of what was rectified last. */
function askedLast(mask: Mask, rectified: ReadonlyMap<Atom, Rectified>): Mask {
  const r = rectified.get(mask.x)
  return r === undefined || !answers(r, mask) ? mask : askedLast({ ...mask, x: r.h }, rectified)
}

function maskOf(e: Eqn, definitions: ReadonlyMap<Var, Eqn>): Mask | null {
  if ((e.primitive !== 'gt' && e.primitive !== 'le') || !isZero(e.inputs[1]!, definitions)) return null
  return { x: e.inputs[0]!, zero: e.inputs[1]!, primitive: e.primitive, result: e.outputs[0]! }
}

/** What an equation rectifies. */
function rectifies(e: Eqn, definitions: ReadonlyMap<Var, Eqn>): Rectified | null {
  const found = e.primitive === 'max' ? largest(e, definitions) : e.primitive === 'selectN' ? selected(e, definitions) : null
  // A scalar beside an array of zeros becomes an array, whose answer is one too.
  return found !== null && sameShape(found.x.aval.shape, found.h.aval.shape) ? found : null
}

function largest(e: EqnFor<'max'>, definitions: ReadonlyMap<Var, Eqn>): Rectified | null {
  const [x, y] = e.inputs
  const kept = isZero(y!, definitions) ? x! : isZero(x!, definitions) ? y! : null
  return kept === null ? null : { x: kept, h: e.outputs[0]!, keepsNaN: true }
}

// selectN gives its second case where the condition holds.
function selected(e: EqnFor<'selectN'>, definitions: ReadonlyMap<Var, Eqn>): Rectified | null {
  const [which, no, yes] = e.inputs
  const condition = which?.kind === 'var' ? definitions.get(which) : undefined
  const mask = condition === undefined ? null : maskOf(condition, definitions)
  if (mask === null) return null
  const [kept, other] = mask.primitive === 'gt' ? [yes, no] : [no, yes]
  return kept === mask.x && isZero(other!, definitions) ? { x: mask.x, h: e.outputs[0]!, keepsNaN: mask.primitive === 'le' } : null
}

/** The number 0 (not -0) everywhere. */
function isZero(a: Atom, definitions: ReadonlyMap<Var, Eqn>): boolean {
  if (a.kind === 'literal') return Object.is(a.value, 0)
  const e = definitions.get(a)
  return e?.primitive === 'broadcastInDim' && isZero(e.inputs[0]!, definitions)
}
