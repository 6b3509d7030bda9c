/** How a loop kernel is cut: which axis runs along the lanes, what one call does, how many vectors run side by side. */
import { sizeOf } from '../../../core/aval.ts'
import { type DType, dtypeInfo } from '../../../core/dtype.ts'
import { coefficientOf, foldsInOrder, type Index, isNested, type LoopKernel, type Stage } from '../../kernel-ir/index.ts'
import { partsOf } from '../lanes/index.ts'
import { costOf } from './cost.ts'

/**
 * - `space`: lanes are neighbours on the last axis of the space, and every stage runs over its inner axes for each vector.
 * - `inner`: lanes are neighbours on the last inner axis of each stage; one without, or that folds in order, computes a single lane.
 */
export type VectorMode = 'space' | 'inner'

export function chooseMode(kernel: LoopKernel, fixedOuter: boolean): VectorMode {
  const { space, stages } = kernel
  if (space.length === 0 || (fixedOuter && space.length === 1)) return 'inner'
  const withInner = stages.filter((s) => s.inner.length > 0)
  if (withInner.length === 0 || withInner.some(foldsInOrder)) return 'space'
  const last = space.length - 1
  let alongSpace = 0
  let alongInner = 0
  for (const stage of withInner) {
    const points = sizeOf(stage.inner)
    const innerLast = space.length + stage.inner.length - 1
    alongSpace += points * accessCost(stage, last) * waste(space[last] ?? 1)
    alongInner += points * accessCost(stage, innerLast) * waste(stage.inner.at(-1) ?? 1)
  }
  return alongSpace < alongInner ? 'space' : 'inner'
}

const waste = (n: number): number => (Math.ceil(n / 4) * 4) / n

/** Loads and stores of one vector along an axis, a lane-by-lane one counting as four. */
function accessCost(stage: Stage, dim: number): number {
  let cost = 1
  const add = (stride: number | null): void => {
    cost += stride === 0 ? 0.5 : stride === 1 ? 1 : 4
  }
  for (const node of stage.nodes) if (node.op === 'load' || node.op === 'gather') add(isNested(node.index, dim) ? null : coefficientOf(node.index, dim))
  if (stage.kind !== 'reduce') for (const store of stage.stores) add(isNested(store.index, dim) ? null : coefficientOf(store.index, dim))
  return cost
}

/** Work of one point of the space, in simple instructions an element. */
export function pointCost(kernel: LoopKernel): number {
  let cost = 0
  for (const stage of kernel.stages) cost += sizeOf(stage.inner) * bodyCost(stage)
  return Math.max(1, cost)
}

export function bodyCost(stage: Stage): number {
  let cost = stage.kind === 'map' ? stage.stores.length : 2 * stage.accumulators.length
  for (const node of stage.nodes) cost += costOf(node)
  return cost
}

/**
 * Vectors side by side, so that their latencies overlap. Long expressions gain most (chains of dependent operations), but
 * their code is long, so `points` of them must be worth it.
 */
export function forksFor(stages: readonly Stage[], points: number): number {
  let cost = 0
  let parts = 1
  for (const stage of stages) {
    cost = Math.max(cost, bodyCost(stage))
    for (const node of stage.nodes) parts = Math.max(parts, partsOf(node.dtype))
    if (stage.kind !== 'map' && stage.accumulators.some((a) => a.position !== null)) cost += 8
  }
  // accumulators fill the registers by themselves
  if (parts === 4 || stages.some((s) => s.kind === 'reduce' && s.accumulators.length > 4)) return 1
  const guarded = stages.some((s) => s.nodes.some((n) => n.op === 'load' && n.guards.length > 0))
  const worth = guarded ? 2 : parts === 1 && stages.every(gainsFromSix) ? 6 : 4
  const forks = points >= 2 ** 15 && cost <= 60 ? worth : points >= 2 ** 12 && cost <= 150 ? Math.min(2, worth) : 1
  return Math.max(1, forks / parts)
}

