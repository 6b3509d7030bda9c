/**
 * Rows of a large matrix that are contiguous along k, times a few vectors: dot products, several rows side by side. Each row is
 * a stream of its own, since a processor fetches one ahead only to the end of its page, and is read once.
 *
 * Sums of float32 are accurate: after 32 additions a lane they are added up across and go to float64 totals.
 */
import { mapTuple } from '../../../../core/map-tuple.ts'
import type { FunctionBuilder, FunctionRef, Local, ModuleBuilder } from '../../asm/index.ts'
import { instructions } from '../sum-type.ts'
import { type SkinnyType, vectorOf } from './forms.ts'

/** Rows side by side, by the number of vectors: eight sums, and as much of the vectors as the other registers hold. */
const rowsAtOnce = [0, 8, 4, 2, 2] as const

/** Vectors of a row that are read one after the other: a cache line. */
const lineVectors = 4
/** Additions into one lane after which a sum of float32 goes to its float64 total. */
const blockLength = 32

/**
 * A function `(matrix, row, vectors, vector, out, outRow, outVector, rows, depth)`: dot products of `rows` rows, `row` bytes
 * apart, with `count` vectors, `vector` bytes apart, to `out + r · outRow + t · outVector`. `whole`: a step of the loop is one basic
 * block; else there is one for every two rows, for engines that move all loads of a block to its top.
 */
