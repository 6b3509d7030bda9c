/** What is known while a program is written: the values in sight, what is known of them, and the statements so far. */
import { type DType, evalShape, type NDArray, np, random, type ShapeDtype } from '../../index.ts'
import type { Choices } from '../choices.ts'
import { call, evaluate, everyPart, type Expression, name, plain, printExpression, type Statement } from './expression.ts'

/**
 * `low` and `high` bound the values of a float that is no NaN. An `exact` float has the same bits however it is
 * computed: steps are taken of exact values alone, so that backends which round differently still agree.
 */
export interface Variable extends ShapeDtype {
  readonly name: string
  readonly low: number
  readonly high: number
  readonly exact: boolean
}

/** Smooth everywhere; continuous, with ties or corners; or with jumps. */
export type Nature = 'smooth' | 'kink' | 'step'

export interface About {
  readonly range?: readonly [low: number, high: number]
  readonly exact?: boolean
  readonly nature?: Nature
}

/** What all scopes of one program share. */
export interface Draft {
  readonly dtypes: readonly DType[]
  /** How many elements an array may hold. */
  readonly elements: number
  /** Only smooth statements are written. */
  readonly onlySmooth: boolean
  /** No step, tie or branch was written so far. */
  smooth: boolean
  names: number
}

/** Arrays stay small unless asked for: programs grow, their operands need not. */
export const elementsByDefault = 64
const maxRank = 4

export const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1)
export const isFloat = ({ dtype }: ShapeDtype): boolean => dtype.startsWith('float') || dtype === 'bfloat16'
export const isInt = ({ dtype }: ShapeDtype): boolean => dtype.startsWith('int') || dtype.startsWith('uint')
export const sameShape = (a: readonly number[], b: readonly number[]): boolean => a.length === b.length && a.every((d, i) => d === b[i])
/** The shape that two shapes broadcast to; null where they do not. */
export function broadcastShape(a: readonly number[], b: readonly number[]): readonly number[] | null {
  const rank = Math.max(a.length, b.length)
  const out: number[] = []
  for (let i = 0; i < rank; i++) {
    const x = a[a.length - rank + i] ?? 1
    const y = b[b.length - rank + i] ?? 1
    if (x !== y && x !== 1 && y !== 1) return null
    out.push(x === 1 ? y : x)
  }
  return out
}

/** f is the name of the program. */
const letters = 'abcdeghijklmnopqrstuvwxyz'
/** a, b, … z, a1, b1 … */
const nameOf = (i: number): string => `${letters[i % letters.length]}${i < letters.length ? '' : Math.floor(i / letters.length)}`

export class Scope {
  readonly draft: Draft
  readonly choices: Choices
  readonly visible: Variable[]
  readonly statements: Statement[]
  /** How deep functions inside this one may stand. */
  readonly depth: number
  constructor(draft: Draft, choices: Choices, visible: Variable[], depth: number, statements: Statement[] = []) {
    this.draft = draft
    this.choices = choices
    this.visible = visible
    this.depth = depth
    this.statements = statements
  }
  /** The same place in the program, with the decisions of another tape. */
  reading(choices: Choices): Scope {
    return new Scope(this.draft, choices, this.visible, this.depth, this.statements)
  }

  fresh(): string {
    return nameOf(this.draft.names++)
  }

  /** A value in sight that has a property; the newest ones are more likely. */
  pick(has: (v: Variable) => boolean = () => true): Variable | undefined {
    const all = this.visible.filter(has)
    return this.choices.oneIn(2) ? this.choices.of(all.slice(-3)) : this.choices.of(all)
  }
  float(): Variable | undefined {
    return this.pick(isFloat)
  }
  /** May a program work with arrays of this shape? */
  holds(shape: readonly number[]): boolean {
    return sizeOf(shape) <= this.draft.elements && shape.length <= maxRank
  }
  /** May arrays of these shapes meet in an operation that broadcasts? */
  meet(a: readonly number[], b: readonly number[]): boolean {
    const shape = broadcastShape(a, b)
    return shape !== null && this.holds(shape)
  }
  /** May a statement of this nature be written of these values? */
  allows(nature: Nature, ...of: readonly Variable[]): boolean {
    const floats = of.filter(isFloat)
    if (nature === 'smooth' || floats.length === 0) return true
    return !this.draft.onlySmooth && (nature === 'kink' || floats.every((v) => v.exact))
  }

