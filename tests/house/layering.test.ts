/**
 * The house keeps its floors: imports point towards `core`, only `platform` names Node or the browser, and no value
 * depends on itself through a ring of files.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Import } from './imports.ts'
import { cycles, importGraph, importsOf, withoutComments } from './imports.ts'

const source = join(import.meta.dirname, '..', '..', 'src')
const graph = importGraph(source)

const userFunctions = ['numpy', 'lax', 'random', 'nn', 'scipy', 'debug', 'tree']
const inner = ['core', 'transforms', 'families', ...userFunctions]

/** What each floor may import besides itself, `fp` and `platform`, which everybody may. */
const mayImport: { readonly [floor: string]: readonly string[] } = {
  fp: [],
  platform: [],
  core: [],
  transforms: ['core'],
  lowering: ['core'],
  backends: ['core', 'lowering'],
  families: ['core', 'lowering', 'backends'],
  ...Object.fromEntries(userFunctions.map((floor) => [floor, inner])),
  'wire.ts': [...inner, 'lowering', 'backends'],
  'lower.ts': [...inner, 'lowering', 'wire.ts'],
  'init.ts': [...inner, 'backends', 'wire.ts'],
  'index.ts': [...inner, 'wire.ts', 'lower.ts', 'init.ts'],
}

/** Everything else is built as a user would build it: on doors. */
const doors = new Set(['index.ts', 'wire.ts', ...readdirSync(source).filter((f) => statSync(join(source, f)).isDirectory() && !Object.hasOwn(mayImport, f)).map((f) => `${f}/index.ts`)])

const floorOf = (file: string): string => file.split('/')[0] ?? file

/** Why `file` may not have this import, or null when it may. */
function objection(file: string, { specifier, target }: Import): string | null {
  const floor = floorOf(file)
  const says = (why: string): string => `${file} imports ${specifier}: ${why}`
  if (target === null) {
    if (specifier.startsWith('node:')) return floor === 'platform' ? null : says('only platform names node:')
    if (floor === 'fp' && specifier.startsWith('fp-ts/')) return null
    if (specifier.startsWith('fp-ts')) return says('fp-ts comes through src/fp')
    return floor === 'platform' || floor === 'testing' || floor === 'plot' ? null : says('the library has no such dependency')
  }
  if (!graph.has(target)) return says('there is no such file')
  if (floorOf(target) === floor) return null
  if (floorOf(target) === 'platform' && specifier !== '#platform' && !target.endsWith('/types.ts')) return says('the platform is chosen by #platform')
  if (floor === 'platform' || floor === 'fp') return says('it knows nobody')
  if (floorOf(target) === 'platform' || floorOf(target) === 'fp') return null
  const allowed = mayImport[floor]
  if (allowed === undefined) return doors.has(target) ? null : says('it knows only public entry points and platform')
  return allowed.includes(floorOf(target)) ? null : says(`${floor} may import only ${['fp', 'platform', ...allowed].join(', ')}`)
}

test('imports point towards core, and from stax on to public entry points only', () => {
  const objections = [...graph].flatMap(([file, imports]) => imports.map((i) => objection(file, i)).filter((o) => o !== null))
  expect(objections).toEqual([])
})

test('only platform names the window or the process', () => {
  const global = /\btypeof (window|process|document|navigator|self)\b|\bglobalThis\.(process|window|document|navigator)\b|\b(document|navigator)\.[a-z]|\bwindow\.(location|navigator|performance|crypto|document)\b|\bprocess\.(env|argv|cwd|exit|hrtime|memoryUsage|pid|platform|stderr|stdout|versions)\b|\bBuffer\.[a-z]|(?<!\.)\brequire\(/
  const named = [...graph.keys()].filter((file) => floorOf(file) !== 'platform' && global.test(withoutComments(readFileSync(join(source, file), 'utf8'))))
  expect(named).toEqual([])
})

test('no import cycles, types aside', () => {
  expect(cycles(graph)).toEqual([])
})

test('the rooms of the shader writer know each other in one direction', () => {
  const order = ['library', 'shader', 'expression', 'loop-kernel', 'contraction', 'sort', 'scatter', 'whole-loops', '']
  const roomOf = (file: string): number => order.indexOf(/^lowering\/wgsl\/(?:([^/]+)\/)?/.exec(file)?.[1] ?? '')
  const files = [...graph].filter(([file]) => file.startsWith('lowering/wgsl/'))
  expect(files.filter(([file]) => roomOf(file) < 0).map(([file]) => file)).toEqual([])
  expect(files.filter(([file]) => roomOf(file) === 0).length).toBeGreaterThan(0)
  const upward = files.flatMap(([file, imports]) => imports.filter(({ target }) => target?.startsWith('lowering/wgsl/') === true && roomOf(target) > roomOf(file)).map(({ specifier }) => `${file}: ${specifier}`))
  expect(upward).toEqual([])
})

test('relative imports name the file with its ending', () => {
  const wrong = [...graph].flatMap(([file, imports]) => imports.filter(({ specifier }) => specifier.startsWith('.') && !specifier.endsWith('.ts')).map(({ specifier }) => `${file}: ${specifier}`))
  expect(wrong).toEqual([])
})

describe('the check itself', () => {
  test('reads every form of import, and knows which are erased', () => {
    const text = [
      "import { a } from './a.ts'",
      "import type { B } from './b.ts'",
      "import {\n  type C,\n  type D,\n} from './c.ts'",
      "import './d.ts'",
      "export * from './e.ts'",
      "export type { F } from '../f.ts'",
      "const g = await import('./g.ts')",
      "// import { h } from './h.ts'",
      "import * as E from '../fp/either.ts'",
      "import { collectGarbage } from '#platform'",
    ].join('\n')
    expect(importsOf('core/x.ts', text).map(({ target, typeOnly }) => [target, typeOnly])).toEqual([
      ['core/a.ts', false],
      ['core/b.ts', true],
      ['core/c.ts', true],
      ['core/e.ts', false],
      ['f.ts', true],
      ['fp/either.ts', false],
      ['platform/node.ts', false],
      ['core/d.ts', false],
      ['core/g.ts', false],
    ])
  })

  test('finds a ring, and lets a ring of types be', () => {
    const edge = (target: string, typeOnly = false): Import => ({ specifier: `./${target}`, target, typeOnly })
    expect(cycles(new Map([['a.ts', [edge('b.ts')]], ['b.ts', [edge('c.ts')]], ['c.ts', [edge('a.ts')]]]))).toEqual([['a.ts', 'b.ts', 'c.ts']])
    expect(cycles(new Map([['a.ts', [edge('b.ts')]], ['b.ts', [edge('a.ts', true)]]]))).toEqual([])
  })

  test('refuses an arrow that points down the list', () => {
    const up: Import = { specifier: '../lowering/index.ts', target: [...graph.keys()].find((f) => f.startsWith('lowering/')) ?? null, typeOnly: false }
    expect(objection('core/x.ts', up)).toContain('core may import only fp, platform')
    expect(objection('core/x.ts', { specifier: 'node:fs', target: null, typeOnly: false })).toContain('only platform names node:')
    expect(objection('stax/dense.ts', { specifier: '../core/aval.ts', target: 'core/aval.ts', typeOnly: false })).toContain('public entry points')
  })
})
