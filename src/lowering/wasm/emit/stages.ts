/** One stage at one point of the space, or at the vectors that lie side by side there. */
import { sizeOf } from '../../../core/aval.ts'
import type { Accumulator, Stage } from '../../kernel-ir/index.ts'
import { accumulatorBit, bodyCost, foldsSixes, forksFor, type Pass, reducedBit, reduceOrder, type VectorMode } from '../arrange/index.ts'
import type { FunctionBuilder, Local } from '../asm/index.ts'
import { keepsLoads } from '../engine.ts'
import { extremum, finishAcross, finishLanes, flush, type Lanes, type Order, reduceStep, type Running, startReduction, type Value } from '../lanes/index.ts'
import type { Helpers } from '../math/index.ts'
import { bindAll, nest, unrolled, vectorLoop, vectorLoopInSixes } from './loops.ts'
import { emitStores, hoist } from './schedule.ts'
import { childState, type State, valueOf } from './state.ts'

export interface StageContext {
  readonly fn: FunctionBuilder
  readonly helpers: Helpers
  readonly space: readonly number[]
  readonly mode: VectorMode
  /** Results of reductions, by fork: `stage.output`. */
  readonly reduced: Map<string, readonly Value[]>
}

/** Elements a lane from which an extremum is worth the instructions after its end. */
const longExtremum = 12
/** Inner loops of so few points, and of so much code, are written out. */
const unrollUpTo = 9
const unrolledCost = 150

const isShort = (stage: Stage): boolean => sizeOf(stage.inner) <= unrollUpTo && sizeOf(stage.inner) * bodyCost(stage) <= unrolledCost

/** The state in which a pass runs: values that depend on earlier reductions become known, and those of the loops' level are computed. */
export function entered(outer: State): State {
  const state = childState(outer, { bits: reducedBit })
  hoist(state)
  return state
}

/** `beside`: an entered map of the same one inner axis, of another point, that is done in the same loop; lanes run along that axis. */
export function emitPass(c: StageContext, pass: Pass, outer: State, beside: State | null = null): void {
  const { fn } = c
  const { stage } = pass
  const rank = c.space.length
  const dims = stage.inner.map((_, i) => rank + i)
  const state = entered(outer)
  if (stage.kind === 'reduce') return emitReduce(c, pass, stage, state, dims, beside)
  if (stage.kind === 'cumulative') return emitCumulative(c, stage, state, dims)
  const body = (inside: readonly State[]): void => {
    for (const s of inside) emitStores(s)
  }
  if (dims.length === 0) return body([state])
  if (c.mode === 'space') return (isShort(stage) ? unrolled : nest)(fn, [state], dims, body)
  const dim = rank + dims.length - 1
  nest(fn, [state], dims.slice(0, -1), (inside) => vectorLoop(fn, inside, { dim, size: stage.inner.at(-1) ?? 1, part: null, forks: forksFor([stage], sizeOf(c.space) * sizeOf(stage.inner)) }, body))
}

type Reduce = Extract<Stage, { kind: 'reduce' }>

