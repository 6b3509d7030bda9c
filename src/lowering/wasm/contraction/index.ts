/**
 * Contraction kernels as WebAssembly: pack, multiply in register tiles, finish in the epilogue. One function a kernel;
 * the tile loop and the microkernel are shared by all of a module.
 */
import type { FunctionBuilder, FunctionRef, Local, ModuleBuilder } from '../asm/index.ts'
import type { BufferId, ContractionKernel, LoopKernel } from '../../kernel-ir/index.ts'
import { type ContractionPlan, planContraction, type ScratchPart } from './plan.ts'
import { tileLoop } from './tiles.ts'

export { emitWinograd } from './winograd/index.ts'

/** A loop kernel as a function `(begin, end, ...pointers)` over its first axis; `buffers` are the pointers' order. */
export interface EmittedLoop {
  readonly fn: FunctionRef
  readonly buffers: readonly BufferId[]
}

export interface EmittedContraction {
  /** `(threadId, threadCount, shared scratch, own scratch, ...pointers)`: this thread's part. */
  readonly fn: FunctionRef
  readonly buffers: readonly BufferId[]
  readonly sharedBytes: number
  readonly ownBytes: number
  /** Threads that can have a part. */
  readonly parts: number
}

/** No buffer of a program has a number this high: the three scratch buffers of a contraction take it and the next two. */
const scratchBuffers: BufferId = 1 << 28

/** `emitLoop` emits a loop kernel that keeps its first axis; `meet` gives the barrier, null where there is one thread. */
export function emitContraction(module: ModuleBuilder, name: string, kernel: ContractionKernel, emitLoop: (kernel: LoopKernel) => EmittedLoop, meet: () => FunctionRef | null): EmittedContraction {
  const plan = planContraction(kernel, scratchBuffers)
  const loops = { packLhs: emitLoop(plan.packLhs), packRhs: emitLoop(plan.packRhs), combine: plan.combine === null ? null : emitLoop(plan.combine), epilogue: emitLoop(plan.epilogue) }
  const { lhs, rhs, sums, ownBytes, sharedBytes } = plan.scratch
  const scratch = new Set([lhs.buffer, rhs.buffer, sums.buffer])
  const buffers = [...new Set([...loops.packLhs.buffers, ...loops.packRhs.buffers, ...loops.epilogue.buffers])].filter((b) => !scratch.has(b))
  const fn = module.function(name, ['i32', 'i32', 'i32', 'i32', ...buffers.map(() => 'i32' as const)], [])
  const driver = new Driver(fn, plan, loops, buffers, tileLoop(module, plan.sum), plan.sharing.kind === 'batches' ? null : meet())
  if (plan.sharing.kind === 'slices') driver.slices(plan.sharing.slices)
  else driver.blocks()
  return { fn, buffers, sharedBytes, ownBytes, parts: partsOf(plan) }
}

function partsOf(plan: ContractionPlan): number {
  switch (plan.sharing.kind) {
    case 'batches':
      return plan.batch
    case 'rows':
      return plan.rowBlocks
    case 'columns':
      return plan.columnGroups
    case 'slices':
      return plan.sharing.slices
  }
}

interface Loops {
  readonly packLhs: EmittedLoop
  readonly packRhs: EmittedLoop
  readonly combine: EmittedLoop | null
  readonly epilogue: EmittedLoop
}

/** Emits the loops over batches, blocks of k and blocks of rows: little code, which calls what does the work. */
class Driver {
  readonly #fn: FunctionBuilder
  readonly #plan: ContractionPlan
  readonly #loops: Loops
  readonly #buffers: readonly BufferId[]
  readonly #tiles: FunctionRef
  readonly #meet: FunctionRef | null
  readonly #rowBytes: number
  /** The number of the batch, of the block of k in it, and of both together. */
  readonly #batch: Local
  readonly #depthBlock: Local
  readonly #chunk: Local
  readonly #rowBlock: Local
  /** Rows of the block. */
  readonly #rows: Local
  /** Counted over all batches. */
  readonly #row: Local

  constructor(fn: FunctionBuilder, plan: ContractionPlan, loops: Loops, buffers: readonly BufferId[], tiles: FunctionRef, meet: FunctionRef | null) {
    this.#fn = fn
    this.#plan = plan
    this.#loops = loops
    this.#buffers = buffers
    this.#tiles = tiles
    this.#meet = meet
    this.#rowBytes = plan.paddedColumns * plan.tile.elementBytes
    this.#batch = fn.local('i32', 'batch')
    this.#depthBlock = fn.local('i32', 'depthBlock')
    this.#chunk = fn.local('i32', 'chunk')
    this.#rowBlock = fn.local('i32', 'rowBlock')
    this.#rows = fn.local('i32', 'rows')
    this.#row = fn.local('i32', 'row')
  }

