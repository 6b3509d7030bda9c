// 32-bit integers, four lanes at a time. Every macro leaves its result on the stack and changes no local that it is given.

import type { FunctionBuilder, Local } from '../asm/index.ts'
import { joinHalvesOf, lowAndHigh } from './halves.ts'

/** i32x4 -> i32x4. */
export type IntUnaryEmitter = (fn: FunctionBuilder, x: Local) => void
export type IntBinaryEmitter = (fn: FunctionBuilder, x: Local, y: Local) => void

/** x / y by float64, which holds every 32-bit quotient before it is truncated; 0/0 and x/0 come out wrong and are replaced. */
const quotient = (fn: FunctionBuilder, x: Local, y: Local, signed: boolean): void => {
  const convert = signed ? 'f64x2.convert_low_i32x4_s' : 'f64x2.convert_low_i32x4_u'
  const truncate = signed ? 'i32x4.trunc_sat_f64x2_s_zero' : 'i32x4.trunc_sat_f64x2_u_zero'
  joinHalvesOf(fn, (half) => {
    lowAndHigh(fn, x, half)
    fn.emit(convert)
    lowAndHigh(fn, y, half)
    fn.emit(convert).emit('f64x2.div').emit(truncate)
  })
}

/** Signed division towards zero; x / 0 is -1 and INT_MIN / -1 is INT_MIN, as XLA defines them. */
export const divS: IntBinaryEmitter = (fn, x, y) => {
  // all ones where y = 0
  quotient(fn, x, y, true)
  fn.get(y).i32x4(0).emit('i32x4.eq').emit('v128.or')
  // x / -1 = -x, also where it wraps
  const q = fn.local('v128')
  fn.set(q)
  fn.get(x).emit('i32x4.neg').get(q).get(y).i32x4(-1).emit('i32x4.eq').emit('v128.bitselect')
  fn.free(q)
}

/** Unsigned division; x / 0 has all bits set. */
export const divU: IntBinaryEmitter = (fn, x, y) => {
  quotient(fn, x, y, false)
  fn.get(y).i32x4(0).emit('i32x4.eq').emit('v128.or')
}

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

/** x^y by squaring, wrapping; a negative y gives 1 for x = 1, ±1 for x = -1, 0 for other x, and -1 (a division by zero) for x = 0. */
export const powS: IntBinaryEmitter = (fn, x, y) => powUnrolled(fn, x, y, true)
/** x^y by squaring, wrapping. */
export const powU: IntBinaryEmitter = (fn, x, y) => powUnrolled(fn, x, y, false)

const powUnrolled = (fn: FunctionBuilder, x: Local, y: Local, signed: boolean): void => {
  const [base, exponent, result] = [fn.local('v128'), fn.local('v128'), fn.local('v128')]
  const odd = (): void => void fn.i32x4(0).get(exponent).i32x4(1).emit('v128.and').emit('i32x4.sub')
  fn.get(x).set(base).get(y).set(exponent).i32x4(1).set(result)
  if (signed) fn.get(y).emit('i32x4.abs').set(exponent)
  fn.loop((head) => {
    fn.get(result).get(base).emit('i32x4.mul').get(result)
    odd()
    fn.emit('v128.bitselect').set(result)
    fn.get(base).get(base).emit('i32x4.mul').set(base)
    fn.get(exponent).i32(1).emit('i32x4.shr_u').tee(exponent).emit('v128.any_true').brIf(head)
  })
  if (signed) {
    // 1 / x^|y|
    const one = fn.local('v128')
    fn.i32x4(1).set(one)
    divS(fn, one, result)
    fn.get(result).get(y).i32x4(0).emit('i32x4.lt_s').emit('v128.bitselect')
    fn.free(one)
  } else fn.get(result)
  fn.free(base, exponent, result)
}
