/**
 * Costly values that several stages compute at the same points are computed once: softmax's exponentials are needed by their
 * sum and by the quotient. They wait in the memory of the result, where the last stage would store anyway.
 */
import { paramKey } from '../../../core/jaxpr-key.ts'
import { type Expression, indexKey, inputsOf, type LoopKernel, type Node, type NodeId, type Stage, type Store } from '../../kernel-ir/index.ts'
import { costOf } from './cost.ts'

type MapStage = Extract<Stage, { kind: 'map' }>

/** Simple instructions that are worth a store and two loads in the first-level cache. */
const worthwhile = 20

export function reuseComputed(kernel: LoopKernel): LoopKernel {
  if (kernel.stages.length < 2) return kernel
  const numbers: Numbers = new Map()
  for (const [m, stage] of kernel.stages.entries()) {
    if (stage.kind !== 'map' || stage.inner.length === 0) continue
    const shared = sharedValue(kernel, m, stage, numbers)
    if (shared !== null) return rewritten(kernel, shared, numbers)
  }
  return kernel
}

interface Shared {
  readonly key: number
  /** The first stage that computes the value, and the map stage in whose result it waits. */
  readonly first: number
  readonly last: number
  readonly store: Store
}

function sharedValue(kernel: LoopKernel, m: number, stage: MapStage, numbers: Numbers): Shared | null {
  const before = kernel.stages.slice(0, m)
  if (before.some((s) => s.kind === 'cumulative')) return null
  const keys = keysOf(stage.nodes, numbers)
  const earlier = before.map((s) => (s.kind === 'reduce' && s.inner.join() === stage.inner.join() ? keysOf(s.nodes, numbers) : []))
  let best: { node: NodeId; saved: number } | null = null
  for (const [id, key] of keys.entries()) {
    const others = earlier.filter((list) => list.includes(key)).length
    if (others === 0) continue
    const cost = treeCost(stage.nodes, id)
    if (cost >= worthwhile && (best === null || others * cost > best.saved)) best = { node: id, saved: others * cost }
  }
  if (best === null) return null
  const { node } = best
  const key = keys[node] ?? -1
  const dtype = stage.nodes[node]?.dtype
  const store = stage.stores.find((s) => stage.nodes[s.node]?.dtype === dtype && s.node !== node)
  if (store === undefined || (dtype !== 'float32' && dtype !== 'float64')) return null
  // The result may lie over an operand that only this stage reads, at the very element that it stores: such a one must still
  // be there. And nobody else may write or read the result before.
  const here = indexKey(store.index)
  const inside = reachable(stage.nodes, [node])
  const rest = reachable(stage.nodes, stage.stores.map((s) => s.node), node)
  const hazard = (id: NodeId): boolean => {
    const n = stage.nodes[id]
    return n !== undefined && (n.op === 'gather' || (n.op === 'load' && indexKey(n.index) === here && !inside.has(id)))
  }
  if ([...rest].some(hazard) || stage.stores.filter((s) => s.buffer === store.buffer).length > 1) return null
  if (before.some((s) => s.kind === 'map' && s.stores.some((other) => other.buffer === store.buffer))) return null
  return { key, first: earlier.findIndex((list) => list.includes(key)), last: m, store }
}

/** A map stage before the first use computes the value; everyone else reads it. */
function rewritten(kernel: LoopKernel, { key, first, last, store }: Shared, numbers: Numbers): LoopKernel {
  const source = kernel.stages[first]
  if (source === undefined) return kernel
  const at = keysOf(source.nodes, numbers).indexOf(key)
  const computing: MapStage = { kind: 'map', inner: source.inner, nodes: source.nodes.slice(0, at + 1), stores: [{ ...store, node: at }] }
  // results of reductions are named by the number of their stage, and a stage comes in
  const renumbered = (nodes: Expression): Expression => nodes.map((n) => (n.op === 'reduced' && n.stage >= first ? { ...n, stage: n.stage + 1 } : n))
  const stages = kernel.stages.map((stage, i): Stage => {
    if (i < first || i > last || stage.inner.join() !== source.inner.join()) return { ...stage, nodes: renumbered(stage.nodes) }
    const keys = keysOf(stage.nodes, numbers)
    const nodes = renumbered(stage.nodes).map((n, id): Node => (keys[id] === key ? { op: 'load', dtype: n.dtype, buffer: store.buffer, index: store.index, guards: [], otherwise: 0 } : n))
    return { ...stage, nodes }
  })
  return { ...kernel, stages: [...stages.slice(0, first), computing, ...stages.slice(first)] }
}

/** Numbers of values of one kernel: equal for equal values, whatever stage computes them. */
export type Numbers = Map<string, number>

export function keysOf(nodes: Expression, numbers: Numbers): number[] {
  const keys: number[] = []
  for (const node of nodes) {
    const text = `${nodeKey(node)}(${inputsOf(node).map((id) => keys[id] ?? '').join()})`
    const known = numbers.get(text) ?? numbers.size
    numbers.set(text, known)
    keys.push(known)
  }
  return keys
}

function nodeKey(node: Node): string {
  switch (node.op) {
    case 'load':
      return `load ${node.dtype} ${node.buffer} ${indexKey(node.index)} ${paramKey(node.guards)} ${paramKey(node.otherwise)}`
    case 'literal':
      return `literal ${node.dtype} ${paramKey(node.value)}`
    case 'index':
      return `index ${node.dtype} ${indexKey(node.index)}`
    case 'apply':
      return `${node.primitive} ${node.dtype} ${paramKey(node.params)}`
    case 'bitcast':
      return `bitcast ${node.dtype}`
    case 'reduced':
      return `reduced ${node.stage} ${node.output}`
    case 'gather':
    case 'guarded':
      return paramKey(node)
    case 'threefry':
      return `threefry ${node.word}`
    case 'accumulator':
      return `accumulator ${node.output}`
  }
}

function reachable(nodes: Expression, roots: readonly NodeId[], except: NodeId = -1): Set<NodeId> {
  const seen = new Set<NodeId>()
  const visit = (id: NodeId): void => {
    const node = nodes[id]
    if (node === undefined || id === except || seen.has(id)) return
    seen.add(id)
    inputsOf(node).forEach(visit)
  }
  roots.forEach(visit)
  return seen
}

function treeCost(nodes: Expression, root: NodeId): number {
  let cost = 0
  for (const id of reachable(nodes, [root])) cost += nodes[id] === undefined ? 0 : costOf(nodes[id])
  return cost
}
