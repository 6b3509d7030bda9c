/** What a kernel becomes: phases, with a barrier after each. */
import type { FunctionRef, ModuleBuilder } from '../asm/index.ts'
import type { Helpers } from '../math/index.ts'

/** One pass between two barriers. */
export interface Phase {
  /** - `units`: `fn(begin, end, ...pointers)` over its units.
   * - `team`: `fn(threadId, threadCount, ...pointers)`, which shares as many units itself, and waits inside where it must. */
  readonly kind: 'units' | 'team'
  readonly fn: FunctionRef
  readonly units: number
  readonly unitsPerCall: number
  /** Units must run in order, on one thread. */
  readonly sequential: boolean
  /** Nanoseconds of all units on one thread, roughly. */
  readonly time: number
  /** Pointers after the range: buffers of the kernel by position, or a byte offset into the scratch area, or into the thread's own. */
  readonly pointers: readonly ({ readonly buffer: number } | { readonly scratch: number } | { readonly own: number })[]
}

export interface EmittedKernel {
  readonly phases: readonly Phase[]
  /** Scratch memory that all threads share while the kernel runs. */
  readonly scratchBytes: number
  /** Scratch memory that each thread needs for itself. */
  readonly ownBytes: number
}

export interface EmitContext {
  readonly module: ModuleBuilder
  readonly helpers: Helpers
  /** The function in which threads wait for each other; null: there is one thread. */
  readonly meet: () => FunctionRef | null
  /** Whether convolutions may use Winograd's algorithm. */
  readonly winograd: boolean
}
