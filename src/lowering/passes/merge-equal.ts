/** Common subexpressions: of two equations with one operation, parameters and operands the first serves for both. */
import type { Atom, Eqn, Jaxpr, Var } from '../../core/jaxpr.ts'
import { avalKey, paramKey } from '../../core/jaxpr-key.ts'
import { mapPrograms, Renaming, withInputs } from './rebuild.ts'

export function mergeEqual(jaxpr: Jaxpr): Jaxpr {
  const inner = mapPrograms(jaxpr, mergeEqual)
  const names = new Renaming()
  const numbers = new Map<Var, number>()
  const seen = new Map<string, Eqn>()
  const equations: Eqn[] = []
  const number = (a: Atom): string => {
    if (a.kind === 'literal') return `${paramKey(a.value)}:${avalKey(a.aval)}`
    let n = numbers.get(a)
    if (n === undefined) numbers.set(a, (n = numbers.size))
    return String(n)
  }
  for (const original of inner.equations) {
    const e = withInputs(original, names.all(original.inputs))
    // What stands behind a barrier is kept apart from its equals on purpose.
    if (e.primitive === 'optimizationBarrier') {
      equations.push(e)
      continue
    }
    const key = `${e.primitive}${paramKey(e.params)} ${e.inputs.map(number).join(' ')}`
    const first = seen.get(key)
    if (first === undefined) {
      seen.set(key, e)
      equations.push(e)
    } else e.outputs.forEach((v, i) => names.set(v, first.outputs[i]!))
  }
  return { ...inner, equations, outputs: names.all(inner.outputs) }
}
