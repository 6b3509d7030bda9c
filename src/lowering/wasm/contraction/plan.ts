/**
 * How a contraction is cut: packing kernels, the loop over strips, the epilogue — as plain data.
 *
 * An operand that is an array with fixed distances is read where it lies: the left one always, since its rows are brought into a
 * panel anyway (strip.ts), the right one where it is small. What else fusion put into an operand (im2col of a convolution, a
 * transpose, a mask) is written to scratch memory first, and the epilogue reads sums from there; both are ordinary loop kernels,
 * so that expressions are computed by the same code as everywhere else. Sums that are a result as they are go there at once.
 *
 * Packed rows of a block are `[row][k]` or `[k][row]`, packed columns `[n / w][k][w]` for the tile's width w. Columns past the
 * end hold whatever was in the scratch memory: they reach only sums that nobody reads.
 *
 * k is cut into blocks whose panels stay in the first-level cache, rows into blocks whose sums stay in the second. What a sum is
 * added up from, and in which order, is fixed by shape; so no bit of a result depends on the number of threads.
 */
import { guarded, rewriteNodes, rewriteStores } from '../../kernel-ir/rewrite.ts'
import { addIndex, dimIndex, dimVector, flattenIndex, floorDivIndex, modIndex, scaleIndex, type Sizes, unflattenIndex } from '../../kernel-ir/index.ts'
import type { BufferId, ContractionKernel, Expression, Guard, Index, LoopKernel, Node } from '../../kernel-ir/index.ts'
import { inSumType, type SumType, sumType, type TileShape, tileShape } from './sum-type.ts'
import { asPairs } from './pairs.ts'
import { type Strided, stridedOperand, stridedResult } from './strided.ts'
import { panelBytes } from './strip.ts'
import { planWindows, type WindowsOptions, type WindowsPlan } from './windows.ts'

/** How threads share the work. */
export type Sharing =
  /** Many products: each is one thread's, with scratch memory of its own. */
  | { readonly kind: 'batches' }
  /** Threads take rows, each against all columns, and pack those for themselves: to fetch from another core what it has just written takes longer. */
  | { readonly kind: 'rows' }
  /** Few rows or very many columns: threads take groups of columns. */
  | { readonly kind: 'columns' }
  /** Few rows and columns, and a long k: threads take slices of k, whose sums are added in order. */
  | { readonly kind: 'slices'; readonly slices: number }

/** Memory of the program's arena: the thread's own, or of all. */
export interface ScratchPart {
  readonly own: boolean
  readonly offset: number
}

/** A loop kernel that writes an operand's elements to a part of scratch memory, which is its buffer `buffer`. */
export interface Packing {
  readonly loop: LoopKernel
  readonly buffer: BufferId
  readonly part: ScratchPart
}
/** An image of what a block's windows meet (windows.ts), and its tables, in parts of scratch memory. */
export interface Windowed {
  readonly windows: WindowsPlan
  readonly image: Packing
  readonly rowTable: Packing
  readonly runTable: Packing
}
/** An array whose columns are copied to a part of scratch memory as they are. */
export interface Copying {
  readonly from: Strided
  readonly part: ScratchPart
}

export interface ContractionPlan {
  readonly tile: TileShape
  readonly sum: SumType
  readonly sharing: Sharing
  readonly batch: number
  readonly rows: number
  readonly columns: number
  readonly paddedColumns: number
  /** Steps of k in a block, how many blocks there are, and steps in the last of each `lastOf` of them. */
  readonly depth: number
  readonly depthBlocks: number
  readonly lastDepth: number
  readonly lastOf: number
  /** Rows whose sums are finished together, and columns that are packed together. */
  readonly blockRows: number
  readonly rowBlocks: number
  readonly groupColumns: number
  readonly columnGroups: number
  /** Packed: a block's rows, for a block of k. Outer axis: (batch · depthBlocks + depth block) · rowBlocks + row block. */
  readonly lhs: { readonly row: number; readonly step: number } & ({ readonly strided: Strided } | { readonly strided: null; readonly packing: Packing | Windowed })
  /** Packed: all groups behind each other, of one or all blocks of k. Outer axis: (batch · depthBlocks + depth block) · columnGroups + column group. */
  readonly rhs: { readonly step: number; readonly panel: number } & ({ readonly strided: Strided } | { readonly strided: null; readonly packing: Packing | Copying })
  /** All blocks of k are packed, or none has to be: rows are finished block by block. Else k is the outer loop. */
  readonly wholeRhs: boolean
  readonly panel: ScratchPart
  readonly out: { readonly strided: Strided } | { readonly strided: null; readonly finish: Finish }
  readonly ownBytes: number
  readonly sharedBytes: number
}

