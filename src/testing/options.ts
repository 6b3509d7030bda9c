/** The options that the checks of derivatives share. */
import { ArgumentError, PullbackError, tree } from '../index.ts'
import { type AnyFunction, describe } from './leaves.ts'
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
  if (typeof f !== 'function') throw new ArgumentError(operation, `takes a function and got ${describe(f)}`)
}

/** @throws ArgumentError unless it is a list of arguments, TreeError unless they are trees: an array, which can be iterated too, would be one argument a row. */
export function requireArgs(operation: string, args: unknown): void {
  if (!Array.isArray(args)) throw new ArgumentError(operation, 'args are a list with one entry for each argument of the function; write [x] for one argument')
  try {
    tree.structure(args)
  } catch (e) {
    throw e instanceof PullbackError ? e.inNameOf(operation) : e
  }
}

/** @throws ArgumentError for an option that is not among the known ones. */
export function checkOptions(operation: string, options: object, known: readonly string[]): void {
  const given: unknown = options
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw new ArgumentError(operation, `got ${describe(given)} in place of options; known options: ${known.join(', ')}`)
  const unknown = Reflect.ownKeys(given).find((name) => typeof name !== 'string' || !known.includes(name))
  if (unknown !== undefined) throw new ArgumentError(operation, `unknown option '${String(unknown)}'; known options: ${known.join(', ')}`)
}

/** What is counted is built one by one: a slip of the pen is not to build it for ever. */
const mostByDefault = 10_000
/** @throws ArgumentError unless it is an integer of at least `least`, and at most `most`. */
export function checkCount(operation: string, name: string, x: number, least = 0, most: number = mostByDefault): void {
  if (!Number.isSafeInteger(x) || x < least || x > most) throw new ArgumentError(operation, `${name} is ${describe(x)}; takes an integer from ${least} to ${most}`)
}
/** How deep trees, functions and derivatives stand in each other. */
export const mostDepth = 10

/** Two counts, of which the first is not above the second. @throws ArgumentError */
export function checkRange(operation: string, [lowName, low]: readonly [string, number], [highName, high]: readonly [string, number]): void {
  checkCount(operation, lowName, low)
  checkCount(operation, highName, high)
  if (low > high) throw new ArgumentError(operation, `${lowName} is ${low}, above ${highName}, which is ${high}`)
}

/** @throws ArgumentError unless it is an arbitrary of fast-check, of any copy of it. */
export function checkArbitrary(operation: string, name: string, x: unknown): void {
  const isOne = typeof x === 'object' && x !== null && 'generate' in x && 'shrink' in x
  if (!isOne) throw new ArgumentError(operation, `${name} is ${describe(x)}; takes an arbitrary of fast-check`)
}

export function checkDifferences(operation: string, { eps, tolerance }: DifferenceOptions): void {
  if (eps !== undefined && !(typeof eps === 'number' && eps > 0 && eps < Infinity)) throw new ArgumentError(operation, `eps is a number > 0, and got ${describe(eps)}`)
  checkTolerance(operation, tolerance)
}

/** What a check of one derivative was called with. */
export interface DerivativeGiven<D> {
  readonly f: AnyFunction
  readonly derivative: D
  readonly args: readonly unknown[]
  readonly options: DifferenceOptions
}

/** `(f, args, options)`, where the derivative is the library's `own`, or `(f, derivative, args, options)`. @throws what `requireArgs` and the checks above throw. */
export function derivativeGiven<D>(operation: string, own: (f: AnyFunction) => D, f: unknown, [second, third, fourth]: readonly [unknown, unknown, unknown]): DerivativeGiven<D> {
  requireFunction(operation, f)
  // The overloads of the check have checked what each of these is.
  const function_ = f as AnyFunction
  const [derivative, args, given] = typeof second === 'function' ? [second as D, third, fourth] : [own(function_), second, third]
  requireArgs(operation, args)
  const options = given as DifferenceOptions
  checkOptions(operation, options, ['eps', 'tolerance'])
  checkDifferences(operation, options)
  return { f: function_, derivative, args: args as readonly unknown[], options }
}
