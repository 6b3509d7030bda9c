/** Whole programs over the public interface, well typed, that shrink and can be read. */
import fc from 'fast-check'
import { ArgumentError, type DType, makeJaxpr, type NDArray, np, random as keys, type ShapeDtype } from '../index.ts'
import { Choices, tapes } from './choices.ts'
import { describe } from './leaves.ts'
import { checkCount, checkOptions, mostDepth } from './options.ts'
import { type Block, everyPart, list, name, printBlock, run } from './program/expression.ts'
import { contraction } from './program/families/contraction.ts'
import { type Body, control } from './program/families/control.ts'
import { elementwise } from './program/families/elementwise.ts'
import type { Family, Maker } from './program/families/family.ts'
import { indexing } from './program/families/indexing.ts'
import { random } from './program/families/random.ts'
import { cumulative, reduction } from './program/families/reduction.ts'
import { shape } from './program/families/shape.ts'
import { sorting } from './program/families/sorting.ts'
import { convolution, windows } from './program/families/windows.ts'
import { type Draft, elementsByDefault, isFloat, Scope, sizeOf, type Variable } from './program/scope.ts'

export type { Family } from './program/families/family.ts'

/** A function of arrays, written by a generator. */
export interface Program {
  /** What it takes, in order. */
  readonly operands: readonly ShapeDtype[]
  /** What it gives. */
  readonly results: readonly ShapeDtype[]
  /** It holds no step, tie or branch of numbers, and stays where derivatives exist: differences in float64 mean something. */
  readonly smooth: boolean
  /** Pure and deterministic; runs eagerly and under every transformation. */
  readonly apply: (...operands: NDArray[]) => NDArray[]
  /** Operands for which it is well defined; the same ones for the same seed. */
  readonly args: (seed: number) => NDArray[]
  /** TypeScript that can be pasted, and the jaxpr as a comment below it. */
  toString(): string
}

export interface ProgramOptions {
  /** How many statements at most; 8 by default. Functions inside count for themselves. */
  readonly statements?: number
  /** How deep functions stand inside functions (of jit, vmap, grad, scan …); 2 by default, 0 for none. */
  readonly depth?: number
  /** Of operands and conversions. By default float32, int32 and bool; float64 where programs are smooth. With 'key' operands and results may be random keys. */
  readonly dtypes?: readonly DType[]
  /** How many elements arrays may hold: 64 by default. Where there may be more, some of the programs have operands that need it. */
  readonly elements?: number
  /** What statements are made of; everything by default. */
  readonly families?: readonly Family[]
  /** Types of the operands: one to three of any type by default. Nothing is supposed of their values. */
  readonly operands?: readonly ShapeDtype[]
  /** Nothing but smooth statements, and a result of floating point among the results if there is an operand of floating point. */
  readonly smooth?: boolean
}

const makers: Readonly<Record<Exclude<Family, 'control'>, readonly Maker[]>> = { elementwise, reduction, cumulative, shape, indexing, sorting, contraction, convolution, windows, random }
/** Each family as often as it is written: the first of a list is the simplest. */
const everything: readonly Family[] = ['elementwise', 'elementwise', 'elementwise', 'reduction', 'shape', 'shape', 'contraction', 'indexing', 'control', 'control', 'cumulative', 'sorting', 'convolution', 'windows', 'random']

/** Decisions for one statement, and for the statements of a function inside it. */
interface Plan {
  readonly tape: readonly number[]
  readonly body: readonly Plan[]
}

function plans(most: number, depth: number): fc.Arbitrary<Plan[]> {
  const body = depth > 0 ? plans(3, depth - 1) : fc.constant([])
  return fc.noBias(fc.array(fc.record({ tape: tapes(40), body }), { maxLength: most, size: 'max' }))
}

/**
 * Programs over the public interface: every family of primitives, with compiled, batched, differentiated and looped
 * functions inside. They shrink to fewer statements on smaller operands.
 *
 * @example
 * fc.assert(fc.property(programs({ smooth: true }), (f) => {
 *   const xs = f.args(0)
 *   expect(jit(f.apply)(...xs).map((y) => y.js())).toEqual(f.apply(...xs).map((y) => y.js()))
 * }))
 * @throws ArgumentError for an unknown option, dtype or family, and for counts that are none.
 */
