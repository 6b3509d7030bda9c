/**
 * Structure of a jaxpr as a string: equal for programs that differ in variables' identity alone. What caches are keyed
 * by. Holds types (weakness too), parameters, literals and programs inside parameters.
 */
import type { Eq } from '../fp/eq.ts'
import type { Aval } from './aval.ts'
import { dtypeInfo } from './dtype.ts'
import type { Atom, Jaxpr, Var } from './jaxpr.ts'

const keys = new WeakMap<Jaxpr, string>()

/** Computed once for each jaxpr, which is immutable. */
export function jaxprKey(jaxpr: Jaxpr): string {
  let key = keys.get(jaxpr)
  if (key === undefined) keys.set(jaxpr, (key = keyOf(jaxpr)))
  return key
}

/** Equal in everything but the identity of variables. */
export const eqJaxpr: Eq<Jaxpr> = { equals: (a, b) => a === b || jaxprKey(a) === jaxprKey(b) }

/** `f32[2,3]`, with `~` before a weak type. */
export const avalKey = (a: Aval): string => `${a.weakType ? '~' : ''}${dtypeInfo[a.dtype].short}[${a.shape.join()}]`

/** Parameters, by name: the order in which a rule wrote them does not matter. */
export function paramKey(value: unknown): string {
  if (Array.isArray(value)) return `(${value.map(paramKey).join()})`
  if (isJaxpr(value)) return jaxprKey(value)
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
    return `{${entries.map(([name, v]) => `${name}=${paramKey(v)}`).join()}}`
  }
  if (typeof value === 'string') return JSON.stringify(value)
  return Object.is(value, -0) ? '-0' : String(value)
}

export const isJaxpr = (value: unknown): value is Jaxpr =>
  typeof value === 'object' && value !== null && 'equations' in value && 'constVars' in value

function keyOf(jaxpr: Jaxpr): string {
  const numbers = new Map<Var, number>()
  const bind = (v: Var): string => {
    numbers.set(v, numbers.size)
    return avalKey(v.aval)
  }
  const use = (a: Atom): string => {
    if (a.kind === 'literal') return `${paramKey(a.value)}:${avalKey(a.aval)}`
    // A variable that is bound nowhere is a fault that the checker names; here it must only not look like another.
    return String(numbers.get(a) ?? 'free')
  }
  const parts = [`${jaxpr.constVars.map(bind).join(' ')};${jaxpr.inputs.map(bind).join(' ')}`]
  for (const e of jaxpr.equations) {
    const inputs = e.inputs.map(use).join(' ')
    parts.push(`${e.primitive}${paramKey(e.params)} ${inputs}:${e.outputs.map(bind).join(' ')}`)
  }
  return `<${parts.join('|')}|${jaxpr.outputs.map(use).join(' ')}>`
}