  /** Batches, blocks of k, then blocks of rows or groups of columns: those of this thread, with barriers where threads share packed columns. */
  blocks(): void {
    const fn = this.#fn
    const { sharing, batch, depthBlocks, rowBlocks, columnGroups } = this.#plan
    const alone = sharing.kind === 'batches'
    const byColumns = sharing.kind === 'columns'
    const batches = alone ? this.#share(batch) : { begin: 0, end: batch }
    const columnShare = alone ? null : this.#share(columnGroups)
    const groups = columnShare ?? { begin: 0, end: columnGroups }
    const blocks = sharing.kind === 'rows' ? this.#share(rowBlocks) : { begin: 0, end: rowBlocks }
    const last = (): void => void fn.get(this.#depthBlock).i32(depthBlocks - 1).emit('i32.eq')
    fn.forLoop(this.#batch, batches.begin, batches.end, 1, () => {
      fn.forLoop(this.#depthBlock, 0, depthBlocks, 1, () => {
        fn.get(this.#batch).i32(depthBlocks).emit('i32.mul').get(this.#depthBlock).emit('i32.add').set(this.#chunk)
        // the packed columns before these have been used by all, the sums before these been read
        if (sharing.kind === 'rows' && batch * depthBlocks > 1) fn.get(this.#chunk).if(() => this.#wait())
        if (byColumns && batch > 1) fn.get(this.#chunk).i32(depthBlocks).emit('i32.rem_u').emit('i32.eqz').get(this.#batch).i32(0).emit('i32.ne').emit('i32.and').if(() => this.#wait())
        this.#callFor(this.#loops.packRhs, columnGroups, groups.begin, groups.end)
        // whoever packed a group of columns is the only one to use it, unless threads take rows
        if (sharing.kind === 'rows') this.#wait()
        fn.forLoop(this.#rowBlock, blocks.begin, blocks.end, 1, () => {
          this.#packRows()
          this.#multiply(() => fn.get(this.#depthBlock).i32(0).emit('i32.ne'), byColumns ? columnShare : null)
          if (byColumns) return
          const finish = (): void => this.#finishBlock()
          if (depthBlocks === 1) finish()
          else {
            last()
            fn.if(finish)
          }
        })
        if (byColumns) {
          const finish = (): void => {
            this.#wait()
            this.#finishRows()
          }
          if (depthBlocks === 1) finish()
          else {
            last()
            fn.if(finish)
          }
        }
      })
    })
  }

  /** Slices of k, each into sums of its own, which are then added in order, rows shared. */
  slices(slices: number): void {
    const fn = this.#fn
    const { batch, depthBlocks, rowBlocks, blockRows } = this.#plan
    const mine = this.#share(slices)
    const [slice, first, end] = [fn.local('i32', 'slice'), fn.local('i32', 'first'), fn.local('i32', 'end')]
    fn.forLoop(this.#batch, 0, batch, 1, () => {
      if (batch > 1) fn.get(this.#batch).if(() => this.#wait())
      fn.forLoop(slice, mine.begin, mine.end, 1, () => {
        fn.get(slice).i32(depthBlocks).emit('i32.mul').i32(slices).emit('i32.div_u').set(first)
        fn.get(slice).i32(1).emit('i32.add').i32(depthBlocks).emit('i32.mul').i32(slices).emit('i32.div_u').set(end)
        fn.forLoop(this.#depthBlock, first, end, 1, () => {
          fn.get(this.#batch).i32(depthBlocks).emit('i32.mul').get(this.#depthBlock).emit('i32.add').set(this.#chunk)
          this.#callFor(this.#loops.packRhs, 1, 0, 1)
          fn.forLoop(this.#rowBlock, 0, rowBlocks, 1, () => {
            this.#packRows()
            this.#multiply(() => fn.get(this.#depthBlock).get(first).emit('i32.ne'), null, () => {
              fn.get(slice).i32(rowBlocks * blockRows * this.#rowBytes).emit('i32.mul').emit('i32.add')
            })
          })
        })
      })
      this.#wait()
      this.#finishRows()
    })
  }

  #wait(): void {
    if (this.#meet !== null) this.#fn.get(this.#fn.param(0)).get(this.#fn.param(1)).call(this.#meet)
  }

  /** This thread's share of `count` things: count · thread / threads. */
  #share(count: number): { readonly begin: Local; readonly end: Local } {
    const fn = this.#fn
    const [begin, end] = [fn.local('i32', 'begin'), fn.local('i32', 'end')]
    fn.get(fn.param(0)).i32(count).emit('i32.mul').get(fn.param(1)).emit('i32.div_u').set(begin)
    fn.get(fn.param(0)).i32(1).emit('i32.add').i32(count).emit('i32.mul').get(fn.param(1)).emit('i32.div_u').set(end)
    return { begin, end }
  }

  #part({ own, offset }: ScratchPart): FunctionBuilder {
    return this.#fn.get(this.#fn.param(own ? 3 : 2)).i32(offset).emit('i32.add')
  }

  /** Pushes the pointers of an emitted loop; the sums' is moved so that row `firstRow` (counted over all batches) is the first. */
  #pointers(loop: EmittedLoop, firstRow: Local | null): void {
    const fn = this.#fn
    const { lhs, rhs, sums } = this.#plan.scratch
    for (const b of loop.buffers) {
      const part = [lhs, rhs, sums].find((s) => s.buffer === b)
      if (part === undefined) {
        fn.get(fn.param(4 + this.#buffers.indexOf(b)))
        continue
      }
      this.#part(part)
      if (part === sums && firstRow !== null) fn.get(firstRow).i32(this.#rowBytes).emit('i32.mul').emit('i32.sub')
    }
  }

  /** Calls a packing loop for parts `begin` to `end` of the chunk's `parts`. */
  #callFor(loop: EmittedLoop, parts: number, begin: Local | number, end: Local | number): void {
    const fn = this.#fn
    for (const at of [begin, end]) {
      fn.get(this.#chunk)
      if (parts > 1) fn.i32(parts).emit('i32.mul')
      if (typeof at === 'number') fn.i32(at)
      else fn.get(at)
      fn.emit('i32.add')
    }
    this.#pointers(loop, null)
    fn.call(loop.fn)
  }

  /** Packs the block's rows, and says how many they are. */
  #packRows(): void {
    const fn = this.#fn
    const { rows, blockRows, rowBlocks } = this.#plan
    const next = fn.local('i32', 'next')
    fn.get(this.#rowBlock).i32(1).emit('i32.add').set(next)
    this.#callFor(this.#loops.packLhs, rowBlocks, this.#rowBlock, next)
    fn.free(next)
    fn.i32(rows).get(this.#rowBlock).i32(blockRows).emit('i32.mul').emit('i32.sub').tee(this.#rows).i32(blockRows).get(this.#rows).i32(blockRows).emit('i32.lt_s').select().set(this.#rows)
  }

  /** The block's rows against all columns, or those of `groups`. `slice` moves the address of the sums. */
  #multiply(accumulate: () => void, groups: { readonly begin: Local; readonly end: Local } | null, slice?: () => void): void {
    const fn = this.#fn
    const { scratch, sumsOfBlock, tile, depth, groupColumns, blockRows, paddedColumns } = this.#plan
    const panels = paddedColumns / tile.columns
    const groupPanels = groupColumns / tile.columns
    this.#part(scratch.lhs)
    this.#part(scratch.rhs)
    if (groups !== null) fn.get(groups.begin).i32(groupColumns * depth * tile.elementBytes).emit('i32.mul').emit('i32.add')
    this.#part(scratch.sums)
    if (!sumsOfBlock) fn.get(this.#rowBlock).i32(blockRows * this.#rowBytes).emit('i32.mul').emit('i32.add')
    if (groups !== null) fn.get(groups.begin).i32(groupColumns * tile.elementBytes).emit('i32.mul').emit('i32.add')
    slice?.()
    fn.get(this.#rows).i32(3).emit('i32.add').i32(2).emit('i32.shr_u')
    if (groups === null) fn.i32(panels)
    else {
      // panels of the groups, of which the last may be shorter
      const end = fn.local('i32', 'panels')
      fn.get(groups.end).i32(groupPanels).emit('i32.mul').tee(end).i32(panels).get(end).i32(panels).emit('i32.lt_u').select()
      fn.get(groups.begin).i32(groupPanels).emit('i32.mul').emit('i32.sub')
      fn.free(end)
    }
    fn.i32(depth)
    accumulate()
    fn.i32(this.#rowBytes).call(this.#tiles)
  }

  /** The epilogue on the block's rows. */
  #finishBlock(): void {
    const fn = this.#fn
    const { rows, blockRows, sumsOfBlock } = this.#plan
    const base = fn.local('i32', 'base')
    fn.get(this.#batch).i32(rows).emit('i32.mul').tee(base)
    fn.get(this.#rowBlock).i32(blockRows).emit('i32.mul').emit('i32.add').set(this.#row)
    fn.get(this.#row).get(this.#row).get(this.#rows).emit('i32.add')
    this.#pointers(this.#loops.epilogue, sumsOfBlock ? this.#row : base)
    fn.call(this.#loops.epilogue.fn)
    fn.free(base)
  }

  /** The epilogue on this thread's share of all rows, after the slices' sums are added. */
  #finishRows(): void {
    const fn = this.#fn
    const { combine, epilogue } = this.#loops
    const mine = this.#share(this.#plan.rows)
    const base = fn.local('i32', 'base')
    if (combine !== null) {
      fn.get(mine.begin).get(mine.end)
      this.#pointers(combine, null)
      fn.call(combine.fn)
    }
    fn.get(this.#batch).i32(this.#plan.rows).emit('i32.mul').set(base)
    fn.get(base).get(mine.begin).emit('i32.add').get(base).get(mine.end).emit('i32.add')
    this.#pointers(epilogue, base)
    fn.call(epilogue.fn)
    fn.free(base)
  }
}
