/**
 * Pieces of images as code: some rows of places of a block of channels, the rows of data that they meet, and where these are. A row that
 * is not there is one of zeros, which are multiplied as padding is.
 */
import type { FunctionBuilder, Local } from '../asm/index.ts'
import type { Slide } from './sliding.ts'
import type { Frame, Source } from './source.ts'

export interface PiecesPlan {
  readonly rows: Slide
  readonly frame: Frame
  readonly data: Source
  /** A factor that is read a row a row of places. */
  readonly other: Source | null
  /** Rows of a piece, and pieces of an image. */
  readonly partRows: number
  readonly parts: number
  /** Bytes of the row of zeros, at the beginning of the thread's memory; behind it, where rows of both are brought. */
  readonly zeroBytes: number
  readonly dataAt: number
  readonly otherAt: number
}

/** A piece's rows of places, and the addresses that rows 0 of its image would have. */
export interface Piece {
  readonly image: Local
  readonly begin: Local
  readonly end: Local
  readonly data: Local
  readonly other: Local
}

export const round64 = (bytes: number): number => Math.ceil(bytes / 64) * 64

/** Windows hardly reach beyond the data: what is written out for its edges is short. */
export const isNear = ({ places, taps, low, extent }: Slide): boolean => low <= taps && places + taps - 1 - low - extent <= taps && extent >= 1

export const zeroBytesOf = ({ places, taps, low, extent }: Slide, columns: Slide, columnBytes: number, blockBytes: number): number =>
  low > 0 || places + taps - 1 > low + extent ? (columns.extent - 1) * columnBytes + blockBytes : 0

/** Lines so many bytes apart fit in a cache of 64 sets of 8 places, or most of them do. */
export function linesFit(columnBytes: number, lines: number, places = 12): boolean {
  const sets = 64 / Math.max(1, Math.min(4096, columnBytes & -columnBytes) / 64)
  return lines / sets <= places
}

/** Bytes of rows that the first-level cache keeps, and of a row of zeros. */
const cacheBytes = 20_000
export const zeroRowMost: number = 2 ** 17
/** Nanoseconds of a piece, roughly, at most. */
export const unitTime = 12_000

/** Rows of a piece: as many as take their time, and fit in the cache where they are brought there. Pieces are as long as each other. */
export function partRowsOf(rows: Slide, rowTime: number, dataRowBytes: number, otherRowBytes: number): number {
  const packed = dataRowBytes + otherRowBytes
  const most = Math.max(Math.min(rows.places, 4), packed === 0 ? Infinity : Math.floor((cacheBytes - dataRowBytes * (rows.taps - 1)) / packed))
  const parts = Math.ceil(rows.places / Math.max(1, Math.min(most, Math.ceil(unitTime / rowTime))))
  return Math.ceil(rows.places / parts)
}

export class Pieces {
  readonly #fn: FunctionBuilder
  readonly #p: PiecesPlan

  /** `fn` is `(begin, end, own scratch, ...)`. */
  constructor(fn: FunctionBuilder, plan: PiecesPlan) {
    this.#fn = fn
    this.#p = plan
  }

  pushOwn(offset: number): void {
    this.#fn.get(this.#fn.param(2))
    if (offset !== 0) this.#fn.i32(offset).emit('i32.add')
  }

  clear(push: () => void, bytes: number): void {
    if (bytes === 0) return
    push()
    this.#fn.i32(0).i32(bytes).bulk('memory.fill')
  }

  clearZeros(): void {
    this.clear(() => this.pushOwn(0), this.#p.zeroBytes)
  }

  /** Brings what a piece reads, and runs `body`. */
  emit(block: Local, piece: Local, body: (p: Piece) => void): void {
    const fn = this.#fn
    const { parts, partRows, rows, data, other, dataAt, otherAt } = this.#p
    fn.scope(() => {
      const i32 = (name: string): Local => fn.local('i32', name)
      const [image, begin, end] = [i32('image'), i32('begin'), i32('end')]
      fn.get(piece).i32(parts).emit('i32.div_u').set(image)
      fn.get(piece).i32(parts).emit('i32.rem_u').i32(partRows).emit('i32.mul').tee(begin).i32(partRows).emit('i32.add').set(end)
      least(fn, end, rows.places)
      // rows of the data that are met
      const [from, to] = [i32('from'), i32('to')]
      fn.get(begin).i32(rows.low).emit('i32.sub').set(from)
      fn.i32(0).get(from).get(from).i32(0).emit('i32.lt_s').select().set(from)
      fn.get(end).i32(rows.taps - 1 - rows.low).emit('i32.add').set(to)
      least(fn, to, rows.extent)
      const [dataBase, otherBase] = [i32('data'), i32('other')]
      const baseOf = (source: Source, at: number, first: Local, last: Local, local: Local): void => {
        source.pushBase(fn, image, block, () => {
          this.pushOwn(at)
          fn.get(first).i32(source.rowBytes).emit('i32.mul').emit('i32.sub')
        })
        fn.set(local)
        source.bring?.(fn, image, block, first, last, () => void fn.get(local))
      }
      baseOf(data, dataAt, from, to, dataBase)
      if (other !== null) baseOf(other, otherAt, begin, end, otherBase)
      body({ image, begin, end, data: dataBase, other: otherBase })
    })
  }

  /** Pushes the address of the row that tap i meets at place y. */
  pushRow(data: Local, y: Local, i: number): void {
    const fn = this.#fn
    const { rows, data: source, zeroBytes } = this.#p
    const row = fn.local('i32', 'row')
    fn.get(y)
    if (i !== rows.low) fn.i32(i - rows.low).emit('i32.add')
    fn.set(row)
    fn.get(data).get(row).i32(source.rowBytes).emit('i32.mul').emit('i32.add')
    if (zeroBytes > 0) {
      this.pushOwn(0)
      fn.get(row).i32(rows.extent).emit('i32.lt_u').select()
    }
    fn.free(row)
  }
}

export function least(fn: FunctionBuilder, x: Local, most: number): void {
  fn.i32(most).get(x).get(x).i32(most).emit('i32.gt_s').select().set(x)
}
