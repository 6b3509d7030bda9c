/** Programs made by hand, to see by which protocol threads meet. */
import { Heap } from '../../src/backends/wasm/heap.ts'
import { type Code, type PoolOptions, ThreadPool } from '../../src/backends/wasm/pool.ts'
import { type FunctionBuilder, type FunctionRef, checkStack, ModuleBuilder } from '../../src/lowering/wasm/asm/index.ts'
import { barrier } from '../../src/lowering/wasm/threads/index.ts'

/** Pools that were made; whoever made them stops them. */
export const pools: ThreadPool[] = []

export function poolOf(threads: number, options: Partial<PoolOptions> = {}): { heap: Heap; pool: ThreadPool; args: number } {
  const heap = new Heap()
  const space = { reserve: (bytes: number) => heap.reserve(bytes), unreserve: (address: number, bytes: number) => { heap.unreserve(address, bytes) } }
  const pool = new ThreadPool(heap.memory, space, threads, { patience: 0, startLimit: 60_000, wakeTime: 0, judge: false, ...options })
  pools.push(pool)
  return { heap, pool, args: heap.reserve(4096) }
}

/** A program `run(threadId, threadCount, args)` with the barrier at hand. */
function program(heap: Heap, body: (fn: FunctionBuilder, meet: FunctionRef) => void): Code {
  const module = new ModuleBuilder({ check: checkStack })
  module.importMemory('env', 'memory', { min: 0, max: 65536, shared: true })
  const fn = module.function('run', ['i32', 'i32', 'i32'])
  body(fn, barrier(module))
  module.export('run', fn)
  const bytes = module.toBytes()
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory: heap.memory } })
  return { run: exports['run'] as Code['run'], bytes, sharedTime: 1e6, time: 1e6 }
}

/** Each thread adds 1 to a word of its own, and the number of threads to the next. */
export const census = (heap: Heap): Code =>
  program(heap, (fn) => {
    const mine = fn.local('i32')
    fn.get(fn.param(2)).get(fn.param(0)).i32(8).emit('i32.mul').emit('i32.add').set(mine)
    fn.get(mine).get(mine).mem('i32.load').i32(1).emit('i32.add').mem('i32.store')
    fn.get(mine).get(fn.param(1)).mem('i32.store', 4)
  })

/** `rounds` times: every thread adds 1 to its word; behind the barrier, all of them check that every other has. Word 63 counts faults. */
export const lockstep = (heap: Heap, rounds: number): Code =>
  program(heap, (fn, meet) => {
    const [self, count, args] = [fn.param(0), fn.param(1), fn.param(2)]
    const [round, other, mine] = [fn.local('i32'), fn.local('i32'), fn.local('i32')]
    fn.get(args).get(self).i32(2).emit('i32.shl').emit('i32.add').set(mine)
    fn.forLoop(round, 0, rounds, 1, () => {
      fn.get(mine).get(mine).mem('i32.load').i32(1).emit('i32.add').mem('i32.store')
      fn.get(self).get(count).call(meet)
      fn.forLoop(other, 0, count, 1, () => {
        fn.get(args).get(other).i32(2).emit('i32.shl').emit('i32.add').mem('i32.load').get(mine).mem('i32.load').emit('i32.ne').if(() => {
          fn.get(args).i32(1).mem('i32.atomic.rmw.add', 4 * 63).drop()
        })
      })
      fn.get(self).get(count).call(meet)
    })
  })

/** Traps on the thread whose number stands at `args`; the others wait for it. */
export const trapping = (heap: Heap): Code =>
  program(heap, (fn, meet) => {
    fn.get(fn.param(0)).get(fn.param(2)).mem('i32.load').emit('i32.eq').if(() => fn.unreachable())
    fn.get(fn.param(0)).get(fn.param(1)).call(meet)
  })

export const words = (heap: Heap, address: number, count: number): number[] => [...heap.words.subarray(address / 4, address / 4 + count)]

/** Runs a program on as many threads as the pool gives it, and says how many. */
export function call(pool: ThreadPool, code: Code, args: number): number {
  const threads = pool.threadsFor(code)
  pool.run(code, threads, args)
  return threads
}
