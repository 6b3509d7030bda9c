/** Loops around states: each opens a level at which everything that can be computed is. */
import type { FunctionBuilder, Local } from '../asm/index.ts'
import type { Lanes } from '../lanes/index.ts'
import { hoist } from './schedule.ts'
import { childState, type Coordinate, type State } from './state.ts'

/** The same variables bound in every state, and everything hoisted. */
export function bindAll(states: readonly State[], coordinates: readonly (readonly [number, Coordinate])[]): State[] {
  return states.map((state) => {
    const child = childState(state, { coordinates })
    hoist(child)
    return child
  })
}

/** Loops over `dims` in order, one inside the other; short ones are written out. */
export function nest(fn: FunctionBuilder, states: readonly State[], dims: readonly number[], body: (states: readonly State[]) => void): void {
  const [dim, ...inner] = dims
  if (dim === undefined) return body(states)
  const size = states[0]?.info.sizes[dim] ?? 1
  fn.scope(() => {
    const at = fn.local('i32', `i${dim}`)
    fn.forLoop(at, 0, size, 1, () => {
      fn.scope(() => nest(fn, bindAll(states, [[dim, { local: at, constant: 0 }]]), inner, body))
    })
  })
}

/** All points of `dims` one after the other, without a loop. */
export function unrolled(fn: FunctionBuilder, states: readonly State[], dims: readonly number[], body: (states: readonly State[]) => void): void {
  const [dim, ...inner] = dims
  if (dim === undefined) return body(states)
  const size = states[0]?.info.sizes[dim] ?? 1
  for (let i = 0; i < size; i++) fn.scope(() => unrolled(fn, bindAll(states, [[dim, { local: null, constant: i }]]), inner, body))
}

interface VectorRange {
  readonly dim: number
  readonly size: number
  /** Locals where only a part of the axis is run over: multiples of `4 · forks`, the end also the size itself. */
  readonly part: { readonly begin: Local; readonly end: Local } | null
  /** Vectors side by side in the main loop. */
  readonly forks: number
  /** The vectors are as far apart as they can be: memory is read in as many streams, which is faster where it is far away. */
  readonly apart?: boolean
  /** Called after every `every` steps of the main loop, and at its end. */
  readonly block?: { readonly every: number; readonly end: () => void }
}

/** Runs over the vector axis: `forks` vectors at a time, then single vectors, then one of fewer lanes. */
export function vectorLoop(fn: FunctionBuilder, states: readonly State[], range: VectorRange, body: (states: readonly State[], forks: number, lanes: Lanes) => void): void {
  const { dim, size, part, forks, block } = range
  const step = 4 * forks
  const wideEnd = Math.floor(size / step) * step
  const apart = range.apart === true && part === null
  /** The main loop's variable ends here, and moves by so much. */
  const [end, by] = apart ? [wideEnd / forks, 4] : [wideEnd, step]
  const run = (at: Coordinate, width: number, lanes: Lanes, spread = 4): void => {
    fn.scope(() => {
      const children = states.map((state) => {
        const child = childState(state, { coordinates: [[dim, at]], forks: width, spread, lanes })
        hoist(child)
        return child
      })
      body(children, width, lanes)
    })
  }
  const rest = (): void => {
    const vectors = Math.floor((size - wideEnd) / 4)
    if (vectors > 0) run({ local: null, constant: wideEnd }, vectors, 4)
    const lanes = size % 4
    if (lanes === 1 || lanes === 2 || lanes === 3) run({ local: null, constant: size - lanes }, 1, lanes)
  }
  fn.scope(() => {
    if (part !== null) {
      const v = fn.local('i32', 'v')
      const stop = fn.local('i32', 'stop')
      fn.get(part.end).i32(wideEnd).get(part.end).i32(wideEnd).emit('i32.lt_u').select().set(stop)
      if (wideEnd > 0) fn.forLoop(v, part.begin, stop, step, () => run({ local: v, constant: 0 }, forks, 4))
      if (wideEnd < size) fn.get(part.end).i32(size).emit('i32.eq').if(rest)
      return
    }
    if (wideEnd === step) run({ local: null, constant: 0 }, forks, 4)
    else if (wideEnd > 0) {
      const v = fn.local('i32', 'v')
      const steps = (): void => run({ local: v, constant: 0 }, forks, 4, apart ? end : 4)
      if (block === undefined || end <= block.every * by) fn.forLoop(v, 0, end, by, steps)
      else {
        const stop = fn.local('i32', 'stop')
        fn.i32(0).set(v).loop((again) => {
          fn.get(v).i32(block.every * by).emit('i32.add').tee(stop).i32(end).get(stop).i32(end).emit('i32.lt_u').select().set(stop)
          fn.loop((head) => {
            steps()
            fn.get(v).i32(by).emit('i32.add').tee(v).get(stop).emit('i32.lt_u').brIf(head)
          })
          block.end()
          fn.get(v).i32(end).emit('i32.lt_u').brIf(again)
        })
      }
    }
    rest()
  })
}

