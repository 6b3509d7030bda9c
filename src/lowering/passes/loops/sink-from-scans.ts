/**
 * What the carry does not wait for leaves the loop to be done after it. A sum over iterations of products, c + Σ a_tᵀ · b_t
 * (the gradient of every weight in a loop), is one product whose depth is all iterations; a product that only makes
 * ys is one product for all of them. The loop keeps the operands as ys.
 *
 * Sums are added up in another order than the loop's, so the last bits may differ.
 */
import { bytesOf } from '../../../core/aval.ts'
import { type Atom, type Eqn, eqn, type EqnFor, type Jaxpr, Var } from '../../../core/jaxpr.ts'
import { mapScans } from '../rebuild.ts'
import { removeDead } from '../remove-dead.ts'
import { chunkLength, inChunks } from './chunk-scan.ts'
import { behindBarriers, countUses, loopBudget, operandsOf, Outside, type Scan } from './loop-body.ts'
import { isStackable } from './stack-equation.ts'

export const sinkFromScans = (jaxpr: Jaxpr): Jaxpr => sinkWithin(jaxpr, loopBudget)

/** The same within another budget, in bytes. */
export const sinkWithin = (jaxpr: Jaxpr, budget: number): Jaxpr => mapScans(jaxpr, (e) => sink(e, budget))

/** A carry to which products are added and nothing else is done. */
interface Sum {
  readonly carry: number
  readonly products: readonly EqnFor<'dotGeneral'>[]
  /** What else is added, which stays in the loop. */
  readonly rest: readonly Atom[]
}

function sink(e: Scan, budget: number): readonly Eqn[] | null {
  const { length, numConsts, numCarry, jaxpr } = e.params
  if (length < 2) return null
  const behind = behindBarriers(jaxpr)
  const outside = new Outside(e)
  const body = new Body(jaxpr, outside, behind)
  const sums = jaxpr.outputs.slice(0, numCarry).flatMap((out, i) => body.sum(i, jaxpr.inputs[numConsts + i]!, out) ?? [])
  const late = body.onlyForYs(numCarry, sums)
  if (sums.length === 0 && late.length === 0) return null

  // The loop keeps each operand once, unless it stands outside already or is among the ys.
  const lateResults = new Set(late.map((x) => x.outputs[0]!))
  const wanted = [...sums.flatMap(({ products }) => products), ...late].flatMap((x) => x.inputs)
  const kept = [...new Set(wanted)].filter((a): a is Var => a.kind === 'var' && !outside.has(a) && !lateResults.has(a))
  const ys = jaxpr.outputs.slice(numCarry)
  const added = kept.filter((v) => !ys.includes(v))
  const dropped = ys.filter((y) => y.kind === 'var' && lateResults.has(y))
  const perIteration = added.reduce((n, v) => n + bytesOf(v.aval), 0)
  const chunk = chunkLength(length, Math.max(1, perIteration - dropped.reduce((n, y) => n + bytesOf(y.aval), 0)), budget)
  if (chunk === null) return null
  if (chunk < length) return inChunks(e, chunk, (inner) => sink(inner, budget) ?? [inner])

  // What is not a product stays in the loop as a smaller sum; a sum of products alone leaves it.
  const own: Eqn[] = [...jaxpr.equations]
  const outputs = jaxpr.outputs.map((a): Atom | null => a)
  for (const { carry, rest } of sums) outputs[carry] = rest.length === 0 ? null : rest.reduce<Atom>((x, y) => add(own, x, y), jaxpr.inputs[numConsts + carry]!)
  const keeps = outputs.map((a, i) => a !== null && (i < numCarry || !(a.kind === 'var' && lateResults.has(a))))
  const carries = <T>(items: readonly T[]): T[] => items.slice(numConsts, numConsts + numCarry).filter((_, i) => keeps[i])
  const without = <T>(items: readonly T[]): T[] => [...items.slice(0, numConsts), ...carries(items), ...items.slice(numConsts + numCarry)]
  const bodyOutputs = [...outputs.filter((a, i): a is Atom => a !== null && keeps[i]!), ...added]
  const stackedOf = (v: Var): Var => new Var({ ...v.aval, shape: [length, ...v.aval.shape] })
  // A carry that gets products as well ends as a part of the sum.
  const ends = e.outputs.map((v, i) => (i < numCarry && sums.some((s) => s.carry === i) ? new Var(v.aval) : v))
  const addedYs = added.map(stackedOf)
  const params = { ...e.params, numCarry: carries(jaxpr.inputs).length, jaxpr: removeDead({ ...jaxpr, inputs: without(jaxpr.inputs), equations: own, outputs: bodyOutputs }) }
  const loop = eqn('scan', params, without(e.inputs), [...ends.filter((_, i) => keeps[i]), ...addedYs])

  const whole = new Map<Var, Var>(added.map((v, i) => [v, addedYs[i]!]))
  ys.forEach((y, i) => y.kind === 'var' && kept.includes(y) && whole.set(y, e.outputs[numCarry + i]!))
  for (const [v, at] of whole) outside.give(v, { atom: at, moving: true })

  // Everything is made before anything is decided: a form that is lacking leaves the loop as it is.
  const after: Eqn[] = []
  const results = new Map<Var, Atom>()
  for (const x of late) {
    const made = outside.make(x)
    if (made === null) return null
    results.set(x.outputs[0]!, made.atom)
  }
  for (const { carry, products, rest } of sums) {
    let sum: Atom = rest.length === 0 ? operandsOf(e).carry[carry]! : ends[carry]!
    products.forEach((p, i) => {
      const [x, y] = [outside.of(p.inputs[0]!), outside.of(p.inputs[1]!)]
      const product = new Var(p.outputs[0]!.aval)
      after.push(eqn('dotGeneral', { ...p.params, dimensionNumbers: overIterations(p) }, [x!.atom, y!.atom], [product]))
      sum = add(after, sum, product, i === products.length - 1 ? e.outputs[carry] : undefined)
    })
  }
  ys.forEach((y, i) => {
    const result = y.kind === 'var' ? results.get(y) : undefined
    if (result !== undefined) after.push(eqn('reshape', { newSizes: result.aval.shape }, [result], [e.outputs[numCarry + i]!]))
  })
  return [loop, ...outside.equations, ...after]
}

