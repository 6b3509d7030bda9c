// 32-bit integers, four lanes at a time. Every macro leaves its result on the stack and changes no local that it is given.

import type { FunctionBuilder, Local } from '../asm/index.ts'

/** i32x4 -> i32x4. */
export type IntUnaryEmitter = (fn: FunctionBuilder, x: Local) => void
export type IntBinaryEmitter = (fn: FunctionBuilder, x: Local, y: Local) => void

/**
 * x / y by float64, whose quotient of 32-bit integers truncates to the exact one. Adding 1.5 · 2^52 leaves the integer,
 * wrapped to 32 bits, in the low word: also -2^31 / -1. A zero divisor's result is replaced: all bits are set.
 */
const quotient = (fn: FunctionBuilder, x: Local, y: Local, signed: boolean): void => {
  const convert = signed ? 'f64x2.convert_low_i32x4_s' : 'f64x2.convert_low_i32x4_u'
  for (const high of [false, true]) {
    for (const operand of [x, y]) {
      fn.get(operand)
      if (high) fn.get(operand).shuffle32(2, 3, 2, 3)
      fn.emit(convert)
    }
    fn.emit('f64x2.div').emit('f64x2.trunc').f64x2(1.5 * 2 ** 52).emit('f64x2.add')
  }
  fn.shuffle32(0, 2, 4, 6).get(y).i32x4(0).emit('i32x4.eq').emit('v128.or')
}

/** Signed division towards zero; x / 0 is -1 and INT_MIN / -1 is INT_MIN, as XLA defines them. */
export const divS: IntBinaryEmitter = (fn, x, y) => quotient(fn, x, y, true)

/** Unsigned division; x / 0 has all bits set. */
export const divU: IntBinaryEmitter = (fn, x, y) => quotient(fn, x, y, false)

const remainder = (divide: IntBinaryEmitter): IntBinaryEmitter => (fn, x, y) => {
  fn.get(x)
  divide(fn, x, y)
  fn.get(y).emit('i32x4.mul').emit('i32x4.sub')
}

/** x - (x / y) y with the sign of x; x where y = 0, and 0 for INT_MIN and -1. */
export const remS: IntBinaryEmitter = remainder(divS)
export const remU: IntBinaryEmitter = remainder(divU)

/** Number of bits set. */
export const popcount: IntUnaryEmitter = (fn, x) => {
  fn.get(x).emit('i8x16.popcnt').emit('i16x8.extadd_pairwise_i8x16_u').emit('i32x4.extadd_pairwise_i16x8_u')
}

/** Zeros above the highest bit set; 32 for 0. */
export const clz: IntUnaryEmitter = (fn, x) => {
  const y = fn.local('v128')
  fn.get(x).set(y)
  for (const shift of [1, 2, 4, 8, 16]) fn.get(y).get(y).i32(shift).emit('i32x4.shr_u').emit('v128.or').set(y)
  fn.get(y).emit('v128.not').set(y)
  popcount(fn, y)
  fn.free(y)
}

/** -1, 0 or 1. */
export const signS: IntUnaryEmitter = (fn, x) => {
  fn.get(x).i32(31).emit('i32x4.shr_s').get(x).i32x4(0).emit('i32x4.gt_s').emit('i32x4.sub')
}
