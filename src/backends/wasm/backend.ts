/** The default device: jaxprs compiled to WebAssembly, run in one heap. */
import { heapBudget, sharesMemory, threadCount } from '#platform'
import { bytesOf } from '../../core/aval.ts'
import { describe } from '../../core/describe.ts'
import { ArgumentError, DeviceError } from '../../core/errors.ts'
import type { Jaxpr } from '../../core/jaxpr.ts'
import { jaxprKey } from '../../core/jaxpr-key.ts'
import { Lru } from '../../core/lru.ts'
import type { Backend, Engine, Executable, KernelRecorder, MemoryUse, Storage } from '../../core/storage.ts'
import { lowerToProgram } from '../../lowering/index.ts'
import { describeKernels } from '../../lowering/kernel-ir/index.ts'
import { emitProgram, hasRelaxedSimd, maxThreads, type SizedForm, sizedForm, worthSharing } from '../../lowering/wasm/index.ts'
import { numberSetting } from '../number-setting.ts'
import { type Ceilings, ceilings } from './ceilings.ts'
import { leastBytes, type Machine, Scratch, type Signature, tooLarge, WasmExecutable } from './executable.ts'
import { Heap, type HeapLimits } from './heap.ts'
import { type Code, type PoolOptions, ThreadPool } from './pool.ts'
import { Profiler, type Timed } from './profiler.ts'

/** Programs kept: least recently used go first, past either bound. */
const programsKept = { count: 2048, bytes: 64 * 2 ** 20 }

interface WasmOptions extends Partial<HeapLimits>, Partial<PoolOptions> {
  /** The worker's file in browsers; null: the package's own. */
  readonly workerUrl?: string | URL | null
  /** Threads at first; else PULLBACK_THREADS, else those of the machine. */
  readonly threads?: number
  /** Nanoseconds from which a phase of a program is shared; else PULLBACK_SHARE_ABOVE. With 0 everything that can be shared is, at once. */
  readonly shareAbove?: number
  /** Whether convolutions may use Winograd's algorithm; else not with PULLBACK_WINOGRAD=0, and by default. */
  readonly winograd?: boolean
}

/** More threads than this gain nothing that their barriers do not cost. */
const threadsByDefault = 16

/** In bytes: less than this would copy arrays out at every other call. */
const leastBudget = 2 ** 20

/** What the environment may say of the code that is made. */
interface Tuning {
  readonly shareAbove: number
  readonly winograd: boolean
}

export class WasmBackend implements Backend, Engine {
  readonly name = 'wasm'
  readonly engine: Engine = this
  readonly #options: WasmOptions
  #tuning: Tuning | null = null
  #relaxedSimd = false
  readonly #programs = new Lru<string, WasmExecutable>(programsKept)
  readonly #sizedCode = new Lru<string, Code>(programsKept)
  readonly #profiler = new Profiler()
  #ceilings: Ceilings | null = null
  #budget: number | null
  #threads: number | null
  #workerUrl: string | URL | null
  #runtime: Machine | null = null

  constructor(options: WasmOptions = {}) {
    this.#options = options
    this.#budget = options.budgetBytes ?? null
    this.#threads = options.threads ?? null
    this.#workerUrl = options.workerUrl ?? null
  }

