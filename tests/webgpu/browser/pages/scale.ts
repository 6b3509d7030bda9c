/** In place of `tests/scale.ts`, for test files that run in a page beside their full run in Node: fewer programs. */
import { sized } from '../../../scale.ts'

export * from '../../../scale.ts'
export const numRuns: number = sized(10, 100)
export const numSlowRuns: number = sized(3, 50)
export const numLawRuns: number = sized(12, 200)
