/**
 * Stable sorts. A row is sorted as 64-bit pairs (key as an unsigned word that orders alike, place before this pass), by merging
 * where it is short, digit by digit where it is long; further keys, and the low words of 64-bit keys, are earlier passes, as in a radix sort. The order found is then applied to every operand.
 */
import { dtypeInfo } from '../../../core/dtype.ts'
import { buffersOf, type SortKernel } from '../../kernel-ir/index.ts'
import type { FunctionBuilder, Local } from '../asm/index.ts'
import type { EmitContext, EmittedKernel } from '../emit/phase.ts'
import { copyElement } from '../lanes/index.ts'
import { emitSelection, isSelection } from './first.ts'
import { keysOf, keyWords } from './keys.ts'
import { emitLongSort, isLongSort } from './long.ts'
import { mergeSort } from './merge.ts'
import { countBytes, digits, radixSort } from './radix.ts'

/** From here on counting digits is faster than merging. */
const radixLength = 80

const round64 = (n: number): number => Math.ceil(n / 64) * 64

export function emitSort(context: EmitContext, name: string, kernel: SortKernel): EmittedKernel {
  if (isSelection(kernel)) return emitSelection(context, name, kernel)
  if (isLongSort(kernel)) return emitLongSort(context, name, kernel)
  const { module } = context
  const { outer, length, inner, keep, operands, numKeys } = kernel
  const buffers = buffersOf(kernel)
  const pairBytes = round64(8 * length)
  const orderBytes = round64(4 * length)
  const countsAt = 2 * pairBytes + 2 * orderBytes + operands.reduce((sum, o) => sum + round64(dtypeInfo[o.dtype].bytes * keep), 0)
  const fn = module.function(name, ['i32', 'i32', 'i32', ...buffers.map(() => 'i32' as const)])
  const scratch = fn.param(2)
  const row = fn.local('i32', 'row')
  const start = fn.local('i32', 'start')
  const order = fn.local('i32', 'order')
  const nextOrder = fn.local('i32', 'nextOrder')
  const pairs = fn.local('i32', 'pairs')
  const i = fn.local('i32', 'i')
  const element = fn.local('i32', 'element')
  const byDigits = length >= radixLength
  const pointer = (buffer: number): Local => fn.param(3 + buffers.indexOf(buffer))
  const resultStart = keep === length ? start : fn.local('i32', 'resultStart')
  // the address of element `at` of a row that starts there
  const pushElement = (buffer: number, rowStart: Local, at: () => void, bytes: number): void => {
    fn.get(pointer(buffer))
    at()
    fn.i32(inner).emit('i32.mul').get(rowStart).emit('i32.add').i32(bytes).emit('i32.mul').emit('i32.add')
  }
  fn.forLoop(row, fn.param(0), fn.param(1), 1, () => {
    for (const [rowStart, size] of new Map([[start, length], [resultStart, keep]])) {
      fn.get(row).i32(inner).emit('i32.div_u').i32(size * inner).emit('i32.mul').get(row).i32(inner).emit('i32.rem_u').emit('i32.add').set(rowStart)
    }
    fn.get(scratch).i32(2 * pairBytes).emit('i32.add').set(order)
    fn.get(order).i32(orderBytes).emit('i32.add').set(nextOrder)
    let first = true
    for (const { from, dtype } of keysOf(kernel)) {
      for (const pushWord of keyWords(fn, dtype, !kernel.descending)) {
        const identity = first
        // pairs of (key of the element now at i, i)
        fn.forLoop(i, 0, length, 1, () => {
          if (identity) fn.get(i).set(element)
          else pushOrder(fn, order, i).mem('i32.load').set(element)
          fn.get(scratch).get(i).i32(3).emit('i32.shl').emit('i32.add')
          pushElement(from, start, () => fn.get(element), dtypeInfo[dtype].bytes)
          pushWord()
          if (kernel.descending) fn.i32(-1).emit('i32.xor')
          fn.emit('i64.extend_i32_u').i64(32n).emit('i64.shl').get(i).emit('i64.extend_i32_u').emit('i64.or').mem('i64.store')
        })
        fn.get(scratch).get(scratch).i32(pairBytes).emit('i32.add').i32(length)
        if (byDigits) fn.get(scratch).i32(countsAt).emit('i32.add').call(radixSort(module))
        else fn.call(mergeSort(module))
        fn.set(pairs)
        fn.forLoop(i, 0, length, 1, () => {
          fn.get(pairs).get(i).i32(3).emit('i32.shl').emit('i32.add').mem('i32.load').set(element)
          pushOrder(fn, nextOrder, i)
          if (identity) fn.get(element)
          else pushOrder(fn, order, element).mem('i32.load')
          fn.mem('i32.store')
        })
        fn.get(order).get(nextOrder).set(order).set(nextOrder)
        first = false
      }
    }
    // Through scratch memory, since the plan may have put a result over an operand.
    const staged = fn.local('i32', 'staged')
    for (const store of [false, true]) {
      fn.get(scratch).i32(2 * pairBytes + 2 * orderBytes).emit('i32.add').set(staged)
      for (const { from, to, dtype } of operands) {
        const { bytes } = dtypeInfo[dtype]
        const pushStaged = (): void => void fn.get(staged).get(i).i32(bytes).emit('i32.mul').emit('i32.add')
        fn.forLoop(i, 0, keep, 1, () => {
          if (store) pushElement(to, resultStart, () => fn.get(i), bytes)
          pushStaged()
          if (store) copyElement(fn, bytes)
          else if (from === null) pushOrder(fn, order, i).mem('i32.load').mem('i32.store')
          else {
            pushElement(from, start, () => pushOrder(fn, order, i).mem('i32.load'), bytes)
            copyElement(fn, bytes)
          }
        })
        fn.get(staged).i32(round64(bytes * keep)).emit('i32.add').set(staged)
      }
    }
  })
  const units = length === 0 ? 0 : outer * inner
  return {
    phases: [{ kind: 'units', fn, units, unitsPerCall: Math.max(1, Math.ceil(units / 16)), sequential: false, time: (byDigits ? 10 : 2 * Math.log2(length + 1)) * outer * length * inner * numKeys, pointers: [{ own: 0 }, ...buffers.map((_, buffer) => ({ buffer }))] }],
    scratchBytes: 0,
    ownBytes: countsAt + (byDigits ? digits * countBytes : 0),
  }
}

const pushOrder = (fn: FunctionBuilder, order: Local, at: Local): FunctionBuilder => fn.get(order).get(at).i32(2).emit('i32.shl').emit('i32.add')
