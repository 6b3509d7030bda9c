/**
 * Radix sort of pairs (place below, key above, as one unsigned 64-bit number) by their keys, eight bits at a time from the least
 * significant on. It is stable, so pairs that come in order of their places end up in order of all 64 bits.
 */
import type { FunctionBuilder, FunctionRef, Local, ModuleBuilder } from '../asm/index.ts'

export const digitBits = 8
export const digits: number = 32 / digitBits
export const buckets: number = 2 ** digitBits
/** Where counts of one digit lie. */
export const countBytes: number = 4 * buckets

/** Pushes the address of the counter of a key's digit: the key, and how far to shift it, as code that pushes. */
function pushCounter(fn: FunctionBuilder, counts: Local, key: () => void, shift: () => void): void {
  key()
  shift()
  fn.emit('i32.shr_u').i32(buckets - 1).emit('i32.and').i32(2).emit('i32.shl').get(counts).emit('i32.add')
}

/** Adds one to the counter whose address is in a local. */
const countOne = (fn: FunctionBuilder, counter: Local): void => void fn.get(counter).get(counter).mem('i32.load').i32(1).emit('i32.add').mem('i32.store')

/** `(pairs, n, counts, shift)`: how many keys there are of each digit. */
export function countDigits(module: ModuleBuilder): FunctionRef {
  const known = module.lookup('sort.count')
  if (known !== null) return known
  const fn = module.function('sort.count', ['i32', 'i32', 'i32', 'i32'])
  const [pairs, n, counts, shift] = [fn.param(0), fn.param(1), fn.param(2), fn.param(3)]
  const [end, counter] = [fn.local('i32', 'end'), fn.local('i32', 'counter')]
  fn.get(counts).i32(0).i32(countBytes).bulk('memory.fill')
  fn.get(pairs).get(n).i32(3).emit('i32.shl').emit('i32.add').set(end)
  fn.forLoop(pairs, pairs, end, 8, () => {
    pushCounter(fn, counts, () => fn.get(pairs).mem('i32.load', 4), () => fn.get(shift))
    fn.set(counter)
    countOne(fn, counter)
  })
  return fn
}

/** `(from, n, to, places, shift)`: every pair to the place of its digit, which moves on: byte offsets into `to`. */
export function distribute(module: ModuleBuilder): FunctionRef {
  const known = module.lookup('sort.distribute')
  if (known !== null) return known
  const fn = module.function('sort.distribute', ['i32', 'i32', 'i32', 'i32', 'i32'])
  const [from, n, to, places, shift] = [fn.param(0), fn.param(1), fn.param(2), fn.param(3), fn.param(4)]
  const [end, counter, place] = [fn.local('i32', 'end'), fn.local('i32', 'counter'), fn.local('i32', 'place')]
  fn.get(from).get(n).i32(3).emit('i32.shl').emit('i32.add').set(end)
  fn.forLoop(from, from, end, 8, () => {
    pushCounter(fn, places, () => fn.get(from).mem('i32.load', 4), () => fn.get(shift))
    fn.tee(counter).mem('i32.load').set(place)
    fn.get(to).get(place).emit('i32.add').get(from).mem('i64.load').mem('i64.store')
    fn.get(counter).get(place).i32(8).emit('i32.add').mem('i32.store')
  })
  return fn
}

/** `(a, b, n, counts)`: sorts the pairs at a, back and forth with b; gives the place where they end up. */
export function radixSort(module: ModuleBuilder): FunctionRef {
  const known = module.lookup('sort.radix')
  if (known !== null) return known
  const [countAll, move] = [countAllDigits(module), distribute(module)]
  const fn = module.function('sort.radix', ['i32', 'i32', 'i32', 'i32'], ['i32'])
  const [a, b, n, counts] = [fn.param(0), fn.param(1), fn.param(2), fn.param(3)]
  const [shift, end, place, sum, count] = [fn.local('i32', 'shift'), fn.local('i32', 'end'), fn.local('i32', 'place'), fn.local('i32', 'sum'), fn.local('i32', 'count')]
  fn.get(a).get(n).get(counts).call(countAll)
  fn.forLoop(shift, 0, 32, digitBits, () => {
    pushCounter(fn, counts, () => fn.get(a).mem('i32.load', 4), () => fn.get(shift))
    // where all keys have the same digit there is nothing to do
    fn.mem('i32.load').get(n).emit('i32.ne').if(() => {
      fn.get(counts).i32(countBytes).emit('i32.add').set(end)
      fn.i32(0).set(sum)
      fn.forLoop(place, counts, end, 4, () => {
        fn.get(place).mem('i32.load').set(count)
        fn.get(place).get(sum).mem('i32.store')
        fn.get(sum).get(count).i32(3).emit('i32.shl').emit('i32.add').set(sum)
      })
      fn.get(a).get(n).get(b).get(counts).get(shift).call(move)
      fn.get(a).get(b).set(a).set(b)
    })
    fn.get(counts).i32(countBytes).emit('i32.add').set(counts)
  })
  fn.get(a)
  return fn
}

/** `(pairs, n, counts)`: of every digit, one after the other. */
function countAllDigits(module: ModuleBuilder): FunctionRef {
  const fn = module.function('sort.countAll', ['i32', 'i32', 'i32'])
  const [pairs, n, counts] = [fn.param(0), fn.param(1), fn.param(2)]
  const [end, key, counter] = [fn.local('i32', 'end'), fn.local('i32', 'key'), fn.local('i32', 'counter')]
  fn.get(counts).i32(0).i32(digits * countBytes).bulk('memory.fill')
  fn.get(pairs).get(n).i32(3).emit('i32.shl').emit('i32.add').set(end)
  fn.forLoop(pairs, pairs, end, 8, () => {
    fn.get(pairs).mem('i32.load', 4).set(key)
    for (let digit = 0; digit < digits; digit++) {
      pushCounter(fn, counts, () => fn.get(key), () => fn.i32(digit * digitBits))
      fn.i32(digit * countBytes).emit('i32.add').set(counter)
      countOne(fn, counter)
    }
  })
  return fn
}