export function programs(options: ProgramOptions = {}): fc.Arbitrary<Program> {
  checkOptions('programs', options, ['statements', 'depth', 'dtypes', 'elements', 'families', 'operands', 'smooth'])
  const { statements = 8, depth = 2, elements = elementsByDefault } = options
  checkCount('programs', 'statements', statements)
  checkCount('programs', 'depth', depth, 0, mostDepth)
  checkCount('programs', 'elements', elements, elementsByDefault, mostElements)
  checkAmong('families', options.families, [...new Set(everything)])
  checkAmong('dtypes', options.dtypes, dtypesKnown)
  return fc.record({ operands: tapes(12), plans: plans(statements, depth), results: tapes(2 * statements + 4) }).map((p) => write(p, options))
}

const dtypesKnown: readonly DType[] = ['float32', 'float64', 'float16', 'bfloat16', 'int8', 'int16', 'int32', 'uint8', 'uint16', 'uint32', 'bool', 'key']
/** Larger ones are no matter of laws on many programs. */
const mostElements = 2 ** 20
function checkAmong(what: string, list: unknown, known: readonly string[]): void {
  if (list === undefined) return
  if (!Array.isArray(list) || list.length === 0) throw new ArgumentError('programs', `${what} is ${describe(list)}; takes a list of at least one of ${known.join(', ')}`)
  const wrong = (list as readonly unknown[]).find((x) => typeof x !== 'string' || !known.includes(x))
  if (wrong !== undefined) throw new ArgumentError('programs', `unknown among ${what}: ${describe(wrong)}; known: ${known.join(', ')}`)
}

interface Tapes {
  readonly operands: readonly number[]
  readonly plans: readonly Plan[]
  readonly results: readonly number[]
}

const shapes: readonly (readonly number[])[] = [[], [3], [2, 3], [2], [3, 2], [1, 3], [4], [2, 1, 3], [2, 2, 2]]
/** Of nothing. */
const emptyShapes: readonly (readonly number[])[] = [[0], [0, 3], [2, 0], [3, 0, 2]]
/** Beyond a vector, a tile, a block, each by a little; long in one axis or in none. */
const largeShapes: readonly (readonly number[])[] = [[67], [5, 33], [33, 5], [130], [4, 4, 17], [1030], [17, 19], [3, 341], [40, 41], [257, 5], [4099], [3, 1, 700]]
/** Where operands are drawn from. */
const range = 2

function write({ operands, plans: planned, results }: Tapes, options: ProgramOptions): Program {
  const { smooth = false, depth = 2, families = everything } = options
  const dtypes = options.dtypes ?? (smooth ? ['float64'] : ['float32', 'int32', 'bool'])
  const choices = new Choices(operands)
  const { elements = elementsByDefault } = options
  const large = options.operands?.some((t) => sizeOf(t.shape) > elementsByDefault) ?? (elements > elementsByDefault && choices.oneIn(6))
  const draft: Draft = { dtypes, elements: large ? Math.max(elements, ...(options.operands ?? []).map((t) => sizeOf(t.shape))) : elementsByDefault, onlySmooth: smooth, smooth: true, names: 0 }
  const shapeOf = (): readonly number[] => (large && choices.below(3) > 0 ? (choices.of(largeShapes.filter((s) => sizeOf(s) <= elements)) ?? []) : (choices.of(choices.oneIn(20) ? emptyShapes : shapes) ?? []))
  const given = options.operands ?? Array.from({ length: choices.between(1, 3) }, (): ShapeDtype => ({ shape: shapeOf(), dtype: choices.of(dtypes) ?? 'float32' }))
  const known = options.operands === undefined
  const scope = new Scope(draft, choices, [], depth)
  const parameters = given.map((t): Variable => ({ ...t, name: scope.fresh(), low: known ? -range : -Infinity, high: known ? range : Infinity, exact: known || !isFloat(t) }))
  scope.visible.push(...parameters)
  writeAll(scope, planned, families)
  const kept = chosen(scope, new Choices(results))
  const block: Block = { statements: scope.statements, result: list(...kept.map((v) => name(v.name))) }
  return made(parameters, block, kept, draft.smooth)
}

function writeAll(scope: Scope, planned: readonly Plan[], families: readonly Family[]): void {
  for (const plan of planned) {
    const choices = new Choices(plan.tape)
    // A scope reads the decisions of the statement that is being written.
    const writing = scope.reading(choices)
    const family = choices.of(families) ?? 'elementwise'
    const body: Body = (inner) => writeAll(inner, plan.body, families)
    if (family !== 'control') tryMakers(writing, makers[family], (make) => make(writing))
    else if (scope.depth > 0) tryMakers(writing, control, (make) => make(writing, body))
  }
}

