/**
 * Every program in README and docs/ compiles under the project's own strict options, runs, and prints what the page says. One
 * that imports vitest is a test file, as a reader would paste it into a project: vitest runs it.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { longTestTimeout } from '../scale.ts'
import { programsOf } from './extract.ts'
import { type Outcome, runTestFiles } from './test-files.ts'

const root = join(import.meta.dirname, '..', '..')
const docs = join(root, 'docs')
const pages = ['README.md', 'CONTRIBUTING.md', ...(existsSync(docs) ? readdirSync(docs, { recursive: true, encoding: 'utf8' }).map((file) => `docs/${file}`) : [])].filter((page) => page.endsWith('.md'))
const programs = pages.flatMap((page) => programsOf(readFileSync(join(root, page), 'utf8')).map((program) => ({ page, ...program })))

interface Ran {
  readonly file: string
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

const fileOf = (i: number): string => `${String(i).padStart(3, '0')}.ts`
// In the project, so that the programs' other imports resolve.
const folder = mkdtempSync(join(root, 'node_modules', '.pullback-docs-'))
const ran = new Map<string, Ran>()
const isTestFile = (code: string): boolean => code.includes("from 'vitest'")
const testFolder = join(folder, 'tests')
let tested: ReadonlyMap<string, Outcome> = new Map()

beforeAll(() => {
  mkdirSync(testFolder)
  for (const [i, { code }] of programs.entries()) writeFileSync(join(isTestFile(code) ? testFolder : folder, fileOf(i)), `${code}\nexport {}\n`)
  if (programs.length === 0) return
  const { stdout, stderr } = spawnSync(process.execPath, [join(root, 'scripts', 'run-each.mjs'), folder], { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 28 })
  if (stdout === '') throw new Error(`the programs could not be bundled:\n${stderr}`)
  for (const line of stdout.trim().split('\n')) {
    const result = JSON.parse(line) as Ran
    ran.set(result.file, result)
  }
}, longTestTimeout)
beforeAll(() => {
  tested = runTestFiles(programs.flatMap(({ code }, i) => (isTestFile(code) ? [{ name: fileOf(i), code }] : [])))
}, longTestTimeout)
afterAll(() => rmSync(folder, { recursive: true }))

test('the programs compile', () => {
  const options = { noUnusedLocals: false, isolatedDeclarations: false, declaration: false, typeRoots: [join(root, 'node_modules', '@types')] }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ extends: join(root, 'tsconfig.json'), compilerOptions: options, include: ['*.ts', 'tests/*.ts'] }))
  if (programs.length === 0) return
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const { stdout } = spawnSync(process.execPath, [tsc, '--noEmit', '-p', folder], { cwd: folder, encoding: 'utf8' })
  const named = stdout.replace(/(\d{3})\.ts\((\d+),/g, (_, i: string, line: string) => {
    const program = programs[Number(i)]
    return program === undefined ? `${i}.ts(${line},` : `${program.page}:${program.line} (its line ${line},`
  })
  expect(named).toBe('')
})

test.each(programs.map((program, i) => ({ ...program, i })))('$page:$line', ({ i, code, output }) => {
  if (isTestFile(code)) {
    expect(tested.get(fileOf(i))).toEqual({ failures: [], passed: code.match(/^ *test\(/gm)?.length ?? 0 })
    return
  }
  const result = ran.get(fileOf(i))
  expect(result?.stderr).toBe('')
  expect(result?.status).toBe(0)
  if (output !== null) expect(result?.stdout.trimEnd()).toBe(output.trimEnd())
})

test('every link to a file of the project leads somewhere', () => {
  const dead = pages.flatMap((page) =>
    [...readFileSync(join(root, page), 'utf8').matchAll(/\]\(([^)#\s]+)[^)]*\)/g)]
      .map(([, link = '']) => link)
      .filter((link) => !/^[a-z]+:/.test(link) && !existsSync(join(root, dirname(page), link)))
      .map((link) => `${page}: ${link}`),
  )
  expect(dead).toEqual([])
})

describe('the reading of pages', () => {
  const page = (...rows: string[]): string => rows.join('\n')

  test('finds programs, their next lines and their output', () => {
    const text = page('# T', '```ts', 'a()', '```', '```text', '1', '```', 'and', '```ts continued', 'b()', '```', '```text', '2', '```', '```sh', 'ls', '```', '```ts', 'c()', '```')
    expect(programsOf(text)).toEqual([
      { line: 2, code: 'a()\nb()', output: '1\n2' },
      { line: 18, code: 'c()', output: null },
    ])
  })

  test('refuses a block of code that would not run', () => {
    expect(() => programsOf(page('```js', 'a()', '```'))).toThrow('line 1')
  })
})
