import type { WorkerSetup } from './worker-loop.ts'

/**
 * What the library asks of the place it runs in. `node.ts` and `browser.ts` each export these names; package.json's
 * `imports` chooses between them (`#platform`). Nothing else in the library names `node:` or `window`.
 */

export interface Platform {
  readonly platformName: 'node' | 'browser'
  /**
   * The bytes of a file (Node: a path; browser: a URL).
   * @throws FileError naming the path.
   */
  readonly readFile: (path: string) => Promise<Uint8Array>
  /**
   * Writes a whole file: it appears under its name by rename, so nobody ever sees half of it. Missing folders are made.
   * A browser has no files of its own: there it throws.
   */
  readonly writeFile: (path: string, content: Uint8Array | string) => Promise<void>
  /** Inflates gzip. Throws when the bytes are no gzip, are cut short, or inflate to more than `limit` bytes. */
  readonly gunzip: (bytes: Uint8Array, limit: number) => Promise<Uint8Array>
  /** The same at once; null where the platform only inflates in the background. */
  readonly gunzipSync: ((bytes: Uint8Array, limit: number) => Uint8Array) | null
  /** Milliseconds from an arbitrary moment; never runs backwards. */
  readonly now: () => number
  /** One line for people, off the program's output (stderr; a browser's console). */
  readonly writeLine: (text: string) => void
  /** The folder of an installed npm package, looked for from the working folder up; null where there is none. */
  readonly packageFolder: (name: string) => string | null
  /**
   * Collects garbage now, so that `WeakRef`s tell which objects are gone; null where that cannot be done.
   * WeakRefs read or made earlier in the same turn of the event loop are cleared too.
   */
  readonly collectGarbage: (() => void) | null
  /** A setting of the process (an environment variable); a browser has none. */
  readonly setting: (name: string) => string | undefined
  /** Bytes of arrays that are kept in one heap by default, at most: what this machine has room for. Infinity: as many as the heap holds. */
  readonly heapBudget: () => number
  /** Threads that can run at the same time. */
  readonly threadCount: () => number
  /** Whether workers may share memory with this thread. */
  readonly sharesMemory: () => boolean
  /** Whether this thread may sleep until another wakes it; a page's main thread may not. */
  readonly mayBlock: () => boolean
  /** Workers come up while this thread waits for them, or only when it returns to the event loop. */
  readonly workersStartAtOnce: boolean
  /**
   * Starts a worker for each setup; none keeps the process alive. `failed` is called, some time later, when one cannot start or
   * dies. `url` is the worker's file in browsers (null: the package's own).
   */
  readonly startWorkers: (setups: readonly WorkerSetup[], failed: (reason: string) => void, url: string | URL | null) => WorkerThreads
  /** Where WebGPU may be found, in the order in which to ask. */
  readonly gpuProviders: readonly GpuProvider[]
  /** Calls `f` when the process ends; a page has no such moment. */
  readonly atExit: (f: () => void) => void
}

export interface GpuProvider {
  /** For people: `navigator.gpu`. */
  readonly name: string
  /** The `GPU` object of the WebGPU specification. Rejects with the reason where there is none. */
  readonly load: () => Promise<unknown>
}

export interface WorkerThreads {
  readonly stop: () => void
}

/** A file that cannot be read or written. Callers turn it into the library's own errors. */
export class FileError extends Error {
  readonly path: string
  constructor(path: string, message: string) {
    super(message)
    this.name = 'FileError'
    this.path = path
  }
}
