/** `init`: the one user's function that knows devices which are loaded on demand. An app that does not call it does not carry them. */
import type { DeviceName } from './core/device-name.ts'
import { initWith } from './core/init.ts'
import type { Backend, DeviceInfo } from './core/storage.ts'

async function loadWebGpu(): Promise<Backend> {
  const { open } = await import('./backends/webgpu/index.ts')
  return open()
}

/**
 * Gets a device ready, and resolves to what it is. 'cpu' and 'wasm' are ready from the start; 'webgpu' has to be acquired, and again
 * after it was lost.
 *
 * @example
 * const { adapter, refused } = await init('webgpu')
 * defaultDevice('webgpu')
 * @throws DeviceError when it cannot be had, with everything that was tried and why it was refused.
 */
export function init(device: DeviceName): Promise<DeviceInfo> {
  return initWith({ webgpu: loadWebGpu }, device)
}
