/** A thread's share of things that are counted, as code of a function `(threadId, threadCount, …)`. */
import type { FunctionBuilder, Local } from '../asm/index.ts'

export interface Share {
  readonly begin: Local
  readonly end: Local
}

/** This thread's share of `count` things: count · thread / threads. */
export function shareOf(fn: FunctionBuilder, count: number): Share {
  const [begin, end] = [fn.local('i32', 'begin'), fn.local('i32', 'end')]
  fn.get(fn.param(0)).i32(count).emit('i32.mul').get(fn.param(1)).emit('i32.div_u').set(begin)
  fn.get(fn.param(0)).i32(1).emit('i32.add').i32(count).emit('i32.mul').get(fn.param(1)).emit('i32.div_u').set(end)
  return { begin, end }
}
