/**
 * In which order the products of a contraction are added up, on every machine: steps of the depth one after the other in blocks, blocks one after
 * the other, and where results are few in slices of blocks, which are then added in order. So rounding errors are those of a few hundred additions
 * at most and one for each block, and machines that round alike give the same bits. All of it follows from shapes.
 */
import { sizeOf } from '../core/aval.ts'
import type { ContractionKernel } from './kernel-ir/index.ts'

/** Where the depth is one block, whose panels just fit a first-level cache; else blocks are about so long. */
const wholeDepth = 384
const blockDepthAim = 256
/** From so many products on, each is one thread's. */
export const manyBatches = 8
/** Rows and columns up to which slices of the depth are what threads can share. */
export const fewRows = 60
export const fewColumns = 256
const slicesAim = 16

export interface DepthCuts {
  /** The axis of k that is cut; axes before it are counted by the block. */
  readonly split: number
  /** Axes inside a block: the first is the cut one. */
  readonly inner: readonly number[]
  /** Blocks along the cut axis, of which the last may be shorter. */
  readonly times: number
  readonly blocks: number
}

export const cutDepth = (k: readonly number[]): DepthCuts => (sizeOf(k) <= wholeDepth ? { split: 0, inner: k, times: 1, blocks: 1 } : cutLong(k))

/** Cuts k where a block comes near the aim, preferably so that blocks divide the axis; never an axis whose whole fits a block. */
function cutLong(k: readonly number[]): DepthCuts {
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
  return { split, inner: [length, ...k.slice(split + 1)], times, blocks: sizeOf(k.slice(0, split)) * times }
}

/** Slices of the blocks that have sums of their own: slice s has those from ⌊s blocks / slices⌋ on. 1: there are results enough. */
export function slicesOf(kernel: ContractionKernel, blocks: number): number {
  const [batch, rows, columns] = [sizeOf(kernel.batch), sizeOf(kernel.m), sizeOf(kernel.n)]
  return batch >= manyBatches || rows > fewRows || columns >= fewColumns ? 1 : Math.min(slicesAim, blocks)
}
