/** A device and what belongs to it: its buffers, pipelines and queue, the arrays on it, and how it ended. */
import { DeviceError, InternalError, PullbackError } from '../../core/errors.ts'
import { Lru } from '../../core/lru.ts'
import { counterBase, counterStride, type ShaderLimits } from '../../lowering/wgsl/index.ts'
import { type Account, Ledger } from '../ledger.ts'
import type { Fate } from './fate.ts'
import { usage } from './flags.ts'
import { Pipelines } from './pipelines.ts'
import { BufferPool, type DeviceBuffer, makeBuffer } from './pool.ts'
import { type Work, WorkQueue } from './work-queue.ts'

/** What is known of a storage on the device. */
export interface Holding extends Account {
  buffer: DeviceBuffer | null
}

export interface Submission {
  /** Bytes for buffers, before the commands. */
  readonly uploads?: readonly (readonly [DeviceBuffer, Uint8Array])[]
  readonly encode: (encoder: GPUCommandEncoder) => void
  /** What is to be done when the commands are on their way. */
  readonly submitted?: () => void
  /** A device's error in the library's words. */
  readonly failed: (kind: GPUErrorFilter, message: string) => PullbackError
}

export interface GpuOptions {
  /** Bytes that buffers may have in all. */
  readonly budgetBytes?: number
  /** Collects garbage at once; null where that cannot be done. Default: what the platform has. */
  readonly collect?: (() => void) | null
}

const reasonOf = (e: unknown): string => (e instanceof Error ? e.message : String(e))

const budgetByDefault = 4 * 2 ** 30

export class Gpu {
  readonly device: GPUDevice
  readonly pool: BufferPool
  readonly pipelines: Pipelines
  readonly shaderLimits: ShaderLimits
  readonly ledger: Ledger<Holding>
  readonly #queue = new WorkQueue()
  /** Why the device is gone; null while it is there. */
  lost: string | null = null
  /** An error that belongs to no work: the fault of the library, or of the driver. */
  #stray: PullbackError | null = null
  #counterBuffer: GPUBuffer | null = null
  readonly #counters = new Map<number, GPUBindGroup>()
  readonly #constants = new Lru<string, DeviceBuffer>({ count: 4096, bytes: 2 ** 20 })
  /** What was sent to the device, for tests and figures. */
  readonly figures: { submits: number; dispatches: number; copies: number; uploadedBytes: number; readBytes: number } = { submits: 0, dispatches: 0, copies: 0, uploadedBytes: 0, readBytes: 0 }

  constructor(device: GPUDevice, options: GpuOptions = {}) {
    this.device = device
    const bury = (holding: Holding): void => this.letGo(holding)
    this.ledger = options.collect === undefined ? new Ledger<Holding>(bury) : new Ledger<Holding>(bury, options.collect)
    const { maxBufferSize, maxStorageBufferBindingSize, maxStorageBuffersPerShaderStage, maxComputeWorkgroupStorageSize } = device.limits
    this.shaderLimits = { storageBuffers: maxStorageBuffersPerShaderStage, bindingBytes: maxStorageBufferBindingSize, workgroupBytes: maxComputeWorkgroupStorageSize }
    this.pool = new BufferPool(
      { device, sweep: () => { this.ledger.sweep() }, afterwards: (run) => { this.add({ waitsFor: null, run, cancel: () => {} }) } },
      { largest: maxBufferSize, budget: options.budgetBytes ?? budgetByDefault },
    )
    this.pipelines = new Pipelines(device)
    device.addEventListener('uncapturederror', (event) => {
      event.preventDefault()
      this.#stray ??= new InternalError('webgpu', `the device reported an error that belongs to no call: ${event.error.message}`)
    })
    void device.lost.then(({ reason, message }) => {
      this.lost ??= `${reason}${message === '' ? '' : `, ${message}`}`
      this.#queue.cancel()
    })
  }

