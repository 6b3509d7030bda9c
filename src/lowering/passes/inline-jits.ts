/** Inside a program a nested jit is just code: its equations take its place. */
import { type Atom, type Eqn, type Jaxpr, Var } from '../../core/jaxpr.ts'
import { mapPrograms, Renaming, withInputs } from './rebuild.ts'

export function inlineJits(jaxpr: Jaxpr): Jaxpr {
  const inner = mapPrograms(jaxpr, inlineJits)
  if (!inner.equations.some((e) => e.primitive === 'jit')) return inner
  const names = new Renaming()
  const equations: Eqn[] = []
  for (const e of inner.equations) {
    if (e.primitive !== 'jit') {
      equations.push(withInputs(e, names.all(e.inputs)))
      continue
    }
    const results = copyInto(equations, e.params.jaxpr, names.all(e.inputs))
    e.outputs.forEach((v, i) => names.set(v, results[i]!))
  }
  return { ...inner, equations, outputs: names.all(inner.outputs) }
}

/** Appends a program's equations, with new variables: the same program may be called more than once. */
function copyInto(equations: Eqn[], jaxpr: Jaxpr, inputs: readonly Atom[]): Atom[] {
  const names = new Renaming()
  jaxpr.inputs.forEach((v, i) => names.set(v, inputs[i]!))
  for (const e of jaxpr.equations) {
    const outputs = e.outputs.map((v) => {
      const fresh = new Var(v.aval)
      names.set(v, fresh)
      return fresh
    })
    equations.push({ ...e, inputs: names.all(e.inputs), outputs })
  }
  return names.all(jaxpr.outputs)
}