/** Writes with one maker of a list: with another where nothing in sight fits, in the end with the first that can. */
function tryMakers<M>(scope: Scope, list: readonly M[], write: (maker: M) => void): void {
  const before = scope.statements.length
  const drawn = Array.from({ length: 3 }, () => scope.choices.below(list.length)).flatMap((i) => list.slice(i, i + 1))
  for (const maker of [...drawn, ...list]) {
    write(maker)
    if (scope.statements.length > before) return
  }
}

/** The newest value, and some of the others: mostly such as nothing else reads. A smooth program gives something to differentiate. */
function chosen(scope: Scope, choices: Choices): Variable[] {
  const values = scope.visible.filter((v) => v.dtype !== 'key' || scope.draft.dtypes.includes('key'))
  const newest = values.at(-1)
  const read = new Set(scope.statements.flatMap((s) => [...everyPart(s.value)].map((e) => (e.kind === 'name' ? e.name : ''))))
  if (newest === undefined) return []
  const out = [newest, ...values.filter((v) => v !== newest && (read.has(v.name) ? choices.oneIn(8) : choices.below(4) > 0))]
  return scope.draft.onlySmooth && !out.some(isFloat) ? [...out, ...values.filter(isFloat).slice(-1)] : out
}

function made(parameters: readonly Variable[], block: Block, results: readonly Variable[], smooth: boolean): Program {
  const operands = parameters.map(({ shape: s, dtype }) => ({ shape: s, dtype }))
  const apply = (...given: NDArray[]): NDArray[] => {
    // The block ends in a list of arrays: that is how it was written.
    return run(block, new Map(parameters.map((p, i) => [p.name, given[i]]))) as NDArray[]
  }
  const args = (seed: number): NDArray[] => operands.map((t, i) => operand(t, seed * 31 + i))
  const toString = (): string => print(parameters, block, apply, args(0))
  const program = { operands, results: results.map(({ shape: s, dtype }) => ({ shape: s, dtype })), smooth, apply, args, toString }
  return Object.defineProperty(program, fc.toStringMethod, { value: toString })
}

/** Numbers that look random: multiples of 1/32 among them, so that ties come up. */
function operand({ shape: s, dtype }: ShapeDtype, seed: number): NDArray {
  if (dtype === 'key') return keys.wrapKeyData(np.array(Uint32Array.from({ length: 2 * sizeOf(s) }, (_, i) => hash(seed, i) * 2 ** 32)).reshape([...s, 2]))
  const values = Array.from({ length: sizeOf(s) }, (_, i) => {
    const unit = hash(seed, i)
    if (dtype === 'bool') return Number(unit < 0.5)
    if (!isFloat({ shape: s, dtype })) return Math.floor(unit * 9) - (dtype.startsWith('u') ? 0 : 4)
    return hash(seed, i + 7919) < 0.25 ? Math.round(unit * 8) / 2 - range : unit * 2 * range - range
  })
  return np.array(values, { dtype }).reshape([...s])
}

/** A number in [0, 1) from two. Murmur3's finalizer (Appleby 2011). */
function hash(seed: number, i: number): number {
  let h = (Math.imul(seed, 0x9e3779b1) + Math.imul(i + 1, 0x85ebca6b)) | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32
}

const typeText = ({ shape: s, dtype }: ShapeDtype): string => `${dtype}[${s.join(',')}]`

function print(parameters: readonly Variable[], block: Block, apply: Program['apply'], sample: readonly NDArray[]): string {
  const used = new Set(['type NDArray', ...[...everyPart({ kind: 'function', parameters: [], body: block })].flatMap((e) => (e.kind === 'public' ? [e.path.split('.')[0] ?? ''] : []))])
  return [
    `import { ${[...used].sort().join(', ')} } from 'pullback'`,
    '',
    `// ${parameters.map((p) => `${p.name}: ${typeText(p)}`).join(', ')}`,
    `const f = (${parameters.map((p) => `${p.name}: NDArray`).join(', ')}) => {`,
    printBlock(block, '  '),
    '}',
    ...String(makeJaxpr(apply)(...sample)).split('\n').map((line) => `// ${line}`),
    '',
  ].join('\n')
}
