/**
 * How a contraction is cut: packing kernels, the loop over tiles, the epilogue — as plain data.
 *
 * Packing and epilogue are ordinary loop kernels over scratch buffers, so that whatever expression fusion put into an
 * operand (im2col of a convolution, a transpose, a mask) is read by the same code as everywhere else.
 *
 * Panels: rows (m) four by four, `[m / 4][k][4]`; columns (n) by the tile's width w, `[n / w][k][w]`. Rows and columns past
 * the end hold whatever was in the scratch memory: they reach only sums that nobody reads.
 */
import type { DType } from '../../../core/dtype.ts'
import { rewriteNodes, rewriteStores } from '../emit/rewrite.ts'
import { addIndex, dimIndex, dimVector, flattenIndex, floorDivIndex, modIndex, scaleIndex, type Sizes, unflattenIndex } from '../../kernel-ir/index.ts'
import type { BufferId, ContractionKernel, Expression, Guard, Index, LoopKernel, Node } from '../../kernel-ir/index.ts'
import { type SumType, type TileShape, tileShape } from './microkernel.ts'

/** Two ways to walk: rows block by block with all of k packed, or k block by block with all sums kept. */
export type Walk =
  /** Chunks are (batch, block of rows). */
  | { readonly kind: 'rows'; readonly blockRows: number; readonly blocks: number }
  /** Chunks are batches; each runs over `blocks` of `blockDepth` steps of k. */
  | { readonly kind: 'depth'; readonly blockDepth: number; readonly blocks: number }

export interface ContractionPlan {
  readonly tile: TileShape
  readonly sum: SumType
  readonly walk: Walk
  readonly batch: number
  readonly rows: number
  readonly columns: number
  readonly paddedColumns: number
  /** Steps of k in a packed panel. */
  readonly depth: number
  /** Outer chunk of `packLhs`: batch · blocks + block. Of `packRhs`: the batch ('rows') or batch · blocks + block ('depth'). */
  readonly packLhs: LoopKernel
  readonly packRhs: LoopKernel
  /** Outer axis: batch · rows + row. */
  readonly epilogue: LoopKernel
  /** Buffers of the three kernels that are scratch: the packed operands and the sums, with their byte offsets and sizes. */
  readonly scratch: { readonly lhs: ScratchPart; readonly rhs: ScratchPart; readonly sums: ScratchPart; readonly bytes: number }
}
export interface ScratchPart {
  readonly buffer: BufferId
  readonly offset: number
  readonly bytes: number
}

/** A packed panel of this many steps of k still streams from the second-level cache beside its partner. */
const wholeDepth = 768
const blockDepthAim = 384
/** Bytes of a block of packed rows: half of a usual second-level cache. */
const blockBytesAim = 256 * 1024

export function sumType(dtype: DType): SumType {
  if (dtype === 'float64' || dtype === 'int32') return dtype
  return dtype === 'uint32' ? 'int32' : 'float32'
}

const product = (xs: readonly number[]): number => xs.reduce((a, b) => a * b, 1)