/** Addresses so many bytes apart share the few places of one set of the first-level cache, of which there are at least so many. */
const setBytes = 4096
const ways = 8
const line = 64

/**
 * Vectors of rows side by side where running values go along the rows: as many as the cache has places for their lines. Rows of a power of
 * two bytes are read and written twelve times slower otherwise. Every row is computed by itself, so no bit depends on it.
 */
export function forksOfRows({ space, stages }: LoopKernel, forks: number): number {
  if (!stages.some((s) => s.kind === 'cumulative')) return forks
  const last = space.length - 1
  const strides: number[] = []
  const add = (index: Index, dtype: DType): void => {
    if (!isNested(index, last)) strides.push(Math.abs(coefficientOf(index, last)) * dtypeInfo[dtype].bytes)
  }
  for (const stage of stages) {
    for (const n of stage.nodes) if (n.op === 'load') add(n.index, n.dtype)
    if (stage.kind !== 'reduce') for (const w of stage.stores) add(w.index, stage.nodes[w.node]?.dtype ?? 'float32')
  }
  const linesOf = (stride: number, rows: number): number => (stride < line ? 0 : rows / Math.min(setBytes / line, setBytes / powerOfTwo(stride)))
  let fitting = forks
  while (fitting > 1 && strides.reduce((n, stride) => n + linesOf(stride, 4 * fitting), 0) > ways) fitting = Math.floor(fitting / 2)
  return fitting
}

/** The greatest power of two, up to the distance of a set's addresses, that divides a number of bytes. */
const powerOfTwo = (bytes: number): number => Math.min(setBytes, bytes & -bytes)

/**
 * Formulas of which six vectors side by side are 6 to 14% faster than four, on Node 20 and 24. Others lose on one of them; eight do.
 * Of reductions the number of vectors decides the order of a sum, and so its bits.
 */
const inSixes: ReadonlySet<string> = new Set(['exp', 'exp2', 'log', 'tanh'])
const gainsFromSix = (stage: Stage): boolean => stage.kind === 'map' && hasSixes(stage)

const hasSixes = (stage: Stage): boolean => {
  const costly = stage.nodes.filter((n) => costOf(n) >= 20)
  return costly.length > 0 && costly.every((n) => n.op === 'apply' && n.dtype === 'float32' && inSixes.has(n.primitive))
}

/** Whether what goes into sums of four vectors is better computed for six. */
export const foldsSixes = (stage: Extract<Stage, { kind: 'reduce' }>): boolean => stage.accumulators.every((a) => a.position === null) && bodyCost(stage) <= 60 && (stage.inner.at(-1) ?? 1) >= 96 && hasSixes(stage)

/** Nanoseconds of a simple instruction on an element, four of them side by side: measured on chains from 4 to 60 instructions long. */
const instructionTime = 0.1

/** What a loop kernel takes one thread, in nanoseconds; right within a factor of two. */
export const timeOf = (kernel: LoopKernel): number => instructionTime * pointCost(kernel) * sizeOf(kernel.space)

/** Simple instructions of a unit of work at most, where the axes allow it, and of one call. */
const unitAim = 100_000
const callAim = 400_000
const callLeast = 20_000

/** How many leading axes count units: as few as leave no unit too long. */
export function unitAxes(extents: readonly number[], costPerUnitOfAll: number): number {
  let work = costPerUnitOfAll
  let axes = 0
  while (axes < extents.length && (axes === 0 || work > unitAim)) work /= extents[axes++] ?? 1
  return axes
}

/** Elements of the one axis in a unit, a multiple of `step`. */
export function blockOf(cost: number, step: number): number {
  const aim = Math.min(16384, Math.max(1, unitAim / cost))
  return Math.max(1, Math.floor(aim / step)) * step
}

/** Units in one call. */
export function unitsPerCall(units: number, costOfUnit: number): number {
  const most = Math.ceil(callAim / costOfUnit)
  const least = Math.ceil(callLeast / costOfUnit)
  return Math.max(1, least, Math.min(most, Math.ceil(units / 16)))
}
