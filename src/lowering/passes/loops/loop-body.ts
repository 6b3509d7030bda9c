/** What a loop's body depends on, and the making of its equations outside. */
import { bytesOf } from '../../../core/aval.ts'
import { type Atom, type Eqn, type EqnFor, type Jaxpr, Var } from '../../../core/jaxpr.ts'
import { isStackable, type Stacked, stackEquation } from './stack-equation.ts'

export type Scan = EqnFor<'scan'>

/** Bytes that one loop may keep for the sake of a product outside of it; past them it is cut into chunks of iterations. */
export const loopBudget: number = 64 * 2 ** 20

export const bytesOfAll = (vars: readonly Var[]): number => vars.reduce((n, v) => n + bytesOf(v.aval), 0)

/** Operands of a scan, by what they are. */
export function operandsOf(e: Scan): { readonly consts: readonly Atom[]; readonly carry: readonly Atom[]; readonly xs: readonly Atom[] } {
  const { numConsts, numCarry } = e.params
  return { consts: e.inputs.slice(0, numConsts), carry: e.inputs.slice(numConsts, numConsts + numCarry), xs: e.inputs.slice(numConsts + numCarry) }
}

/** How often each variable of a program is read, by equations and as a result. */
export function countUses(jaxpr: Jaxpr): Map<Var, number> {
  const uses = new Map<Var, number>()
  const count = (a: Atom): void => {
    if (a.kind === 'var') uses.set(a, (uses.get(a) ?? 0) + 1)
  }
  for (const e of jaxpr.equations) e.inputs.forEach(count)
  jaxpr.outputs.forEach(count)
  return uses
}

/** What stands behind a barrier in the body: it is kept, computed and dropped where it was written. */
export function behindBarriers(body: Jaxpr): ReadonlySet<Var> {
  const behind = new Set<Var>()
  for (const e of body.equations) {
    if (e.primitive === 'optimizationBarrier' || e.inputs.some((a) => a.kind === 'var' && behind.has(a))) e.outputs.forEach((v) => behind.add(v))
  }
  return behind
}

/**
 * The body's values that do not depend on its carry, and their equations outside of the loop. `still` values are the
 * same in every iteration, `moving` ones depend on the xs.
 */
export class Outside {
  readonly equations: Eqn[] = []
  readonly #length: number
  readonly #known = new Map<Var, Stacked>()
  readonly #makers = new Map<Var, Eqn>()
  readonly #moves = new Map<Var, boolean>()

  constructor(e: Scan) {
    const { length, numConsts, numCarry, jaxpr } = e.params
    const { consts, xs } = operandsOf(e)
    this.#length = length
    jaxpr.inputs.slice(0, numConsts).forEach((v, i) => this.give(v, { atom: consts[i]!, moving: false }))
    jaxpr.inputs.slice(numConsts + numCarry).forEach((v, i) => this.give(v, { atom: xs[i]!, moving: true }))
    for (const equation of jaxpr.equations) {
      const [out] = equation.outputs
      // A loop inside stays: whether it stands still would hang on how many of its results are read.
      if (out === undefined || equation.outputs.length > 1 || equation.primitive === 'optimizationBarrier' || equation.primitive === 'scan') continue
      if (!equation.inputs.every((a) => a.kind === 'literal' || this.#moves.has(a))) continue
      const moving = equation.inputs.some((a) => this.moves(a))
      if (moving && !isStackable(equation)) continue
      this.#makers.set(out, equation)
      this.#moves.set(out, moving)
    }
  }
  /** A value of the body that stands outside already. */
  give(v: Var, stacked: Stacked): void {
    this.#known.set(v, stacked)
    this.#moves.set(v, stacked.moving)
  }
  /** Whether the value can be had outside. */
  has(a: Atom): boolean {
    return a.kind === 'literal' || this.#moves.has(a)
  }
  moves(a: Atom): boolean {
    return a.kind === 'var' && this.#moves.get(a) === true
  }
  /** The same in every iteration, and computed from operands of the loop. */
  stands(a: Atom): boolean {
    return a.kind === 'var' && this.#moves.get(a) === false
  }
  /** The value outside; null where a form for all iterations is lacking. */
  of(a: Atom): Stacked | null {
    if (a.kind === 'literal') return { atom: a, moving: false }
    const known = this.#known.get(a)
    if (known !== undefined) return known
    const maker = this.#makers.get(a)
    return maker === undefined ? null : this.make(maker)
  }
  /** The equation outside, after those that it needs; all its operands are known or can be made. */
  make(e: Eqn): Stacked | null {
    const inputs: Stacked[] = []
    for (const a of e.inputs) {
      const x = this.of(a)
      if (x === null) return null
      inputs.push(x)
    }
    const made = this.#equation(e, inputs)
    if (made !== null) this.#known.set(e.outputs[0]!, made)
    return made
  }
  #equation(e: Eqn, inputs: readonly Stacked[]): Stacked | null {
    if (!inputs.some((x) => x.moving)) {
      const out = new Var(e.outputs[0]!.aval)
      this.equations.push({ ...e, inputs: inputs.map((x) => x.atom), outputs: [out] })
      return { atom: out, moving: false }
    }
    const stacked = stackEquation(e, this.#length, inputs)
    if (stacked === null) return null
    this.equations.push(...stacked.equations)
    return { atom: stacked.result, moving: true }
  }
}
