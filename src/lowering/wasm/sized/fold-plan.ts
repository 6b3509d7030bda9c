/**
 * A reduction of one array as the phases that code for its very shape would have, in numbers: the same functions decide, so the
 * order of additions is the same, and with it every bit.
 */
import { type DType, dtypeInfo } from '../../../core/dtype.ts'
import { type Accumulator, type BufferId, coefficientOf, type Index, type LoopKernel, type Node, pushConverted } from '../../kernel-ir/index.ts'
import { sumDType } from '../../fusion/index.ts'
import { arranged, chooseMode, reduceOrder, splitLongReductions, timeOf } from '../arrange/index.ts'

/** What the code of a phase depends on: there are few of them. */
export interface FoldVariant {
  readonly combine: Accumulator['combine']
  /** As elements lie in memory, as they are folded, what has been folded, and as that is written: narrow sums run in wider dtypes. */
  readonly loads: DType
  readonly from: DType
  readonly to: DType
  readonly stores: DType
  /** Lanes are elements of the reduction; else they are neighbours in the result. */
  readonly across: boolean
  readonly forks: number
  /** Lanes are neighbours in memory. */
  readonly contiguous: boolean
  /** Reads the operand, else what an earlier phase left; writes the result, else for a later phase. */
  readonly first: boolean
  readonly last: boolean
}

/** The numbers that a phase reads, in order; strides and offsets in bytes. */
export const foldFields = [
  'units', 'from', 'to',
  // of the space: its outermost axis has no need of a size
  'stride0', 'size1', 'stride1', 'size2', 'stride2',
  // where lanes are points: the last axis of the space
  'columns', 'columnBlocks', 'columnStride',
  // two loops of the reduction, and its innermost one
  'count0', 'step0', 'count1', 'step1', 'steps', 'stepBytes', 'every',
  // where lanes are elements: what is left after whole steps
  'forkBytes', 'restAt', 'restVectors', 'restLanes',
  'laneBytes', 'flags', 'outerEvery',
] as const
export type FoldField = (typeof foldFields)[number]
type FoldFields = Readonly<Record<FoldField, number>>

/** By name, one after the other: looked up in a loop they would take ten times as long. */
const wordsOf = (f: FoldFields): number[] => [
  f.units, f.from, f.to,
  f.stride0, f.size1, f.stride1, f.size2, f.stride2,
  f.columns, f.columnBlocks, f.columnStride,
  f.count0, f.step0, f.count1, f.step1, f.steps, f.stepBytes, f.every,
  f.forkBytes, f.restAt, f.restVectors, f.restLanes,
  f.laneBytes, f.flags, f.outerEvery,
]

/** Where blocks end: in the innermost loop, or after iterations of one of the other two. `long`: there are totals. */
export const foldFlags = { inner: 1, long: 2, outer0: 4, outer1: 8 } as const

export interface FoldPhase {
  readonly variant: FoldVariant
  readonly words: readonly number[]
  readonly units: number
  /** Nanoseconds on one thread, roughly. */
  readonly time: number
}

interface FoldPlan {
  readonly phases: readonly FoldPhase[]
  readonly scratchBytes: number
}

const [operand, result, free] = [0, 1, 2]
/** Neighbouring columns that are added up side by side, in vectors. */
export const columnVectors = (dtype: DType): number => (dtypeInfo[dtype].bytes === 8 ? 2 : 4)

/** Neighbouring axes of an array that are all reduced, or all kept, as one. */
interface Axis {
  size: number
  /** Between its elements, in elements of the operand. */
  stride: number
}

/** The kernel that fusion makes of a reduction of a whole array, with its axes merged. */
export function reductionKernel(shape: readonly number[], axes: readonly number[], combine: Accumulator['combine'], dtype: DType): LoopKernel {
  const kept: Axis[] = []
  const reduced: Axis[] = []
  let stride = 1
  let before: Axis[] | null = null
  for (let d = shape.length - 1; d >= 0; d--) {
    const size = shape[d]!
    if (size === 1) continue
    const side = axes.includes(d) ? reduced : kept
    if (side === before) side[0]!.size *= size
    else side.unshift({ size, stride })
    before = side
    stride *= size
  }
  const index = (all: readonly Axis[], strideOf: (axis: Axis, dim: number) => number): Index => ({ constant: 0, terms: all.map((axis, dim) => ({ coefficient: strideOf(axis, dim), atom: { kind: 'dim' as const, dim } })) })
  let written = 1
  const strides = kept.map(() => 1)
  for (let dim = kept.length - 1; dim >= 0; dim--) {
    strides[dim] = written
    written *= kept[dim]!.size
  }
  const wide = combine === 'sum' || combine === 'prod' ? sumDType(dtype) : dtype
  const read: Node[] = [{ op: 'load', dtype, buffer: operand, index: index(reduced.length === 0 ? kept : [...kept, ...reduced], (axis) => axis.stride), guards: [], otherwise: 0 }]
  const write: Node[] = [{ op: 'reduced', dtype: wide, stage: 0, output: 0 }]
  return {
    kind: 'loop',
    name: '',
    space: kept.map((axis) => axis.size),
    stages: [
      {
        kind: 'reduce',
        inner: reduced.map((axis) => axis.size),
        nodes: read,
        accumulators: [{ combine, dtype: wide, node: pushConverted(read, 0, wide), position: null }],
      },
      {
        kind: 'map',
        inner: [],
        nodes: write,
        stores: [{ buffer: result, index: index(kept, (_, dim) => strides[dim]!), node: pushConverted(write, 0, dtype) }],
      },
    ],
  }
}