  // Read at the first call that makes code: a wrong setting is that call's error, which can be caught, and not the import's.
  #tuned(): Tuning {
    return (this.#tuning ??= {
      shareAbove: this.#options.shareAbove ?? numberSetting('wasm', 'PULLBACK_SHARE_ABOVE', 0) ?? worthSharing,
      winograd: this.#options.winograd ?? numberSetting('wasm', 'PULLBACK_WINOGRAD', 0) !== 0,
    })
  }

  compile(jaxpr: Jaxpr): Executable {
    // No code is made for its sizes, so there is none to be found again.
    const sized = sizedForm(jaxpr)
    if (sized !== null) return this.#compileSized(jaxpr, sized)
    const key = `${this.#relaxedSimd ? 'relaxed ' : ''}${jaxprKey(jaxpr)}`
    const hit = this.#programs.get(key)
    if (hit !== undefined) return hit
    const executable = this.#compileFor(jaxpr)
    this.#programs.set(key, executable, executable.codeBytes)
    return executable
  }

  /** Code for the sizes of one program. */
  #compileFor(jaxpr: Jaxpr): WasmExecutable {
    const { program, plan } = lowerToProgram(jaxpr)
    const machine = this.#start()
    const { heap } = machine
    const how = { ...this.#tuned(), shared: heap.shared, relaxedSimd: this.#relaxedSimd }
    const bytesAt = (b: number): number => bytesOf(program.buffers[b]!.aval)
    const signature: Signature = {
      inputBytes: program.inputs.map(bytesAt),
      outputBytes: program.outputs.map(bytesAt),
      forwarded: program.outputs.map((b) => program.inputs.indexOf(b)),
      same: program.outputs.map((b, i) => (program.outputs.indexOf(b) < i ? program.outputs.indexOf(b) : -1)),
      arenaBytes: plan.arenaBytes,
      ownBytes: 0,
      donations: plan.donations,
      words: [],
    }
    // Better said before code is made, whose addresses have 32 bits.
    if (leastBytes(signature) > heap.size) throw tooLarge(signature, heap.size)
    const { bytes, arenaBytes, ownBytes, sharedTime, time } = emitProgram(program, plan, how)
    const codeOf = (module: Uint8Array<ArrayBuffer>): Code => ({ run: instantiate(module, heap.memory, this.#profiler.tick), bytes: sharedTime > 0 ? module : new Uint8Array(), sharedTime, time })
    // Lowered once more: a program that is never profiled keeps its kernels for nobody.
    const timed = (): Timed => {
      const again = lowerToProgram(jaxpr)
      return { code: codeOf(emitProgram(again.program, again.plan, { ...how, ticks: true }).bytes), kernels: describeKernels(again.program), silent: false }
    }
    return new WasmExecutable(machine, { ...signature, arenaBytes, ownBytes }, codeOf(bytes), bytes.length, timed)
  }

  /** Code that many sizes share. */
  #compileSized(jaxpr: Jaxpr, { key, emit, words, over, scratchBytes, sharedTime }: SizedForm): WasmExecutable {
    const machine = this.#start()
    const { heap } = machine
    let code = this.#sizedCode.get(key)
    if (code === undefined) {
      const bytes = emit(heap.shared)
      // Kept for workers, whatever these sizes are worth: others may be shared.
      code = { run: instantiate(bytes, heap.memory, this.#profiler.tick), bytes, sharedTime: 0, time: 0 }
      this.#sizedCode.set(key, code, bytes.length)
    }
    // How long it takes depends on the sizes.
    if (heap.shared && sharedTime > 0 && sharedTime >= this.#tuned().shareAbove) code = { ...code, sharedTime, time: sharedTime }
    const signature: Signature = {
      inputBytes: jaxpr.inputs.map((v) => bytesOf(v.aval)),
      outputBytes: jaxpr.outputs.map((v) => bytesOf(v.aval)),
      forwarded: [-1],
      same: [-1],
      arenaBytes: scratchBytes,
      ownBytes: 0,
      donations: new Map(over < 0 ? [] : [[0, over]]),
      words,
    }
    const timed = (own: Code): Timed => ({ code: own, kernels: describeKernels(lowerToProgram(jaxpr).program), silent: true })
    return new WasmExecutable(machine, signature, code, 0, timed)
  }

  put(bytes: Uint8Array): Storage {
    return this.#start().heap.fromHost(bytes)
  }

  literal(bytes: Uint8Array): Storage {
    return this.#start().heap.literal(bytes)
  }

  supports(): boolean {
    return true
  }

  memory(): MemoryUse {
    return this.#start().heap.use()
  }

  /** What is in the heap itself, and the scratch memory kept there. */
  resident(): ReturnType<Heap['resident']> {
    return this.#start().heap.resident()
  }

  threads(count?: number, worker?: string | URL): number {
    if (worker !== undefined) this.#workerUrl = worker
    if (count !== undefined) {
      if (!Number.isInteger(count) || count < 1 || count > maxThreads) throw new ArgumentError('debug.threads', `got ${describe(count)}; a number of threads is an integer from 1 to ${maxThreads}`)
      this.#threads = count
      this.#runtime?.pool.resize(count, this.#workerUrl)
    }
    if (this.#runtime !== null) return this.#runtime.heap.shared ? this.#runtime.pool.threads : 1
    return sharesMemory() ? this.#wantedThreads() : 1
  }

  heapBudget(bytes?: number): number {
    if (bytes !== undefined) {
      if (!Number.isSafeInteger(bytes) || bytes < leastBudget) throw new ArgumentError('debug.heapBudget', `got ${describe(bytes)}; a budget is an integer of bytes from ${leastBudget} (1 MiB)`)
      this.#budget = bytes
      if (this.#runtime !== null) this.#runtime.heap.budgetBytes = bytes
    }
    return Math.min(this.#budget ?? heapBudget(), (this.#runtime?.heap.size ?? 2 ** 32) / 2)
  }

  relaxedSimd(on?: boolean): boolean {
    if (on !== undefined) {
      if (typeof on !== 'boolean') throw new ArgumentError('debug.relaxedSimd', `got ${describe(on)}; it is on (true) or off (false)`)
      if (on && !hasRelaxedSimd()) throw new DeviceError('debug.relaxedSimd', 'this engine has no relaxed SIMD instructions (Node has them from 21 on); leave it off')
      this.#relaxedSimd = on
    }
    return this.#relaxedSimd
  }

  profile(record: KernelRecorder | null): void {
    this.#profiler.record = record
  }

  ceilings(): Ceilings {
    const { heap, pool } = this.#start()
    // Again where threads have been added, or were not up yet.
    if (this.#ceilings?.threads !== this.threads()) this.#ceilings = ceilings(heap, pool, 3, Math.min(2 ** 26, heap.size / 8))
    return this.#ceilings
  }

  /** Calls that ran on all threads. */
  launches(): number {
    return this.#runtime?.pool.launches ?? 0
  }

  #wantedThreads(): number {
    return this.#threads ?? Math.min(maxThreads, numberSetting('debug.threads', 'PULLBACK_THREADS', 1) ?? Math.min(threadsByDefault, threadCount()))
  }

  // The heap is reserved at first use, so that importing the library costs nothing.
  #start(): Machine {
    if (this.#runtime === null) {
      const { shareAbove } = this.#tuned()
      const threads = this.#options.shared === false || !sharesMemory() ? 1 : this.#wantedThreads()
      const heap = new Heap(this.#budget === null ? this.#options : { ...this.#options, budgetBytes: this.#budget })
      const space = { reserve: (bytes: number) => heap.reserve(bytes), unreserve: (address: number, bytes: number) => { heap.unreserve(address, bytes) } }
      const impatient = shareAbove === 0
      const pool = new ThreadPool(heap.memory, space, heap.shared ? threads : 1, {
        patience: this.#options.patience ?? (impatient ? 0 : 40),
        judge: this.#options.judge ?? !impatient,
        startLimit: this.#options.startLimit ?? (impatient ? 60_000 : 2000),
        wakeTime: this.#options.wakeTime ?? (impatient ? 0 : 150_000),
      }, this.#workerUrl)
      this.#runtime = { heap, arena: new Scratch(heap), frame: new Scratch(heap), pool, profiler: this.#profiler }
    }
    return this.#runtime
  }
}

/** Programs that are not profiled import no `tick`. */
function instantiate(bytes: Uint8Array<ArrayBuffer>, memory: WebAssembly.Memory, tick: (kernel: number) => void): Code['run'] {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory, tick } })
  return instance.exports['run'] as Code['run']
}
