/** How the points of a loop kernel, and the elements that each folds, are shared among invocations. Depends on nothing but shapes. */
import { sizeOf } from '../../../core/aval.ts'
import { foldsInOrder, type LoopKernel, type Stage } from '../../kernel-ir/index.ts'
import { isByColumn, shortRow } from './rows.ts'
import { sumFormOf } from './sum-form.ts'

export interface RowLayout {
  /** Invocations that share a point: a power of two. */
  readonly lanes: number
  /** Points of a workgroup. */
  readonly points: number
  /** Whether neighbours in a workgroup work on neighbouring elements of one row, or on neighbouring rows. */
  readonly along: 'row' | 'column'
}

const threads = 256
/** So many points side by side in memory keep a device busy by themselves. */
const manyColumns = 16384
/** A lane has at least so many elements before a row gets more lanes, or is cut into chunks. */
const perLane = 16
/** Workgroups that keep a device busy. */
const busy = 64

export const alone: RowLayout = { lanes: 1, points: 64, along: 'column' }

const powerAtLeast = (n: number): number => 2 ** Math.ceil(Math.log2(Math.max(1, n)))

export function layoutOf(kernel: LoopKernel, stages: readonly Stage[], longest: number): RowLayout {
  const points = sizeOf(kernel.space)
  if (!stages.some((s) => s.kind === 'reduce') || stages.some(foldsInOrder) || longest < shortRow) return alone
  const along = stages.some((s) => s.kind === 'reduce' && isByColumn(kernel.space, s)) ? 'column' : 'row'
  if (stages.some((s) => ['in order', 'lanes'].includes(sumFormOf(kernel, s, stages).kind))) return alone
  if (along === 'column' && points >= manyColumns) return alone
  if (along === 'column') {
    const side = Math.min(32, powerAtLeast(points))
    return { lanes: threads / side, points: side, along }
  }
  const lanes = Math.min(threads, Math.max(8, powerAtLeast(longest / perLane)))
  return { lanes, points: Math.min(threads / lanes, powerAtLeast(points)), along }
}

/** Into how many chunks, each a workgroup's, a fold over `length` elements is cut; 1 where there are rows enough, or too little in them. A lane of a chunk has `least` elements or more. */
export function chunksOf(layout: RowLayout, points: number, length: number, least: number = perLane): number {
  const groups = Math.ceil(points / layout.points)
  if (layout.lanes === 1 || groups >= busy) return 1
  const chunks = Math.min(Math.ceil((4 * busy) / groups), Math.floor(length / (layout.lanes * least)))
  return chunks >= 4 ? chunks : 1
}