export function dots(module: ModuleBuilder, dtype: SkinnyType, count: 1 | 2 | 3 | 4, whole: boolean): FunctionRef {
  const name = `dots${count}_${dtype}`
  const known = module.lookup(name)
  if (known !== null) return known
  const fn = module.function(name, ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'], [])
  const [matrix, row, , , out, outRow, , rows] = mapTuple([0, 1, 2, 3, 4, 5, 6, 7], (i) => fn.param(i))
  const never = fn.local('i32', 'never')
  // never set: there is no memory for so many steps, but engines do not know
  fn.get(fn.param(8)).i32(31).emit('i32.shr_u').set(never)
  for (const width of new Set([rowsAtOnce[count], 1])) {
    fn.block((done) => {
      fn.loop((again) => {
        fn.get(rows).i32(width).emit('i32.lt_u').brIf(done)
        fn.scope(() => {
          new Dots(fn, dtype, width, count, whole, never).emit()
        })
        for (const [pointer, by] of [[matrix, row], [out, outRow]] as const) fn.get(pointer).get(by).i32(width).emit('i32.mul').emit('i32.add').set(pointer)
        fn.get(rows).i32(width).emit('i32.sub').set(rows).br(again)
      })
    })
  }
  return fn
}

class Dots {
  readonly #fn: FunctionBuilder
  readonly #dtype: SkinnyType
  readonly #rows: number
  readonly #count: number
  readonly #whole: boolean
  readonly #never: Local
  /** By row, then by vector. */
  readonly #sums: readonly Local[]
  /** Of float32: two for every four sums. */
  readonly #totals: readonly Local[]
  readonly #rowAt: readonly Local[]
  readonly #vectorAt: readonly Local[]
  readonly #xs: readonly Local[]

  constructor(fn: FunctionBuilder, dtype: SkinnyType, rows: number, count: number, whole: boolean, never: Local) {
    this.#fn = fn
    this.#dtype = dtype
    this.#rows = rows
    this.#count = count
    this.#whole = whole
    this.#never = never
    const locals = (type: 'v128' | 'i32', n: number, of: string): Local[] => Array.from({ length: n }, () => fn.local(type, of))
    this.#sums = locals('v128', rows * count, 'sum')
    this.#totals = dtype === 'float32' ? locals('v128', 2 * Math.ceil((rows * count) / 4), 'total') : []
    this.#rowAt = locals('i32', rows, 'row')
    this.#vectorAt = locals('i32', count, 'vector')
    this.#xs = locals('v128', count, 'x')
  }

  emit(): void {
    const fn = this.#fn
    const { lanes, bytes } = vectorOf(this.#dtype)
    const [matrix, row, vectors, vector] = [fn.param(0), fn.param(1), fn.param(2), fn.param(3)]
    const pointers = (at: readonly Local[], first: Local, apart: Local): void => {
      at.forEach((p, i) => {
        if (i === 0) fn.get(first).set(p)
        else fn.get(at[i - 1]!).get(apart).emit('i32.add').set(p)
      })
    }
    pointers(this.#rowAt, matrix, row)
    pointers(this.#vectorAt, vectors, vector)
    for (const s of [...this.#sums, ...this.#totals]) fn.i32x4(0).set(s)
    const [left, steps] = [fn.local('i32', 'left'), fn.local('i32', 'steps')]
    const depth = fn.param(8)
    // blocks of so many steps as a total is worth; then single vectors; then single elements
    fn.get(depth).i32(Math.log2(lanes * lineVectors)).emit('i32.shr_u').set(left)
    const most = this.#totals.length > 0 ? blockLength / lineVectors : 1 << 30
    fn.block((done) => {
      fn.loop((again) => {
        fn.get(left).emit('i32.eqz').brIf(done)
        fn.get(left).i32(most).get(left).i32(most).emit('i32.lt_u').select().set(steps)
        fn.get(left).get(steps).emit('i32.sub').set(left)
        fn.loop((head) => {
          this.#step(lineVectors, 'v128.load')
          fn.get(steps).i32(1).emit('i32.sub').tee(steps).brIf(head)
        })
        this.#toTotals()
        fn.br(again)
      })
    })
    const rest = (count: () => void, load: 'v128.load' | 'v128.load32_zero' | 'v128.load64_zero'): void => {
      count()
      fn.tee(steps).if(() => {
        fn.loop((head) => {
          this.#step(1, load, load === 'v128.load' ? 16 : bytes)
          fn.get(steps).i32(1).emit('i32.sub').tee(steps).brIf(head)
        })
        this.#toTotals()
      })
    }
    rest(() => fn.get(depth).i32(Math.log2(lanes)).emit('i32.shr_u').i32(lineVectors - 1).emit('i32.and'), 'v128.load')
    rest(() => fn.get(depth).i32(lanes - 1).emit('i32.and'), bytes === 4 ? 'v128.load32_zero' : 'v128.load64_zero')
    this.#store()
  }

  /** Some vectors of every row. */
  #step(vectors: number, load: 'v128.load' | 'v128.load32_zero' | 'v128.load64_zero', bytes = 16): void {
    const fn = this.#fn
    const { mul, add } = instructions[this.#dtype]
    fn.block((exit) => {
      for (let j = 0; j < vectors; j++) {
        this.#xs.forEach((x, t) => fn.get(this.#vectorAt[t]!).mem(load, 16 * j).set(x))
        for (let r = 0; r < this.#rows; r++) {
          const value = this.#count === 1 ? null : fn.local('v128', 'element')
          fn.get(this.#rowAt[r]!).mem(load, 16 * j)
          if (value !== null) fn.set(value)
          this.#xs.forEach((x, t) => {
            const sum = this.#sums[r * this.#count + t]!
            if (value !== null) fn.get(value)
            fn.get(x).emit(mul).get(sum).emit(add).set(sum)
          })
          if (value !== null) fn.free(value)
          // ends the basic block, out of which loads could be moved; never twice with one condition, which would be asked only once
          if (!this.#whole && (r % 2 === 1 || r + 1 === this.#rows)) fn.get(this.#never).i32(j * this.#rows + r).emit('i32.gt_u').brIf(exit)
        }
      }
    })
    for (const p of [...this.#rowAt, ...this.#vectorAt]) fn.get(p).i32(vectors * bytes).emit('i32.add').set(p)
  }

  /** Four (two of float64) sums, each added up across: one vector of the results. Consumes them. */
  #across(from: number): void {
    const fn = this.#fn
    const { lanes } = vectorOf(this.#dtype)
    const { add } = instructions[this.#dtype]
    const at = (i: number): Local => this.#sums[Math.min(from + i, this.#sums.length - 1)]!
    if (lanes === 2) {
      fn.get(at(0)).get(at(1)).shuffle32(0, 1, 4, 5).get(at(0)).get(at(1)).shuffle32(2, 3, 6, 7).emit(add)
      return
    }
    const [p, q] = [fn.local('v128', 'p'), fn.local('v128', 'q')]
    for (const [i, half] of [p, q].entries()) {
      const [a, b] = [at(2 * i), at(2 * i + 1)]
      fn.get(a).get(b).shuffle32(0, 4, 1, 5).get(a).get(b).shuffle32(2, 6, 3, 7).emit(add).set(half)
    }
    fn.get(p).get(q).shuffle32(0, 1, 4, 5).get(p).get(q).shuffle32(2, 3, 6, 7).emit(add)
    fn.free(p, q)
  }

  #toTotals(): void {
    const fn = this.#fn
    for (let g = 0; 2 * g < this.#totals.length; g++) {
      const [low, high, four] = [this.#totals[2 * g]!, this.#totals[2 * g + 1]!, fn.local('v128', 'four')]
      this.#across(4 * g)
      fn.tee(four).emit('f64x2.promote_low_f32x4').get(low).emit('f64x2.add').set(low)
      fn.get(four).get(four).shuffle32(2, 3, 2, 3).emit('f64x2.promote_low_f32x4').get(high).emit('f64x2.add').set(high)
      fn.free(four)
    }
    if (this.#totals.length > 0) for (const s of this.#sums) fn.i32x4(0).set(s)
  }

  #store(): void {
    const fn = this.#fn
    const { lanes, bytes } = vectorOf(this.#dtype)
    const [out, outRow, outVector] = [fn.param(4), fn.param(5), fn.param(6)]
    const [results, place, rowPlace] = [fn.local('v128', 'results'), fn.local('i32', 'place'), fn.local('i32', 'rowPlace')]
    fn.get(out).set(rowPlace)
    for (let i = 0; i < this.#sums.length; i++) {
      const lane = i % lanes
      if (lane === 0) {
        if (this.#totals.length > 0) {
          const [low, high] = [this.#totals[i / 2]!, this.#totals[i / 2 + 1]!]
          fn.get(low).emit('f32x4.demote_f64x2_zero').get(high).emit('f32x4.demote_f64x2_zero').shuffle32(0, 1, 4, 5)
        } else this.#across(i)
        fn.set(results)
      }
      if (i % this.#count === 0) {
        if (i > 0) fn.get(rowPlace).get(outRow).emit('i32.add').set(rowPlace)
        fn.get(rowPlace).set(place)
      } else fn.get(place).get(outVector).emit('i32.add').set(place)
      fn.get(place).get(results).memLane(bytes === 4 ? 'v128.store32_lane' : 'v128.store64_lane', lane)
    }
    fn.free(results, place, rowPlace)
  }
}
