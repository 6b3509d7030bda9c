/** What functions ask of arguments that are no operands: axes, shapes, counts, options. Types say the same; JavaScript does not. */
import type { Shape } from '../aval.ts'
import { describe, show } from '../describe.ts'
import { type DType, dtypes, isDType } from '../dtype.ts'
import { ArgumentError, DtypeError, ShapeError } from '../errors.ts'

/** Axis numbers from the end made plain. @throws ShapeError naming the range, ArgumentError for what is no number. */
export function normalAxis(operation: string, axis: number, rank: number): number {
  if (typeof axis !== 'number') throw new ArgumentError(operation, `axis is ${describe(axis)}; takes a number`)
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    throw new ShapeError(operation, rank === 0 ? `axis ${axis} of a scalar; a scalar has no axes` : `axis ${axis} is out of range for rank ${rank}; it takes ${-rank} to ${rank - 1}`)
  }
  return axis < 0 ? axis + rank : axis
}

/** One axis or a list of them as a list. */
export function axisList(operation: string, axes: number | readonly number[], name = 'axis'): readonly number[] {
  if (typeof axes === 'number') return [axes]
  if (!Array.isArray(axes)) throw new ArgumentError(operation, `${name} is ${describe(axes)}; takes a number or a list of numbers`)
  return axes as readonly number[]
}

/** Sorted, unique axes; null or undefined: all of them. */
export function normalAxes(operation: string, axes: number | readonly number[] | null | undefined, rank: number): number[] {
  if (axes === null || axes === undefined) return Array.from({ length: rank }, (_, i) => i)
  const list = Array.from(axisList(operation, axes), (a) => normalAxis(operation, a, rank)).sort((a, b) => a - b)
  if (new Set(list).size < list.length) throw new ShapeError(operation, `axes ${JSON.stringify(axes)} of rank ${rank} name one axis twice; takes each once`)
  return list
}

export function checkDtype(operation: string, dtype: unknown): DType {
  if (isDType(dtype)) return dtype
  throw new DtypeError(operation, `${show(dtype)} is no dtype; known are ${dtypes.join(', ')}`)
}

/** @throws ShapeError unless it is a list of sizes. */
export function checkShape(operation: string, shape: Shape): Shape {
  const sizes: unknown = shape
  // Not `every`, which passes over holes.
  if (Array.isArray(sizes) && Array.from(sizes, isSize).every(Boolean)) return shape
  throw new ShapeError(operation, `got shape ${show(shape)}; a shape is a list of integers of at least 0`)
}
const isSize = (d: unknown): boolean => Number.isSafeInteger(d) && Number(d) >= 0

/** @throws ArgumentError unless it is an integer of at least `least`. */
export function checkInteger(operation: string, name: string, x: number, least: number = -Infinity): number {
  if (Number.isSafeInteger(x) && x >= least) return x
  throw new ArgumentError(operation, `${name} is ${describe(x)}; takes an integer${least === -Infinity ? '' : ` of at least ${least}`}`)
}

const isInteger = (x: unknown): boolean => Number.isSafeInteger(x)
/** @throws ArgumentError unless it is a list of integers. */
export function checkIntegers(operation: string, name: string, xs: readonly number[]): readonly number[] {
  const given: unknown = xs
  if (Array.isArray(given) && Array.from(given, isInteger).every(Boolean)) return xs
  throw new ArgumentError(operation, `${name} is ${show(xs)}; takes a list of integers`)
}

/** @throws ArgumentError unless it is a truth value. */
export function checkFlag(operation: string, name: string, x: boolean): boolean {
  if (typeof x === 'boolean') return x
  throw new ArgumentError(operation, `${name} is ${describe(x)}; takes true or false`)
}

/** @throws ArgumentError unless it is a number. */
export function checkNumber(operation: string, name: string, x: number): number {
  if (typeof x === 'number') return x
  throw new ArgumentError(operation, `${name} is ${describe(x)}; takes a number`)
}

/** @throws ArgumentError unless it is one of a few words. */
export function checkOneOf<T extends string>(operation: string, name: string, x: T, known: readonly T[]): T {
  if (known.includes(x)) return x
  throw new ArgumentError(operation, `unknown ${name} ${show(x)}; known: ${known.join(', ')}`)
}

/** @throws ArgumentError unless it is a list: an array could be iterated too, and would be taken for a list of its rows. */
export function checkList<T>(operation: string, name: string, xs: readonly T[], least = 0): readonly T[] {
  if (!Array.isArray(xs)) throw new ArgumentError(operation, `${name} is ${describe(xs)}; takes a list`)
  if (xs.length < least) throw new ArgumentError(operation, `${name} is an empty list; takes at least ${least}`)
  // Holes become undefined, which is then refused where it is looked at.
  return Array.from(xs as readonly T[])
}

/** @throws ArgumentError unless it is a function. */
export function checkFunction(operation: string, f: unknown, name = 'a function'): void {
  if (typeof f !== 'function') throw new ArgumentError(operation, `takes ${name} and got ${describe(f)}`)
}

/** Options with only known names. @throws ArgumentError listing them. */
export function checkOptions(operation: string, options: object, known: readonly string[]): void {
  const given: unknown = options
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw new ArgumentError(operation, `got ${describe(given)} in place of options; known options: ${known.join(', ')}`)
  for (const name of Reflect.ownKeys(given)) {
    if (typeof name !== 'string' || !known.includes(name)) throw new ArgumentError(operation, `unknown option '${String(name)}'; known options: ${known.join(', ')}`)
  }
}
