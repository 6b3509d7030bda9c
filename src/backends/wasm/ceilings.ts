/** What a heap's threads can do at most, all together. */
import { peak, stream, type Team } from '../../lowering/wasm/index.ts'
import type { Heap } from './heap.ts'
import type { Code, ThreadPool } from './pool.ts'

export interface Ceilings {
  /** Threads that took part. */
  readonly threads: number
  /** GFLOP/s. */
  readonly peak: number
  /** GB/s, read and written. */
  readonly stream: number
}

/** Measures them: each loop so many times, the copy with so many bytes. */
export function ceilings(heap: Heap, pool: ThreadPool, times: number, bytes: number): Ceilings {
  let threads = 1
  const team: Team = {
    shared: heap.shared,
    reserve: (n) => heap.reserve(n),
    unreserve: (address, n) => {
      heap.unreserve(address, n)
    },
    load: (module) => {
      const run = new WebAssembly.Instance(new WebAssembly.Module(module), { env: { memory: heap.memory } }).exports['run'] as Code['run'] // by its signature
      const code: Code = { run, bytes: module, sharedTime: 1e9, time: 1e9, onAll: true }
      return (argument) => {
        threads = pool.threadsFor(code)
        pool.run(code, threads, argument)
        return threads
      }
    },
  }
  // In this order: the first brings the threads up, so that all take part in the second.
  const [flops, traffic] = [peak(team, times), stream(team, times, bytes)]
  return { threads, peak: flops, stream: traffic }
}
