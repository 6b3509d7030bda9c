/**
 * Updates at computed places: a copy of the operand, then every update in order. Where updates are rows, threads share their
 * columns: every element is still updated in order, by one thread.
 */
import { dtypeInfo } from '../../../core/dtype.ts'
import { InternalError } from '../../../core/errors.ts'
import { buffersOf, coefficientOf, isNested, type LoopKernel, type ScatterKernel } from '../../kernel-ir/index.ts'
import { normalizeLoop, product } from '../arrange/index.ts'
import type { FunctionRef, Local, ModuleBuilder } from '../asm/index.ts'
import { combineValues, type Lanes, loadContiguous, storeContiguous } from '../lanes/index.ts'
import { accessOf, laneAddress } from './address.ts'
import { placeOf } from './evaluate.ts'
import { bindAll, nest, vectorLoop } from './loops.ts'
import type { EmitContext, EmittedKernel, Phase } from './phase.ts'
import { describeStage, hoist } from './schedule.ts'
import { type Access, isVarying, rootState, type State, valueOf } from './state.ts'

const combining = { sum: 'add', prod: 'mul', min: 'min', max: 'max' } as const

export function emitScatter(context: EmitContext, name: string, kernel: ScatterKernel, outBytes: number): EmittedKernel {
  const buffers = buffersOf(kernel)
  const copy: Phase = { ...copyPhase(context.module, outBytes), pointers: [kernel.operand, kernel.out].map((buffer) => ({ buffer: buffers.indexOf(buffer) })) }
  if (product(kernel.space) === 0) return { phases: [copy], scratchBytes: 0, ownBytes: 0 }
  return { phases: [copy, { ...updatePhase(context, name, kernel), pointers: buffers.map((_, buffer) => ({ buffer })) }], scratchBytes: 0, ownBytes: 0 }
}

const copyBlock = 65536

/** `copy(begin, end, from, to)` in blocks; nothing where the two are one place. */
function copyPhase(module: ModuleBuilder, bytes: number): Omit<Phase, 'pointers'> {
  const units = Math.ceil(bytes / copyBlock)
  const name = `copy_${bytes}`
  return { kind: 'units', fn: module.lookup(name) ?? copyFunction(module, name, bytes), units, unitsPerCall: 4, sequential: false, time: 0.1 * bytes }
}

function copyFunction(module: ModuleBuilder, name: string, bytes: number): FunctionRef {
  const fn = module.function(name, ['i32', 'i32', 'i32', 'i32'])
  const [begin, end, from, to] = [fn.param(0), fn.param(1), fn.param(2), fn.param(3)]
  fn.get(from).get(to).emit('i32.ne').if(() => {
    fn.get(begin).i32(copyBlock).emit('i32.mul').set(begin)
    fn.get(end).i32(copyBlock).emit('i32.mul').tee(end).i32(bytes).get(end).i32(bytes).emit('i32.lt_u').select().set(end)
    fn.get(to).get(begin).emit('i32.add').get(from).get(begin).emit('i32.add').get(end).get(begin).emit('i32.sub')
    fn.bulk('memory.copy')
  })
  return fn
}

