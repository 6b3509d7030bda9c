/** Any value of JavaScript in a few words, for messages that say what was got. Never throws, whatever it is given. */
import { isArray } from './array-base.ts'
import { showType } from './aval.ts'

const short = (text: string): string => (text.length > 40 ? `${text.slice(0, 40)}…` : text)

/** `the string "a"`, `a Promise`, `float32[3]`, `an object of class Date`. */
export function describe(x: unknown): string {
  if (isArray(x)) return showType(x.aval)
  switch (typeof x) {
    case 'undefined':
      return 'undefined'
    case 'string':
      return `the string ${JSON.stringify(short(x))}`
    case 'number':
    case 'boolean':
      return String(x)
    case 'object':
      return describeObject(x)
    default:
      return `a ${typeof x}`
  }
}

function describeObject(x: object | null): string {
  if (x === null) return 'null'
  if (Array.isArray(x)) return 'a plain list'
  if (x instanceof Promise) return 'a Promise'
  if (ArrayBuffer.isView(x)) return `a ${className(x)}`
  return isIterator(x) ? 'an iterator' : `an object of class ${className(x)}`
}

export const isIterator = (x: object): boolean => 'next' in x && typeof x.next === 'function'

const className = (x: object): string => (typeof x.constructor === 'function' && x.constructor.name !== '' ? x.constructor.name : 'unknown')

/** A value as it would be written, where that is short: `[2,"a"]`, `-1`, `'SAME'`; else what it is. */
export function show(x: unknown, depth = 0): string {
  if (typeof x === 'string') return `'${short(x)}'`
  if (!Array.isArray(x)) return describe(x)
  // A list may contain itself.
  if (depth === 3) return '[…]'
  const items = Array.from(x.slice(0, 12), (item: unknown) => (item === undefined ? 'undefined' : show(item, depth + 1)))
  return `[${items.join(',')}${x.length > 12 ? ',…' : ''}]`
}
