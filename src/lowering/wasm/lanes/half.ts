/** float16 and bfloat16: held as float32 lanes rounded to what they can represent, stored as 16 bits. */
import { type DType, dtypeInfo } from '../../../core/dtype.ts'
import type { FunctionBuilder, Local } from '../asm/index.ts'
import { bf16ToF32, f16ToF32, f32ToBf16, f32ToF16 } from '../math/index.ts'
import { keep, type Value, wrapLanes } from './lanes.ts'

/** float16 bits in the low half of each lane, as float32. */
export function bitsToHalf(fn: FunctionBuilder, bits: Local): Local {
  f16ToF32(fn, bits)
  return keep(fn)
}

export function bitsToBrain(fn: FunctionBuilder, bits: Local): Local {
  bf16ToF32(fn, bits)
  return keep(fn)
}

/** float32 lanes as float16 bits, rounded to nearest even. */
export function halfBits(fn: FunctionBuilder, x: Local): Local {
  f32ToF16(fn, x)
  return keep(fn)
}

export const roundHalf = (fn: FunctionBuilder, x: Local): Local => bitsToHalf(fn, halfBits(fn, x))

/** float32 lanes rounded to the nearest bfloat16, ties to even. */
export function roundBrain(fn: FunctionBuilder, x: Local): Local {
  f32ToBf16(fn, x)
  return bitsToBrain(fn, keep(fn))
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
