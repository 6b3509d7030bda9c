/**
 * Short reductions whose neighbouring points read the same elements (windows that overlap, weights of a depthwise
 * convolution, what covers an element in a window's gradient): a few points of the space become one, in which every element is
 * read once and every guard and division that a point's place settles is gone. The reduction is written out as one expression.
 */
import { sizeOf } from '../../../core/aval.ts'
import { type DType, dtypeInfo } from '../../../core/dtype.ts'
import { type Accumulator, constantIndex, dimIndex, type Expression, type Index, type LoopKernel, type Node, type NodeId, rewriteNodes, type Sizes, type Stage, type Store, substitute } from '../../kernel-ir/index.ts'
import { costOf } from './cost.ts'
import { dependenciesOf } from './dependencies.ts'
import { guardReads } from './guards.ts'
import { Nodes, points } from './nodes.ts'
import { normalizeLoop } from './normalize.ts'
import { orderByReads } from './order-reads.ts'
import { chooseMode } from './shape-of-work.ts'

/** Elements of a window, and nodes of the expression, at most. */
const mostElements = 16
const mostNodes = 256
/** Points that become one, at most, and along one axis. */
const mostPoints = 8
const counts = [4, 3, 2]
/** The cost of a point must fall to so much of what it was. */
const worthwhile = 0.9
/** Points of a kernel that are worth the code. */
const fewestPoints = 4096

type Reduce = Extract<Stage, { kind: 'reduce' }>
type Last = Extract<Stage, { kind: 'map' }>

export function blockWindows(given: LoopKernel): LoopKernel {
  if (given.stages.length !== 2 || sizeOf(given.space) < fewestPoints) return given
  const [first, second] = given.stages as [Stage, Stage] // there are two
  if (first.kind !== 'reduce' || second.kind !== 'map' || second.inner.length > 0) return given
  const elements = sizeOf(first.inner)
  if (elements < 2 || elements > mostElements || first.nodes.length * elements > mostNodes || !first.accumulators.every((a) => isSimple(a, first.nodes))) return given
  const kernel = normalizeLoop(given)
  const [reduce, map] = kernel.stages as [Reduce, Last] // as they were
  if (kernel.space.length < 2 || chooseMode(kernel, false) !== 'space') return given
  const last = kernel.space.length - 1
  const nodes = guardReads(reduce.nodes, reduce.accumulators.map((a) => a.node))
  const alone = written({ ...reduce, nodes }, map, kernel.space, [])
  if (alone === null) return given
  let best: { readonly blocked: Last; readonly cost: number; readonly blocks: readonly Block[] } = { blocked: alone, cost: costPerPoint(alone, last, 1), blocks: [] }
  // one axis after the other, as long as that makes a point cheaper
  for (let round = 0; round < 2; round++) {
    const before = best
    for (const [axis, size] of kernel.space.slice(0, last).entries()) {
      if (before.blocks.some((b) => b.axis === axis)) continue
      for (const count of counts) {
        const blocks = [...before.blocks, { axis, count }]
        const points = sizeOf(blocks.map((b) => b.count))
        if (size % count !== 0 || points > mostPoints) continue
        const blocked = written({ ...reduce, nodes }, map, kernel.space, blocks)
        if (blocked === null) continue
        const cost = costPerPoint(blocked, last, points)
        if (cost < best.cost * worthwhile) best = { blocked, cost, blocks }
      }
    }
    if (best === before) break
  }
  if (best.blocks.length === 0) return given
  const { stores } = best.blocked
  const { nodes: ordered, roots } = orderByReads(best.blocked.nodes, stores.map((s) => s.node))
  return { ...kernel, space: blockedSpace(kernel.space, best.blocks), stages: [{ ...best.blocked, nodes: ordered, stores: stores.map((s, i) => ({ ...s, node: roots[i]! })) }] }
}

interface Block {
  readonly axis: number
  readonly count: number
}

const isSimple = (a: Accumulator, nodes: Expression): boolean => isFold(a.combine) && nodes[a.node]?.dtype === a.dtype && dtypeInfo[a.dtype].bytes >= 4

const blockedSpace = (space: Sizes, blocks: readonly Block[]): number[] => space.map((n, axis) => n / (blocks.find((b) => b.axis === axis)?.count ?? 1))

/** Cost of what depends on the last axis, which is done for every vector, for each point. */
function costPerPoint(map: Last, last: number, points: number): number {
  const dependencies = dependenciesOf(map.nodes, 0)
  let cost = map.stores.length
  for (const [id, node] of map.nodes.entries()) if (((dependencies[id] ?? 0) & (1 << last)) !== 0) cost += node.op === 'load' ? (node.guards.length > 0 ? 2.5 : 1) : costOf(node)
  return cost / points
}

/** All points of a block as one stage; null where that is too long. */
function written(reduce: Reduce, map: Last, space: Sizes, blocks: readonly Block[]): Last | null {
  const sizes = blockedSpace(space, blocks)
  const out = new Nodes()
  const stores: Store[] = []
  for (const offsets of points(blocks.map((b) => b.count))) {
    const into = (dim: number): Index => {
      const at = blocks.findIndex((b) => b.axis === dim)
      return at < 0 ? dimIndex(dim) : { constant: offsets[at]!, terms: [{ coefficient: blocks[at]!.count, atom: { kind: 'dim', dim } }] }
    }
    const results = folded(reduce, space.length, sizes, into, out)
    const ids = out.add(rewriteNodes(map.nodes, into, sizes), results)
    for (const s of map.stores) stores.push({ ...s, index: substitute(s.index, into, sizes), node: ids[s.node]! })
    if (out.nodes.length > mostNodes) return null
  }
  return { kind: 'map', inner: [], nodes: out.nodes, stores }
}

/** The reduction at one point, element after element in row-major order; a node for each accumulator. */
function folded(reduce: Reduce, rank: number, sizes: Sizes, into: (dim: number) => Index, out: Nodes): NodeId[] {
  const values: NodeId[] = []
  for (const element of points(reduce.inner.toReversed())) {
    const inner = element.toReversed()
    const ids = out.add(rewriteNodes(reduce.nodes, (dim) => (dim < rank ? into(dim) : constantIndex(inner[dim - rank]!)), sizes), [])
    for (const [k, { combine, dtype, node }] of reduce.accumulators.entries()) {
      const [own, x] = [values[k], ids[node]!]
      values[k] = own === undefined || !isFold(combine) ? x : out.put(foldNode[combine](dtype, [own, x]))
    }
  }
  return values
}

type Fold = 'sum' | 'max' | 'min'
const foldNode: { readonly [F in Fold]: (dtype: DType, inputs: readonly NodeId[]) => Node } = {
  sum: (dtype, inputs) => ({ op: 'apply', primitive: 'add', params: {}, dtype, inputs }),
  max: (dtype, inputs) => ({ op: 'apply', primitive: 'max', params: {}, dtype, inputs }),
  min: (dtype, inputs) => ({ op: 'apply', primitive: 'min', params: {}, dtype, inputs }),
}
const isFold = (combine: Accumulator['combine']): combine is Fold => combine in foldNode
