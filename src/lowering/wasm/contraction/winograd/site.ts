/** What the code of Winograd's algorithm is written with: its plan, the functions it calls, a block's variables, scratch memory. */
import type { BufferId } from '../../../kernel-ir/index.ts'
import { products } from '../../../winograd/matrices.ts'
import { columnsApart, type WinogradPlan } from '../../../winograd/plan.ts'
import type { FunctionBuilder, FunctionRef, Local, ModuleBuilder } from '../../asm/index.ts'
import type { EmittedLoop } from '../../emitted-units.ts'
import { Areas, type ScratchPart } from '../scratch.ts'
import { type Share, shareOf } from '../share.ts'
import { stripArguments, type StripArguments, strips } from '../strip.ts'

export interface Loops {
  readonly data: EmittedLoop
  readonly other: EmittedLoop
  readonly direct: EmittedLoop
  readonly epilogue: EmittedLoop
}

/** Bytes from one product's matrix, of so many elements, to the next one's: a transform writes to all sixteen, which must not meet in the same lines of the first-level cache. */
export const apart = (elements: number): number => Math.ceil((4 * elements - 192) / 1024) * 1024 + 192

export class Site {
  readonly module: ModuleBuilder
  readonly fn: FunctionBuilder
  readonly plan: WinogradPlan
  readonly loops: Loops
  readonly buffers: readonly BufferId[]
  readonly meet: FunctionRef | null
  readonly strips: FunctionRef
  readonly areas: Areas = new Areas()
  /** Where the scratch buffers of the loops stand. */
  readonly pieces: Map<BufferId, ScratchPart> = new Map()
  /** Of a block: its images, its rows of tiles in each of them, and how many tiles that is. */
  readonly images: Share
  readonly rows: Share
  readonly count: Local

  constructor(module: ModuleBuilder, fn: FunctionBuilder, plan: WinogradPlan, loops: Loops, buffers: readonly BufferId[], meet: FunctionRef | null) {
    this.module = module
    this.fn = fn
    this.plan = plan
    this.loops = loops
    this.buffers = buffers
    this.meet = meet
    this.strips = strips(module, 'float32', { packed: true, windows: false })
    this.images = { begin: fn.local('i32', 'image'), end: fn.local('i32', 'imageEnd') }
    this.rows = { begin: fn.local('i32', 'tileRow'), end: fn.local('i32', 'tileRowEnd') }
    this.count = fn.local('i32', 'tiles')
  }

  wait(): void {
    if (this.meet !== null) this.fn.get(this.fn.param(0)).get(this.fn.param(1)).call(this.meet)
  }

  /** This thread's share of `count` things. */
  share(count: number): Share {
    return shareOf(this.fn, count)
  }

  dataRowBytes(): number {
    const { dataAcross, groups, channels } = this.plan
    return dataAcross * groups * channels * 4
  }

  gradientRowBytes(): number {
    const { tilesAcross, columns } = this.plan
    return 2 * tilesAcross * columns * 4
  }

  /** Of a block's rows of data. */
  dataBytes(): number {
    const { blockImages, blockTileRows } = this.plan
    return blockImages * (2 * blockTileRows + 2) * this.dataRowBytes()
  }

  push({ own, offset }: ScratchPart): void {
    this.fn.get(this.fn.param(own ? 3 : 2)).i32(offset).emit('i32.add')
  }

  /** What a block is: its images and its rows of tiles. */
  enter(block: Local): void {
    const fn = this.fn
    const { images, blockImages, blockTileRows, tileRows, tilesAcross, blocksOfImage } = this.plan
    const atMost = (local: Local, most: number): void => void fn.get(local).i32(most).get(local).i32(most).emit('i32.lt_u').select().set(local)
    fn.get(block).i32(blocksOfImage).emit('i32.div_u').i32(blockImages).emit('i32.mul').tee(this.images.begin).i32(blockImages).emit('i32.add').set(this.images.end)
    atMost(this.images.end, images)
    fn.get(block).i32(blocksOfImage).emit('i32.rem_u').i32(blockTileRows).emit('i32.mul').tee(this.rows.begin).i32(blockTileRows).emit('i32.add').set(this.rows.end)
    atMost(this.rows.end, tileRows)
    fn.get(this.images.end).get(this.images.begin).emit('i32.sub').get(this.rows.end).get(this.rows.begin).emit('i32.sub').emit('i32.mul').i32(tilesAcross).emit('i32.mul').set(this.count)
  }

  /** Pushes image · rows + 2 · row of tiles. */
  pushRow(image: Local, rows: number, tileRow: Local): void {
    this.fn.get(image).i32(rows).emit('i32.mul').get(tileRow).i32(1).emit('i32.shl').emit('i32.add')
  }

