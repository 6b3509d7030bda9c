/** Convolutions by Winograd's algorithm as WebAssembly: one function a kernel, which shares the loop over tiles of all products. */
import type { FunctionBuilder, FunctionRef, Local, ModuleBuilder } from '../../asm/index.ts'
import type { BufferId, ContractionKernel, LoopKernel } from '../../../kernel-ir/index.ts'
import { products } from '../../../winograd/matrices.ts'
import { columnsApart, planWinograd, type WinogradPlan } from '../../../winograd/plan.ts'
import type { EmittedContraction, EmittedLoop } from '../index.ts'
import { panelBytes, stripArguments, type StripArguments, strips } from '../strip.ts'
import { channelToTaps, dataToTiles, gradientsToColumns, rowsToResults, tapsToColumns } from './transforms.ts'

/** No buffer of a program has a number this high: the three scratch buffers of a contraction take it and the next two. */
const scratchBuffers: BufferId = 1 << 28

/** As `emitContraction`, of a kernel for which the algorithm pays; else null. */
export function emitWinograd(module: ModuleBuilder, name: string, kernel: ContractionKernel, emitLoop: (kernel: LoopKernel) => EmittedLoop, meet: () => FunctionRef | null): EmittedContraction | null {
  const plan = planWinograd(kernel, scratchBuffers)
  if (plan === null) return null
  const loops = { data: emitLoop(plan.data), other: emitLoop(plan.other), direct: emitLoop(plan.direct), epilogue: emitLoop(plan.epilogue) }
  const scratch = new Set(Object.values(plan.buffers))
  const buffers = [...new Set(Object.values(loops).flatMap((l) => l.buffers))].filter((b) => !scratch.has(b))
  const fn = module.function(name, ['i32', 'i32', 'i32', 'i32', ...buffers.map(() => 'i32' as const)], [])
  const driver = new Driver(module, fn, plan, loops, buffers, meet())
  const { sharedBytes, ownBytes } = plan.form === 'results' ? driver.results() : driver.taps()
  return { fn, buffers, sharedBytes, ownBytes, parts: plan.form === 'results' ? plan.blocks * plan.blocksOfImage : plan.slices }
}

interface Loops {
  readonly data: EmittedLoop
  readonly other: EmittedLoop
  readonly direct: EmittedLoop
  readonly epilogue: EmittedLoop
}

/** A piece of scratch memory: the threads' own, or of all. */
interface Piece {
  readonly own: boolean
  readonly offset: number
}

/** Bytes from one product's matrix, of so many elements, to the next one's: a transform writes to all sixteen, which must not meet in the same lines of the first-level cache. */
const apart = (elements: number): number => Math.ceil((4 * elements - 192) / 1024) * 1024 + 192

/** Areas of scratch memory as they are given out. */
class Areas {
  ownBytes = 0
  sharedBytes = 0
  take(area: 'own' | 'shared', bytes: number): Piece {
    const total = `${area}Bytes` as const
    const offset = this[total]
    this[total] += Math.ceil(bytes / 64) * 64
    return { own: area === 'own', offset }
  }
}

interface Range {
  readonly begin: Local
  readonly end: Local
}

class Driver {
  readonly #module: ModuleBuilder
  readonly #fn: FunctionBuilder
  readonly #plan: WinogradPlan
  readonly #loops: Loops
  readonly #buffers: readonly BufferId[]
  readonly #meet: FunctionRef | null
  readonly #strips: FunctionRef
  readonly #areas = new Areas()
  /** Where the scratch buffers of the loops stand. */
  readonly #pieces = new Map<BufferId, Piece>()
  /** Of a block: its images, its rows of tiles in each of them, and how many tiles that is. */
  readonly #images: Range
  readonly #rows: Range
  readonly #count: Local

