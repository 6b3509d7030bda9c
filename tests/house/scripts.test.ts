/** The commands that people and machines call. */
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
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

describe('licences.mjs', () => {
  const mit = 'MIT License\n\nCopyright (c) 2020 Somebody\n\nPermission is hereby granted, free of charge, …\n'
  interface Package {
    readonly license: string
    readonly text?: string
    readonly dependencies?: Readonly<Record<string, string>>
  }
  /** The script in a project of its own, which depends on `a`. */
  function checked(packages: Readonly<Record<string, Package>>, notice: string): { status: number | null; output: string } {
    const project = mkdtempSync(join(folder, 'licences-'))
    const put = (path: string, text: string): void => {
      mkdirSync(join(project, path, '..'), { recursive: true })
      writeFileSync(join(project, path), text)
    }
    mkdirSync(join(project, 'scripts'))
    copyFileSync(join(root, 'scripts', 'licences.mjs'), join(project, 'scripts', 'licences.mjs'))
    put('scripts/bundle.mjs', `export const root = ${JSON.stringify(project)}\n`)
    put('package.json', JSON.stringify({ name: 'mine', license: 'MIT', files: ['LICENSE', 'NOTICE'], dependencies: { a: '1.0.0' }, peerDependencies: {} }))
    put('LICENSE', mit)
    put('NOTICE', notice)
    for (const [name, { license, text = mit, dependencies = {} }] of Object.entries(packages)) {
      put(`node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.0.0', license, dependencies }))
      put(`node_modules/${name}/LICENSE`, text)
    }
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(project, 'scripts', 'licences.mjs')], { encoding: 'utf8' })
    return { status, output: (stdout + stderr).trim() }
  }
  const named = 'a (MIT, Copyright (c) 2020 Somebody)'

  test('passes what may be passed on, and lists it', () => {
    expect(checked({ a: { license: 'MIT', dependencies: { b: '1' } }, b: { license: 'MIT' } }, named)).toEqual({ status: 0, output: 'licences: a 1.0.0 MIT, b 1.0.0 MIT' })
  })

  test.each([
    ['a licence that asks for more, of a dependency of a dependency', { a: { license: 'MIT', dependencies: { b: '1' } }, b: { license: 'GPL-3.0' } }, named, 'b is under GPL-3.0; known to be compatible are MIT'],
    ['a text that says something else', { a: { license: 'MIT', text: 'GNU GENERAL PUBLIC LICENSE\nCopyright (c) 2020 Somebody\n' } }, named, 'a says MIT, and its LICENSE says something else'],
    ['a copyright line that NOTICE lacks', { a: { license: 'MIT' } }, 'nobody', 'NOTICE does not say: a (MIT, Copyright (c) 2020 Somebody)'],
  ] as const)('finds %s', (_, packages, notice, said) => {
    const { status, output } = checked(packages, notice)
    expect([status, output.includes(said)], output).toEqual([1, true])
  })
})
