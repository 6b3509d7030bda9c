/** What the machine can do at most, in WASM on as many threads as the library uses: every other row is a share of this. */
import { type Ceilings as Ceiling, ceilings as measure } from '../../src/backends/wasm/ceilings.ts'
import { Heap } from '../../src/backends/wasm/heap.ts'
import { ThreadPool } from '../../src/backends/wasm/pool.ts'
import { ModuleBuilder } from '../../src/lowering/wasm/asm/index.ts'

export type { Ceiling }

/** The ceilings of one thread and, where there are more, of all; 256 MB are copied. */
export function ceilings(threads: number): Ceiling[] {
  const heap = new Heap()
  const space = { reserve: (bytes: number) => heap.reserve(bytes), unreserve: (at: number, bytes: number) => { heap.unreserve(at, bytes) } }
  return [...new Set([1, threads])].map((count) => {
    const pool = new ThreadPool(heap.memory, space, count, { patience: 0, startLimit: 60_000, wakeTime: 0, judge: false })
    const ceiling = measure(heap, pool, 12, 128 * 2 ** 20)
    pool.stop()
    return ceiling
  })
}

/**
 * Cycles in a nanosecond while one thread is busy, for flops a cycle: the rate of a chain of operations on integers, each of which waits for
 * the one before. Additions and exclusive ors of registers take one cycle on every processor that this runs on.
 */
export function clock(): number {
  const module = new ModuleBuilder()
  const [calls, steps, pairs] = [200, 1000, 16]
  const chain = module.function('chain', ['i32', 'i32'], ['i32'])
  const [x, y] = [chain.param(0), chain.param(1)]
  chain.forLoop(chain.local('i32'), 0, steps, 1, () => {
    // In turns, since a sum of constants, or of one value many times, could be made at once.
    for (let i = 0; i < pairs; i++) chain.get(x).get(y).emit('i32.add').set(x).get(y).get(x).emit('i32.xor').set(y)
  })
  chain.get(x)
  const run = module.function('run', ['i32'], ['i32'])
  const sum = run.local('i32')
  run.forLoop(run.local('i32'), 0, calls, 1, () => run.get(sum).get(run.param(0)).call(chain).set(sum))
  run.get(sum)
  module.export('run', run)
  const go = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes())).exports['run'] as (y: number) => number // by its signature
  let fastest = 0
  for (let i = 0; i < 30; i++) {
    const start = performance.now()
    go(i)
    fastest = Math.max(fastest, (calls * steps * pairs * 2) / (performance.now() - start) / 1e6)
  }
  return fastest
}
