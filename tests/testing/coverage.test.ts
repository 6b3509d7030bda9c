/** The generator reaches every rule of every table: counted over fixed seeds. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { defaultDevice, DeviceError, jit, jvp, makeJaxpr, type NDArray, np, vjp, vmap } from 'pullback'
import { type Program, type ProgramOptions, programs } from 'pullback/testing'
import type { Jaxpr } from '../../src/core/jaxpr.ts'
import { lowerToProgram } from '../../src/lowering/index.ts'
import { optimize } from '../../src/lowering/passes/index.ts'
import { emitShaders } from '../../src/lowering/wgsl/index.ts'
import { constsAsInputs } from '../../src/transforms/staging/jaxprs.ts'
import { aimedAt } from '../laws/aimed.ts'
import { anyPrograms } from '../laws/composed.ts'
import { longTestTimeout, sized } from '../scale.ts'
import { asSized, primitivesOf, tables, throughText } from './tables.ts'

const wanted = sized(20, 200)

const dtypes = ['float32', 'float32', 'int32', 'bool'] as const
const whole = ['int32', 'uint32', 'bool'] as const
/** What programs are made of, and how many of them are made. Few of them reach what was not reached before. */
const runs: readonly (ProgramOptions & { readonly count: number })[] = [
  { count: 550, dtypes: whole, statements: 4, depth: 0, families: ['elementwise', 'elementwise', 'elementwise', 'reduction'] },
  { count: 1200, dtypes, statements: 5, depth: 0, families: ['elementwise'] },
  { count: 200, dtypes, statements: 4, depth: 0, families: ['windows', 'windows', 'convolution'] },
  { count: 850, dtypes, statements: 4, depth: 0, families: ['reduction', 'reduction', 'cumulative', 'cumulative', 'sorting', 'indexing', 'indexing', 'indexing', 'shape', 'contraction'] },
  { count: 100, dtypes: ['int32'], statements: 2, depth: 0, families: ['random'] },
  { count: 250, dtypes, statements: 4, depth: 2, families: ['control', 'control', 'elementwise', 'reduction', 'windows'] },
  { count: 800, dtypes: ['float32'], statements: 2, depth: 1, families: ['control'], operands: [{ shape: [4, 2, 3], dtype: 'float32' }, { shape: [3], dtype: 'float32' }] },
]

const on = <T>(device: 'cpu' | 'wasm', f: () => T): T => {
  const before = defaultDevice()
  defaultDevice(device)
  try {
    return f()
  } finally {
    defaultDevice(before)
  }
}
const ones = (xs: readonly NDArray[]): NDArray[] => xs.map((x) => np.onesLike(x))
type F = (...xs: NDArray[]) => NDArray[]

const forward =
  (f: F): F =>
  (...xs) =>
    jvp(f, xs, ones(xs)).flat()
const backward =
  (f: F): F =>
  (...xs) => {
    const [ys, pullback] = vjp(f, xs)
    return [...ys, ...pullback(ones(ys))]
  }
const batch =
  (f: F): F =>
  (...xs) =>
    vmap(f)(...xs.map((x) => np.stack([x, x])))

/** The cotangents of a square depend on what is squared: so they have derivatives of their own. */
const squared =
  (f: F): F =>
  (...xs) =>
    f(...xs).map((y) => (y.dtype.startsWith('float') ? y.mul(y) : y))

/** What reaches the rules of some tables. */
interface Exercise {
  readonly reaches: readonly string[]
  readonly run: (p: Program) => void
}
const traced = (p: Program, ...of: readonly ((f: F) => F)[]): void =>
  on('cpu', () => {
    for (const g of of) throughText(makeJaxpr(g(p.apply))(...p.args(0)).jaxpr)
  })
const compiled = (device: 'cpu' | 'wasm', p: Program, ...of: readonly ((f: F) => F)[]): void =>
  on(device, () => {
    for (const g of of) jit(g(p.apply))(...p.args(0))
  })
/** A program's jaxpr as backends are given it. */
const lowered = (p: Program, ...of: readonly ((f: F) => F)[]): Jaxpr[] => on('cpu', () => of.map((g) => constsAsInputs(makeJaxpr(g(p.apply))(...p.args(0)).jaxpr)))
const itself = (f: F): F => f

/** The shaders of a program, where GPUs have all it needs. */
function shaders(jaxpr: Jaxpr): void {
  try {
    emitShaders(lowerToProgram(jaxpr).program)
  } catch (e) {
    if (!(e instanceof DeviceError)) throw e
  }
}
const exercises: readonly Exercise[] = [
  { reaches: ['types', 'text', 'jvp', 'split', 'transpose'], run: (p) => traced(p, forward, backward, (f) => backward(jit(f))) },
  { reaches: ['vmap', 'cpu'], run: (p) => compiled('cpu', p, batch, backward) },
  { reaches: ['fusion', 'wasm'], run: (p) => compiled('wasm', p, (f) => f, batch) },
  { reaches: ['sized'], run: (p) => lowered(p, itself, forward).forEach(asSized) },
  { reaches: ['stack'], run: (p) => lowered(p, itself, backward).forEach(optimize) },
  { reaches: ['wgsl'], run: (p) => lowered(p, itself, batch).forEach(shaders) },
]
/** What only derivatives of derivatives reach. */
const twice: readonly Exercise[] = [
  { reaches: ['text', 'jvp', 'transpose', 'types'], run: (p) => traced(p, (f) => backward(backward(squared(f))), (f) => forward(forward(squared(f)))) },
  { reaches: ['vmap', 'cpu'], run: (p) => compiled('cpu', p, (f) => batch(backward(f)), (f) => batch(forward(f))) },
  { reaches: ['fusion'], run: (p) => compiled('wasm', p, forward, backward) },
]

