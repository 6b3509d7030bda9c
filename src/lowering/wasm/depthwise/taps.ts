/**
 * The gradient of a depthwise convolution's taps: blocks of channels of runs of rows are units, each of which adds up all its taps row
 * after row. What runs leave is added up in float64 by a loop kernel, in their order, so bits do not depend on threads.
 */
import { sizeOf } from '../../../core/aval.ts'
import { mapTuple } from '../../../core/map-tuple.ts'
import { type Accumulator, type BufferId, buffersOf, constantIndex, dimIndex, floorDivIndex, type Index, type LoopKernel, modIndex, type Node, type Stage } from '../../kernel-ir/index.ts'
import type { FunctionBuilder, FunctionRef, Local, ModuleBuilder } from '../asm/index.ts'
import type { EmittedPasses } from '../emitted-units.ts'
import { unitsPerCall } from '../arrange/index.ts'
import { isNear, least, linesFit, partRowsOf, type Piece, Pieces, type PiecesPlan, round64, unitTime, zeroBytesOf, zeroRowMost } from './pieces.ts'
import { type Last, type Reduce, type Sliding, slidingOf } from './sliding.ts'
import { type EmitLoop, type Frame, sourceOf } from './source.ts'
import { blockLength, emitWalk } from './walk-taps.ts'

/** Nanoseconds of a product and its sum on a channel. */
const productTime = 0.065
/** Products from which this is worth its code. */
const fewestProducts = 2 ** 15
/** Channels of a block: those of a cache line. */
const blockAim = 16
/** Buffers that hold what runs of rows leave. */
const partials: BufferId = (1 << 28) + 65

export function emitTaps(module: ModuleBuilder, name: string, kernel: LoopKernel, emitLoop: EmitLoop): EmittedPasses | null {
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
  const images = sizeOf(frame.batch.map((d) => sizes[d]!))
  const channels = sizes[frame.channel]!
  const all = rows.taps * columns.taps
  if (sizeOf(sizes) < fewestProducts || all > 128 || all < 2) return null

  // where a factor is read
  const buffers = buffersOf(kernel).filter((b) => [...reduce.nodes].some((n) => (n.op === 'load' || n.op === 'gather') && n.buffer === b))
  const fn = module.function(name, ['i32', 'i32', 'i32', ...buffers.map(() => 'i32' as const), 'i32'])
  const pointer = (b: BufferId): Local => fn.param(3 + buffers.indexOf(b))
  const wide = 4 * Math.ceil(frame.block / 4)
  const inPlace = (columnBytes: number, rowBytes: number): boolean => linesFit(columnBytes, columns.places * (rows.taps + 1)) && (rows.taps === 1 || rowBytes <= zeroRowMost)
  const dataFrame: Frame = { ...frame, rows, columns }
  const otherFrame: Frame = { ...frame, rows: { ...rows, tap: -2, low: 0, extent: rows.places }, columns: { ...columns, tap: -2, low: 0, extent: columns.places } }
  const data = sourceOf(module, `${name}_data`, sliding.data, dataFrame, pointer, emitLoop, inPlace)
  const other = sourceOf(module, `${name}_other`, sliding.other, otherFrame, pointer, emitLoop, inPlace)

  // runs of pieces
  const rowTime = columns.places * wide * all * productTime
  const partRows = partRowsOf(rows, rowTime, data.ownRowBytes ?? 0, other.ownRowBytes ?? 0)
  const parts = Math.ceil(rows.places / partRows)
  const pieces = images * parts
  const run = Math.max(1, Math.min(Math.floor(unitTime / (partRows * rowTime)), Math.floor((pieces * frame.blocks) / 8)))
  const runs = Math.ceil(pieces / run)

  // memory of the thread
  const blockBytes = 4 * wide
  const zeroBytes = zeroBytesOf(rows, columns, data.columnBytes, blockBytes)
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
  new Runs(fn, { rows, frame: dataFrame, data, other, partRows, parts, zeroBytes, dataAt, otherAt }, { walk, moveSums, sumsAt, sumsBytes: carried ? all * blockBytes : 0, totalsBytes, pieces, run, rowsPerTotal }).emit()

  const units = runs * frame.blocks
  const time = sizeOf(sizes) * productTime
  const scratchBytes = round64(units * totalsBytes)
  return {
    fn, buffers: [...buffers, partials], units, unitsPerCall: unitsPerCall(units, (10 * time) / units), time,
    before: [], after: combine(kernel, reduce.accumulators[0]!, map, { taps, channel: frame.channel, block: frame.block, wide, blocks: frame.blocks, all, runs, channels }),
    scratch: new Map([[partials, 0]]), scratchBytes, ownBytes,
  }
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
  readonly walk: FunctionRef
  readonly moveSums: FunctionRef | null
  readonly sumsAt: number
  readonly sumsBytes: number
  readonly totalsBytes: number
  /** Pieces of all images, and of a run. */
  readonly pieces: number
  readonly run: number
  readonly rowsPerTotal: number
}

