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
import { sizeOf } from '../../../core/aval.ts'
import { brought } from '../../brought.ts'
import { cutDepth, manyBatches, slicesOf } from '../../depth-cuts.ts'
import type { BufferId, ContractionKernel, LoopKernel } from '../../kernel-ir/index.ts'
import { alongAxes, chooseSharing, columnsOfGroup, rowsOfBlock, type Sharing, windowRowBytes } from './cuts.ts'
import { combineKernel, epilogueKernel, packKernel, prefersFree } from './loops.ts'
import { asPairs } from './pairs.ts'
import { Areas, type ScratchPart } from './scratch.ts'
import { type Strided, stridedOperand, stridedResult } from './strided.ts'
import { panelBytes } from './strip.ts'
import { inSumType, type SumType, sumType, type TileShape, tileShape } from './sum-type.ts'
import type { WindowsOptions, WindowsPlan } from './windows.ts'

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

/** Bytes of columns that a thread packs before the first row is worked on. */
const wholeRhsAim = 2 ** 20
/** Bytes of columns that stay in the first-level cache beside a panel, wherever they lie. */
const smallRhs = 16 * 1024
/** Rows of a block that needs no packing. */
const rowsAim = 60

/** Windows of the left operand, or of the right one where the contraction may be turned around: what its results are added up from stays the same. */
function windowsOf(kernel: ContractionKernel, sum: SumType, freeBuffer: BufferId): WindowsPlan | null {
  const depths = cutDepth(kernel.k)
  // each slice would bring in the whole of an image for every block of its depth
  if (slicesOf(kernel, depths.blocks) > 1) return null
  const alone = sizeOf(kernel.batch) >= manyBatches
  const rows = (count: number): number => rowsOfBlock(count, windowRowBytes, alone)
  return brought.planWindows?.(kernel, { depths, rowsOfBlock: rows, elementBytes: tileShape(sum).elementBytes, convert: (nodes) => inSumType(nodes, sum), buffers: windowBuffers(freeBuffer) }) ?? null
}

const windowBuffers = (freeBuffer: BufferId): WindowsOptions['buffers'] => ({ image: freeBuffer, rows: freeBuffer + 3, runs: freeBuffer + 4 })

/** `freeBuffer` and the four after it are no buffers of the kernel. */
export function planContraction(given: ContractionKernel, freeBuffer: BufferId): ContractionPlan {
  const paired = asPairs(given)
  const sum: SumType = paired === null ? sumType(given.dtype) : 'pairs'
  const tile = tileShape(sum)
  const { elementBytes } = tile
  const batch = sizeOf(given.batch)
  const windows = paired === null ? windowsOf(given, sum, freeBuffer) : null
  const kernel = paired ?? windows?.kernel ?? given
  const rows = sizeOf(kernel.m)
  const columns = sizeOf(kernel.n)
  const k = sizeOf(kernel.k)
  const paddedColumns = Math.ceil(columns / tile.columns) * tile.columns
  const depths = cutDepth(kernel.k)
  const depth = sizeOf(depths.inner)
  const lastDepth = depths.blocks === 1 ? k : (kernel.k[depths.split]! - (depths.times - 1) * depths.inner[0]!) * (depth / depths.inner[0]!)
  // blocks of k begin at equal distances unless they are cut unevenly inside of another axis
  const even = depths.blocks === depths.times || depths.times * depths.inner[0]! === kernel.k[depths.split]
  const stridedLhs = even && windows === null ? stridedOperand(kernel, 'm', sum) : null
  const whole = columns % tile.columns === 0
  const arrayRhs = even ? stridedOperand(kernel, 'n', sum) : null
  const stridedRhs = whole && k * columns * elementBytes <= smallRhs && arrayRhs?.free === elementBytes ? arrayRhs : null
  const blockRows = windows !== null ? windows.blockRows : stridedLhs === null ? alongAxes(kernel.m, rowsOfBlock(rows, depth * elementBytes, batch >= manyBatches)) : Math.min(rows, rowsAim)
  const rowBlocks = Math.ceil(rows / blockRows)
  const sumsBytes = rowBlocks * blockRows * paddedColumns * elementBytes
  const sharing = chooseSharing({ batch, rows, columns, slices: slicesOf(given, depths.blocks), packedBytes: stridedRhs === null ? depth * paddedColumns * elementBytes : 0 })
  const byColumns = sharing.kind === 'columns'
  const groupColumns = byColumns ? columnsOfGroup(columns, depth, tile.columns) : paddedColumns
  const columnGroups = Math.max(1, Math.ceil(columns / groupColumns))
  const rhsBytes = columnGroups * groupColumns * depth * elementBytes
  const wholeRhs = (sharing.kind === 'rows' || sharing.kind === 'batches') && (stridedRhs !== null || depths.blocks === 1 || depths.blocks * rhsBytes <= wholeRhsAim)
  const stridedOut = whole && sharing.kind !== 'slices' ? unitSteps(stridedResult(kernel, sum), elementBytes) : null

  const areas = new Areas()
  const operand = { batch: kernel.batch, k: kernel.k, depths, depth, sum }
  const at = { m: kernel.batch.length, n: kernel.batch.length + kernel.m.length, k: kernel.batch.length + kernel.m.length + kernel.n.length }
  const packing = (buffer: BufferId, own: boolean, bytes: number, loop: (buffer: BufferId) => LoopKernel): Packing => ({ loop: loop(buffer), buffer, part: areas.take(own ? 'own' : 'shared', bytes) })
  const panel = areas.take('own', panelBytes(depth))
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
    const packed = arrayRhs === null ? packing(freeBuffer + 1, !byColumns, kept * rhsBytes, loop) : { from: arrayRhs, part: areas.take(byColumns ? 'shared' : 'own', kept * rhsBytes) }
    return { strided: null, step, panel: step * depth, packing: packed }
  }
  const finish = (): Finish => {
    const buffer = freeBuffer + 2
    const slices = sharing.kind === 'slices' ? sharing.slices : 1
    const sums = areas.take(wholeRhs || sharing.kind === 'batches' ? 'own' : 'shared', wholeRhs ? blockRows * paddedColumns * elementBytes : slices * sumsBytes)
    const combine = sharing.kind === 'slices' ? combineKernel(kernel, rows, paddedColumns, slices, sumsBytes / elementBytes, buffer) : null
    return { buffer, sums, ofBlock: wholeRhs, combine, epilogue: epilogueKernel(kernel, rows, paddedColumns, buffer) }
  }
  const windowed = (w: WindowsPlan): ContractionPlan['lhs'] => {
    const { image, rows: rowBuffer, runs } = windowBuffers(freeBuffer)
    const packing: Windowed = {
      windows: w,
      image: { loop: w.image, buffer: image, part: areas.take('own', w.imageElements * elementBytes) },
      rowTable: { loop: w.rowTable, buffer: rowBuffer, part: areas.take('own', w.blockRows * 4) },
      runTable: { loop: w.runTable, buffer: runs, part: areas.take('own', depths.blocks * w.runsOfBlock * 4) },
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
