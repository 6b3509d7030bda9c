/** Where a contraction is cut beside its depth: rows into blocks whose sums stay in the second-level cache, and what threads share. All of it follows from shapes. */
import { fewColumns, fewRows, manyBatches } from '../../depth-cuts.ts'

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

/** Bytes of a block of packed rows: a quarter of a usual second-level cache. */
const blockBytesAim = 128 * 1024
/** Bytes of the columns of one block of k that a thread packs for itself, at most. */
const ownRhsMost = 4 * 2 ** 20
/** Blocks of rows that are enough to share, and how few rows still make good use of a panel of columns. */
const blocksAim = 16
const fewestRows = 32
const fewBlocks = 4
/** Elements of a group of columns that are packed together. */
const groupAim = 16384
/** Of a block that is read through windows, for the number of its rows: about that of what it meets in the image. */
export const windowRowBytes = 640

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

/** `packedBytes`: those of the columns of one block of k; `slices`: those of depth-cuts.ts, whose sums threads can share. */
export function chooseSharing({ batch, rows, columns, slices, packedBytes }: { batch: number; rows: number; columns: number; slices: number; packedBytes: number }): Sharing {
  if (batch >= manyBatches) return { kind: 'batches' }
  if (slices > 1) return { kind: 'slices', slices }
  return columns >= fewColumns && (rows <= fewRows || packedBytes > ownRhsMost) ? { kind: 'columns' } : { kind: 'rows' }
}
