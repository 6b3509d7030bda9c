/**
 * The threads of one heap: workers that run the same programs in the same memory as the thread that calls them.
 *
 * They come up when the first program is worth it, and sleep when nothing is asked of them. Calls stay synchronous: the
 * caller runs as thread 0 and waits for the others at the end.
 */
import { mayBlock, startWorkers, now, workersStartAtOnce } from '#platform'
import { InternalError } from '../../core/errors.ts'
import { control, controlEnd, otherClaims } from '../../lowering/wasm/index.ts'
import { Pace } from './pace.ts'
import type { WorkerThreads } from '../../platform/types.ts'

export type Run = (threadId: number, threadCount: number, args: number) => void

/** A program's code, and what is known of its cost (nanoseconds on one thread). */
export interface Code {
  readonly run: Run
  readonly bytes: Uint8Array
  /** What threads can share of it; 0: nothing. */
  readonly sharedTime: number
  readonly time: number
  /** Whatever the clock says, and however short it is: what measures the threads themselves. */
  readonly onAll?: true
}

export interface PoolOptions {
  /** Milliseconds of work to do before it is worth waiting for workers to come up; until then the caller goes on alone. */
  readonly patience: number
  /** Milliseconds that the caller waits for them, once; after that it goes on alone until they are there. */
  readonly startLimit: number
  /** Programs shorter than this many nanoseconds do not wait for a sleeping worker, but wake it for the next. */
  readonly wakeTime: number
  /** Whether the clock decides, call by call, if threads are worth it. */
  readonly judge: boolean
}

/** Room for a module while the workers read it. */
interface Space {
  readonly reserve: (bytes: number) => number
  readonly unreserve: (address: number, bytes: number) => void
}

/** Programs that workers keep; one that comes back later is installed again. */
const slots = 512
const spinMilliseconds = 0.1
const joinSpins = 20_000
const joinSlice = 10

const wordOf = Object.fromEntries(Object.entries(control).map(([name, address]) => [name, name === 'messageLength' ? address : address / 4])) as unknown as { readonly [K in keyof typeof control]: number } // the same keys

/** Workers of pools that nobody holds any more are told to go. */
const abandoned = new FinalizationRegistry<WorkerThreads>((workers) => {
  workers.stop()
})

export class ThreadPool {
  readonly #memory: WebAssembly.Memory
  readonly #words: Int32Array
  readonly #space: Space
  readonly #options: PoolOptions
  readonly #mayBlock: boolean
  #threads: number
  #workerUrl: string | URL | null
  #workers: WorkerThreads | null = null
  /** Shared with the workers' listeners, which must not hold the pool itself. */
  #health: { failure: string | null } = { failure: null }
  #up = false
  #waited = false
  #worked = 0
  /** By the entry, since programs that differ in sizes alone share their code. */
  readonly #slotOf = new Map<Run, number>()
  readonly #paces = new WeakMap<Code, Pace>()
  /** Calls that ran on all threads. */
  launches = 0

  constructor(memory: WebAssembly.Memory, space: Space, threads: number, options: PoolOptions, workerUrl: string | URL | null = null) {
    this.#memory = memory
    this.#words = new Int32Array(memory.buffer, 0, controlEnd / 4)
    this.#space = space
    this.#options = options
    this.#threads = threads
    this.#workerUrl = workerUrl
    this.#mayBlock = mayBlock()
    this.#words[wordOf.firstMaySleep] = this.#mayBlock ? 1 : 0
  }

  /** Why there is one thread although more were asked for; null where there is no such reason. */
  get failure(): string | null {
    return this.#health.failure
  }

  /** Threads that programs may have, the caller's included. */
  get threads(): number {
    return this.#health.failure === null ? this.#threads : 1
  }

  /** Another number of threads, from a worker's file (browsers; null: the package's own). */
  resize(count: number, workerUrl: string | URL | null = this.#workerUrl): void {
    this.stop()
    this.#threads = count
    this.#workerUrl = workerUrl
    this.#health = { failure: null }
  }

  /** How many threads a call of this program gets now; it has to be made by `run`. */
  threadsFor(code: Code): number {
    if (code.sharedTime === 0 || this.threads < 2) return 1
    if (!this.#up && !this.#start(code)) return 1
    if (this.#judges(code) && this.#paceOf(code).next() === 'alone') return 1
    if (code.time < this.#options.wakeTime && Atomics.load(this.#words, wordOf.idle) > 0) {
      Atomics.notify(this.#words, wordOf.sequence)
      return 1
    }
    return this.#install(code) ? this.#threads : 1
  }

  /** Runs a program on as many threads as `threadsFor` said. @throws InternalError when one trapped; the pool can be used after it. */
  run(code: Code, threads: number, args: number): void {
    const judged = this.#up && this.#judges(code)
    const started = judged ? now() : 0
    if (threads === 1) runAlone(code, args)
    else this.#launch(code, args)
    if (judged) this.#paceOf(code).took(threads === 1 ? 'alone' : 'shared', now() - started)
  }

  #judges(code: Code): boolean {
    return this.#options.judge && code.sharedTime > 0 && code.onAll !== true
  }

  #paceOf(code: Code): Pace {
    let pace = this.#paces.get(code)
    if (pace === undefined) this.#paces.set(code, (pace = new Pace()))
    return pace
  }

  #launch(code: Code, args: number): void {
    const words = this.#words
    const threads = this.#threads
    this.launches++
    words[wordOf.slot] = this.#slotOf.get(code.run)!
    words[wordOf.threads] = threads
    for (let line = 0; line < 16 * threads; line += 16) words[wordOf.claimed + line] = words[wordOf.claimed + otherClaims / 4 + line] = 0
    this.#command(0, args)
    let own: unknown = null
    try {
      code.run(0, threads, args)
    } catch (e) {
      own = e
      Atomics.compareExchange(words, wordOf.abort, 0, 1)
    }
    this.#join()
    if (words[wordOf.abort] !== 0) throw this.#recover(own)
  }

