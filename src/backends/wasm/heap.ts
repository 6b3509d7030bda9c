/**
 * The WASM heap: a cache over garbage-collected memory.
 *
 * An array's bytes are in the heap (an address) or on the host (a Uint8Array). When the heap passes its budget, the least
 * recently used storages are copied to the host and their blocks freed; if nobody holds such an array any more the
 * collector frees that copy. So a synchronous loop, in which finalizers never run, stays bounded.
 *
 * Where the platform can collect garbage synchronously (Node), the heap looks for dead storages first, through weak
 * references. Elsewhere a WeakRef would pin its storage until the event loop turns; there finalizers return blocks then.
 */
import { collectGarbage, sharesMemory } from '#platform'
import { DeviceError, OutOfMemoryError } from '../../core/errors.ts'
import type { MemoryUse, Storage } from '../../core/storage.ts'
import { controlEnd } from '../../lowering/wasm/index.ts'
import { Allocator } from './allocator.ts'

/** Up to here bytes live on the host and visit the heap only during a call. */
export const tinyBytes = 256

/** Where the bytes of a storage are: the heap holds it for as long as it has a block, the storage until it dies. */
interface Place {
  /** In the heap, or null. */
  block: Block | null
  /** On the host, or null. */
  host: Uint8Array | null
}
interface Block {
  readonly address: number
  readonly bytes: number
  readonly place: Place
  /** Tells whether the storage is dead, where the platform can collect on demand. */
  readonly alive: WeakRef<WasmStorage> | null
}

export class WasmStorage implements Storage {
  readonly device = 'wasm'
  readonly byteLength: number
  readonly #heap: Heap
  shared = false
  /** Changed by the heap alone. */
  readonly place: Place = { block: null, host: null }

  constructor(heap: Heap, byteLength: number) {
    this.#heap = heap
    this.byteLength = byteLength
  }
  get block(): Block | null {
    return this.place.block
  }
  get host(): Uint8Array | null {
    return this.place.host
  }
  read(): Uint8Array {
    const { block, host } = this.place
    if (host !== null) return host.slice()
    if (block === null) throw new DeviceError('read', 'the storage was given away')
    return this.#heap.view(block.address, this.byteLength).slice()
  }
  readAsync(): Promise<Uint8Array> {
    return Promise.resolve(this.read())
  }
  markShared(): void {
    this.shared = true
  }
  release(): void {
    if (!this.shared) this.#heap.release(this)
  }
}

export interface HeapLimits {
  /** Bytes of the heap at most; the rest is spilled. */
  readonly budgetBytes: number
  /** Storages in the heap at most. */
  readonly budgetStorages: number
  /** False: memory for one thread. */
  readonly shared: boolean
}

export class Heap {
  readonly memory: WebAssembly.Memory
  /** Whether threads can share it. */
  readonly shared: boolean
  readonly bytesView: Uint8Array
  readonly words: Uint32Array
  readonly #allocator: Allocator
  readonly #limits: Omit<HeapLimits, 'shared'>
  /** Blocks in use, the least recently used first. */
  readonly #blocks = new Set<Block>()
  /** Operands and results of the call that is being prepared: never evicted. */
  #pinned: readonly (readonly Storage[])[] = []
  #bytes = 0
  #peak = 0
  /** Passing this many bytes starts a search for the dead; twice what the last one left alive. */
  #threshold: number
  /** Where there is no collection on demand: blocks of dead storages come back when the event loop turns. */
  readonly #finalizers: FinalizationRegistry<Block> | null

  constructor(limits: Partial<HeapLimits> = {}) {
    const { memory, shared } = limits.shared === false ? { memory: reserve(false), shared: false } : reserveSharedIfPossible()
    this.memory = memory
    this.shared = shared
    this.bytesView = new Uint8Array(this.memory.buffer)
    this.words = new Uint32Array(this.memory.buffer)
    const size = this.memory.buffer.byteLength
    this.#allocator = new Allocator(grainStart, size)
    this.#limits = { budgetBytes: limits.budgetBytes ?? Math.floor(size / 2), budgetStorages: limits.budgetStorages ?? 1 << 16 }
    this.#threshold = Math.min(firstThreshold, this.#limits.budgetBytes)
    this.#finalizers =
      collectGarbage === null
        ? new FinalizationRegistry((block) => {
            this.#free(block)
          })
        : null
  }

  view(address: number, bytes: number): Uint8Array {
    return this.bytesView.subarray(address, address + bytes)
  }

