/**
 * Buffers of a device, recycled by size class. A buffer that is given back may be taken again at once, although work that uses it
 * has not run: work is done in the order in which it was asked for, and the next use is asked for later.
 */
import { DeviceError, OutOfMemoryError } from '../../core/errors.ts'
import { Fate } from './fate.ts'
import { usage } from './flags.ts'

export interface DeviceBuffer {
  readonly id: number
  readonly gpu: GPUBuffer
  /** Its size: that of its class. */
  readonly bytes: number
  /** Whether it could be made at all; null when that is known. */
  born: Fate | null
}

interface PoolLimits {
  /** Bytes of one buffer at most. */
  readonly largest: number
  /** Bytes of all buffers at most. */
  readonly budget: number
}

/** What a pool needs of its device. */
export interface Maker {
  readonly device: GPUDevice
  /** Collects dead arrays, where that can be done at once. */
  sweep(): void
  /** Does `run` after all work asked for so far was submitted. */
  afterwards(run: () => void): void
}

/** Every WebGPU device binds at multiples of this, and copies at multiples of 4. */
const smallest = 256

/** Four classes to a power of two: at most a quarter of a buffer is unused. */
export function classOf(bytes: number): number {
  if (bytes <= smallest) return smallest
  const quarter = 2 ** (Math.floor(Math.log2(bytes - 1)) - 2)
  return Math.max(smallest, Math.ceil(bytes / quarter) * quarter)
}

let ids = 0

export class BufferPool {
  readonly #maker: Maker
  readonly #limits: PoolLimits
  readonly #free = new Map<number, DeviceBuffer[]>()
  #freeBytes = 0
  #bytes = 0
  #made = 0

  constructor(maker: Maker, limits: PoolLimits) {
    this.#maker = maker
    this.#limits = limits
  }

  /** Of all buffers, and of those that nobody uses; and how many were ever made. */
  get state(): { readonly bytes: number; readonly freeBytes: number; readonly made: number } {
    return { bytes: this.#bytes, freeBytes: this.#freeBytes, made: this.#made }
  }

  /** @throws OutOfMemoryError for what no buffer can hold. */
  requireFits(bytes: number): void {
    const { largest } = this.#limits
    if (bytes > largest) throw new OutOfMemoryError('allocate', `${bytes} bytes are more than one buffer of this GPU may have (${largest}); use smaller arrays or batches, or lax.scan over pieces`)
  }

  /** A buffer of at least so many bytes, contents undefined. @throws OutOfMemoryError. */
  take(bytes: number): DeviceBuffer {
    // Where the class does not fit, the size itself may.
    const size = Math.min(classOf(bytes), this.#limits.largest - (this.#limits.largest % 4))
    this.requireFits(bytes)
    const buffer = this.#reuse(size)
    if (buffer !== null) return buffer
    this.#fit(size, bytes)
    return this.#reuse(size) ?? this.#make(size)
  }

  give(buffer: DeviceBuffer): void {
    const free = this.#free.get(buffer.bytes)
    if (free === undefined) this.#free.set(buffer.bytes, [buffer])
    else free.push(buffer)
    this.#freeBytes += buffer.bytes
  }

  /** The last one given back, which caches are likeliest to know. */
  #reuse(size: number): DeviceBuffer | null {
    const buffer = this.#free.get(size)?.pop()
    if (buffer === undefined) return null
    this.#freeBytes -= size
    if (buffer.born?.error == null) return buffer
    this.#bytes -= size
    return this.#reuse(size)
  }

  /** Makes room in the budget: dead arrays first, then buffers of other sizes that nobody uses. */
  #fit(size: number, bytes: number): void {
    const tooMuch = (): boolean => this.#bytes + size > this.#limits.budget
    if (tooMuch()) this.#maker.sweep()
    if (!tooMuch() || (this.#free.get(size)?.length ?? 0) > 0) return
    this.trim()
    if (!tooMuch()) return
    throw new OutOfMemoryError(
      'allocate',
      `${bytes} bytes do not fit in the GPU memory budget of ${this.#limits.budget}, of which arrays and work in flight hold ${this.#bytes}. Results that were dropped are only found when the event loop turns: ` +
        'await x.ready() now and then, donate arguments (jit with donateArgnums), or let go early with `using` or x.dispose()',
    )
  }

  #make(size: number): DeviceBuffer {
    this.#bytes += size
    this.#made++
    return makeBuffer(this.#maker.device, size, usage.storage | usage.copySource | usage.copyTarget)
  }

  /** Destroys what nobody uses, when the work that still names it was submitted. */
  trim(): void {
    for (const list of this.#free.values()) {
      for (const buffer of list) {
        this.#bytes -= buffer.bytes
        this.#maker.afterwards(() => {
          buffer.gpu.destroy()
        })
      }
    }
    this.#free.clear()
    this.#freeBytes = 0
  }
}

/** A buffer, whose fate says whether the device had room for it. */
export function makeBuffer(device: GPUDevice, size: number, flags: GPUBufferUsageFlags): DeviceBuffer {
  device.pushErrorScope('validation')
  device.pushErrorScope('out-of-memory')
  const gpu = device.createBuffer({ size, usage: flags })
  const born = new Fate([])
  const buffer: DeviceBuffer = { id: ids++, gpu, bytes: size, born }
  const outcome = Promise.all([device.popErrorScope(), device.popErrorScope()]).then(
    ([noMemory, invalid]) => {
      if (noMemory !== null) return new OutOfMemoryError('allocate', `the GPU has no ${size} bytes left: ${noMemory.message}; hold fewer arrays, or smaller ones`)
      return invalid === null ? null : new DeviceError('allocate', `the GPU refused a buffer of ${size} bytes: ${invalid.message}`)
    },
    () => null, // the device is gone, which whoever uses the buffer is told
  )
  void outcome.then(async (error) => {
    await born.settle(error)
    if (error === null) buffer.born = null
  })
  return buffer
}
