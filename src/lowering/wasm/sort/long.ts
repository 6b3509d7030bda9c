/**
 * Sorts of few long rows, which threads share: chunks of a row count their keys' digits, all counts together say where a chunk's
 * pairs of a digit go, and every chunk puts its own there. The order found does not depend on who computes which chunk.
 */
import { dtypeInfo } from '../../../core/dtype.ts'
import { mapTuple } from '../../../core/map-tuple.ts'
import { buffersOf, type SortKernel } from '../../kernel-ir/index.ts'
import type { FunctionBuilder, Local } from '../asm/index.ts'
import type { EmitContext, EmittedKernel, Phase } from '../emit/phase.ts'
import { copyElement } from '../lanes/index.ts'
import { keysOf, keyWords, wordsOfKey } from './keys.ts'
import { buckets, countBytes, countDigits, digitBits, digits, distribute } from './radix.ts'

const chunks = 16
const longRow = 2 ** 14

export const isLongSort = ({ outer, length, inner }: SortKernel): boolean => length >= longRow && outer * inner < chunks

const round64 = (n: number): number => Math.ceil(n / 64) * 64

export function emitLongSort(context: EmitContext, name: string, kernel: SortKernel): EmittedKernel {
  const sort = new LongSort(context, name, kernel)
  return { phases: sort.phases(), scratchBytes: sort.scratchBytes, ownBytes: 0 }
}

/** Phases `(begin, end, scratch, ...buffers)` whose units are (row, part of the row), rows one after the other. */
class LongSort {
  readonly #context: EmitContext
  readonly #name: string
  readonly #kernel: SortKernel
  readonly #buffers: readonly number[]
  readonly #rows: number
  readonly #chunk: number
  /** Where a row's pairs, orders and staged operands lie in its scratch memory. */
  readonly #pairs: readonly [number, number]
  readonly #orders: readonly [number, number]
  /** Counts of every chunk, then whether the pairs are in the first place (0) or in the second (1), before each digit and at the end. */
  readonly #counts: number
  readonly #side: number
  readonly #staged: readonly number[]
  readonly #rowBytes: number
  #functions = 0

  constructor(context: EmitContext, name: string, kernel: SortKernel) {
    const { length, operands } = kernel
    this.#context = context
    this.#name = name
    this.#kernel = kernel
    this.#buffers = buffersOf(kernel)
    this.#rows = kernel.outer * kernel.inner
    this.#chunk = Math.ceil(length / chunks)
    let at = 0
    const place = (bytes: number): number => {
      const here = at
      at += round64(bytes)
      return here
    }
    this.#pairs = [place(8 * length), place(8 * length)]
    this.#orders = [place(4 * length), place(4 * length)]
    this.#counts = place(chunks * countBytes)
    this.#side = place(4 * (digits + 1))
    this.#staged = operands.map((o) => place(dtypeInfo[o.dtype].bytes * kernel.keep))
    this.#rowBytes = at
  }

  get scratchBytes(): number {
    return this.#rows * this.#rowBytes
  }

