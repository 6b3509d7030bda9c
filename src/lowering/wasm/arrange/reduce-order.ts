/**
 * The order in which a reduction adds up, as numbers: a function of its stage, its mode and its sizes. Code for the very sizes is
 * emitted by it, and code that reads its sizes reads these numbers, so both give the same bits.
 */
import { sizeOf } from '../../../core/aval.ts'
import { foldsInOrder, type Stage } from '../../kernel-ir/index.ts'
import { needsTotals } from '../lanes/index.ts'
import { forksFor, type VectorMode } from './shape-of-work.ts'

interface ReduceOrder {
  /** Lanes are neighbours on the innermost axis of the reduction; else they are points of the space. */
  readonly across: boolean
  /** Vectors side by side along that axis; 1 where lanes are points. */
  readonly forks: number
  /** They are as far apart as they can be. */
  readonly apart: boolean
  /** Elements of the innermost axis that one lane takes, and of all axes. */
  readonly innermost: number
  readonly additions: number
  /** Sums of narrow floats have wider totals. */
  readonly long: boolean
  /** Steps of the innermost loop after which a block goes to the totals, in every run of it; Infinity: it does not end blocks. */
  readonly every: number
  /** Else a block ends after every so many iterations of this axis (and its last one); null: there is one block. */
  readonly outer: { readonly axis: number; readonly every: number } | null
}

/** Additions a lane after which a float32 sum goes to its float64 total. */
const blockLength = 32
/** Elements from which parts of a row are read side by side: beyond a page, where what the processor fetches ahead ends. */
const streamLength = 2048

export function reduceOrder(stage: Extract<Stage, { kind: 'reduce' }>, space: readonly number[], mode: VectorMode): ReduceOrder {
  const { inner } = stage
  const across = mode === 'inner' && inner.length > 0 && !foldsInOrder(stage)
  const last = inner.at(-1) ?? 1
  const forks = across ? Math.min(forksFor([stage], sizeOf(space) * sizeOf(inner)), Math.max(1, Math.ceil(last / 4))) : 1
  const innermost = across ? Math.ceil(last / (4 * forks)) : last
  const additions = innermost * sizeOf(inner.slice(0, -1))
  const totals = stage.accumulators.map((a) => needsTotals(a, stage.nodes[a.node]?.dtype ?? 'float32'))
  const long = additions > blockLength || stage.accumulators.some((a, i) => a.dtype === 'float64' && totals[i]!)
  const apart = across && forks > 1 && last / forks >= streamLength
  const { every, outer } = long && totals.includes(true) ? blocksOf(inner, innermost) : oneBlock
  return { across, forks, apart, innermost, additions, long, every, outer }
}

type Blocks = Pick<ReduceOrder, 'every' | 'outer'>
const oneBlock: Blocks = { every: Infinity, outer: null }

function blocksOf(inner: readonly number[], innermost: number): Blocks {
  if (innermost > 2 * blockLength) return { every: blockLength, outer: null }
  // A block ends after the first loop outwards that makes it long enough.
  let depth = inner.length - 1
  let gathered = innermost
  let perIteration = 1
  while (depth > 0 && gathered < blockLength) {
    perIteration = gathered
    gathered *= inner[--depth] ?? 1
  }
  // A loop that would gather far more than a block ends one every so many iterations.
  if (depth < inner.length - 1 && gathered > 2 * blockLength) return { every: Infinity, outer: { axis: depth, every: Math.ceil(blockLength / perIteration) } }
  return depth > 0 ? { every: Infinity, outer: { axis: depth - 1, every: 1 } } : oneBlock
}
