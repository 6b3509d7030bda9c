/**
 * Running sums and extrema along few long rows as several kernels: totals of chunks, a running total of those, then every chunk
 * from where the ones before it end. Lanes and threads each take chunks of their own; chunks are fixed by shape, so results do not
 * depend on how many threads there are.
 *
 * Products of floats stay in order: a part of them may overflow where the whole of them does not.
 */
import { sizeOf } from '../../../core/aval.ts'
import { type DType, dtypeInfo } from '../../../core/dtype.ts'
import { type Accumulator, type BufferId, dimIndex, type Index, type LoopKernel, type Node, type NodeId, pushConverted, rewriteNodes, rewriteStores, type Stage, withOperands } from '../../kernel-ir/index.ts'
import { identity, needsTotals, primitiveOf } from '../lanes/index.ts'
import type { SplitKernel } from './split.ts'

type Scan = Extract<Stage, { kind: 'cumulative' }>

/** Elements of a chunk: not a power of two, or the elements that lanes are at would share the few places of a cache set. */
const chunk = 4096 + 16
const longScan = 8 * chunk
/** Points of the space that give threads and lanes enough to do. */
const enoughPoints = 32

/** The kernels that a running sum becomes, or null. `free`: the first buffer number not in use. */
export function splitLongScans(kernel: LoopKernel, free: BufferId): SplitKernel | null {
  const [stage, ...more] = kernel.stages
  if (stage?.kind !== 'cumulative' || more.length > 0) return null
  const [accumulator, ...others] = stage.accumulators
  const points = sizeOf(kernel.space)
  if (accumulator === undefined || others.length > 0 || accumulator.position !== null) return null
  if (stage.inner[0] < longScan || points >= enoughPoints || points === 0) return null
  const dtype = stage.nodes[accumulator.node]?.dtype ?? accumulator.dtype
  if (accumulator.combine === 'prod' && dtypeInfo[dtype].kind === 'float') return null
  return split(kernel, stage, accumulator, needsTotals(accumulator, dtype) ? 'float64' : dtype, free)
}

/** `wide`: what totals are kept in. */
function split(kernel: LoopKernel, stage: Scan, accumulator: Accumulator, wide: DType, totals: BufferId): SplitKernel {
  const { space } = kernel
  const { reverse } = stage
  const rank = space.length
  const points = sizeOf(space)
  const [size] = stage.inner
  const chunks = Math.floor(size / chunk)
  const rest = size - chunks * chunk
  /** What ran up to the end of each chunk. */
  const ran = totals + 1
  const bytes = Math.ceil((chunks * points * dtypeInfo[wide].bytes) / 64) * 64
  const flat = (number: Index, first: number): Index => ({
    constant: points * number.constant,
    terms: [...number.terms.map((t) => ({ ...t, coefficient: points * t.coefficient })), ...space.map((_, d) => ({ coefficient: sizeOf(space.slice(d + 1)), atom: { kind: 'dim' as const, dim: first + d } }))],
  })
  const load = (buffer: BufferId, dtype: DType, index: Index): Node & { op: 'load' } => ({ op: 'load', dtype, buffer, index, guards: [], otherwise: 0 })
  const loop = (extents: readonly number[], stages: readonly Stage[]): LoopKernel => ({ kind: 'loop', name: kernel.name, space: extents, stages })
  /** Chunk c in front of the space; where it runs backwards the rest comes first. */
  const into = (from: number) => (dim: number): Index =>
    dim < rank ? dimIndex(1 + dim) : { constant: from, terms: [{ coefficient: chunk, atom: { kind: 'dim', dim: 0 } }, { coefficient: 1, atom: { kind: 'dim', dim: 1 + rank } }] }
  const whole = reverse ? rest : 0

  // Added up in `wide` from the first element on, so that a running sum is as accurate in its last chunk as in its first.
  const summed = rewriteNodes(stage.nodes.slice(0, accumulator.node + 1), into(whole), [chunks, ...space, chunk]).slice()
  pushConverted(summed, accumulator.node, wide)
  const ofChunks = loop([chunks, ...space], [
    { kind: 'reduce', inner: [chunk], nodes: summed, accumulators: [{ ...accumulator, dtype: wide, node: summed.length - 1 }] },
    { kind: 'map', inner: [], nodes: [{ op: 'reduced', dtype: wide, stage: 0, output: 0 }], stores: [{ buffer: totals, index: flat(dimIndex(0), 1), node: 0 }] },
  ])
  const overChunks = loop(space, [
    {
      kind: 'cumulative',
      inner: [chunks],
      reverse,
      nodes: [load(totals, wide, flat(dimIndex(rank), 0)), { op: 'accumulator', dtype: wide, output: 0 }],
      accumulators: [{ ...accumulator, dtype: wide, node: 0 }],
      stores: [{ buffer: ran, index: flat(dimIndex(rank), 0), node: 1 }],
    },
  ])
  /** Chunks that begin where those before them have ended. */
  const along = (count: number, length: number, from: number, before: Node): LoopKernel => {
    const extents = [count, ...space]
    const sizes = [...extents, length]
    const { nodes, node, place } = withStart(rewriteNodes(stage.nodes, into(from), sizes), accumulator, wide, before)
    const stores = rewriteStores(stage.stores, into(from), sizes).map((s) => ({ ...s, node: place(s.node) }))
    return loop(extents, [{ kind: 'cumulative', inner: [length], reverse, nodes, accumulators: [{ ...accumulator, dtype: wide, node }], stores }])
  }
  const before: Index = { constant: reverse ? 1 : -1, terms: dimIndex(0).terms }
  const start: Node = { ...load(ran, wide, flat(before, 1)), guards: [{ index: before, low: 0, high: chunks }], otherwise: identity(accumulator.combine, wide) }
  const kernels = [ofChunks, overChunks, along(chunks, chunk, whole, start)]
  if (rest > 0) kernels.push(along(1, rest, reverse ? 0 : chunks * chunk, load(ran, wide, flat({ constant: reverse ? 0 : chunks - 1, terms: [] }, 1))))
  return { kernels, scratch: new Map([[totals, 0], [ran, bytes]]), scratchBytes: 2 * bytes }
}

/** The stage's nodes where the running value is that of the chunk, in `wide`, after what ran before it. */
function withStart(given: readonly Node[], accumulator: Accumulator, wide: DType, before: Node): { readonly nodes: Node[]; readonly node: NodeId; readonly place: (id: NodeId) => NodeId } {
  const { combine, dtype } = accumulator
  if (combine === 'argmax' || combine === 'argmin' || combine === 'selectGe' || combine === 'selectLe') return { nodes: [...given], node: accumulator.node, place: (id) => id }
  const nodes: Node[] = []
  const places: NodeId[] = []
  const place = (id: NodeId): NodeId => places[id] ?? id
  const push = (node: Node): NodeId => nodes.push(node) - 1
  for (const node of given) {
    if (node.op !== 'accumulator') {
      places.push(push(withOperands(node, place)))
      continue
    }
    const inputs = [push(before), push({ op: 'accumulator', dtype: wide, output: 0 })]
    const sum = push({ op: 'apply', primitive: primitiveOf[combine], params: {}, dtype: wide, inputs } as Node) // a union of primitives is not a union of nodes to TypeScript
    places.push(pushConverted(nodes, sum, dtype))
  }
  return { nodes, node: pushConverted(nodes, place(accumulator.node), wide), place }
}
