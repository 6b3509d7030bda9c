/**
 * The gradient of a depthwise convolution's taps: blocks of channels of runs of rows are units, each of which adds up all its taps row
 * after row. What runs leave is added up in float64 by a loop kernel, in their order, so bits do not depend on threads.
 */
import { type Accumulator, type BufferId, buffersOf, constantIndex, dimIndex, floorDivIndex, type Index, type LoopKernel, modIndex, type Node, type Stage } from '../../kernel-ir/index.ts'
import type { FunctionBuilder, FunctionRef, Local, ModuleBuilder } from '../asm/index.ts'
import { product, unitsPerCall } from '../arrange/index.ts'
import { type Last, type Reduce, type Slide, type Sliding, slidingOf } from './sliding.ts'
import { type EmitLoop, type Frame, type Source, sourceOf } from './source.ts'
import { blockLength, emitWalk } from './walk-taps.ts'

export interface EmittedDepthwise {
  /** `(begin, end, own scratch, ...pointers)` over units. */
  readonly fn: FunctionRef
  readonly buffers: readonly BufferId[]
  readonly units: number
  readonly unitsPerCall: number
  readonly time: number
  /** What follows, behind a barrier. */
  readonly after: LoopKernel | null
  readonly scratch: ReadonlyMap<BufferId, number>
  readonly scratchBytes: number
  readonly ownBytes: number
}

/** Nanoseconds of a product and its sum on a channel. */
const productTime = 0.065
/** Nanoseconds of a unit, roughly. */
const unitTime = 12_000
/** Products from which this is worth its code. */
const fewestProducts = 2 ** 15
/** Channels of a block: those of a cache line. */
const blockAim = 16
/** Bytes of rows that the first-level cache keeps, and of a row of zeros. */
const cacheBytes = 20_000
const zeroRowMost = 2 ** 17
/** Buffers that hold what runs of rows leave. */
const partials: BufferId = (1 << 28) + 65

