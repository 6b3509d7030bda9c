/**
 * The table of wrong uses: of every public function at least one, with what is said of it word for word in
 * wrong-uses.snapshot.txt. Rows are in wrong-uses/; after a change of messages, read the difference, and write it with
 * `vitest run tests/errors/wrong-uses.test.ts -u`.
 */
import { expect, test } from 'vitest'
import { isStaging, traceDepth } from '../../src/core/trace.ts'
import { PullbackError } from '../../src/index.ts'
import { classes, firstFrame } from './refused.ts'
import { arrayMethods, doors } from './right-uses.ts'
import { arrays } from './wrong-uses/arrays.ts'
import { entryPoints } from './wrong-uses/entry-points.ts'
import { functions } from './wrong-uses/functions.ts'
import { laxRows } from './wrong-uses/lax.ts'
import { numpy } from './wrong-uses/numpy.ts'
import { placeOf, type WrongUse } from './wrong-uses/row.ts'

const rows = [numpy, laxRows, arrays, functions, entryPoints].flatMap((table) => table.rows)

async function thrownBy(call: () => unknown): Promise<unknown> {
  try {
    await call()
  } catch (e) {
    return e
  }
  return null
}

/** What a row's error is and says; everything else that it has to be is checked here. */
async function refusal({ operation, text, at, call }: WrongUse): Promise<string> {
  const e = await thrownBy(call)
  if (!(e instanceof PullbackError)) throw new Error(`${text}: no error of the library, but ${e instanceof Error ? e.stack : 'none'}`)
  if (e.code === 'INTERNAL') throw e
  expect([e.constructor.name, e.name], text).toEqual([classes[e.code], classes[e.code]])
  expect(e.operation, `${text}: ${e.message}`).toBe(operation)
  expect(e.message, text).toContain(`${operation}: `)
  expect(e.stack?.split('\n')[0], text).toBe(`${e.name}: ${e.message.split('\n')[0]}`)
  expect(placeOf(firstFrame(e)), `${text}: the first line of the stack is the user's`).toBe(at)
  expect([traceDepth(), isStaging()], text).toEqual([0, false])
  return `${text}\n    ${e.name} (${e.code}) ${e.message.replaceAll('\n', '\n    ')}`
}

test('each is refused in its own name, at its own line, in these words', async () => {
  const said: string[] = []
  for (const row of rows) said.push(await refusal(row))
  await expect(`${said.join('\n')}\n`).toMatchFileSnapshot('./wrong-uses.snapshot.txt')
})

/** Public functions that cannot be used wrongly, and why. */
const neverWrong: Readonly<Record<string, string>> = {
  'debug.calls': 'takes nothing',
  'debug.compiles': 'takes nothing',
  'debug.memory': 'takes nothing',
  devices: 'takes nothing',
  'x.dispose': 'takes nothing, and may be called again',
  'testing.keys': 'takes nothing',
}

const isMonoid = (value: unknown): boolean => typeof value === 'object' && value !== null && Object.keys(value).toSorted().join() === 'concat,empty'

test('there is a row for every public function', () => {
  const classesOf = /Error$|^ClosedJaxpr$|^NDArray$/
  const methods = arrayMethods().map((name) => `x.${name}`)
  const callable = (value: unknown, name: string): readonly string[] => (typeof value === 'function' ? [name] : isMonoid(value) ? [`${name}.concat`] : [])
  const exported = doors
    .filter((door) => door.name !== 'given' && door.name !== 'x')
    .flatMap((door) => Object.keys(door.functions).flatMap((f) => (classesOf.test(f) ? [] : callable(door.functions[f], door.name === '' ? f : `${door.name}.${f}`))))
    .concat(methods)
  const covered = new Set(rows.map((row) => row.name))
  expect(exported.filter((name) => !covered.has(name) && !(name in neverWrong))).toEqual([])
  expect([...Object.keys(neverWrong).filter((name) => covered.has(name) || !exported.includes(name)), ...[...covered].filter((name) => !exported.includes(name))]).toEqual([])
})
