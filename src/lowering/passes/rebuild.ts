/** What every pass needs: variables replaced by atoms, and equations over the replacements. */
import type { Atom, Eqn, EqnFor, Jaxpr, Var } from '../../core/jaxpr.ts'

/** Replacements of variables; what is not in it stands for itself. */
export class Renaming {
  readonly #to = new Map<Var, Atom>()
  set(v: Var, a: Atom): void {
    this.#to.set(v, a)
  }
  of(a: Atom): Atom {
    if (a.kind === 'literal') return a
    return this.#to.get(a) ?? a
  }
  all(atoms: readonly Atom[]): Atom[] {
    return atoms.map((a) => this.of(a))
  }
}

/** An equation with other inputs. */
export const withInputs = (e: Eqn, inputs: readonly Atom[]): Eqn => (inputs.every((a, i) => a === e.inputs[i]) ? e : { ...e, inputs })

/** The program with every program inside its equations rewritten. */
export function mapPrograms(jaxpr: Jaxpr, rewrite: (inner: Jaxpr) => Jaxpr): Jaxpr {
  let changed = false
  const equations = jaxpr.equations.map((e): Eqn => {
    if (e.primitive !== 'scan' && e.primitive !== 'jit') return e
    const inner = rewrite(e.params.jaxpr)
    if (inner === e.params.jaxpr) return e
    changed = true
    return { ...e, params: { ...e.params, jaxpr: inner } } as Eqn
  })
  return changed ? { ...jaxpr, equations } : jaxpr
}

/** The program with every scan, those inside first, replaced by the equations that `rewrite` gives for it; null: it stays. */
export function mapScans(jaxpr: Jaxpr, rewrite: (scan: EqnFor<'scan'>) => readonly Eqn[] | null): Jaxpr {
  const inner = mapPrograms(jaxpr, (j) => mapScans(j, rewrite))
  let changed = false
  const equations = inner.equations.flatMap((e) => {
    const rewritten = e.primitive === 'scan' ? rewrite(e) : null
    changed ||= rewritten !== null
    return rewritten ?? [e]
  })
  return changed ? { ...inner, equations } : inner
}
