/**
 * The inner loop of a depthwise gradient of taps: along a row, with a sum for each tap in a register, and as many elements of the
 * cotangent as the window is wide, each of which meets the column that is read and those before it.
 */
import { mapTuple } from '../../../core/map-tuple.ts'
import type { FunctionBuilder, FunctionRef, Local, ModuleBuilder } from '../asm/index.ts'
import { keepsLoads } from '../engine.ts'

export interface TapsShape {
  readonly taps: readonly [rows: number, columns: number]
  /** Columns of the cotangent; of the data, of which the first is met by the place and tap whose sum is `low`. */
  readonly places: number
  readonly low: number
  readonly extent: number
  readonly dataBytes: number
  readonly otherBytes: number
  /** Bytes of a column of the block's channels, as float32. */
  readonly blockBytes: number
  /** Sums go on from row to row, in memory; else they go to the totals after each row, and after so many columns of it. */
  readonly carried: boolean
}

/** Additions into a float32 sum after which it goes to its float64 total. */
export const blockLength = 32
/** Registers for sums, elements of a row of the cotangent, what is read and a product. */
const registers = 14

interface Tile {
  readonly i: number
  readonly j: number
  readonly rows: number
  readonly columns: number
}

/** The window in parts whose sums fit, cheapest first: rows of it, as many as there is room for. */
export function tilesOf([rows, columns]: readonly [number, number]): Tile[] {
  let best: Tile[] = []
  let least = Infinity
  for (let width = Math.min(columns, 6); width >= 1; width--) {
    const height = Math.min(rows, Math.floor((registers - 2 - width) / width))
    if (height < 1) continue
    const tiles: Tile[] = []
    for (let i = 0; i < rows; i += height) for (let j = 0; j < columns; j += width) tiles.push({ i, j, rows: Math.min(height, rows - i), columns: Math.min(width, columns - j) })
    const cost = tiles.reduce((sum, t) => sum + 2 * t.rows * t.columns + t.rows + 1 + 0.5, 0)
    if (cost < least) [best, least] = [tiles, cost]
  }
  return best
}

/**
 * `(...rows of the data, row of the cotangent, totals, sums, 0)`: totals are float64, a row of the block's channels a tap; sums the same of
 * float32. `moveSums` is `(totals, sums)`: adds the sums to the totals and clears them.
 */
export function emitWalk(module: ModuleBuilder, name: string, s: TapsShape): { readonly walk: FunctionRef; readonly moveSums: FunctionRef | null } {
  const [height, width] = s.taps
  const fn = module.function(name, Array.from({ length: height + 4 }, () => 'i32' as const), [])
  const data = Array.from({ length: height }, (_, i) => fn.param(i))
  const [other, totals, sums, never] = mapTuple([0, 1, 2, 3], (i) => fn.param(height + i))
  const v = fn.local('i32', 'v')
  fn.block((exit) => {
    fn.forLoop(v, 0, s.blockBytes, 16, () => {
      for (const tile of tilesOf(s.taps)) fn.scope(() => tileWalk(fn, s, tile, width, { data, other, totals, sums, v }, () => void (keepsLoads() || fn.get(never).brIf(exit))))
    })
  })
  if (!s.carried) return { walk: fn, moveSums: null }
  const move = module.function(`${name}_sums`, ['i32', 'i32'], [])
  const at = move.local('i32', 'at')
  const sum = move.local('v128', 'sum')
  move.forLoop(at, 0, height * width * s.blockBytes, 16, () => {
    const place = (): void => void move.get(move.param(1)).get(at).emit('i32.add')
    place()
    move.mem('v128.load').set(sum)
    place()
    move.f32x4(0).mem('v128.store')
    addToTotal(move, sum, () => void move.get(move.param(0)).get(at).i32(1).emit('i32.shl').emit('i32.add'), 0)
  })
  return { walk: fn, moveSums: move }
}

function addToTotal(fn: FunctionBuilder, sum: Local, push: () => void, offset: number): void {
  fn.scope(() => {
    const to = fn.local('i32', 'to')
    push()
    fn.set(to)
    fn.get(to).get(to).mem('v128.load', offset).get(sum).emit('f64x2.promote_low_f32x4').emit('f64x2.add').mem('v128.store', offset)
    fn.get(to).get(to).mem('v128.load', offset + 16).get(sum).get(sum).shuffle32(2, 3, 0, 1).emit('f64x2.promote_low_f32x4').emit('f64x2.add').mem('v128.store', offset + 16)
  })
}

interface Pointers {
  readonly data: readonly Local[]
  readonly other: Local
  readonly totals: Local
  readonly sums: Local
  readonly v: Local
}