  use(): MemoryUse {
    return { bytes: this.#bytes, peakBytes: this.#peak, storages: this.#blocks.size }
  }

  /** Raw memory that belongs to no array (arena, call frames). */
  reserve(bytes: number): number {
    return this.#take(bytes)
  }
  unreserve(address: number, bytes: number): void {
    this.#allocator.free(address, bytes)
  }

  /** A storage in the heap, contents undefined. */
  allocate(bytes: number): WasmStorage {
    const s = new WasmStorage(this, bytes)
    this.#place(s)
    return s
  }

  /** A storage for bytes on the host; enters the heap when a program needs it. */
  fromHost(bytes: Uint8Array): WasmStorage {
    const s = new WasmStorage(this, bytes.byteLength)
    s.place.host = bytes
    return s
  }

  /** Brings a storage into the heap and marks it as just used. */
  bringIn(s: WasmStorage): number {
    if (s.block !== null) {
      this.#blocks.delete(s.block)
      this.#blocks.add(s.block)
      return s.block.address
    }
    const { host } = s.place
    if (host === null) throw new DeviceError('call', 'a storage that was given away was used')
    const address = this.#place(s)
    this.bytesView.set(host, address)
    s.place.host = null
    return address
  }

  /** Names the storages that must stay where they are until the next call of `pin`. */
  pin(...lists: readonly (readonly Storage[])[]): void {
    this.#pinned = lists
  }

  release(s: WasmStorage): void {
    s.place.host = null
    if (s.block === null) return
    this.#finalizers?.unregister(s)
    this.#free(s.block)
  }

  /** Moves the block of a donated storage to a new one of the same size. */
  adopt(from: WasmStorage, bytes: number): WasmStorage {
    const block = from.block
    if (block === null) throw new DeviceError('call', 'a donated storage is not in the heap')
    from.place.block = null
    this.#finalizers?.unregister(from)
    this.#blocks.delete(block)
    const to = new WasmStorage(this, bytes)
    this.#enter(to, block.address)
    return to
  }

  #place(s: WasmStorage): number {
    const address = this.#take(s.byteLength)
    this.#bytes += Allocator.sizeFor(s.byteLength)
    this.#peak = Math.max(this.#peak, this.#bytes)
    this.#enter(s, address)
    return address
  }

  #enter(s: WasmStorage, address: number): void {
    const block: Block = { address, bytes: s.byteLength, place: s.place, alive: collectGarbage === null ? null : new WeakRef(s) }
    s.place.block = block
    this.#blocks.add(block)
    this.#finalizers?.register(s, block, s)
  }

  #free(block: Block): void {
    if (!this.#blocks.delete(block)) return
    block.place.block = null
    this.#bytes -= Allocator.sizeFor(block.bytes)
    this.#allocator.free(block.address, block.bytes)
  }

  #take(bytes: number): number {
    if (this.#bytes + bytes > this.#threshold || this.#blocks.size >= this.#limits.budgetStorages) this.#makeRoom(bytes)
    const address = this.#allocator.allocate(bytes) ?? this.#afterEviction(bytes)
    if (address === null) {
      const size = this.memory.buffer.byteLength
      throw new OutOfMemoryError('allocate', `${bytes} bytes do not fit in the WebAssembly heap of ${size} bytes, of which ${this.#bytes} are in use by this call; use smaller arrays or batches`)
    }
    return address
  }

  /** The dead first; then, past the budget, the least recently used half. */
  #makeRoom(bytes: number): void {
    this.#collect()
    const { budgetBytes, budgetStorages } = this.#limits
    if (this.#bytes + bytes > budgetBytes || this.#blocks.size >= budgetStorages) {
      this.#evict((budgetBytes - bytes) / 2, budgetStorages / 2)
    }
    this.#threshold = Math.min(budgetBytes, Math.max(firstThreshold, 2 * (this.#bytes + bytes)))
  }

  /** Room for one large block: everything that is not pinned goes. */
  #afterEviction(bytes: number): number | null {
    this.#collect()
    const address = this.#allocator.allocate(bytes)
    if (address !== null) return address
    this.#evict(0, 0)
    return this.#allocator.allocate(bytes)
  }

  #collect(): void {
    if (collectGarbage === null) return
    collectGarbage()
    for (const block of [...this.#blocks]) if (block.alive?.deref() === undefined) this.#free(block)
  }

  #evict(toBytes: number, toStorages: number): void {
    const pinned = new Set(this.#pinned.flatMap((list) => list.map((s) => (s as WasmStorage).place)))
    for (const block of [...this.#blocks]) {
      if (this.#bytes <= toBytes && this.#blocks.size <= toStorages) return
      if (pinned.has(block.place)) continue
      block.place.host = this.view(block.address, block.bytes).slice()
      this.#free(block)
    }
  }
}

/** Below are the words by which threads meet; address 0 stays unused, so that no pointer is null. */
const grainStart = controlEnd
const firstThreshold = 256 * 2 ** 20

function reserveSharedIfPossible(): { readonly memory: WebAssembly.Memory; readonly shared: boolean } {
  if (!sharesMemory()) return { memory: reserve(false), shared: false }
  try {
    return { memory: reserve(true), shared: true }
  } catch {
    return { memory: reserve(false), shared: false } // an engine without shared memory
  }
}

/** As much address space as can be had; pages cost nothing until they are touched. */
function reserve(shared: boolean): WebAssembly.Memory {
  for (let pages = 65536; pages >= 1024; pages /= 2) {
    try {
      return new WebAssembly.Memory({ initial: pages, maximum: pages, shared })
    } catch (e) {
      if (!(e instanceof RangeError)) throw e
    }
  }
  throw new OutOfMemoryError('allocate', 'not even 64 MiB of WebAssembly memory can be reserved')
}