/** One axis of each kind, longer than 1: nothing can be merged, split or put in another order. */
export const isArranged = ({ space, stages }: LoopKernel): boolean =>
  space.length < 2 && space[0] !== 1 && stages.every((s) => s.inner.length < 2 && s.inner[0] !== 1)

/** Null: it has more axes than the code has loops. */
export function foldPlan(kernel: LoopKernel): FoldPlan | null {
  const { kernels, scratch, scratchBytes } = splitLongReductions(kernel, free)
  // The last of several copies what the one before it has found.
  const folds = kernels.length > 1 ? kernels.slice(0, -1) : kernels
  const written = kernel.stages.at(-1)?.nodes.at(-1)?.dtype
  if (written === undefined) return null
  const phases: FoldPhase[] = []
  for (const [i, k] of folds.entries()) {
    const phase = phaseOf(k, scratch, i === folds.length - 1 ? written : null)
    if (phase === null) return null
    phases.push(phase)
  }
  return { phases, scratchBytes }
}

/** `written`: the result's dtype, of the last phase. */
function phaseOf(given: LoopKernel, scratch: ReadonlyMap<BufferId, number>, written: DType | null): FoldPhase | null {
  const kernel = isArranged(given) ? given : arranged(given, false)
  const { space } = kernel
  const [stage, stored, ...more] = kernel.stages
  if (stage?.kind !== 'reduce' || stored?.kind !== 'map' || more.length > 0) return null
  const last = written !== null
  const [node, converted, ...nodes] = stage.nodes
  const [accumulator, ...accumulators] = stage.accumulators
  const [store] = stored.stores
  if (node?.op !== 'load' || (converted !== undefined && (converted.op !== 'apply' || converted.primitive !== 'convertElementType')) || nodes.length > 0 || accumulator === undefined || accumulators.length > 0 || store === undefined) return null
  const from = converted?.dtype ?? node.dtype
  const mode = chooseMode(kernel, false)
  const order = reduceOrder(stage, space, mode)
  const { across, forks } = order
  const { bytes } = dtypeInfo[node.dtype]
  const stride = (dim: number): number => coefficientOf(node.index, dim) * bytes
  const { inner } = stage
  const rank = space.length
  const columns = mode === 'space' ? (space.at(-1) ?? 1) : 1
  const outer = mode === 'space' ? rank - 1 : rank
  if (outer > 3 || inner.length > 3) return null
  // Loops, the innermost last; missing ones run once.
  const axis = (number: number): number => number - 3 + outer
  const loop = (number: number): number => number - 3 + inner.length
  const size = (number: number): number => space[axis(number)] ?? 1
  const strideOf = (number: number): number => (axis(number) < 0 ? 0 : stride(axis(number)))
  const count = (number: number): number => inner[loop(number)] ?? 1
  const stepOf = (number: number): number => (loop(number) < 0 ? 0 : stride(rank + loop(number)))
  const [length, step] = [count(2), stepOf(2)]
  const laneBytes = across ? step : mode === 'space' ? stride(rank - 1) : bytes
  const wide = 4 * forks
  const steps = across ? Math.floor(length / wide) : length
  const columnBlocks = Math.ceil(columns / (4 * columnVectors(from)))
  const outerAxis = order.outer === null ? -1 : order.outer.axis + 3 - inner.length
  const units = size(0) * size(1) * size(2) * columnBlocks
  const fields: FoldFields = {
    units,
    from: (scratch.get(node.buffer) ?? 0) + node.index.constant * bytes,
    to: last ? 0 : (scratch.get(store.buffer) ?? 0) + store.index.constant * dtypeInfo[accumulator.dtype].bytes,
    stride0: strideOf(0),
    size1: size(1),
    stride1: strideOf(1),
    size2: size(2),
    stride2: strideOf(2),
    columns,
    columnBlocks,
    columnStride: laneBytes,
    count0: count(0),
    step0: stepOf(0),
    count1: count(1),
    step1: stepOf(1),
    steps,
    stepBytes: across ? (order.apart ? 4 : wide) * step : step,
    every: Math.min(order.every, Math.max(1, steps)),
    forkBytes: (order.apart ? 4 * steps : 4) * step,
    restAt: steps * wide * step,
    restVectors: across ? Math.floor((length % wide) / 4) : 0,
    restLanes: across ? length % 4 : 0,
    laneBytes,
    flags: (order.every < Infinity ? foldFlags.inner : 0) + (order.long ? foldFlags.long : 0) + (outerAxis === 0 ? foldFlags.outer0 : outerAxis === 1 ? foldFlags.outer1 : 0),
    outerEvery: order.outer?.every ?? 1,
  }
  const variant: FoldVariant = { combine: accumulator.combine, loads: node.dtype, from, to: accumulator.dtype, stores: written ?? accumulator.dtype, across, forks, contiguous: laneBytes === bytes, first: node.buffer === operand, last }
  return { variant, words: wordsOf(fields), units, time: timeOf(kernel) }
}

/** Whether threads gain by sharing it. */
export const sharedTimeOf = (phases: readonly FoldPhase[]): number => phases.reduce((sum, p) => sum + (p.units > 1 ? p.time : 0), 0)
