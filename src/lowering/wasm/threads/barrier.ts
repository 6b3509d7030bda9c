/**
 * Where the threads of a program wait for each other.
 *
 * Each thread counts the barriers that it has come to in a word of its own, and waits until the others' are as far: no word
 * has two writers, which is as fast as one counter for two threads and does not collapse for more. It spins for a few
 * microseconds, then sleeps: longer spins keep the others from running where threads outnumber cores.
 */
import type { FunctionRef, ModuleBuilder } from '../asm/index.ts'
import { arrivedAt, control } from './control.ts'

/** About 5 µs. */
const spins = 20_000
/** A sleeper looks for an abort this often (nanoseconds). */
const sleepSlice = 10_000_000n
const log2Line = 6

/** `(threadId, threadCount)`; traps when another thread has. */
export function barrier(module: ModuleBuilder): FunctionRef {
  const known = module.lookup('barrier')
  if (known !== null) return known
  const fn = module.function('barrier', ['i32', 'i32'])
  const [self, count] = [fn.param(0), fn.param(1)]
  const mine = fn.local('i32', 'mine')
  const epoch = fn.local('i32', 'epoch')
  const other = fn.local('i32', 'other')
  const end = fn.local('i32', 'end')
  const seen = fn.local('i32', 'seen')
  const left = fn.local('i32', 'left')
  fn.get(count).i32(2).emit('i32.lt_u').if(() => fn.return())
  fn.get(self).i32(log2Line).emit('i32.shl').set(mine)
  fn.get(mine).mem('i32.atomic.load', arrivedAt(0)).i32(1).emit('i32.add').set(epoch)
  fn.get(mine).get(epoch).mem('i32.atomic.store', arrivedAt(0))
  fn.i32(0).mem('i32.atomic.load', control.sleepers).if(() => fn.get(mine).i32(-1).mem('memory.atomic.notify', arrivedAt(0)).drop())
  fn.get(count).i32(log2Line).emit('i32.shl').set(end)
  fn.i32(spins).set(left)
  fn.forLoop(other, 0, end, 1 << log2Line, () => {
    fn.loop((again) => {
      fn.get(other).mem('i32.atomic.load', arrivedAt(0)).tee(seen).get(epoch).emit('i32.sub').i32(0).emit('i32.lt_s').if(() => {
        fn.get(left).i32(1).emit('i32.sub').tee(left).brIf(again)
        // tired of spinning
        fn.i32(0).mem('i32.atomic.load', control.abort).if(() => fn.unreachable())
        fn.i32(spins).set(left)
        fn.get(self).i32(0).mem('i32.load', control.firstMaySleep).emit('i32.or').if(() => {
          fn.i32(0).i32(1).mem('i32.atomic.rmw.add', control.sleepers).drop()
          fn.get(other).get(seen).i64(sleepSlice).mem('memory.atomic.wait32', arrivedAt(0)).drop()
          fn.i32(0).i32(1).mem('i32.atomic.rmw.sub', control.sleepers).drop()
        })
        fn.br(again)
      })
    })
  })
  return fn
}
