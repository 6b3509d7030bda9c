/**
 * The first elements of rows in order, where they are few: a row is searched for elements that come before the last of the best so far,
 * most of them four vectors at a time by one comparison, and what is found is sorted into the best. Long rows are searched in
 * parts, by several threads, and the best of all parts are sorted once more: parts are fixed by shape, and pairs of key and place have one order.
 */
import { type DType, dtypeInfo } from '../../../core/dtype.ts'
import { buffersOf, type SortKernel } from '../../kernel-ir/index.ts'
import type { FunctionBuilder, FunctionRef, Local, ModuleBuilder } from '../asm/index.ts'
import type { EmitContext, EmittedKernel, Phase } from '../emit/phase.ts'
import { copyElement } from '../lanes/index.ts'
import { keysOf, keyWords, wordsOfKey } from './keys.ts'
import { mergeSort } from './merge.ts'
import { countBytes, digits, radixSort } from './radix.ts'

/** A row is sorted whole where more of it than this part is wanted: measured on random and on rising rows. */
const selectedPart = (length: number): number => (length < 256 ? 1 / 4 : length < longRow ? 1 / 16 : 1 / 64)
/** As many as that are kept in order by insertion; more are sorted in between. */
const fewKept = 32
/** From here on counting digits is faster than merging. */
const radixLength = 80
/** What one comparison of the search is about, and what a function is called for at most, so that optimised code is entered soon. */
const groupBytes = 64
const callBytes = 256 * groupBytes
/** Parts of a long row, and from which length on. */
const parts = 16
const longRow = 2 ** 14

const round64 = (n: number): number => Math.ceil(n / 64) * 64

export const isSelection = (kernel: SortKernel): boolean =>
  kernel.descending && kernel.inner === 1 && kernel.keep <= kernel.length * selectedPart(kernel.length) && kernel.numKeys === 1 && keysOf(kernel).every(({ dtype }) => wordsOfKey(dtype) === 1)

export function emitSelection(context: EmitContext, name: string, kernel: SortKernel): EmittedKernel {
  const { module } = context
  const { outer, length, keep, operands } = kernel
  const [key] = keysOf(kernel)
  const { from, dtype } = key!
  const { bytes } = dtypeInfo[dtype]
  const buffers = buffersOf(kernel)
  // Each part must have as many elements as are wanted of it.
  const cut = length >= longRow && outer < parts ? Math.max(1, Math.min(parts, Math.floor(length / (4 * keep)))) : 1
  const part = Math.ceil(length / cut)
  const units = outer * cut
  const search = searchFunction(module, dtype, keep, capacityOf(keep, part, bytes))
  const pointers = [{ scratch: 0 }, { own: 0 }, ...buffers.map((_, buffer) => ({ buffer }))]
  const pointer = (fn: FunctionBuilder, buffer: number): Local => fn.param(4 + buffers.indexOf(buffer))

  /** Writes the results of a row from its pairs. */
  const storeRow = (fn: FunctionBuilder, row: Local, pairs: Local): void => {
    const [i, place] = [fn.local('i32', 'i'), fn.local('i32', 'place')]
    fn.forLoop(i, 0, keep, 1, () => {
      fn.get(pairs).get(i).i32(3).emit('i32.shl').emit('i32.add').mem('i32.load').set(place)
      for (const o of operands) {
        const width = dtypeInfo[o.dtype].bytes
        const push = (buffer: number, rows: number, at: Local): void =>
          void fn.get(pointer(fn, buffer)).get(row).i32(rows).emit('i32.mul').get(at).emit('i32.add').i32(width).emit('i32.mul').emit('i32.add')
        push(o.to, keep, i)
        if (o.from === null) fn.get(place).mem('i32.store')
        else {
          push(o.from, length, place)
          copyElement(fn, width)
        }
      }
    })
  }
  const phase = (which: string, count: number, time: number, body: (fn: FunctionBuilder, unit: Local) => void): Phase => {
    // `(begin, end, scratch, own, ...buffers)`
    const fn = module.function(`${name}_${which}`, ['i32', 'i32', 'i32', 'i32', ...buffers.map(() => 'i32' as const)])
    const unit = fn.local('i32', 'unit')
    fn.forLoop(unit, fn.param(0), fn.param(1), 1, () => body(fn, unit))
    return { kind: 'units', fn, units: count, unitsPerCall: Math.max(1, Math.ceil(count / 16)), sequential: false, time, pointers }
  }

  const searchTime = outer * (0.5 * length + 20 * cut * Math.min(part, keep * Math.ceil(Math.log2(1 + part / keep))))
  const phases = [
    phase('search', units, searchTime, (fn, unit) => {
      const [row, first, last, pairs] = [fn.local('i32', 'row'), fn.local('i32', 'first'), fn.local('i32', 'last'), fn.local('i32', 'pairs')]
      fn.get(unit).i32(cut).emit('i32.div_u').set(row)
      fn.get(unit).i32(cut).emit('i32.rem_u').i32(part).emit('i32.mul').set(first)
      fn.get(first).i32(part).emit('i32.add').tee(last).i32(length).get(last).i32(length).emit('i32.lt_u').select().set(last)
      const pushElement = (at: Local): void => void fn.get(pointer(fn, from)).get(row).i32(length).emit('i32.mul').get(at).emit('i32.add').i32(bytes).emit('i32.mul').emit('i32.add')
      pushElement(first)
      pushElement(last)
      fn.get(first).get(fn.param(3)).call(search).set(pairs)
      if (cut === 1) storeRow(fn, row, pairs)
      else fn.get(fn.param(2)).get(unit).i32(8 * keep).emit('i32.mul').emit('i32.add').get(pairs).i32(8 * keep).bulk('memory.copy')
    }),
  ]
  const all = cut * keep
  if (cut > 1) {
    phases.push(
      phase('best', outer, 10 * outer * all, (fn, row) => {
        const pairs = fn.local('i32', 'pairs')
        fn.get(fn.param(2)).get(row).i32(8 * all).emit('i32.mul').emit('i32.add').set(pairs)
        pushSorted(fn, module, pairs, () => fn.get(fn.param(3)), () => fn.i32(all), all)
        fn.set(pairs)
        storeRow(fn, row, pairs)
      }),
    )
  }
  const own = Math.max(searchBytes(keep, capacityOf(keep, part, bytes)), cut > 1 ? sortBytes(all) : 0)
  return { phases, scratchBytes: cut > 1 ? round64(8 * units * keep) : 0, ownBytes: own }
}

