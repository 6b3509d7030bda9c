/**
 * The register-blocked heart of every matrix product and convolution.
 *
 * C[4 × w] (+)= A · B, where A is a packed panel (for each k: 4 values) and B is one (for each k: w values). The tile is
 * 4 × 8 for 32-bit elements and 4 × 4 for float64: eight vector accumulators, two vectors of B and one splat of A are
 * eleven of the sixteen SIMD registers, so nothing spills. It is a function of its own, called for every tile, because V8
 * replaces first-tier code only at a call.
 */
import type { FunctionRef, ModuleBuilder } from '../asm/index.ts'

/** What products are summed in. `pairs`: int32 sums, of words that hold two factors each (pairs.ts). */
export type SumType = 'float32' | 'float64' | 'int32' | 'pairs'

/** The type of packed elements and of sums. */
export const elementType = (sum: SumType): 'float32' | 'float64' | 'int32' => (sum === 'pairs' ? 'int32' : sum)

export interface TileShape {
  /** Rows of the tile: the width of an A panel. */
  readonly rows: 4
  /** Columns of the tile: the width of a B panel. */
  readonly columns: 4 | 8
  readonly elementBytes: 4 | 8
}

export function tileShape(dtype: SumType): TileShape {
  return dtype === 'float64' ? { rows: 4, columns: 4, elementBytes: 8 } : { rows: 4, columns: 8, elementBytes: 4 }
}

/** By what a tile sums in. */
export const instructions = {
  float32: { splat: 'v128.load32_splat', mul: 'f32x4.mul', add: 'f32x4.add' },
  float64: { splat: 'v128.load64_splat', mul: 'f64x2.mul', add: 'f64x2.add' },
  int32: { splat: 'v128.load32_splat', mul: 'i32x4.mul', add: 'i32x4.add' },
  pairs: { splat: 'v128.load32_splat', mul: 'i32x4.dot_i16x8_s', add: 'i32x4.add' },
} as const

/** Vectors in a row of a tile: 16 bytes each. */
export const vectors = 2

/**
 * A function `(a, b, c, depth, rowBytes, accumulate)`: panels at a and b, `depth` >= 1 steps of k, the tile's first row
 * at c and the others `rowBytes` apart; adds to what stands there when `accumulate` is not 0.
 */
export function microkernel(module: ModuleBuilder, dtype: SumType): FunctionRef {
  const name = `microkernel_${dtype}`
  const known = module.lookup(name)
  if (known !== null) return known
  const { rows, columns, elementBytes } = tileShape(dtype)
  const { splat, mul, add } = instructions[dtype]
  const fn = module.function(name, ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'], [])
  const a = fn.param(0)
  const b = fn.param(1)
  const c = fn.param(2)
  const depth = fn.param(3)
  const rowBytes = fn.param(4)
  const accumulate = fn.param(5)
  const sums = Array.from({ length: rows * vectors }, () => fn.local('v128'))
  const bs = Array.from({ length: vectors }, () => fn.local('v128'))
  const av = fn.local('v128')
  fn.loop((head) => {
    for (const [j, bv] of bs.entries()) fn.get(b).mem('v128.load', 16 * j).set(bv)
    for (let i = 0; i < rows; i++) {
      fn.get(a).mem(splat, elementBytes * i).set(av)
      for (const [j, bv] of bs.entries()) {
        const sum = sums[i * vectors + j]!
        fn.get(sum).get(bv).get(av).emit(mul).emit(add).set(sum)
      }
    }
    fn.get(a).i32(rows * elementBytes).emit('i32.add').set(a)
    fn.get(b).i32(columns * elementBytes).emit('i32.add').set(b)
    fn.get(depth).i32(1).emit('i32.sub').tee(depth).brIf(head)
  })
  const store = (old: boolean): void => {
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < vectors; j++) {
        fn.get(c).get(sums[i * vectors + j]!)
        if (old) fn.get(c).mem('v128.load', 16 * j).emit(add)
        fn.mem('v128.store', 16 * j)
      }
      if (i + 1 < rows) fn.get(c).get(rowBytes).emit('i32.add').set(c)
    }
  }
  fn.get(accumulate).if(
    () => store(true),
    () => store(false),
  )
  return fn
}
