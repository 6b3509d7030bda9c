/** What tests of WebGPU share: the backend behind the device, arrays brought to the host, shaders checked. */
import { defaultDevice, init, type NDArray } from 'pullback'
import { afterAll, beforeAll, expect } from 'vitest'
import { WebGpuBackend } from '../../src/backends/webgpu/index.ts'
import { readyBackend } from '../../src/core/device-registry.ts'
import { checkShaders, type Checks } from './shader-checks.ts'

/** The backend that is 'webgpu' now. */
export function backend(): WebGpuBackend {
  const found = readyBackend('webgpu')
  if (found instanceof WebGpuBackend) return found
  throw new Error("'webgpu' is not ready")
}

/** A test file's default device is 'webgpu', and every shader is validated. */
export function onWebGpu(options: { readonly wrong?: RegExp } = {}): void {
  const before = defaultDevice()
  beforeAll(async () => {
    await init('webgpu')
    defaultDevice('webgpu')
  })
  afterAll(() => {
    defaultDevice(before)
  })
  validatesShaders(options)
}

/** From here on these arrays can be read at once. */
export async function fetched<T extends readonly NDArray[]>(xs: T): Promise<T> {
  await Promise.all(xs.map((x) => x.concrete('test').storage('test').readAsync()))
  return xs
}

/**
 * Every shader that the programs of a test file become is well formed and binds what it is given: the device has nothing to say of it, nor has wgsl_reflect.
 * Of any device, also of those that come after one is lost. `wrong` tells those shaders that are wrong on purpose.
 */
export function validatesShaders({ wrong }: { readonly wrong?: RegExp } = {}): void {
  let checks: Checks
  beforeAll(async () => {
    await init('webgpu')
    checks = checkShaders(Object.getPrototypeOf(backend().gpu.device) as GPUDevice, wrong)
  })
  afterAll(async () => {
    const { shaders, complaints } = await checks.done()
    expect(shaders).toBeGreaterThan(0)
    expect(complaints).toEqual([])
  })
}
