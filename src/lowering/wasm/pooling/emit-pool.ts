/**
 * Four lanes walk along a row of windows. What whole columns of elements say (the extremum, whether there was a NaN, signs) stays
 * in registers from one window to those that it overlaps; where places are wanted the elements are read again, in order.
 *
 * Extrema alone are those of unsigned integers in the same order, in which a NaN beats all: one instruction where the engine makes eight.
 */
import { type BufferId, coefficientOf, type Index } from '../../kernel-ir/index.ts'
import type { FunctionBuilder, Local, PlainName } from '../asm/index.ts'
import { keep, storeContiguous } from '../lanes/index.ts'
import type { Pool } from './pool.ts'

/** What is known of a column of elements, or of several. */
type Column = readonly Local[]

export class PoolWalk {
  readonly #fn: FunctionBuilder
  readonly #p: Pool
  readonly #pointer: (b: BufferId) => Local
  readonly #places: boolean
  readonly #value: boolean
  /** Columns that the next window reads too. */
  readonly #kept: number

  constructor(fn: FunctionBuilder, pool: Pool, pointer: (b: BufferId) => Local) {
    this.#fn = fn
    this.#p = pool
    this.#pointer = pointer
    this.#places = pool.stores.some((s) => s.what !== 'value')
    this.#value = pool.stores.some((s) => s.what === 'value')
    this.#kept = Math.max(0, pool.columns - pool.stride)
  }

  emit(): void {
    const fn = this.#fn
    const { space, walk } = this.#p
    const unit = fn.local('i32', 'unit')
    fn.forLoop(unit, fn.param(0), fn.param(1), 1, () => {
      fn.scope(() => {
        const at = new Map<number, Local>()
        const outer = [...space.keys()].filter((d) => d !== walk && d !== space.length - 1)
        let below = 1
        for (const d of outer.toReversed()) {
          const digit = fn.local('i32', `i${d}`)
          fn.get(unit)
          if (below > 1) fn.i32(below).emit('i32.div_u')
          if (d !== outer[0]) fn.i32(space[d]!).emit('i32.rem_u')
          fn.set(digit)
          at.set(d, digit)
          below *= space[d]!
        }
        this.#unit(at)
      })
    })
  }

  /** The address of an index of outer axes, walked axis and lanes at 0. */
  #base(buffer: BufferId, bytes: number, index: Index, at: ReadonlyMap<number, Local>, more = 0): Local {
    const fn = this.#fn
    fn.get(this.#pointer(buffer))
    this.#sum({ ...index, constant: index.constant + more }, bytes, at)
    const base = fn.local('i32', 'base')
    fn.emit('i32.add').set(base)
    return base
  }