/** Entries that no program reaches, by what they are. */
const unreachable: { readonly [table: string]: { readonly [reason: string]: readonly string[] } } = {
  jvp: {
    'its operands are whole numbers, bits and truth values, which have no tangents': ['not', 'populationCount', 'clz', 'and', 'or', 'xor', 'shiftLeft', 'shiftRightLogical', 'shiftRightArithmetic', 'reduceAnd', 'reduceOr', 'reduceXor', 'threefry2x32'],
    'it has no operands': ['iota'],
    'it refuses by definition, so programs ask for it where there are no tangents': ['nextafter'],
  },
  vmap: { 'it has no operands': ['iota'] },
  fusion: { 'a pass before it has put its program in its place': ['jit'], 'a pass before it has removed it': ['stopGradient'] },
  wasm: { 'a pass before it has removed it': ['stopGradient'] },
  wgsl: { 'a pass before it has removed it': ['stopGradient'] },
}
const excused = (table: string): readonly string[] => Object.values(unreachable[table] ?? {}).flat()

/** Primitives that lack calls, with the tables in which they lack them. */
function missing(): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>()
  for (const [table, counts] of Object.entries(tables)) {
    for (const [primitive, n] of counts) {
      if (n >= wanted || excused(table).includes(primitive)) continue
      found.set(primitive, (found.get(primitive) ?? new Set()).add(table))
    }
  }
  return found
}

/** Primitives that no function of the user's binds: derivatives of these do. */
const ofDerivatives = ['selectAndScatterAdd', 'selectAndGatherAdd']
const ofWindows = ['reduceWindowMax', 'reduceWindowMin']

/** Tries a program where it reaches what was not reached often enough. */
function tryProgram(p: Program): void {
  const names = primitivesOf(on('cpu', () => makeJaxpr(p.apply)(...p.args(0)).jaxpr))
  const lacks = missing()
  const needs = (primitives: Iterable<string>): Set<string> => new Set([...primitives].flatMap((n) => [...(lacks.get(n) ?? [])]))
  const here = needs(names)
  for (const e of exercises) if (e.reaches.some((t) => here.has(t))) e.run(p)
  if (!ofWindows.some((n) => names.has(n))) return
  const there = needs(ofDerivatives)
  for (const e of twice) if (e.reaches.some((t) => there.has(t))) e.run(p)
}

const table = (): string => {
  const columns = Object.entries(tables)
  const row = (first: string, cells: readonly string[]): string => first.padEnd(22) + cells.map((c) => c.padStart(10)).join('')
  const primitives = [...(tables['types']?.keys() ?? [])]
  return [row('', columns.map(([name]) => name)), ...primitives.map((p) => row(p, columns.map(([name, counts]) => String(excused(name).includes(p) ? '–' : (counts.get(p) ?? '')))))].join('\n')
}

test(`every rule of every table is reached ${wanted} times`, () => {
  for (const { count, ...options } of runs) fc.sample(programs(options), { seed: 1, numRuns: sized(count, 12 * count) }).forEach(tryProgram)
  // What derivatives leave behind, and numbers calculated from numbers, stand in few programs that somebody writes.
  for (const pass of ['simplify', 'foldConstants']) fc.sample(aimedAt(pass), { seed: 1, numRuns: sized(600, 7200) }).forEach(({ jaxpr }) => optimize(jaxpr))
  console.log(table())
  expect(missing()).toEqual(new Map())
}, longTestTimeout)

/** Functions inside programs, by how they are used. */
const nested: readonly (readonly [what: string, written: RegExp, least: number])[] = [
  ['jit', /\bjit\(/, 20],
  ['vmap', /\bvmap\(/, 20],
  ['grad', /\b(grad|valueAndGrad|hessian)\(/, 10],
  ['jvp, vjp, linearize, jacobians', /\b(jvp|vjp|linearize|jacfwd|jacrev)\(/, 5],
  ['linearTranspose', /\blinearTranspose\(/, 10],
  ['scan', /\blax\.scan\(/, 30],
]

test('programs of the laws hold functions inside: compiled, batched, differentiated, looped', () => {
  const texts = fc.sample(anyPrograms(), { seed: 1, numRuns: sized(300, 3000) }).map((f) => String(f).split('\n').filter((line) => !line.startsWith('//')).join('\n'))
  const few = nested.map(([what, written, least]) => [what, texts.filter((text) => written.test(text)).length, least] as const)
  console.log(few.map(([what, n]) => `${what} ${n}`).join(', '))
  expect(few.filter(([, n, least]) => n < sized(1, 10) * least)).toEqual([])
}, longTestTimeout)