export function planContraction(kernel: ContractionKernel, freeBuffer: BufferId): ContractionPlan {
  const sum = sumType(kernel.dtype)
  const tile = tileShape(sum)
  const batch = product(kernel.batch)
  const rows = product(kernel.m)
  const columns = product(kernel.n)
  const k = product(kernel.k)
  const paddedColumns = Math.ceil(columns / tile.columns) * tile.columns
  const depths = k <= wholeDepth ? { split: 0, inner: kernel.k, times: 1, blocks: 1 } : splitDepth(kernel.k)
  const depth = product(depths.inner)
  const walk: Walk = k <= wholeDepth ? rowsWalk(rows, k, tile) : { kind: 'depth', blockDepth: depth, blocks: depths.blocks }
  const packedRows = walk.kind === 'rows' ? walk.blockRows : Math.ceil(rows / 4) * 4
  const sizes = [packedRows * depth, paddedColumns * depth, packedRows * paddedColumns].map((n) => Math.ceil((n * tile.elementBytes) / 64) * 64)
  const lhs = { buffer: freeBuffer, offset: 0, bytes: sizes[0]! }
  const rhs = { buffer: freeBuffer + 1, offset: sizes[0]!, bytes: sizes[1]! }
  const sums = { buffer: freeBuffer + 2, offset: sizes[0]! + sizes[1]!, bytes: sizes[2]! }
  const operand = { batch: kernel.batch, k: kernel.k, depths, depth, sum }
  const place = { b: 0, m: kernel.batch.length, n: kernel.batch.length + kernel.m.length, k: kernel.batch.length + kernel.m.length + kernel.n.length }
  return {
    tile,
    sum,
    walk,
    batch,
    rows,
    columns,
    paddedColumns,
    depth,
    packLhs: packKernel(`${kernel.name} pack lhs`, kernel.lhs, { ...operand, free: kernel.m, freeAt: place.m, kAt: place.k, width: 4, walk, blockRows: walk.kind === 'rows' ? walk.blockRows : null }, lhs.buffer),
    packRhs: packKernel(`${kernel.name} pack rhs`, kernel.rhs, { ...operand, free: kernel.n, freeAt: place.n, kAt: place.k, width: tile.columns, walk, blockRows: null }, rhs.buffer),
    epilogue: epilogueKernel(kernel, rows, paddedColumns, sums.buffer),
    scratch: { lhs, rhs, sums, bytes: sizes[0]! + sizes[1]! + sizes[2]! },
  }
}

function rowsWalk(rows: number, k: number, tile: TileShape): Walk {
  const fit = Math.max(8, Math.floor(blockBytesAim / (k * tile.elementBytes * 4)) * 4)
  const blockRows = Math.min(Math.ceil(rows / 4) * 4, fit)
  return { kind: 'rows', blockRows, blocks: Math.ceil(rows / blockRows) }
}

interface DepthSplit {
  /** The axis of k that is cut; axes before it are counted by the block. */
  readonly split: number
  /** Axes inside a block: the first is the cut one. */
  readonly inner: readonly number[]
  /** Blocks along the cut axis. */
  readonly times: number
  readonly blocks: number
}

/** Cuts k where a block comes near the aim, preferably so that blocks divide the axis. */
function splitDepth(k: readonly number[]): DepthSplit {
  let inside = 1
  let split = k.length - 1
  while (split > 0 && inside * k[split]! < blockDepthAim) inside *= k[split--]!
  const size = k[split]!
  const aim = Math.max(1, Math.floor(blockDepthAim / inside))
  let length = Math.min(size, aim)
  for (let d = length; d >= Math.max(1, length / 3); d--) {
    if (size % d === 0) {
      length = d
      break
    }
  }
  const times = Math.ceil(size / length)
  return { split, inner: [length, ...k.slice(split + 1)], times, blocks: product(k.slice(0, split)) * times }
}

interface PackOptions {
  readonly batch: readonly number[]
  /** The axes of m or n, and the number of their first loop variable in the contraction's expressions. */
  readonly free: readonly number[]
  readonly freeAt: number
  readonly k: readonly number[]
  readonly kAt: number
  readonly depths: DepthSplit
  readonly depth: number
  readonly width: number
  readonly walk: Walk
  readonly sum: SumType
  /** Rows in a block where rows are walked block by block; null: all of them at once. */
  readonly blockRows: number | null
}

/**
 * A loop kernel that writes one operand's panels. Its vector axis (the last) is the free one where the operand is
 * contiguous along it, else the innermost of k.
 */
