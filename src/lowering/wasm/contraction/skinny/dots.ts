/**
 * Rows of a matrix that are contiguous along k, times a few vectors: dot products, several rows side by side. Each row is
 * a stream of its own, since a processor fetches one ahead only to the end of its page, and is read once.
 *
 * Products of one vector are added up in the order of forms.ts. Those of several have a running sum in each lane, which are added up
 * across before they go to totals: to do that every eight steps would take as long again.
 */
import { mapTuple } from '../../../../core/map-tuple.ts'
import type { FunctionBuilder, FunctionRef, Label, Local, ModuleBuilder } from '../../asm/index.ts'
import { instructions } from '../sum-type.ts'
import { runLength, type SkinnyType, totalLength, vectorOf } from './forms.ts'

/** Rows side by side, by the number of vectors: as many as there are, then those that are left. */
const rowsAtOnce: Readonly<Record<DotsForm['count'], readonly number[]>> = { 1: [8, 4, 1], 2: [4, 1], 3: [2, 1], 4: [2, 1] }
/** Runs that are read one after the other. */
const runsAtOnce = 2

export interface DotsForm {
  readonly count: 1 | 2 | 3 | 4
  /** A step of the loop is one basic block; else there is one for every two rows, for engines that move all loads of a block to its top. */
  readonly whole: boolean
  /** Results are the totals themselves: float64, of float32 as well. */
  readonly wide: boolean
}

/**
 * A function `(matrix, row, vectors, vector, out, outRow, outVector, rows, depth)`: dot products of `rows` rows, `row` bytes
 * apart, with `count` vectors, `vector` bytes apart, to `out + r · outRow + t · outVector`.
 */
