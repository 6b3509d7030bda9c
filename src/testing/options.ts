/** The options that the checks of derivatives share. */
import { ArgumentError } from '../index.ts'
import { checkTolerance, type Tolerance } from './tolerance.ts'

/** Forward: jvp. Reverse: vjp. */
export type Mode = 'fwd' | 'rev'

export interface DifferenceOptions {
  /**
   * The step of the differences, in units of an argument's mean magnitude; default the cube root of the precision in
   * which they are computed: 6e-6 for float64, 5e-3 where the function insists on float32.
   */
  readonly eps?: number
  /** How far apart the derivatives may be; default by dtype: 1e-6 for float64, 1e-3 for float32. */
  readonly tolerance?: number | Tolerance
}

/** @throws ArgumentError for anything that is no function. */
export function requireFunction(operation: string, f: unknown): void {
  if (typeof f !== 'function') throw new ArgumentError(operation, `takes a function and got ${f === null ? 'null' : typeof f}`)
}

/** @throws ArgumentError unless it is a list of arguments: an array, which can be iterated too, would be one argument a row. */
export function requireArgs(operation: string, args: unknown): void {
  if (!Array.isArray(args)) throw new ArgumentError(operation, 'args are a list with one entry for each argument of the function; write [x] for one argument')
}

/** @throws ArgumentError for an option that is not among the known ones. */
export function checkOptions(operation: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).filter((name) => !known.includes(name))
  if (unknown.length > 0) throw new ArgumentError(operation, `unknown option ${unknown.join(', ')}; known: ${known.join(', ')}`)
}

export function checkDifferences(operation: string, { eps, tolerance }: DifferenceOptions): void {
  if (eps !== undefined && !(typeof eps === 'number' && eps > 0 && eps < Infinity)) throw new ArgumentError(operation, `eps is a number > 0, and got ${JSON.stringify(eps)}`)
  checkTolerance(operation, tolerance)
}