export function emitTaps(module: ModuleBuilder, name: string, kernel: LoopKernel, emitLoop: EmitLoop): EmittedDepthwise | null {
  const [reduce, map] = kernel.stages as [Reduce, Last] // so the caller has seen
  const { space } = kernel
  const sizes = [...space, ...reduce.inner]
  const rank = space.length
  const inner = reduce.inner.map((_, i) => rank + i)
  const plan = planOf(reduce, sizes, rank, inner)
  if (plan === null) return null
  const { sliding, frame, taps } = plan
  const { rows, columns } = sliding
  if (!isNear(rows) || !isNear(columns)) return null
  const images = product(frame.batch.map((d) => sizes[d]!))
  const channels = sizes[frame.channel]!
  const all = rows.taps * columns.taps
  if (product(sizes) < fewestProducts || all > 128 || all < 2) return null

  // where a factor is read
  const buffers = buffersOf(kernel).filter((b) => [...reduce.nodes].some((n) => (n.op === 'load' || n.op === 'gather') && n.buffer === b))
  const fn = module.function(name, ['i32', 'i32', 'i32', ...buffers.map(() => 'i32' as const), 'i32'])
  const pointer = (b: BufferId): Local => fn.param(3 + buffers.indexOf(b))
  const wide = 4 * Math.ceil(frame.block / 4)
  const inPlace = (columnBytes: number, rowBytes: number): boolean => linesFit(columnBytes, columns.places * (rows.taps + 1)) && (rows.taps === 1 || rowBytes <= zeroRowMost)
  const dataFrame: Frame = { ...frame, rows, columns }
  const otherFrame: Frame = { ...frame, rows: { ...rows, tap: -2, low: 0, extent: rows.places }, columns: { ...columns, tap: -2, low: 0, extent: columns.places } }
  const data = sourceOf(sliding.data, dataFrame, pointer, emitLoop, inPlace)
  const other = sourceOf(sliding.other, otherFrame, pointer, emitLoop, inPlace)

  // runs of rows: parts of an image, whole ones or several
  const rowTime = columns.places * wide * all * productTime
  const packedRow = (data.ownRowBytes ?? 0) + (other.ownRowBytes ?? 0)
  const mostRows = Math.max(Math.min(rows.places, 4), packedRow === 0 ? Infinity : Math.floor(cacheBytes / packedRow) - rows.taps + 1)
  const parts = Math.ceil(rows.places / Math.max(1, Math.min(mostRows, Math.ceil(unitTime / rowTime))))
  const partRows = Math.ceil(rows.places / parts)
  const pieces = images * Math.ceil(rows.places / partRows)
  const run = Math.max(1, Math.min(Math.floor(unitTime / (partRows * rowTime)), Math.floor((pieces * frame.blocks) / 8)))
  const runs = Math.ceil(pieces / run)

  // memory of the thread
  const blockBytes = 4 * wide
  const zeroBytes = needsZeros(rows) ? (columns.extent - 1) * data.columnBytes + blockBytes : 0
  const sumsAt = round64(zeroBytes)
  const rowsPerTotal = Math.max(1, Math.floor((blockLength + blockLength / 2) / columns.places))
  const carried = rowsPerTotal > 1
  const dataAt = sumsAt + round64(carried ? all * blockBytes : 0)
  const otherAt = dataAt + round64((data.ownRowBytes ?? 0) * (partRows + rows.taps - 1))
  const ownBytes = otherAt + round64((other.ownRowBytes ?? 0) * partRows)

  const { walk, moveSums } = emitWalk(module, `${name}_walk`, {
    taps: [rows.taps, columns.taps], places: columns.places, low: columns.low, extent: columns.extent,
    dataBytes: data.columnBytes, otherBytes: other.columnBytes, blockBytes, carried,
  })
  const totalsBytes = all * 2 * blockBytes
  new Runs(fn, { rows, data, other, walk, moveSums, zeroBytes, sumsAt, sumsBytes: carried ? all * blockBytes : 0, dataAt, otherAt, totalsBytes, partRows, parts: Math.ceil(rows.places / partRows), pieces, run, blocks: frame.blocks, rowsPerTotal }).emit()

  const units = runs * frame.blocks
  const time = product(sizes) * productTime
  const scratchBytes = round64(units * totalsBytes)
  return {
    fn, buffers: [...buffers, partials], units, unitsPerCall: unitsPerCall(units, (10 * time) / units), time,
    after: combine(kernel, reduce.accumulators[0]!, map, { taps, channel: frame.channel, block: frame.block, wide, blocks: frame.blocks, all, runs, channels }),
    scratch: new Map([[partials, 0]]), scratchBytes, ownBytes,
  }
}

const round64 = (bytes: number): number => Math.ceil(bytes / 64) * 64

/** Windows hardly reach beyond the data: what is written out for its edges is short. */
const isNear = ({ places, taps, low, extent }: Slide): boolean => low <= taps && places + taps - 1 - low - extent <= taps && extent >= 1

const needsZeros = ({ places, taps, low, extent }: Slide): boolean => low > 0 || places + taps - 1 > low + extent

/** Lines so many bytes apart fit in a cache of 64 sets with 8 places. */
function linesFit(columnBytes: number, lines: number): boolean {
  const sets = 64 / Math.max(1, Math.min(4096, columnBytes & -columnBytes) / 64)
  return lines / sets <= 12
}

function planOf(reduce: Reduce, sizes: readonly number[], rank: number, inner: readonly number[]): { sliding: Sliding; frame: Omit<Frame, 'rows' | 'columns'>; taps: readonly number[] } | null {
  // the channel is the one axis of the space that is no tap
  for (let channel = rank - 1; channel >= 0; channel--) {
    const taps = Array.from({ length: rank }, (_, d) => d).filter((d) => d !== channel)
    const sliding = slidingOf(reduce, sizes, taps, inner, taps)
    if (sliding === null) continue
    const batch = inner.filter((d) => d !== sliding.rows.place && d !== sliding.columns.place)
    const channels = sizes[channel]!
    const block = blockOf(channels)
    return { sliding, frame: { sizes, batch, channel, block, blocks: channels / block }, taps }
  }
  return null
}

