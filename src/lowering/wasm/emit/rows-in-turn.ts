/**
 * Rows whose last pass runs in one loop with the first pass of the next row: what one waits for (memory, the divider) leaves
 * room for the other. Points are independent of each other, and bits do not depend on it.
 */
import { foldsInOrder } from '../../kernel-ir/index.ts'
import { bodyCost, type Pass } from '../arrange/index.ts'
import type { Local } from '../asm/index.ts'
import { keep, type Value } from '../lanes/index.ts'
import { emitPass, entered, type StageContext } from './stages.ts'
import type { State } from './state.ts'

/** Elements of a row that are worth code for it. */
const leastLength = 128
/** Expressions longer than this overlap by themselves. */
const mostCost = 30

/** Whether the passes over a row can be done so. */
export function inTurn({ mode }: StageContext, passes: readonly Pass[], rows: number): boolean {
  const [first, last] = [passes[0]?.stage, passes.at(-1)?.stage]
  if (mode !== 'inner' || rows < 2 || first?.kind !== 'reduce' || last?.kind !== 'map' || foldsInOrder(first)) return false
  const [length = 0, ...more] = first.inner
  return more.length === 0 && length >= leastLength && first.inner.join() === last.inner.join() && passes[0]!.stores.length === 0 && bodyCost(first) + bodyCost(last) <= mostCost
}

/** Rows `begin` to `end`; `at` binds the row whose number a local holds. */
export function emitRowsInTurn(c: StageContext, passes: readonly Pass[], begin: Local, end: Local, at: (row: Local) => readonly State[]): void {
  const { fn } = c
  const [first, last] = [passes[0]!, passes.at(-1)!]
  const row = fn.local('i32', 'row')
  const next = fn.local('i32', 'next')
  const outputs = first.stage.kind === 'reduce' ? first.stage.accumulators.map((_, output) => `${first.number}.${output}`) : []
  /** What the first pass found in the row at hand. */
  const found = new Map<string, Value>()
  const beginRow = (states: readonly State[], beside: State | null): void => {
    emitPass(c, first, states[0]!, beside)
    for (const key of outputs) {
      const [value = []] = c.reduced.get(key) ?? []
      const place = found.get(key)
      if (place === undefined) found.set(key, value.map((part) => keep(fn.get(part), 'found')))
      else value.forEach((part, i) => fn.get(part).set(place[i]!))
    }
  }
  const known = (): void => {
    for (const [key, value] of found) c.reduced.set(key, [value])
  }
  fn.get(begin).tee(row).get(end).emit('i32.lt_u').if(() => {
    beginRow(at(row), null)
    fn.loop((again) => {
      fn.scope(() => {
        known()
        const states = at(row)
        for (const [i, pass] of passes.slice(1, -1).entries()) emitPass(c, pass, states[1 + i]!)
        const lastState = states.at(-1)!
        fn.get(row).i32(1).emit('i32.add').tee(next).get(end).emit('i32.lt_u').if(
          () => fn.scope(() => beginRow(at(next), entered(lastState))),
          () => fn.scope(() => {
            known()
            emitPass(c, last, lastState)
          }),
        )
      })
      fn.get(next).tee(row).get(end).emit('i32.lt_u').brIf(again)
    })
  })
}
