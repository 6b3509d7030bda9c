/** The devices that are wired in, and the default one. */
import type { DeviceName } from './device-name.ts'
import { show } from './describe.ts'
import { DeviceError, InternalError } from './errors.ts'
import type { Backend, Engine } from './storage.ts'

const backends = new Map<DeviceName, Backend>()
let current: DeviceName = 'wasm'

/** Called by `wire.ts`, and by `init` for devices that load later. */
export function installBackend(backend: Backend): void {
  backends.set(backend.name, backend)
}

/** Names of the devices ready for use. */
export function devices(): DeviceName[] {
  return [...backends.keys()]
}

/**
 * The device of new arrays; with a name, sets it first.
 *
 * @example
 * defaultDevice()        // 'wasm'
 * defaultDevice('cpu')   // 'cpu', from now on
 * @throws DeviceError when that device is not ready.
 */
export function defaultDevice(name?: DeviceName): DeviceName {
  if (name !== undefined) {
    backendOf(name, 'defaultDevice')
    current = name
  }
  return current
}

/** The device of this name, if there is one. */
export const readyBackend = (name: DeviceName): Backend | undefined => backends.get(name)

export function backendOf(name: DeviceName, operation = 'device'): Backend {
  const b = backends.get(name)
  if (b === undefined) {
    const ready = devices().map((d) => `'${d}'`)
    throw new DeviceError(operation, `device ${show(name)} is not ready; ready are ${ready.join(', ')}${name === 'webgpu' ? "; await init('webgpu') first" : ''}`)
  }
  return b
}

/** Threads, heap and kernels of WebAssembly, for functions that set them or tell of them. */
export function wasmEngine(operation = 'device'): Engine {
  const { engine } = backendOf('wasm', operation)
  if (engine === undefined) throw new InternalError(operation, "the backend of 'wasm' has no engine")
  return engine
}