/** Sums in scratch memory, row-major, and what becomes of them. */
export interface Finish {
  readonly buffer: BufferId
  readonly sums: ScratchPart
  /** Whether they are those of the block of rows that is being worked on, or of all rows (of each slice). */
  readonly ofBlock: boolean
  /** Of slices only. Outer axis: the row. */
  readonly combine: LoopKernel | null
  /** Outer axis: batch · rows + row. */
  readonly epilogue: LoopKernel
}

/** Where k is one block: its panel just fits the first-level cache. */
const wholeDepth = 384
const blockDepthAim = 256
/** Bytes of a block of packed rows: a quarter of a usual second-level cache. */
const blockBytesAim = 128 * 1024
/** Bytes of columns that a thread packs before the first row is worked on, and of those of one block of k at most. */
const wholeRhsAim = 2 ** 20
const ownRhsMost = 4 * 2 ** 20
/** Bytes of columns that stay in the first-level cache beside a panel, wherever they lie. */
const smallRhs = 16 * 1024

const product = (xs: readonly number[]): number => xs.reduce((a, b) => a * b, 1)

/** Parts of scratch memory as they are given out. */
class Areas {
  ownBytes = 0
  sharedBytes = 0
  take(own: boolean, bytes: number): ScratchPart {
    const area = own ? 'ownBytes' : 'sharedBytes'
    const offset = this[area]
    this[area] += Math.ceil(bytes / 64) * 64
    return { own, offset }
  }
}

const windowBuffers = (freeBuffer: BufferId): WindowsOptions['buffers'] => ({ image: freeBuffer, rows: freeBuffer + 3, runs: freeBuffer + 4 })

