/** float16 and bfloat16: held as float32 lanes rounded to what they can represent, stored as 16 bits. */
import { type DType, dtypeInfo } from '../../../core/dtype.ts'
import type { FunctionBuilder, Local } from '../asm/index.ts'
import { keep, type Value, wrapLanes } from './lanes.ts'

/** float16 bits in the low half of each lane, as float32. Exact: 2^112 rescales the exponent of subnormal halves too. */
export function bitsToHalf(fn: FunctionBuilder, bits: Local): Local {
  fn.get(bits).i32x4(0x7fff).emit('v128.and').i32(13).emit('i32x4.shl')
  const magnitude = keep(fn)
  fn.get(magnitude).f32x4(2 ** 112).emit('f32x4.mul')
  // exponent 31: infinity or NaN
  fn.get(magnitude).i32x4(0x7c00 << 13).emit('i32x4.ge_s').i32x4(0x7f800000).emit('v128.and').emit('v128.or')
  fn.get(bits).i32x4(0x8000).emit('v128.and').i32(16).emit('i32x4.shl').emit('v128.or')
  return keep(fn)
}

export const bitsToBrain = (fn: FunctionBuilder, bits: Local): Local => keep(fn.get(bits).i32(16).emit('i32x4.shl'))

/** float32 lanes as float16 bits, rounded to nearest even. After F. Giesen, float_to_half_fast3_rtne. */
export function halfBits(fn: FunctionBuilder, x: Local): Local {
  const magnitude = keep(fn.get(x).emit('f32x4.abs'))
  const denormal = ((127 - 15 + (23 - 10) + 1) << 23) | 0
  // normal: round at bit 13
  fn.get(magnitude).i32x4(((15 - 127) << 23) + 0xfff).emit('i32x4.add')
  fn.get(magnitude).i32(13).emit('i32x4.shr_u').i32x4(1).emit('v128.and').emit('i32x4.add').i32(13).emit('i32x4.shr_u')
  const normal = keep(fn)
  // subnormal: the adder rounds
  const small = keep(fn.get(magnitude).i32x4(denormal).emit('f32x4.add').i32x4(denormal).emit('i32x4.sub'))
  const special = keep(fn.i32x4(0x7e00).i32x4(0x7c00).get(magnitude).i32x4(0x7f800000).emit('i32x4.gt_s').emit('v128.bitselect'))
  fn.get(small).get(normal).get(magnitude).i32x4(113 << 23).emit('i32x4.lt_s').emit('v128.bitselect')
  const finite = keep(fn)
  fn.get(special).get(finite).get(magnitude).i32x4((127 + 16) << 23).emit('i32x4.ge_s').emit('v128.bitselect')
  fn.get(x).i32(16).emit('i32x4.shr_u').i32x4(0x8000).emit('v128.and').emit('v128.or')
  return keep(fn)
}

export const roundHalf = (fn: FunctionBuilder, x: Local): Local => bitsToHalf(fn, halfBits(fn, x))

/** float32 lanes rounded to the nearest bfloat16, ties to even. */
export function roundBrain(fn: FunctionBuilder, x: Local): Local {
  fn.get(x).i32x4(0x7fff).emit('i32x4.add').get(x).i32(16).emit('i32x4.shr_u').i32x4(1).emit('v128.and').emit('i32x4.add')
  const rounded = keep(fn)
  const quiet = keep(fn.get(x).i32x4(0x400000).emit('v128.or'))
  fn.get(quiet).get(rounded).get(x).get(x).emit('f32x4.ne').emit('v128.bitselect').i32x4(-0x10000).emit('v128.and')
  return keep(fn)
}

/** The bits of a narrow dtype as unsigned lanes. */
export function toStorageBits(fn: FunctionBuilder, from: DType, x: Value): Local {
  const [v] = x as readonly [Local]
  if (from === 'float16') return halfBits(fn, v)
  if (from === 'bfloat16') return keep(fn.get(v).i32(16).emit('i32x4.shr_u'))
  return keep(fn.get(v).i32x4(from === 'bool' ? 1 : dtypeInfo[from].bytes === 1 ? 0xff : 0xffff).emit('v128.and'))
}

export function fromStorageBits(fn: FunctionBuilder, to: DType, bits: Local): Value {
  if (to === 'float16') return [bitsToHalf(fn, bits)]
  if (to === 'bfloat16') return [bitsToBrain(fn, bits)]
  if (to === 'bool') return [keep(fn.get(bits).i32x4(0).emit('i32x4.ne'))]
  return [wrapLanes(fn, to, bits)]
}
