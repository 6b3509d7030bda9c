/** The road of bytes between host and device. */
import { DeviceArray } from './array.ts'
import type { Aval } from './aval.ts'
import { bytesOf, showType } from './aval.ts'
import type { DeviceName } from './device-name.ts'
import { backendOf, defaultDevice } from './device-registry.ts'
import type { DType } from './dtype.ts'
import { DeviceError, InternalError } from './errors.ts'
import { within } from './in-name-of.ts'
import type { Backend } from './storage.ts'

export { backendOf, defaultDevice, devices, installBackend } from './device-registry.ts'

/** An array from its bytes (row-major, storage layout of the dtype), which it takes over. */
export function putArray(bytes: Uint8Array, aval: Aval, device: DeviceName = defaultDevice(), operation = 'array'): DeviceArray {
  if (bytes.byteLength !== bytesOf(aval)) {
    throw new InternalError('putArray', `${bytes.byteLength} bytes for ${showType(aval)}, which takes ${bytesOf(aval)}`)
  }
  const backend = backendFor(device, aval.dtype, operation)
  return within(operation, () => new DeviceArray(aval, backend.put(bytes)))
}

/** A device that computes in a dtype. @throws DeviceError. */
export function backendFor(device: DeviceName, dtype: DType, operation: string): Backend {
  const backend = backendOf(device, operation)
  if (backend.supports(dtype)) return backend
  throw new DeviceError(operation, `'${device}' has no ${dtype}: GPUs compute in 32 bits; use ${dtype.startsWith('complex') ? 'real and imaginary parts in float32' : 'float32'} there, or keep this part on 'wasm'`)
}

/** A copy of an array's bytes. @throws DeviceError where they cannot be had at once. */
export function readArray(a: DeviceArray, operation = 'read'): Uint8Array {
  const storage = a.storage(operation)
  return within(operation, () => storage.read())
}
