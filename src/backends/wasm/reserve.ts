/** The memory that the heap lives in. */
import { sharesMemory } from '#platform'
import { DeviceError, OutOfMemoryError } from '../../core/errors.ts'

/** For several threads where the engine has such, unless one is enough. */
export function reserve(pages: number, oneThread: boolean): { readonly memory: WebAssembly.Memory; readonly shared: boolean } {
  if (oneThread || !sharesMemory()) return { memory: reservePages(false, pages), shared: false }
  try {
    return { memory: reservePages(true, pages), shared: true }
  } catch {
    return { memory: reservePages(false, pages), shared: false } // an engine without shared memory
  }
}

/**
 * As much address space as can be had; pages cost nothing until they are touched. Phones refuse what computers grant, the shared kind
 * above all, and engines differ in the error by which they do.
 */
function reservePages(shared: boolean, most: number): WebAssembly.Memory {
  if (typeof WebAssembly === 'undefined') throw new DeviceError('allocate', "this engine has no WebAssembly, or it is switched off; defaultDevice('cpu') computes without it")
  const least = Math.min(most, 1024)
  for (let pages = most; ; pages = Math.max(least, Math.floor(pages / 2))) {
    try {
      return new WebAssembly.Memory({ initial: pages, maximum: pages, shared })
    } catch (e) {
      if (pages === least) throw new OutOfMemoryError('allocate', `not even ${least / 16} MiB of WebAssembly memory can be reserved: ${String(e)}`)
    }
  }
}
