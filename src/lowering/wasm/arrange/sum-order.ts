/** In which order a sum of float32 is added up here, for other machines that want its bits. */
import { sizeOf } from '../../../core/aval.ts'
import type { LoopKernel } from '../../kernel-ir/index.ts'
import { normalizeLoop } from './normalize.ts'
import { reduceOrder } from './reduce-order.ts'
import { chooseMode } from './shape-of-work.ts'
import { chunkOf } from './split.ts'

export type SumOrder =
  /**
   * Elements of a point are taken in order. Runs of so many (the last may be shorter) are cut into blocks, which have float32 sums; these
   * are added up with more digits.
   */
  | { readonly kind: 'blocks'; readonly run: number; readonly block: number }
  /** So many vectors of four running sums, which take neighbours. */
  | { readonly kind: 'lanes'; readonly vectors: number }

/** Of a kernel's reduction. */
export function sumOrder(given: LoopKernel, stage: number): SumOrder | null {
  const kernel = normalizeLoop(given)
  const reduction = kernel.stages[stage]
  if (reduction?.kind !== 'reduce') return null
  const mode = chooseMode(kernel, false)
  const inner = mode === 'space' && reduction.inner.length > 0 ? [chunkOf(given, reduction.inner), ...reduction.inner.slice(1)] : reduction.inner
  const { across, forks, every, outer } = reduceOrder({ ...reduction, inner }, kernel.space, mode)
  if (across) return { kind: 'lanes', vectors: forks }
  if (outer !== null) {
    const inside = sizeOf(inner.slice(outer.axis + 1))
    return { kind: 'blocks', run: inner[outer.axis]! * inside, block: outer.every * inside }
  }
  return every === Infinity ? { kind: 'blocks', run: sizeOf(inner), block: sizeOf(inner) } : { kind: 'blocks', run: inner.at(-1)!, block: every }
}
