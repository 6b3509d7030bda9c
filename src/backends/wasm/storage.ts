/** An array's bytes: an address in the heap, or a copy on the host. */
import { hostCopy } from '../../core/bytes.ts'
import { InternalError } from '../../core/errors.ts'
import type { Storage } from '../../core/storage.ts'
import type { Account } from '../ledger.ts'
import type { Linked } from './recency.ts'

/** What the ledger and the heap know of a storage. */
export interface Holding extends Account, Linked<Holding> {
  /** Where in the heap the bytes are; -1: on the host. */
  address: number
  /** Set while the bytes are in the heap. On the host it is null: the bytes there are to die with their storage. */
  place: Place | null
}

/** Where the bytes of a storage are: the heap holds it for as long as they are in the heap, the storage until it dies. */
export interface Place {
  /** On the host, or null. */
  host: Uint8Array | null
  /** In the heap, or counted; null for bytes that are neither. */
  holding: Holding | null
}

/** What a storage asks of the heap that it belongs to. */
interface Owner {
  view(address: number, bytes: number): Uint8Array
  release(storage: WasmStorage): void
}

export class WasmStorage implements Storage {
  readonly device = 'wasm'
  readonly byteLength: number
  readonly #heap: Owner
  shared = false
  /** Changed by the heap alone. */
  readonly place: Place

  constructor(heap: Owner, byteLength: number, host: Uint8Array | null) {
    this.#heap = heap
    this.byteLength = byteLength
    this.place = { host, holding: null }
  }
  /** Where in the heap the bytes are; -1 where they are not. */
  get address(): number {
    return this.place.holding?.address ?? -1
  }
  get host(): Uint8Array | null {
    return this.place.host
  }
  read(): Uint8Array {
    const { address, host } = this
    if (host !== null) return hostCopy('read', host)
    if (address < 0) throw new InternalError('read', 'the storage was given away')
    return hostCopy('read', this.#heap.view(address, this.byteLength))
  }
  get readable(): boolean {
    return true
  }
  readAsync(): Promise<Uint8Array> {
    return Promise.resolve(this.read())
  }
  async ready(): Promise<void> {}
  markShared(): void {
    this.shared = true
  }
  release(): void {
    if (!this.shared) this.#heap.release(this)
  }
}
