/** As much of vitest as the shared test files use, for pages: collects tests, runs them, tells which failed. `expect` is vitest's own. */
import { ASYMMETRIC_MATCHERS_OBJECT, JestAsymmetricMatchers, JestChaiExpect, JestExtend } from '@vitest/expect'
import * as chai from 'chai'

chai.use(JestExtend)
chai.use(JestChaiExpect)
chai.use(JestAsymmetricMatchers)
const matchers = (globalThis as unknown as Record<symbol, object>)[ASYMMETRIC_MATCHERS_OBJECT as unknown as symbol]
export const expect: Chai.ExpectStatic = Object.assign((value: unknown, message?: string) => chai.expect(value, message), chai.expect, matchers) as Chai.ExpectStatic

type Body = () => unknown

/** A `describe`, or a file: what runs before and after the tests in it. */
interface Suite {
  readonly name: string
  readonly outer: Suite | null
  readonly before: Body[]
  readonly after: Body[]
}
interface Test {
  readonly name: string
  readonly suite: Suite
  readonly body: Body
}

const suiteOf = (name: string, outer: Suite | null): Suite => ({ name, outer, before: [], after: [] })
let suite = suiteOf('', null)
let tests: Test[] = []

/** `%s`, `%i` and `$name` of a title, filled in. */
const titled = (title: string, values: readonly unknown[]): string => {
  let i = 0
  return title.replaceAll(/%[sidj]/g, () => String(values[i++])).replaceAll(/\$(\w+)/g, (_, key: string) => String((values[0] as Record<string, unknown>)[key]))
}
const spread = (row: unknown): readonly unknown[] => (Array.isArray(row) ? row : [row])

type Row = (...values: unknown[]) => unknown
const bodyOf = (rest: readonly unknown[]): Row => rest.find((x) => typeof x === 'function') as Row // options may stand before or after it

/** `f(title, body)`, with options between or behind; and `f.each(rows)(title, body)`. */
function withEach(f: (title: string, body: Body) => void): unknown {
  const each = (rows: readonly unknown[]) => (title: string, ...rest: unknown[]): void => {
    for (const row of rows) f(titled(title, spread(row)), () => bodyOf(rest)(...spread(row)))
  }
  return Object.assign((title: string, ...rest: unknown[]) => {
    f(title, bodyOf(rest))
  }, { each })
}

export const test: unknown = withEach((name, body) => tests.push({ name, suite, body }))
export const describe: unknown = withEach((name, body) => {
  const outer = suite
  suite = suiteOf(name, outer)
  body()
  suite = outer
})
export const beforeAll = (body: Body): unknown => suite.before.push(body)
export const afterAll = (body: Body): unknown => suite.after.push(body)

const chain = (s: Suite | null): Suite[] => (s === null ? [] : [...chain(s.outer), s])

export interface Outcome {
  readonly passed: number
  /** Each with its name and what it said. */
  readonly failed: readonly string[]
}

/** What was thrown, and what led to it: a property that fails says why only there. */
const told = (e: unknown): string => (e instanceof Error ? `${e.stack ?? e.message}${e.cause === undefined ? '' : `\n  because of ${told(e.cause)}`}` : String(e))

/** Runs the tests of one file, which `load` imports for the first time. */
export async function runFile(load: () => Promise<unknown>): Promise<Outcome> {
  suite = suiteOf('', null)
  tests = []
  await load()
  const failed: string[] = []
  let entered: Suite[] = []
  const leave = async (stay: readonly Suite[]): Promise<void> => {
    for (const s of entered.filter((s) => !stay.includes(s)).reverse()) for (const body of s.after) await body()
  }
  for (const { name, suite, body } of tests) {
    const suites = chain(suite)
    await leave(suites)
    for (const s of suites.filter((s) => !entered.includes(s))) for (const before of s.before) await before()
    entered = suites
    try {
      await body()
    } catch (e) {
      failed.push(`${[...suites.map((s) => s.name), name].filter((x) => x !== '').join(' > ')}: ${told(e)}`)
    }
  }
  await leave([])
  return { passed: tests.length - failed.length, failed }
}
