/**
 * Stable sorts. A row is sorted by merging 64-bit pairs (key as an unsigned word that orders alike, place before this pass);
 * further keys, and the low words of 64-bit keys, are earlier passes, as in a radix sort. The order found is then applied to every operand.
 */
import { type DType, dtypeInfo } from '../../../core/dtype.ts'
import { DtypeError } from '../../../core/errors.ts'
import { flopsOf, type SortKernel } from '../../kernel-ir/index.ts'
import type { FunctionBuilder, FunctionRef, Local, ModuleBuilder } from '../asm/index.ts'
import { buffersOf } from './kernel-key.ts'
import type { EmitContext, EmittedKernel } from './phases.ts'

const round64 = (n: number): number => Math.ceil(n / 64) * 64

export function emitSort({ module }: EmitContext, name: string, kernel: SortKernel): EmittedKernel {
  const { outer, length, inner, operands } = kernel
  const buffers = buffersOf(kernel)
  const pairBytes = round64(8 * length)
  const orderBytes = round64(4 * length)
  const fn = module.function(name, ['i32', 'i32', 'i32', ...buffers.map(() => 'i32' as const)])
  const scratch = fn.param(2)
  const row = fn.local('i32', 'row')
  const start = fn.local('i32', 'start')
  const order = fn.local('i32', 'order')
  const nextOrder = fn.local('i32', 'nextOrder')
  const pairs = fn.local('i32', 'pairs')
  const i = fn.local('i32', 'i')
  const element = fn.local('i32', 'element')
  const merge = mergeSort(module)
  const pointer = (buffer: number): Local => fn.param(3 + buffers.indexOf(buffer))
  // the address of element `at` of this row
  const pushElement = (buffer: number, at: () => void, bytes: number): void => {
    fn.get(pointer(buffer))
    at()
    fn.i32(inner).emit('i32.mul').get(start).emit('i32.add').i32(bytes).emit('i32.mul').emit('i32.add')
  }
  fn.forLoop(row, fn.param(0), fn.param(1), 1, () => {
    fn.get(row).i32(inner).emit('i32.div_u').i32(length * inner).emit('i32.mul').get(row).i32(inner).emit('i32.rem_u').emit('i32.add').set(start)
    fn.get(scratch).i32(2 * pairBytes).emit('i32.add').set(order)
    fn.get(order).i32(orderBytes).emit('i32.add').set(nextOrder)
    let first = true
    for (const { from, dtype } of operands.slice(0, kernel.numKeys).toReversed()) {
      for (const pushWord of keyWords(fn, dtype, !kernel.descending)) {
        const identity = first
        // pairs of (key of the element now at i, i)
        fn.forLoop(i, 0, length, 1, () => {
          if (identity) fn.get(i).set(element)
          else pushOrder(fn, order, i).mem('i32.load').set(element)
          fn.get(scratch).get(i).i32(3).emit('i32.shl').emit('i32.add')
          pushElement(from, () => fn.get(element), dtypeInfo[dtype].bytes)
          pushWord()
          if (kernel.descending) fn.i32(-1).emit('i32.xor')
          fn.emit('i64.extend_i32_u').i64(32n).emit('i64.shl').get(i).emit('i64.extend_i32_u').emit('i64.or').mem('i64.store')
        })
        fn.get(scratch).get(scratch).i32(pairBytes).emit('i32.add').i32(length).call(merge).set(pairs)
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
        fn.forLoop(i, 0, length, 1, () => {
          if (store) pushElement(to, () => fn.get(i), bytes)
          pushStaged()
          if (!store) pushElement(from, () => pushOrder(fn, order, i).mem('i32.load'), bytes)
          copyElement(fn, bytes)
        })
        fn.get(staged).i32(round64(bytes * length)).emit('i32.add').set(staged)
      }
    }
  })
  const units = length === 0 ? 0 : outer * inner
  return {
    phases: [{ kind: 'units', fn, units, unitsPerCall: Math.max(1, Math.ceil(units / 16)), sequential: false, time: 2 * flopsOf(kernel), pointers: [{ own: 0 }, ...buffers.map((_, buffer) => ({ buffer }))] }],
    scratchBytes: 0,
    ownBytes: 2 * pairBytes + 2 * orderBytes + operands.reduce((sum, o) => sum + round64(dtypeInfo[o.dtype].bytes * length), 0),
  }
}

const pushOrder = (fn: FunctionBuilder, order: Local, at: Local): FunctionBuilder => fn.get(order).get(at).i32(2).emit('i32.shl').emit('i32.add')

