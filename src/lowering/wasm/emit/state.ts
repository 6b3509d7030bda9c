/**
 * What is known while a stage is emitted: which loop variables have values, what was computed from them, and where.
 *
 * States form a chain, one a loop level. `hoist` (schedule.ts) computes at each level whatever its variables suffice for, so
 * that an inner loop holds only what depends on its own variable.
 */
import type { Expression, Index, NodeId, Sizes, Store } from '../../kernel-ir/index.ts'
import type { FunctionBuilder, Local } from '../asm/index.ts'
import type { Lanes, Value } from '../lanes/index.ts'
import type { Helpers } from '../math/index.ts'

/** The value of a loop variable: a local (none: zero) plus a constant. */
export interface Coordinate {
  readonly local: Local | null
  readonly constant: number
}

/** What does not change between the levels of a stage. */
export interface StageInfo {
  readonly fn: FunctionBuilder
  readonly helpers: Helpers
  readonly nodes: Expression
  readonly sizes: Sizes
  readonly stores: readonly Store[]
  /** Nodes that are at most 0, or NaN. */
  readonly nonPositive: ReadonlySet<NodeId>
  /** The loop variable that runs along the lanes; null: every lane holds the same. */
  readonly vectorDim: number | null
  /** By node: the variables it depends on, as bits; `reducedBit` and `accumulatorBit` beside them. */
  readonly dependencies: readonly number[]
  /** Nodes that are wanted, in order: those the roots need. */
  readonly needed: readonly NodeId[]
  /** Accesses of loads, gathers (by node) and stores (by position). */
  readonly loads: ReadonlyMap<NodeId, Access>
  readonly storeAccesses: readonly Access[]
  readonly pointer: (buffer: number) => Local
  /** A result of an earlier reduction stage. */
  readonly reduced: (stage: number, output: number, fork: number) => Value
}

/** A place in a buffer: byte address = pointer + bytes · index. */
export interface Access {
  readonly buffer: number
  readonly bytes: number
  readonly index: Index
  /** All coefficients and the constant are non-negative, so that no prefix of the sum lies below the buffer. */
  readonly monotone: boolean
}

/** An address so far: terms still to be added. */
export interface Base {
  readonly key: string
  readonly local: Local
  readonly remaining: Index['terms']
}

/** What the tables of a level are looked up by. */
interface Keys {
  values: NodeId
  bases: Access
  /** Partial addresses, conditions and threefry words, by what they are. */
  sums: string
  conditions: string
  threefry: string
}
interface Items {
  /** By fork; one where it is the same in all of them. */
  values: readonly Value[]
  bases: Base
  sums: Local
  conditions: Local
  threefry: readonly [Local, Local]
}
type Tables = { [T in keyof Items]: Map<Keys[T], Items[T]> | null }

const noTables = (): Tables => ({ values: null, bases: null, sums: null, conditions: null, threefry: null })

export interface State {
  readonly info: StageInfo
  readonly parent: State | null
  readonly bound: ReadonlyMap<number, Coordinate>
  /** Variables with values, and the two bits below where they apply. */
  readonly mask: number
  readonly lanes: Lanes
  /** Vectors computed side by side: fork f holds the lanes from f times `spread` on. */
  readonly forks: number
  readonly spread: number
  /** What was computed at this level; each table is made when it is first needed. */
  readonly tables: Tables
  /** Wanted nodes that wait for more variables; null before this level was hoisted. */
  pending: readonly NodeId[] | null
  /** Accesses whose addresses wait for more variables. */
  open: readonly Access[] | null
  /** Running values of a cumulative stage, by fork. */
  readonly accumulators: readonly (readonly Value[])[]
}

interface Binding {
  readonly coordinates?: readonly (readonly [dim: number, at: Coordinate])[]
  readonly bits?: number
  readonly forks?: number
  readonly spread?: number
  readonly lanes?: Lanes
  readonly accumulators?: readonly (readonly Value[])[]
}

export function rootState(info: StageInfo): State {
  return {
    info,
    parent: null,
    bound: new Map(),
    mask: 0,
    lanes: 4,
    forks: 1,
    spread: 4,
    tables: noTables(),
    pending: null,
    open: null,
    accumulators: [],
  }
}

/** A level further in. The number of forks changes only where the vector variable gets its value. */
export function childState(parent: State, binding: Binding): State {
  let mask = parent.mask | (binding.bits ?? 0)
  let bound = parent.bound
  if (binding.coordinates !== undefined && binding.coordinates.length > 0) {
    const more = new Map(bound)
    for (const [dim, at] of binding.coordinates) {
      more.set(dim, at)
      mask |= 1 << dim
    }
    bound = more
  }
  const forks = binding.forks ?? parent.forks
  return {
    info: parent.info,
    parent,
    bound,
    mask,
    lanes: binding.lanes ?? parent.lanes,
    forks,
    spread: binding.spread ?? parent.spread,
    tables: noTables(),
    pending: null,
    open: null,
    accumulators: binding.accumulators ?? parent.accumulators,
  }
}

/** Looks up the chain, the innermost level first. */
export function find<T extends keyof Items>(state: State, table: T, key: Keys[T]): Items[T] | undefined {
  for (let s: State | null = state; s !== null; s = s.parent) {
    const found = s.tables[table]?.get(key)
    if (found !== undefined) return found
  }
  return undefined
}

/** Notes something at this level. */
export function note<T extends keyof Items>(state: State, table: T, key: Keys[T], item: Items[T]): void {
  const { tables } = state
  const map: Map<Keys[T], Items[T]> = tables[table] ?? new Map<Keys[T], Items[T]>()
  map.set(key, item)
  tables[table] = map as Tables[T] // what was read from there; TypeScript does not see it of a generic key when writing
}

export const isVarying = (info: StageInfo, mask: number): boolean => info.vectorDim !== null && (mask & (1 << info.vectorDim)) !== 0

/** The value of a computed node in one fork. */
export function valueOf(state: State, node: NodeId, fork: number): Value | undefined {
  const row = find(state, 'values', node)
  return row === undefined ? undefined : row.length === 1 ? row[0] : row[fork]
}
