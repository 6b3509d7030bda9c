/** The platform in Node. See `types.ts` for what each name means. */
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, open, readFile as readFileBytes, rename, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { createContext, runInNewContext, Script } from 'node:vm'
import { Worker } from 'node:worker_threads'
import { gunzip as inflate, gunzipSync as inflateSync } from 'node:zlib'
import { FileError, type GpuProvider, type WorkerThreads } from './types.ts'
import { workerLoop, type WorkerSetup } from './worker-loop.ts'

export const platformName = 'node' as const

const reason = (e: unknown): string => (e instanceof Error ? e.message : String(e))

export async function readFile(path: string): Promise<Uint8Array> {
  try {
    // A copy: Node's Buffer may be a view of a shared pool, and callers keep what they get.
    return new Uint8Array(await readFileBytes(path))
  } catch (e) {
    throw new FileError(path, `cannot read ${path}: ${reason(e)}`)
  }
}

let temporaries = 0

export async function writeFile(path: string, content: Uint8Array | string): Promise<void> {
  // In the same folder, because a rename is atomic only within one file system.
  const temporary = `${path}.${process.pid}-${temporaries++}.tmp`
  try {
    await mkdir(dirname(path), { recursive: true })
    const file = await open(temporary, 'wx')
    try {
      await file.writeFile(content)
      await file.sync() // else a power cut could leave the new name on an empty file
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (e) {
    await rm(temporary, { force: true })
    throw new FileError(path, `cannot write ${path}: ${reason(e)}`)
  }
}

export function gunzip(bytes: Uint8Array, limit: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    inflate(bytes, { maxOutputLength: limit }, (error, out) => (error === null ? resolve(new Uint8Array(out)) : reject(error)))
  })
}

export const gunzipSync = (bytes: Uint8Array, limit: number): Uint8Array =>
  new Uint8Array(inflateSync(bytes, { maxOutputLength: limit }))

export const now = (): number => performance.now()

export function writeLine(text: string): void {
  process.stderr.write(`${text}\n`)
}

export function packageFolder(name: string): string | null {
  // The candidates of Node's own look-up, read as folders: a package's `exports` may hide its files from `resolve`.
  const folders = createRequire(join(process.cwd(), 'here.js')).resolve.paths(name) ?? []
  return folders.map((folder) => join(folder, name)).find((folder) => existsSync(join(folder, 'package.json'))) ?? null
}

let collector: (() => void) | null = null

/**
 * A WeakRef that was made or read is kept alive until the microtasks end. A script run in a context whose
 * `microtaskMode` is 'afterEvaluate' ends them at once, which is the only synchronous way to let go.
 */
function makeCollector(): () => void {
  setFlagsFromString('--expose-gc')
  // V8 puts `gc` into contexts made while the flag is set.
  const gc = runInNewContext('gc') as (() => void) | undefined
  setFlagsFromString('--no-expose-gc')
  const context = createContext({}, { microtaskMode: 'afterEvaluate' })
  const endTurn = new Script('0')
  return () => {
    endTurn.runInContext(context)
    gc?.()
  }
}

// Other runtimes that read this file (Bun, Deno) have no V8 flags to set, or none that may be set.
export const collectGarbage: (() => void) | null =
  'bun' in process.versions || 'deno' in process.versions ? null : () => (collector ??= makeCollector())()

export const setting = (name: string): string | undefined => process.env[name]

export const heapBudget = (): number => Infinity

export const threadCount = (): number => Math.min(availableParallelism(), quota())

/** Cores that the control group of a container grants, where there is one with a limit: as many threads as that, not as the machine has cores. */
function quota(): number {
  try {
    const [limit, period] = readFileSync('/sys/fs/cgroup/cpu.max', 'utf8').split(' ').map(Number)
    return limit !== undefined && period !== undefined && limit > 0 ? Math.max(1, Math.ceil(limit / period)) : Infinity
  } catch {
    return Infinity
  }
}

export const sharesMemory = (): boolean => true

export const mayBlock = (): boolean => true

/** Threads of Node start without the event loop; of others that read this file, who knows. */
export const workersStartAtOnce: boolean = !('bun' in process.versions || 'deno' in process.versions)

export function startWorkers(setups: readonly WorkerSetup[], failed: (reason: string) => void, _url: string | URL | null): WorkerThreads {
  // Some compilers wrap named functions in a helper of this name.
  const source = `const __name = (f) => f;(${String(workerLoop)})(require('node:worker_threads').workerData)`
  const workers: Worker[] = []
  const stop = (): void => {
    for (const worker of workers) void worker.terminate()
  }
  try {
    for (const setup of setups) {
      // Neither this process's flags nor NODE_OPTIONS: loaders and inspectors are for programs, not for this.
      const worker = new Worker(source, { eval: true, execArgv: [], env: {}, workerData: setup })
      worker.unref()
      worker.on('error', (e) => {
        failed(reason(e))
      })
      workers.push(worker)
    }
  } catch (e) {
    stop()
    throw e
  }
  return { stop }
}

/** Dawn goes down with this object, whoever still has a device of it: there is one, for as long as the process. */
let instance: unknown = null

/** Not written into the import, where bundlers of apps would look for a package that need not be installed. */
const dawn: string = 'webgpu'

export const gpuProviders: readonly GpuProvider[] = [
  { name: 'navigator.gpu', load: () => gpuOf(globalThis.navigator) },
  { name: "the npm package 'webgpu'", load: loadDawn },
]

/** Node has none, other runtimes that read this file may. */
async function gpuOf(navigator: { readonly gpu?: unknown } | undefined): Promise<unknown> {
  await Promise.resolve()
  if (navigator?.gpu === undefined) throw new Error('this runtime has none of its own')
  return navigator.gpu
}

async function loadDawn(): Promise<unknown> {
  let found: { readonly create?: (options: readonly string[]) => unknown }
  try {
    found = (await import(/* @vite-ignore */ dawn)) as typeof found // whatever the installed package exports
  } catch (e) {
    throw new Error(`cannot be loaded, install it with npm install webgpu (${reason(e)})`)
  }
  if (found.create === undefined) throw new Error('has no create(): version 0.6 or later is needed')
  return (instance ??= found.create([]))
}

export function atExit(f: () => void): void {
  process.on('exit', f)
}
