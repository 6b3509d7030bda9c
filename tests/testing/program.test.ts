/** The program generator keeps its own promises. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { compileFunction } from 'node:vm'
import { transform } from 'esbuild'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as pullback from 'pullback'
import { type Program, type ProgramOptions, programs } from 'pullback/testing'
import { numRuns, sized } from '../scale.ts'

const root = join(import.meta.dirname, '..', '..')

/** With keys in and out, and some arrays of more than 64 elements. */
const large: ProgramOptions = { dtypes: ['float32', 'float64', 'int32', 'bool', 'key'], elements: 5000 }
const kinds: readonly ProgramOptions[] = [{}, { smooth: true }, { dtypes: ['float64', 'float16', 'int8', 'uint32', 'bfloat16', 'bool'] }, { depth: 0, statements: 3 }, large]
const always = (options: ProgramOptions, check: (f: Program, seed: number) => void): void => fc.assert(fc.property(programs(options), fc.nat(1000), check), { numRuns })
const bytes = (ys: readonly pullback.NDArray[]): string => ys.map((y) => `${y.dtype}[${y.shape.join()}] ${[...(y.dtype === 'key' ? pullback.random.keyData(y) : y).dataSync()].map((v) => (Object.is(v, -0) ? '-0' : String(v))).join()}`).join('; ')

test.each(kinds)('operands and results have the types announced: %j', (options) => {
  always(options, (f, seed) => {
    const xs = f.args(seed)
    expect(xs.map(({ shape, dtype }) => ({ shape, dtype }))).toEqual(f.operands)
    expect(f.apply(...xs).map(({ shape, dtype }) => ({ shape, dtype }))).toEqual(f.results)
  })
})

test.each<ProgramOptions>([{}, { families: ['random'], statements: 1 }, { families: ['sorting', 'random'], depth: 0, statements: 2 }])('a smooth program gives a number to differentiate, also when it is small: %j', (options) => {
  always({ ...options, smooth: true }, (f) => {
    expect(f.results.some(({ dtype }) => dtype === 'float64')).toBe(true)
  })
})

test('keys, arrays that hold nothing and arrays that hold much come up among operands and results', () => {
  const all = fc.sample(programs(large), { seed: 1, numRuns: 400 })
  const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1)
  for (const types of [all.map((f) => f.operands), all.map((f) => f.results)]) {
    const having = (has: (t: pullback.ShapeDtype) => boolean): number => types.filter((ts) => ts.some(has)).length
    expect([having((t) => t.dtype === 'key'), having((t) => size(t.shape) === 0), having((t) => size(t.shape) > 64), having((t) => size(t.shape) > 1000)].filter((n) => n < 10)).toEqual([])
    expect(having((t) => size(t.shape) > 5000)).toBe(0)
  }
  expect(fc.sample(programs(), { seed: 1, numRuns: 100 }).every((f) => [...f.operands, ...f.results].every((t) => t.dtype !== 'key' && size(t.shape) <= 64))).toBe(true)
})

test('nothing is drawn from a row that holds nothing: the programs of seed 52 would', () => {
  const options: ProgramOptions = { dtypes: ['float32', 'float64', 'float16', 'bfloat16', 'int8', 'int16', 'int32', 'uint8', 'uint16', 'uint32', 'bool', 'key'], families: ['random'], depth: 0, statements: 8 }
  for (const seed of [52, 53, 54]) expect(fc.sample(programs(options), { seed, numRuns: 5 })).toHaveLength(5)
})

test('indices of one place have one dtype, among whole numbers of several', () => {
  const operands = [{ shape: [], dtype: 'uint8' }, { shape: [], dtype: 'int32' }, { shape: [3, 3, 2], dtype: 'float32' }] as const
  expect(fc.sample(programs({ operands, families: ['indexing'], depth: 0 }), { seed: 1, numRuns: 50 })).toHaveLength(50)
})

/** Types between which a program reads bits: `f32[3] u8[3,4]`. */
const bitsRead = (f: Program): string[] => {
  const text = String(f)
  return [...text.matchAll(/(\S+) = bitcastConvertType\[\S+\] ([a-z]+)/g)].map(([, to = '', from]) => `${new RegExp(`\\b${from}:(\\S+?\\])`).exec(text)?.[1]} ${to.split(':')[1]}`)
}

test('bits are read as numbers of the same width, as several narrower ones and as a wider one, floats among them', () => {
  const read = fc.sample(programs({ ...large, dtypes: ['float32', 'float16', 'int32', 'int8'], families: ['elementwise'], depth: 0 }), { seed: 1, numRuns: 300 }).flatMap(bitsRead)
  const rank = (type: string): number => (type.endsWith('[]') ? 0 : type.split(',').length)
  const kind = (type: string): string => (/^b?f/.test(type) ? 'float' : 'whole')
  const found = new Set(read.map((r) => r.split(' ')).map(([from = '', to = '']) => `${kind(from)} to ${['wider', 'same', 'narrower'][1 + rank(to) - rank(from)]} ${kind(to)}`))
  expect([...found].sort()).toEqual(['float to narrower whole', 'float to same whole', 'whole to narrower float', 'whole to narrower whole', 'whole to same float', 'whole to same whole', 'whole to wider float', 'whole to wider whole'])
})

