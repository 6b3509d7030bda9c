import { atExit } from '#platform'
import { acquire, type Places } from './acquire.ts'
import { WebGpuBackend } from './backend.ts'
import type { GpuOptions } from './gpu.ts'

export { WebGpuBackend }

const opened = new Set<WebGpuBackend>()
let destroysAtExit = false

/** Acquires a device. It is destroyed when the process ends, which it does not hold up. */
export async function open(places?: Places, options?: GpuOptions): Promise<WebGpuBackend> {
  const { device, info } = await acquire(places)
  const backend = new WebGpuBackend(device, info, options)
  opened.add(backend)
  void device.lost.then(() => opened.delete(backend))
  if (!destroysAtExit) {
    destroysAtExit = true
    atExit(() => {
      for (const b of opened) b.destroy()
    })
  }
  return backend
}