function packKernel(name: string, nodes: Expression, o: PackOptions, out: BufferId): LoopKernel {
  const count = product(o.free)
  const blocksOfFree = o.walk.kind === 'rows' && o.blockRows !== null ? o.walk.blocks : 1
  const blocksOfDepth = o.walk.kind === 'depth' ? o.walk.blocks : 1
  const alongFree = prefersFree(nodes, o)
  // The inner loops: either k then the free axes, or the free axes then k.
  const freeLoops = blocksOfFree > 1 || !alongFree ? [o.blockRows ?? count] : o.free
  const kLoops = o.depths.inner
  const space = [product(o.batch) * blocksOfFree * blocksOfDepth, ...(alongFree ? [...kLoops, ...freeLoops] : [...freeLoops, ...kLoops])]
  const outer = dimIndex(0)
  const block = modIndex(outer, blocksOfFree * blocksOfDepth, space)
  const inFree = dimVector(freeLoops.length, alongFree ? 1 + kLoops.length : 1)
  const inK = dimVector(kLoops.length, alongFree ? 1 : 1 + freeLoops.length)
  const inBlock = flattenIndex(inFree, freeLoops, space)
  const free = blocksOfFree > 1 ? addIndex(inBlock, scaleIndex(block, o.blockRows!), space) : inBlock
  const guards: Guard[] = []
  const covered = blocksOfFree > 1 ? blocksOfFree * o.blockRows! : product(freeLoops)
  if (covered > count) guards.push({ index: free, low: 0, high: count })
  const freeVariables = freeLoops === o.free ? inFree : unflattenIndex(free, o.free, space)
  const kVariables = depthVariables(o, block, inK, guards, space)
  const batchVariables = unflattenIndex(floorDivIndex(outer, blocksOfFree * blocksOfDepth, space), o.batch, space)
  const place = (dim: number): Index => {
    if (dim < o.batch.length) return batchVariables[dim]!
    return dim >= o.kAt ? kVariables[dim - o.kAt]! : freeVariables[dim - o.freeAt]!
  }
  const moved = inSumType(guarded(rewriteNodes(nodes, place, space), guards), o.sum)
  // [free / width][k][width]
  const panel = [floorDivIndex(inBlock, o.width, space), flattenIndex(inK, kLoops, space), modIndex(inBlock, o.width, space)]
  const store = flattenIndex(panel, [Math.ceil(product(freeLoops) / o.width), o.depth, o.width], space)
  return { kind: 'loop', name, space, stages: [{ kind: 'map', inner: [], nodes: moved, stores: [{ buffer: out, index: store, node: moved.length - 1 }] }] }
}

/** The coordinates of k: those before the cut axis are the block's, the others loop variables. */
function depthVariables(o: PackOptions, block: Index, inK: readonly Index[], guards: Guard[], space: Sizes): readonly Index[] {
  const { split, inner, times } = o.depths
  if (o.walk.kind === 'rows') return inK
  const before = unflattenIndex(floorDivIndex(block, times, space), o.k.slice(0, split), space)
  const cut = addIndex(scaleIndex(modIndex(block, times, space), inner[0]!), inK[0]!, space)
  if (times * inner[0]! > o.k[split]!) guards.push({ index: cut, low: 0, high: o.k[split]! })
  return [...before, cut, ...inK.slice(1)]
}

/** Adds guards to every read, and gives 0 outside of them: a step of k past the end adds nothing. */
function guarded(nodes: Expression, guards: readonly Guard[]): Expression {
  if (guards.length === 0) return nodes
  const read = nodes.map((n): Node => (n.op === 'load' || n.op === 'gather' ? { ...n, guards: [...guards, ...n.guards] } : n))
  const last = read.at(-1)!
  const inside = read.length - 1
  return [
    ...read,
    { op: 'literal', dtype: last.dtype, value: 0 },
    { op: 'guarded', dtype: last.dtype, guards, inside, outside: inside + 1 },
  ]
}

/** Panels hold the type that is summed in; of uint32 the bits do, since products wrap alike. */
function inSumType(nodes: Expression, sum: SumType): Expression {
  const last = nodes.at(-1)!
  if (last.dtype === sum) return nodes
  const input = nodes.length - 1
  if (last.dtype === 'uint32') return [...nodes, { op: 'bitcast', dtype: sum, input }]
  return [...nodes, { op: 'apply', primitive: 'convertElementType', params: { newDtype: sum, weakType: false }, dtype: sum, inputs: [input] }]
}

/** Whether more reads are contiguous along the last free axis than along the last axis of k. */
function prefersFree(nodes: Expression, o: PackOptions): boolean {
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

function epilogueKernel(kernel: ContractionKernel, rows: number, paddedColumns: number, sums: BufferId): LoopKernel {
  const batch = product(kernel.batch)
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
