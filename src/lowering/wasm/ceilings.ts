/** What the machine can do at most, in WebAssembly on one thread: what programs are measured against. */
import { now } from '#platform'
import { type FunctionBuilder, type Local, ModuleBuilder } from './asm/index.ts'

function instance(bytes: number, build: (module: ModuleBuilder) => void): (n: number) => void {
  const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / 65536) })
  const module = new ModuleBuilder()
  module.importMemory('env', 'memory', { min: 1 })
  build(module)
  return new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()), { env: { memory } }).exports['run'] as (n: number) => void
}

export function best(f: () => void, times: number): number {
  let t = Infinity
  for (let i = 0; i < times; i++) {
    const start = now()
    f()
    t = Math.min(t, now() - start)
  }
  return t
}

/** How many sums are tried: enough to hide an addition's latency, few enough for the registers. */
export const accumulatorCounts: readonly number[] = [4, 6, 8, 10, 12, 14]

/** `n` times a multiply-add to each of some independent sums; their total goes to `address`. */
export function multiplyAdds(fn: FunctionBuilder, n: Local, accumulators: number, address: () => void): void {
  const sums = Array.from({ length: accumulators }, () => fn.local('v128'))
  const [x, y] = [fn.local('v128'), fn.local('v128')]
  fn.f32x4(0.9999).set(x).f32x4(0.5).set(y)
  fn.loop((head) => {
    for (const s of sums) fn.get(s).get(x).emit('f32x4.mul').get(y).emit('f32x4.add').set(s)
    fn.get(n).i32(1).emit('i32.sub').tee(n).brIf(head)
  })
  address()
  for (const [i, s] of sums.entries()) {
    fn.get(s)
    if (i > 0) fn.emit('f32x4.add')
  }
  fn.mem('v128.store')
}

/** GFLOP/s of independent f32x4 multiply-adds; the best of six numbers of accumulators, each tried some times. */
export function peak(times = 12): number {
  let most = 0
  for (const accumulators of accumulatorCounts) {
    const run = instance(65536, (module) => {
      const fn = module.function('run', ['i32'], [])
      multiplyAdds(fn, fn.param(0), accumulators, () => void fn.i32(0))
      module.export('run', fn)
    })
    for (let i = 0; i < 2000; i++) run(100)
    const iterations = 500_000
    most = Math.max(most, (accumulators * 8 * iterations) / best(() => run(iterations), times) / 1e6)
  }
  return most
}

/** GB/s read plus written by a copy loop over 256 MB, or as much as is said. */
export function stream(times = 7, bytes: number = 128 * 2 ** 20): number {
  const run = instance(2 * bytes, (module) => {
    const fn = module.function('run', ['i32'], [])
    const at = fn.local('i32')
    // Called per 64 KiB, so that the engine's optimised code runs.
    fn.forLoop(at, 0, 65536, 64, () => {
      for (let i = 0; i < 64; i += 16) {
        fn.get(at).get(fn.param(0)).emit('i32.add').get(at).get(fn.param(0)).emit('i32.add').mem('v128.load', i).mem('v128.store', bytes + i)
      }
    })
    module.export('run', fn)
  })
  const pass = (): void => {
    for (let p = 0; p < bytes; p += 65536) run(p)
  }
  pass()
  pass()
  return (2 * bytes) / best(pass, times) / 1e6
}