/** Pairs that are gathered before they are sorted; a group more must have room. */
const capacityOf = (keep: number, part: number, bytes: number): number => Math.max(2 * keep, Math.min(128, part >> 3)) + groupBytes / bytes

/** Where pairs are sorted to, and what that takes besides. */
const sortBytes = (pairs: number): number => round64(8 * pairs) + digits * countBytes
const searchBytes = (keep: number, capacity: number): number => round64(8 * capacity) + (keep > fewKept ? sortBytes(capacity) : 0)

/** Pushes where the pairs at a local are in order: there, or in the memory of `sortBytes` besides. */
function pushSorted(fn: FunctionBuilder, module: ModuleBuilder, pairs: Local, besides: () => void, count: () => void, most: number): void {
  fn.get(pairs)
  besides()
  count()
  if (most < radixLength) return void fn.call(mergeSort(module))
  besides()
  fn.i32(round64(8 * most)).emit('i32.add').call(radixSort(module))
}

/**
 * `(at, end, place, own)`: where the first `keep` pairs in order are, of the elements from one address to another, the first of which
 * has that place. There are as many. Pairs are (key, place), as unsigned 64-bit numbers.
 */
function searchFunction(module: ModuleBuilder, dtype: DType, keep: number, capacity: number): FunctionRef {
  const name = `first.search.${dtype}.${keep}.${capacity}`
  const known = module.lookup(name)
  if (known !== null) return known
  const { bytes } = dtypeInfo[dtype]
  const [skip, take] = [skipFunction(module, dtype), takeFunction(module, dtype)]
  const fn = module.function(name, ['i32', 'i32', 'i32', 'i32'], ['i32'])
  const [at, end, place, pairs] = [fn.param(0), fn.param(1), fn.param(2), fn.param(3)]
  const [start, filled, stop, sorted] = [fn.local('i32', 'start'), fn.local('i32', 'filled'), fn.local('i32', 'stop'), fn.local('i32', 'sorted')]
  /** The last of the best, or what every pair comes before. */
  const bound = fn.local('i64', 'bound')
  const lesser = (x: Local, y: Local): FunctionBuilder => fn.get(x).get(y).get(x).get(y).emit('i32.lt_u').select()
  /** What was found is sorted into the best. */
  const shrink = (): void => {
    if (keep <= fewKept) fn.get(pairs).get(filled).get(pairs).i32(8 * keep).emit('i32.add').call(insertFunction(module))
    else {
      const besides = (): FunctionBuilder => fn.get(pairs).i32(round64(8 * capacity)).emit('i32.add')
      pushSorted(fn, module, pairs, besides, () => fn.get(filled).get(pairs).emit('i32.sub').i32(3).emit('i32.shr_u'), capacity)
      fn.tee(sorted).get(pairs).emit('i32.ne').if(() => void fn.get(pairs).get(sorted).i32(8 * keep).bulk('memory.copy'))
    }
    fn.get(pairs).i32(8 * keep).emit('i32.add').set(filled)
    fn.get(pairs).mem('i64.load', 8 * (keep - 1)).set(bound)
  }
  fn.get(at).set(start).get(pairs).set(filled).i64(-1n).set(bound)
  fn.block((done) => {
    fn.loop((again) => {
      fn.get(at).get(end).emit('i32.ge_u').brIf(done)
      // as many as there is room for
      fn.get(at).get(pairs).i32(8 * capacity).emit('i32.add').get(filled).emit('i32.sub').i32(3 - Math.log2(bytes)).emit('i32.shr_u').emit('i32.add').set(stop)
      fn.get(at).i32(callBytes).emit('i32.add').set(sorted)
      lesser(sorted, stop).set(stop)
      if (skip !== null) {
        fn.get(bound).i64(-1n).emit('i64.ne').if(() => {
          fn.get(at).i32(callBytes).emit('i32.add').set(stop)
          fn.get(at)
          lesser(end, stop)
          fn.get(bound).i64(32n).emit('i64.shr_u').emit('i32.wrap_i64').call(skip).tee(at).i32(groupBytes).emit('i32.add').set(stop)
        })
      }
      lesser(stop, end).set(stop)
      fn.get(at).get(stop).get(place).get(at).get(start).emit('i32.sub').i32(Math.log2(bytes)).emit('i32.shr_u').emit('i32.add').get(filled).get(bound).call(take).set(filled)
      fn.get(stop).set(at)
      fn.get(pairs).i32(8 * (capacity - groupBytes / bytes)).emit('i32.add').get(filled).emit('i32.ge_u').brIf(again)
      shrink()
      // before the greatest there is none
      fn.get(bound).i64(2n ** 32n).emit('i64.ge_u').brIf(again)
    })
  })
  fn.get(filled).get(pairs).i32(8 * keep).emit('i32.add').emit('i32.ne').get(bound).i64(-1n).emit('i64.eq').emit('i32.or').if(shrink)
  fn.get(pairs)
  return fn
}

