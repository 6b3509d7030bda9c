/**
 * How a logical vector of four elements lies in v128 values.
 *
 * 32-bit dtypes take one; float64, complex64 and keys two; complex128 four. Narrow integers are widened to i32x4, always within
 * the range of their dtype; float16 and bfloat16 to f32x4, always rounded to what they can represent; bool is a mask of
 * all ones or all zeros in each 32-bit lane.
 */
import { bfloat16Bits, bfloat16Value, float16Bits, float16Value } from '../../../core/bytes.ts'
import { type DType, dtypeInfo } from '../../../core/dtype.ts'
import type { FunctionBuilder, Local } from '../asm/index.ts'
import type { Helpers } from '../math/index.ts'

/** Where code is written that computes lanes. */
export interface LaneContext {
  readonly fn: FunctionBuilder
  readonly helpers: Helpers
}

/** How many of the four lanes are elements; the others hold whatever they hold. Fewer than four only at the end of a row. */
export type Lanes = 1 | 2 | 3 | 4

/** A vector of four elements: one, two or four locals. Never written to again once made. */
export type Value = readonly Local[]

export type Shape = 'f32' | 'f64' | 'i32' | 'u32' | 'mask' | 'bits64' | 'bits128'

/** What arithmetic the lanes hold. */
export function laneShape(dtype: DType): Shape {
  switch (dtype) {
    case 'float32':
    case 'float16':
    case 'bfloat16':
      return 'f32'
    case 'float64':
      return 'f64'
    case 'int8':
    case 'int16':
    case 'int32':
      return 'i32'
    case 'uint8':
    case 'uint16':
    case 'uint32':
      return 'u32'
    case 'bool':
      return 'mask'
    case 'complex64':
    case 'key':
      return 'bits64'
    case 'complex128':
      return 'bits128'
  }
}

/** v128 values of four elements in registers. */
export function partsOf(dtype: DType): 1 | 2 | 4 {
  const { bytes } = dtypeInfo[dtype]
  return bytes <= 4 ? 1 : bytes === 8 ? 2 : 4
}

/** Takes the v128 on the stack into a new local. */
export function keep(fn: FunctionBuilder, name = 'v'): Local {
  const local = fn.local('v128', name)
  fn.set(local)
  return local
}

/** Parts whose bits are all zero. */
export const zeroVector = (fn: FunctionBuilder): Local => keep(fn.i32x4(0), 'zero')

/** The same element in every lane. */
export function literal(fn: FunctionBuilder, dtype: DType, value: number | boolean): Value {
  const x = Number(value)
  switch (laneShape(dtype)) {
    case 'f32':
      return [keep(fn.f32x4(dtype === 'float16' ? float16Value(float16Bits(x)) : dtype === 'bfloat16' ? bfloat16Value(bfloat16Bits(x)) : x), 'literal')]
    case 'f64': {
      const part = keep(fn.f64x2(x), 'literal')
      return [part, part]
    }
    case 'i32':
    case 'u32':
      return [keep(fn.i32x4(wrapInteger(dtype, x)), 'literal')]
    case 'mask':
      return [keep(fn.i32x4(x !== 0 ? -1 : 0), 'literal')]
    case 'bits64': {
      // complex: the real part; a key has no literal but zero
      const bytes = new Uint8Array(Float32Array.of(x, 0, x, 0).buffer)
      const part = keep(fn.v128(bytes), 'literal')
      return [part, part]
    }
    case 'bits128': {
      const part = keep(fn.v128(new Uint8Array(Float64Array.of(x, 0).buffer)), 'literal')
      return [part, part, part, part]
    }
  }
}

/** A number as a value of an integer dtype: truncated, then its low bits. */
function wrapInteger(dtype: DType, x: number): number {
  const n = Math.trunc(Number.isFinite(x) ? x : 0)
  switch (dtype) {
    case 'int8':
      return (n << 24) >> 24
    case 'int16':
      return (n << 16) >> 16
    case 'uint8':
      return n & 0xff
    case 'uint16':
      return n & 0xffff
    default:
      return n | 0
  }
}

/** Integer lanes brought back into the range of a narrow dtype. */
export function wrapLanes(fn: FunctionBuilder, dtype: DType, x: Local): Local {
  switch (dtype) {
    case 'int8':
      return keep(fn.get(x).i32(24).emit('i32x4.shl').i32(24).emit('i32x4.shr_s'))
    case 'int16':
      return keep(fn.get(x).i32(16).emit('i32x4.shl').i32(16).emit('i32x4.shr_s'))
    case 'uint8':
      return keep(fn.get(x).i32x4(0xff).emit('v128.and'))
    case 'uint16':
      return keep(fn.get(x).i32x4(0xffff).emit('v128.and'))
    default:
      return x
  }
}