interface SixesRange {
  readonly dim: number
  readonly size: number
  /** Called after every `every` steps of four vectors, and at the end of the last. */
  readonly block: { readonly every: number; readonly end: () => void } | null
}

/**
 * What `vectorLoop` of four vectors does, six at a time: for long expressions that end in sums of four. `body` is told the first of
 * its vectors, of which the sum's number is the remainder by four.
 */
export function vectorLoopInSixes(fn: FunctionBuilder, states: readonly State[], { dim, size, block }: SixesRange, body: (states: readonly State[], first: number, forks: number, lanes: Lanes) => void): void {
  const run = (local: Local | null, first: number, forks: number, lanes: Lanes, constant = 4 * first): void => {
    fn.scope(() => {
      const children = states.map((state) => {
        const child = childState(state, { coordinates: [[dim, { local, constant }]], forks, spread: 4, lanes })
        hoist(child)
        return child
      })
      body(children, first, forks, lanes)
    })
  }
  /** So many vectors from an element on; their number is a multiple of four. */
  const some = (from: Local | null, begin: number, count: number): void => {
    const twelves = count - (count % 12)
    if (twelves > 0) {
      fn.scope(() => {
        const v = fn.local('i32', 'v')
        const end = fn.local('i32', 'end')
        const at = (n: number): void => void (from === null ? fn.i32(begin + n) : fn.get(from).i32(n).emit('i32.add'))
        at(0)
        fn.set(v)
        at(4 * twelves)
        fn.set(end)
        fn.loop((again) => {
          run(v, 0, 6, 4)
          run(v, 6, 6, 4)
          fn.get(v).i32(48).emit('i32.add').tee(v).get(end).emit('i32.lt_u').brIf(again)
        })
      })
    }
    for (let k = twelves; k < count; k += 4) run(from, k, 4, 4, begin + 4 * k)
  }
  const steps = Math.floor(size / 16)
  const every = block === null || steps <= block.every ? steps : block.every
  const blocks = every === steps ? 0 : Math.floor(steps / every)
  if (blocks > 0) {
    fn.scope(() => {
      const from = fn.local('i32', 'from')
      fn.forLoop(from, 0, blocks * every * 16, every * 16, () => {
        some(from, 0, 4 * every)
        block?.end()
      })
    })
  }
  const done = blocks * every
  if (done < steps) {
    some(null, 16 * done, 4 * (steps - done))
    if (blocks > 0) block?.end()
  }
  const vectors = Math.floor(size / 4)
  if (vectors > 4 * steps) run(null, 4 * steps, vectors - 4 * steps, 4)
  const lanes = size % 4
  if (lanes === 1 || lanes === 2 || lanes === 3) run(null, 0, 1, lanes, size - lanes)
}
