/** What emitters of contractions are given, and what they give. */
import type { BufferId } from '../../kernel-ir/index.ts'
import type { FunctionRef } from '../asm/index.ts'

export interface EmittedContraction {
  /** `(threadId, threadCount, shared scratch, own scratch, ...pointers)`: this thread's part. */
  readonly fn: FunctionRef
  readonly buffers: readonly BufferId[]
  readonly sharedBytes: number
  readonly ownBytes: number
  /** Threads that can have a part. */
  readonly parts: number
}

/** No buffer of a program has a number this high: the scratch buffers of a kernel take it and the next few. */
export const scratchBuffers: BufferId = 1 << 28
