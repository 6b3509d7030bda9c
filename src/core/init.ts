/** Getting a device ready that is not ready on import. */
import type { DeviceName } from './device-name.ts'
import { backendOf } from './devices.ts'

/**
 * Resolves when a device can be used. 'cpu' and 'wasm' always can.
 * @throws DeviceError when this build has no such device.
 */
export async function init(device: DeviceName): Promise<void> {
  await Promise.resolve()
  backendOf(device, 'init')
}
