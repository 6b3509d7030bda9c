/**
 * The package as others get it: built, installed under node_modules, and used from plain Node, from TypeScript and
 * through a bundler. Tests that run on the sources hide faults of resolution.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { longTestTimeout } from '../scale.ts'

const root = join(import.meta.dirname, '..', '..')
const app = mkdtempSync(join(tmpdir(), 'pullback-app-'))
const installed = join(app, 'node_modules', 'pullback')
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly files: readonly string[]; readonly exports: Readonly<Record<string, unknown>> }
const entries = Object.keys(manifest.exports).filter((entry) => !entry.endsWith('.json')).map((entry) => entry.replace('.', 'pullback'))

function run(file: string, ...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [file, ...args], { cwd: app, encoding: 'utf8' })
  return { status, output: (stdout + stderr).trim() }
}

beforeAll(() => {
  mkdirSync(installed, { recursive: true })
  const built = spawnSync(process.execPath, [join(root, 'scripts', 'build.mjs'), join(installed, 'dist')], { cwd: root, encoding: 'utf8' })
  if (built.status !== 0) throw new Error(built.stdout + built.stderr)
  for (const file of ['package.json', ...manifest.files.filter((file) => file !== 'dist')]) cpSync(join(root, file), join(installed, file))
  for (const name of ['fp-ts', 'fast-check', '@types']) symlinkSync(join(root, 'node_modules', name), join(app, 'node_modules', name))
  writeFileSync(join(app, 'package.json'), '{ "type": "module" }')
}, longTestTimeout)
afterAll(() => rmSync(app, { recursive: true }))

const program = `import { grad, jit, np } from 'pullback'
const f = jit(grad((x) => np.sum(np.tanh(x))))
console.log(String(f(np.zeros([3]))))
`

test('every entry point loads in plain Node', () => {
  writeFileSync(join(app, 'all.mjs'), `for (const name of ${JSON.stringify(entries)}) console.log(name, Object.keys(await import(name)).length > 0)`)
  expect(run('all.mjs')).toEqual({ status: 0, output: entries.map((name) => `${name} true`).join('\n') })
})

test('a program runs in plain Node, and what it throws starts at its own line', () => {
  writeFileSync(join(app, 'program.mjs'), program)
  expect(run('program.mjs')).toEqual({ status: 0, output: '[1. 1. 1.]' })
  writeFileSync(join(app, 'wrong.mjs'), "import { np } from 'pullback'\ntry {\n  np.add(np.zeros([2]), np.zeros([3]))\n} catch (e) {\n  console.log(e.stack.split('\\n').find((row) => row.includes(' at ')))\n}\n")
  expect(run('wrong.mjs').output).toContain('wrong.mjs:3')
})

test('a bundler that trusts `sideEffects` keeps the wiring, for Node and for browsers', async () => {
  writeFileSync(join(app, 'program.mjs'), program)
  for (const conditions of [['node'], ['browser']]) {
    const outfile = join(app, `bundle-${conditions[0]}.mjs`)
    await build({
      entryPoints: [join(app, 'program.mjs')], bundle: true, format: 'esm', outfile, conditions, logLevel: 'silent',
      platform: conditions[0] === 'node' ? 'node' : 'neutral',
    })
    expect(run(outfile)).toEqual({ status: 0, output: '[1. 1. 1.]' })
  }
})

test('declarations are whole: a strict program compiles against them without skipLibCheck', () => {
  const uses = entries.map((name, i) => `import * as m${i} from '${name}'\nexport const x${i}: object = m${i}`).join('\n')
  writeFileSync(join(app, 'types.ts'), `import { grad, jit, type NDArray } from 'pullback'\n${uses}\nexport const f: (x: NDArray) => NDArray = jit(grad((x: NDArray) => x.mul(x).sum()))\n`)
  const options = { target: 'es2022', module: 'nodenext', lib: ['es2023', 'dom'], strict: true, exactOptionalPropertyTypes: true, noEmit: true, types: ['node'] }
  writeFileSync(join(app, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: ['types.ts'] }))
  expect(run(join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', '.')).toEqual({ status: 0, output: '' })
})

test('no file of the package names a file outside it', () => {
  expect(existsSync(join(installed, 'dist', 'index.js'))).toBe(true)
  expect(readFileSync(join(installed, 'dist', 'index.js'), 'utf8')).not.toContain(root)
})
