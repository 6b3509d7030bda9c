/** Every dependency has a reason that is written down, and a place that uses it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { importGraph } from './imports.ts'

const root = join(import.meta.dirname, '..', '..')
const page = readFileSync(join(root, 'docs', 'dependencies.md'), 'utf8')
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
  readonly sideEffects: readonly string[]
}

test('each package is named with its exact version', () => {
  // `npm:typescript@5.4.5` is an older version beside the one in use, under a name of its own.
  const all = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }).map(([name, version]) => [name, version.replace(/^npm:.+@/, '')] as const)
  expect(all.filter(([name, version]) => !/^\d+\.\d+\.\d+$/.test(version) || !page.includes(`${name}${name === 'fp-ts' ? '**' : ''} ${version}`))).toEqual([])
})

test('each fp-ts module is one file, in use, and has a place that would be worse without it', () => {
  const graph = importGraph(join(root, 'src'))
  const used = new Set([...graph].filter(([file]) => !file.startsWith('fp/')).flatMap(([, imports]) => imports.map(({ target }) => target)))
  for (const file of readdirSync(join(root, 'src', 'fp'))) {
    const [, module = file] = /from 'fp-ts\/lib\/(\w+)\.js'\n$/.exec(readFileSync(join(root, 'src', 'fp', file), 'utf8')) ?? []
    expect(page, file).toContain(`| \`${module}\` |`)
    expect(used, `src/fp/${file} is used by nobody`).toContain(`fp/${file}`)
  }
})

test('the wiring and a worker\'s file alone have side effects', () => {
  expect(manifest.sideEffects).toEqual(['./dist/wire.js', './dist/platform/worker.js', './src/wire.ts', './src/platform/worker.ts'])
  expect(existsSync(join(root, 'src', 'wire.ts'))).toBe(true)
})