function emitReduce(c: StageContext, { number, stores, alone }: Pass, stage: Reduce, state: State, dims: readonly number[], beside: State | null): void {
  const { fn } = c
  const o = reduceOrder(alone.kind === 'reduce' ? alone : stage, c.space, c.mode)
  const { across } = o
  const forks = across ? o.forks : state.forks
  const nodeDType = (node: number): State['info']['nodes'][number]['dtype'] => stage.nodes[node]?.dtype ?? 'float32'
  // a max beside a select of the same node is the value that the select carries anyway, but for NaN
  const twin = (a: Accumulator): number => {
    const select = a.combine === 'max' ? 'selectGe' : a.combine === 'min' ? 'selectLe' : null
    return stage.accumulators.findIndex((other) => other.combine === select && other.node === a.node)
  }
  const twins = stage.accumulators.map(twin)
  const running = stage.accumulators.map((a, i) => (twins[i]! >= 0 ? null : startReduction(c, a, nodeDType(a.node), forks, o.long, { withExtremum: twins.includes(i), long: o.additions > longExtremum })))
  const own = running.filter((r) => r !== null)
  const flushAll = (): void => {
    for (const r of own) flush(c, r)
  }
  const fold = (r: Running, now: State, width: number, lanes: Lanes, order: Order, first = 0): void => {
    for (let fork = 0; fork < width; fork++) {
      const x = valueOf(now, r.accumulator.node, fork)
      const position = r.accumulator.position === null ? null : (valueOf(now, r.accumulator.position, fork)?.[0] ?? null)
      if (x !== undefined) reduceStep(c, r, (first + fork) % forks, x, position, across ? lanes : 4, order)
    }
  }
  // In each lane positions grow, so once it has an element each of the others has to be better: its own first may come again.
  const places = own.filter((r) => r.accumulator.combine === 'argmax' || r.accumulator.combine === 'argmin')
  const given = places.length > 0 && dims.length > 0 && (across ? (stage.inner.at(-1) ?? 1) >= 4 * forks : !isShort(stage))
  if (given) {
    fn.scope(() => {
      const start = childState(state, { coordinates: dims.map((dim) => [dim, { local: null, constant: 0 }] as const), forks })
      hoist(start)
      for (const r of places) fold(r, start, forks, 4, 'first')
    })
  }
  const step = (inside: readonly State[], width: number, lanes: Lanes, order: Order = 'any'): void => {
    const [now, other] = inside
    if (now === undefined) return
    for (const r of own) fold(r, now, width, lanes, order === 'any' && given && places.includes(r) ? 'later' : order)
    if (stores.length > 0) emitStores(now)
    if (other !== undefined) emitStores(other)
  }
  const innermostLoop = (inside: readonly State[]): void => {
    const dim = dims.at(-1)
    if (dim === undefined) return step(inside, forks, 4)
    const size = stage.inner.at(-1) ?? 1
    // engines that move loads would read twelve vectors at once
    if (across && forks === 4 && beside === null && !o.apart && foldsSixes(stage) && keepsLoads()) {
      vectorLoopInSixes(fn, inside, { dim, size, block: o.every === Infinity ? null : { every: o.every, end: flushAll } }, ([now], first, width, lanes) => {
        if (now === undefined) return
        for (const r of own) fold(r, now, width, lanes, 'any', first)
        if (stores.length > 0) emitStores(now)
      })
    } else if (across) vectorLoop(fn, beside === null ? inside : [...inside, beside], { dim, size, part: null, forks, apart: o.apart, ...(o.every === Infinity ? {} : { block: { every: o.every, end: flushAll } }) }, step)
    else if (o.every === Infinity) nest(fn, inside, [dim], (s) => step(s, forks, 4))
    else blockedLoop(fn, inside, dim, size, o.every, flushAll, (s) => step(s, forks, 4))
  }
  if (!across && isShort(stage)) {
    let order: Order = 'first'
    unrolled(fn, [state], dims, (s) => {
      step(s, forks, 4, order)
      order = 'later'
    })
  }
  else if (o.outer === null) nest(fn, [state], dims.slice(0, -1), innermostLoop)
  else {
    const { axis, every } = o.outer
    const within = (s: readonly State[]): void => nest(fn, s, dims.slice(axis + 1, -1), innermostLoop)
    if (every > 1) nest(fn, [state], dims.slice(0, axis), (s) => blockedLoop(fn, s, dims[axis]!, stage.inner[axis] ?? 1, every, flushAll, within))
    else
      nest(fn, [state], dims.slice(0, axis + 1), (s) => {
        within(s)
        flushAll()
      })
  }
  for (const [output, a] of stage.accumulators.entries()) {
    const r = running[output] ?? null
    const carrier = running[twins[output]!] ?? null
    if (r !== null) c.reduced.set(`${number}.${output}`, across ? [finishAcross(c, r)] : finishLanes(c, r))
    else if (carrier !== null) c.reduced.set(`${number}.${output}`, extremum(c, carrier, a))
  }
}

function blockedLoop(fn: FunctionBuilder, states: readonly State[], dim: number, size: number, every: number, end: () => void, body: (states: readonly State[]) => void): void {
  fn.scope(() => {
    const at = fn.local('i32', `i${dim}`)
    const stop = fn.local('i32', 'stop')
    fn.i32(0).set(at).loop((again) => {
      fn.get(at).i32(every).emit('i32.add').tee(stop).i32(size).get(stop).i32(size).emit('i32.lt_u').select().set(stop)
      fn.loop((head) => {
        fn.scope(() => body(bindAll(states, [[dim, { local: at, constant: 0 }]])))
        fn.get(at).i32(1).emit('i32.add').tee(at).get(stop).emit('i32.lt_u').brIf(head)
      })
      end()
      fn.get(at).i32(size).emit('i32.lt_u').brIf(again)
    })
  })
}

/** Element by element along the one inner axis, lanes being points of the space. */
function emitCumulative(c: StageContext, stage: Extract<Stage, { kind: 'cumulative' }>, state: State, dims: readonly number[]): void {
  const { fn } = c
  const [dim] = dims
  const [size] = stage.inner
  if (dim === undefined) return
  const dtypeOf = (node: number): State['info']['nodes'][number]['dtype'] => stage.nodes[node]?.dtype ?? 'float32'
  // Each element of a float32 sum goes to its float64 total: there is no block without a result at its end.
  const running: Running[] = stage.accumulators.map((a) => startReduction(c, a, dtypeOf(a.node), state.forks, true))
  const count: Local = fn.local('i32', 'count')
  fn.forLoop(count, 0, size, 1, () => {
    fn.scope(() => {
      const at = fn.local('i32', 'at')
      if (stage.reverse) fn.i32(size - 1).get(count).emit('i32.sub').set(at)
      else fn.get(count).set(at)
      const [now] = bindAll([state], [[dim, { local: at, constant: 0 }]])
      if (now === undefined) return
      for (const r of running)
        for (let fork = 0; fork < now.forks; fork++) {
          const x = valueOf(now, r.accumulator.node, fork)
          const position = r.accumulator.position === null ? null : (valueOf(now, r.accumulator.position, fork)?.[0] ?? null)
          if (x !== undefined) reduceStep(c, r, fork, x, position, 4, 'any')
        }
      const results = running.map((r) => finishLanes(c, r))
      const after = childState(now, { bits: accumulatorBit, accumulators: Array.from({ length: now.forks }, (_, fork) => results.map((v) => v[fork] ?? [])) })
      hoist(after)
      emitStores(after)
    })
  })
}
