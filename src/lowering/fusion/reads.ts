/** What a value reads, found by writing its definition once with every operand as a load. */
import { sizeOf } from '../../core/aval.ts'
import { dimVector, type Guard, type Index, rangeOf, type Sizes } from '../kernel-ir/index.ts'
import { Builder, type Scope } from './builder.ts'
import type { Value } from './value.ts'

export interface Read {
  readonly value: Value
  /** Over the loop variables of the reader: its own axes, then the reduced ones. Null: anywhere. */
  readonly index: readonly Index[] | null
  /** How often each element is read, on average. */
  readonly weight: number
}

/** Whether a value is written in place. */
type Expand = (v: Value) => boolean

/** Calls `write` with a builder over `sizes`; gives the loads. */
function probe(sizes: Sizes, expand: Expand, write: (b: Builder) => void): Read[] {
  const reads: Read[] = []
  const domain = sizeOf(sizes)
  const scope: Scope = {
    resolve: (v) => (expand(v) ? 'expand' : 'load'),
    buffer: (v) => v.id,
    loaded: (value, index, guards) => {
      const whole = index.length === value.shape.length
      reads.push({ value, index: whole ? index : null, weight: (domain * share(guards, sizes)) / Math.max(1, sizeOf(value.shape)) })
    },
  }
  write(new Builder(sizes, scope))
  return reads
}

/** The part of a space in which guards hold, taken as independent. */
function share(guards: readonly Guard[], sizes: Sizes): number {
  let part = 1
  for (const g of guards) {
    const { min, max } = rangeOf(g.index, sizes)
    part *= Math.min(1, Math.max(0, Math.min(g.high, max + 1) - Math.max(g.low, min)) / (max + 1 - min))
  }
  return part
}

const nothing: Expand = () => false

/**
 * All reads of a value's definition, through the definitions that `expand` says are written in place; memory operands (of
 * scatters, sorts, loops) with no index. An element that is read twice at one index is read once.
 */
export function readsOf(v: Value, expand: Expand = nothing): Read[] {
  const { def, shape } = v
  const memory = (u: Value): Read => ({ value: u, index: null, weight: 1 })
  switch (def.kind) {
    case 'given':
      return []
    case 'alias':
      return [memory(def.of)]
    case 'map':
      return probe(shape, expand, (b) => def.at(b, dimVector(shape.length)))
    case 'reduction': {
      const { at, position } = def.accumulator
      const index = dimVector(shape.length)
      const inner = dimVector(def.inner.length, shape.length)
      return probe([...shape, ...def.inner], expand, (b) => {
        at(b, index, inner)
        position?.(b, index, inner)
      })
    }
    case 'cumulative':
      return probe(shape, expand, (b) => def.at(b, dimVector(shape.length)))
    case 'contraction': {
      const p = contractionPoint(def)
      const sizes = [...def.batch, ...def.m, ...def.n, ...def.k]
      // A packed operand is read once for its own axes, whatever the extent of the other side.
      const [m, n] = [sizeOf(def.m), sizeOf(def.n)]
      const side = (reads: Read[], other: number): Read[] => reads.map((r) => ({ ...r, weight: r.weight / other }))
      return [...side(probe(sizes, expand, (b) => def.lhs(b, p)), n), ...side(probe(sizes, expand, (b) => def.rhs(b, p)), m)]
    }
    case 'scatter':
      return [memory(def.operand), ...probe(def.space, expand, (b) => def.at(b, dimVector(def.space.length)))]
    case 'sort':
      return def.sort.operands.flatMap((x) => (x === null ? [] : memory(x)))
    case 'loop':
      return [...def.loop.carries.map((c) => memory(c.initial)), ...def.loop.xs.map((x) => memory(x.whole))]
  }
}

/** Loop variables of a contraction, numbered batch, m, n, k. */
export function contractionPoint(c: { readonly batch: readonly number[]; readonly m: readonly number[]; readonly n: readonly number[]; readonly k: readonly number[] }): {
  batch: Index[]
  m: Index[]
  n: Index[]
  k: Index[]
} {
  let first = 0
  const next = (rank: number): Index[] => {
    const v = dimVector(rank, first)
    first += rank
    return v
  }
  return { batch: next(c.batch.length), m: next(c.m.length), n: next(c.n.length), k: next(c.k.length) }
}
