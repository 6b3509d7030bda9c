/** The platform in browsers: pages and workers. See `types.ts` for what each name means. */
import { FileError, type GpuProvider, type WorkerThreads } from './types.ts'
import type { WorkerSetup } from './worker-loop.ts'

export const platformName = 'browser' as const

export async function readFile(path: string): Promise<Uint8Array> {
  const response = await fetch(path).catch((e: unknown) => {
    throw new FileError(path, `cannot fetch ${path}: ${e instanceof Error ? e.message : String(e)}`)
  })
  if (!response.ok) throw new FileError(path, `cannot fetch ${path}: ${response.status} ${response.statusText}`)
  return new Uint8Array(await response.arrayBuffer())
}

export function writeFile(path: string, _content: Uint8Array | string): Promise<void> {
  return Promise.reject(new FileError(path, `cannot write ${path}: a browser has no file system; keep the encoded bytes and offer them as a Blob`))
}

export async function gunzip(bytes: Uint8Array, limit: number): Promise<Uint8Array> {
  const reader = new Blob([new Uint8Array(bytes)]).stream().pipeThrough(new DecompressionStream('gzip')).getReader()
  const parts: Uint8Array[] = []
  let length = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    parts.push(value)
    length += value.byteLength
    if (length > limit) {
      await reader.cancel()
      throw new RangeError(`inflates to more than ${limit} bytes`)
    }
  }
  const out = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.byteLength
  }
  return out
}

export const gunzipSync: ((bytes: Uint8Array, limit: number) => Uint8Array) | null = null

export const now = (): number => performance.now()

export function writeLine(text: string): void {
  console.warn(text)
}

export const packageFolder = (_name: string): string | null => null

export const collectGarbage: (() => void) | null = null

/** A quarter of the memory, where the browser tells of it (Chromium, in secure pages); else what a phone has to spare. */
export function heapBudget(): number {
  // in GiB; not all browsers have it, so TypeScript does not know it
  const { deviceMemory } = (globalThis.navigator ?? {}) as { readonly deviceMemory?: number }
  return deviceMemory === undefined ? 2 ** 29 : deviceMemory * 2 ** 28
}

/** Bundles for browsers run in servers as well, some of which have no `navigator`. */
export const threadCount = (): number => globalThis.navigator?.hardwareConcurrency ?? 1

export const setting = (_name: string): string | undefined => undefined

/** Only pages and workers that are cross-origin isolated may send shared memory to a worker. */
export const sharesMemory = (): boolean => globalThis.crossOriginIsolated && typeof Worker === 'function'

export function mayBlock(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1)
    return true
  } catch {
    return false // a page's main thread
  }
}

/** The event loop has to turn before a worker starts. */
export const workersStartAtOnce = false

export function startWorkers(setups: readonly WorkerSetup[], failed: (reason: string) => void, url: string | URL | null): WorkerThreads {
  const workers: Worker[] = []
  const stop = (): void => {
    for (const worker of workers) worker.terminate()
  }
  try {
    for (const setup of setups) {
      // Written like this, bundlers find the file and ship it.
      const worker = url === null ? new Worker(new URL('./worker.js', import.meta.url), { type: 'module' }) : new Worker(url, { type: 'module' })
      worker.addEventListener('error', (event) => {
        // A file that is not found, or that the page's policy forbids, is an event without a message.
        failed(event.message || `cannot start ${String(url ?? 'the package\'s worker.js')}`)
      })
      worker.postMessage(setup)
      workers.push(worker)
    }
  } catch (e) {
    stop()
    throw e
  }
  return { stop }
}

export const gpuProviders: readonly GpuProvider[] = [{ name: 'navigator.gpu', load: browserGpu }]

async function browserGpu(): Promise<unknown> {
  await Promise.resolve()
  const { gpu } = navigator as { readonly gpu?: unknown }
  if (gpu !== undefined) return gpu
  throw new Error(globalThis.isSecureContext ? 'this browser has no WebGPU, or it is switched off' : 'pages have WebGPU only over HTTPS or from localhost')
}

/** The browser frees what a page held. */
export function atExit(_f: () => void): void {}
