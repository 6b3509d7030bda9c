/** What the known part of a split program stores for the rest: as little as cheap arithmetic can rebuild from. */
import { sizeOf } from '../../core/aval.ts'
import { type Atom, type Eqn, eqn, type Jaxpr, Var } from '../../core/jaxpr.ts'
import type { Primitive } from '../../core/primitives/index.ts'

/** Cheaper to compute again than to write out and read back; transcendentals, reductions and contractions are not. */
const cheap: ReadonlySet<Primitive> = new Set<Primitive>([
  'neg', 'sign', 'abs', 'square', 'floor', 'ceil', 'round', 'not', 'isFinite', 'convertElementType', 'integerPow', 'stopGradient',
  'add', 'sub', 'mul', 'div', 'max', 'min', 'and', 'or', 'xor', 'eq', 'ne', 'lt', 'le', 'gt', 'ge', 'selectN', 'clamp',
  'broadcastInDim', 'reshape', 'slice', 'iota',
]) // prettier-ignore

/** Equations that one residual may cost to rebuild. */
const longest = 12

interface Residuals {
  /** Variables of the known program. */
  readonly stored: readonly Var[]
  /** `constVars` are the stored residuals, in their order. */
  readonly unknown: Jaxpr
}

/**
 * Drops residuals that follow by cheap equations from others, or from inputs that cost nothing to keep (`free`), and
 * moves those equations into the unknown program. A broadcast gives way to what it repeats. So of tanh's y and
 * (1 - y)(1 + y) only y is stored.
 */
export function storeLess(known: Jaxpr, residuals: readonly Var[], unknown: Jaxpr, free: ReadonlySet<Var>): Residuals {
  const place = new Map<Var, number>()
  const madeBy = new Map<Var, Eqn>()
  for (const [i, e] of known.equations.entries()) {
    for (const v of e.outputs) place.set(v, i)
    if (cheap.has(e.primitive)) madeBy.set(e.outputs[0]!, e)
  }
  const stored = new Set(residuals)
  const plans: Eqn[][] = []
  // From the last to the first: what is dropped may rest on what is dropped after it.
  const pending = [...stored].filter((v) => madeBy.has(v))
  while (pending.length > 0) {
    pending.sort((a, b) => place.get(a)! - place.get(b)!)
    const target = pending.pop()!
    stored.delete(target)
    const plan = new Plan(stored, free, madeBy)
    if (!plan.reach(target)) {
      stored.add(target)
      continue
    }
    plans.push(plan.equations)
    for (const leaf of plan.leaves) {
      if (stored.has(leaf)) continue
      stored.add(leaf)
      if (madeBy.has(leaf)) pending.push(leaf)
    }
  }
  if (plans.length === 0) return { stored: residuals, unknown }
  const inUnknown = new Map<Var, Var>(residuals.map((v, i) => [v, unknown.constVars[i]!]))
  const own = (v: Var): Var => {
    let copy = inUnknown.get(v)
    if (copy === undefined) inUnknown.set(v, (copy = new Var(v.aval)))
    return copy
  }
  const rebuilt = [...new Set(plans.flat())].sort((a, b) => place.get(a.outputs[0]!)! - place.get(b.outputs[0]!)!)
  const copies = rebuilt.map((e) => eqn(e.primitive, e.params, e.inputs.map((a) => (a.kind === 'literal' ? a : own(a))), e.outputs.map(own)))
  const order = [...stored]
  return { stored: order, unknown: { ...unknown, constVars: order.map(own), equations: [...copies, ...unknown.equations] } }
}

/** The equations that rebuild one variable. */
class Plan {
  readonly equations: Eqn[] = []
  readonly leaves: Var[] = []
  readonly #stored: ReadonlySet<Var>
  readonly #free: ReadonlySet<Var>
  readonly #madeBy: ReadonlyMap<Var, Eqn>
  readonly #reached = new Set<Var>()

  constructor(stored: ReadonlySet<Var>, free: ReadonlySet<Var>, madeBy: ReadonlyMap<Var, Eqn>) {
    this.#stored = stored
    this.#free = free
    this.#madeBy = madeBy
  }

  /** False when something would have to be stored that is as large as what it rebuilds. */
  reach(a: Atom): boolean {
    if (a.kind === 'literal' || this.#reached.has(a)) return true
    this.#reached.add(a)
    if (this.#stored.has(a) || this.#free.has(a)) {
      this.leaves.push(a)
      return true
    }
    const e = this.#madeBy.get(a)
    if (e === undefined || this.equations.length === longest) return false
    this.equations.push(e)
    const before = [this.equations.length, this.leaves.length] as const
    const reached = [...this.#reached]
    if (e.inputs.every((i) => this.reach(i))) return true
    const [source] = e.inputs
    if (e.primitive !== 'broadcastInDim' || source?.kind !== 'var' || sizeOf(source.aval.shape) >= sizeOf(a.aval.shape)) return false
    // What is repeated is stored instead.
    this.equations.length = before[0]
    this.leaves.length = before[1]
    this.#reached.clear()
    for (const v of [...reached, source]) this.#reached.add(v)
    this.leaves.push(source)
    return true
  }
}
