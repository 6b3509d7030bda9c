/** Keys of a sort as unsigned words that order alike. */
import type { DType } from '../../../core/dtype.ts'
import { DtypeError } from '../../../core/errors.ts'
import type { BufferId, SortKernel } from '../../kernel-ir/index.ts'
import type { FunctionBuilder } from '../asm/index.ts'

/** The keys of a sort, the least significant first. */
export const keysOf = ({ operands, numKeys }: SortKernel): { readonly from: BufferId; readonly dtype: DType }[] =>
  operands.slice(0, numKeys).toReversed().flatMap(({ from, dtype }) => (from === null ? [] : [{ from, dtype }]))

/** Words of a key. */
export const wordsOfKey = (dtype: DType): number => (dtype === 'float64' ? 2 : 1)

/**
 * For each word of a key, the least significant first: takes the element's address off the stack and leaves a word that, as an
 * unsigned number, orders as the elements do. NaN comes after everything; -0 and +0 are equal, or else -0 comes first.
 */
export function keyWords(fn: FunctionBuilder, dtype: DType, equalZeros: boolean): (() => void)[] {
  const x = fn.local('i32', 'key')
  // a sign bit set means the other bits count downwards
  const floating = (sign: number, infinity: number) => (): void => {
    const all = sign * 2 - 1
    fn.set(x)
    if (equalZeros) fn.i32(0).get(x).get(x).i32(sign).emit('i32.eq').select().set(x)
    fn.i32(-1)
    fn.get(x).i32(all).emit('i32.xor').get(x).i32(sign).emit('i32.or').get(x).i32(sign).emit('i32.and').select()
    fn.get(x).i32(sign - 1).emit('i32.and').i32(infinity).emit('i32.gt_u').select()
  }
  switch (dtype) {
    case 'float32':
      return [() => (fn.mem('i32.load'), floating(0x80000000, 0x7f800000)())]
    case 'float16':
      return [() => (fn.mem('i32.load16_u'), floating(0x8000, 0x7c00)())]
    case 'bfloat16':
      return [() => (fn.mem('i32.load16_u'), floating(0x8000, 0x7f80)())]
    case 'float64': {
      const address = fn.local('i32', 'place')
      const d = fn.local('i64', 'bits')
      const ordered = (): void => {
        fn.set(address).get(address).mem('i64.load').set(d)
        if (equalZeros) fn.i64(0n).get(d).get(d).i64(-(2n ** 63n)).emit('i64.eq').select().set(d)
        fn.i64(-1n)
        fn.get(d).i64(-1n).emit('i64.xor').get(d).i64(-(2n ** 63n)).emit('i64.or').get(d).i64(0n).emit('i64.lt_s').select()
        fn.get(d).i64(2n ** 63n - 1n).emit('i64.and').i64(0x7ff0000000000000n).emit('i64.gt_u').select()
      }
      return [() => (ordered(), fn.emit('i32.wrap_i64')), () => (ordered(), fn.i64(32n).emit('i64.shr_u').emit('i32.wrap_i64'))]
    }
    case 'int8':
      return [() => fn.mem('i32.load8_s').i32(0x80000000).emit('i32.xor')]
    case 'int16':
      return [() => fn.mem('i32.load16_s').i32(0x80000000).emit('i32.xor')]
    case 'int32':
      return [() => fn.mem('i32.load').i32(0x80000000).emit('i32.xor')]
    case 'uint8':
    case 'bool':
      return [() => fn.mem('i32.load8_u')]
    case 'uint16':
      return [() => fn.mem('i32.load16_u')]
    case 'uint32':
      return [() => fn.mem('i32.load')]
    case 'complex64':
    case 'complex128':
    case 'key':
      throw new DtypeError('sort', `${dtype} has no order`)
  }
}
