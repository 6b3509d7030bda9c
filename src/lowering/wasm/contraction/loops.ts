/** The loop kernels of a contraction: packing an operand, adding up slices, and the epilogue. */
import { sizeOf } from '../../../core/aval.ts'
import { guarded, rewriteNodes, rewriteStores } from '../../kernel-ir/rewrite.ts'
import { addIndex, dimIndex, dimVector, flattenIndex, floorDivIndex, modIndex, scaleIndex, type Sizes, unflattenIndex } from '../../kernel-ir/index.ts'
import type { BufferId, ContractionKernel, Expression, Guard, Index, LoopKernel, Node } from '../../kernel-ir/index.ts'
import type { DepthCuts } from '../../depth-cuts.ts'
import { inSumType, type SumType } from './sum-type.ts'

interface PackOptions {
  readonly batch: readonly number[]
  /** The axes of m or n, and the number of their first loop variable in the contraction's expressions. */
  readonly free: readonly number[]
  readonly freeAt: number
  readonly k: readonly number[]
  readonly kAt: number
  readonly depths: DepthCuts
  readonly depth: number
  readonly width: number
  readonly sum: SumType
  /** The free axes are packed in `groups` of `size`. */
  readonly size: number
  readonly groups: number
  /** The groups of so many blocks of k lie behind each other; 0: each group takes the place of the last. */
  readonly kept: number
}

/**
 * A loop kernel that writes one operand's panels. Its vector axis (the last) is the free one where the operand is
 * contiguous along it, else the innermost of k.
 */
export function packKernel(name: string, nodes: Expression, o: PackOptions, out: BufferId): LoopKernel {
  const count = sizeOf(o.free)
  const { groups } = o
  const alongFree = prefersFree(nodes, o)
  // The inner loops: either k then the free axes, or the free axes then k.
  const freeLoops = groups > 1 || !alongFree ? [o.size] : o.free
  const kLoops = o.depths.inner
  const space = [sizeOf(o.batch) * groups * o.depths.blocks, ...(alongFree ? [...kLoops, ...freeLoops] : [...freeLoops, ...kLoops])]
  const outer = dimIndex(0)
  const group = modIndex(outer, groups, space)
  const block = modIndex(floorDivIndex(outer, groups, space), o.depths.blocks, space)
  const inFree = dimVector(freeLoops.length, alongFree ? 1 + kLoops.length : 1)
  const inK = dimVector(kLoops.length, alongFree ? 1 : 1 + freeLoops.length)
  const inGroup = flattenIndex(inFree, freeLoops, space)
  const free = groups > 1 ? addIndex(inGroup, scaleIndex(group, o.size), space) : inGroup
  const guards: Guard[] = []
  const covered = groups > 1 ? groups * o.size : sizeOf(freeLoops)
  if (covered > count) guards.push({ index: free, low: 0, high: count })
  const freeVariables = freeLoops === o.free ? inFree : unflattenIndex(free, o.free, space)
  const kVariables = depthVariables(o, block, inK, guards, space)
  const batchVariables = unflattenIndex(floorDivIndex(outer, groups * o.depths.blocks, space), o.batch, space)
  const place = (dim: number): Index => {
    if (dim < o.batch.length) return batchVariables[dim]!
    return dim >= o.kAt ? kVariables[dim - o.kAt]! : freeVariables[dim - o.freeAt]!
  }
  const moved = inSumType(guarded(rewriteNodes(nodes, place, space), guards), o.sum)
  // [free / width][k][width]
  const panel = [floorDivIndex(inGroup, o.width, space), flattenIndex(inK, kLoops, space), modIndex(inGroup, o.width, space)]
  const inPanels = flattenIndex(panel, [Math.ceil(sizeOf(freeLoops) / o.width), o.depth, o.width], space)
  let store = inPanels
  if (o.kept > 0 && groups > 1) store = addIndex(store, scaleIndex(group, o.size * o.depth), space)
  if (o.kept > 1) store = addIndex(store, scaleIndex(modIndex(block, o.kept, space), Math.ceil((groups * o.size) / o.width) * o.width * o.depth), space)
  return { kind: 'loop', name, space, stages: [{ kind: 'map', inner: [], nodes: moved, stores: [{ buffer: out, index: store, node: moved.length - 1 }] }] }
}

