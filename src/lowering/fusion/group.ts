/** Groups: values that one kernel computes, and the check that a value can join one. */
import type { Shape } from '../../core/aval.ts'
import { InternalError } from '../../core/errors.ts'
import { dimVector, type Guard, type Index, type Node, sameIndex } from '../kernel-ir/index.ts'
import { Builder, type Scope, unfusable } from './builder.ts'
import { isRoot } from './decide.ts'
import { contractionPoint } from './reads.ts'
import type { ContractionDef, CumulativeDef, Region, Value } from './value.ts'

/** A value and the element of it that a point of the kernel is. */
export interface Member {
  readonly value: Value
  /** Over the loop variables of the space, then of the part's inner dimensions. */
  readonly at: readonly Index[]
}

/** A stage to be. */
export interface Part {
  readonly kind: 'map' | 'reduce' | 'cumulative'
  inner: Shape
  members: Member[]
}

export interface Group {
  readonly id: number
  readonly kind: 'loop' | 'contraction' | 'scatter' | 'sort' | 'scan'
  readonly region: Region
  space: Shape
  /** Of a contraction: its epilogue alone, one part. Empty for scatters, sorts and scans. */
  readonly parts: Part[]
  /** What it computes. */
  readonly members: Map<Value, { readonly part: Part | null; readonly at: readonly Index[] }>
  /** Roots that it loads. */
  readonly loads: Set<Value>
}

export function newGroup(id: number, kind: Group['kind'], region: Region, space: Shape): Group {
  return { id, kind, region, space, parts: [], members: new Map(), loads: new Set() }
}

/** How a part of a group reads values. `stageOf` gives the number of a part among the kernel's stages. */
export class PartScope implements Scope {
  readonly group: Group
  readonly part: Part | null
  readonly loads: Set<Value> = new Set()
  /** The member whose definition is being written. */
  writing: Value | null = null
  readonly #stageOf: (part: Part) => number
  readonly #buffer: (v: Value) => number
  constructor(group: Group, part: Part | null, stageOf: (part: Part) => number, buffer: (v: Value) => number) {
    this.group = group
    this.part = part
    this.#stageOf = stageOf
    this.#buffer = buffer
  }

  resolve(v: Value, index: readonly Index[]): 'expand' | 'load' | Node {
    const own = this.group.members.get(v)
    if (own !== undefined) {
      if (v.def.kind === 'map') {
        if (v.cut && v !== this.writing) throw unfusable
        return 'expand'
      }
      if (!index.every((i, k) => v.shape[k] === 1 || sameIndex(i, own.at[k]!))) throw unfusable
      if (v.def.kind === 'contraction') return { op: 'accumulator', dtype: v.def.dtype, output: 0 }
      if (v.def.kind === 'reduction' && own.part !== null && this.#isBefore(own.part)) {
        return { op: 'reduced', dtype: v.dtype, stage: this.#stageOf(own.part), output: own.part.members.findIndex((m) => m.value === v) }
      }
      throw unfusable
    }
    if (isRoot(v)) {
      return isOuterView(v, this.group.region) ? 'expand' : 'load'
    }
    if (v.def.kind !== 'map') throw new InternalError('fusion', `value ${v.id} is neither a map nor a root`)
    return 'expand'
  }

  #isBefore(other: Part): boolean {
    if (this.part === null) return true
    const mine = this.group.parts.indexOf(this.part)
    const at = this.group.parts.indexOf(other)
    return at >= 0 && (mine < 0 || at < mine)
  }

  buffer(v: Value): number {
    return this.#buffer(v)
  }

  loaded(v: Value, _index: readonly Index[], _guards: readonly Guard[]): void {
    if (this.group.members.has(v)) throw unfusable
    this.loads.add(v)
  }
}

/** Views of what stands outside of a loop cost nothing, and are written in place inside of it. */
export const isOuterView = (v: Value, region: Region): boolean => v.region !== region && v.def.kind === 'map' && v.def.structural && !v.stored

/** Sizes of a part's loop variables. */
export const partSizes = (group: Group, inner: Shape): number[] => [...group.space, ...inner]

/** Writes a member's own nodes into a builder of its part. */
export function writeMember(b: Builder, scope: PartScope, { value, at }: Member): { node: number; position: number | null } {
  const { def } = value
  const { group, part } = scope
  scope.writing = value
  const rank = group.space.length
  switch (def.kind) {
    case 'map':
      return { node: b.read(value, at), position: null }
    case 'reduction': {
      const inner = dimVector(part?.inner.length ?? 0, rank)
      return { node: def.accumulator.at(b, at, inner), position: def.accumulator.position?.(b, at, inner) ?? null }
    }
    case 'cumulative':
      return { node: def.at(b, at), position: null }
    default:
      throw new InternalError('fusion', `a ${def.kind} is no part of a loop kernel`)
  }
}

/** The loads of a new member, or null when it cannot stand in that part. */
export function tryMember(group: Group, part: Part, member: Member): ReadonlySet<Value> | null {
  const scope = new PartScope(group, part, () => 0, (v) => v.id)
  // The member counts as computed here: that is what makes a map write its definition.
  group.members.set(member.value, { part, at: member.at })
  try {
    writeMember(new Builder(partSizes(group, part.inner), scope), scope, member)
    return scope.loads
  } catch (e) {
    if (e === unfusable) return null
    throw e
  } finally {
    group.members.delete(member.value)
  }
}

export function addMember(group: Group, part: Part, member: Member, loads: ReadonlySet<Value>): void {
  if (!group.parts.includes(part)) group.parts.push(part)
  part.members.push(member)
  group.members.set(member.value, { part, at: member.at })
  for (const v of loads) group.loads.add(v)
}

/** The point of a cumulative kernel: all axes but one are its space. */
export function cumulativePoint(v: Value, def: CumulativeDef): { space: Shape; at: Index[] } {
  const rank = v.shape.length - 1
  const at = v.shape.map((_, k): Index => dimVector(1, k === def.axis ? rank : k < def.axis ? k : k - 1)[0]!)
  return { space: v.shape.filter((_, k) => k !== def.axis), at }
}

/** Writes a contraction's operands; loops over batch, m, n, k. */
export function writeOperands(def: ContractionDef, scope: Scope): { lhs: Node[]; rhs: Node[] } {
  const p = contractionPoint(def)
  const sizes = [...def.batch, ...def.m, ...def.n, ...def.k]
  const nodes = (write: (b: Builder) => number): Node[] => {
    const b = new Builder(sizes, scope)
    const last = write(b)
    // The factor is the last node.
    if (last !== b.nodes.length - 1) b.nodes.push(b.nodes[last]!)
    return b.nodes
  }
  return { lhs: nodes((b) => def.lhs(b, p)), rhs: nodes((b) => def.rhs(b, p)) }
}
