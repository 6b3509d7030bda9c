/** What the machine can do at most in WebAssembly, on the threads that programs have: what kernels are measured against. */
import { now } from '#platform'
import { type FunctionBuilder, ModuleBuilder } from './asm/index.ts'

/** A memory, and the threads that share it. */
export interface Team {
  readonly shared: boolean
  readonly reserve: (bytes: number) => number
  readonly unreserve: (address: number, bytes: number) => void
  /** The code of a `run(threadId, threadCount, argument)` as a function that runs it on all threads, and says how many they are. */
  readonly load: (module: Uint8Array<ArrayBuffer>) => (argument: number) => number
}

/** Runs before the clock, until the engine has optimised the code. */
const warmUps = 8

/** The greatest of so many runs' `work`, which is given the number of threads, over milliseconds. */
function best(run: () => number, times: number, work: (threads: number) => number): number {
  for (let i = 0; i < warmUps; i++) run()
  let most = 0
  for (let i = 0; i < times; i++) {
    const start = now()
    const threads = run()
    most = Math.max(most, work(threads) / (now() - start))
  }
  return most
}

function code(shared: boolean, body: (module: ModuleBuilder, run: FunctionBuilder) => void): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder()
  module.importMemory('env', 'memory', { min: 1, max: 65536, shared })
  const run = module.function('run', ['i32', 'i32', 'i32'])
  body(module, run)
  module.export('run', run)
  return module.toBytes()
}

/** How many sums are tried: enough to hide an addition's latency, few enough for the registers. */
const accumulatorCounts: readonly number[] = [4, 6, 8, 10, 12, 14]
/** Multiply-adds to each sum in one call of the inner function, and calls of it: functions are optimised from one call to the next. */
const [steps, calls] = [5000, 100]

/** Each thread's multiply-adds to some independent sums; their total goes to a line of its own from the argument on. */
const peakCode = (shared: boolean, accumulators: number): Uint8Array<ArrayBuffer> =>
  code(shared, (module, run) => {
    const fn = module.function('multiplyAdds', ['i32'])
    const sums = Array.from({ length: accumulators }, () => fn.local('v128'))
    const [x, y, n] = [fn.local('v128'), fn.local('v128'), fn.local('i32')]
    fn.f32x4(0.9999).set(x).f32x4(0.5).set(y).i32(steps).set(n)
    fn.loop((head) => {
      for (const s of sums) fn.get(s).get(x).emit('f32x4.mul').get(y).emit('f32x4.add').set(s)
      fn.get(n).i32(1).emit('i32.sub').tee(n).brIf(head)
    })
    fn.get(fn.param(0))
    for (const [i, s] of sums.entries()) {
      fn.get(s)
      if (i > 0) fn.emit('f32x4.add')
    }
    fn.mem('v128.store')
    run.forLoop(run.local('i32'), 0, calls, 1, () => run.get(run.param(2)).get(run.param(0)).i32(64).emit('i32.mul').emit('i32.add').call(fn))
  })

/** GFLOP/s of independent f32x4 multiply-adds on all threads; the best of six numbers of sums, each tried some times. */
export function peak(team: Team, times: number): number {
  const lines = 4096
  const at = team.reserve(lines)
  const rates = accumulatorCounts.map((accumulators) => {
    const run = team.load(peakCode(team.shared, accumulators))
    return best(() => run(at), times, (threads) => (threads * accumulators * 8 * steps * calls) / 1e6)
  })
  team.unreserve(at, lines)
  return Math.max(...rates)
}

/** Copied by one call of the inner function. */
const piece = 65536

/** Copies `bytes` from the argument on to what lies behind them, each thread its share of pieces. */
export const streamCode = (shared: boolean, bytes: number): Uint8Array<ArrayBuffer> =>
  code(shared, (module, run) => {
    const copy = module.function('copy', ['i32'])
    const at = copy.local('i32')
    copy.forLoop(at, 0, piece, 64, () => {
      for (let i = 0; i < 64; i += 16) copy.get(at).get(copy.param(0)).emit('i32.add').get(at).get(copy.param(0)).emit('i32.add').mem('v128.load', i).mem('v128.store', bytes + i)
    })
    const [p, begin, end] = [run.local('i32'), run.local('i32'), run.local('i32')]
    for (const [side, bound] of [begin, end].entries()) run.get(run.param(0)).i32(side).emit('i32.add').i32(bytes / piece).emit('i32.mul').get(run.param(1)).emit('i32.div_u').set(bound)
    run.forLoop(p, begin, end, 1, () => run.get(p).i32(piece).emit('i32.mul').get(run.param(2)).emit('i32.add').call(copy))
  })

/** GB/s read plus written by a loop on all threads that copies so many bytes, rounded to pieces of 64 KiB. */
export function stream(team: Team, times: number, wanted: number): number {
  const bytes = piece * Math.floor(wanted / piece)
  const at = team.reserve(2 * bytes)
  const run = team.load(streamCode(team.shared, bytes))
  const rate = best(() => run(at), times, () => (2 * bytes) / 1e6)
  team.unreserve(at, 2 * bytes)
  return rate
}