function copyElement(fn: FunctionBuilder, bytes: 1 | 2 | 4 | 8 | 16): void {
  switch (bytes) {
    case 1:
      return void fn.mem('i32.load8_u').mem('i32.store8')
    case 2:
      return void fn.mem('i32.load16_u').mem('i32.store16')
    case 4:
      return void fn.mem('i32.load').mem('i32.store')
    case 8:
      return void fn.mem('i64.load', 0, 4).mem('i64.store', 0, 4)
    case 16:
      return void fn.mem('v128.load', 0, 8).mem('v128.store', 0, 8)
  }
}

/**
 * For each word of a key, the least significant first: takes the element's address off the stack and leaves a word that, as an
 * unsigned number, orders as the elements do. NaN comes after everything; -0 and +0 are equal, or else -0 comes first.
 */
function keyWords(fn: FunctionBuilder, dtype: DType, equalZeros: boolean): (() => void)[] {
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

/** `(a, b, n)`: merges runs of 1, 2, 4 … of the unsigned 64-bit numbers at a, back and forth with b; gives the place where they end up. */
function mergeSort(module: ModuleBuilder): FunctionRef {
  const known = module.lookup('sort.merge')
  if (known !== null) return known
  const mergeRuns = mergeRunsFunction(module)
  const fn = module.function('sort.merge', ['i32', 'i32', 'i32'], ['i32'])
  const [a, b, n] = [fn.param(0), fn.param(1), fn.param(2)]
  const width = fn.local('i32', 'width')
  const at = fn.local('i32', 'at')
  fn.i32(1).set(width)
  fn.block((done) => {
    fn.loop((again) => {
      fn.get(width).get(n).emit('i32.ge_u').brIf(done)
      fn.forLoop(at, 0, n, 0, () => {
        fn.get(a).get(b).get(at).get(width).get(n).call(mergeRuns)
        fn.get(at).get(width).i32(1).emit('i32.shl').emit('i32.add').set(at)
      })
      fn.get(a).get(b).set(a).set(b)
      fn.get(width).i32(1).emit('i32.shl').set(width)
      fn.br(again)
    })
  })
  fn.get(a)
  return fn
}

/** `(from, to, at, width, n)`: the runs [at, at + width) and [at + width, at + 2 width), cut at n, as one. */
function mergeRunsFunction(module: ModuleBuilder): FunctionRef {
  const fn = module.function('sort.mergeRuns', ['i32', 'i32', 'i32', 'i32', 'i32'])
  const [from, to, at, width, n] = [fn.param(0), fn.param(1), fn.param(2), fn.param(3), fn.param(4)]
  const least = (x: Local, y: Local): FunctionBuilder => fn.get(x).get(y).get(x).get(y).emit('i32.lt_u').select()
  const [middle, end, left, right, out] = [fn.local('i32'), fn.local('i32'), fn.local('i32'), fn.local('i32'), fn.local('i32')]
  const [x, y] = [fn.local('i64'), fn.local('i64')]
  fn.get(at).get(width).emit('i32.add').set(middle)
  least(middle, n).set(middle)
  fn.get(middle).get(width).emit('i32.add').set(end)
  least(end, n).set(end)
  const address = (base: Local, i: Local): void => void fn.get(base).get(i).i32(3).emit('i32.shl').emit('i32.add')
  for (const [position, i] of [[left, at], [right, middle]] as const) {
    address(from, i)
    fn.set(position)
  }
  address(to, at)
  fn.set(out)
  address(from, middle)
  fn.set(middle)
  address(from, end)
  fn.set(end)
  fn.block((done) => {
    fn.get(left).get(middle).emit('i32.ge_u').brIf(done)
    fn.get(right).get(end).emit('i32.ge_u').brIf(done)
    fn.loop((again) => {
      fn.get(left).mem('i64.load').set(x)
      fn.get(right).mem('i64.load').set(y)
      fn.get(x).get(y).emit('i64.lt_u').if(
        () => {
          fn.get(out).get(x).mem('i64.store')
          fn.get(out).i32(8).emit('i32.add').set(out)
          fn.get(left).i32(8).emit('i32.add').tee(left).get(middle).emit('i32.lt_u').brIf(again)
        },
        () => {
          fn.get(out).get(y).mem('i64.store')
          fn.get(out).i32(8).emit('i32.add').set(out)
          fn.get(right).i32(8).emit('i32.add').tee(right).get(end).emit('i32.lt_u').brIf(again)
        },
      )
    })
  })
  for (const [position, stop] of [[left, middle], [right, end]] as const) {
    fn.get(out).get(position).get(stop).get(position).emit('i32.sub').bulk('memory.copy')
    fn.get(out).get(stop).get(position).emit('i32.sub').emit('i32.add').set(out)
  }
  return fn
}
