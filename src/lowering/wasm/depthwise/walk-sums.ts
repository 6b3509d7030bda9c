/**
 * The inner loop of a depthwise convolution: some neighbouring results of a row are sums in registers. Row by row of the window its
 * taps are read into registers, then each element of the data once, which goes into all results that it meets.
 */
import type { FunctionBuilder, FunctionRef, Local, ModuleBuilder } from '../asm/index.ts'
import { keepsLoads } from '../engine.ts'

export interface SumsShape {
  readonly taps: readonly [rows: number, columns: number]
  readonly places: number
  readonly low: number
  readonly extent: number
  readonly dataBytes: number
  readonly outBytes: number
  readonly blockBytes: number
}

/** Taps that are read at once, and results, taps, an element and a product in registers. */
const tapsAtOnce = 7
const registers = 15
/** Engines that move loads run out of registers with eight. */
const mostResults = (): number => (keepsLoads() ? 8 : 4)
/** Products that are added up in one float32 sum: what is longer is added up in parts. */
const longest = 32

/** Neighbouring taps of a row of the window. */
interface Run {
  readonly i: number
  readonly j: number
  readonly count: number
}

/** Parts of the window: so many runs that their sums are not long. */
function partsOf([rows, columns]: readonly [number, number]): Run[][] {
  const pieces = Math.ceil(columns / tapsAtOnce)
  const width = Math.ceil(columns / pieces)
  const parts: Run[][] = []
  let length = Infinity
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j += width) {
      const count = Math.min(width, columns - j)
      if (length + count > longest) {
        parts.push([])
        length = 0
      }
      parts.at(-1)!.push({ i, j, count })
      length += count
    }
  }
  return parts
}

/** `(...rows of the data, taps, row of results, 0)`. */
export function emitSums(module: ModuleBuilder, name: string, s: SumsShape): FunctionRef {
  const [height] = s.taps
  const fn = module.function(name, Array.from({ length: height + 3 }, () => 'i32' as const), [])
  const data = Array.from({ length: height }, (_, i) => fn.param(i))
  const [taps, out, never] = [fn.param(height), fn.param(height + 1), fn.param(height + 2)]
  const parts = partsOf(s.taps)
  const width = Math.max(...parts.flat().map((r) => r.count))
  const results = Math.min(mostResults(), registers - 2 - width, s.places)
  const v = fn.local('i32', 'v')
  fn.block((exit) => {
    const split = (): void => void (keepsLoads() || fn.get(never).brIf(exit))
    fn.forLoop(v, 0, s.blockBytes, 16, () => {
      fn.scope(() => {
        const from = (pointer: Local): Local => {
          const local = fn.local('i32', 'at')
          fn.get(pointer).get(v).emit('i32.add').set(local)
          return local
        }
        const p: Pointers = { data: data.map(from), taps: from(taps), out: from(out) }
        row(fn, s, parts, results, p, split)
      })
    })
  })
  return fn
}

interface Pointers {
  readonly data: readonly Local[]
  readonly taps: Local
  readonly out: Local
}

function row(fn: FunctionBuilder, s: SumsShape, parts: readonly (readonly Run[])[], results: number, p: Pointers, split: () => void): void {
  const { places, low, extent, dataBytes, outBytes } = s
  const [, columns] = s.taps
  // blocks of results of which every tap meets data
  const first = Math.ceil(low / results) * results
  const end = Math.min(places, extent - columns + 1 + low)
  const turns = Math.max(0, Math.floor((end - first) / results))
  const looped = turns >= 2
  for (let x = 0; x < (looped ? first : places);) {
    const count = Math.min(results, (looped ? first : places) - x)
    block(fn, s, parts, p, x, 0, count, split)
    x += count
  }
  if (!looped) return
  fn.scope(() => {
    const stop = fn.local('i32', 'stop')
    fn.get(p.out).i32(turns * results * outBytes).emit('i32.add').set(stop)
    fn.loop((head) => {
      block(fn, s, parts, p, first, 0, results, split)
      for (const d of p.data) fn.get(d).i32(results * dataBytes).emit('i32.add').set(d)
      fn.get(p.out).i32(results * outBytes).emit('i32.add').tee(p.out).get(stop).emit('i32.lt_u').brIf(head)
    })
  })
  const base = turns * results
  for (let x = first + base; x < places;) {
    const count = Math.min(results, places - x)
    block(fn, s, parts, p, x, base, count, split)
    x += count
  }
}

/** Results x to x + count of a row; the pointers have moved by `base` columns. */
function block(fn: FunctionBuilder, s: SumsShape, parts: readonly (readonly Run[])[], p: Pointers, x: number, base: number, count: number, split: () => void): void {
  const { low, extent, dataBytes, outBytes, blockBytes } = s
  fn.scope(() => {
    const v128 = (n: number): Local[] => Array.from({ length: n }, () => fn.local('v128'))
    const [acc, weights, e] = [v128(count), v128(Math.max(...parts.flat().map((r) => r.count))), fn.local('v128')]
    for (const [part, runs] of parts.entries()) {
      const begun = new Set<number>()
      for (const { i, j, count: width } of runs) {
        for (let k = 0; k < width; k++) fn.get(p.taps).mem('v128.load', (i * s.taps[1] + j + k) * blockBytes).set(weights[k]!)
        for (let u = 0; u < count + width - 1; u++) {
          const c = x + j + u - low
          const inside = c >= 0 && c < extent
          if (inside) fn.get(p.data[i]!).mem('v128.load', (c - base) * dataBytes).set(e)
          for (let k = Math.min(width - 1, u); k >= 0; k--) {
            const r = u - k
            if (r >= count) continue
            if (inside) fn.get(e)
            else fn.f32x4(0)
            fn.get(weights[k]!).emit('f32x4.mul')
            if (begun.has(r)) fn.get(acc[r]!).emit('f32x4.add')
            begun.add(r)
            fn.set(acc[r]!)
          }
          if (u % 2 === 1) split()
        }
      }
      for (const [r, a] of acc.entries()) {
        const at = (x + r - base) * outBytes
        fn.get(p.out).get(a)
        if (part > 0) fn.get(p.out).mem('v128.load', at).emit('f32x4.add')
        fn.mem('v128.store', at)
      }
    }
  })
}
