/**
 * The WASM heap: a cache over garbage-collected memory.
 *
 * An array's bytes are in the heap (an address) or on the host (a Uint8Array). When the heap passes its budget, the least
 * recently used storages are copied to the host and their blocks freed; if nobody holds such an array any more the
 * collector frees that copy. So a synchronous loop, in which finalizers never run, stays bounded.
 *
 * Where the platform can collect garbage synchronously (Node), the ledger finds dead storages first. Elsewhere finalizers
 * return their blocks when the event loop turns.
 */
import { collectGarbage, heapBudget } from '#platform'
import { hostCopy } from '../../core/bytes.ts'
import { InternalError, OutOfMemoryError } from '../../core/errors.ts'
import type { MemoryUse, Storage } from '../../core/storage.ts'
import { controlEnd } from '../../lowering/wasm/index.ts'
import { Ledger } from '../ledger.ts'
import { Allocator } from './allocator.ts'
import { Recency } from './recency.ts'
import { reserve } from './reserve.ts'
import { type Holding, type Place, WasmStorage } from './storage.ts'

export interface HeapLimits {
  /** Bytes of arrays in the heap at most, and never more than half of what scratch memory leaves; the rest is spilled. Default: what the platform says. */
  readonly budgetBytes: number
  /** Storages in the heap at most. */
  readonly budgetStorages: number
  /** Collects garbage at once; null where that cannot be done. Default: what the platform has. */
  readonly collect: (() => void) | null
  /** False: memory for one thread. */
  readonly shared: boolean
  /** The size of the heap at most, in pages of 64 KiB; default: all 65,536 that addresses of 32 bits can tell apart. */
  readonly pages: number
}

/** Memory in the heap that belongs to no array. */
export interface ScratchMemory {
  /** Gives back what the program at hand does not use. */
  trim(): void
}

/** Below are the words by which threads meet; address 0 stays unused, so that no pointer is null. */
const grainStart = controlEnd

/** Where a search for the dead leaves the heap fuller than this, live arrays move out: else the next search came too soon. */
const fullest = 7 / 8
/** How full the heap is when they have. */
const roomy = 3 / 4

export class Heap {
  readonly memory: WebAssembly.Memory
  /** Whether threads can share it. */
  readonly shared: boolean
  readonly bytesView: Uint8Array
  readonly words: Uint32Array
  readonly #allocator: Allocator
  /** Bytes of arrays in the heap at most, if scratch memory leaves so much. */
  budgetBytes: number
  readonly #budgetStorages: number
  readonly #ledger: Ledger<Holding>
  /** What is in the heap, the least recently used first. */
  readonly #resident = new Recency<Holding>()
  readonly #scratch: ScratchMemory[] = []
  /** Operands and results of the call that is being prepared: never evicted. */
  #pinned: readonly (readonly Storage[])[] = []
  #residentBytes = 0
  #scratchBytes = 0

  constructor(limits: Partial<HeapLimits> = {}) {
    const pages = limits.pages ?? 65536
    const { memory, shared } = reserve(pages, limits.shared === false)
    this.memory = memory
    this.shared = shared
    this.bytesView = new Uint8Array(this.memory.buffer)
    this.words = new Uint32Array(this.memory.buffer)
    this.#allocator = new Allocator(grainStart, this.size)
    this.budgetBytes = limits.budgetBytes ?? heapBudget()
    this.#budgetStorages = limits.budgetStorages ?? 1 << 16
    this.#ledger = new Ledger((holding) => this.#vacate(holding), limits.collect === undefined ? collectGarbage : limits.collect)
  }

  /** Bytes of the whole heap. */
  get size(): number {
    return this.bytesView.byteLength
  }

  view(address: number, bytes: number): Uint8Array {
    return this.bytesView.subarray(address, address + bytes)
  }

  use(): MemoryUse {
    return this.#ledger.use()
  }

