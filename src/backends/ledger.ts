/**
 * Which storages are alive and how many bytes they hold: what `debug.memory()` tells, on every device.
 *
 * Nobody says when an array is dropped. Where the platform can collect garbage on demand (Node), storages are watched by
 * weak references and a sweep finds the dead. A WeakRef keeps what it watches until the event loop turns or the platform
 * collects, so whoever makes storages asks first whether a sweep is due. Elsewhere finalizers tell, when the event loop turns.
 */
import { collectGarbage } from '#platform'
import type { MemoryUse } from '../core/storage.ts'

/** What is known of one storage. Holds neither the storage nor bytes on the host, which the collector is to take. */
export interface Account {
  readonly bytes: number
  /** Tells whether the storage is dead, where the platform can collect on demand. */
  watch: WeakRef<object> | null
  open: boolean
}

/** Arrays of so few bytes are plain JavaScript values on every device. */
export const tinyBytes = 256

/**
 * A finalizer that is due takes memory until the event loop turns. So where there is nothing else, arrays on the host are
 * watched only when they are so large that this is nothing beside them.
 */
const worthFinalizer = 1 << 16

/** A sweep is due past these, or past twice what the last one left alive. */
const firstBytes = 256 * 2 ** 20
const firstArrays = 1 << 14

export class Ledger<A extends Account = Account> {
  readonly #collect: (() => void) | null
  /** Returns what a dead storage held. */
  readonly #bury: (account: A) => void
  readonly #finalizers: FinalizationRegistry<A> | null
  #accounts: A[] = []
  /** Accounts in the list that were closed since the last sweep. */
  #closed = 0
  #arrays = 0
  #bytes = 0
  #peakBytes = 0
  #dueBytes = firstBytes
  #dueArrays = firstArrays
  /** Watching costs a microsecond, too much for tiny arrays unless somebody asks for their number. */
  #countsTiny = false

  constructor(bury: (account: A) => void = () => {}, collect: (() => void) | null = collectGarbage) {
    this.#bury = bury
    this.#collect = collect
    this.#finalizers = collect === null ? new FinalizationRegistry((account) => this.#dead(account)) : null
  }

  /** Whether a storage of so many bytes on the host is counted: tiny ones are from the first look at the ledger on. */
  counts(bytes: number): boolean {
    return this.#finalizers === null ? bytes > tinyBytes || this.#countsTiny : bytes > worthFinalizer
  }

  /** To be called before `bytes` are added: looks for the dead where much came since the last look. */
  admit(bytes: number): void {
    if (this.#bytes + bytes > this.#dueBytes || this.#accounts.length >= this.#dueArrays) this.sweep()
  }

  open(account: A, storage: object): void {
    account.open = true
    this.#arrays++
    this.#bytes += account.bytes
    this.#peakBytes = Math.max(this.#peakBytes, this.#bytes)
    if (this.#finalizers !== null) this.#finalizers.register(storage, account, account)
    else {
      account.watch = new WeakRef(storage)
      this.#accounts.push(account)
    }
  }

  /** The storage was let go of, or its bytes are another's now. */
  close(account: A): void {
    if (!account.open) return
    account.open = false
    this.#arrays--
    this.#bytes -= account.bytes
    if (this.#finalizers !== null) this.#finalizers.unregister(account)
    else if (++this.#closed > firstArrays && 2 * this.#closed > this.#accounts.length) this.#forgetClosed()
  }

  /** Finds the dead, where that can be done. */
  sweep(): void {
    if (this.#collect === null) return
    this.#collect()
    for (const account of this.#accounts) if (account.open && account.watch?.deref() === undefined) this.#dead(account)
    this.#forgetClosed()
    this.#dueBytes = Math.max(firstBytes, 2 * this.#bytes)
    this.#dueArrays = Math.max(firstArrays, 2 * this.#accounts.length)
  }

  /** What is alive now; where there is no collection on demand, dead storages count until the event loop has turned. */
  use(): MemoryUse {
    this.#countsTiny = true
    this.sweep()
    return { arrays: this.#arrays, bytes: this.#bytes, peakBytes: this.#peakBytes }
  }

  #dead(account: A): void {
    this.close(account)
    this.#bury(account)
  }

  #forgetClosed(): void {
    this.#accounts = this.#accounts.filter((account) => account.open)
    this.#closed = 0
  }
}