function add(to: Eqn[], x: Atom, y: Atom, out: Var = new Var(x.aval)): Var {
  to.push(eqn('add', {}, [x, y], [out]))
  return out
}

/** The contraction over all iterations: both sides have them as leading axis. */
function overIterations({ params: { dimensionNumbers: { contracting, batch } } }: EqnFor<'dotGeneral'>): EqnFor<'dotGeneral'>['params']['dimensionNumbers'] {
  const side = (axes: readonly number[]): number[] => axes.map((a) => a + 1)
  return { contracting: [[0, ...side(contracting[0])], [0, ...side(contracting[1])]], batch: [side(batch[0]), side(batch[1])] }
}

/** Questions about a loop's body. */
class Body {
  readonly #jaxpr: Jaxpr
  readonly #outside: Outside
  readonly #behind: ReadonlySet<Var>
  readonly #uses: ReadonlyMap<Var, number>
  readonly #makers = new Map<Var, Eqn>()
  constructor(jaxpr: Jaxpr, outside: Outside, behind: ReadonlySet<Var>) {
    this.#jaxpr = jaxpr
    this.#outside = outside
    this.#behind = behind
    this.#uses = countUses(jaxpr)
    for (const e of jaxpr.equations) for (const v of e.outputs) this.#makers.set(v, e)
  }
  #maker(a: Atom): Eqn | undefined {
    return a.kind === 'var' && this.#uses.get(a) === 1 ? this.#makers.get(a) : undefined
  }
  /** Whether the loop may keep the value, or it stands outside. */
  #kept(a: Atom): boolean {
    return a.kind === 'literal' || !this.#behind.has(a)
  }

  /** The carry as a sum of itself and products, or null. */
  sum(carry: number, input: Var, out: Atom): Sum | null {
    const terms: Atom[] = []
    const collect = (a: Atom): void => {
      const e = this.#maker(a)
      if (e?.primitive === 'add' && e.inputs.every((x) => x.aval.shape.length === a.aval.shape.length)) e.inputs.forEach(collect)
      else terms.push(a)
    }
    collect(out)
    if (!terms.includes(input) || this.#uses.get(input) !== 1 || out === input) return null
    const products: EqnFor<'dotGeneral'>[] = []
    const rest: Atom[] = []
    for (const a of terms) {
      if (a === input) continue
      const e = this.#maker(a)
      if (e?.primitive === 'dotGeneral' && e.inputs.every((x) => x.kind === 'var' && !this.#outside.stands(x) && this.#kept(x))) products.push(e)
      else rest.push(a)
    }
    return products.length === 0 ? null : { carry, products, rest }
  }

  /**
   * Products with weights that no carry waits for, and everything that is made of them, in order of evaluation. `sums`
   * leave the loop, so what only they wait for is not waited for.
   */
  onlyForYs(numCarry: number, sums: readonly Sum[]): Eqn[] {
    const { equations, outputs } = this.#jaxpr
    const summed = new Set<Eqn>(sums.flatMap(({ products }) => products))
    const needed = new Set<Var>()
    const need = (a: Atom): void => {
      if (a.kind === 'var') needed.add(a)
    }
    outputs.slice(0, numCarry).forEach(need)
    for (const e of equations.toReversed()) if (e.outputs.some((v) => needed.has(v)) || summed.has(e)) e.inputs.forEach(need)
    const readers = (v: Var): Eqn[] => equations.filter((e) => e.inputs.includes(v))

    const all = new Set<Eqn>()
    const follow = (e: Eqn, into: Set<Eqn>): boolean => {
      if (into.has(e)) return true
      const [out] = e.outputs
      if (out === undefined || e.outputs.length > 1 || needed.has(out) || !isStackable(e) || !e.inputs.every((a) => this.#kept(a))) return false
      into.add(e)
      return readers(out).every((r) => follow(r, into))
    }
    for (const e of equations) {
      if (e.primitive !== 'dotGeneral' || this.#outside.has(e.outputs[0]!) || e.inputs.every((a) => !this.#outside.stands(a))) continue
      const found = new Set<Eqn>()
      if (follow(e, found)) found.forEach((x) => all.add(x))
    }
    return equations.filter((e) => all.has(e))
  }
}
