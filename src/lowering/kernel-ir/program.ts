/** A program: buffers, and the steps that fill them. What a jitted function becomes, whatever machine runs it. */
import type { Aval } from '../../core/aval.ts'
import type { BufferId, Kernel } from './kernel.ts'

export interface Buffer {
  readonly aval: Aval
  /**
   * - `input`, `output`: given by the caller, `position` says which.
   * - `temp`: in the arena, from the plan.
   * - `slice`: element t of the leading axis of another buffer, t being the iteration of the loop it belongs to: t times
   *   the bytes of this aval into it, whatever shape the other buffer has.
   * - `carry`: inside a loop, the current (read) or next (written) value of a carry.
   */
  readonly role:
    | { readonly kind: 'input'; readonly position: number }
    | { readonly kind: 'output'; readonly position: number }
    | { readonly kind: 'temp' }
    | { readonly kind: 'slice'; readonly of: BufferId }
    | { readonly kind: 'carry'; readonly side: 'current' | 'next' }
}

export type Step = { readonly kind: 'kernel'; readonly kernel: Kernel } | LoopStep

/**
 * Runs `body` `count` times (t = 0 …, or count-1 … 0 with `reverse`; slices follow t). In the first iteration `current`
 * is `initial`, later the former `next`; the last `next` stands in `final`. Implementations swap two places, they do
 * not copy: `final` and `spare` (a temp of the same size), such that the last iteration writes `final`. Where the body
 * may write `next` over `current`, `spare` is `final` itself.
 * With `count` 0 the lowering makes no loop.
 */
export interface LoopStep {
  readonly kind: 'loop'
  readonly count: number
  readonly reverse: boolean
  /** The buffers of role `slice` that follow this loop's t (a nested loop's kernels may use them too). */
  readonly slices: readonly BufferId[]
  readonly carries: readonly {
    readonly initial: BufferId
    readonly current: BufferId
    readonly next: BufferId
    readonly final: BufferId
    readonly spare: BufferId
  }[]
  readonly body: readonly Step[]
}

export interface Program {
  readonly buffers: readonly Buffer[]
  readonly inputs: readonly BufferId[]
  /** One an output of the jaxpr; an output may also be an input buffer (forwarded) — then nothing is written. */
  readonly outputs: readonly BufferId[]
  readonly steps: readonly Step[]
}

/** Where temps lie in the arena: byte offsets, 64-byte aligned; buffers whose lives do not overlap share places. */
export interface MemoryPlan {
  readonly offsets: ReadonlyMap<BufferId, number>
  readonly arenaBytes: number
  /** Outputs that may be written over an input that dies there, if the caller donates it: output position -> input position. */
  readonly donations: ReadonlyMap<number, number>
}