  #sum(index: Index, by: number, at: ReadonlyMap<number, Local>): void {
    const fn = this.#fn
    fn.i32(index.constant * by)
    for (const [d, local] of at) {
      const c = coefficientOf(index, d)
      if (c !== 0) fn.get(local).i32(c * by).emit('i32.mul').emit('i32.add')
    }
  }

  #unit(at: ReadonlyMap<number, Local>): void {
    const fn = this.#fn
    const { rows, rowGuard, rowPitch, space, buffer, index, stores } = this.#p
    const rowBases = Array.from({ length: rows }, (_, r) => this.#base(buffer, 4, index, at, r * rowPitch))
    const there = rowGuard === null ? null : rowBases.map((_, r) => {
      const holds = fn.local('i32', 'holds')
      this.#sum({ ...rowGuard.index, constant: rowGuard.index.constant - rowGuard.low + r }, 1, at)
      fn.i32(rowGuard.high - rowGuard.low).emit('i32.lt_u').set(holds)
      return holds
    })
    const outBases = stores.map((s) => this.#base(s.buffer, s.what === 'byte' ? 1 : 4, s.index, at))
    const lane = fn.local('i32', 'lane')
    fn.forLoop(lane, 0, space.at(-1)!, 4, () => {
      fn.scope(() => {
        const moved = (base: Local, bytes: number): Local => {
          const local = fn.local('i32', 'at')
          fn.get(base).get(lane)
          if (bytes > 1) fn.i32(2).emit('i32.shl')
          fn.emit('i32.add').set(local)
          return local
        }
        this.#walk(rowBases.map((b) => moved(b, 4)), there, outBases.map((b, i) => moved(b, stores[i]!.what === 'byte' ? 1 : 4)))
      })
    })
  }

  #walk(rows: readonly Local[], there: readonly Local[] | null, outs: readonly Local[]): void {
    const fn = this.#fn
    const { space, walk, edge, stride, columns } = this.#p
    const length = space[walk]!
    const place = fn.local('i32', 'place')
    fn.i32(0).set(place)
    const always = there === null && edge === null
    const kept = this.#start(rows, there, !always)
    const run = (end: Local | number, guarded: boolean): void => {
      fn.loop((again) => {
        fn.scope(() => this.#step(rows, guarded ? there : null, guarded && edge !== null ? place : null, kept, outs))
        fn.get(place).i32(1).emit('i32.add').tee(place)
        if (typeof end === 'number') fn.i32(end)
        else fn.get(end)
        fn.emit('i32.lt_u').brIf(again)
      })
    }
    if (always) return run(length, false)
    // windows that lie within the row
    const low = edge === null ? 0 : Math.min(length, Math.max(0, Math.ceil(edge.low / stride)))
    const high = edge === null ? length : Math.min(length, Math.floor((edge.extent + edge.low - columns) / stride) + 1)
    if (high <= low) return run(length, true)
    const [whole, end] = [fn.local('i32', 'whole'), fn.local('i32', 'end')]
    fn.i32(1)
    for (const holds of there ?? []) fn.get(holds).emit('i32.and')
    fn.set(whole)
    fn.loop((again) => {
      fn.get(place).i32(low).emit('i32.sub').i32(high - low).emit('i32.lt_u').get(whole).emit('i32.and').if(
        () => run(high, false),
        () => {
          fn.i32(low).i32(length).get(whole).get(place).i32(low).emit('i32.lt_u').emit('i32.and').select().set(end)
          run(end, true)
        },
      )
      fn.get(place).i32(length).emit('i32.lt_u').brIf(again)
    })
  }

  /** Element (r, c) of the window at the row's addresses. `place`: null where the column is there. */
  #element(rows: readonly Local[], there: readonly Local[] | null, place: Local | null, r: number, c: number): Local {
    const fn = this.#fn
    const { pitch, edge, stride, select } = this.#p
    const offset = 4 * c * pitch
    const x = fn.local('v128', 'x')
    if (there === null && place === null) {
      fn.get(rows[r]!).mem('v128.load', offset, 4).set(x)
      return x
    }
    let conditions = 0
    if (there !== null) {
      fn.get(there[r]!)
      conditions++
    }
    if (place !== null && edge !== null) {
      fn.get(place)
      if (stride > 1) fn.i32(stride).emit('i32.mul')
      fn.i32(c - edge.low).emit('i32.add').i32(edge.extent).emit('i32.lt_u')
      if (conditions > 0) fn.emit('i32.and')
    }
    fn.if(() => void fn.get(rows[r]!).i32(offset).emit('i32.add').mem('v128.load', 0, 4).set(x), () => void fn.f32x4(select === 'max' ? -Infinity : Infinity).set(x))
    return x
  }

  /** What is kept of the columns that the first window reads first. */
  #start(rows: readonly Local[], there: readonly Local[] | null, guarded: boolean): Column[] {
    const fn = this.#fn
    if (this.#places && !this.#value) return []
    const place = fn.local('i32', 'first')
    fn.i32(0).set(place)
    return Array.from({ length: this.#kept }, (_, c) => {
      const elements = rows.map((_, r) => this.#element(rows, there, guarded && this.#p.edge !== null ? place : null, r, c))
      return this.#column(elements)
    })
  }

  /** Extremum of a column as an integer, or beside places: where there is a NaN, and signs. In locals of its own. */
  #column(elements: readonly Local[]): Column {
    const fn = this.#fn
    const fold = (items: readonly Local[], name: PlainName): Local => {
      for (const [i, item] of items.entries()) {
        fn.get(item)
        if (i > 0) fn.emit(name)
      }
      return keep(fn, 'column')
    }
    if (!this.#places) return [fold(elements.map((x) => this.#key(x)), this.#best)]
    const nans = elements.map((x) => keep(fn.get(x).get(x).emit('f32x4.ne')))
    return [fold(nans, 'v128.or'), fold(elements, this.#signs)]
  }

  get #best(): PlainName {
    return this.#p.select === 'max' ? 'i32x4.max_u' : 'i32x4.min_u'
  }

  get #signs(): PlainName {
    return this.#p.select === 'max' ? 'v128.and' : 'v128.or'
  }

  /** What takes floats, as signed integers in their order, to unsigned ones: -Infinity stands lowest for a maximum, where NaNs of both signs come out above +Infinity; for a minimum below -Infinity. */
  get #turn(): number {
    return this.#p.select === 'max' ? 0x7f800001 : 0x807fffff | 0
  }

  #key(x: Local): Local {
    const fn = this.#fn
    fn.get(x).get(x).i32(31).emit('i32x4.shr_s').i32(1).emit('i32x4.shr_u').emit('v128.xor')
    return keep(fn.i32x4(this.#turn).emit('i32x4.add'), 'key')
  }

  #ofKey(key: Local): Local {
    const fn = this.#fn
    const ordered = keep(fn.get(key).i32x4(this.#turn).emit('i32x4.sub'))
    return keep(fn.get(ordered).get(ordered).i32(31).emit('i32x4.shr_s').i32(1).emit('i32x4.shr_u').emit('v128.xor'))
  }

  #step(rows: readonly Local[], there: readonly Local[] | null, place: Local | null, kept: readonly Column[], outs: readonly Local[]): void {
    const fn = this.#fn
    const { columns, stores, pitch, stride, walk } = this.#p
    const element = (r: number, c: number): Local => this.#element(rows, there, place, r, c)
    const value: Local[] = []
    const places: Local[] = []
    if (!this.#places) {
      const fresh = Array.from({ length: columns - this.#kept }, (_, i) => this.#column(rows.map((_, r) => element(r, this.#kept + i))))
      value.push(this.#ofKey(this.#all([...kept, ...fresh], 0, this.#best)))
      this.#hand(kept, fresh)
    } else {
      const elements = rows.map((_, r) => Array.from({ length: columns }, (_, c) => element(r, c)))
      const [extremum, at] = this.#select(elements.flat())
      places.push(at)
      if (this.#value) {
        const fresh = Array.from({ length: columns - this.#kept }, (_, i) => this.#column(elements.map((row) => row[this.#kept + i]!)))
        value.push(this.#exact(extremum, this.#all([...kept, ...fresh], 0, 'v128.or'), this.#all([...kept, ...fresh], 1, this.#signs)))
        this.#hand(kept, fresh)
      }
    }
    for (const [i, s] of stores.entries()) {
      storeContiguous(fn, s.what === 'value' ? 'float32' : s.what === 'byte' ? 'uint8' : 'int32', 4, { local: outs[i]!, offset: 0 }, s.what === 'value' ? value : places)
      fn.get(outs[i]!).i32(coefficientOf(s.index, walk) * (s.what === 'byte' ? 1 : 4)).emit('i32.add').set(outs[i]!)
    }
    for (const row of rows) fn.get(row).i32(4 * stride * pitch).emit('i32.add').set(row)
  }

  #all(all: readonly Column[], part: number, name: PlainName): Local {
    const fn = this.#fn
    for (const [i, column] of all.entries()) {
      fn.get(column[part]!)
      if (i > 0) fn.emit(name)
    }
    return keep(fn)
  }

  /** The last columns of a window are the first of the next. */
  #hand(kept: readonly Column[], fresh: readonly Column[]): void {
    const fn = this.#fn
    const after = [...kept, ...fresh].slice(this.#p.columns - this.#kept)
    for (const [i, column] of kept.entries()) for (const [part, local] of column.entries()) fn.get(after[i]![part]!).set(local)
  }

  /**
   * XLA's select: the first element, and each that follows in its place unless the selected one is as good. pmax and pmin give the same but for
   * zeros' signs. The place is counted back from the last: one more with each element that is not taken.
   */
  #select(elements: readonly Local[]): readonly [Local, Local] {
    const fn = this.#fn
    const isMax = this.#p.select === 'max'
    const own = keep(fn.get(elements[0]!), 'own')
    const since = keep(fn.i32x4(0), 'since')
    const stays = fn.local('v128', 'stays')
    for (const x of elements.slice(1)) {
      fn.get(x).get(own).emit(isMax ? 'f32x4.le' : 'f32x4.ge').set(stays)
      fn.get(x).get(own).emit(isMax ? 'f32x4.pmax' : 'f32x4.pmin').set(own)
      fn.get(since).get(stays).emit('v128.and').get(stays).emit('i32x4.sub').set(since)
    }
    return [own, keep(fn.i32x4(elements.length - 1).get(since).emit('i32x4.sub'), 'place')]
  }

  /** The extremum that a select carries as `max` or `min` give it: NaN where there was one, and of zeros the right one. */
  #exact(x: Local, nan: Local, signs: Local): Local {
    const fn = this.#fn
    if (this.#p.select === 'max') return keep(fn.get(x).get(signs).get(x).f32x4(0).emit('f32x4.ne').emit('v128.or').emit('v128.and').get(nan).emit('v128.or'), 'value')
    return keep(fn.get(x).get(signs).f32x4(-0).emit('v128.and').get(x).f32x4(0).emit('f32x4.eq').emit('v128.and').emit('v128.or').get(nan).emit('v128.or'), 'value')
  }
}
