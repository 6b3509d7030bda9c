/** What emitters of kernels that are cut into units give. */
import type { BufferId, LoopKernel } from '../kernel-ir/index.ts'
import type { FunctionRef } from './asm/index.ts'

/** A kernel as a function `(begin, end, ...pointers)` over units `begin` to `end`; `buffers` are the pointers' order. */
export interface EmittedLoop {
  readonly fn: FunctionRef
  readonly buffers: readonly BufferId[]
}

/** And how its units are shared out. */
export interface EmittedUnits extends EmittedLoop {
  readonly units: number
  /** Units that one call should take: long enough to be worth it, short enough that optimised code is entered soon. */
  readonly unitsPerCall: number
  /** Nanoseconds of all units on one thread, roughly. */
  readonly time: number
}

/** The function has memory of the thread as well: `(begin, end, own scratch, ...pointers)`. */
export interface EmittedOwnUnits extends EmittedUnits {
  readonly ownBytes: number
}

/** Passes with a barrier between them: `before`, the units, `after`. */
export interface EmittedPasses extends EmittedOwnUnits {
  readonly before: readonly LoopKernel[]
  readonly after: LoopKernel | null
  /** Byte offsets of made-up buffers in scratch memory. */
  readonly scratch: ReadonlyMap<BufferId, number>
  readonly scratchBytes: number
}