/** Channels of a block: a divisor that fills lines, or else all of them. */
export function blockOf(channels: number): number {
  for (let b = blockAim; b >= 4; b -= 4) if (channels % b === 0) return b
  return channels
}

interface RunsPlan {
  readonly rows: Slide
  readonly data: Source
  readonly other: Source
  readonly walk: FunctionRef
  readonly moveSums: FunctionRef | null
  readonly zeroBytes: number
  readonly sumsAt: number
  readonly sumsBytes: number
  readonly dataAt: number
  readonly otherAt: number
  readonly totalsBytes: number
  /** Rows of a piece, pieces of an image and of all, pieces of a run. */
  readonly partRows: number
  readonly parts: number
  readonly pieces: number
  readonly run: number
  readonly blocks: number
  readonly rowsPerTotal: number
}

/** The function over units: unit u is block u mod blocks of run u / blocks. */
class Runs {
  readonly #fn: FunctionBuilder
  readonly #p: RunsPlan

  constructor(fn: FunctionBuilder, plan: RunsPlan) {
    this.#fn = fn
    this.#p = plan
  }

  emit(): void {
    const fn = this.#fn
    const { zeroBytes, sumsAt, sumsBytes, blocks, run, pieces, totalsBytes } = this.#p
    const unit = fn.local('i32', 'unit')
    const [block, piece, last, totals] = [fn.local('i32', 'block'), fn.local('i32', 'piece'), fn.local('i32', 'last'), fn.local('i32', 'totals')]
    const clear = (push: () => void, bytes: number): void => {
      if (bytes === 0) return
      push()
      fn.i32(0).i32(bytes).bulk('memory.fill')
    }
    clear(() => this.#own(0), zeroBytes)
    clear(() => this.#own(sumsAt), sumsBytes)
    fn.forLoop(unit, fn.param(0), fn.param(1), 1, () => {
      fn.get(unit).i32(blocks).emit('i32.rem_u').set(block)
      fn.get(fn.param(fn.type.params.length - 1)).get(unit).i32(totalsBytes).emit('i32.mul').emit('i32.add').set(totals)
      clear(() => void fn.get(totals), totalsBytes)
      fn.get(unit).i32(blocks).emit('i32.div_u').i32(run).emit('i32.mul').tee(piece).i32(run).emit('i32.add').set(last)
      fn.i32(pieces).get(last).get(last).i32(pieces).emit('i32.gt_u').select().set(last)
      fn.forLoop(piece, piece, last, 1, () => this.#piece(block, piece, totals))
    })
  }

  #own(offset: number): void {
    this.#fn.get(this.#fn.param(2))
    if (offset !== 0) this.#fn.i32(offset).emit('i32.add')
  }

  #piece(block: Local, piece: Local, totals: Local): void {
    const fn = this.#fn
    const { parts, partRows, rows, data, other, dataAt, otherAt } = this.#p
    fn.scope(() => {
      const i32 = (name: string): Local => fn.local('i32', name)
      const [image, begin, end] = [i32('image'), i32('begin'), i32('end')]
      fn.get(piece).i32(parts).emit('i32.div_u').set(image)
      fn.get(piece).i32(parts).emit('i32.rem_u').i32(partRows).emit('i32.mul').tee(begin).i32(partRows).emit('i32.add').set(end)
      least(fn, end, rows.places)
      // rows of the data from `from` on are met
      const [from, to] = [i32('from'), i32('to')]
      fn.get(begin).i32(rows.low).emit('i32.sub').set(from)
      fn.i32(0).get(from).get(from).i32(0).emit('i32.lt_s').select().set(from)
      fn.get(end).i32(rows.taps - 1 - rows.low).emit('i32.add').set(to)
      least(fn, to, rows.extent)
      const [dataBase, otherBase] = [i32('data'), i32('other')]
      const baseOf = (source: Source, at: number, first: Local, local: Local): void => {
        source.pushBase(fn, image, block, () => {
          this.#own(at)
          fn.get(first).i32(source.rowBytes).emit('i32.mul').emit('i32.sub')
        })
        fn.set(local)
      }
      baseOf(data, dataAt, from, dataBase)
      baseOf(other, otherAt, begin, otherBase)
      data.bring?.(fn, image, block, from, to, () => void fn.get(dataBase))
      other.bring?.(fn, image, block, begin, end, () => void fn.get(otherBase))
      this.#rows(begin, end, dataBase, otherBase, totals)
    })
  }

  #rows(begin: Local, end: Local, data: Local, other: Local, totals: Local): void {
    const fn = this.#fn
    const { rows, walk, moveSums, sumsAt, rowsPerTotal } = this.#p
    const [y, count] = [fn.local('i32', 'y'), fn.local('i32', 'count')]
    const move = (): void => {
      if (moveSums === null) return
      fn.get(totals)
      this.#own(sumsAt)
      fn.call(moveSums)
    }
    if (moveSums !== null) fn.i32(0).set(count)
    fn.forLoop(y, begin, end, 1, () => {
      for (let i = 0; i < rows.taps; i++) this.#pushRow(data, y, i)
      fn.get(other).get(y).i32(this.#p.other.rowBytes).emit('i32.mul').emit('i32.add').get(totals)
      this.#own(sumsAt)
      fn.i32(0).call(walk)
      if (moveSums !== null) {
        fn.get(count).i32(1).emit('i32.add').tee(count).i32(rowsPerTotal).emit('i32.eq').if(() => {
          move()
          fn.i32(0).set(count)
        })
      }
    })
    move()
  }

  /** The row that tap i meets at place y; zeros where there is none. */
  #pushRow(data: Local, y: Local, i: number): void {
    const fn = this.#fn
    const { rows, data: source } = this.#p
    const row = fn.local('i32', 'row')
    fn.get(y)
    if (i !== rows.low) fn.i32(i - rows.low).emit('i32.add')
    fn.set(row)
    fn.get(data).get(row).i32(source.rowBytes).emit('i32.mul').emit('i32.add')
    if (needsZeros(rows)) {
      this.#own(0)
      fn.get(row).i32(rows.extent).emit('i32.lt_u').select()
    }
    fn.free(row)
  }
}

