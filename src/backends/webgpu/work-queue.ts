/**
 * The ordered queue of a device: work is done in the order in which it was asked for, each piece when what it waits for
 * (pipelines that compile) is there. What waits for nothing, behind nothing, is done at once.
 */
export interface Work {
  /** What has to come first; null when nothing has. */
  readonly waitsFor: Promise<unknown> | null
  run(): void
  /** Instead of `run`, when the device is gone before that. */
  cancel(): void
}

export class WorkQueue {
  readonly #pending: Work[] = []
  #waiting = false

  get length(): number {
    return this.#pending.length
  }

  add(work: Work): void {
    this.#pending.push(work)
    if (!this.#waiting) this.#pump()
  }

  /** Cancels everything that waits. */
  cancel(): void {
    for (const work of this.#pending.splice(0)) work.cancel()
  }

  #pump(): void {
    for (;;) {
      const next = this.#pending[0]
      if (next === undefined) return
      if (next.waitsFor !== null) {
        this.#waiting = true
        const goOn = (): void => {
          this.#waiting = false
          // It is not there any more when the queue was cancelled meanwhile.
          if (this.#pending[0] === next) {
            this.#pending.shift()
            next.run()
          }
          this.#pump()
        }
        next.waitsFor.then(goOn, goOn)
        return
      }
      this.#pending.shift()
      next.run()
    }
  }
}