  /** Lets the workers go. */
  stop(): void {
    if (this.#workers === null) return
    if (this.#up && this.#health.failure === null) {
      // they must be out of the control words before others come
      this.#command(2, 0)
      this.#join()
    }
    abandoned.unregister(this)
    this.#words[wordOf.generation]! += 1
    this.#workers.stop()
    this.#workers = null
    this.#up = false
    this.#waited = false
    this.#slotOf.clear()
  }

  /** True once all workers are up. */
  #start(code: Code): boolean {
    const words = this.#words
    const { patience, startLimit } = this.#options
    const threads = this.#threads
    if (this.#workers === null) {
      const generation = (words[wordOf.generation]! += 1)
      words.fill(0, wordOf.arrived)
      const sequence = Atomics.load(words, wordOf.sequence)
      words[wordOf.ready] = 0
      words[wordOf.idle] = 0
      words[wordOf.abort] = 0
      const setups = Array.from({ length: threads - 1 }, (_, i) => ({ memory: this.#memory, words: wordOf, generation, sequence, threadId: 1 + i, spinMilliseconds }))
      const health = (this.#health = { failure: null as string | null })
      try {
        this.#workers = startWorkers(setups, (reason) => void (health.failure ??= reason), this.#workerUrl)
      } catch (e) {
        health.failure = String(e)
        return false
      }
      abandoned.register(this, this.#workers, this)
    }
    this.#worked += code.time / 1e6
    if (workersStartAtOnce && this.#mayBlock && this.#worked >= patience && !this.#waited) {
      const deadline = now() + startLimit
      this.#waited = true
      for (;;) {
        const ready = Atomics.load(words, wordOf.ready)
        const left = deadline - now()
        if (ready === threads - 1 || left <= 0) break
        Atomics.wait(words, wordOf.ready, ready, left)
      }
    }
    this.#up = Atomics.load(words, wordOf.ready) === threads - 1
    return this.#up
  }

  #install(code: Code): boolean {
    const known = this.#slotOf.get(code.run)
    if (known !== undefined) {
      // the order of the map is that of the last use
      this.#slotOf.delete(code.run)
      this.#slotOf.set(code.run, known)
      return true
    }
    let slot = this.#slotOf.size
    if (slot === slots) {
      const [oldest, its] = this.#slotOf.entries().next().value!
      this.#slotOf.delete(oldest)
      slot = its
    }
    const words = this.#words
    const { bytes } = code
    const address = this.#space.reserve(bytes.length)
    new Uint8Array(this.#memory.buffer, address, bytes.length).set(bytes)
    words[wordOf.slot] = slot
    words[wordOf.length] = bytes.length
    this.#command(1, address)
    this.#join()
    this.#space.unreserve(address, bytes.length)
    if (words[wordOf.abort] !== 0) {
      // A worker that cannot take a program can run none: go on with one thread.
      const failure = this.#message()
      this.stop()
      this.#health.failure = failure
      return false
    }
    this.#slotOf.set(code.run, slot)
    return true
  }

  #command(command: number, argument: number): void {
    const words = this.#words
    words[wordOf.command] = command
    words[wordOf.argument] = argument
    words[wordOf.done] = 0
    Atomics.add(words, wordOf.sequence, 1)
    if (Atomics.load(words, wordOf.idle) > 0) Atomics.notify(words, wordOf.sequence)
  }

  #join(): void {
    const words = this.#words
    const others = this.#threads - 1
    for (let spins = 0; ; spins++) {
      const done = Atomics.load(words, wordOf.done)
      if (done === others) return
      if (spins < joinSpins || !this.#mayBlock) continue
      Atomics.store(words, wordOf.awaited, 1)
      Atomics.wait(words, wordOf.done, done, joinSlice)
      Atomics.store(words, wordOf.awaited, 0)
    }
  }

  /** All threads are out of the program: barriers start again from nothing. */
  #recover(own: unknown): Error {
    const words = this.#words
    const thread = words[wordOf.abort]! - 1
    const message = thread === 0 ? String(own) : this.#message()
    words.fill(0, wordOf.arrived)
    words[wordOf.sleepers] = 0
    Atomics.store(words, wordOf.abort, 0)
    return own !== null && !(own instanceof WebAssembly.RuntimeError) && thread === 0 && own instanceof Error ? own : new InternalError('call', `a compiled program trapped on thread ${thread}: ${message}`)
  }

  #message(): string {
    const words = this.#words
    return String.fromCharCode(...words.subarray(wordOf.message + 1, wordOf.message + 1 + words[wordOf.message]!))
  }
}

function runAlone(code: Code, args: number): void {
  try {
    code.run(0, 1, args)
  } catch (e) {
    throw e instanceof WebAssembly.RuntimeError ? new InternalError('call', `a compiled program trapped: ${e.message}`) : e
  }
}
