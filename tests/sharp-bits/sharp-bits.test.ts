/** docs/sharp-bits.md, line by line: what JavaScript does with arrays, what to write instead, and which rule finds it. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { jit, np, random } from '../../src/index.ts'

const x = np.array(0)
const y = np.array(0)
// As a user's plain JavaScript sees it: the types would refuse most of what follows.
const anything = (v: unknown): never => v as never

test('conditions: an array is true, zero too', () => {
  expect(anything(x) ? 'taken' : 'not').toBe('taken')
  expect(!anything(x)).toBe(false)
  expect(anything(x) && y).toBe(y)
  expect(anything(x) || y).toBe(x)
  expect([x.item() !== 0, np.logicalNot(x).js(), np.logicalAnd(x, y).js(), np.logicalOr(x, 1).js(), np.where(x, 1, 2).item()]).toEqual([false, true, false, true, 2])
})

test('equality compares handles', () => {
  expect([x === y, [x].includes(y), new Set([x, y]).size]).toEqual([false, false, 2])
  expect([np.arrayEqual(x, y).js(), x.equal(y).js()]).toEqual([true, true])
  const taken = ((v: unknown): string => {
    switch (v) {
      case 0:
        return 'zero'
      default:
        return 'none'
    }
  })(x)
  expect(taken).toBe('none')
  const table: Record<string, string> = { '0.0': 'by text' }
  expect(table[anything(x)]).toBe('by text')
})

test('arithmetic: + and == are refused, the rest works on a concrete scalar alone', () => {
  const two = anything(np.array(2))
  const many = anything(np.array([1, 2]))
  expect(() => two + two).toThrow('x.add(y)')
  expect(() => two == 1).toThrow('x.equal(y)') // oxlint-disable-line eqeqeq -- what is tested
  expect([two * 3, two > 1, -two]).toEqual([6, true, -2])
  expect(() => many > 0).toThrow('not one number')
  expect(() => jit((v: np.NDArray) => (anything(v) > 0 ? v : v.neg()))(np.array(1))).toThrow('not known while jit traces')
})

test('spreading is one operation a row, and numbers are float32', () => {
  expect([...np.array([[1], [2]])].map((row) => row.js())).toEqual([[1], [2]])
  expect([np.array(2.0).dtype, np.array(2, { dtype: 'int32' }).dtype]).toEqual(['float32', 'int32'])
})

test('what a jitted function does besides computing happens once, and it keeps what it closed over', () => {
  const seen: string[] = []
  let scale = 2
  const f = jit((v: np.NDArray) => {
    seen.push(String(v))
    return v.mul(scale)
  })
  expect(f(np.array([1])).js()).toEqual([2])
  scale = 10
  expect(f(np.array([1])).js()).toEqual([2])
  expect(seen).toEqual(['Traced<float32[1]>'])
})

test('a key used twice gives the same numbers', () => {
  const key = random.key(0)
  expect(random.normal(key, [3]).js()).toEqual(random.normal(key, [3]).js())
  const [a, b] = random.split(key)
  expect(random.normal(a!, [3]).js()).not.toEqual(random.normal(b!, [3]).js())
})

test('the configuration in the docs finds what rules can find', () => {
  const root = join(import.meta.dirname, '..', '..')
  const folder = join(root, 'node_modules', '.cache', `sharp-bits-${process.pid}`)
  const config = /```json\n([\s\S]*?)```/.exec(readFileSync(join(root, 'docs', 'sharp-bits.md'), 'utf8'))?.[1] ?? ''
  const lines = [
    "import { np } from 'pullback'",
    'const [x, y] = [np.array(1), np.array(1)]',
    'export const out: unknown[] = []',
    'if (x) out.push(1)',
    'while (x) break',
    'out.push(x ? 1 : 2)',
    'out.push(!x)',
    'out.push(x && y)',
    'out.push(x || y)',
    'out.push(x == (1 as never))',
    'out.push(x + (y as never))',
    'out.push(x === y)',
  ]
  mkdirSync(folder, { recursive: true })
  try {
    writeFileSync(join(folder, '.oxlintrc.json'), config)
    writeFileSync(join(folder, 'sample.ts'), lines.join('\n'))
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ extends: join(root, 'tsconfig.json'), compilerOptions: { paths: { pullback: [join(root, 'src', 'index.ts')] } }, include: ['sample.ts'] }))
    const { stdout } = spawnSync(process.execPath, [join(root, 'node_modules', 'oxlint', 'bin', 'oxlint'), '--type-aware', '--no-ignore', '-c', '.oxlintrc.json', '-f', 'unix', 'sample.ts'], { cwd: folder, encoding: 'utf8' })
    const found = new Map<number, Set<string>>()
    for (const [, line, rule] of stdout.matchAll(/sample\.ts:(\d+):\d+: .*\((\S+)\)\]/g)) found.set(Number(line), (found.get(Number(line)) ?? new Set()).add(rule!))
    const rules = (line: number): string[] => [...(found.get(line) ?? [])].sort()
    for (const line of [4, 5, 6, 8, 9]) expect(rules(line), lines[line - 1]).toEqual(['no-unnecessary-condition', 'strict-boolean-expressions'])
    expect(rules(7)).toEqual(['strict-boolean-expressions'])
    expect(rules(10)).toContain('eqeqeq')
    expect(rules(11)).toContain('restrict-plus-operands')
    // Two handles compared: nothing finds it.
    expect(rules(12)).toEqual([])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
