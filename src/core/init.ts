/** Getting a device ready that is not ready on import. */
import type { DeviceName } from './device-name.ts'
import { backendOf, installBackend, readyBackend } from './device-registry.ts'
import type { Backend, DeviceInfo } from './storage.ts'

/** How to get a device that is not there from the start: its code is loaded when it is asked for. */
type Loaders = Partial<Readonly<Record<DeviceName, () => Promise<Backend>>>>

const loading = new Map<DeviceName, Promise<Backend>>()

/** `init`, with what loads devices: handed in, since core does not know them. */
export async function initWith(loaders: Loaders, device: DeviceName): Promise<DeviceInfo> {
  const ready = readyBackend(device)
  const load = typeof device === 'string' && Object.hasOwn(loaders, device) ? loaders[device] : undefined
  const backend = ready !== undefined && ready.lost !== true ? ready : load === undefined ? backendOf(device, 'init') : await loaded(device, load)
  return backend.info ?? { device, adapter: null, provider: null, software: true, refused: [] }
}

/** Those who ask while it is being loaded get the same. */
function loaded(device: DeviceName, load: () => Promise<Backend>): Promise<Backend> {
  const known = loading.get(device)
  if (known !== undefined) return known
  const made = load()
    .then((backend) => {
      installBackend(backend)
      return backend
    })
    .finally(() => loading.delete(device))
  loading.set(device, made)
  return made
}