/** `freeBuffer` and the four after it are no buffers of the kernel. */
export function planContraction(given: ContractionKernel, freeBuffer: BufferId): ContractionPlan {
  const paired = asPairs(given)
  const kernel = paired ?? given
  const sum: SumType = paired === null ? sumType(kernel.dtype) : 'pairs'
  const tile = tileShape(sum)
  const { elementBytes } = tile
  const batch = product(kernel.batch)
  const rows = product(kernel.m)
  const columns = product(kernel.n)
  const k = product(kernel.k)
  const paddedColumns = Math.ceil(columns / tile.columns) * tile.columns
  const depths = k <= wholeDepth ? { split: 0, inner: kernel.k, times: 1, blocks: 1 } : splitDepth(kernel.k)
  const depth = product(depths.inner)
  const lastDepth = depths.blocks === 1 ? k : (kernel.k[depths.split]! - (depths.times - 1) * depths.inner[0]!) * (depth / depths.inner[0]!)
  // blocks of k begin at equal distances unless they are cut unevenly inside of another axis
  const even = depths.blocks === depths.times || depths.times * depths.inner[0]! === kernel.k[depths.split]
  const stridedLhs = even ? stridedOperand(kernel, 'm', sum) : null
  const whole = columns % tile.columns === 0
  const arrayRhs = even ? stridedOperand(kernel, 'n', sum) : null
  const stridedRhs = whole && k * columns * elementBytes <= smallRhs && arrayRhs?.free === elementBytes ? arrayRhs : null
  const windows = stridedLhs !== null || sum === 'pairs' ? null : planWindows(kernel, { depths, rows: rowsOfBlock(rows, windowRowBytes, batch >= manyBatches), elementBytes, convert: (nodes) => inSumType(nodes, sum), buffers: windowBuffers(freeBuffer) })
  const blockRows = windows !== null ? windows.blockRows : stridedLhs === null ? alongAxes(kernel.m, rowsOfBlock(rows, depth * elementBytes, batch >= manyBatches)) : Math.min(rows, rowsAim)
  const rowBlocks = Math.ceil(rows / blockRows)
  const sumsBytes = rowBlocks * blockRows * paddedColumns * elementBytes
  const sharing = chooseSharing({ batch, rows, depthBlocks: depths.blocks, columns, sumsBytes, packedBytes: stridedRhs === null ? depth * paddedColumns * elementBytes : 0 })
  const byColumns = sharing.kind === 'columns'
  const groupColumns = byColumns ? columnsOfGroup(columns, depth, tile.columns) : paddedColumns
  const columnGroups = Math.max(1, Math.ceil(columns / groupColumns))
  const rhsBytes = columnGroups * groupColumns * depth * elementBytes
  const wholeRhs = (sharing.kind === 'rows' || sharing.kind === 'batches') && (stridedRhs !== null || depths.blocks === 1 || depths.blocks * rhsBytes <= wholeRhsAim)
  const stridedOut = whole && sharing.kind !== 'slices' ? unitSteps(stridedResult(kernel, sum), elementBytes) : null

  const areas = new Areas()
  const operand = { batch: kernel.batch, k: kernel.k, depths, depth, sum }
  const at = { m: kernel.batch.length, n: kernel.batch.length + kernel.m.length, k: kernel.batch.length + kernel.m.length + kernel.n.length }
  const packing = (buffer: BufferId, own: boolean, bytes: number, loop: (buffer: BufferId) => LoopKernel): Packing => ({ loop: loop(buffer), buffer, part: areas.take(own, bytes) })
  const panel = areas.take(true, panelBytes(depth))
  const packLhs = (): ContractionPlan['lhs'] => {
    const o = { ...operand, free: kernel.m, freeAt: at.m, kAt: at.k, size: blockRows, groups: rowBlocks, kept: 0 }
    const alongFree = prefersFree(kernel.lhs, o)
    const loop = (buffer: BufferId): LoopKernel => packKernel(`${kernel.name} pack lhs`, kernel.lhs, { ...o, width: alongFree ? blockRows : 1 }, buffer)
    const [row, step] = alongFree ? [1, blockRows] : [depth, 1]
    return { strided: null, row: row * elementBytes, step: step * elementBytes, packing: packing(freeBuffer, true, blockRows * depth * elementBytes, loop) }
  }
  const packRhs = (): ContractionPlan['rhs'] => {
    const kept = wholeRhs ? depths.blocks : 1
    const loop = (buffer: BufferId): LoopKernel =>
      packKernel(`${kernel.name} pack rhs`, kernel.rhs, { ...operand, free: kernel.n, freeAt: at.n, kAt: at.k, width: tile.columns, size: columnGroups > 1 ? groupColumns : columns, groups: columnGroups, kept }, buffer)
    const step = tile.columns * elementBytes
    const packed = arrayRhs === null ? packing(freeBuffer + 1, !byColumns, kept * rhsBytes, loop) : { from: arrayRhs, part: areas.take(!byColumns, kept * rhsBytes) }
    return { strided: null, step, panel: step * depth, packing: packed }
  }
  const finish = (): Finish => {
    const buffer = freeBuffer + 2
    const slices = sharing.kind === 'slices' ? sharing.slices : 1
    const sums = areas.take(wholeRhs || sharing.kind === 'batches', wholeRhs ? blockRows * paddedColumns * elementBytes : slices * sumsBytes)
    const combine = sharing.kind === 'slices' ? combineKernel(kernel, rows, paddedColumns, slices, sumsBytes / elementBytes, buffer) : null
    return { buffer, sums, ofBlock: wholeRhs, combine, epilogue: epilogueKernel(kernel, rows, paddedColumns, buffer) }
  }
  const windowed = (w: WindowsPlan): ContractionPlan['lhs'] => {
    const { image, rows: rowBuffer, runs } = windowBuffers(freeBuffer)
    const packing: Windowed = {
      windows: w,
      image: { loop: w.image, buffer: image, part: areas.take(true, w.imageElements * elementBytes) },
      rowTable: { loop: w.rowTable, buffer: rowBuffer, part: areas.take(true, w.blockRows * 4) },
      runTable: { loop: w.runTable, buffer: runs, part: areas.take(true, depths.blocks * w.runsOfBlock * 4) },
    }
    return { strided: null, row: 0, step: 0, packing }
  }
  const lhs = windows !== null ? windowed(windows) : stridedLhs === null ? packLhs() : { strided: stridedLhs, row: stridedLhs.free, step: stridedLhs.step }
  const rhs = stridedRhs === null ? packRhs() : { strided: stridedRhs, step: stridedRhs.step, panel: tile.columns * elementBytes }
  const out = stridedOut === null ? { strided: null, finish: finish() } : { strided: stridedOut }
  return {
    tile,
    sum,
    sharing,
    batch,
    rows,
    columns,
    paddedColumns,
    depth,
    depthBlocks: depths.blocks,
    lastDepth,
    lastOf: depths.times,
    blockRows,
    rowBlocks,
    groupColumns,
    columnGroups,
    lhs,
    rhs,
    wholeRhs,
    panel,
    out,
    ownBytes: areas.ownBytes,
    sharedBytes: areas.sharedBytes,
  }
}

const unitSteps = (s: Strided | null, elementBytes: number): Strided | null => (s?.step === elementBytes ? s : null)

/** From so many products on, each is one thread's. */
const manyBatches = 8
/** Blocks of rows that are enough to share, and how few rows still make good use of a panel of columns. */
const blocksAim = 16
const fewestRows = 32
const fewBlocks = 4
const fewRows = 60
const slicesAim = 16
const sliceBytesAim = 2 ** 20
/** Elements of a group of columns that are packed together. */
const groupAim = 16384
/** Of a block that is read through windows, for the number of its rows: about that of what it meets in the image. */
const windowRowBytes = 640
/** Rows of a block that needs no packing. */
const rowsAim = 60

