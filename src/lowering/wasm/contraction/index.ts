/**
 * Contraction kernels as WebAssembly: pack, multiply in register tiles, finish in the epilogue. One function a kernel;
 * the tile loop and the microkernel are shared by all of a module.
 */
import type { FunctionRef, Local, ModuleBuilder } from '../asm/index.ts'
import type { BufferId, ContractionKernel, LoopKernel } from '../../kernel-ir/index.ts'
import { type ContractionPlan, planContraction } from './plan.ts'
import { tileLoop } from './tiles.ts'

/** A loop kernel as a function `(begin, end, ...pointers)` over its first axis; `buffers` are the pointers' order. */
export interface EmittedLoop {
  readonly fn: FunctionRef
  readonly buffers: readonly BufferId[]
}

export interface EmittedContraction {
  /** `(begin, end, scratch, ...pointers)` over `chunks`. */
  readonly fn: FunctionRef
  readonly buffers: readonly BufferId[]
  readonly chunks: number
}

/** No buffer of a program has a number this high: the three scratch buffers of a contraction take it and the next two. */
const scratchBuffers: BufferId = 1 << 28

/** A plan is asked for twice: for what the kernel needs, and for its code. */
const plans = new WeakMap<ContractionKernel, ContractionPlan>()

function planOf(kernel: ContractionKernel): ContractionPlan {
  const plan = plans.get(kernel) ?? planContraction(kernel, scratchBuffers)
  plans.set(kernel, plan)
  return plan
}

/** Bytes of scratch that one thread needs, and chunks that the kernel falls into. */
export function contractionNeeds(kernel: ContractionKernel): { scratchBytes: number; chunks: number } {
  const plan = planOf(kernel)
  return { scratchBytes: plan.scratch.bytes, chunks: chunksOf(plan) }
}

const chunksOf = (plan: ContractionPlan): number => (plan.walk.kind === 'rows' ? plan.batch * plan.walk.blocks : plan.batch)

/** `emitLoop` emits a loop kernel that keeps its first axis. */
export function emitContraction(module: ModuleBuilder, name: string, kernel: ContractionKernel, emitLoop: (kernel: LoopKernel) => EmittedLoop): EmittedContraction {
  const plan = planOf(kernel)
  const packLhs = emitLoop(plan.packLhs)
  const packRhs = emitLoop(plan.packRhs)
  const epilogue = emitLoop(plan.epilogue)
  const tiles = tileLoop(module, plan.sum)
  const { lhs, rhs, sums } = plan.scratch
  const own = new Set([lhs.buffer, rhs.buffer, sums.buffer])
  const buffers = [...new Set([...packLhs.buffers, ...packRhs.buffers, ...epilogue.buffers])].filter((b) => !own.has(b))
  const fn = module.function(name, ['i32', 'i32', 'i32', ...buffers.map(() => 'i32' as const)], [])
  const begin = fn.param(0)
  const end = fn.param(1)
  const scratch = fn.param(2)
  const chunk = fn.local('i32', 'chunk')
  const batch = fn.local('i32', 'batch')
  const block = fn.local('i32', 'block')
  const row = fn.local('i32', 'row')
  const rows = fn.local('i32', 'rows')
  const { columns, elementBytes } = plan.tile
  const rowBytes = plan.paddedColumns * elementBytes

  /** Pushes the pointers of an emitted loop; the sums' is moved so that row `row` (counted over all batches) is the first. */
  const pointers = (loop: EmittedLoop, firstRow: Local | null): void => {
    for (const b of loop.buffers) {
      const part = [lhs, rhs, sums].find((s) => s.buffer === b)
      if (part === undefined) {
        fn.get(fn.param(3 + buffers.indexOf(b)))
        continue
      }
      fn.get(scratch).i32(part.offset).emit('i32.add')
      if (part === sums && firstRow !== null) fn.get(firstRow).i32(rowBytes).emit('i32.mul').emit('i32.sub')
    }
  }
  const callFor = (loop: EmittedLoop, at: Local): void => {
    fn.get(at).get(at).i32(1).emit('i32.add')
    pointers(loop, null)
    fn.call(loop.fn)
  }
  const multiply = (accumulate: () => void): void => {
    fn.get(scratch).i32(lhs.offset).emit('i32.add').get(scratch).i32(rhs.offset).emit('i32.add').get(scratch).i32(sums.offset).emit('i32.add')
    fn.get(rows).i32(3).emit('i32.add').i32(2).emit('i32.shr_u').i32(plan.paddedColumns / columns).i32(plan.depth)
    accumulate()
    fn.call(tiles)
  }
  const finish = (): void => {
    fn.get(row).get(row).get(rows).emit('i32.add')
    pointers(epilogue, row)
    fn.call(epilogue.fn)
  }

  const { walk } = plan
  if (walk.kind === 'rows') {
    const packed = fn.local('i32', 'packed')
    fn.i32(-1).set(packed)
    fn.forLoop(chunk, begin, end, 1, () => {
      fn.get(chunk).i32(walk.blocks).emit('i32.div_u').set(batch)
      fn.get(chunk).i32(walk.blocks).emit('i32.rem_u').i32(walk.blockRows).emit('i32.mul').set(block)
      // The columns of a batch are packed once, before its first block of rows.
      fn.get(batch).get(packed).emit('i32.ne').if(() => {
        callFor(packRhs, batch)
        fn.get(batch).set(packed)
      })
      callFor(packLhs, chunk)
      fn.i32(plan.rows).get(block).emit('i32.sub').tee(rows).i32(walk.blockRows).get(rows).i32(walk.blockRows).emit('i32.lt_s').select().set(rows)
      multiply(() => fn.i32(0))
      fn.get(batch).i32(plan.rows).emit('i32.mul').get(block).emit('i32.add').set(row)
      finish()
    })
  } else {
    fn.i32(plan.rows).set(rows)
    fn.forLoop(batch, begin, end, 1, () => {
      fn.forLoop(block, 0, walk.blocks, 1, () => {
        fn.get(batch).i32(walk.blocks).emit('i32.mul').get(block).emit('i32.add').set(chunk)
        callFor(packLhs, chunk)
        callFor(packRhs, chunk)
        multiply(() => fn.get(block).i32(0).emit('i32.ne'))
      })
      fn.get(batch).i32(plan.rows).emit('i32.mul').set(row)
      finish()
    })
  }
  return { fn, buffers, chunks: chunksOf(plan) }
}