  phases(): Phase[] {
    const phases: Phase[] = []
    // the least significant key first; `order` is the one found so far
    let order: 0 | 1 | null = null
    for (const { from, dtype } of keysOf(this.#kernel)) {
      for (let word = 0; word < wordsOfKey(dtype); word++) {
        phases.push(this.#makePairs(from, dtype, word, order))
        for (let digit = 0; digit < digits; digit++) phases.push(this.#count(digit), this.#placesOf(digit), this.#distribute(digit))
        const next: 0 | 1 = order === 0 ? 1 : 0
        phases.push(this.#readOrder(order, next))
        order = next
      }
    }
    // Through scratch memory, since the plan may have put a result over an operand.
    phases.push(this.#move(order ?? 0, false), this.#move(order ?? 0, true))
    return phases
  }

  /** A phase over `parts` of each row, of so many nanoseconds an element. */
  #phase(parts: number, cost: number, body: (fn: FunctionBuilder, at: { readonly row: Local; readonly part: Local; readonly base: Local }) => void): Phase {
    const fn = this.#context.module.function(`${this.#name}_${this.#functions++}`, ['i32', 'i32', 'i32', ...this.#buffers.map(() => 'i32' as const)])
    const [unit, row, part, base] = [fn.local('i32', 'unit'), fn.local('i32', 'row'), fn.local('i32', 'part'), fn.local('i32', 'base')]
    fn.forLoop(unit, fn.param(0), fn.param(1), 1, () => {
      fn.get(unit).i32(parts).emit('i32.div_u').set(row)
      fn.get(unit).i32(parts).emit('i32.rem_u').set(part)
      fn.get(fn.param(2)).get(row).i32(this.#rowBytes).emit('i32.mul').emit('i32.add').set(base)
      body(fn, { row, part, base })
    })
    const pointers = [{ scratch: 0 }, ...this.#buffers.map((_, buffer) => ({ buffer }))]
    return { kind: 'units', fn, units: this.#rows * parts, unitsPerCall: 1, sequential: false, time: cost * this.#rows * this.#kernel.length, pointers }
  }

  /** Sets the bounds of a chunk of `length` elements. */
  #bounds(fn: FunctionBuilder, part: Local, length = this.#kernel.length): { readonly begin: Local; readonly end: Local } {
    const [begin, end] = [fn.local('i32', 'begin'), fn.local('i32', 'end')]
    fn.get(part).i32(this.#chunk).emit('i32.mul').tee(begin).i32(length).get(begin).i32(length).emit('i32.lt_u').select().set(begin)
    fn.get(begin).i32(this.#chunk).emit('i32.add').tee(end).i32(length).get(end).i32(length).emit('i32.lt_u').select().set(end)
    return { begin, end }
  }

  /** Pushes the address of element `at` of a row of a buffer that has rows of `length`. */
  #pushElement(fn: FunctionBuilder, buffer: number, row: Local, at: () => void, bytes: number, length = this.#kernel.length): void {
    const { inner } = this.#kernel
    fn.get(fn.param(3 + this.#buffers.indexOf(buffer)))
    fn.get(row).i32(inner).emit('i32.div_u').i32(length * inner).emit('i32.mul').get(row).i32(inner).emit('i32.rem_u').emit('i32.add')
    at()
    fn.i32(inner).emit('i32.mul').emit('i32.add').i32(bytes).emit('i32.mul').emit('i32.add')
  }

  /** Pushes the address of a word of an order. */
  #pushOrder(fn: FunctionBuilder, base: Local, order: 0 | 1, at: Local): void {
    fn.get(base).i32(this.#orders[order]).emit('i32.add').get(at).i32(2).emit('i32.shl').emit('i32.add')
  }

  /** Pushes the address of one of a row's two places for pairs: the one where they are before a digit, or the other. */
  #pushPairs(fn: FunctionBuilder, base: Local, digit: number, other: boolean): void {
    const [first, second] = this.#pairs
    fn.get(base).i32(second).emit('i32.add').get(base).i32(first).emit('i32.add')
    fn.get(base).i32(this.#side + 4 * digit).emit('i32.add').mem('i32.load')
    if (other) fn.emit('i32.eqz')
    fn.select()
  }

  #makePairs(from: number, dtype: SortKernel['operands'][number]['dtype'], word: number, order: 0 | 1 | null): Phase {
    return this.#phase(chunks, order === null ? 1 : 2, (fn, { row, part, base }) => {
      const pushWord = keyWords(fn, dtype, !this.#kernel.descending)[word]!
      const { begin, end } = this.#bounds(fn, part)
      const [i, element] = [fn.local('i32', 'i'), fn.local('i32', 'element')]
      fn.get(part).emit('i32.eqz').if(() => fn.get(base).i32(this.#side).emit('i32.add').i32(0).mem('i32.store'))
      fn.forLoop(i, begin, end, 1, () => {
        if (order === null) fn.get(i).set(element)
        else {
          this.#pushOrder(fn, base, order, i)
          fn.mem('i32.load').set(element)
        }
        fn.get(base).i32(this.#pairs[0]).emit('i32.add').get(i).i32(3).emit('i32.shl').emit('i32.add')
        this.#pushElement(fn, from, row, () => fn.get(element), dtypeInfo[dtype].bytes)
        pushWord()
        if (this.#kernel.descending) fn.i32(-1).emit('i32.xor')
        fn.emit('i64.extend_i32_u').i64(32n).emit('i64.shl').get(i).emit('i64.extend_i32_u').emit('i64.or').mem('i64.store')
      })
    })
  }

  /** Pushes what the functions of a chunk begin with: where its pairs are, and how many. */
  #pushChunk(fn: FunctionBuilder, base: Local, part: Local, digit: number): void {
    const { begin, end } = this.#bounds(fn, part)
    this.#pushPairs(fn, base, digit, false)
    fn.get(begin).i32(3).emit('i32.shl').emit('i32.add').get(end).get(begin).emit('i32.sub')
  }

  #pushCounts(fn: FunctionBuilder, base: Local, part: Local): void {
    fn.get(base).i32(this.#counts).emit('i32.add').get(part).i32(countBytes).emit('i32.mul').emit('i32.add')
  }

  #count(digit: number): Phase {
    return this.#phase(chunks, 0.8, (fn, { part, base }) => {
      this.#pushChunk(fn, base, part, digit)
      this.#pushCounts(fn, base, part)
      fn.i32(digit * digitBits).call(countDigits(this.#context.module))
    })
  }

  /** Counts become byte offsets: by digit, then by chunk. Where all keys have one digit, pairs stay where they are. */
  #placesOf(digit: number): Phase {
    return this.#phase(1, 0, (fn, { base }) => {
      const [bucket, chunk, place, count, sum, all, stays] = mapTuple(['bucket', 'chunk', 'place', 'count', 'sum', 'all', 'stays'], (name) => fn.local('i32', name))
      fn.i32(0).set(sum).i32(0).set(stays)
      fn.forLoop(bucket, 0, buckets, 1, () => {
        fn.get(sum).set(all)
        fn.get(base).i32(this.#counts).emit('i32.add').get(bucket).i32(2).emit('i32.shl').emit('i32.add').set(place)
        fn.forLoop(chunk, 0, chunks, 1, () => {
          fn.get(place).mem('i32.load').set(count)
          fn.get(place).get(sum).mem('i32.store')
          fn.get(sum).get(count).i32(3).emit('i32.shl').emit('i32.add').set(sum)
          fn.get(place).i32(countBytes).emit('i32.add').set(place)
        })
        fn.get(stays).get(sum).get(all).emit('i32.sub').i32(8 * this.#kernel.length).emit('i32.eq').emit('i32.or').set(stays)
      })
      fn.get(base).i32(this.#side + 4 * (digit + 1)).emit('i32.add')
      fn.get(base).i32(this.#side + 4 * digit).emit('i32.add').mem('i32.load').get(stays).emit('i32.eqz').emit('i32.xor').mem('i32.store')
    })
  }

  #distribute(digit: number): Phase {
    return this.#phase(chunks, 2, (fn, { part, base }) => {
      const side = (number: number): void => void fn.get(base).i32(this.#side + 4 * number).emit('i32.add').mem('i32.load')
      side(digit)
      side(digit + 1)
      fn.emit('i32.ne').if(() => {
        this.#pushChunk(fn, base, part, digit)
        this.#pushPairs(fn, base, digit, true)
        this.#pushCounts(fn, base, part)
        fn.i32(digit * digitBits).call(distribute(this.#context.module))
      })
    })
  }

  #readOrder(order: 0 | 1 | null, next: 0 | 1): Phase {
    return this.#phase(chunks, 1, (fn, { part, base }) => {
      const { begin, end } = this.#bounds(fn, part)
      const [i, element, pairs] = [fn.local('i32', 'i'), fn.local('i32', 'element'), fn.local('i32', 'pairs')]
      this.#pushPairs(fn, base, digits, false)
      fn.set(pairs)
      fn.forLoop(i, begin, end, 1, () => {
        fn.get(pairs).get(i).i32(3).emit('i32.shl').emit('i32.add').mem('i32.load').set(element)
        this.#pushOrder(fn, base, next, i)
        if (order === null) fn.get(element)
        else {
          this.#pushOrder(fn, base, order, element)
          fn.mem('i32.load')
        }
        fn.mem('i32.store')
      })
    })
  }

  /** Operands in order into scratch memory, or from there into the results. */
  #move(order: 0 | 1, store: boolean): Phase {
    return this.#phase(chunks, store ? 1 : 3, (fn, { row, part, base }) => {
      const { begin, end } = this.#bounds(fn, part, this.#kernel.keep)
      const i = fn.local('i32', 'i')
      for (const [k, { from, to, dtype }] of this.#kernel.operands.entries()) {
        const { bytes } = dtypeInfo[dtype]
        const pushStaged = (): void => void fn.get(base).i32(this.#staged[k]!).emit('i32.add').get(i).i32(bytes).emit('i32.mul').emit('i32.add')
        fn.forLoop(i, begin, end, 1, () => {
          const pushPlace = (): void => {
            this.#pushOrder(fn, base, order, i)
            fn.mem('i32.load')
          }
          if (store) this.#pushElement(fn, to, row, () => fn.get(i), bytes, this.#kernel.keep)
          pushStaged()
          if (!store && from === null) {
            pushPlace()
            fn.mem('i32.store')
            return
          }
          if (!store && from !== null) this.#pushElement(fn, from, row, pushPlace, bytes)
          copyElement(fn, bytes)
        })
      }
    })
  }
}
