/**
 * Updates at computed places: a copy of the operand, then every update in order. Where updates are rows, threads share their
 * columns: every element is still updated in order, by one thread. Many single updates of few elements go to copies first (scatter-copies.ts).
 */
import { sizeOf } from '../../../core/aval.ts'
import { buffersOf, type ScatterKernel } from '../../kernel-ir/index.ts'
import type { FunctionRef, ModuleBuilder } from '../asm/index.ts'
import type { EmitContext, EmittedKernel, Phase } from './phase.ts'
import { scatterInCopies } from './scatter-copies.ts'
import { emitUpdates, type Updates, updatesOf } from './scatter-updates.ts'

export function emitScatter(context: EmitContext, name: string, kernel: ScatterKernel, outBytes: number): EmittedKernel {
  const buffers = buffersOf(kernel)
  const copy: Phase = { ...copyPhase(context.module, outBytes), pointers: [kernel.operand, kernel.out].map((buffer) => ({ buffer: buffers.indexOf(buffer) })) }
  if (sizeOf(kernel.space) === 0) return { phases: [copy], scratchBytes: 0, ownBytes: 0 }
  const updates = updatesOf(kernel)
  const inCopies = scatterInCopies(context, name, kernel, updates, outBytes)
  if (inCopies !== null) return inCopies
  return { phases: [copy, { ...updatePhase(context, name, updates), pointers: buffers.map((_, buffer) => ({ buffer })) }], scratchBytes: 0, ownBytes: 0 }
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

function updatePhase(context: EmitContext, name: string, updates: Updates): Omit<Phase, 'pointers'> {
  const { columns, units, time } = updates
  const blocks = Math.ceil(columns / columnBlock)
  const fn = emitUpdates(context, name, updates)
  return { kind: 'team', fn: teamOf(context.module, fn, `${name}_team`, units, columns), units: blocks, unitsPerCall: blocks, sequential: blocks < 2, time }
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
  const step = 4 * Math.ceil(units / 64)
  fn.forLoop(at, 0, units, step, () => {
    fn.get(at).i32(step).emit('i32.add').tee(end).i32(units).get(end).i32(units).emit('i32.lt_u').select().set(end)
    fn.get(at).get(end).get(bounds[0]!).get(bounds[1]!)
    for (let i = 0; i < updates.type.params.length - 4; i++) fn.get(fn.param(2 + i))
    fn.call(updates)
  })
  return fn
}