/** The coordinates of k: those before the cut axis are the block's, the others loop variables. */
function depthVariables(o: PackOptions, block: Index, inK: readonly Index[], guards: Guard[], space: Sizes): readonly Index[] {
  const { split, inner, times } = o.depths
  if (o.depths.blocks === 1) return inK
  const before = unflattenIndex(floorDivIndex(block, times, space), o.k.slice(0, split), space)
  const cut = addIndex(scaleIndex(modIndex(block, times, space), inner[0]!), inK[0]!, space)
  if (times * inner[0]! > o.k[split]!) guards.push({ index: cut, low: 0, high: o.k[split]! })
  return [...before, cut, ...inK.slice(1)]
}

/** Whether more reads are contiguous along the last free axis than along the last axis of k. */
export function prefersFree(nodes: Expression, o: Pick<PackOptions, 'free' | 'freeAt' | 'k' | 'kAt'>): boolean {
  const lastFree = o.freeAt + o.free.length - 1
  const lastK = o.kAt + o.k.length - 1
  let score = 0
  for (const n of nodes) {
    if (n.op !== 'load' && n.op !== 'gather') continue
    for (const t of n.index.terms) {
      if (t.atom.kind !== 'dim' || Math.abs(t.coefficient) !== 1) continue
      if (t.atom.dim === lastFree) score++
      if (t.atom.dim === lastK) score--
    }
  }
  return score > 0 && (o.free.at(-1) ?? 1) >= 4
}

/** Adds the partial sums of all slices, in order, to those of the first. Outer axis: the row. */
export function combineKernel(kernel: ContractionKernel, rows: number, paddedColumns: number, slices: number, sliceElements: number, sums: BufferId): LoopKernel {
  const space = [rows, paddedColumns]
  const at = (slice: number): Index => ({ ...flattenIndex(dimVector(2, 0), space, space), constant: slice * sliceElements })
  const nodes: Node[] = []
  for (let slice = 0; slice < slices; slice++) {
    nodes.push({ op: 'load', dtype: kernel.dtype, buffer: sums, index: at(slice), guards: [], otherwise: 0 })
    const last = nodes.length - 1
    if (slice > 0) nodes.push({ op: 'apply', primitive: 'add', params: {}, dtype: kernel.dtype, inputs: [last - 1, last] })
  }
  return { kind: 'loop', name: `${kernel.name} slices`, space, stages: [{ kind: 'map', inner: [], nodes, stores: [{ buffer: sums, index: at(0), node: nodes.length - 1 }] }] }
}

export function epilogueKernel(kernel: ContractionKernel, rows: number, paddedColumns: number, sums: BufferId): LoopKernel {
  const batch = sizeOf(kernel.batch)
  const space = [batch * rows, ...kernel.n]
  const outer = dimIndex(0)
  const columns = dimVector(kernel.n.length, 1)
  const variables = [
    ...unflattenIndex(floorDivIndex(outer, rows, space), kernel.batch, space),
    ...unflattenIndex(modIndex(outer, rows, space), kernel.m, space),
    ...columns,
  ]
  const index = addIndex(scaleIndex(outer, paddedColumns), flattenIndex(columns, kernel.n, space), space)
  const place = (dim: number): Index => variables[dim]!
  const nodes = rewriteNodes(kernel.epilogue, place, space).map(
    (n): Node => (n.op === 'accumulator' ? { op: 'load', dtype: kernel.dtype, buffer: sums, index, guards: [], otherwise: 0 } : n),
  )
  const stores = rewriteStores(kernel.stores, place, space)
  return { kind: 'loop', name: `${kernel.name} epilogue`, space, stages: [{ kind: 'map', inner: [], nodes, stores }] }
}
