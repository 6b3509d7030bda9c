/** The stages of a kernel as passes over each row: fewer, where what one stage stores the next one folds. */
import { foldsInOrder, indexKey, type LoopKernel, type NodeId, type Stage, type Store, withOperands } from '../../kernel-ir/index.ts'
import { bodyCost } from './shape-of-work.ts'

/** A stage, and what a reduction stores of each element on its way. */
export interface Pass {
  /** Of the stage whose results it gives. */
  readonly number: number
  readonly stage: Stage
  readonly stores: readonly Store[]
  /** The stage alone: sums go by its shape, so that their bits do not depend on what was merged. */
  readonly alone: Stage
  readonly nonPositive: ReadonlySet<NodeId>
}

/** Expressions longer than this need the registers for themselves. */
const mostCost = 60

export function passesOf(kernel: LoopKernel, nonPositive: readonly ReadonlySet<NodeId>[]): readonly Pass[] {
  const passes: Pass[] = []
  for (const [number, stage] of kernel.stages.entries()) {
    const pass: Pass = { number, stage, stores: stage.kind === 'reduce' ? [] : stage.stores, alone: stage, nonPositive: nonPositive[number] ?? new Set() }
    const before = passes.at(-1)
    const merged = before === undefined ? null : merge(before, pass)
    if (merged === null) passes.push(pass)
    else passes[passes.length - 1] = merged
  }
  return passes
}

/** A map and the reduction after it that reads, of all that the map stores, each element where it was stored, as one pass. */
function merge(map: Pass, reduce: Pass): Pass | null {
  const [store, ...more] = map.stores
  if (map.stage.kind !== 'map' || reduce.stage.kind !== 'reduce' || store === undefined || more.length > 0) return null
  if (map.stage.inner.length === 0 || map.stage.inner.join() !== reduce.stage.inner.join() || foldsInOrder(reduce.stage) || bodyCost(map.stage) > mostCost) return null
  const place = indexKey(store.index)
  const dtype = map.stage.nodes[store.node]?.dtype
  const reads = reduce.stage.nodes.filter((n) => (n.op === 'load' || n.op === 'gather') && n.buffer === store.buffer)
  if (reads.length === 0 || !reads.every((n) => n.op === 'load' && n.dtype === dtype && n.guards.length === 0 && indexKey(n.index) === place)) return null
  const shift = map.stage.nodes.length
  const at = (id: NodeId): NodeId => {
    const n = reduce.stage.nodes[id]
    return n?.op === 'load' && n.buffer === store.buffer ? store.node : id + shift
  }
  const nodes = [...map.stage.nodes, ...reduce.stage.nodes.map((n) => withOperands(n, at))]
  const accumulators = reduce.stage.accumulators.map((a) => ({ ...a, node: at(a.node), position: a.position === null ? null : at(a.position) }))
  const nonPositive = new Set([...map.nonPositive, ...[...reduce.nonPositive].map((id) => id + shift)])
  return { ...reduce, stage: { ...reduce.stage, nodes, accumulators }, stores: map.stores, nonPositive }
}