test('which of its bit patterns a NaN has changes nothing', () => {
  const nan = (bits: number, { shape }: pullback.ShapeDtype): pullback.NDArray => pullback.lax.bitcastConvertType(pullback.np.full([...shape], bits, { dtype: 'uint32' }), 'float32')
  always({ dtypes: ['float32'], families: ['elementwise', 'windows'], depth: 0 }, (f) => {
    const [quiet, negative] = [0x7fc00000, 0xffc00000].map((bits) => bytes(f.apply(...f.operands.map((t) => nan(bits, t)))))
    expect(negative).toBe(quiet)
  })
})

test('a seed gives the same operands, and they the same values', () => {
  always(large, (f, seed) => {
    expect(bytes(f.args(seed))).toBe(bytes(f.args(seed)))
    expect(bytes(f.apply(...f.args(seed)))).toBe(bytes(f.apply(...f.args(seed))))
  })
})

/** The function that printed TypeScript defines. */
async function compile(text: string): Promise<Program['apply']> {
  const { code } = await transform(text, { loader: 'ts' })
  const [, names = ''] = /^import \{(.*)\} from "pullback";$/m.exec(code) ?? []
  const body = `const {${names}} = pullback\n${code.replace(/^import .*$/m, '')}\nreturn f`
  // The text defines f, of the type that Program announces.
  return (compileFunction(body, ['pullback']) as (front: typeof pullback) => Program['apply'])(pullback)
}

test('the TypeScript that a program prints gives what the program gives', async () => {
  await fc.assert(
    fc.asyncProperty(programs({ dtypes: large.dtypes! }), fc.nat(1000), async (f, seed) => {
      const pasted = await compile(String(f))
      expect(bytes(pasted(...f.args(seed)))).toBe(bytes(f.apply(...f.args(seed))))
    }),
    { numRuns },
  )
})

test('the TypeScript that programs print is well typed', () => {
  // In the project, so that `pullback` is found.
  const folder = mkdtempSync(join(root, 'node_modules', '.pullback-printed-'))
  try {
    fc.sample(programs({ dtypes: large.dtypes! }), { seed: 1, numRuns: sized(100, 1000) }).forEach((f, i) => writeFileSync(join(folder, `${i}.ts`), String(f)))
    const options = { noUnusedLocals: false, noUnusedParameters: false, isolatedDeclarations: false, declaration: false, moduleDetection: 'force', typeRoots: [join(root, 'node_modules', '@types')] }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ extends: join(root, 'tsconfig.json'), compilerOptions: options, include: ['*.ts'] }))
    const { stdout } = spawnSync(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '--noEmit', '-p', folder], { cwd: folder, encoding: 'utf8' })
    expect(stdout).toBe('')
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('operands can be asked for, so that programs compose', () => {
  const pairs = programs().chain((f) => programs({ operands: f.results }).map((g): [Program, Program] => [f, g]))
  fc.assert(
    fc.property(pairs, ([f, g]) => {
      const ys = g.apply(...f.apply(...f.args(0)))
      expect(ys.map(({ shape, dtype }) => ({ shape, dtype }))).toEqual(g.results)
    }),
    { numRuns },
  )
})

/** A law that a primitive breaks, for a generator to find and make small. */
const shrunk = (planted: string, seed: number): Program => {
  const { counterexample } = fc.check(fc.property(programs(), (f) => !String(pullback.makeJaxpr(f.apply)(...f.args(0))).includes(planted)), { seed, numRuns: 2000 })
  if (counterexample === null) throw new Error(`no program has ${planted}`)
  return counterexample[0]
}

test.each(['sin ', 'reduceSum', 'scan[', 'dotGeneral[', 'sort['])('a planted failure, %s, shrinks to two statements at most', (planted) => {
  for (let seed = 0; seed < sized(2, 20); seed++) {
    const f = shrunk(planted, seed)
    const statements = String(f).split('\n').filter((line) => line.trim().startsWith('const ') && !line.startsWith('const f'))
    expect(statements.length, String(f)).toBeLessThanOrEqual(2)
  }
})

test('a planted failure that is first met inside a compiled function leaves it as it shrinks', () => {
  for (let seed = 0; seed < sized(2, 20); seed++) {
    let met = false
    const holds = (f: Program): boolean => {
      const closed = pullback.makeJaxpr(f.apply)(...f.args(0))
      if (!String(closed).includes('= reduceSum')) return true
      met ||= closed.jaxpr.equations.every(({ primitive }) => primitive !== 'reduceSum')
      return !met
    }
    const { counterexample } = fc.check(fc.property(programs({ families: ['control', 'reduction'], statements: 3, depth: 1 }), holds), { seed, numRuns: 2000 })
    const text = String(counterexample?.[0])
    expect(text).toContain('= reduceSum')
    expect(text).not.toMatch(/jit|vmap|scan/)
    expect(text.split('\n').filter((line) => line.trim().startsWith('const ') && !line.startsWith('const f')).length, text).toBeLessThanOrEqual(2)
  }
})