  constructor(module: ModuleBuilder, fn: FunctionBuilder, plan: WinogradPlan, loops: Loops, buffers: readonly BufferId[], meet: FunctionRef | null) {
    this.#module = module
    this.#fn = fn
    this.#plan = plan
    this.#loops = loops
    this.#buffers = buffers
    this.#meet = meet
    this.#strips = strips(module, 'float32', { packed: true, windows: false })
    this.#images = { begin: fn.local('i32', 'image'), end: fn.local('i32', 'imageEnd') }
    this.#rows = { begin: fn.local('i32', 'tileRow'), end: fn.local('i32', 'tileRowEnd') }
    this.#count = fn.local('i32', 'tiles')
  }

  /** Taps are transformed by channels; then threads take blocks, each from its data to its results. */
  results(): Areas {
    const fn = this.#fn
    const { channels, columns, paddedColumns, tilesAcross, blockImages, blockTileRows, tileRows, height, blocks, blocksOfImage, buffers } = this.#plan
    const pixelBytes = channels * 4
    const tiles = blockImages * blockTileRows * tilesAcross
    const [data, taps, sums] = [tiles * channels, channels * paddedColumns, tiles * paddedColumns].map(apart) as [number, number, number] // three of three
    const resultRow = 2 * tilesAcross * paddedColumns * 4
    // What is read last time before the other is written shares its place.
    const first = this.#areas.take('own', Math.max(products * data, blockImages * 2 * blockTileRows * resultRow))
    const second = this.#areas.take('own', Math.max(products * sums, this.#dataBytes()))
    const panel = this.#areas.take('own', panelBytes(channels))
    const written = this.#areas.take('shared', channels * 9 * columns * 4)
    const packed = this.#areas.take('shared', products * taps)
    this.#pieces.set(buffers.data, second).set(buffers.other, written).set(buffers.sums, first)
    const toTaps = tapsToColumns(this.#module, `${fn.name}_taps`, { columns, channels, productBytes: taps, panelColumns: columnsApart })
    const toData = dataToTiles(this.#module, `${fn.name}_data`, { pixelBytes, rowBytes: this.#dataRowBytes(), channels, tilesAcross, productBytes: data })
    const toResults = rowsToResults(this.#module, `${fn.name}_results`, { columns, productBytes: sums, rowBytes: paddedColumns * 4, tilesAcross })

    const mine = this.#share(channels)
    this.#call(this.#loops.other, mine.begin, mine.end, null)
    this.#push(written)
    this.#push(packed)
    fn.get(mine.begin).get(mine.end).call(toTaps)
    if (this.#meet !== null) fn.get(fn.param(0)).get(fn.param(1)).call(this.#meet)

    const block = fn.local('i32', 'block')
    const share = this.#share(blocks * blocksOfImage)
    fn.forLoop(block, share.begin, share.end, 1, () => {
      this.#enter(block)
      this.#gather(this.#loops.data, 2 * tileRows + 2, 2)
      this.#eachTileRow((tileRow, firstTile) => {
        this.#push(second)
        fn.get(tileRow).i32(this.#dataRowBytes()).emit('i32.mul').emit('i32.add')
        this.#push(first)
        fn.get(firstTile).call(toData)
      }, 2)
      this.#multiply({
        lhs: () => this.#push(first),
        lhsRow: () => void fn.i32(pixelBytes),
        lhsStep: () => void fn.i32(4),
        panel: () => this.#push(panel),
        rhs: () => this.#push(packed),
        rhsPanel: () => void fn.i32(channels * columnsApart * 4),
        sums: () => this.#push(second),
        rows: () => void fn.get(this.#count),
        depth: () => void fn.i32(channels),
        accumulate: () => void fn.i32(0),
      }, { lhs: data, rhs: taps, sums })
      const odd = fn.local('i32', 'odd')
      fn.i32(0).set(odd)
      this.#eachTileRow((tileRow, firstTile) => {
        this.#push(second)
        this.#push(first)
        fn.get(tileRow).i32(resultRow).emit('i32.mul').emit('i32.add').get(firstTile).call(toResults)
        fn.get(odd).emit('i32.or').set(odd)
      }, 0)
      // sums are counted from the first row of the block, in images of full tiles; results in images as they are
      const [base, begin, end] = [fn.local('i32', 'base'), fn.local('i32', 'begin'), fn.local('i32', 'end')]
      this.#pushRow(this.#images.begin, 2 * tileRows, this.#rows.begin)
      fn.set(base)
      this.#pushRow(this.#images.begin, height, this.#rows.begin)
      fn.set(begin)
      fn.get(this.#images.end).i32(1).emit('i32.sub').i32(height).emit('i32.mul')
      fn.get(this.#rows.end).i32(1).emit('i32.shl').tee(end).i32(height).get(end).i32(height).emit('i32.lt_u').select().emit('i32.add').set(end)
      const moved = { row: base, bytes: resultRow }
      fn.get(odd).if(() => this.#call(this.#loops.direct, begin, end, moved))
      this.#call(this.#loops.epilogue, begin, end, moved)
      fn.free(odd, base, begin, end)
    })
    return this.#areas
  }

  /** Threads take slices of the blocks, whose products they sum; then channels, whose sums become taps. */
  taps(): Areas {
    const fn = this.#fn
    const { channels, columns, paddedColumns, tilesAcross, blockImages, blockTileRows, tileRows, blocks, blocksOfImage, slices, buffers } = this.#plan
    const pixelBytes = channels * 4
    const tiles = blockImages * blockTileRows * tilesAcross
    const [data, gradients, sums] = [tiles * channels, tiles * paddedColumns, channels * paddedColumns].map(apart) as [number, number, number] // three of three
    const gradientRow = 2 * tilesAcross * columns * 4
    const read = this.#areas.take('own', Math.max(this.#dataBytes(), blockImages * 2 * blockTileRows * gradientRow))
    const lhs = this.#areas.take('own', products * data)
    const rhs = this.#areas.take('own', products * gradients)
    const panel = this.#areas.take('own', panelBytes(tiles))
    const partial = this.#areas.take('shared', slices * products * sums)
    const total = this.#areas.take('shared', 9 * channels * paddedColumns * 4)
    this.#pieces.set(buffers.data, read).set(buffers.other, read).set(buffers.sums, total)
    const toData = dataToTiles(this.#module, `${fn.name}_data`, { pixelBytes, rowBytes: this.#dataRowBytes(), channels, tilesAcross, productBytes: data })
    const toGradients = gradientsToColumns(this.#module, `${fn.name}_gradients`, { columns, productBytes: gradients, tilesAcross, panelColumns: columnsApart })
    const toTaps = channelToTaps(this.#module, `${fn.name}_taps`, { columns, productBytes: sums, rowBytes: paddedColumns * 4, channels, slices, sliceBytes: products * sums })

    const [slice, block, begin, end] = [fn.local('i32', 'slice'), fn.local('i32', 'block'), fn.local('i32', 'begin'), fn.local('i32', 'end')]
    const all = blocks * blocksOfImage
    const mine = this.#share(slices)
    fn.forLoop(slice, mine.begin, mine.end, 1, () => {
      fn.get(slice).i32(all).emit('i32.mul').i32(slices).emit('i32.div_u').set(begin)
      fn.get(slice).i32(1).emit('i32.add').i32(all).emit('i32.mul').i32(slices).emit('i32.div_u').set(end)
      fn.forLoop(block, begin, end, 1, () => {
        this.#enter(block)
        this.#gather(this.#loops.data, 2 * tileRows + 2, 2)
        this.#eachTileRow((tileRow, firstTile) => {
          this.#push(read)
          fn.get(tileRow).i32(this.#dataRowBytes()).emit('i32.mul').emit('i32.add')
          this.#push(lhs)
          fn.get(firstTile).call(toData)
        }, 2)
        this.#gather(this.#loops.other, 2 * tileRows, 0)
        this.#eachTileRow((tileRow, firstTile) => {
          this.#push(read)
          fn.get(tileRow).i32(gradientRow).emit('i32.mul').emit('i32.add')
          this.#push(rhs)
          fn.get(firstTile).get(this.#count).call(toGradients)
        }, 0)
        this.#multiply({
          lhs: () => this.#push(lhs),
          lhsRow: () => void fn.i32(4),
          lhsStep: () => void fn.i32(pixelBytes),
          panel: () => this.#push(panel),
          rhs: () => this.#push(rhs),
          rhsPanel: () => void fn.get(this.#count).i32(columnsApart * 4).emit('i32.mul'),
          sums: () => {
            this.#push(partial)
            fn.get(slice).i32(products * sums).emit('i32.mul').emit('i32.add')
          },
          rows: () => void fn.i32(channels),
          depth: () => void fn.get(this.#count),
          accumulate: () => void fn.get(block).get(begin).emit('i32.ne'),
        }, { lhs: data, rhs: gradients, sums })
      })
    })
    if (this.#meet !== null) fn.get(fn.param(0)).get(fn.param(1)).call(this.#meet)
    const channel = fn.local('i32', 'channel')
    const share = this.#share(channels)
    const eachTap = (loop: EmittedLoop, from: Local, to: Local | null): void => {
      const [tap, first, last] = [fn.local('i32', 'tap'), fn.local('i32', 'first'), fn.local('i32', 'last')]
      fn.forLoop(tap, 0, 9 * channels, channels, () => {
        fn.get(tap).get(from).emit('i32.add').set(first)
        if (to === null) fn.get(first).i32(1).emit('i32.add').set(last)
        else fn.get(tap).get(to).emit('i32.add').set(last)
        this.#call(loop, first, last, null)
      })
      fn.free(tap, first, last)
    }
    fn.forLoop(channel, share.begin, share.end, 1, () => {
      this.#push(partial)
      this.#push(total)
      fn.get(channel).call(toTaps).if(() => eachTap(this.#loops.direct, channel, null))
    })
    eachTap(this.#loops.epilogue, share.begin, share.end)
    return this.#areas
  }

  #dataRowBytes(): number {
    const { dataAcross, channels } = this.#plan
    return dataAcross * channels * 4
  }

  /** Of a block's rows of data. */
  #dataBytes(): number {
    const { blockImages, blockTileRows } = this.#plan
    return blockImages * (2 * blockTileRows + 2) * this.#dataRowBytes()
  }

  #push({ own, offset }: Piece): void {
    this.#fn.get(this.#fn.param(own ? 3 : 2)).i32(offset).emit('i32.add')
  }

  /** This thread's share of `count` things: count · thread / threads. */
  #share(count: number): Range {
    const fn = this.#fn
    const [begin, end] = [fn.local('i32', 'begin'), fn.local('i32', 'end')]
    fn.get(fn.param(0)).i32(count).emit('i32.mul').get(fn.param(1)).emit('i32.div_u').set(begin)
    fn.get(fn.param(0)).i32(1).emit('i32.add').i32(count).emit('i32.mul').get(fn.param(1)).emit('i32.div_u').set(end)
    return { begin, end }
  }

  /** What a block is: its images and its rows of tiles. */
  #enter(block: Local): void {
    const fn = this.#fn
    const { images, blockImages, blockTileRows, tileRows, tilesAcross, blocksOfImage } = this.#plan
    const atMost = (local: Local, most: number): void => void fn.get(local).i32(most).get(local).i32(most).emit('i32.lt_u').select().set(local)
    fn.get(block).i32(blocksOfImage).emit('i32.div_u').i32(blockImages).emit('i32.mul').tee(this.#images.begin).i32(blockImages).emit('i32.add').set(this.#images.end)
    atMost(this.#images.end, images)
    fn.get(block).i32(blocksOfImage).emit('i32.rem_u').i32(blockTileRows).emit('i32.mul').tee(this.#rows.begin).i32(blockTileRows).emit('i32.add').set(this.#rows.end)
    atMost(this.#rows.end, tileRows)
    fn.get(this.#images.end).get(this.#images.begin).emit('i32.sub').get(this.#rows.end).get(this.#rows.begin).emit('i32.sub').emit('i32.mul').i32(tilesAcross).emit('i32.mul').set(this.#count)
  }

  /** Pushes image · rows + 2 · row of tiles. */
  #pushRow(image: Local, rows: number, tileRow: Local): void {
    this.#fn.get(image).i32(rows).emit('i32.mul').get(tileRow).i32(1).emit('i32.shl').emit('i32.add')
  }

  /** Evaluates an operand for the rows of the block, in images of `rows` rows, of which tiles overlap by `more`; what it writes begins with the first of them. */
  #gather(loop: EmittedLoop, rows: number, more: number): void {
    const fn = this.#fn
    const { tilesAcross, columns } = this.#plan
    const rowBytes = more > 0 ? this.#dataRowBytes() : 2 * tilesAcross * columns * 4
    const [begin, end] = [fn.local('i32', 'begin'), fn.local('i32', 'end')]
    this.#pushRow(this.#images.begin, rows, this.#rows.begin)
    fn.set(begin)
    fn.get(this.#images.end).i32(1).emit('i32.sub').i32(rows).emit('i32.mul').get(this.#rows.end).i32(1).emit('i32.shl').emit('i32.add').i32(more).emit('i32.add').set(end)
    this.#call(loop, begin, end, { row: begin, bytes: rowBytes })
    fn.free(begin, end)
  }

  /** Calls `body` for each row of tiles, with its first row among the block's, which overlap by `more` at the end of an image, and the number of its first tile. */
  #eachTileRow(body: (row: Local, firstTile: Local) => void, more: number): void {
    const fn = this.#fn
    const { tilesAcross } = this.#plan
    const [image, tileRow, row, tile] = [fn.local('i32', 'image'), fn.local('i32', 'tileRow'), fn.local('i32', 'row'), fn.local('i32', 'tile')]
    fn.i32(0).set(row).i32(0).set(tile)
    fn.forLoop(image, this.#images.begin, this.#images.end, 1, () => {
      fn.forLoop(tileRow, this.#rows.begin, this.#rows.end, 1, () => {
        body(row, tile)
        fn.get(row).i32(2).emit('i32.add').set(row)
        fn.get(tile).i32(tilesAcross).emit('i32.add').set(tile)
      })
      if (more > 0) fn.get(row).i32(more).emit('i32.add').set(row)
    })
    fn.free(image, tileRow, row, tile)
  }

  /** The sixteen products: `push` gives the first one's arguments, `bytes` how far those of the next are. */
  #multiply(push: Omit<StripArguments<() => void>, 'run' | 'rhsStep' | 'rowBytes' | 'columnPanels'>, bytes: { readonly lhs: number; readonly rhs: number; readonly sums: number }): void {
    const fn = this.#fn
    const { paddedColumns } = this.#plan
    const each = fn.local('i32', 'product')
    const moved = (of: 'lhs' | 'rhs' | 'sums') => (): void => {
      push[of]()
      fn.get(each).i32(bytes[of]).emit('i32.mul').emit('i32.add')
    }
    const all: StripArguments<() => void> = {
      ...push,
      run: () => void fn.i32(0),
      lhs: moved('lhs'),
      rhs: moved('rhs'),
      sums: moved('sums'),
      rhsStep: () => void fn.i32(columnsApart * 4),
      rowBytes: () => void fn.i32(paddedColumns * 4),
      columnPanels: () => void fn.i32(paddedColumns / columnsApart),
    }
    fn.forLoop(each, 0, products, 1, () => {
      for (const argument of stripArguments) all[argument]()
      fn.call(this.#strips)
    })
    fn.free(each)
  }

  /** Calls a loop; what it finds in scratch memory is counted from `moved.row`. */
  #call(loop: EmittedLoop, begin: Local, end: Local, moved: { readonly row: Local; readonly bytes: number } | null): void {
    const fn = this.#fn
    fn.get(begin).get(end)
    for (const b of loop.buffers) {
      const piece = this.#pieces.get(b)
      if (piece === undefined) {
        fn.get(fn.param(4 + this.#buffers.indexOf(b)))
        continue
      }
      this.#push(piece)
      if (moved !== null) fn.get(moved.row).i32(moved.bytes).emit('i32.mul').emit('i32.sub')
    }
    fn.call(loop.fn)
  }
}
