/** Every Monoid and Eq that a module of the library exports satisfies its laws. They are found, not listed. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { debug, type NDArray, np, tree } from 'pullback'
import { adam, chain, type GradientTransformation, identity, momentum, sgd } from 'pullback/optimizers'
import { describe, expect, test } from 'vitest'
import { type Aval, aval } from '../../src/core/aval.ts'
import { dtypes } from '../../src/core/dtype.ts'
import { parseJaxpr } from '../../src/core/parse.ts'
import { printJaxpr } from '../../src/core/print.ts'
import type { MemoryUse } from '../../src/core/storage.ts'
import { flatten, type Structure } from '../../src/core/tree.ts'
import { type Eq } from '../../src/fp/eq.ts'
import { concatAll, type Monoid } from '../../src/fp/monoid.ts'
import { arbitraryJaxpr } from '../core/arbitrary-jaxpr.ts'
import { importGraph } from '../house/imports.ts'
import { numRuns } from '../scale.ts'
import { labels, trees } from './arbitrary-tree.ts'

const source = join(import.meta.dirname, '..', '..', 'src')

/** `optimizers/transformation.ts monoid`: each export whose declared type is a Monoid or an Eq. */
const found = [...importGraph(source)]
  .filter(([file, imports]) => !file.startsWith('fp/') && imports.some(({ target }) => target === 'fp/monoid.ts' || target === 'fp/eq.ts'))
  .flatMap(([file]) => [...readFileSync(join(source, file), 'utf8').matchAll(/^export (?:const|function) (\w+)\b[^=\n]*?: (Monoid|Eq)</gm)].map(([, name = '', kind = '']) => ({ file, name, kind })))

/** Values of an instance's type; of an Eq in pairs, so that some are equal and made apart. */
interface Samples<T> {
  readonly values: fc.Arbitrary<T>
  /** The same value, made again. */
  readonly again?: (x: T) => T
  /** When two values of a Monoid are the same. */
  readonly same?: (x: T, y: T) => boolean
}
/** Hides the type that each line's parts agree on. */
const samples = <T>(s: Samples<T>): Samples<unknown> => s as Samples<unknown>

const transformations: fc.Arbitrary<GradientTransformation> = fc.letrec<{ t: GradientTransformation }>((tie) => ({
  t: fc.oneof(
    { maxDepth: 2, depthSize: 'small' },
    fc.constant(identity),
    fc.constantFrom(0.5, 0.1).map((rate) => sgd(rate)),
    fc.boolean().map((nesterov) => momentum(0.1, 0.9, { nesterov })),
    fc.constant(null).map(() => adam(0.01)),
    fc.array(tie('t'), { maxLength: 2 }).map((parts) => chain(...parts)),
  ),
})).t

/** What can be seen of a transformation: its updates over some steps, and what its state holds. */
function behaviour(t: GradientTransformation): unknown {
  const params = { w: np.array([[1, -2], [0.5, 3]]), b: [np.array(2)] }
  let state = t.init(params)
  const seen: unknown[] = []
  for (let i = 0; i < 3; i++) {
    const [updates, next] = t.update(tree.map((p: NDArray) => np.sin(p.add(i)), params), state, params)
    state = next
    seen.push(tree.leaves(updates).map((x) => np.asarray(x).js()), tree.leaves(state).map((x) => np.asarray(x).js()))
  }
  return seen
}

const avals: fc.Arbitrary<Aval> = fc
  .tuple(fc.array(fc.nat(2), { maxLength: 2 }), fc.constantFrom(...dtypes.slice(0, 3)), fc.boolean())
  .map(([shape, dtype, weak]) => aval(shape, dtype, weak))