function tileWalk(fn: FunctionBuilder, s: TapsShape, tile: Tile, width: number, p: Pointers, split: () => void): void {
  const { places, low, extent, dataBytes, otherBytes, blockBytes } = s
  const v128 = (n: number): Local[] => Array.from({ length: n }, () => fn.local('v128'))
  const [acc, ring, e] = [v128(tile.rows * tile.columns), v128(tile.columns), fn.local('v128')]
  const from = (pointer: Local): Local => {
    const local = fn.local('i32', 'at')
    fn.get(pointer).get(p.v).emit('i32.add').set(local)
    return local
  }
  const data = Array.from({ length: tile.rows }, (_, i) => from(p.data[tile.i + i]!))
  const other = from(p.other)
  const sumAt = (k: number): number => ((tile.i + Math.floor(k / tile.columns)) * width + tile.j + (k % tile.columns)) * blockBytes
  for (const [k, a] of acc.entries()) {
    if (s.carried) fn.get(p.sums).get(p.v).emit('i32.add').mem('v128.load', sumAt(k)).set(a)
    else fn.f32x4(0).set(a)
  }
  const toTotals = (): void => {
    for (const [k, a] of acc.entries()) addToTotal(fn, a, () => void fn.get(p.totals).get(p.v).i32(1).emit('i32.shl').emit('i32.add'), 2 * sumAt(k))
  }
  /** Column r of the walk: the element of the cotangent there is loaded; column c of the data, a constant away, meets it and those before. `base`: columns by which the pointers have moved. */
  const column = (r: number, base: number): void => {
    const c = r + tile.j - low
    if (r < places) fn.get(other).mem('v128.load', (r - base) * otherBytes).set(ring[r % tile.columns]!)
    for (let i = 0; i < tile.rows; i++) {
      const inside = c >= 0 && c < extent
      if (inside) fn.get(data[i]!).mem('v128.load', (c - base) * dataBytes).set(e)
      for (let j = 0; j < tile.columns; j++) {
        if (r - j < 0 || r - j >= places) continue
        const a = acc[i * tile.columns + j]!
        if (inside) fn.get(e)
        else fn.f32x4(0)
        fn.get(ring[(r - j) % tile.columns]!).emit('f32x4.mul').get(a).emit('f32x4.add').set(a)
      }
    }
  }
  const first = Math.max(tile.columns - 1, low - tile.j, 0)
  const end = Math.min(places, extent + low - tile.j)
  const turns = Math.max(0, Math.floor((end - first) / tile.columns))
  const looped = turns >= 3
  const edge = looped ? first : Math.min(first, places + tile.columns - 1)
  for (let r = 0; r < edge; r++) column(r, 0)
  let at = edge
  let base = 0
  if (looped) {
    const stop = fn.local('i32', 'stop')
    const move = (): void => {
      for (const d of data) fn.get(d).i32(tile.columns * dataBytes).emit('i32.add').set(d)
      fn.get(other).i32(tile.columns * otherBytes).emit('i32.add').tee(other)
    }
    const run = (): void => {
      fn.loop((head) => {
        for (let k = 0; k < tile.columns; k++) {
          column(first + k, 0)
          split()
        }
        move()
        fn.get(stop).emit('i32.lt_u').brIf(head)
      })
    }
    const every = Math.max(1, Math.floor(blockLength / tile.columns))
    const last = turns * tile.columns * otherBytes
    if (s.carried || turns <= 2 * every) {
      fn.get(other).i32(last).emit('i32.add').set(stop)
      run()
    } else {
      const final = fn.local('i32', 'final')
      fn.get(other).i32(last).emit('i32.add').set(final)
      fn.loop((again) => {
        const block = every * tile.columns * otherBytes
        // the last blocks are of one length and a half at most: the rest of a row is no block of its own
        fn.get(final).get(other).emit('i32.sub').i32(block + (block >> 1)).emit('i32.gt_u').if(() => void fn.get(other).i32(block).emit('i32.add').set(stop), () => void fn.get(final).set(stop))
        run()
        toTotals()
        for (const a of acc) fn.f32x4(0).set(a)
        fn.get(stop).get(final).emit('i32.lt_u').brIf(again)
      })
    }
    base = turns * tile.columns
    at = first + base
  }
  for (let r = at; r < places + tile.columns - 1; r++) {
    column(r, base)
    if (r % 2 === 1) split()
  }
  if (s.carried) for (const [k, a] of acc.entries()) fn.get(p.sums).get(p.v).emit('i32.add').get(a).mem('v128.store', sumAt(k))
  else toTotals()
}
