/** The road of bytes between host and device. */
import { DeviceArray } from './array.ts'
import type { Aval } from './aval.ts'
import { bytesOf, showType } from './aval.ts'
import type { DeviceName } from './device-name.ts'
import { backendOf, defaultDevice } from './device-registry.ts'
import { InternalError } from './errors.ts'
import { within } from './in-name-of.ts'

export { backendOf, defaultDevice, devices, installBackend } from './device-registry.ts'

/** An array from its bytes (row-major, storage layout of the dtype), which it takes over. */
export function putArray(bytes: Uint8Array, aval: Aval, device: DeviceName = defaultDevice(), operation = 'array'): DeviceArray {
  if (bytes.byteLength !== bytesOf(aval)) {
    throw new InternalError('putArray', `${bytes.byteLength} bytes for ${showType(aval)}, which takes ${bytesOf(aval)}`)
  }
  const backend = backendOf(device, operation)
  return within(operation, () => new DeviceArray(aval, backend.put(bytes)))
}

/** A copy of an array's bytes. */
export const readArray = (a: DeviceArray, operation = 'read'): Uint8Array => a.storage(operation).read()
