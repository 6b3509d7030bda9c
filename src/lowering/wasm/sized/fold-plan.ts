/**
 * A reduction of one array as the phases that code for its very shape would have, in numbers: the same functions decide, so the
 * order of additions is the same, and with it every bit.
 */
import { sizeOf } from '../../../core/aval.ts'
import { type DType, dtypeInfo } from '../../../core/dtype.ts'
import { type Accumulator, type BufferId, coefficientOf, type Index, type LoopKernel } from '../../kernel-ir/index.ts'
import { arranged, chooseMode, reduceOrder, splitLongReductions, timeOf } from '../arrange/index.ts'

/** What the code of a phase depends on: there are few of them. */
export interface FoldVariant {
  readonly combine: Accumulator['combine']
  readonly from: DType
  readonly to: DType
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

/** The kernel that fusion makes of a reduction of a whole array. */
export function reductionKernel(shape: readonly number[], axes: readonly number[], combine: Accumulator['combine'], dtype: DType): LoopKernel {
  const kept = shape.map((_, d) => d).filter((d) => !axes.includes(d))
  const space = kept.map((d) => shape[d]!)
  const dims = (order: readonly number[], strides: (d: number) => number): Index => ({
    constant: 0,
    terms: order.flatMap((d, dim) => (shape[d] === 1 ? [] : [{ coefficient: strides(d), atom: { kind: 'dim' as const, dim } }])),
  })
  return {
    kind: 'loop',
    name: '',
    space,
    stages: [
      {
        kind: 'reduce',
        inner: axes.map((d) => shape[d]!),
        nodes: [{ op: 'load', dtype, buffer: operand, index: dims([...kept, ...axes], (d) => sizeOf(shape.slice(d + 1))), guards: [], otherwise: 0 }],
        accumulators: [{ combine, dtype, node: 0, position: null }],
      },
      {
        kind: 'map',
        inner: [],
        nodes: [{ op: 'reduced', dtype, stage: 0, output: 0 }],
        stores: [{ buffer: result, index: dims(kept, (d) => sizeOf(shape.filter((_, k) => k > d && kept.includes(k)))), node: 0 }],
      },
    ],
  }
}

/** Null: it has more axes than the code has loops. */
export function foldPlan(kernel: LoopKernel): FoldPlan | null {
  const { kernels, scratch, scratchBytes } = splitLongReductions(kernel, free)
  // The last of several copies what the one before it has found.
  const folds = kernels.length > 1 ? kernels.slice(0, -1) : kernels
  const phases: FoldPhase[] = []
  for (const [i, k] of folds.entries()) {
    const phase = phaseOf(k, scratch, i === folds.length - 1)
    if (phase === null) return null
    phases.push(phase)
  }
  return { phases, scratchBytes }
}

function phaseOf(given: LoopKernel, scratch: ReadonlyMap<BufferId, number>, last: boolean): FoldPhase | null {
  const kernel = arranged(given, false)
  const { space } = kernel
  const [stage, stored, ...more] = kernel.stages
  if (stage?.kind !== 'reduce' || stored?.kind !== 'map' || more.length > 0) return null
  const [node, ...nodes] = stage.nodes
  const [accumulator, ...accumulators] = stage.accumulators
  const [store] = stored.stores
  if (node?.op !== 'load' || nodes.length > 0 || accumulator === undefined || accumulators.length > 0 || store === undefined) return null
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
  const columnBlocks = Math.ceil(columns / (4 * columnVectors(node.dtype)))
  const outerAxis = order.outer === null ? -1 : order.outer.axis + 3 - inner.length
  const units = size(0) * size(1) * size(2) * columnBlocks
  const fields: Readonly<Record<FoldField, number>> = {
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
  const variant: FoldVariant = { combine: accumulator.combine, from: node.dtype, to: accumulator.dtype, across, forks, contiguous: laneBytes === bytes, first: node.buffer === operand, last }
  return { variant, words: foldFields.map((f) => fields[f]), units, time: timeOf(kernel) }
}

/** Whether threads gain by sharing it. */
export const sharedTimeOf = (phases: readonly FoldPhase[]): number => phases.reduce((sum, p) => sum + (p.units > 1 ? p.time : 0), 0)
