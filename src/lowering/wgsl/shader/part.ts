/** Which results of which stages a shader makes, and what it reads and writes for them. */
import { sizeOf } from '../../../core/aval.ts'
import { type BufferId, dimVector, type Expression, flattenIndex, floorDivIndex, type LoopKernel, neededBy, type Node, type NodeId } from '../../kernel-ir/index.ts'
import type { Memory } from './bindings.ts'

/** A stage, and which of its stores and accumulators a shader makes. */
export interface Part {
  readonly stage: number
  readonly stores: readonly number[]
  readonly accumulators: readonly number[]
}

export const partOf = ({ stages }: LoopKernel, stage: number): Part => {
  const s = stages[stage]!
  return { stage, stores: s.kind === 'reduce' ? [] : s.stores.map((_, i) => i), accumulators: s.kind === 'map' ? [] : s.accumulators.map((_, i) => i) }
}

/** Results of reductions in memory, an element a row, by `savedKey`. */
export type Saved = Map<string, BufferId>
export const savedKey = (stage: number, output: number): string => `${stage}_${output}`

/** Results of folds over chunks of rows: element `row * chunks + chunk`, of each accumulator of a part; of pairs the two of that number. */
export interface Partials {
  readonly chunks: number
  readonly buffers: readonly { readonly value: BufferId; readonly position: BufferId | null }[]
}

interface ChunkRange {
  readonly first: number
  readonly size: number
}

export interface PartOptions {
  readonly saved: Saved
  /** Elements of what is saved: points, or every so many of them share one. */
  readonly rows: number
  /** Whether results of the reduction go to memory, into `saved`. */
  readonly saves?: boolean
  /** The first part folds these, not the stage's elements. */
  readonly partials?: Partials | null
  /** Folds chunks, into these. */
  readonly makes?: Partials
  /** Whether every point is one invocation's, and every sum a plain one: as tiles of a product add up. */
  readonly plain?: boolean
  /** Those chunks that the shader folds, of all that there are. */
  readonly range?: ChunkRange
}

/** The nodes that a part's results are made from. */
export function rootsOf({ stages }: LoopKernel, part: Part): NodeId[] {
  const s = stages[part.stage]!
  const folded = s.kind === 'map' ? [] : part.accumulators.flatMap((o) => [s.accumulators[o]!.node, s.accumulators[o]!.position ?? []].flat())
  return [...folded, ...(s.kind === 'reduce' ? [] : part.stores.map((i) => s.stores[i]!.node))]
}

export function usesOfParts(kernel: LoopKernel, parts: readonly Part[], saved: Saved): { readonly reads: Set<BufferId>; readonly writes: Set<BufferId> } {
  const reads = new Set<BufferId>()
  const writes = new Set<BufferId>()
  for (const part of parts) {
    const s = kernel.stages[part.stage]!
    for (const id of neededBy(s.nodes, rootsOf(kernel, part))) {
      const b = bufferOf(s.nodes[id]!, saved)
      if (b !== null) reads.add(b)
    }
    if (s.kind !== 'reduce') for (const i of part.stores) writes.add(s.stores[i]!.buffer)
  }
  return { reads, writes }
}

/** The buffer that a node reads. */
export function bufferOf(n: Node, saved: Saved): BufferId | null {
  if (n.op === 'load' || n.op === 'gather') return n.buffer
  return n.op === 'reduced' ? (saved.get(savedKey(n.stage, n.output)) ?? null) : null
}

/** Nodes of a map over `space`, which load what reductions before it left in memory. */
export function loadingSaved(memory: Memory, nodes: Expression, space: readonly number[], { saved, rows }: PartOptions): Expression {
  const index = floorDivIndex(flattenIndex(dimVector(space.length), space, space), sizeOf(space) / rows, space)
  return nodes.map((n): Node => {
    const buffer = n.op === 'reduced' ? bufferOf(n, saved) : null
    return buffer === null ? n : { op: 'load', dtype: memory.avalOf(buffer).dtype, buffer, index, guards: [], otherwise: 0 }
  })
}
