/**
 * How threads share the units of a phase: each begins with a fixed share of its own, which lies in its caches still, and who is
 * done helps the others with theirs, a call at a time. What a unit is depends on shapes alone, so no bit of a result depends on
 * who computes it; and where other processes use a core too, its thread is not waited for by all.
 */
import type { FunctionBuilder, Local } from '../asm/index.ts'
import { control, otherClaims } from './control.ts'

const log2Line = 6

/** At the head of `run(threadId, threadCount, …)`: a local by which phases take turns with two words a thread. */
export function beginClaims(run: FunctionBuilder): Local {
  const turn = run.local('i32', 'turn')
  // The pool clears the words of several threads before they start; one thread alone is started by itself.
  run.get(run.param(1)).i32(1).emit('i32.eq').if(() => {
    for (const offset of [0, otherClaims]) run.i32(0).i32(0).mem('i32.store', control.claimed + offset)
  })
  return turn
}

/** Calls `body(begin, end)` until all units are taken, of every share, `step` units at a time. Between two phases there is a barrier. */
export function claimShares(run: FunctionBuilder, turn: Local, units: number | Local, step: number, body: (begin: Local, end: Local) => void): void {
  const [self, count] = [run.param(0), run.param(1)]
  run.scope(() => {
    const [whose, left, word, first, last, at, next] = ['whose', 'left', 'word', 'first', 'last', 'at', 'next'].map((name) => run.local('i32', name)) as [Local, Local, Local, Local, Local, Local, Local]
    // My word for the next phase: whoever used it did so before the last barrier.
    run.get(turn).i32(otherClaims).emit('i32.xor').get(self).i32(log2Line).emit('i32.shl').emit('i32.add').i32(0).mem('i32.store', control.claimed)
    const edge = (of: Local, more: number): void => {
      run.get(of)
      if (more > 0) run.i32(more).emit('i32.add')
      run.emit('i64.extend_i32_u')
      if (typeof units === 'number') run.i64(BigInt(units))
      else run.get(units).emit('i64.extend_i32_u')
      run.emit('i64.mul').get(count).emit('i64.extend_i32_u').emit('i64.div_u').emit('i32.wrap_i64')
    }
    run.get(self).set(whose).get(count).set(left)
    run.loop((others) => {
      edge(whose, 0)
      run.set(first)
      edge(whose, 1)
      run.set(last)
      run.get(turn).get(whose).i32(log2Line).emit('i32.shl').emit('i32.add').set(word)
      run.block((taken) => {
        run.loop((again) => {
          run.get(word).i32(step).mem('i32.atomic.rmw.add', control.claimed).get(first).emit('i32.add').tee(at).get(last).emit('i32.ge_u').brIf(taken)
          run.get(at).i32(step).emit('i32.add').tee(next).get(last).get(next).get(last).emit('i32.lt_u').select().set(next)
          body(at, next)
          run.br(again)
        })
      })
      run.get(whose).i32(1).emit('i32.add').tee(whose).i32(0).get(whose).get(count).emit('i32.lt_u').select().set(whose)
      run.get(left).i32(1).emit('i32.sub').tee(left).brIf(others)
    })
    run.get(turn).i32(otherClaims).emit('i32.xor').set(turn)
  })
}
