/**
 * Where a contraction is cut: k into blocks whose panels stay in the first-level cache, rows into blocks whose sums stay in the
 * second, and what threads share. All of it follows from shapes.
 */

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

/** Where k is one block: its panel just fits the first-level cache. */
export const wholeDepth = 384
const blockDepthAim = 256
/** Bytes of a block of packed rows: a quarter of a usual second-level cache. */
const blockBytesAim = 128 * 1024
/** Bytes of the columns of one block of k that a thread packs for itself, at most. */
const ownRhsMost = 4 * 2 ** 20
/** From so many products on, each is one thread's. */
export const manyBatches = 8
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
export const windowRowBytes = 640

const product = (xs: readonly number[]): number => xs.reduce((a, b) => a * b, 1)

/** Rows that are packed together. */
export function rowsOfBlock(rows: number, rowBytes: number, alone: boolean): number {
  const most = Math.min(Math.ceil(rows / 4) * 4, Math.max(20, Math.floor(blockBytesAim / (rowBytes * 20)) * 20))
  if (alone) return most
  return Math.min(most, Math.max(rows < fewBlocks * fewestRows ? fewestRows / 2 : fewestRows, Math.ceil(rows / (4 * blocksAim)) * 4))
}

/** So many rows, or somewhat fewer that end where axes of m do: then their coordinates need no division for each row. */
export function alongAxes(axes: readonly number[], rows: number): number {
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

export function columnsOfGroup(columns: number, depth: number, width: number): number {
  const groups = Math.min(blocksAim, Math.max(1, Math.round((columns * depth) / groupAim)))
  return Math.ceil(columns / (groups * width)) * width
}

/** `packedBytes`: those of the columns of one block of k. */
export function chooseSharing({ batch, rows, depthBlocks, columns, sumsBytes, packedBytes }: { batch: number; rows: number; depthBlocks: number; columns: number; sumsBytes: number; packedBytes: number }): Sharing {
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
export function splitDepth(k: readonly number[]): DepthSplit {
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
