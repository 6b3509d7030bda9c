/** A loop kernel as one function over a range of its units of work. */
import { sizeOf } from '../../../core/aval.ts'
import { type BufferId, buffersOf, foldsInOrder, type LoopKernel, type NodeId } from '../../kernel-ir/index.ts'
import { arranged, blockOf, chooseMode, forksFor, forksOfRows, nonPositiveNodes, type Pass, passesOf, pointCost, timeOf, unitAxes, unitsPerCall } from '../arrange/index.ts'
import type { FunctionBuilder, Local, ModuleBuilder } from '../asm/index.ts'
import type { EmittedUnits } from '../emitted-units.ts'
import type { Value } from '../lanes/index.ts'
import type { Helpers } from '../math/index.ts'
import { bindAll, nest, vectorLoop } from './loops.ts'
import { emitRowsInTurn, inTurn } from './rows-in-turn.ts'
import { describeStage, hoist } from './schedule.ts'
import { emitPass, type StageContext } from './stages.ts'
import { type Coordinate, rootState, type State } from './state.ts'

interface LoopOptions {
  /** Units are exactly the points of the first axis, whatever its extent. */
  readonly fixedOuter: boolean
  /** How often the function runs for one call of the program: its code is worth as much. */
  readonly times?: number
}

export function emitLoopKernel(module: ModuleBuilder, helpers: Helpers, name: string, given: LoopKernel, options: LoopOptions = { fixedOuter: false }): EmittedUnits {
  const buffers = buffersOf(given)
  const kernel = arranged(given, options.fixedOuter)
  const fn = module.function(name, ['i32', 'i32', ...buffers.map(() => 'i32' as const)])
  const begin = fn.param(0)
  const end = fn.param(1)
  const pointers = new Map(buffers.map((b, i) => [b, fn.param(2 + i)]))
  const { space } = kernel
  const rank = space.length
  const mode = chooseMode(kernel, options.fixedOuter)
  const reduced = new Map<string, readonly Value[]>()
  const context: StageContext = { fn, helpers, space, mode, reduced }
  const nonPositive = nonPositiveNodes(kernel)
  const passes = passesOf(kernel, nonPositive.unlessInfinite)
  const roots = passes.map((pass) => rootState(describe(context, pass, pointers)))
  for (const root of roots) hoist(root)
  const cost = pointCost(kernel)
  const time = timeOf(kernel)
  const { largest } = nonPositive
  const known = largest === null ? passes.length : passes.findIndex((p) => p.stage.kind === 'reduce' && p.number === largest.stage) + 1
  const run = (states: readonly State[]): void => {
    passes.slice(0, known).forEach((pass, i) => emitPass(context, pass, states[i]!))
    if (largest === null) return
    const rest = (sets: readonly ReadonlySet<NodeId>[]) => (): void => {
      fn.scope(() => {
        for (const [i, pass] of passesOf(kernel, sets).entries()) if (i >= known) emitPass(context, pass, { ...states[i]!, info: { ...states[i]!.info, nonPositive: pass.nonPositive } })
      })
    }
    const most = reduced.get(`${largest.stage}.${largest.output}`) ?? []
    most.forEach(([m], i) => {
      fn.get(m!).f32x4(Infinity).emit('f32x4.eq')
      if (i > 0) fn.emit('v128.or')
    })
    fn.emit('v128.any_true').if(rest(nonPositive.always), rest(nonPositive.unlessInfinite))
  }
  const last = space[rank - 1] ?? 1
  const points = (options.times ?? 1) * sizeOf(space) * Math.max(1, ...kernel.stages.map((s) => sizeOf(s.inner)))

  if (mode === 'space' && rank === 1) {
    const forks = forksOfRows(kernel, forksFor(kernel.stages, points))
    const block = blockOf(cost, 4 * forks)
    const units = Math.ceil(last / block)
    const from = fn.local('i32', 'from')
    const to = fn.local('i32', 'to')
    fn.get(begin).i32(block).emit('i32.mul').set(from)
    fn.get(end).i32(block).emit('i32.mul').tee(to).i32(last).get(to).i32(last).emit('i32.lt_u').select().set(to)
    vectorLoop(fn, roots, { dim: 0, size: last, part: { begin: from, end: to }, forks }, run)
    return { fn, buffers, units, unitsPerCall: unitsPerCall(units, block * cost), time }
  }
  const outer = mode === 'space' ? space.slice(0, -1) : space
  const axes = options.fixedOuter ? 1 : unitAxes(outer, cost * sizeOf(space))
  const units = sizeOf(outer.slice(0, axes))
  const unit = fn.local('i32', 'unit')
  const at = (which: Local): State[] => bindAll(roots, decode(fn, which, outer.slice(0, axes)))
  if (largest === null && axes === outer.length && inTurn(context, passes, units)) emitRowsInTurn(context, passes, begin, end, at)
  else fn.forLoop(unit, begin, end, 1, () => {
    fn.scope(() => {
      const states = at(unit)
      nest(fn, states, outer.slice(axes).map((_, i) => axes + i), (inside) => {
        if (mode === 'space') vectorLoop(fn, inside, { dim: rank - 1, size: last, part: null, forks: forksOfRows(kernel, forksFor(kernel.stages, points)) }, run)
        else run(inside)
      })
    })
  })
  return { fn, buffers, units, unitsPerCall: unitsPerCall(units, (cost * sizeOf(space)) / Math.max(1, units)), time }
}

function describe(c: StageContext, { stage, stores, nonPositive }: Pass, pointers: ReadonlyMap<BufferId, Local>): State['info'] {
  const rank = c.space.length
  const inner = stage.inner.length
  const vectorDim = c.mode === 'space' ? rank - 1 : inner > 0 && !foldsInOrder(stage) ? rank + inner - 1 : null
  return describeStage(stage, {
    fn: c.fn,
    helpers: c.helpers,
    sizes: [...c.space, ...stage.inner],
    spaceMask: (1 << rank) - 1,
    vectorDim,
    pointer: (b) => pointers.get(b)!,
    reduced: (s, output, fork) => c.reduced.get(`${s}.${output}`)?.[fork] ?? [],
    nonPositive,
    alsoStores: stores,
  })
}

/** The coordinates of a unit: digits of its number. */
function decode(fn: FunctionBuilder, unit: Local, extents: readonly number[]): (readonly [number, Coordinate])[] {
  const out: (readonly [number, Coordinate])[] = []
  let below = 1
  for (let d = extents.length - 1; d >= 0; d--) {
    const size = extents[d] ?? 1
    const digit = fn.local('i32', `i${d}`)
    fn.get(unit)
    if (below > 1) fn.i32(below).emit('i32.div_u')
    if (d > 0) fn.i32(size).emit('i32.rem_u')
    fn.set(digit)
    out.unshift([d, { local: digit, constant: 0 }])
    below *= size
  }
  return out
}
