/** docs/sharp-bits.md, row by row: what JavaScript does with arrays, what to write instead, and what finds it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { jit, lax, makeJaxpr, np, random, vmap } from '../../src/index.ts'
import { type Finding, findings } from './findings.ts'

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'sharp-bits.md'), 'utf8')

// As a user's plain JavaScript sees it: the types would refuse most of what follows.
const anything = (v: unknown): never => v as never
const x = np.array(0)
const y = np.array(0)
/** A table with entries under the numbers that `x` might be taken for. */
const table: Record<string, string> = { 0: 'by number', '0.0': 'by text' }

interface Row {
  /** The row's first cell in the docs. */
  readonly written: string
  /** Lines, each with all that finds something in it; `x` and `y` are scalars there. A line by itself is there for others, and nothing is found in it. */
  readonly lines: readonly (string | readonly [line: string, ...by: string[]])[]
  readonly happens: () => void
}

const truth = ['strict-boolean-expressions', 'no-unnecessary-condition'] as const

const rows: readonly Row[] = [
  {
    written: '`if (x)`, `while (x)`, `x ? a : b`',
    lines: [['if (x) out.push(1)', ...truth], ['while (x) break', ...truth], ['out.push(x ? 1 : 2)', ...truth]],
    happens() {
      const taken: string[] = []
      if (anything(x)) taken.push('if')
      while (anything(x)) {
        taken.push('while')
        break
      }
      taken.push(anything(x) ? 'a' : 'b')
      expect(taken).toEqual(['if', 'while', 'a'])
      expect(x.item() !== 0).toBe(false)
      expect(np.where(np.array([0, 1]), 1, 2).js()).toEqual([2, 1])
    },
  },
  {
    written: '`!x`',
    lines: [['out.push(!x)', 'strict-boolean-expressions']],
    happens() {
      expect([!anything(x), !anything(np.array(1))]).toEqual([false, false])
      expect([np.logicalNot(x).js(), x.item() === 0]).toEqual([true, true])
    },
  },
  {
    written: '`x && y`, <code>x &#124;&#124; y</code>',
    lines: [['out.push(x && y)', ...truth], ['out.push(x || y)', ...truth]],
    happens() {
      expect(anything(x) && y).toBe(y)
      expect(anything(x) || y).toBe(x)
      expect([np.logicalAnd(x, 1).js(), np.logicalOr(x, 1).js()]).toEqual([false, true])
    },
  },
  {
    written: '`x === y`, `x !== y`, `x == y`',
    lines: [['out.push(x === y)', 'handles'], ['out.push(x !== y)', 'handles'], ['out.push(x == y)', 'eqeqeq']],
    happens() {
      expect([x === y, x !== y, x == y]).toEqual([false, true, false]) // oxlint-disable-line eqeqeq -- what is tested
      expect([np.arrayEqual(x, y).item(), x.equal(y).js()]).toEqual([1, true])
    },
  },
  {
    written: '`switch (x) { case 0: … }`',
    lines: [['switch (x) { case 0: out.push(0) }', 'TypeScript']],
    happens() {
      const taken = (v: unknown): string => {
        switch (v) {
          case 0:
            return 'zero'
          default:
            return 'none'
        }
      }
      expect([taken(x), taken(x.item())]).toEqual(['none', 'zero'])
      expect(jit((v: np.NDArray) => np.where(v.equal(0), 10, 20))(x).item()).toBe(10)
    },
  },
  {
    written: '`xs.includes(x)`, `xs.indexOf(x)`, `new Set([x])`',
    lines: [['out.push([x].includes(y))', 'handles'], ['out.push([x].indexOf(y))', 'handles'], ['out.push(new Set([x, y]))', 'handles']],
    happens() {
      expect([[x].includes(y), [x].indexOf(y), new Set([x, y]).size]).toEqual([false, -1, 2])
      expect([y].some((z) => np.arrayEqual(x, z).item() !== 0)).toBe(true)
    },
  },
  {
    written: '`table[x]`',
    lines: [['out.push(table[x])', 'TypeScript']],
    happens() {
      expect([table[anything(x)], table[x.item()]]).toEqual(['by text', 'by number'])
      expect(np.take(np.array([5, 6]), np.array(1, { dtype: 'int32' })).item()).toBe(6)
    },
  },
  {
    written: '`x + y`, `x == 1`',
    lines: [['out.push(x + y)', 'TypeScript', 'restrict-plus-operands'], ['out.push(x == 1)', 'TypeScript', 'eqeqeq']],
    happens() {
      expect(() => anything(x) + anything(y)).toThrow('x.add(y)')
      expect(() => anything(x) == 1).toThrow('x.equal(y)') // oxlint-disable-line eqeqeq -- what is tested
      expect([x.add(y).item(), x.equal(1).js()]).toEqual([0, false])
    },
  },
  {
    written: '`x > 0`, `x * 2`, `-x`',
    lines: [['out.push(x > 0)', 'TypeScript'], ['out.push(x * 2)', 'TypeScript'], ['out.push(-x)', 'no-unsafe-unary-minus']],
    happens() {
      const two = anything(np.array(2))
      expect([two > 1, two * 3, -two]).toEqual([true, 6, -2])
      const uses: readonly ((v: np.NDArray) => unknown)[] = [(v) => anything(v) > 0, (v) => anything(v) * 2, (v) => -anything(v)]
      for (const use of uses) {
        expect(() => use(np.array([1, 2]))).toThrow('not one number')
        const traced = jit((v: np.NDArray) => {
          use(v)
          return v
        })
        expect(() => traced(np.array(1))).toThrow('not known while jit traces')
      }
      expect([np.array([1, 2]).greater(1).js(), np.array([1, 2]).mul(2).js(), np.array([1, 2]).neg().js()]).toEqual([[false, true], [2, 4], [-1, -2]])
    },
  },
  {
    written: '`[...x]`, `for (const row of x)`',
    lines: [['out.push([...x])', 'rows'], ['for (const row of x) out.push(row)', 'rows']],
    happens() {
      const m = np.array([[1], [2], [3]])
      expect([...m].map((row) => row.js())).toEqual([[1], [2], [3]])
      const sines = (of: (f: (row: np.NDArray) => np.NDArray, rows: np.NDArray) => unknown): number => String(makeJaxpr((v: np.NDArray) => of(np.sin, v) as np.NDArray)(m)).split(' sin ').length - 1
      const byHand = sines((f, v) => {
        const out: np.NDArray[] = []
        for (const row of v) out.push(f(row))
        return np.stack(out)
      })
      expect([byHand, sines((f, v) => vmap(f)(v)), sines((f, v) => lax.scan((c: np.NDArray, row: np.NDArray) => [c, f(row)], np.array(0), v)[1])]).toEqual([3, 1, 1])
      expect(m.js()).toEqual([[1], [2], [3]])
    },
  },
  {
    written: '`2.0`',
    lines: [['out.push(np.array(2.0))', 'no-zero-fractions']],
    happens() {
      expect([np.array(2.0).dtype, np.array(2).dtype, np.array(2, { dtype: 'int32' }).dtype]).toEqual(['float32', 'float32', 'int32'])
    },
  },
  {
    written: '`list.push(y)`, `total += 1` in a jitted function',
    lines: ['let total = 0', ['out.push(jit((v: np.NDArray) => { total += 1; return v }))', 'once'], ['out.push(jit((v: np.NDArray) => { out.push(v); return v }))', 'once'], ['out.push(vmap((v: np.NDArray) => { out.push(v); return v }))', 'once'], ['out.push(lax.scan((c: np.NDArray) => { out.push(c); return [c, null] as const }, x, null, { length: 2 }))', 'once']],
    happens() {
      const list: string[] = []
      let total = 0
      const f = jit((v: np.NDArray) => {
        list.push(String(v))
        total += 1
        return v
      })
      for (let i = 0; i < 3; i++) f(np.array([1]))
      expect([list, total]).toEqual([['Traced<float32[1]>'], 1])
    },
  },
  {
    written: 'a variable from outside that changes',
    lines: ['let scale = 2', ['export const scaled = jit((v: np.NDArray) => v.mul(scale))', 'once'], 'scale = 3'],
    happens() {
      let scale = 2
      const f = jit((v: np.NDArray) => v.mul(scale))
      const g = jit((v: np.NDArray, by: number) => v.mul(by))
      const call = (): number[] => [f(np.array(1)).item(), g(np.array(1), scale).item()]
      expect(call()).toEqual([2, 2])
      scale = 10
      expect(call()).toEqual([2, 10])
    },
  },
  {
    written: '`random.normal(key, …)` twice with one key',
    lines: ['const key = random.key(0)', ['out.push(random.normal(key, [2]), random.normal(key, [2]))', 'keys']],
    happens() {
      const key = random.key(0)
      expect(random.normal(key, [3]).js()).toEqual(random.normal(key, [3]).js())
      const [a, b] = random.split(key)
      expect(random.normal(a!, [3]).js()).not.toEqual(random.normal(b!, [3]).js())
    },
  },
]

