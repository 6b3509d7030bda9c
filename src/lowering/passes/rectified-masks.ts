/**
 * Whether x is positive is asked of the rectified x, so that x itself need not be kept for the gradient: with
 * h = max(x, 0) or h = x > 0 ? x : 0, later uses of x > 0 become h > 0, and of x <= 0 become h <= 0. NaN answers alike.
 */
import { type Atom, type Eqn, eqn, type EqnFor, type Jaxpr, Var } from '../../core/jaxpr.ts'
import { mapPrograms, Renaming, withInputs } from './rebuild.ts'

export function rectifiedMasks(jaxpr: Jaxpr): Jaxpr {
  const inner = mapPrograms(jaxpr, rectifiedMasks)
  const names = new Renaming()
  const definitions = new Map<Var, Eqn>()
  const masks = new Map<Atom, Mask[]>()
  const rectified = new Map<Atom, Var>()
  const equations: Eqn[] = []
  for (const original of inner.equations) {
    let e = withInputs(original, names.all(original.inputs))
    const mask = maskOf(e, definitions)
    if (mask !== null) {
      const h = rectified.get(mask.x)
      if (h === undefined) masks.set(mask.x, [...(masks.get(mask.x) ?? []), mask])
      else e = ask(mask, h, mask.result)
    }
    equations.push(e)
    for (const v of e.outputs) definitions.set(v, e)
    const x = rectifies(e, definitions)
    const [h] = e.outputs
    if (x === null || h === undefined || rectified.has(x)) continue
    rectified.set(x, h)
    for (const m of masks.get(x) ?? []) {
      const again = new Var(m.result.aval)
      equations.push(ask(m, h, again))
      names.set(m.result, again)
    }
  }
  return { ...inner, equations, outputs: names.all(inner.outputs) }
}

/** `result` = x > 0 or x <= 0. */
interface Mask {
  readonly x: Atom
  readonly zero: Atom
  readonly primitive: 'gt' | 'le'
  readonly result: Var
}

const ask = (m: Mask, h: Var, result: Var): Eqn => eqn(m.primitive, {}, [h, m.zero], [result])

function maskOf(e: Eqn, definitions: ReadonlyMap<Var, Eqn>): Mask | null {
  if ((e.primitive !== 'gt' && e.primitive !== 'le') || !isZero(e.inputs[1]!, definitions)) return null
  return { x: e.inputs[0]!, zero: e.inputs[1]!, primitive: e.primitive, result: e.outputs[0]! }
}

/** The x that an equation rectifies. */
function rectifies(e: Eqn, definitions: ReadonlyMap<Var, Eqn>): Atom | null {
  if (e.primitive === 'max') {
    const [x, y] = e.inputs
    return isZero(y!, definitions) ? x! : isZero(x!, definitions) ? y! : null
  }
  return e.primitive === 'selectN' ? selected(e, definitions) : null
}

// selectN gives its second case where the condition holds.
function selected(e: EqnFor<'selectN'>, definitions: ReadonlyMap<Var, Eqn>): Atom | null {
  const [which, no, yes] = e.inputs
  const condition = which?.kind === 'var' ? definitions.get(which) : undefined
  const mask = condition === undefined ? null : maskOf(condition, definitions)
  if (mask === null) return null
  const [kept, other] = mask.primitive === 'gt' ? [yes, no] : [no, yes]
  return kept === mask.x && isZero(other!, definitions) ? mask.x : null
}

/** The number 0 (not -0) everywhere. */
function isZero(a: Atom, definitions: ReadonlyMap<Var, Eqn>): boolean {
  if (a.kind === 'literal') return Object.is(a.value, 0)
  const e = definitions.get(a)
  return e?.primitive === 'broadcastInDim' && isZero(e.inputs[0]!, definitions)
}