  /** @throws DeviceError when the device is gone, and what was reported and belongs to no call. */
  requireAlive(operation: string): void {
    if (this.lost !== null) throw new DeviceError(operation, `the GPU device was lost (${this.lost}); await init('webgpu') gets one again`)
    const stray = this.#stray
    this.#stray = null
    if (stray !== null) throw stray
  }

  add(work: Work): void {
    this.#queue.add(work)
  }

  /** Returns the memory of a storage that is dead, was released or moved. */
  letGo(holding: Holding): void {
    const { buffer } = holding
    holding.buffer = null
    if (buffer !== null) this.pool.give(buffer)
  }

  /** Sends commands to the device, and settles the fate of what they make. */
  submit(fate: Fate, { uploads = [], encode, submitted, failed }: Submission): void {
    const { device, figures } = this
    const kinds: readonly GPUErrorFilter[] = ['internal', 'out-of-memory', 'validation']
    for (const kind of kinds) device.pushErrorScope(kind)
    let thrown: unknown = null
    try {
      for (const [buffer, bytes] of uploads) {
        if (bytes.byteLength === 0) continue
        device.queue.writeBuffer(buffer.gpu, 0, bytes)
        figures.uploadedBytes += bytes.byteLength
      }
      const encoder = device.createCommandEncoder()
      encode(encoder)
      device.queue.submit([encoder.finish()])
      figures.submits++
      submitted?.()
    } catch (e) {
      thrown = e
    }
    const scopes = [...kinds].reverse().map(async (kind) => {
      const error = await device.popErrorScope()
      return error === null ? null : failed(kind, error.message)
    })
    const judge = async (): Promise<PullbackError | null> => {
      const errors = await Promise.all(scopes)
      const own = errors.find((e) => e !== null) ?? null
      if (own !== null || thrown === null) return own
      return thrown instanceof PullbackError ? thrown : failed('validation', reasonOf(thrown))
    }
    void judge().then(
      (error) => fate.settle(error),
      (e: unknown) => fate.settle(this.lost === null ? failed('internal', reasonOf(e)) : new DeviceError('webgpu', `the GPU device was lost (${this.lost}) before this was computed`)),
    )
  }

  /** The iterations of `count` loops, as group 1 of shaders that read them. */
  counters(count: number): GPUBindGroup {
    let group = this.#counters.get(count)
    if (group === undefined) {
      const buffer = (this.#counterBuffer ??= this.#makeCounters())
      const entries = Array.from({ length: count }, (_, binding) => ({ binding, resource: { buffer, size: 16 } }))
      group = this.device.createBindGroup({ layout: this.pipelines.counterLayout(count), entries })
      this.#counters.set(count, group)
    }
    return group
  }

  #makeCounters(): GPUBuffer {
    const words = new Uint32Array((counterBase * counterStride) / 4)
    for (let i = 0; i < counterBase; i++) words[(i * counterStride) / 4] = i
    return this.#written(new Uint8Array(words.buffer), usage.uniform).gpu
  }

  /** A number written in a program, on the device for good. */
  constant(words: Uint8Array): DeviceBuffer {
    const key = words.join()
    const known = this.#constants.get(key)
    if (known !== undefined && known.born?.error == null) return known
    const buffer = this.#written(words, usage.storage | usage.copySource)
    this.#constants.set(key, buffer, 16)
    return buffer
  }

  /** A new buffer with these bytes. No work that was asked for before knows it, so it may be written at once. */
  #written(bytes: Uint8Array, flags: GPUBufferUsageFlags): DeviceBuffer {
    const buffer = makeBuffer(this.device, Math.max(16, bytes.byteLength), flags | usage.copyTarget)
    this.device.pushErrorScope('validation') // what is wrong with it its fate says
    this.device.queue.writeBuffer(buffer.gpu, 0, bytes)
    this.device.popErrorScope().catch(() => null)
    return buffer
  }

  /** Waits until all that was asked for so far is done. */
  async finished(): Promise<void> {
    await this.device.queue.onSubmittedWorkDone()
  }

  destroy(): void {
    this.lost ??= 'destroyed'
    this.#queue.cancel()
    this.device.destroy()
  }
}
