/** What can be wrong with bytes from outside: said with its place, so that a person with a hex dump finds it. */
import type { Either } from '../fp/either.ts'

export interface Problem {
  /** Where in the bytes (after inflation, if they were gzipped). */
  readonly offset: number
  readonly found: string
  readonly expected: string
}

/** Bytes read: the value, or everything that is wrong with them. */
export type Decoded<T> = Either<readonly Problem[], T>

export const showProblem = ({ offset, found, expected }: Problem): string => `at byte ${offset}: found ${found}, expected ${expected}`

export const showProblems = (problems: readonly Problem[]): string =>
  problems.length === 1 ? problems.map(showProblem).join('') : `${problems.length} problems\n${problems.map((p) => `  ${showProblem(p)}`).join('\n')}`

/** How many elements; none where an axis is empty, even beside axes whose product is past every number. */
export const sizeOf = (shape: readonly number[]): number => (shape.includes(0) ? 0 : shape.reduce((a, b) => a * b, 1))

export const plural = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`