/** `(at, end, place, filled, bound)`: writes pairs of elements that come before the bound; gives where the next would go. */
function takeFunction(module: ModuleBuilder, dtype: DType): FunctionRef {
  const name = `first.take.${dtype}`
  const known = module.lookup(name)
  if (known !== null) return known
  const { bytes } = dtypeInfo[dtype]
  const fn = module.function(name, ['i32', 'i32', 'i32', 'i32', 'i64'], ['i32'])
  const [at, end, place, filled, bound] = [fn.param(0), fn.param(1), fn.param(2), fn.param(3), fn.param(4)]
  const pair = fn.local('i64', 'pair')
  const [pushWord] = keyWords(fn, dtype, false)
  fn.forLoop(at, at, end, bytes, () => {
    fn.get(filled).get(at)
    pushWord!()
    fn.i32(-1).emit('i32.xor').emit('i64.extend_i32_u').i64(32n).emit('i64.shl').get(place).emit('i64.extend_i32_u').emit('i64.or').tee(pair).mem('i64.store')
    fn.get(filled).get(pair).get(bound).emit('i64.lt_u').i32(3).emit('i32.shl').emit('i32.add').set(filled)
    fn.get(place).i32(1).emit('i32.add').set(place)
  })
  fn.get(filled)
  return fn
}