/** The function over units: unit u is block u mod blocks of run u / blocks. */
class Runs {
  readonly #fn: FunctionBuilder
  readonly #pieces: Pieces
  readonly #rows: PiecesPlan
  readonly #p: RunsPlan

  constructor(fn: FunctionBuilder, rows: PiecesPlan, plan: RunsPlan) {
    this.#fn = fn
    this.#pieces = new Pieces(fn, rows)
    this.#rows = rows
    this.#p = plan
  }

  emit(): void {
    const fn = this.#fn
    const { sumsAt, sumsBytes, run, pieces, totalsBytes } = this.#p
    const { blocks } = this.#rows.frame
    const [unit, block, piece, last, totals] = mapTuple(['unit', 'block', 'piece', 'last', 'totals'], (name) => fn.local('i32', name))
    this.#pieces.clearZeros()
    this.#pieces.clear(() => this.#pieces.pushOwn(sumsAt), sumsBytes)
    fn.forLoop(unit, fn.param(0), fn.param(1), 1, () => {
      fn.get(unit).i32(blocks).emit('i32.rem_u').set(block)
      fn.get(fn.param(fn.type.params.length - 1)).get(unit).i32(totalsBytes).emit('i32.mul').emit('i32.add').set(totals)
      this.#pieces.clear(() => void fn.get(totals), totalsBytes)
      fn.get(unit).i32(blocks).emit('i32.div_u').i32(run).emit('i32.mul').tee(piece).i32(run).emit('i32.add').set(last)
      least(fn, last, pieces)
      fn.forLoop(piece, piece, last, 1, () => this.#pieces.emit(block, piece, (p) => this.#piece(p, totals)))
    })
  }

  #piece({ begin, end, data, other }: Piece, totals: Local): void {
    const fn = this.#fn
    const { walk, moveSums, sumsAt, rowsPerTotal } = this.#p
    const [y, count] = [fn.local('i32', 'y'), fn.local('i32', 'count')]
    const move = (): void => {
      if (moveSums === null) return
      fn.get(totals)
      this.#pieces.pushOwn(sumsAt)
      fn.call(moveSums)
    }
    if (moveSums !== null) fn.i32(0).set(count)
    fn.forLoop(y, begin, end, 1, () => {
      for (let i = 0; i < this.#rows.rows.taps; i++) this.#pieces.pushRow(data, y, i)
      fn.get(other).get(y).i32(this.#rows.other!.rowBytes).emit('i32.mul').emit('i32.add').get(totals)
      this.#pieces.pushOwn(sumsAt)
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
    ...c.taps.map((d, k) => scale(dimIndex(d), c.wide * sizeOf(c.taps.slice(k + 1).map((t) => space[t]!)))),
  ]
  const index: Index = { constant: 0, terms: parts.flatMap((p) => p.terms) }
  const read: Node = { op: 'load', dtype: 'float64', buffer: partials, index, guards: [], otherwise: 0 }
  const stage: Stage = { kind: 'reduce', inner: [c.runs], nodes: [read], accumulators: [{ ...accumulator, node: 0 }] }
  return { ...kernel, stages: [stage, map] }
}

const scale = (index: Index, by: number): Index => (by === 0 ? constantIndex(0) : { constant: index.constant * by, terms: index.terms.map((t) => ({ ...t, coefficient: t.coefficient * by })) })
