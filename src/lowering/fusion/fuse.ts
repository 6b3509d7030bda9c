/**
 * Assigns every root of a region to a group: in the order of the program each joins the kernel of something it reads
 * (an epilogue, a later stage), or one that reads what it reads over the same elements, or starts its own.
 */
import { sizeOf } from '../../core/aval.ts'
import { dimVector, flattenIndex, type Index, indexKey, substitute } from '../kernel-ir/index.ts'
import { asRows, type Place, placeMap, placeReduction } from './align.ts'
import { Builder, type Scope } from './builder.ts'
import { isRoot } from './decide.ts'
import { addMember, cumulativePoint, type Group, isOuterView, newGroup, type Part, tryMember, writeOperands } from './group.ts'
import { scheduled } from './schedule.ts'
import { type Loop, type Region, storage, type Value } from './value.ts'

/** Groups in an order in which they can run. Bodies of loops are grouped with them. */
export interface Schedule {
  readonly groups: readonly Group[]
  readonly bodies: ReadonlyMap<Loop, Schedule>
  /** Values of outer regions that are loaded inside. */
  readonly outer: ReadonlySet<Value>
}

/** Maps and reductions of up to so many elements are joined without a reason. */
const smallLimit = 32768

/** What costs at most so much may be computed again by a later stage of the same rows. */
const recomputeLimit = 24

const siblingLimit = 48
const siblingKey = (v: Value): string => `${v.def.kind} ${v.shape.join()} ${v.def.kind === 'reduction' ? v.def.inner.join() : ''}`

interface RootRead {
  readonly value: Value
  readonly index: readonly Index[] | null
  readonly key: string
}

export function fuse(region: Region): Schedule {
  const fusion = new Fusion(region)
  for (const v of region.values) if (isRoot(v)) fusion.place(v)
  return fusion.schedule()
}

class Fusion {
  readonly #region: Region
  readonly #groups: Group[] = []
  readonly #owner = new Map<Value, Group>()
  readonly #bodies = new Map<Loop, Schedule>()
  /** What each placed map or reduction loads, by value and index over its own axes. */
  readonly #loadKeys = new Map<Value, ReadonlyMap<string, Value>>()
  /** Placed maps and reductions by shape. */
  readonly #siblings = new Map<string, readonly Value[]>()

  constructor(region: Region) {
    this.#region = region
  }

