/**
 * Which maps are worth storing. Every map can be written where it is read; it is stored when doing its work again for
 * every reader costs more than a write and the reads of it, or when it stands at the end of a chain that a kernel would
 * have to store the beginning of anyway.
 */
import { sizeOf } from '../../core/aval.ts'
import { dtypeInfo } from '../../core/dtype.ts'
import { type Read, readsOf } from './reads.ts'
import { type Region, store, type Value } from './value.ts'

/** A load or store, in units of one addition. */
const memoryCost = 2

/** Definitions written inside one another, at most. */
const depthLimit = 128

/** Whether kernels load the value rather than write its definition (unless they hold it themselves). */
export const isRoot = (v: Value): boolean => v.def.kind !== 'map' || v.stored || v.kept

interface Use {
  readonly by: Value
  readonly weight: number
}

type Reads = ReadonlyMap<Value, readonly Read[]>

/** Decides for a region and for the bodies of its loops; gives what every value reads. */
export function decide(region: Region): Reads {
  const reads = new Map<Value, readonly Read[]>()
  collectReads(region, reads)
  decideRegion(region, reads)
  return reads
}

function collectReads(region: Region, reads: Map<Value, readonly Read[]>): void {
  for (const v of region.values) {
    const rs = readsOf(v)
    reads.set(v, rs)
    for (const r of rs) if (r.value.region !== region) storeOuter(r.value, reads)
    if (v.def.kind === 'loop' && !bodies(reads, v.def.loop.body)) {
      collectReads(v.def.loop.body, reads)
      decideRegion(v.def.loop.body, reads)
    }
  }
}

const bodies = (reads: Reads, body: Region): boolean => body.values.length > 0 && reads.has(body.values[0]!)

/** What a loop's body reads of the outside must stand in memory, views aside. */
function storeOuter(v: Value, reads: Reads): void {
  if (v.def.kind === 'map' && v.def.structural && !v.stored) for (const r of reads.get(v) ?? []) storeOuter(r.value, reads)
  else store(v)
}

function decideRegion(region: Region, reads: Reads): void {
  const { values } = region
  cutLongChains(values, reads)
  const uses = new Map<Value, Use[]>(values.map((v) => [v, []]))
  for (const v of values) for (const r of reads.get(v)!) uses.get(r.value)?.push({ by: v, weight: r.weight })
  keepDearOnes(values, reads, uses, false)
  keepDearOnes(values, reads, uses, true)
  releaseSharedReads(values)
  for (const v of values) if (v.def.kind === 'contraction' || v.def.kind === 'reduction') keepEndOfChain(v, uses)
}

/** Expressions are written by recursion, and compiled whole: very long ones are cut. */
function cutLongChains(values: readonly Value[], reads: Reads): void {
  const depths = new Map<Value, number>()
  for (const v of values) {
    if (v.def.kind !== 'map') continue
    let depth = 0
    for (const { value } of reads.get(v)!) depth = Math.max(depth, 1 + (value.cut ? 0 : (depths.get(value) ?? 0)))
    depths.set(v, depth)
    if (depth < depthLimit || v.def.same !== null) continue
    v.stored = true
    v.cut = true
  }
}

/** How often each value is computed, an element, when maps that are not roots are written where they are read. */
function evaluationsOf(v: Value, uses: ReadonlyMap<Value, readonly Use[]>, known: ReadonlyMap<Value, number>): number {
  let n = 0
  for (const { by, weight } of uses.get(v)!) n += weight * (isRoot(by) ? 1 : (known.get(by) ?? 1))
  return n
}

// First with every reader's own readers at their worst, to learn what definitions cost; then from the last value to the
// first, when it is known what stands between a value and memory.
function keepDearOnes(values: readonly Value[], reads: Reads, uses: ReadonlyMap<Value, readonly Use[]>, final: boolean): void {
  const costs = new Map<Value, { flops: number; loads: number }>()
  for (const v of values) {
    let flops = v.def.kind === 'map' ? v.def.flops : 0
    let loads = 0
    for (const { value } of reads.get(v)!) {
      const c = costs.get(value)
      if (c === undefined || isRoot(value)) loads += sizeOf(value.shape) > 1 ? 1 : 0
      else {
        flops += c.flops
        loads += c.loads
      }
    }
    costs.set(v, { flops, loads })
    v.flops = flops
  }
  if (final) for (const v of values) v.kept = false
  const evaluations = new Map<Value, number>()
  for (let i = values.length - 1; i >= 0; i--) {
    const v = values[i]!
    const e = evaluationsOf(v, uses, evaluations)
    evaluations.set(v, e)
    if (v.def.kind !== 'map' || v.def.structural || v.stored || e <= 1.01) continue
    const { flops, loads } = costs.get(v)!
    const once = flops + loads * memoryCost
    if (flops > 0 && e * once > once + memoryCost * (1 + e)) v.kept = true
  }
}

/**
 * What was kept for several readers that in the end stand in one expression, at one index, is computed once there anyway.
 */
function releaseSharedReads(values: readonly Value[]): void {
  for (let round = 0; round < 3; round++) {
    const weights = new Map<Value, number>()
    for (const root of values) {
      if (!isRoot(root)) continue
      for (const { value, weight } of readsOf(root, (u) => !isRoot(u))) weights.set(value, (weights.get(value) ?? 0) + weight)
    }
    const released = values.filter((v) => v.kept && (weights.get(v) ?? 0) <= 1.01)
    if (released.length === 0) return
    for (const v of released) v.kept = false
  }
}

/**
 * A result that is read only by a map over the same elements, and so on: its kernel stores the end of that chain. Maps
 * that only the next of the chain reads (a mask between x and the choice it makes) are no readers of their own.
 */
function keepEndOfChain(root: Value, uses: ReadonlyMap<Value, readonly Use[]>): void {
  let end: Value | null = null
  let v = root
  while (!v.stored && !v.kept) {
    const u = onlyReader(v, uses)
    if (u === null || u.def.kind !== 'map' || sizeOf(u.shape) !== sizeOf(root.shape)) break
    if (dtypeInfo[u.dtype].bytes > dtypeInfo[root.dtype].bytes) break
    if (!u.def.structural) end = u
    v = u
  }
  if (end !== null && !end.stored) end.kept = true
}

function onlyReader(v: Value, uses: ReadonlyMap<Value, readonly Use[]>): Value | null {
  const readers = [...new Set(uses.get(v)!.map((u) => u.by))]
  const last = readers.at(-1)
  if (last === undefined) return null
  const between = (r: Value): boolean => r.def.kind === 'map' && !isRoot(r) && sizeOf(r.shape) === sizeOf(v.shape) && uses.get(r)!.every((u) => u.by === last)
  return readers.every((r) => r === last || between(r)) ? last : null
}