/** The cells of the table in the docs: what is written, and what finds it. */
const cells = page
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| written'))
  .map((line) => line.slice(2, -2).split(' | '))
const cell = (written: string): string => cells.find(([first]) => first === written)?.at(-1) ?? ''

test('every row of the table is tried here', () => {
  expect(rows.map((row) => row.written)).toEqual(cells.map(([first]) => first))
})

describe('what happens, and what to write instead', () => {
  for (const row of rows) test(row.written, row.happens)
})

/** What is right beside it, in which nothing is to be found. */
const right = [
  'export const given = (v: np.NDArray | null) => (v === null ? 0 : v.size)',
  'out.push(x.shape === y.shape, x.item() === y.item(), [1].includes(x.item()), new Set([x.item()]))',
  'out.push(jit((v: np.NDArray) => { const seen: np.NDArray[] = []; seen.push(v.add(table["a"] ?? 0)); return seen }))',
  'const [a, b] = random.split(random.key(1))',
  'out.push(random.normal(a!, [2]), random.normal(b!, [2]), random.foldIn(random.foldIn(random.key(1), 2), 3))',
]

describe('what finds it is what the docs say', () => {
  const prelude = ["import { jit, lax, np, random, vmap } from 'pullback'", 'const [x, y] = [np.array(1), np.array(1)]', 'const table: Record<string, number> = {}', 'export const out: unknown[] = []', ...right]
  const lines = [...prelude.map((line) => [line]), ...rows.flatMap((row) => row.lines.map((line) => (typeof line === 'string' ? [line] : line)))]
  let found: readonly Finding[] = []
  const block = (language: string): string => new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(page)?.[1] ?? ''
  beforeAll(() => {
    found = findings(lines.map(([line]) => line ?? ''), block('json'), block('js plugin'))
  })

  test('each line is found by what is said of it, and what is right by nothing', () => {
    const by = (i: number): string[] => [...new Set(found.filter((f) => f.line === i + 1).map((f) => f.by))].toSorted()
    expect(lines.map(([line], i) => [line, ...by(i)])).toEqual(lines.map(([line, ...names]) => [line, ...names.toSorted()]))
  })
  test.each(rows)('$written', ({ written, lines }) => {
    const named = [...cell(written).matchAll(/TypeScript|(?<=`(?:pullback\/)?)[a-z-]{4,}(?=`)/g)].map(([name]) => name)
    const finders = new Set(lines.flatMap((line) => (typeof line === 'string' ? [] : line.slice(1))))
    expect([...finders].sort()).toEqual(named.toSorted())
    expect(named.length).toBeGreaterThan(0)
  })
})