  place(v: Value): void {
    const { def } = v
    if (this.#owner.has(v)) return
    switch (def.kind) {
      case 'given':
      case 'alias':
        return
      case 'map':
      case 'reduction':
        this.#placeLoop(v)
        return
      case 'cumulative': {
        const { space, at } = cumulativePoint(v, def)
        const group = this.#open('loop', space)
        this.#join(group, v, { kind: 'cumulative', inner: [v.shape[def.axis]!], members: [] }, at)
        return
      }
      case 'contraction': {
        const group = this.#open('contraction', [...def.batch, ...def.m, ...def.n])
        const loads = collectLoads((scope) => void writeOperands(def, scope), this.#region)
        const b = def.batch.length
        const m = b + def.m.length
        const dims = dimVector(group.space.length)
        const part: Part = { kind: 'map', inner: [], members: [] }
        group.parts.push(part)
        addMember(group, part, { value: v, at: def.place({ batch: dims.slice(0, b), m: dims.slice(b, m), n: dims.slice(m) }) }, loads)
        this.#owner.set(v, group)
        return
      }
      case 'scatter': {
        const group = this.#open('scatter', def.space)
        const loads = collectLoads((scope) => void def.at(new Builder(def.space, scope), dimVector(def.space.length)), this.#region)
        this.#own(group, [v], [storage(def.operand), ...loads])
        return
      }
      case 'sort':
        this.#own(this.#open('sort', []), def.sort.results, def.sort.operands.flatMap((x) => (x === null ? [] : storage(x))))
        return
      case 'loop': {
        const { loop } = def
        const body = fuse(loop.body)
        this.#bodies.set(loop, body)
        const memory = [...loop.carries.map((c) => c.initial), ...loop.xs.map((x) => x.whole)].map(storage)
        this.#own(this.#open('scan', []), [...loop.carries.map((c) => c.final), ...loop.ys.map((y) => y.whole)], [...memory, ...body.outer])
      }
    }
  }

  #open(kind: Group['kind'], space: readonly number[]): Group {
    const group = newGroup(this.#groups.length, kind, this.#region, space)
    this.#groups.push(group)
    return group
  }

  #own(group: Group, values: readonly Value[], loads: readonly Value[]): void {
    for (const v of values) {
      group.members.set(v, { part: null, at: [] })
      this.#owner.set(v, group)
    }
    for (const v of loads) group.loads.add(v)
  }

  #join(group: Group, v: Value, part: Part, at: readonly Index[]): boolean {
    const loads = tryMember(group, part, { value: v, at })
    if (loads === null || this.#wouldWait(group, loads)) return false
    addMember(group, part, { value: v, at }, loads)
    this.#owner.set(v, group)
    return true
  }

  #placeLoop(v: Value): void {
    const reads = this.#rootReads(v)
    const keys = new Map(reads.map((r) => [r.key, r.value]))
    if (!this.#joinProducer(v, reads) && !this.#joinSibling(v, keys)) {
      const group = this.#open('loop', v.shape)
      const at = dimVector(v.shape.length)
      const part: Part = v.def.kind === 'reduction' ? { kind: 'reduce', inner: v.def.inner, members: [] } : { kind: 'map', inner: [], members: [] }
      this.#join(group, v, part, at)
    }
    this.#loadKeys.set(v, keys)
    const key = siblingKey(v)
    this.#siblings.set(key, [...(this.#siblings.get(key) ?? []), v])
  }

  /** Every root that the value reads through definitions written in place, with its index. */
  #rootReads(v: Value): RootRead[] {
    const reads: RootRead[] = []
    const { def, shape } = v
    const inner = def.kind === 'reduction' ? def.inner : []
    const sizes = [...shape, ...inner]
    const scope: Scope = {
      resolve: (u) => (u === v || !isRoot(u) || isOuterView(u, this.#region) ? 'expand' : 'load'),
      buffer: (u) => u.id,
      loaded: (u, index) => {
        const whole = index.length === u.shape.length
        reads.push({ value: u, index: whole ? index : null, key: `${u.id}@${indexKey(whole ? flattenIndex(index, u.shape, sizes) : (index[0] ?? { constant: -1, terms: [] }))}` })
      },
    }
    const b = new Builder(sizes, scope)
    const at = dimVector(shape.length)
    if (def.kind === 'reduction') {
      const folded = dimVector(inner.length, shape.length)
      def.accumulator.at(b, at, folded)
      def.accumulator.position?.(b, at, folded)
    } else b.read(v, at)
    return reads
  }

  /** The group of something that it reads: of the largest, and the latest, first. */
  #joinProducer(v: Value, reads: readonly RootRead[]): boolean {
    const byGroup = new Map<Group, RootRead[]>()
    for (const r of reads) {
      const group = this.#owner.get(r.value)
      if (group === undefined || r.index === null || (group.kind !== 'loop' && group.kind !== 'contraction')) continue
      byGroup.set(group, [...(byGroup.get(group) ?? []), r])
    }
    const largest = (rs: readonly RootRead[]): number => Math.max(...rs.map((r) => sizeOf(r.value.shape)))
    for (const [group, rs] of [...byGroup].sort(([a, x], [b, y]) => largest(y) - largest(x) || b.id - a.id)) {
      for (const r of rs) {
        const own = group.members.get(r.value)!
        if (own.part?.kind === 'cumulative') continue
        const inner = own.part?.kind === 'map' ? own.part.inner : []
        const place = v.def.kind === 'reduction' ? placeReduction(group, v, r.value, own.at, r.index!) : placeMap(group, v, r.value, own.at, inner, r.index!)
        if (place !== null && this.#joinAt(group, v, place)) return true
        if (place === null && this.#joinAsRows(group, v, r)) return true
      }
    }
    return false
  }

  /** A reduction of what a group of maps computes: the group goes over rows, and computes twice what is cheap enough for that. */
  #joinAsRows(group: Group, v: Value, read: RootRead): boolean {
    if (group.kind !== 'loop' || v.def.kind !== 'reduction' || read.value.flops > recomputeLimit) return false
    if (group.parts.some((p) => p.kind !== 'map' || p.inner.length > 0)) return false
    const own = group.members.get(read.value)!
    const rows = asRows(group, v.shape.length, read.value, own.at, read.index!)
    if (rows === null) return false
    const before = { space: group.space, parts: group.parts.map((p) => ({ part: p, inner: p.inner, members: p.members })) }
    const sizes = [...rows.space, ...rows.inner]
    const rename = (at: readonly Index[]): Index[] => at.map((i) => substitute(i, (d) => rows.into[d]!, sizes))
    group.space = rows.space
    for (const part of group.parts) {
      part.inner = rows.inner
      part.members = part.members.map((m) => ({ value: m.value, at: rename(m.at) }))
      for (const m of part.members) group.members.set(m.value, { part, at: m.at })
    }
    const place = placeReduction(group, v, read.value, group.members.get(read.value)!.at, read.index!)
    if (place !== null && this.#joinAt(group, v, place)) return true
    group.space = before.space
    for (const { part, inner, members } of before.parts) {
      part.inner = inner
      part.members = members
      for (const m of members) group.members.set(m.value, { part, at: m.at })
    }
    return false
  }

  #joinAt(group: Group, v: Value, place: Place): boolean {
    const kind = v.def.kind === 'reduction' ? 'reduce' : 'map'
    if (group.kind === 'contraction') {
      return kind === 'map' && place.inner.length === 0 && this.#join(group, v, group.parts[0]!, place.at)
    }
    const parts = group.parts.filter((p, i) => p.kind === kind && p.inner.join() === place.inner.join() && (kind === 'reduce' || i === group.parts.length - 1))
    for (const part of parts) if (this.#join(group, v, part, place.at)) return true
    return this.#join(group, v, { kind, inner: place.inner, members: [] }, place.at)
  }

  /** A group with a value of the same shape that reads one of the same elements. */
  #joinSibling(v: Value, keys: ReadonlyMap<string, Value>): boolean {
    const siblings = this.#siblings.get(siblingKey(v)) ?? []
    // The latest are the likeliest; very many of one shape are no reason to try them all.
    for (const u of siblings.slice(-siblingLimit).reverse()) {
      const group = this.#owner.get(u)!
      const own = group.members.get(u)!
      if (group.kind !== 'loop' || own.part === null || !this.#shareLoads(v, keys, u)) continue
      if (this.#joinAt(group, v, { at: own.at, inner: own.part.inner })) return true
    }
    return false
  }

  /** Small arrays share a kernel whatever they read: it spares a step. Large ones must have something to gain. */
  #shareLoads(v: Value, keys: ReadonlyMap<string, Value>, u: Value): boolean {
    const points = sizeOf(v.shape) * (v.def.kind === 'reduction' ? sizeOf(v.def.inner) : 1)
    if (points > 1 && points <= smallLimit) return true
    const others = this.#loadKeys.get(u)
    if (others === undefined) return false
    const enough = Math.min(sizeOf(v.shape), 2)
    const arrays = new Set(others.values())
    for (const [key, read] of keys) {
      if (sizeOf(read.shape) >= enough && (v.def.kind === 'map' ? arrays.has(read) : others.has(key))) return true
    }
    return false
  }

  /** Whether the group would have to wait for itself, were it to load these too. */
  #wouldWait(group: Group, loads: Iterable<Value>): boolean {
    const seen = new Set<Group>()
    const add = (values: Iterable<Value>): void => {
      for (const v of values) {
        const g = this.#owner.get(v)
        if (g !== undefined) seen.add(g)
      }
    }
    add(loads)
    // A set grows while it is walked.
    for (const g of seen) {
      if (g === group) return true
      add(g.loads)
    }
    return false
  }

  schedule(): Schedule {
    const outer = new Set<Value>()
    for (const g of this.#groups) for (const v of g.loads) if (v.region !== this.#region) outer.add(v)
    return { groups: scheduled(this.#groups, this.#owner), bodies: this.#bodies, outer }
  }
}

/** The roots that an expression loads, written alone. */
function collectLoads(write: (scope: Scope) => void, region: Region): Set<Value> {
  const loads = new Set<Value>()
  write({
    resolve: (v) => (!isRoot(v) || isOuterView(v, region) ? 'expand' : 'load'),
    buffer: (v) => v.id,
    loaded: (v) => void loads.add(v),
  })
  return loads
}