/** Rows that are packed together. */
function rowsOfBlock(rows: number, rowBytes: number, alone: boolean): number {
  const most = Math.min(Math.ceil(rows / 4) * 4, Math.max(20, Math.floor(blockBytesAim / (rowBytes * 20)) * 20))
  if (alone) return most
  return Math.min(most, Math.max(rows < fewBlocks * fewestRows ? fewestRows / 2 : fewestRows, Math.ceil(rows / (4 * blocksAim)) * 4))
}

/** So many rows, or somewhat fewer that end where axes of m do: then their coordinates need no division for each row. */
function alongAxes(axes: readonly number[], rows: number): number {
  let inside = 1
  for (const size of axes.toReversed()) {
    if (inside * size <= rows) {
      inside *= size
      continue
    }
    for (let d = Math.floor(rows / inside); d * inside >= rows / 2; d--) if (size % d === 0 && (d * inside) % 4 === 0) return d * inside
    break
  }
  return rows
}

function columnsOfGroup(columns: number, depth: number, width: number): number {
  const groups = Math.min(blocksAim, Math.max(1, Math.round((columns * depth) / groupAim)))
  return Math.ceil(columns / (groups * width)) * width
}

/** `packedBytes`: those of the columns of one block of k. */
function chooseSharing({ batch, rows, depthBlocks, columns, sumsBytes, packedBytes }: { batch: number; rows: number; depthBlocks: number; columns: number; sumsBytes: number; packedBytes: number }): Sharing {
  if (batch >= manyBatches) return { kind: 'batches' }
  if (rows > fewRows && packedBytes <= ownRhsMost) return { kind: 'rows' }
  if (columns >= fewBlocks * 64) return { kind: 'columns' }
  const slices = Math.min(slicesAim, depthBlocks, Math.floor(sliceBytesAim / sumsBytes))
  return slices >= 2 ? { kind: 'slices', slices } : { kind: 'rows' }
}

export interface DepthSplit {
  /** The axis of k that is cut; axes before it are counted by the block. */
  readonly split: number
  /** Axes inside a block: the first is the cut one. */
  readonly inner: readonly number[]
  /** Blocks along the cut axis. */
  readonly times: number
  readonly blocks: number
}

/** Cuts k where a block comes near the aim, preferably so that blocks divide the axis; never an axis whose whole fits a block. */
function splitDepth(k: readonly number[]): DepthSplit {
  let inside = 1
  let split = k.length - 1
  while (split > 0 && inside < blockDepthAim && inside * k[split]! <= wholeDepth) inside *= k[split--]!
  const size = k[split]!
  const aim = Math.max(1, Math.floor(blockDepthAim / inside))
  let length = Math.ceil(size / Math.ceil(size / aim))
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
function packKernel(name: string, nodes: Expression, o: PackOptions, out: BufferId): LoopKernel {
  const count = product(o.free)
  const { groups } = o
  const alongFree = prefersFree(nodes, o)
  // The inner loops: either k then the free axes, or the free axes then k.
  const freeLoops = groups > 1 || !alongFree ? [o.size] : o.free
  const kLoops = o.depths.inner
  const space = [product(o.batch) * groups * o.depths.blocks, ...(alongFree ? [...kLoops, ...freeLoops] : [...freeLoops, ...kLoops])]
  const outer = dimIndex(0)
  const group = modIndex(outer, groups, space)
  const block = modIndex(floorDivIndex(outer, groups, space), o.depths.blocks, space)
  const inFree = dimVector(freeLoops.length, alongFree ? 1 + kLoops.length : 1)
  const inK = dimVector(kLoops.length, alongFree ? 1 : 1 + freeLoops.length)
  const inGroup = flattenIndex(inFree, freeLoops, space)
  const free = groups > 1 ? addIndex(inGroup, scaleIndex(group, o.size), space) : inGroup
  const guards: Guard[] = []
  const covered = groups > 1 ? groups * o.size : product(freeLoops)
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
  const inPanels = flattenIndex(panel, [Math.ceil(product(freeLoops) / o.width), o.depth, o.width], space)
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
function prefersFree(nodes: Expression, o: Pick<PackOptions, 'free' | 'freeAt' | 'k' | 'kAt'>): boolean {
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
function combineKernel(kernel: ContractionKernel, rows: number, paddedColumns: number, slices: number, sliceElements: number, sums: BufferId): LoopKernel {
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