const table: Readonly<Record<string, Samples<unknown>>> = {
  'optimizers/transformation.ts monoid': samples({ values: transformations, same: (x, y) => JSON.stringify(behaviour(x)) === JSON.stringify(behaviour(y)) }),
  'core/debug.ts memoryMonoid': samples<MemoryUse>({ values: fc.record({ arrays: fc.nat(), bytes: fc.nat(), peakBytes: fc.nat() }), same: (x, y) => JSON.stringify(x) === JSON.stringify(y) }),
  'core/aval.ts eqAval': samples({ values: avals, again: (a) => aval([...a.shape], a.dtype, a.weakType) }),
  'core/jaxpr-key.ts eqJaxpr': samples({ values: arbitraryJaxpr({ equations: 3 }), again: (p) => parseJaxpr(printJaxpr(p)) }),
  'core/tree.ts eqStructure': samples<Structure>({ values: trees.map((t) => flatten(t)[1]), again: (s) => flatten(tree.unflatten(s, Array.from({ length: s.leaves }, () => 0)))[1] }),
  'core/value-key.ts eqValue': samples({ values: labels, again: copy }),
}

/** Plain data made again; what is itself alone stays. */
function copy(x: unknown): unknown {
  if (Array.isArray(x)) return x.map(copy)
  if (typeof x !== 'object' || x === null || (Object.getPrototypeOf(x) ?? Object.prototype) !== Object.prototype) return x
  return Object.fromEntries(Object.entries(x).map(([name, v]) => [name, copy(v)]))
}

test('each is found, and has values to be tried on', () => {
  expect(found.map(({ file, name }) => `${file} ${name}`).sort()).toEqual(Object.keys(table).sort())
})

const instance = async (file: string, name: string): Promise<unknown> => {
  const module = (await import(join(source, file))) as Readonly<Record<string, unknown>>
  return module[name]
}

describe.each(found.filter(({ kind }) => kind === 'Eq'))('the Eq $name of $file', ({ file, name }) => {
  const { values, again = (x: unknown) => x } = table[`${file} ${name}`] ?? samples({ values: fc.constant(null) })

  test('is reflexive, symmetric and transitive, and equal is what is made again', async () => {
    const { equals } = (await instance(file, name)) as Eq<unknown>
    let equal = 0
    fc.assert(
      fc.property(values, values, values, (x, y, z) => {
        expect(equals(x, x)).toBe(true)
        expect(equals(x, again(x)) && equals(again(x), x)).toBe(true)
        expect(equals(x, y)).toBe(equals(y, x))
        if (equals(x, y)) {
          equal++
          expect(equals(x, z)).toBe(equals(y, z))
        }
        expect(equals(x, y)).toBe(equals(again(x), again(y)))
      }),
      { numRuns: numRuns * 4 },
    )
    expect(equal).toBeLessThan(numRuns * 4)
  })
})

describe.each(found.filter(({ kind }) => kind === 'Monoid'))('the Monoid $name of $file', ({ file, name }) => {
  const { values, same = Object.is } = table[`${file} ${name}`] ?? samples({ values: fc.constant(null) })

  test('is associative, with `empty` as its unit, and concatAll is the fold', async () => {
    const m = (await instance(file, name)) as Monoid<unknown>
    fc.assert(
      fc.property(values, values, values, (x, y, z) => {
        expect(same(m.concat(m.concat(x, y), z), m.concat(x, m.concat(y, z)))).toBe(true)
        expect(same(m.concat(m.empty, x), x) && same(m.concat(x, m.empty), x)).toBe(true)
        expect(same(concatAll(m)([x, y, z]), m.concat(x, m.concat(y, z)))).toBe(true)
        expect(same(concatAll(m)([]), m.empty)).toBe(true)
      }),
      { numRuns: Math.ceil(numRuns / 5) },
    )
  })
})

test('the reports of all devices add up to one', () => {
  expect(debug.memoryMonoid.concat({ arrays: 1, bytes: 4, peakBytes: 9 }, { arrays: 2, bytes: 8, peakBytes: 16 })).toEqual({ arrays: 3, bytes: 12, peakBytes: 25 })
  const reports = Object.values(debug.memory())
  const whole = concatAll(debug.memoryMonoid)(reports)
  expect(reports.length).toBeGreaterThan(1)
  for (const part of ['arrays', 'bytes', 'peakBytes'] as const) expect(whole[part]).toBe(reports.reduce((sum, report) => sum + report[part], 0))
})
