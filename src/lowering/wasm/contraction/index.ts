/**
 * Contraction kernels as WebAssembly: pack what has to be, multiply strip by strip, finish in the epilogue. One function a
 * kernel; the loops over strips and tiles are shared by all of a module.
 */
import type { FunctionBuilder, FunctionRef, Local, ModuleBuilder } from '../asm/index.ts'
import type { BufferId, ContractionKernel, LoopKernel } from '../../kernel-ir/index.ts'
import { packColumns } from './columns.ts'
import { type ContractionPlan, type Copying, type Packing, planContraction, type ScratchPart } from './plan.ts'
import type { Strided } from './strided.ts'
import { stripArguments, type StripArguments, strips } from './strip.ts'

export { emitSkinny } from './skinny/index.ts'
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

/** No buffer of a program has a number this high: the scratch buffers of a contraction take it and the next four. */
const scratchBuffers: BufferId = 1 << 28

/** `emitLoop` emits a loop kernel that keeps its first axis; `meet` gives the barrier, null where there is one thread. */
export function emitContraction(module: ModuleBuilder, name: string, kernel: ContractionKernel, emitLoop: (kernel: LoopKernel) => EmittedLoop, meet: () => FunctionRef | null): EmittedContraction {
  const plan = planContraction(kernel, scratchBuffers)
  const { lhs, rhs, out, sharing } = plan
  const loops = new Map<LoopKernel, EmittedLoop>()
  const emitted = (loop: LoopKernel | null | undefined): void => void (loop && loops.set(loop, emitLoop(loop)))
  if (lhs.strided === null) ('windows' in lhs.packing ? [lhs.packing.image, lhs.packing.rowTable, lhs.packing.runTable] : [lhs.packing]).forEach((p) => emitted(p.loop))
  if (rhs.strided === null && 'loop' in rhs.packing) emitted(rhs.packing.loop)
  if (out.strided === null) [out.finish.combine, out.finish.epilogue].forEach(emitted)
  const strided = [lhs, rhs, out].flatMap((o) => (o.strided === null ? ('packing' in o && 'from' in o.packing ? [o.packing.from.buffer] : []) : [o.strided.buffer]))
  const buffers = [...new Set([...strided, ...[...loops.values()].flatMap((l) => l.buffers)])].filter((b) => b < scratchBuffers)
  const fn = module.function(name, ['i32', 'i32', 'i32', 'i32', ...buffers.map(() => 'i32' as const)], [])
  const driver = new Driver(module, fn, plan, loops, buffers, strips(module, plan.sum, { packed: plan.rhs.strided === null, windows: lhs.strided === null && 'windows' in lhs.packing }), sharing.kind === 'batches' ? null : meet())
  driver.tables()
  if (sharing.kind === 'slices') driver.slices(sharing.slices)
  else if (plan.wholeRhs) driver.rows()
  else driver.blocks()
  return { fn, buffers, sharedBytes: plan.sharedBytes, ownBytes: plan.ownBytes, parts: partsOf(plan) }
}

function partsOf(plan: ContractionPlan): number {
  switch (plan.sharing.kind) {
    case 'batches':
      return plan.batch
    case 'rows':
      return plan.lhs.strided === null ? plan.rowBlocks : plan.rows
    case 'columns':
      return plan.columnGroups
    case 'slices':
      return plan.sharing.slices
  }
}

/** Half-open; of a thread's share. */
interface Range {
  readonly begin: Local | number
  readonly end: Local | number
}

/** Emits the loops over batches, blocks of k and blocks of rows: little code, which calls what does the work. */
class Driver {
  readonly #module: ModuleBuilder
  readonly #fn: FunctionBuilder
  readonly #plan: ContractionPlan
  readonly #loops: ReadonlyMap<LoopKernel, EmittedLoop>
  readonly #buffers: readonly BufferId[]
  readonly #strips: FunctionRef
  readonly #meet: FunctionRef | null
  readonly #batch: Local
  /** The number of the block of k, and its number counted over all batches. */
  readonly #depthBlock: Local
  readonly #chunk: Local
  /** The first row of a block, and how many they are. */
  readonly #row: Local
  readonly #rows: Local

  constructor(module: ModuleBuilder, fn: FunctionBuilder, plan: ContractionPlan, loops: ReadonlyMap<LoopKernel, EmittedLoop>, buffers: readonly BufferId[], stripsOf: FunctionRef, meet: FunctionRef | null) {
    this.#module = module
    this.#fn = fn
    this.#plan = plan
    this.#loops = loops
    this.#buffers = buffers
    this.#strips = stripsOf
    this.#meet = meet
    this.#batch = fn.local('i32', 'batch')
    this.#depthBlock = fn.local('i32', 'depthBlock')
    this.#chunk = fn.local('i32', 'chunk')
    this.#row = fn.local('i32', 'row')
    this.#rows = fn.local('i32', 'rows')
  }

