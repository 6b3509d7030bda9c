/**
 * What a program is specialised to (static arguments, a class's own data) as a text: equal for equal values, and kept in
 * place of them, since they may change afterwards. Plain data and typed arrays compare
 * by what they hold, NaN with itself, and −0 apart from 0; functions and objects of classes are themselves alone.
 */
import type { Eq } from '../fp/eq.ts'

const identities = new WeakMap<object, number>()
const symbols = new Map<symbol, number>()
let named = 0

function identity(x: object): string {
  let id = identities.get(x)
  if (id === undefined) identities.set(x, (id = named++))
  return `#${id}`
}

function symbolKey(x: symbol): string {
  let id = symbols.get(x)
  if (id === undefined) symbols.set(x, (id = named++))
  return `@${id}`
}

export function valueKey(x: unknown): string {
  switch (typeof x) {
    case 'string':
      return JSON.stringify(x)
    case 'number':
      return Object.is(x, -0) ? '-0' : String(x)
    case 'bigint':
      return `${x}n`
    case 'boolean':
    case 'undefined':
      return String(x)
    case 'symbol':
      return symbolKey(x)
    case 'function':
      return identity(x)
    case 'object': {
      if (x === null) return 'null'
      if (Array.isArray(x)) return `[${x.map(valueKey).join()}]`
      // A view that is no DataView is a typed array; they have no type in common.
      if (ArrayBuffer.isView(x) && !(x instanceof DataView)) return `${x.constructor.name}[${Array.from(x as unknown as ArrayLike<number | bigint>, valueKey).join()}]`
      const proto = Object.getPrototypeOf(x) as object | null
      if (proto !== null && proto !== Object.prototype) return identity(x)
      const entries = Object.entries(x).sort(([a], [b]) => (a < b ? -1 : 1))
      return `{${entries.map(([name, v]) => `${JSON.stringify(name)}:${valueKey(v)}`).join()}}`
    }
  }
}

export const eqValue: Eq<unknown> = { equals: (a, b) => valueKey(a) === valueKey(b) }
