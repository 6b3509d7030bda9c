import { atExit } from '#platform'
import { acquire, type Places } from './acquire.ts'
import { WebGpuBackend } from './backend.ts'
import type { GpuOptions } from './gpu.ts'

export { WebGpuBackend }

/** Acquires a device. It is destroyed with the process. */
export async function open(places?: Places, options?: GpuOptions): Promise<WebGpuBackend> {
  const { device, info } = await acquire(places)
  const backend = new WebGpuBackend(device, info, options)
  atExit(() => {
    backend.destroy()
  })
  return backend
}
