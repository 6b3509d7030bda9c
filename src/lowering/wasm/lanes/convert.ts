/** Conversions between all dtypes. Floating point to integer truncates and saturates, NaN becomes 0, as XLA does on CPUs. */
import { type DType, dtypeInfo } from '../../../core/dtype.ts'
import { DtypeError } from '../../../core/errors.ts'
import type { FunctionBuilder, Local } from '../asm/index.ts'
import { roundBrain, roundHalf } from './half.ts'
import { keep, laneShape, type Value, wrapLanes } from './lanes.ts'
import { joinMasks } from './select.ts'

export function convert(fn: FunctionBuilder, from: DType, to: DType, x: Value): Value {
  if (from === to) return x
  switch (to) {
    case 'float32':
      return [toFloat32(fn, from, x)]
    case 'float16':
      return [roundHalf(fn, toFloat32(fn, from, x))]
    case 'bfloat16':
      return [roundBrain(fn, toFloat32(fn, from, x))]
    case 'float64':
      return toFloat64(fn, from, x)
    case 'bool':
      return [toBool(fn, from, x)]
    case 'int8':
    case 'int16':
    case 'int32':
    case 'uint8':
    case 'uint16':
    case 'uint32':
      return [toInteger(fn, from, to, x)]
    case 'complex64':
    case 'complex128':
    case 'key':
      throw new DtypeError('convertElementType', `${from} cannot be converted to ${to}`)
  }
}

export const fromInt32 = (fn: FunctionBuilder, to: DType, x: Local): Value => convert(fn, 'int32', to, [x])

const first = (x: Value): Local => x[0] as Local // every value has a part
const second = (x: Value): Local => x[1] as Local // of float64

function toFloat32(fn: FunctionBuilder, from: DType, x: Value): Local {
  switch (laneShape(from)) {
    case 'f32':
      return first(x)
    case 'f64':
      fn.get(first(x)).emit('f32x4.demote_f64x2_zero').get(second(x)).emit('f32x4.demote_f64x2_zero')
      return keep(fn.shuffle32(0, 1, 4, 5))
    case 'i32':
      return keep(fn.get(first(x)).emit('f32x4.convert_i32x4_s'))
    case 'u32':
      return keep(fn.get(first(x)).emit('f32x4.convert_i32x4_u'))
    case 'mask':
      return keep(fn.get(first(x)).f32x4(1).emit('v128.and'))
    case 'bits64':
    case 'bits128':
      throw new DtypeError('convertElementType', `${from} is no real dtype`)
  }
}

function toFloat64(fn: FunctionBuilder, from: DType, x: Value): Value {
  const high = (v: Local): void => void fn.get(v).get(v).shuffle32(2, 3, 2, 3)
  const both = (v: Local, name: 'f64x2.promote_low_f32x4' | 'f64x2.convert_low_i32x4_s' | 'f64x2.convert_low_i32x4_u'): Value => {
    const low = keep(fn.get(v).emit(name))
    high(v)
    return [low, keep(fn.emit(name))]
  }
  switch (laneShape(from)) {
    case 'f32':
      return both(first(x), 'f64x2.promote_low_f32x4')
    case 'f64':
      return x
    case 'i32':
      return both(first(x), 'f64x2.convert_low_i32x4_s')
    case 'u32':
      return both(first(x), 'f64x2.convert_low_i32x4_u')
    case 'mask':
      return both(keep(fn.get(first(x)).i32x4(1).emit('v128.and')), 'f64x2.convert_low_i32x4_s')
    case 'bits64':
    case 'bits128':
      throw new DtypeError('convertElementType', `${from} is no real dtype`)
  }
}

function toInteger(fn: FunctionBuilder, from: DType, to: DType, x: Value): Local {
  const signed = dtypeInfo[to].kind === 'int'
  switch (laneShape(from)) {
    case 'i32':
    case 'u32':
      return wrapLanes(fn, to, first(x))
    case 'mask':
      return keep(fn.get(first(x)).i32x4(1).emit('v128.and'))
    case 'f32':
      return saturate(fn, to, keep(fn.get(first(x)).emit(signed ? 'i32x4.trunc_sat_f32x4_s' : 'i32x4.trunc_sat_f32x4_u')))
    case 'f64': {
      const name = signed ? 'i32x4.trunc_sat_f64x2_s_zero' : 'i32x4.trunc_sat_f64x2_u_zero'
      fn.get(first(x)).emit(name).get(second(x)).emit(name).shuffle32(0, 1, 4, 5)
      return saturate(fn, to, keep(fn))
    }
    case 'bits64':
    case 'bits128':
      throw new DtypeError('convertElementType', `${from} is no real dtype`)
  }
}

function saturate(fn: FunctionBuilder, to: DType, x: Local): Local {
  switch (to) {
    case 'int8':
      return keep(fn.get(x).i32x4(-128).emit('i32x4.max_s').i32x4(127).emit('i32x4.min_s'))
    case 'int16':
      return keep(fn.get(x).i32x4(-32768).emit('i32x4.max_s').i32x4(32767).emit('i32x4.min_s'))
    case 'uint8':
      return keep(fn.get(x).i32x4(255).emit('i32x4.min_u'))
    case 'uint16':
      return keep(fn.get(x).i32x4(65535).emit('i32x4.min_u'))
    default:
      return x
  }
}

function toBool(fn: FunctionBuilder, from: DType, x: Value): Local {
  switch (laneShape(from)) {
    case 'mask':
      return first(x)
    case 'f32':
      return keep(fn.get(first(x)).f32x4(0).emit('f32x4.ne'))
    case 'i32':
    case 'u32':
      return keep(fn.get(first(x)).i32x4(0).emit('i32x4.ne'))
    case 'f64': {
      const low = keep(fn.get(first(x)).f64x2(0).emit('f64x2.ne'))
      const high = keep(fn.get(second(x)).f64x2(0).emit('f64x2.ne'))
      return joinMasks(fn, low, high)
    }
    case 'bits64':
    case 'bits128':
      throw new DtypeError('convertElementType', `${from} is no real dtype`)
  }
}
