/** WebGPU: jaxprs compiled to shaders, run in the order of calls on a device that works on its own clock. */
import { type DType, dtypeInfo } from '../../core/dtype.ts'
import type { Jaxpr } from '../../core/jaxpr.ts'
import { jaxprKey } from '../../core/jaxpr-key.ts'
import { Lru } from '../../core/lru.ts'
import type { Backend, DeviceInfo, Executable, MemoryUse, Storage } from '../../core/storage.ts'
import { lowerToProgram } from '../../lowering/index.ts'
import { wgslText } from '../../lowering/wgsl/index.ts'
import { GpuExecutable } from './executable.ts'
import { Gpu, type GpuOptions } from './gpu.ts'
import { GpuStorage } from './storage.ts'

/** Programs kept: least recently used go first, past either bound. Each holds on to its compiled shaders. */
const programsKept = { count: 1024, bytes: 64 * 2 ** 20 }

export class WebGpuBackend implements Backend {
  readonly name = 'webgpu'
  readonly info: DeviceInfo
  readonly gpu: Gpu
  readonly #programs = new Lru<string, GpuExecutable>(programsKept)

  constructor(device: GPUDevice, info: DeviceInfo, options: GpuOptions = {}) {
    this.info = info
    this.gpu = new Gpu(device, options)
  }

  get lost(): boolean {
    return this.gpu.lost !== null
  }

  compile(jaxpr: Jaxpr): Executable {
    this.gpu.requireAlive('compile')
    const key = jaxprKey(jaxpr)
    const hit = this.#programs.get(key)
    if (hit !== undefined) return hit
    const executable = new GpuExecutable(this.gpu, jaxpr, lowerToProgram(jaxpr))
    this.#programs.set(key, executable, executable.codeBytes)
    return executable
  }

  put(bytes: Uint8Array): Storage {
    return GpuStorage.fromHost(this.gpu, bytes)
  }
  literal(bytes: Uint8Array): Storage {
    return GpuStorage.literal(this.gpu, bytes)
  }
  supports(dtype: DType): boolean {
    const { kind, bytes } = dtypeInfo[dtype]
    return kind !== 'complex' && (kind === 'key' || bytes <= 4)
  }
  memory(): MemoryUse {
    return this.gpu.ledger.use()
  }
  shaderText(jaxpr: Jaxpr, donated: ReadonlySet<number>): string {
    return wgslText(lowerToProgram(jaxpr).program, this.gpu.shaderOptions(donated, jaxpr.outputs.map((v) => v.aval)))
  }
  /** Gives the device up: arrays on it are gone. */
  destroy(): void {
    this.gpu.destroy()
  }
}