  /** A value brought into a range: as it is where it is known to be inside. */
  within(v: Variable, low: number, high: number): Expression {
    if (v.low >= low && v.high <= high) return name(v.name)
    const [half, middle] = [(high - low) / 2, (high + low) / 2]
    const squeezed = half === 1 ? call('np.tanh', name(v.name)) : call('np.multiply', call('np.tanh', name(v.name)), plain(half))
    return middle === 0 ? squeezed : call('np.add', squeezed, plain(middle))
  }

  /** Writes a statement; what it binds is in sight from then on. A result too large to work with is not written. */
  bind(value: Expression, ...about: readonly About[]): readonly Variable[] {
    const types = typesOf(value, this.visible)
    const each = isList(types) ? types : [types]
    if (!each.every((t) => this.holds(t.shape)) || each.length === 0) return []
    for (const a of about) this.note(a.nature ?? 'smooth')
    const bound = each.map((t, i): Variable => {
      const { range, exact = false } = about[Math.min(i, about.length - 1)] ?? {}
      const [low, high] = range ?? [-Infinity, Infinity]
      return { ...t, name: this.fresh(), low, high, exact: exact || !isFloat(t) }
    })
    this.statements.push({ binds: isList(types) ? bound.map((v) => v.name) : bound[0]!.name, value })
    this.visible.push(...bound)
    return bound
  }
  note(nature: Nature): void {
    if (nature !== 'smooth') this.draft.smooth = false
  }

  /** A scope inside a function: its parameters, and with `captures` everything that is in sight outside. Its statements are its own, or go on with others. */
  inside(parameters: readonly Variable[], captures: boolean, statements: Statement[] = []): Scope {
    return new Scope(this.draft, this.choices, captures ? [...parameters, ...this.visible] : [...parameters], this.depth - 1, statements)
  }
}

/** The range and exactness of several values together. */
export const hull = (...vs: readonly Variable[]): About => ({
  range: [Math.min(...vs.map((v) => v.low)), Math.max(...vs.map((v) => v.high))],
  exact: vs.every((v) => v.exact),
})
/** What is known of a value that is moved, not changed. */
export const same = (v: Variable): About => hull(v)

const isList = (types: ShapeDtype | readonly ShapeDtype[]): types is readonly ShapeDtype[] => Array.isArray(types)

const kept = new Map<string, NDArray>()
/** Some array of a type, to trace with. */
export function sample({ shape, dtype }: ShapeDtype): NDArray {
  const key = `${dtype}[${shape.join()}]`
  let array = kept.get(key)
  if (array === undefined) kept.set(key, (array = dtype === 'key' ? random.wrapKeyData(np.zeros([...shape, 2], { dtype: 'uint32' })) : np.zeros([...shape], { dtype })))
  return array
}

/** The types of what an expression gives: one, or a list. */
export function typesOf(e: Expression, visible: readonly Variable[]): ShapeDtype | readonly ShapeDtype[] {
  const used = new Set([...everyPart(e)].map((part) => (part.kind === 'name' ? part.name : '')))
  const free = visible.filter((v) => used.has(v.name))
  const f = (...xs: NDArray[]): unknown => evaluate(e, new Map(free.map((v, i) => [v.name, xs[i]])))
  try {
    // A tree of the function's result, whose form the generator knows: an array or a list of arrays.
    return evalShape(f, ...free.map(sample)) as ShapeDtype | readonly ShapeDtype[]
  } catch (cause) {
    const types = free.map((v) => `${v.name}: ${v.dtype}[${v.shape.join()}]`).join(', ')
    throw new Error(`a generated statement is refused: ${printExpression(e)}, with ${types}`, { cause })
  }
}
