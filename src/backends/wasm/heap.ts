/**
 * The WASM heap: a cache over garbage-collected memory.
 *
 * An array's bytes are in the heap (an address) or on the host (a Uint8Array). When the heap passes its budget, the least
 * recently used storages are copied to the host and their blocks freed; if nobody holds such an array any more the
 * collector frees that copy. So a synchronous loop, in which finalizers never run, stays bounded.
 *
 * Where the platform can collect garbage synchronously (Node), the heap looks for dead storages first, through weak
 * references; elsewhere it holds its storages strongly, because a WeakRef would pin them until the event loop turns.
 */
import { collectGarbage } from '#platform'
import { DeviceError, OutOfMemoryError } from '../../core/errors.ts'
import type { MemoryUse, Storage } from '../../core/storage.ts'
import { Allocator } from './allocator.ts'

/** Up to here bytes live on the host and visit the heap only during a call. */
export const tinyBytes = 256

/** One block in use. `weak` where the platform collects on demand, else `strong`. */
interface Block {
  readonly address: number
  readonly bytes: number
  readonly weak: WeakRef<WasmStorage> | null
  readonly strong: WasmStorage | null
}

export class WasmStorage implements Storage {
  readonly device = 'wasm'
  readonly byteLength: number
  readonly #heap: Heap
  shared = false
  /** In the heap, or null. Set by the heap alone. */
  block: Block | null = null
  /** On the host, or null. Set by the heap alone. */
  host: Uint8Array | null = null

  constructor(heap: Heap, byteLength: number) {
    this.#heap = heap
    this.byteLength = byteLength
  }
  read(): Uint8Array {
    if (this.host !== null) return this.host.slice()
    if (this.block === null) throw new DeviceError('read', 'the storage was given away')
    return this.#heap.view(this.block.address, this.byteLength).slice()
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
}

export class Heap {
  readonly memory: WebAssembly.Memory
  readonly bytesView: Uint8Array
  readonly words: Uint32Array
  readonly #allocator: Allocator
  readonly #limits: HeapLimits
  /** Blocks in use, the least recently used first. */
  readonly #blocks = new Set<Block>()
  /** Operands and results of the call that is being prepared: never evicted. */
  #pinned: readonly (readonly Storage[])[] = []
  #bytes = 0
  #peak = 0
  /** Passing this many bytes starts a search for the dead; twice what the last one left alive. */
  #threshold: number
  readonly #finalizers: FinalizationRegistry<Block>

  constructor(limits: Partial<HeapLimits> = {}) {
    this.memory = reserve()
    this.bytesView = new Uint8Array(this.memory.buffer)
    this.words = new Uint32Array(this.memory.buffer)
    const size = this.memory.buffer.byteLength
    this.#allocator = new Allocator(grainStart, size)
    this.#limits = { budgetBytes: limits.budgetBytes ?? Math.floor(size / 2), budgetStorages: limits.budgetStorages ?? 1 << 16 }
    this.#threshold = Math.min(firstThreshold, this.#limits.budgetBytes)
    this.#finalizers = new FinalizationRegistry((block) => {
      this.#free(block)
    })
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
    s.host = bytes
    return s
  }

  /** Brings a storage into the heap and marks it as just used. */
  bringIn(s: WasmStorage): number {
    if (s.block !== null) {
      this.#blocks.delete(s.block)
      this.#blocks.add(s.block)
      return s.block.address
    }
    if (s.host === null) throw new DeviceError('call', 'a storage that was given away was used')
    const address = this.#place(s)
    this.bytesView.set(s.host, address)
    s.host = null
    return address
  }

  /** Names the storages that must stay where they are until the next call of `pin`. */
  pin(...lists: readonly (readonly Storage[])[]): void {
    this.#pinned = lists
  }

  release(s: WasmStorage): void {
    s.host = null
    const block = s.block
    s.block = null
    if (block !== null) {
      this.#finalizers.unregister(s)
      this.#free(block)
    }
  }

  /** Moves the block of a donated storage to a new one of the same size. */
  adopt(from: WasmStorage, bytes: number): WasmStorage {
    const block = from.block
    if (block === null) throw new DeviceError('call', 'a donated storage is not in the heap')
    from.block = null
    this.#finalizers.unregister(from)
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
    const collectable = collectGarbage !== null
    const block: Block = { address, bytes: s.byteLength, weak: collectable ? new WeakRef(s) : null, strong: collectable ? null : s }
    s.block = block
    this.#blocks.add(block)
    if (collectable) this.#finalizers.register(s, block, s)
  }

  #free(block: Block): void {
    if (!this.#blocks.delete(block)) return
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
    for (const block of [...this.#blocks]) if (block.weak?.deref() === undefined) this.#free(block)
  }

  #evict(toBytes: number, toStorages: number): void {
    for (const block of [...this.#blocks]) {
      if (this.#bytes <= toBytes && this.#blocks.size <= toStorages) return
      const s = block.strong ?? block.weak?.deref()
      if (s !== undefined) {
        if (this.#pinned.some((list) => list.includes(s))) continue
        s.host = this.view(block.address, block.bytes).slice()
        s.block = null
        this.#finalizers.unregister(s)
      }
      this.#free(block)
    }
  }
}

/** Address 0 stays unused, so that no pointer is null. */
const grainStart = 64
const firstThreshold = 256 * 2 ** 20

/** As much address space as can be had; pages cost nothing until they are touched. */
function reserve(): WebAssembly.Memory {
  for (let pages = 65536; pages >= 1024; pages /= 2) {
    try {
      return new WebAssembly.Memory({ initial: pages, maximum: pages })
    } catch (e) {
      if (!(e instanceof RangeError)) throw e
    }
  }
  throw new OutOfMemoryError('allocate', 'not even 64 MiB of WebAssembly memory can be reserved')
}
