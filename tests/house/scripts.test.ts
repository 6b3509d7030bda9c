/** The commands that people and machines call. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..', '..')
const folder = mkdtempSync(join(tmpdir(), 'pullback-scripts-'))
afterAll(() => rmSync(folder, { recursive: true }))

function node(script: string, ...args: string[]): { status: number | null; lines: string[]; errors: string } {
  // A reporter's or a runner's own variables must not reach the inner run.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(VITEST|PULLBACK_TEST|NODE_ENV)/.test(name)))
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'scripts', script), ...args], { cwd: root, encoding: 'utf8', env })
  return { status, lines: stdout.trimEnd().split('\n'), errors: stderr }
}

function program(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

describe('run.mjs', () => {
  test('runs TypeScript with its arguments, and ends with its exit code', () => {
    const file = program('args.ts', 'const rest: string[] = process.argv.slice(2)\nconsole.log(rest.join("+"))\nprocess.exitCode = 3\n')
    expect(node('run.mjs', file, '--epochs', '2')).toMatchObject({ status: 3, lines: ['--epochs+2'] })
  })

  test('finds `pullback` by name; its errors start at the line that called', () => {
    const file = program('wrong.ts', "import { np } from 'pullback'\n\nnp.add(np.zeros([2]), np.zeros([3]))\n")
    const { status, errors } = node('run.mjs', file)
    expect(status).toBe(1)
    expect(/^\s+at .*$/m.exec(errors)?.[0]).toContain('wrong.ts:3')
  })

  test('says what is wrong with a program that does not parse', () => {
    const { status, errors } = node('run.mjs', program('broken.ts', 'const = 1\n'))
    expect([status, errors.includes('broken.ts:1:6')]).toEqual([1, true])
  })
})

describe('test.mjs', () => {
  test('a word selects test files by their path, and the last line counts', () => {
    const { status, lines } = node('test.mjs', 'data/idx-bytes')
    expect(status).toBe(0)
    expect(lines.at(-1)).toMatch(/^[1-9]\d* passed, 0 failed, 0 skipped$/)
  })

  test('a word that no path contains is a failure', () => {
    const { status, lines } = node('test.mjs', 'no-such-test')
    expect([status, lines.at(-1)]).toEqual([1, '0 passed, 1 failed, 0 skipped'])
  })

  test('an unknown option is a failure', () => {
    expect(node('test.mjs', '--fast')).toMatchObject({ status: 1, lines: ['0 passed, 1 failed, 0 skipped'] })
  })
})