  /** Where rows and runs of windows are: the same in all blocks. */
  tables(): void {
    const { lhs, depthBlocks } = this.#plan
    if (lhs.strided !== null || !('windows' in lhs.packing)) return
    for (const [{ loop, buffer, part }, end] of [[lhs.packing.rowTable, 1], [lhs.packing.runTable, depthBlocks]] as const) {
      const { fn: write, buffers } = this.#loops.get(loop)!
      this.#fn.i32(0).i32(end)
      for (const b of buffers) if (b === buffer) this.#part(part)
      this.#fn.call(write)
    }
  }

  /** Brings what the windows of this block of rows meet into the image. */
  #gather(): void {
    const fn = this.#fn
    const { lhs, rowBlocks, blockRows } = this.#plan
    if (lhs.strided !== null || !('windows' in lhs.packing)) return
    const { loop, buffer, part } = lhs.packing.image
    const { fn: write, buffers } = this.#loops.get(loop)!
    const block = fn.local('i32', 'block')
    fn.get(this.#batch).i32(rowBlocks).emit('i32.mul').get(this.#row).i32(blockRows).emit('i32.div_u').emit('i32.add').tee(block).get(block).i32(1).emit('i32.add')
    for (const b of buffers) {
      if (b === buffer) this.#part(part)
      else this.#pointer(b)
    }
    fn.call(write)
    fn.free(block)
  }

