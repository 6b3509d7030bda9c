/** What tests of WebGPU share: the backend behind the device, arrays brought to the host. */
import { defaultDevice, init, type NDArray } from 'pullback'
import { afterAll, beforeAll } from 'vitest'
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