  /** What is in the heap itself: a part of `use`. */
  resident(): { readonly bytes: number; readonly storages: number; readonly scratchBytes: number } {
    return { bytes: this.#residentBytes, storages: this.#resident.size, scratchBytes: this.#scratchBytes }
  }

  /** Memory that belongs to no array (arena, call frames, modules on their way to workers). */
  reserve(bytes: number): number {
    const address = this.#take(bytes)
    this.#scratchBytes += Allocator.sizeFor(bytes)
    return address
  }
  unreserve(address: number, bytes: number): void {
    this.#allocator.free(address, bytes)
    this.#scratchBytes -= Allocator.sizeFor(bytes)
  }
  /** Whom to ask for memory back when arrays need the room. */
  addScratch(scratch: ScratchMemory): void {
    this.#scratch.push(scratch)
  }

  /** A storage in the heap, contents undefined. */
  allocate(bytes: number): WasmStorage {
    this.#ledger.admit(bytes)
    const address = this.#take(bytes)
    const s = new WasmStorage(this, bytes, null)
    this.#settle(this.#account(s), address, s.place)
    return s
  }

  /** A storage for bytes on the host; enters the heap when a program needs it. */
  fromHost(bytes: Uint8Array): WasmStorage {
    const s = new WasmStorage(this, bytes.byteLength, bytes)
    if (this.#ledger.counts(s.byteLength)) {
      this.#ledger.admit(s.byteLength)
      this.#account(s)
    }
    return s
  }

  /** A number written in a program, as an operand: no array, so nobody counts it. */
  literal(bytes: Uint8Array): WasmStorage {
    return new WasmStorage(this, bytes.byteLength, bytes)
  }

  /** Brings a storage into the heap and marks it as just used. */
  bringIn(s: WasmStorage): number {
    const { host, holding } = s.place
    if (host !== null) {
      const address = this.#take(s.byteLength)
      this.bytesView.set(host, address)
      s.place.host = null
      this.#settle(holding?.open === true ? holding : this.#account(s), address, s.place)
      return address
    }
    if (holding === null) throw new InternalError('call', 'a storage that was given away was used')
    this.#resident.use(holding)
    return holding.address
  }

  /** Names the storages that must stay where they are until the next call of `pin`. */
  pin(...lists: readonly (readonly Storage[])[]): void {
    this.#pinned = lists
  }

  release(s: WasmStorage): void {
    const { holding } = s.place
    s.place.host = null
    s.place.holding = null
    if (holding === null) return
    this.#ledger.close(holding)
    this.#vacate(holding)
  }

  /** A donated storage's memory as that of a new one of the same size. The old one is empty afterwards. */
  adopt(from: WasmStorage, bytes: number): WasmStorage {
    const { holding } = from.place
    if (holding === null || holding.address < 0) throw new InternalError('call', 'a donated storage is not in the heap')
    from.place.holding = null
    this.#ledger.close(holding)
    this.#leave(holding)
    const to = new WasmStorage(this, bytes, null)
    this.#settle(this.#account(to), holding.address, to.place)
    return to
  }

  /** Moves everything to the host, so that what comes next finds the heap in one piece. */
  empty(): void {
    this.#trimScratch()
    this.#evict(0, 0)
  }

  #account(s: WasmStorage): Holding {
    const holding: Holding = { bytes: s.byteLength, watch: null, open: false, address: -1, place: null, older: null, newer: null }
    s.place.holding = holding
    this.#ledger.open(holding, s)
    return holding
  }

  #settle(holding: Holding, address: number, place: Place): void {
    holding.address = address
    holding.place = place
    this.#resident.add(holding)
    this.#residentBytes += Allocator.sizeFor(holding.bytes)
  }

  /** Takes a storage off the list of residents; its block is the caller's then. */
  #leave(holding: Holding): void {
    this.#resident.delete(holding)
    this.#residentBytes -= Allocator.sizeFor(holding.bytes)
    holding.place = null
  }

  #vacate(holding: Holding): void {
    if (holding.address < 0) return
    this.#leave(holding)
    this.#allocator.free(holding.address, holding.bytes)
    holding.address = -1
  }

  #take(bytes: number): number {
    if (this.#isPast(1, bytes)) this.#makeRoom(bytes)
    const address = this.#allocator.allocate(bytes) ?? this.#afterEviction(bytes)
    if (address === null) {
      throw new OutOfMemoryError('allocate', `${bytes} bytes do not fit in the WebAssembly heap of ${this.size} bytes, of which this call uses ${this.#residentBytes + this.#scratchBytes} already`)
    }
    return address
  }

  get #allowedBytes(): number {
    return Math.min(this.budgetBytes, Math.floor((this.size - this.#scratchBytes) / 2))
  }

  #isPast(share: number, bytes: number): boolean {
    return this.#residentBytes + bytes > share * this.#allowedBytes || this.#resident.size >= share * this.#budgetStorages
  }

  /** The dead go first, then scratch memory that no program uses, then the least recently used. */
  #makeRoom(bytes: number): void {
    this.#ledger.sweep()
    if (!this.#isPast(fullest, bytes)) return
    this.#trimScratch()
    if (this.#isPast(fullest, bytes)) this.#evict(roomy * this.#allowedBytes - bytes, roomy * this.#budgetStorages)
  }

  /** Room for one large block: everything that is not pinned goes. */
  #afterEviction(bytes: number): number | null {
    this.#ledger.sweep()
    this.#trimScratch()
    const address = this.#allocator.allocate(bytes)
    if (address !== null) return address
    this.#evict(0, 0)
    return this.#allocator.allocate(bytes)
  }

  #trimScratch(): void {
    for (const s of this.#scratch) s.trim()
  }

  #evict(toBytes: number, toStorages: number): void {
    const pinned = new Set(this.#pinned.flatMap((list) => list.map((s) => (s as WasmStorage).place)))
    for (const holding of this.#resident) {
      if (this.#residentBytes <= toBytes && this.#resident.size <= toStorages) return
      const { place } = holding
      if (place === null || pinned.has(place)) continue
      place.host = hostCopy('spill', this.view(holding.address, holding.bytes))
      this.#vacate(holding)
      if (!this.#ledger.counts(holding.bytes)) this.#ledger.close(holding)
    }
  }
}