  /** All columns lie ready, or are packed by each thread; then blocks of rows are finished one after the other. */
  rows(): void {
    const fn = this.#fn
    const { sharing, batch, depthBlocks, rhs } = this.#plan
    const alone = sharing.kind === 'batches'
    const batches = alone ? this.#share(batch) : { begin: 0, end: batch }
    const mine = this.#shareOfRows(!alone)
    fn.forLoop(this.#batch, batches.begin, batches.end, 1, () => {
      if (rhs.strided === null) {
        fn.get(this.#batch).i32(depthBlocks).emit('i32.mul').set(this.#chunk)
        this.#packColumns(rhs.packing, { begin: 0, end: depthBlocks }, true)
      }
      this.#eachBlock(mine, () => {
        this.#gather()
        fn.forLoop(this.#depthBlock, 0, depthBlocks, 1, () => this.#multiplyBlock(null))
        this.#finishBlock()
      })
    })
  }

  /** Blocks of k, in each all rows or columns of this thread: where columns are too many to be packed at once, or threads take groups of them. */
  blocks(): void {
    const fn = this.#fn
    const { sharing, batch, depthBlocks, columnGroups, rhs, out } = this.#plan
    const alone = sharing.kind === 'batches'
    const byColumns = sharing.kind === 'columns'
    const batches = alone ? this.#share(batch) : { begin: 0, end: batch }
    const groups = byColumns ? this.#share(columnGroups) : { begin: 0, end: columnGroups }
    const mine = this.#shareOfRows(sharing.kind === 'rows')
    const ifLast = (then: () => void): void => {
      if (depthBlocks === 1) then()
      else fn.get(this.#depthBlock).i32(depthBlocks - 1).emit('i32.eq').if(then)
    }
    fn.forLoop(this.#batch, batches.begin, batches.end, 1, () => {
      // the sums of the batch before have been read by all
      if (byColumns && batch > 1 && out.strided === null) fn.get(this.#batch).if(() => this.#wait())
      fn.forLoop(this.#depthBlock, 0, depthBlocks, 1, () => {
        this.#setChunk()
        if (rhs.strided === null) this.#packColumns(rhs.packing, groups, false)
        this.#eachBlock(mine, () => {
          this.#gather()
          this.#multiplyBlock(byColumns ? groups : null)
          if (!byColumns) ifLast(() => this.#finishBlock())
        })
      })
      if (byColumns && out.strided === null) {
        this.#wait()
        this.#finishRows()
      }
    })
  }

  /** Slices of k, each into sums of its own, which are then added in order, rows shared. */
  slices(slices: number): void {
    const fn = this.#fn
    const { batch, depthBlocks, rowBlocks, blockRows, rows, rhs } = this.#plan
    const mine = this.#share(slices)
    const [slice, first, end] = [fn.local('i32', 'slice'), fn.local('i32', 'first'), fn.local('i32', 'end')]
    fn.forLoop(this.#batch, 0, batch, 1, () => {
      if (batch > 1) fn.get(this.#batch).if(() => this.#wait())
      fn.forLoop(slice, mine.begin, mine.end, 1, () => {
        fn.get(slice).i32(depthBlocks).emit('i32.mul').i32(slices).emit('i32.div_u').set(first)
        fn.get(slice).i32(1).emit('i32.add').i32(depthBlocks).emit('i32.mul').i32(slices).emit('i32.div_u').set(end)
        fn.forLoop(this.#depthBlock, first, end, 1, () => {
          this.#setChunk()
          if (rhs.strided === null) this.#packColumns(rhs.packing, { begin: 0, end: 1 }, false)
          this.#eachBlock({ begin: 0, end: rows }, () => this.#multiplySlice({ first, moved: () => void fn.get(slice).i32(rowBlocks * blockRows * this.#sumsRow).emit('i32.mul').emit('i32.add') }))
        })
      })
      this.#wait()
      this.#finishRows()
    })
  }

  #wait(): void {
    if (this.#meet !== null) this.#fn.get(this.#fn.param(0)).get(this.#fn.param(1)).call(this.#meet)
  }

  #push(value: Local | number): FunctionBuilder {
    return typeof value === 'number' ? this.#fn.i32(value) : this.#fn.get(value)
  }

  /** Pushes `local · by`, and adds it to what is on the stack. */
  #addTimes(local: Local | number, by: number): void {
    if (by === 0 || local === 0) return
    this.#push(local)
    if (by !== 1) this.#fn.i32(by).emit('i32.mul')
    this.#fn.emit('i32.add')
  }

  /** This thread's share of `count` things: count · thread / threads. */
  #share(count: number): { readonly begin: Local; readonly end: Local } {
    const fn = this.#fn
    const [begin, end] = [fn.local('i32', 'begin'), fn.local('i32', 'end')]
    fn.get(fn.param(0)).i32(count).emit('i32.mul').get(fn.param(1)).emit('i32.div_u').set(begin)
    fn.get(fn.param(0)).i32(1).emit('i32.add').i32(count).emit('i32.mul').get(fn.param(1)).emit('i32.div_u').set(end)
    return { begin, end }
  }

  /** Rows of this thread; in whole blocks where they are packed, since that is done by the block. */
  #shareOfRows(shared: boolean): Range {
    const { rows, rowBlocks, blockRows, lhs } = this.#plan
    if (!shared) return { begin: 0, end: rows }
    if (lhs.strided !== null) return this.#share(rows)
    const fn = this.#fn
    const { begin, end } = this.#share(rowBlocks)
    fn.get(begin).i32(blockRows).emit('i32.mul').set(begin)
    fn.get(end).i32(blockRows).emit('i32.mul').tee(end).i32(rows).get(end).i32(rows).emit('i32.lt_u').select().set(end)
    return { begin, end }
  }

  /** Blocks of rows, of which the last may be shorter. */
  #eachBlock({ begin, end }: Range, body: () => void): void {
    const fn = this.#fn
    const { blockRows } = this.#plan
    fn.forLoop(this.#row, begin, end, blockRows, () => {
      this.#push(end).get(this.#row).emit('i32.sub').tee(this.#rows).i32(blockRows).get(this.#rows).i32(blockRows).emit('i32.lt_u').select().set(this.#rows)
      body()
    })
  }

  #setChunk(): void {
    this.#fn.get(this.#batch).i32(this.#plan.depthBlocks).emit('i32.mul').get(this.#depthBlock).emit('i32.add').set(this.#chunk)
  }

  #part({ own, offset }: ScratchPart): FunctionBuilder {
    return this.#fn.get(this.#fn.param(own ? 3 : 2)).i32(offset).emit('i32.add')
  }

  #pointer(buffer: BufferId): FunctionBuilder {
    return this.#fn.get(this.#fn.param(4 + this.#buffers.indexOf(buffer)))
  }

  /** Bytes between rows of sums in scratch memory. */
  get #sumsRow(): number {
    return this.#plan.paddedColumns * this.#plan.tile.elementBytes
  }

  /** Calls a packing loop for `range` of each of the chunk's `parts`. */
  #pack({ loop, buffer, part }: Packing, parts: number, range: Range): void {
    const fn = this.#fn
    const { fn: pack, buffers } = this.#loops.get(loop)!
    for (const at of [range.begin, range.end]) {
      fn.get(this.#chunk)
      if (parts > 1) fn.i32(parts).emit('i32.mul')
      this.#addTimes(at, 1)
    }
    for (const b of buffers) {
      if (b === buffer) this.#part(part)
      else this.#pointer(b)
    }
    fn.call(pack)
  }

  /** Packs the groups of columns of a range: of this block of k, or counted over all blocks (`whole`). */
  #packColumns(packing: Packing | Copying, range: Range, whole: boolean): void {
    const fn = this.#fn
    const { columns, groupColumns, columnGroups, depth, depthBlocks, rhs, tile } = this.#plan
    if ('loop' in packing) {
      this.#pack(packing, columnGroups, range)
      return
    }
    const { from, part } = packing
    const unit = fn.local('i32', 'unit')
    fn.forLoop(unit, range.begin, range.end, 1, () => {
      const group = fn.local('i32', 'group')
      if (whole && depthBlocks > 1) {
        fn.get(unit).i32(columnGroups).emit('i32.div_u').set(this.#depthBlock)
        fn.get(unit).i32(columnGroups).emit('i32.rem_u').set(group)
      } else fn.get(unit).set(group)
      this.#strided(from, columnGroups > 1 ? [[group, groupColumns * from.free]] : [])
      fn.i32(from.free).i32(from.step)
      this.#part(part)
      this.#addTimes(unit, groupColumns * depth * tile.elementBytes)
      fn.i32(rhs.panel)
      const left = fn.local('i32', 'left')
      fn.i32(columns).get(group).i32(groupColumns).emit('i32.mul').emit('i32.sub').tee(left).i32(groupColumns).get(left).i32(groupColumns).emit('i32.lt_u').select()
      this.#depth()
      fn.call(packColumns(this.#module, this.#plan.sum))
      fn.free(group, left)
    })
    fn.free(unit)
  }

  /** Pushes where an array begins for this batch and block of k, further by some distances. */
  #strided({ buffer, start, batch, step }: Strided, more: readonly (readonly [Local | number, number])[], steps = true): void {
    this.#pointer(buffer)
    this.#addTimes(start, 1)
    this.#addTimes(this.#batch, batch)
    if (steps && this.#plan.depthBlocks > 1) this.#addTimes(this.#depthBlock, this.#plan.depth * step)
    for (const [local, by] of more) this.#addTimes(local, by)
  }

  /** Pushes the steps of this block of k. */
  #depth(): void {
    const { depth, lastDepth, lastOf, depthBlocks } = this.#plan
    const fn = this.#fn
    if (lastDepth === depth) {
      fn.i32(depth)
      return
    }
    fn.i32(lastDepth).i32(depth).get(this.#depthBlock)
    if (lastOf < depthBlocks) fn.i32(lastOf).emit('i32.rem_u')
    fn.i32(lastOf - 1).emit('i32.eq').select()
  }

  /** The block's rows times all columns, or those of `groups`, for a block of k. Of a slice: its first block of k, and code that moves the address of the sums. */
  #multiplyBlock(groups: Range | null, slice?: { readonly first: Local; readonly moved: () => void }): void {
    const fn = this.#fn
    const { lhs, rhs, out, tile, panel, depth, depthBlocks, rowBlocks, blockRows, groupColumns, columnGroups, paddedColumns, wholeRhs } = this.#plan
    const { elementBytes } = tile
    const columnsBefore = (): Local | number => groups?.begin ?? 0
    const windows = lhs.strided === null && 'windows' in lhs.packing ? lhs.packing : null
    if (lhs.strided === null && !('windows' in lhs.packing)) {
      this.#setChunk()
      const block = fn.local('i32', 'rowBlock')
      const next = fn.local('i32', 'next')
      fn.get(this.#row).i32(blockRows).emit('i32.div_u').tee(block).i32(1).emit('i32.add').set(next)
      this.#pack(lhs.packing, rowBlocks, { begin: block, end: next })
      fn.free(block, next)
    }
    const panels = paddedColumns / tile.columns
    const groupPanels = groupColumns / tile.columns
    const push: StripArguments<() => void> = {
      lhs: () => {
        if (windows !== null) this.#part(windows.image.part)
        else if (lhs.strided === null) this.#part((lhs.packing as Packing).part) // else it has windows
        else this.#strided(lhs.strided, [[this.#row, lhs.strided.free]])
      },
      lhsRow: () => void (windows === null ? fn.i32(lhs.row) : this.#part(windows.rowTable.part)),
      lhsStep: () => {
        if (windows === null) fn.i32(lhs.step)
        else {
          this.#part(windows.runTable.part)
          if (depthBlocks > 1) this.#addTimes(this.#depthBlock, 4 * windows.windows.runsOfBlock)
        }
      },
      run: () => void fn.i32(windows?.windows.run ?? 0),
      panel: () => void this.#part(panel),
      rhs: () => {
        if (rhs.strided === null) {
          this.#part(rhs.packing.part)
          if (wholeRhs) this.#addTimes(this.#depthBlock, depthBlocks > 1 ? columnGroups * groupColumns * depth * elementBytes : 0)
          this.#addTimes(columnsBefore(), groupColumns * depth * elementBytes)
          return
        }
        this.#strided(rhs.strided, [[columnsBefore(), groupColumns * elementBytes]])
      },
      rhsStep: () => void fn.i32(rhs.step),
      rhsPanel: () => void fn.i32(rhs.panel),
      sums: () => {
        if (out.strided === null) {
          this.#part(out.finish.sums)
          if (!out.finish.ofBlock) this.#addTimes(this.#row, this.#sumsRow)
          slice?.moved()
        } else this.#strided(out.strided, [[this.#row, out.strided.free]], false)
        this.#addTimes(columnsBefore(), groupColumns * elementBytes)
      },
      rowBytes: () => void fn.i32(out.strided === null ? this.#sumsRow : out.strided.free),
      rows: () => void fn.get(this.#rows),
      columnPanels: () => {
        if (groups === null) {
          fn.i32(panels)
          return
        }
        // panels of the groups, of which the last may be shorter
        const end = fn.local('i32', 'panels')
        this.#push(groups.end).i32(groupPanels).emit('i32.mul').tee(end).i32(panels).get(end).i32(panels).emit('i32.lt_u').select()
        this.#push(groups.begin).i32(groupPanels).emit('i32.mul').emit('i32.sub')
        fn.free(end)
      },
      depth: () => this.#depth(),
      accumulate: () => {
        if (depthBlocks === 1) fn.i32(0)
        else if (slice === undefined) fn.get(this.#depthBlock).i32(0).emit('i32.ne')
        else fn.get(this.#depthBlock).get(slice.first).emit('i32.ne')
      },
    }
    for (const argument of stripArguments) push[argument]()
    fn.call(this.#strips)
  }

  /** As `#multiplyBlock`, of a slice. */
  #multiplySlice(slice: { readonly first: Local; readonly moved: () => void }): void {
    this.#gather()
    this.#multiplyBlock(null, slice)
  }

  /** The epilogue on the block's rows. */
  #finishBlock(): void {
    const { out, rows } = this.#plan
    if (out.strided !== null) return
    const fn = this.#fn
    const [base, first, end] = [fn.local('i32', 'base'), fn.local('i32', 'first'), fn.local('i32', 'end')]
    fn.get(this.#batch).i32(rows).emit('i32.mul').tee(base).get(this.#row).emit('i32.add').tee(first).get(this.#rows).emit('i32.add').set(end)
    this.#epilogue(out.finish, { begin: first, end }, out.finish.ofBlock ? first : base)
    fn.free(base, first, end)
  }

  /** The epilogue on this thread's share of all rows, after the slices' sums are added. */
  #finishRows(): void {
    const { out, rows } = this.#plan
    if (out.strided !== null) return
    const fn = this.#fn
    const { combine, sums } = out.finish
    const mine = this.#share(rows)
    if (combine !== null) {
      fn.get(mine.begin).get(mine.end)
      for (const _ of this.#loops.get(combine)!.buffers) this.#part(sums)
      fn.call(this.#loops.get(combine)!.fn)
    }
    const [base, first, end] = [fn.local('i32', 'base'), fn.local('i32', 'first'), fn.local('i32', 'end')]
    fn.get(this.#batch).i32(rows).emit('i32.mul').tee(base).get(mine.begin).emit('i32.add').set(first)
    fn.get(base).get(mine.end).emit('i32.add').set(end)
    this.#epilogue(out.finish, { begin: first, end }, base)
    fn.free(base, first, end, mine.begin, mine.end)
  }

  /** Calls the epilogue for rows counted over all batches; `from` is the one whose sums stand first. */
  #epilogue({ epilogue, buffer, sums }: Extract<ContractionPlan['out'], { strided: null }>['finish'], range: Range, from: Local): void {
    const fn = this.#fn
    const { fn: run, buffers } = this.#loops.get(epilogue)!
    this.#push(range.begin)
    this.#push(range.end)
    for (const b of buffers) {
      if (b === buffer) this.#part(sums).get(from).i32(this.#sumsRow).emit('i32.mul').emit('i32.sub')
      else this.#pointer(b)
    }
    fn.call(run)
  }
}