  /** Evaluates the data, or the results' gradients, for the rows of the block into `read`; `transform` is called for each row of tiles, with where it begins, `to` and the number of its first tile. */
  bring(what: 'data' | 'other', read: ScratchPart, to: ScratchPart, transform: (firstTile: Local) => void): void {
    const fn = this.fn
    const more = what === 'data' ? 2 : 0
    const rowBytes = what === 'data' ? this.dataRowBytes() : this.gradientRowBytes()
    const rows = 2 * this.plan.tileRows + more
    const [begin, end] = [fn.local('i32', 'begin'), fn.local('i32', 'end')]
    this.pushRow(this.images.begin, rows, this.rows.begin)
    fn.set(begin)
    fn.get(this.images.end).i32(1).emit('i32.sub').i32(rows).emit('i32.mul').get(this.rows.end).i32(1).emit('i32.shl').emit('i32.add').i32(more).emit('i32.add').set(end)
    this.call(this.loops[what], begin, end, { row: begin, bytes: rowBytes })
    fn.free(begin, end)
    this.eachTileRow((row, firstTile) => {
      this.push(read)
      fn.get(row).i32(rowBytes).emit('i32.mul').emit('i32.add')
      this.push(to)
      transform(firstTile)
    }, more)
  }

  /** Calls `body` for each row of tiles, with its first row among the block's, which overlap by `more` at the end of an image, and the number of its first tile. */
  eachTileRow(body: (row: Local, firstTile: Local) => void, more: number): void {
    const fn = this.fn
    const { tilesAcross } = this.plan
    const [image, tileRow, row, tile] = [fn.local('i32', 'image'), fn.local('i32', 'tileRow'), fn.local('i32', 'row'), fn.local('i32', 'tile')]
    fn.i32(0).set(row).i32(0).set(tile)
    fn.forLoop(image, this.images.begin, this.images.end, 1, () => {
      fn.forLoop(tileRow, this.rows.begin, this.rows.end, 1, () => {
        body(row, tile)
        fn.get(row).i32(2).emit('i32.add').set(row)
        fn.get(tile).i32(tilesAcross).emit('i32.add').set(tile)
      })
      if (more > 0) fn.get(row).i32(more).emit('i32.add').set(row)
    })
    fn.free(image, tileRow, row, tile)
  }

  /** The sixteen products of each group: `push` gives the first one's arguments, `bytes` how far those of the next product are. */
  multiply(push: Omit<StripArguments<() => void>, 'run' | 'rhsStep' | 'rowBytes' | 'columnPanels'>, bytes: { readonly lhs: number; readonly rhs: number; readonly sums: number }): void {
    const fn = this.fn
    const { groups, channels, paddedColumns } = this.plan
    const panels = paddedColumns / columnsApart / groups
    const [each, group] = [fn.local('i32', 'product'), fn.local('i32', 'group')]
    const moved = (of: 'lhs' | 'rhs' | 'sums', toNextGroup: () => void) => (): void => {
      push[of]()
      fn.get(each).i32(bytes[of]).emit('i32.mul').emit('i32.add')
      if (groups === 1) return
      fn.get(group)
      toNextGroup()
      fn.emit('i32.mul').emit('i32.add')
    }
    const all: StripArguments<() => void> = {
      ...push,
      run: () => void fn.i32(0),
      lhs: moved('lhs', () => void fn.i32(channels * 4)),
      rhs: moved('rhs', () => {
        push.rhsPanel()
        fn.i32(panels).emit('i32.mul')
      }),
      sums: moved('sums', () => void fn.i32(panels * columnsApart * 4)),
      rhsStep: () => void fn.i32(columnsApart * 4),
      rowBytes: () => void fn.i32(paddedColumns * 4),
      columnPanels: () => void fn.i32(panels),
    }
    const one = (): void => {
      for (const argument of stripArguments) all[argument]()
      fn.call(this.strips)
    }
    fn.forLoop(each, 0, products, 1, () => (groups === 1 ? one() : fn.forLoop(group, 0, groups, 1, one)))
    fn.free(each, group)
  }

  /** Calls a loop; what it finds in scratch memory is counted from `moved.row`. */
  call(loop: EmittedLoop, begin: Local, end: Local, moved: { readonly row: Local; readonly bytes: number } | null): void {
    const fn = this.fn
    fn.get(begin).get(end)
    for (const b of loop.buffers) {
      const piece = this.pieces.get(b)
      if (piece === undefined) {
        fn.get(fn.param(4 + this.buffers.indexOf(b)))
        continue
      }
      this.push(piece)
      if (moved !== null) fn.get(moved.row).i32(moved.bytes).emit('i32.mul').emit('i32.sub')
    }
    fn.call(loop.fn)
  }
}
