/** What the code of a contraction is written with: its plan, the functions it calls, and the variables of its loops. */
import type { BufferId, LoopKernel } from '../../../kernel-ir/index.ts'
import type { FunctionBuilder, FunctionRef, Local, ModuleBuilder } from '../../asm/index.ts'
import type { EmittedLoop } from '../../emitted-units.ts'
import type { ContractionPlan } from '../plan.ts'
import type { ScratchPart } from '../scratch.ts'
import { type Share, shareOf } from '../share.ts'
import type { Strided } from '../strided.ts'

/** Half-open; of a thread's share. */
export interface Range {
  readonly begin: Local | number
  readonly end: Local | number
}

export class Site {
  readonly module: ModuleBuilder
  readonly fn: FunctionBuilder
  readonly plan: ContractionPlan
  readonly loops: ReadonlyMap<LoopKernel, EmittedLoop>
  readonly buffers: readonly BufferId[]
  readonly strips: FunctionRef
  readonly meet: FunctionRef | null
  readonly batch: Local
  /** The number of the block of k, and its number counted over all batches. */
  readonly depthBlock: Local
  readonly chunk: Local
  /** The first row of a block, and how many they are. */
  readonly row: Local
  readonly rows: Local

  constructor(module: ModuleBuilder, fn: FunctionBuilder, plan: ContractionPlan, loops: ReadonlyMap<LoopKernel, EmittedLoop>, buffers: readonly BufferId[], stripsOf: FunctionRef, meet: FunctionRef | null) {
    this.module = module
    this.fn = fn
    this.plan = plan
    this.loops = loops
    this.buffers = buffers
    this.strips = stripsOf
    this.meet = meet
    this.batch = fn.local('i32', 'batch')
    this.depthBlock = fn.local('i32', 'depthBlock')
    this.chunk = fn.local('i32', 'chunk')
    this.row = fn.local('i32', 'row')
    this.rows = fn.local('i32', 'rows')
  }

  wait(): void {
    if (this.meet !== null) this.fn.get(this.fn.param(0)).get(this.fn.param(1)).call(this.meet)
  }

  push(value: Local | number): FunctionBuilder {
    return typeof value === 'number' ? this.fn.i32(value) : this.fn.get(value)
  }

  /** Pushes `local · by`, and adds it to what is on the stack. */
  addTimes(local: Local | number, by: number): void {
    if (by === 0 || local === 0) return
    this.push(local)
    if (by !== 1) this.fn.i32(by).emit('i32.mul')
    this.fn.emit('i32.add')
  }

  /** This thread's share of `count` things. */
  share(count: number): Share {
    return shareOf(this.fn, count)
  }

  /** Rows of this thread; in whole blocks where they are packed, since that is done by the block. */
  shareOfRows(shared: boolean): Range {
    const { rows, rowBlocks, blockRows, lhs } = this.plan
    if (!shared) return { begin: 0, end: rows }
    if (lhs.strided !== null) return this.share(rows)
    const fn = this.fn
    const { begin, end } = this.share(rowBlocks)
    fn.get(begin).i32(blockRows).emit('i32.mul').set(begin)
    fn.get(end).i32(blockRows).emit('i32.mul').tee(end).i32(rows).get(end).i32(rows).emit('i32.lt_u').select().set(end)
    return { begin, end }
  }

  /** Blocks of rows, of which the last may be shorter. */
  eachBlock({ begin, end }: Range, body: () => void): void {
    const fn = this.fn
    const { blockRows } = this.plan
    fn.forLoop(this.row, begin, end, blockRows, () => {
      this.push(end).get(this.row).emit('i32.sub').tee(this.rows).i32(blockRows).get(this.rows).i32(blockRows).emit('i32.lt_u').select().set(this.rows)
      body()
    })
  }

  setChunk(): void {
    this.fn.get(this.batch).i32(this.plan.depthBlocks).emit('i32.mul').get(this.depthBlock).emit('i32.add').set(this.chunk)
  }

  part({ own, offset }: ScratchPart): FunctionBuilder {
    return this.fn.get(this.fn.param(own ? 3 : 2)).i32(offset).emit('i32.add')
  }

  pointer(buffer: BufferId): FunctionBuilder {
    return this.fn.get(this.fn.param(4 + this.buffers.indexOf(buffer)))
  }

  /** Bytes between rows of sums in scratch memory. */
  get sumsRow(): number {
    return this.plan.paddedColumns * this.plan.tile.elementBytes
  }

  /** Pushes where an array begins for this batch and block of k, further by some distances. */
  strided({ buffer, start, batch, step }: Strided, more: readonly (readonly [Local | number, number])[], steps = true): void {
    this.pointer(buffer)
    this.addTimes(start, 1)
    this.addTimes(this.batch, batch)
    if (steps && this.plan.depthBlocks > 1) this.addTimes(this.depthBlock, this.plan.depth * step)
    for (const [local, by] of more) this.addTimes(local, by)
  }

  /** Pushes the steps of this block of k. */
  depth(): void {
    const { depth, lastDepth, lastOf, depthBlocks } = this.plan
    const fn = this.fn
    if (lastDepth === depth) {
      fn.i32(depth)
      return
    }
    fn.i32(lastDepth).i32(depth).get(this.depthBlock)
    if (lastOf < depthBlocks) fn.i32(lastOf).emit('i32.rem_u')
    fn.i32(lastOf - 1).emit('i32.eq').select()
  }
}
