/** An array from the device to the host, through a buffer that the host can map. */
import { type Aval, sizeOf } from '../../core/aval.ts'
import { DeviceError, OutOfMemoryError, type PullbackError } from '../../core/errors.ts'
import { fromStorage, storedBytes, storedBytesPerElement } from '../../lowering/wgsl/index.ts'
import { Fate } from './fate.ts'
import { mapForReading, usage } from './flags.ts'
import type { Gpu } from './gpu.ts'
import type { DeviceBuffer } from './pool.ts'

/**
 * The host's bytes of an array in a buffer, after all work that was asked for before. `made` is the fate of what wrote them.
 * @throws what went wrong then, or on the way.
 */
export async function readBack(gpu: Gpu, from: DeviceBuffer, aval: Aval, made: Fate): Promise<Uint8Array> {
  const size = storedBytes(aval)
  const fate = new Fate([made])
  const copies: { readonly staging: GPUBuffer; mapped: Promise<unknown> }[] = []
  gpu.add({
    waitsFor: null,
    run: () => {
      gpu.submit({
        operation: 'read',
        fate,
        waits: false,
        uses: [from],
        encode: (encoder) => {
          const staging = gpu.device.createBuffer({ size, usage: usage.mapRead | usage.copyTarget })
          encoder.copyBufferToBuffer(from.gpu, 0, staging, 0, size)
          copies.push({ staging, mapped: Promise.resolve() })
        },
        submitted: () => {
          for (const copy of copies) copy.mapped = copy.staging.mapAsync(mapForReading).catch((e: unknown) => e)
        },
        failed,
      })
    },
    cancel: () => void fate.settle(new DeviceError('read', 'the GPU device was lost before the array was read')),
  })
  await fate.known
  try {
    if (fate.error !== null) throw fate.error
    const copy = copies[0]!
    const refused = await copy.mapped
    if (refused !== undefined) throw new DeviceError('read', `the GPU did not hand the array over: ${refused instanceof Error ? refused.message : 'unknown'}`)
    const words = new Uint8Array(copy.staging.getMappedRange()).slice(0, sizeOf(aval.shape) * storedBytesPerElement(aval.dtype))
    gpu.figures.readBytes += words.byteLength
    return fromStorage(words, aval.dtype)
  } finally {
    for (const { staging } of copies) staging.destroy()
  }
}

const failed = (kind: GPUErrorFilter, message: string): PullbackError =>
  kind === 'out-of-memory' ? new OutOfMemoryError('read', `the GPU has no memory left to copy the array to the host: ${message}`) : new DeviceError('read', `the GPU refused to copy the array: ${message}`)
