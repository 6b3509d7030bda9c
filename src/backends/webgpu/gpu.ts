/** A device and what belongs to it: its buffers, pipelines and queue, the arrays on it, and how it ended. */
import type { Aval } from '../../core/aval.ts'
import { DeviceError, InternalError, type PullbackError } from '../../core/errors.ts'
import { Lru } from '../../core/lru.ts'
import { counterBase, counterStride, type ShaderLimits, type ShaderOptions } from '../../lowering/wgsl/index.ts'
import { type Account, Ledger } from '../ledger.ts'
import { numberSetting } from '../number-setting.ts'
import { usage } from './flags.ts'
import { Pipelines } from './pipelines.ts'
import { BufferPool, type DeviceBuffer, makeBuffer } from './pool.ts'
import { type Figures, type Submission, Submissions } from './submissions.ts'
import { type Work, WorkQueue } from './work-queue.ts'

/** What is known of a storage on the device. */
export interface Holding extends Account {
  buffer: DeviceBuffer | null
}

export interface GpuOptions {
  /** Bytes that buffers may have in all. */
  readonly budgetBytes?: number
  /** Collects garbage at once; null where that cannot be done. Default: what the platform has. */
  readonly collect?: (() => void) | null
  /** Whether convolutions may use Winograd's algorithm; else not with PULLBACK_WINOGRAD=0, and by default. */
  readonly winograd?: boolean
}

const budgetByDefault = 4 * 2 ** 30

export class Gpu {
  readonly device: GPUDevice
  readonly pool: BufferPool
  readonly pipelines: Pipelines
  readonly shaderLimits: ShaderLimits
  readonly ledger: Ledger<Holding>
  readonly #queue = new WorkQueue()
  readonly #submissions: Submissions
  /** Why the device is gone; null while it is there. */
  lost: string | null = null
  /** An error that belongs to no work: the fault of the library, or of the driver. */
  #stray: PullbackError | null = null
  #counterBuffer: GPUBuffer | null = null
  readonly #counters = new Map<number, GPUBindGroup>()
  readonly #constants = new Lru<string, DeviceBuffer>({ count: 4096, bytes: 2 ** 20 })
  /** What was sent to the device, for tests and figures. */
  readonly figures: Figures = { submits: 0, dispatches: 0, copies: 0, uploadedBytes: 0, readBytes: 0 }

  readonly #winograd: boolean | null

  constructor(device: GPUDevice, options: GpuOptions = {}) {
    this.device = device
    this.#winograd = options.winograd ?? null
    const bury = (holding: Holding): void => this.letGo(holding)
    this.ledger = options.collect === undefined ? new Ledger<Holding>(bury) : new Ledger<Holding>(bury, options.collect)
    const { maxBufferSize, maxStorageBufferBindingSize, maxStorageBuffersPerShaderStage, maxComputeWorkgroupStorageSize } = device.limits
    this.shaderLimits = { storageBuffers: maxStorageBuffersPerShaderStage, bindingBytes: maxStorageBufferBindingSize, workgroupBytes: maxComputeWorkgroupStorageSize, subgroups: device.features.has('subgroups') }
    this.pool = new BufferPool(
      { device, sweep: () => { this.ledger.sweep() }, afterwards: (run) => { this.add({ waitsFor: null, run: () => { this.#submissions.flush(); run() }, cancel: () => {} }) } },
      { largest: maxBufferSize, budget: options.budgetBytes ?? budgetByDefault },
    )
    this.pipelines = new Pipelines(device)
    this.#submissions = new Submissions(device, this.figures, () => this.lost)
    device.addEventListener('uncapturederror', (event) => {
      event.preventDefault()
      this.#stray ??= new InternalError('webgpu', `the device reported an error that belongs to no call: ${event.error.message}`)
    })
    void device.lost.then(({ reason, message }) => {
      this.lost ??= `${reason}${message === '' ? '' : `, ${message}`}`
      this.#queue.cancel()
    })
  }

  /** How programs become shaders here. `donated`: positions of the inputs whose memory results may take. */
  shaderOptions(donated: ReadonlySet<number>, results: readonly Aval[]): ShaderOptions {
    return { donated, limits: this.shaderLimits, results, winograd: this.#winograd ?? numberSetting('webgpu', 'PULLBACK_WINOGRAD', 0) !== 0 }
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
  submit(s: Submission): void {
    this.#submissions.add(s)
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
    this.#submissions.flush()
    await this.device.queue.onSubmittedWorkDone()
  }

  destroy(): void {
    this.lost ??= 'destroyed'
    this.#queue.cancel()
    this.#submissions.flush()
    this.device.destroy()
  }
}
