/** Arguments that stand either in their place or in the options object at the end. */
import { isArray } from '../array-base.ts'
import { ArgumentError } from '../errors.ts'
import { checkOptions } from './checks.ts'

/** True for a plain options object: no list, no array, no number. */
export const isOptions = (x: unknown): x is object => typeof x === 'object' && x !== null && !Array.isArray(x) && !isArray(x)

/**
 * One set of options from what was given in place and in the options object:
 * `f(x, 1)`, `f(x, { axis: 1 })` and `f(x, 1, { keepdims: true })` come out alike.
 *
 * @example
 * const { axis, dtype } = placed('cumsum', ['axis'], [place], options, ['axis', 'dtype'])
 * @throws ArgumentError for an unknown option, listing the known ones, and for one given twice.
 */
export function placed<O extends object>(
  operation: string,
  names: readonly (keyof O & string)[],
  places: readonly unknown[],
  options: O | undefined,
  known: readonly (keyof O & string)[],
): O {
  const out: Record<string, unknown> = {}
  for (const [i, value] of places.entries()) {
    if (value === undefined) continue
    if (isOptions(value)) {
      checkOptions(operation, value, known)
      return merge(operation, out, value) as O
    }
    out[names[i]!] = value
  }
  if (options === undefined) return out as O
  checkOptions(operation, options, known)
  return merge(operation, out, options) as O
}

function merge(operation: string, given: Readonly<Record<string, unknown>>, options: object): object {
  for (const name of Object.keys(options)) {
    if (name in given) throw new ArgumentError(operation, `got ${name} twice: in its place and as an option`)
  }
  return { ...given, ...options }
}
