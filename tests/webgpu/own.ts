/** What tests of WebGPU share: the backend behind the device, arrays brought to the host. */
import { defaultDevice, init, type NDArray } from 'pullback'
import { afterAll, beforeAll, expect } from 'vitest'
import { WgslReflect } from 'wgsl_reflect/wgsl_reflect.module.js'
import { WebGpuBackend } from '../../src/backends/webgpu/index.ts'
import { readyBackend } from '../../src/core/device-registry.ts'

/** The backend that is 'webgpu' now. */
export function backend(): WebGpuBackend {
  const found = readyBackend('webgpu')
  if (found instanceof WebGpuBackend) return found
  throw new Error("'webgpu' is not ready")
}

/** A test file's default device is 'webgpu'. */
export function onWebGpu(): void {
  const before = defaultDevice()
  beforeAll(async () => {
    await init('webgpu')
    defaultDevice('webgpu')
  })
  afterAll(() => {
    defaultDevice(before)
  })
}

/** From here on these arrays can be read at once. */
export async function fetched<T extends readonly NDArray[]>(xs: T): Promise<T> {
  await Promise.all(xs.map((x) => x.concrete('test').storage('test').readAsync()))
  return xs
}

/** Every shader that the programs of a test file become is well formed: the device has nothing to say of it, and wgsl_reflect finds its entry point. To be called when init is, or will be, asked for. */
export function validatesShaders(): void {
  const seen: Promise<readonly string[]>[] = []
  beforeAll(() => {
    const { device } = backend().gpu
    const create = device.createShaderModule.bind(device)
    device.createShaderModule = (descriptor) => {
      const module = create(descriptor)
      seen.push(complaintsOf(descriptor.code, module))
      return module
    }
  })
  afterAll(async () => {
    expect(seen.length).toBeGreaterThan(0)
    expect((await Promise.all(seen)).flat()).toEqual([])
  })
}

async function complaintsOf(code: string, module: GPUShaderModule): Promise<readonly string[]> {
  const { messages } = await module.getCompilationInfo()
  const entries = new WgslReflect(code).entry.compute.map((f) => f.name)
  return [...messages.map((m) => `${m.type} in line ${m.lineNum}: ${m.message}`), ...(entries.join() === 'main' ? [] : [`entry points are ${entries.join()}`])].map((text) => `${text}\n${code}`)
}
