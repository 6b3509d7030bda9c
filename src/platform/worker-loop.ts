/**
 * What a worker thread does all its life: waits for the next command in shared memory, obeys, says that it is done.
 *
 * In Node this function's own text is what the worker runs (its file may have been bundled away), so it uses nothing from
 * outside of its braces; in a browser `worker.ts` calls it.
 */

/** Words of the shared memory by their index, see `lowering/wasm/threads/control.ts`. */
interface WorkerWords {
  readonly sequence: number
  readonly command: number
  readonly slot: number
  readonly threads: number
  readonly argument: number
  readonly length: number
  readonly idle: number
  readonly done: number
  readonly awaited: number
  readonly abort: number
  readonly ready: number
  readonly generation: number
  readonly message: number
  readonly messageLength: number
}

export interface WorkerSetup {
  readonly memory: WebAssembly.Memory
  readonly words: WorkerWords
  /** Of the pool that this worker belongs to: one that comes up after its pool was stopped does nothing. */
  readonly generation: number
  /** The sequence number at which the pool began: commands after it are for this worker, however late it comes up. */
  readonly sequence: number
  readonly threadId: number
  /** How long to spin for the next command before sleeping. */
  readonly spinMilliseconds: number
}

export function workerLoop(setup: WorkerSetup): void {
  const { memory, words: at, generation, threadId, spinMilliseconds } = setup
  // Profiled programs tell the first thread alone. No function of its own: compilers wrap named ones in helpers that are not here.
  const tick = Function.prototype
  const bytes = new Uint8Array(memory.buffer)
  const words = new Int32Array(memory.buffer)
  const programs: ((threadId: number, threadCount: number, argument: number) => void)[] = []
  let seen = setup.sequence
  if (Atomics.load(words, at.generation) !== generation) return
  Atomics.add(words, at.ready, 1)
  Atomics.notify(words, at.ready)
  for (;;) {
    let until = 0
    for (let spins = 0; Atomics.load(words, at.sequence) === seen; spins++) {
      // The clock is looked at now and then, the first time to set the alarm.
      if (spins % 64 !== 0) continue
      const now = performance.now()
      if (until === 0) until = now + spinMilliseconds
      if (now < until) continue
      Atomics.add(words, at.idle, 1)
      Atomics.wait(words, at.sequence, seen)
      if (Atomics.load(words, at.generation) !== generation) return
      Atomics.sub(words, at.idle, 1)
      until = 0 // woken with nothing to do, to be at hand soon: spin again
    }
    seen = Atomics.load(words, at.sequence)
    if (Atomics.load(words, at.generation) !== generation) return
    const command = words[at.command]
    const slot = words[at.slot]!
    const argument = words[at.argument]! >>> 0
    try {
      if (command === 1) {
        const code = bytes.slice(argument, argument + words[at.length]!)
        programs[slot] = new WebAssembly.Instance(new WebAssembly.Module(code), { env: { memory, tick } }).exports['run'] as (typeof programs)[number]
      } else if (command === 0) programs[slot]!(threadId, words[at.threads]!, argument)
    } catch (e) {
      // The first to fail says why; those that it takes along at barriers have nothing to add.
      if (Atomics.compareExchange(words, at.abort, 0, 1 + threadId) === 0) {
        const text = String(e)
        const length = Math.min(text.length, at.messageLength)
        for (let i = 0; i < length; i++) words[at.message + 1 + i] = text.charCodeAt(i)
        words[at.message] = length
      }
    }
    Atomics.add(words, at.done, 1)
    if (Atomics.load(words, at.awaited) !== 0) Atomics.notify(words, at.done)
    if (command === 2) return
  }
}
