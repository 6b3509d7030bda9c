/**
 * What becomes of work on the GPU. A call returns its results before anybody knows whether it can be done; its fate stands
 * with them, and what went wrong is thrown at their next use. Results of operands that went wrong went wrong as well.
 */
import type { PullbackError } from '../../core/errors.ts'

export class Fate {
  /** What went wrong; null while nothing is known to have. */
  error: PullbackError | null = null
  settled = false
  /** Resolves when all is known; never rejects. */
  readonly known: Promise<void>
  #resolve: () => void = () => {}
  #needs: readonly Fate[]
  readonly #operation: string | null

  /** `operation`: in whose name to say what went wrong with a buffer, which knows no operation. */
  constructor(needs: readonly Fate[], operation: string | null = null) {
    this.#needs = needs.filter((f) => !f.settled || f.error !== null)
    this.#operation = operation
    this.known = new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  /** To be called once, with the work's own error if it had one. What it needed is asked first: its error is the cause. */
  async settle(own: PullbackError | null): Promise<void> {
    for (const need of this.#needs) {
      await need.known
      this.error ??= need.error?.operation === 'allocate' && this.#operation !== null ? need.error.inNameOf(this.#operation) : need.error
    }
    this.error ??= own
    this.#needs = []
    this.settled = true
    this.#resolve()
  }
}
