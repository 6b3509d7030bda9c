// Conversions between number formats, four lanes at a time. Half-precision formats stand in the low 16 bits of 32-bit lanes,
// as `v128.load16x4_u` reads them and `i16x8.narrow_i32x4_u` packs them.

import type { FunctionBuilder, Local } from '../asm/index.ts'

/** Reads the local, leaves the converted lanes on the stack. */
type ConversionEmitter = (fn: FunctionBuilder, x: Local) => void

/** float16 -> float32, exact. The exponent is moved by a multiplication, which normalises subnormal numbers as well. */
export const f16ToF32: ConversionEmitter = (fn, x) => {
  const bits = fn.local('v128')
  fn.get(x).i32x4(0x7fff).emit('v128.and').i32(13).emit('i32x4.shl').set(bits)
  fn.get(bits).f32x4(2 ** 112).emit('f32x4.mul')
  // infinities and NaN keep the highest exponent
  fn.get(bits).i32x4(0x0f800000).emit('i32x4.ge_s').i32x4(0x7f800000).emit('v128.and').emit('v128.or')
  fn.get(x).i32x4(0x8000).emit('v128.and').i32(16).emit('i32x4.shl').emit('v128.or')
  fn.free(bits)
}

/** float32 -> float16, to nearest and ties to even; NaN becomes the quiet NaN 0x7e00 with its sign. */
export const f32ToF16: ConversionEmitter = (fn, x) => {
  const [magnitude, result] = [fn.local('v128'), fn.local('v128')]
  fn.get(x).emit('f32x4.abs').set(magnitude)
  // normal results: rebias by 112, add half of what is cut off, and one more where the last kept bit is odd
  fn.get(magnitude).i32x4((-112 << 23) + 0xfff).emit('i32x4.add')
  fn.get(magnitude).i32(13).emit('i32x4.shr_u').i32x4(1).emit('v128.and').emit('i32x4.add').i32(13).emit('i32x4.shr_u').set(result)
  // below 2^-14: adding 1/2 leaves the rounded multiple of 2^-24 in the low bits
  fn.get(magnitude).f32x4(0.5).emit('f32x4.add').i32x4(0x3f000000).emit('i32x4.sub')
  fn.get(result).get(magnitude).i32x4(0x38800000).emit('i32x4.lt_s').emit('v128.bitselect').set(result)
  // from 65520 on: infinity; above infinity's bits: NaN
  fn.i32x4(0x7c00).get(result).get(magnitude).i32x4(0x477ff000).emit('i32x4.ge_s').emit('v128.bitselect')
  fn.get(magnitude).i32x4(0x7f800000).emit('i32x4.gt_s').i32x4(0x7e00).emit('v128.and').emit('v128.or')
  fn.get(x).i32(16).emit('i32x4.shr_u').i32x4(0x8000).emit('v128.and').emit('v128.or')
  fn.free(magnitude, result)
}

/** bfloat16 -> float32, exact. */
export const bf16ToF32: ConversionEmitter = (fn, x) => void fn.get(x).i32(16).emit('i32x4.shl')

/** float32 -> bfloat16, to nearest and ties to even; NaN becomes the quiet NaN 0x7fc0 with its sign. */
export const f32ToBf16: ConversionEmitter = (fn, x) => {
  const result = fn.local('v128')
  fn.get(x).get(x).i32(16).emit('i32x4.shr_u').i32x4(1).emit('v128.and').emit('i32x4.add').i32x4(0x7fff).emit('i32x4.add').i32(16).emit('i32x4.shr_u').set(result)
  fn.get(x).i32(16).emit('i32x4.shr_u').i32x4(0x8000).emit('v128.and').i32x4(0x7fc0).emit('v128.or').get(result).get(x).get(x).emit('f32x4.ne').emit('v128.bitselect')
  fn.free(result)
}
