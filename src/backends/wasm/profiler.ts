/** The clock of `debug.profile`: told after each kernel of a program, and by calls of code that has no kernels to tell of. */
import { now } from '#platform'
import type { KernelInfo, KernelRecorder } from '../../core/storage.ts'
import type { Code } from './pool.ts'

/** A program that tells the time, compiled when it is first profiled. */
export interface Timed {
  readonly code: Code
  /** Kernels by the number with which the code tells of them. */
  readonly kernels: readonly KernelInfo[]
  /** The code tells of nothing by itself: the call as a whole is its one kernel. */
  readonly silent: boolean
}

export class Profiler {
  /** Null: nobody wants to know. */
  record: KernelRecorder | null = null
  #kernels: readonly KernelInfo[] = []
  #last = 0

  /** Kernel i of the program at hand has ended. */
  readonly tick = (i: number): void => {
    const time = now()
    this.record?.(this.#kernels[i]!, this.#last, time)
    this.#last = now()
  }
  begin({ kernels }: Timed): void {
    this.#kernels = kernels
    this.#last = now()
  }
  end({ silent }: Timed): void {
    if (silent) this.tick(0)
  }
}