function least(fn: FunctionBuilder, x: Local, most: number): void {
  fn.i32(most).get(x).get(x).i32(most).emit('i32.gt_s').select().set(x)
}

interface Combination {
  readonly taps: readonly number[]
  readonly channel: number
  readonly block: number
  readonly wide: number
  readonly blocks: number
  readonly all: number
  readonly runs: number
  readonly channels: number
}

/** The kernel without its reduction over places: over runs instead, of what they have left. */
function combine(kernel: LoopKernel, accumulator: Accumulator, map: Last, c: Combination): LoopKernel {
  const { space } = kernel
  const sizes = [...space, c.runs]
  const ofBlock = c.all * c.wide
  const channel = dimIndex(c.channel)
  const parts: Index[] = [
    scale(dimIndex(space.length), c.blocks * ofBlock),
    scale(floorDivIndex(channel, c.block, sizes), ofBlock),
    modIndex(channel, c.block, sizes),
    ...c.taps.map((d, k) => scale(dimIndex(d), c.wide * product(c.taps.slice(k + 1).map((t) => space[t]!)))),
  ]
  const index: Index = { constant: 0, terms: parts.flatMap((p) => p.terms) }
  const read: Node = { op: 'load', dtype: 'float64', buffer: partials, index, guards: [], otherwise: 0 }
  const stage: Stage = { kind: 'reduce', inner: [c.runs], nodes: [read], accumulators: [{ ...accumulator, node: 0 }] }
  return { ...kernel, stages: [stage, map] }
}

const scale = (index: Index, by: number): Index => (by === 0 ? constantIndex(0) : { constant: index.constant * by, terms: index.terms.map((t) => ({ ...t, coefficient: t.coefficient * by })) })