/** Comparisons of vectors that tell that no element is greater; null: elements of this type are looked at one by one. */
function comparison(dtype: DType): { readonly le: 'f32x4.le' | 'i32x4.le_s' | 'i32x4.le_u' | 'i16x8.le_s' | 'i16x8.le_u' | 'i8x16.le_s' | 'i8x16.le_u'; readonly splat: 'i32x4.splat' | 'i16x8.splat' | 'i8x16.splat'; readonly all: 'i32x4.all_true' | 'i16x8.all_true' | 'i8x16.all_true' } | null {
  const wide = { splat: 'i32x4.splat', all: 'i32x4.all_true' } as const
  const half = { splat: 'i16x8.splat', all: 'i16x8.all_true' } as const
  const byte = { splat: 'i8x16.splat', all: 'i8x16.all_true' } as const
  switch (dtype) {
    case 'float32':
      return { le: 'f32x4.le', ...wide }
    case 'int32':
      return { le: 'i32x4.le_s', ...wide }
    case 'uint32':
      return { le: 'i32x4.le_u', ...wide }
    case 'int16':
      return { le: 'i16x8.le_s', ...half }
    case 'uint16':
      return { le: 'i16x8.le_u', ...half }
    case 'int8':
      return { le: 'i8x16.le_s', ...byte }
    case 'uint8':
    case 'bool':
      return { le: 'i8x16.le_u', ...byte }
    case 'float16':
    case 'bfloat16':
    case 'float64':
    case 'complex64':
    case 'complex128':
    case 'key':
      return null
  }
}

/** `(at, end, key)`: the first group of vectors that may hold an element before one with that key, or where less than a group is left. */
function skipFunction(module: ModuleBuilder, dtype: DType): FunctionRef | null {
  const compare = comparison(dtype)
  if (compare === null) return null
  const name = `first.skip.${dtype}`
  const known = module.lookup(name)
  if (known !== null) return known
  const fn = module.function(name, ['i32', 'i32', 'i32'], ['i32'])
  const [at, end, key] = [fn.param(0), fn.param(1), fn.param(2)]
  const bound = fn.local('v128', 'bound')
  // The element that has the key: the inverse of what makes keys.
  fn.get(key).i32(-1).emit('i32.xor').set(key)
  if (dtype === 'float32') {
    fn.get(key).i32(0x80000000).emit('i32.xor').get(key).i32(-1).emit('i32.xor').get(key).i32(0).emit('i32.lt_s').select().set(key)
    // +0 comes before -0, to which it compares equal: what does is looked at.
    fn.i32(0x80000001).get(key).get(key).i32(0x80000000).emit('i32.eq').select()
  } else {
    fn.get(key)
    if (dtypeInfo[dtype].kind === 'int') fn.i32(0x80000000).emit('i32.xor')
  }
  fn.emit(compare.splat).set(bound)
  fn.get(end).i32(groupBytes - 1).emit('i32.sub').set(end)
  fn.block((found) => {
    fn.forLoop(at, at, end, groupBytes, () => {
      // NaN is not less or equal to anything.
      for (let v = 0; v < groupBytes / 16; v++) {
        fn.get(at).mem('v128.load', 16 * v, dtypeInfo[dtype].bytes).get(bound).emit(compare.le)
        if (v > 0) fn.emit('v128.and')
      }
      fn.emit(compare.all).emit('i32.eqz').brIf(found)
    })
  })
  fn.get(at)
  return fn
}

/** `(pairs, end, head)`: pairs from the first place to the second, of which as many as fit before the third are wanted in order. */
function insertFunction(module: ModuleBuilder): FunctionRef {
  const known = module.lookup('first.insert')
  if (known !== null) return known
  const fn = module.function('first.insert', ['i32', 'i32', 'i32'])
  const [pairs, end, head] = [fn.param(0), fn.param(1), fn.param(2)]
  const [at, start, hole] = [fn.local('i32', 'at'), fn.local('i32', 'start'), fn.local('i32', 'hole')]
  const [x, before] = [fn.local('i64', 'x'), fn.local('i64', 'before')]
  fn.get(head).i32(8).emit('i32.sub').set(head)
  fn.get(pairs).i32(8).emit('i32.add').set(start)
  fn.forLoop(at, start, end, 8, () => {
    fn.block((next) => {
      fn.get(at).mem('i64.load').set(x)
      fn.get(at).get(head).get(at).get(head).emit('i32.lt_u').select().set(hole)
      // The last of the best gives way, or the pair is none of them.
      fn.get(at).get(head).emit('i32.gt_u').if(() => void fn.get(x).get(head).mem('i64.load').emit('i64.ge_u').brIf(next))
      fn.block((placed) => {
        fn.loop((again) => {
          fn.get(hole).get(pairs).emit('i32.eq').brIf(placed)
          fn.get(hole).i32(8).emit('i32.sub').mem('i64.load').tee(before).get(x).emit('i64.lt_u').brIf(placed)
          fn.get(hole).get(before).mem('i64.store')
          fn.get(hole).i32(8).emit('i32.sub').set(hole).br(again)
        })
      })
      fn.get(hole).get(x).mem('i64.store')
    })
  })
  return fn
}
