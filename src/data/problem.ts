/** What can be wrong with bytes from outside: said with its place, so that a person with a hex dump finds it. */
import type { Either } from '../fp/either.ts'
import { ArgumentError } from '../index.ts'

export interface Problem {
  /** Where in the bytes (after inflation, if they were gzipped). */
  readonly offset: number
  readonly found: string
  readonly expected: string
}

/** Bytes read: the value, or everything that is wrong with them. */
export type Decoded<T> = Either<readonly Problem[], T>

/**
 * A problem as one line, as the errors of `decode` have it.
 * @throws ArgumentError for what is no problem: a list of them, or what `tryDecode` gave.
 */
export function showProblem(problem: Problem): string {
  const { offset, found, expected } = Object(problem) as Partial<Problem>
  if (typeof offset !== 'number' || typeof found !== 'string' || typeof expected !== 'string') throw new ArgumentError('showProblem', 'takes one problem { offset, found, expected } of the list that tryDecode gives in left')
  return `at byte ${offset}: found ${found}, expected ${expected}`
}

export const showProblems = (problems: readonly Problem[]): string =>
  problems.length === 1 ? problems.map((p) => showProblem(p)).join('') : `${problems.length} problems\n${problems.map((p) => `  ${showProblem(p)}`).join('\n')}`

/** How many elements; none where an axis is empty, even beside axes whose product is past every number. */
export const sizeOf = (shape: readonly number[]): number => (shape.includes(0) ? 0 : shape.reduce((a, b) => a * b, 1))

export const plural = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`
