/** What the machine can do at most, in WASM on as many threads as the library uses: every other row is a share of this. */
import { Heap } from '../../src/backends/wasm/heap.ts'
import { type Code, ThreadPool } from '../../src/backends/wasm/pool.ts'
import { type FunctionBuilder, ModuleBuilder } from '../../src/lowering/wasm/asm/index.ts'
import { accumulatorCounts, best, multiplyAdds } from '../../src/lowering/wasm/ceilings.ts'

export interface Ceiling {
  readonly threads: number
  /** GFLOP/s of independent f32x4 multiply-adds; the best of six numbers of accumulators. */
  readonly peak: number
  /** GB/s read plus written by a copy loop over 256 MB. */
  readonly stream: number
}

/** The ceilings of one thread and, where there are more, of all. */
export function ceilings(threads: number): Ceiling[] {
  const heap = new Heap()
  const space = { reserve: (bytes: number) => heap.reserve(bytes), unreserve: (at: number, bytes: number) => heap.unreserve(at, bytes) }
  return [...new Set([1, threads])].map((count) => {
    const pool = new ThreadPool(heap.memory, space, count, { patience: 0, startLimit: 60_000, wakeTime: 0, judge: false })
    const ceiling = { threads: count, peak: peak(heap, pool), stream: stream(heap, pool) }
    pool.stop()
    return ceiling
  })
}

/** `body` emits `run(threadId, threadCount, argument)`; gives a function that runs it on all threads. */
function program(heap: Heap, pool: ThreadPool, body: (module: ModuleBuilder, fn: FunctionBuilder) => void): (argument: number) => void {
  const module = new ModuleBuilder()
  module.importMemory('env', 'memory', { min: 1, max: 65536, shared: heap.shared })
  const fn = module.function('run', ['i32', 'i32', 'i32'])
  body(module, fn)
  module.export('run', fn)
  const bytes = module.toBytes()
  const run = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory: heap.memory } }).exports['run'] as Code['run']
  const code: Code = { run, bytes, sharedTime: 1e9, time: 1e9 }
  return (argument) => {
    pool.run(code, pool.threadsFor(code), argument)
  }
}

function peak(heap: Heap, pool: ThreadPool): number {
  let most = 0
  const results = heap.reserve(4096)
  for (const accumulators of accumulatorCounts) {
    const run = program(heap, pool, (_, fn) => {
      multiplyAdds(fn, fn.param(2), accumulators, () => void fn.get(fn.param(0)).i32(64).emit('i32.mul').i32(results).emit('i32.add'))
    })
    for (let i = 0; i < 2000; i++) run(100)
    const iterations = 500_000
    most = Math.max(most, (pool.threads * accumulators * 8 * iterations) / best(() => run(iterations), 12) / 1e6)
  }
  heap.unreserve(results, 4096)
  return most
}

function stream(heap: Heap, pool: ThreadPool): number {
  const bytes = 128 * 2 ** 20
  const piece = 65536
  const from = heap.reserve(2 * bytes)
  const run = program(heap, pool, (module, fn) => {
    // A function of its own for each 64 KiB, so that the engine's optimised code runs.
    const copy = module.function('copy', ['i32'])
    const at = copy.local('i32')
    copy.forLoop(at, 0, piece, 64, () => {
      for (let i = 0; i < 64; i += 16) copy.get(at).get(copy.param(0)).emit('i32.add').get(at).get(copy.param(0)).emit('i32.add').mem('v128.load', i).mem('v128.store', bytes + i)
    })
    const [p, begin, end] = [fn.local('i32'), fn.local('i32'), fn.local('i32')]
    for (const [side, bound] of [begin, end].entries()) fn.get(fn.param(0)).i32(side).emit('i32.add').i32(bytes / piece).emit('i32.mul').get(fn.param(1)).emit('i32.div_u').set(bound)
    fn.forLoop(p, begin, end, 1, () => fn.get(p).i32(piece).emit('i32.mul').get(fn.param(2)).emit('i32.add').call(copy))
  })
  const pass = (): void => run(from)
  pass()
  pass()
  const rate = (2 * bytes) / best(pass, 7) / 1e6
  heap.unreserve(from, 2 * bytes)
  return rate
}
