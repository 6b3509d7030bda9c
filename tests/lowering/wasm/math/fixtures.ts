import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Values from mpmath, by function: the argument and its value, as a sum of two doubles for float64. */
export interface Fixtures {
  readonly float64: Readonly<Record<string, readonly (readonly [x: number, high: number, low: number])[]>>
  readonly float32: Readonly<Record<string, readonly (readonly [x: number, y: number])[]>>
}

/** tests/oracle/math/math.json, which make_math.py writes in this shape. */
export const fixtures: Fixtures = JSON.parse(readFileSync(fileURLToPath(new URL('../../../oracle/math/math.json', import.meta.url)), 'utf8')) as Fixtures