function updatePhase({ module, helpers }: EmitContext, name: string, kernel: ScatterKernel): Omit<Phase, 'pointers'> {
  const buffers = buffersOf(kernel)
  const asLoop: LoopKernel = { kind: 'loop', name, space: kernel.space, stages: [{ kind: 'map', inner: [], nodes: kernel.nodes, stores: [{ buffer: kernel.out, index: kernel.index, node: kernel.value }] }] }
  const { space, stages } = normalizeLoop(asLoop)
  const [stage] = stages
  if (stage?.kind !== 'map') throw new InternalError('scatter', 'its nodes became no map')
  const index = stage.stores[0]?.index ?? kernel.index
  const last = space.length - 1
  const positions = kernel.positions.map((p) => p.position)
  // `(begin, end, first column, last column, ...pointers)`
  const fn = module.function(name, ['i32', 'i32', 'i32', 'i32', ...buffers.map(() => 'i32' as const)])
  const pointers = new Map<number, Local>(buffers.map((b, i) => [b, fn.param(4 + i)]))
  const options = { fn, helpers, sizes: space, spaceMask: (1 << space.length) - 1, pointer: (b: number): Local => pointers.get(b)!, reduced: () => [] }
  const describe = (vectorDim: number | null): State['info'] => describeStage({ ...stage, stores: [] }, { ...options, vectorDim }, [...positions, kernel.value])
  // Updates that are neighbours on the last axis go to neighbouring places: they may share a vector.
  const trial = describe(last)
  const together = last >= 1 && !isNested(index, last) && coefficientOf(index, last) === 1 && positions.every((p) => !isVarying(trial, trial.dependencies[p] ?? 0))
  const info = together ? trial : describe(null)
  const access = accessOf(kernel.out, dtypeInfo[kernel.dtype].bytes, index)
  const root = rootState({ ...info, storeAccesses: [access] })
  hoist(root)
  const units = space[0] ?? 1
  const update = (states: readonly State[], lanes: Lanes): void => {
    for (const state of states) emitUpdate(kernel, access, state, lanes)
  }
  const unit = fn.local('i32', 'unit')
  fn.forLoop(unit, fn.param(0), fn.param(1), 1, () => {
    fn.scope(() => {
      const states = space.length > 0 ? bindAll([root], [[0, { local: unit, constant: 0 }]]) : [root]
      const between = space.map((_, d) => d).slice(1, together ? -1 : undefined)
      nest(fn, states, between, (inside) => {
        if (together) vectorLoop(fn, inside, { dim: last, size: space[last] ?? 1, part: { begin: fn.param(2), end: fn.param(3) }, forks: 1 }, (s, _, lanes) => update(s, lanes))
        else update(inside, 1)
      })
    })
  })
  const columns = together ? (space[last] ?? 1) : 1
  const blocks = Math.ceil(columns / columnBlock)
  return { kind: 'team', fn: teamOf(module, fn, `${name}_team`, units, columns), units: blocks, unitsPerCall: blocks, sequential: blocks < 2, time: (together ? 1 : 3) * product(kernel.space) }
}

/** Columns that one thread takes at least: a cache line of them. */
const columnBlock = 16

/** `(threadId, threadCount, ...pointers)`: all updates, in this thread's columns; in several calls, so that optimised code is entered soon. */
function teamOf(module: ModuleBuilder, updates: FunctionRef, name: string, units: number, columns: number): FunctionRef {
  const fn = module.function(name, ['i32', 'i32', ...updates.type.params.slice(4)])
  const bounds = [fn.local('i32', 'first'), fn.local('i32', 'last')]
  const blocks = Math.ceil(columns / columnBlock)
  for (const [side, bound] of bounds.entries()) {
    fn.get(fn.param(0)).i32(side).emit('i32.add').i32(blocks).emit('i32.mul').get(fn.param(1)).emit('i32.div_u').i32(columnBlock).emit('i32.mul').tee(bound)
    fn.i32(columns).get(bound).i32(columns).emit('i32.lt_u').select().set(bound)
  }
  const [at, end] = [fn.local('i32', 'at'), fn.local('i32', 'end')]
  const step = Math.max(1, Math.ceil(units / 16))
  fn.forLoop(at, 0, units, step, () => {
    fn.get(at).i32(step).emit('i32.add').tee(end).i32(units).get(end).i32(units).emit('i32.lt_u').select().set(end)
    fn.get(at).get(end).get(bounds[0]!).get(bounds[1]!)
    for (let i = 0; i < updates.type.params.length - 4; i++) fn.get(fn.param(2 + i))
    fn.call(updates)
  })
  return fn
}

function emitUpdate(kernel: ScatterKernel, access: Access, state: State, lanes: Lanes): void {
  const { fn, helpers } = state.info
  const value = valueOf(state, kernel.value, 0) ?? []
  const drop = kernel.mode === 'drop' && kernel.positions.length > 0
  const { sum, ok } = placeOf(fn, kernel.positions, (id) => valueOf(state, id, 0) ?? [], 0, access.bytes, drop)
  const write = (): void => {
    const address = laneAddress(state, access, 0, 0, kernel.positions.length > 0 ? sum : null, false)
    if (kernel.combine === 'set') return storeContiguous(fn, kernel.dtype, lanes, address, value)
    const old = loadContiguous(fn, kernel.dtype, lanes, address)
    storeContiguous(fn, kernel.dtype, lanes, address, combineValues({ fn, helpers }, combining[kernel.combine], kernel.dtype, old, value))
  }
  if (drop) fn.get(ok).if(() => fn.scope(write))
  else write()
}
