/**
 * How a reduction's float32 sums are added up: in the order that WebAssembly's code has where that costs a device nothing, so that both have the same bits. Sums
 * of columns are, and of short rows; long rows are not, whose lanes read what stands side by side.
 */
import { sizeOf } from '../../../core/aval.ts'
import { type Accumulator, foldsInOrder, type LoopKernel, type Stage } from '../../kernel-ir/index.ts'
import { sumOrder } from '../../wasm/arrange/index.ts'
import { isByColumn, shortRow } from './rows.ts'

export type SumForm =
  /** As other folds are. */
  | { readonly kind: 'plain' }
  /** One invocation takes all elements of a point in order. */
  | { readonly kind: 'in order' }
  /** So many blocks of elements in order, each with a sum of its own; these are added up as pairs of float32. */
  | ({ readonly kind: 'blocks' } & Blocks)
  /** One invocation takes all elements, four running sums of neighbours. */
  | { readonly kind: 'lanes' }

/** Runs of elements (the last may be shorter) are cut into blocks: how many there are. */
export interface Blocks {
  readonly run: number
  readonly block: number
  readonly count: number
}

const plain: SumForm = { kind: 'plain' }

/** As long is the only row of a kernel that one invocation takes: the mean of a batch's losses. Of as many elements WebAssembly adds up one block. */
const lonelyRow = 128

export const isFloatSum = ({ nodes }: Stage, a: Accumulator): boolean => a.combine === 'sum' && a.dtype === 'float32' && nodes[a.node]?.dtype === 'float32'

/** Of one stage of a kernel, in a shader of these stages. */
export function sumFormOf(kernel: LoopKernel, stage: Stage, stages: readonly Stage[]): SumForm {
  if (stage.kind !== 'reduce' || foldsInOrder(stage) || !stage.accumulators.some((a) => isFloatSum(stage, a))) return plain
  const length = sizeOf(stage.inner)
  const order = length < 2 ? null : sumOrder(kernel, kernel.stages.indexOf(stage))
  if (order === null) return plain
  if (order.kind === 'lanes') {
    const short = stages.every((s) => sizeOf(s.inner) < shortRow) || (sizeOf(kernel.space) === 1 && length <= lonelyRow && stages.every((s) => s === stage || sizeOf(s.inner) === 1))
    return short && order.vectors === 1 ? { kind: 'lanes' } : plain
  }
  // Other stages share out a row's elements among the lanes in their own way, and keep them.
  if (!isByColumn(kernel.space, stage) || stages.some((s) => s !== stage && sizeOf(s.inner) > 1)) return plain
  const { run, block } = order
  const count = Math.floor(length / run) * Math.ceil(run / block) + Math.ceil((length % run) / block)
  return count === 1 ? { kind: 'in order' } : { kind: 'blocks', run, block, count }
}

/** The first element of block number `at` and the end of it, as text. */
export function blockText({ run, block }: Blocks, length: number, at: string): readonly [first: string, end: string] {
  if (run >= length) return [`${at} * ${block}i`, `min(first + ${block}i, ${length}i)`]
  const each = Math.ceil(run / block)
  if (each === 1) return [`${at} * ${run}i`, `min(first + ${run}i, ${length}i)`]
  return [`${at} / ${each}i * ${run}i + ${at} % ${each}i * ${block}i`, `min(min(first + ${block}i, (${at} / ${each}i + 1i) * ${run}i), ${length}i)`]
}

/** The first element of block number `at`. */
export function firstOf({ run, block }: Blocks, at: number): number {
  const each = Math.ceil(run / block)
  return Math.floor(at / each) * run + (at % each) * block
}