export function dots(module: ModuleBuilder, dtype: SkinnyType, form: DotsForm): FunctionRef {
  const name = `dots${form.count}_${dtype}${form.wide ? '_wide' : ''}`
  const known = module.lookup(name)
  if (known !== null) return known
  const fn = module.function(name, ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'], [])
  const [matrix, row, , , out, outRow, , rows] = mapTuple([0, 1, 2, 3, 4, 5, 6, 7], (i) => fn.param(i))
  const never = fn.local('i32', 'never')
  // never set: there is no memory for so many steps, but engines do not know
  fn.get(fn.param(8)).i32(31).emit('i32.shr_u').set(never)
  for (const width of rowsAtOnce[form.count]) {
    fn.block((done) => {
      fn.loop((again) => {
        fn.get(rows).i32(width).emit('i32.lt_u').brIf(done)
        fn.scope(() => {
          new Dots(fn, dtype, width, form, never).emit()
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
  readonly #lanes: 2 | 4
  readonly #rows: number
  readonly #form: DotsForm
  readonly #never: Local
  /** Sums of every result, which are counted by row, then by vector: a lane each. */
  readonly #sums: readonly Local[]
  /** Of floats: two results each. */
  readonly #totals: readonly Local[]
  readonly #rowAt: readonly Local[]
  readonly #vectorAt: readonly Local[]
  /** Running sums of every result across lanes. */
  readonly #running: readonly Local[]
  /** A run of the one vector, or a part of each. */
  readonly #xs: readonly Local[]
  /** What results gain, until there are as many as lanes. */
  readonly #pending: Local[] = []

  constructor(fn: FunctionBuilder, dtype: SkinnyType, rows: number, form: DotsForm, never: Local) {
    this.#fn = fn
    this.#dtype = dtype
    this.#lanes = vectorOf(dtype).lanes
    this.#rows = rows
    this.#form = form
    this.#never = never
    const locals = (type: 'v128' | 'i32', n: number, of: string): Local[] => Array.from({ length: n }, () => fn.local(type, of))
    this.#sums = locals('v128', Math.ceil((rows * form.count) / this.#lanes), 'sum')
    this.#totals = dtype === 'int32' ? [] : locals('v128', (this.#sums.length * this.#lanes) / 2, 'total')
    this.#rowAt = locals('i32', rows, 'row')
    this.#vectorAt = locals('i32', form.count, 'vector')
    this.#running = form.count === 1 ? [] : locals('v128', rows * form.count, 'running')
    this.#xs = locals('v128', form.count === 1 ? runLength / this.#lanes : form.count, 'x')
  }

  emit(): void {
    const fn = this.#fn
    const { bytes } = vectorOf(this.#dtype)
    const [matrix, row, vectors, vector] = [fn.param(0), fn.param(1), fn.param(2), fn.param(3)]
    const pointers = (at: readonly Local[], first: Local, apart: Local): void => {
      at.forEach((p, i) => {
        if (i === 0) fn.get(first).set(p)
        else fn.get(at[i - 1]!).get(apart).emit('i32.add').set(p)
      })
    }
    pointers(this.#rowAt, matrix, row)
    pointers(this.#vectorAt, vectors, vector)
    for (const s of [...this.#sums, ...this.#totals, ...this.#running]) fn.i32x4(0).set(s)
    const [left, steps, cut] = [fn.local('i32', 'left'), fn.local('i32', 'steps'), fn.local('i32', 'cut')]
    const depth = fn.param(8)
    const most = totalLength / (runsAtOnce * runLength)
    fn.get(depth).i32(Math.log2(runsAtOnce * runLength)).emit('i32.shr_u').set(left)
    fn.block((done) => {
      fn.loop((again) => {
        fn.get(left).emit('i32.eqz').brIf(done)
        fn.get(left).i32(most).get(left).i32(most).emit('i32.lt_u').tee(cut).select().set(steps)
        fn.get(left).get(steps).emit('i32.sub').set(left)
        fn.loop((head) => {
          this.#runs(runsAtOnce)
          this.#advance(runsAtOnce * runLength * bytes)
          fn.get(steps).i32(1).emit('i32.sub').tee(steps).brIf(head)
        })
        fn.get(cut).brIf(done)
        this.#toTotals()
        fn.br(again)
      })
    })
    fn.get(depth).i32(runLength).emit('i32.and').if(() => {
      this.#runs(1)
      this.#advance(runLength * bytes)
    })
    fn.get(depth).i32(runLength - 1).emit('i32.and').tee(steps).if(() => {
      fn.loop((head) => {
        this.#element()
        this.#advance(bytes)
        fn.get(steps).i32(1).emit('i32.sub').tee(steps).brIf(head)
      })
    })
    this.#toTotals()
    this.#store()
  }

  #advance(by: number): void {
    for (const p of [...this.#rowAt, ...this.#vectorAt]) this.#fn.get(p).i32(by).emit('i32.add').set(p)
  }

  #runs(count: number): void {
    const vectors = (count * runLength) / this.#lanes
    if (this.#form.count > 1) this.#step(vectors, 'v128.load')
    else for (let run = 0; run < count; run++) this.#run(run)
  }

  /** Adds a run of every row times the one vector, `run` runs on. */
  #run(run: number): void {
    const fn = this.#fn
    const { mul, add } = instructions[this.#dtype]
    const parts = this.#xs.length
    const load = (at: Local, part: number): FunctionBuilder => fn.get(at).mem('v128.load', 16 * (run * parts + part))
    fn.block((exit) => {
      for (const [part, x] of this.#xs.entries()) load(this.#vectorAt[0]!, part).set(x)
      for (const [r, row] of this.#rowAt.entries()) {
        const product = (part: number): FunctionBuilder => load(row, part).get(this.#xs[part]!).emit(mul)
        product(0)
        product(parts / 2).emit(add)
        if (parts === 4) {
          product(1)
          product(3).emit(add).emit(add)
        }
        this.#found(r, (found) => this.#across(found))
        this.#endBlock(exit, run, r)
      }
    })
  }

  /** Adds some vectors of every row times every vector to running sums. */
  #step(vectors: number, load: 'v128.load' | 'v128.load32_zero' | 'v128.load64_zero'): void {
    const fn = this.#fn
    const { mul, add } = instructions[this.#dtype]
    fn.block((exit) => {
      for (let j = 0; j < vectors; j++) {
        for (const [t, x] of this.#xs.entries()) fn.get(this.#vectorAt[t]!).mem(load, 16 * j).set(x)
        for (const [r, row] of this.#rowAt.entries()) {
          const value = fn.local('v128', 'value')
          fn.get(row).mem(load, 16 * j).set(value)
          for (const [t, x] of this.#xs.entries()) {
            const sum = this.#running[r * this.#form.count + t]!
            fn.get(value).get(x).emit(mul).get(sum).emit(add).set(sum)
          }
          fn.free(value)
          this.#endBlock(exit, j, r)
        }
      }
    })
  }

  /** Ends the basic block, out of which loads could be moved; never twice with one condition, which would be asked only once. */
  #endBlock(exit: Label, step: number, row: number): void {
    const last = row + 1 === this.#rows
    if (!this.#form.whole && (row % 2 === 1 || last)) this.#fn.get(this.#never).i32(step * this.#rows + row).emit('i32.gt_u').brIf(exit)
  }

  /** Adds an element of every row. */
  #element(): void {
    const fn = this.#fn
    const load = this.#lanes === 4 ? 'v128.load32_zero' : 'v128.load64_zero'
    if (this.#form.count > 1) return this.#step(1, load)
    for (const [r, row] of this.#rowAt.entries()) {
      fn.get(row).mem(load).get(this.#vectorAt[0]!).mem(load).emit(instructions[this.#dtype].mul)
      this.#found(r, (found) => this.#firsts(found))
    }
  }

  /** Adds running sums up across. */
  #fold(): void {
    const fn = this.#fn
    for (const [result, sum] of this.#running.entries()) {
      fn.get(sum)
      this.#found(result, (found) => this.#across(found))
      fn.i32x4(0).set(sum)
    }
  }

  /** Takes what a result gains; with as many as lanes, or the last of all, `together` pushes a vector of them, which is added to their sums. */
  #found(result: number, together: (found: readonly [Local, Local, Local, Local]) => void): void {
    const fn = this.#fn
    const gain = fn.local('v128', 'gain')
    fn.set(gain)
    this.#pending.push(gain)
    if (this.#pending.length < this.#lanes && result + 1 < this.#rows * this.#form.count) return
    const found = this.#pending.splice(0)
    const at = (i: number): Local => found[Math.min(i, found.length - 1)]!
    together([at(0), at(1), at(2), at(3)])
    const sum = this.#sums[Math.floor(result / this.#lanes)]!
    fn.get(sum).emit(instructions[this.#dtype].add).set(sum)
    fn.free(...found)
  }

  /** Pushes a vector of what is in four vectors (two of float64), each added up across. */
  #across([a, b, c, d]: readonly [Local, Local, Local, Local]): void {
    const fn = this.#fn
    const { add } = instructions[this.#dtype]
    if (this.#lanes === 2) {
      fn.get(a).get(b).shuffle32(0, 1, 4, 5).get(a).get(b).shuffle32(2, 3, 6, 7).emit(add)
      return
    }
    const [p, q] = [fn.local('v128', 'p'), fn.local('v128', 'q')]
    for (const [half, x, y] of [[p, a, b], [q, c, d]] as const) fn.get(x).get(y).shuffle32(0, 4, 1, 5).get(x).get(y).shuffle32(2, 6, 3, 7).emit(add).set(half)
    fn.get(p).get(q).shuffle32(0, 1, 4, 5).get(p).get(q).shuffle32(2, 3, 6, 7).emit(add)
    fn.free(p, q)
  }

  /** Pushes a vector of the first lanes. */
  #firsts([a, b, c, d]: readonly [Local, Local, Local, Local]): void {
    const fn = this.#fn
    if (this.#lanes === 2) fn.get(a).get(b).shuffle32(0, 1, 4, 5)
    else {
      const [ab, cd] = [fn.local('v128', 'p'), fn.local('v128', 'q')]
      fn.get(a).get(b).shuffle32(0, 4, 0, 4).set(ab).get(c).get(d).shuffle32(0, 4, 0, 4).set(cd)
      fn.get(ab).get(cd).shuffle32(0, 1, 4, 5)
      fn.free(ab, cd)
    }
  }

  #toTotals(): void {
    const fn = this.#fn
    this.#fold()
    if (this.#totals.length === 0) return
    for (const [i, total] of this.#totals.entries()) {
      if (this.#lanes === 2) fn.get(this.#sums[i]!)
      else {
        const sum = this.#sums[i >> 1]!
        fn.get(sum)
        if (i % 2 === 1) fn.get(sum).shuffle32(2, 3, 2, 3)
        fn.emit('f64x2.promote_low_f32x4')
      }
      fn.get(total).emit('f64x2.add').set(total)
    }
    for (const s of this.#sums) fn.i32x4(0).set(s)
  }

  #store(): void {
    const fn = this.#fn
    const { count, wide } = this.#form
    const [out, outRow, outVector] = [fn.param(4), fn.param(5), fn.param(6)]
    const [results, place, rowPlace] = [fn.local('v128', 'results'), fn.local('i32', 'place'), fn.local('i32', 'rowPlace')]
    const twos = wide || this.#lanes === 2
    fn.get(out).set(rowPlace)
    for (let i = 0; i < this.#rows * count; i++) {
      const lane = i % (twos ? 2 : 4)
      if (lane === 0) {
        if (twos) fn.get(this.#totals[i / 2]!)
        else if (this.#totals.length === 0) fn.get(this.#sums[i / 4]!)
        else for (const half of [0, 1]) fn.get(this.#totals[i / 2 + half]!).emit('f32x4.demote_f64x2_zero')
        if (!twos && this.#totals.length > 0) fn.shuffle32(0, 1, 4, 5)
        fn.set(results)
      }
      if (i % count === 0) {
        if (i > 0) fn.get(rowPlace).get(outRow).emit('i32.add').set(rowPlace)
        fn.get(rowPlace).set(place)
      } else fn.get(place).get(outVector).emit('i32.add').set(place)
      fn.get(place).get(results).memLane(twos ? 'v128.store64_lane' : 'v128.store32_lane', lane)
    }
    fn.free(results, place, rowPlace)
  }
}
