/** Integer arithmetic that WebAssembly's vectors lack, on lanes within the range of their dtype. */
import { type DType, dtypeInfo } from '../../../core/dtype.ts'
import type { FunctionBuilder, Local } from '../asm/index.ts'
import { keep, wrapLanes } from './lanes.ts'

const isSigned = (dtype: DType): boolean => dtypeInfo[dtype].kind === 'int'
const widthOf = (dtype: DType): number => dtypeInfo[dtype].bytes * 8

/** The quotient truncated towards zero; x / 0 is all bits set. */
export function divideLanes(fn: FunctionBuilder, dtype: DType, x: Local, y: Local): Local {
  const quotient = wrappedQuotient(fn, dtype, x, y)
  fn.get(quotient).get(y).i32x4(0).emit('i32x4.eq').emit('v128.or')
  return wrapLanes(fn, dtype, keep(fn))
}

/** With the sign of x; x rem 0 is x. */
export function remainderLanes(fn: FunctionBuilder, dtype: DType, x: Local, y: Local): Local {
  const quotient = wrappedQuotient(fn, dtype, x, y)
  return keep(fn.get(x).get(quotient).get(y).emit('i32x4.mul').emit('i32x4.sub'))
}

// A float64 quotient of 32-bit integers truncates to the exact one. Adding 1.5 · 2^52 then leaves the integer, wrapped to 32
// bits, in the low word: also -2^31 / -1. What a zero divisor leaves is replaced by the callers.
function wrappedQuotient(fn: FunctionBuilder, dtype: DType, x: Local, y: Local): Local {
  const widen = isSigned(dtype) ? 'f64x2.convert_low_i32x4_s' : 'f64x2.convert_low_i32x4_u'
  const half = (high: boolean): void => {
    for (const v of [x, y]) {
      fn.get(v)
      if (high) fn.get(v).shuffle32(2, 3, 2, 3)
      fn.emit(widen)
    }
    fn.emit('f64x2.div').emit('f64x2.trunc').f64x2(1.5 * 2 ** 52).emit('f64x2.add')
  }
  half(false)
  half(true)
  return keep(fn.shuffle32(0, 2, 4, 6))
}

export function signLanes(fn: FunctionBuilder, dtype: DType, x: Local): Local {
  if (!isSigned(dtype)) return keep(fn.get(x).i32x4(1).emit('i32x4.min_u'))
  fn.get(x).i32x4(0).emit('i32x4.lt_s').get(x).i32x4(0).emit('i32x4.gt_s')
  return keep(fn.emit('i32x4.sub'))
}

/** The bits of the dtype's own width. */
function ownBits(fn: FunctionBuilder, dtype: DType, x: Local): Local {
  const width = widthOf(dtype)
  return width === 32 ? x : keep(fn.get(x).i32x4(2 ** width - 1).emit('v128.and'))
}

export function bitCount(fn: FunctionBuilder, dtype: DType, x: Local): Local {
  fn.get(ownBits(fn, dtype, x)).emit('i8x16.popcnt').emit('i16x8.extadd_pairwise_i8x16_u').emit('i32x4.extadd_pairwise_i16x8_u')
  return keep(fn)
}

export function leadingZeros(fn: FunctionBuilder, dtype: DType, x: Local): Local {
  const bits = ownBits(fn, dtype, x)
  fn.i32x4(0)
  for (let lane = 0; lane < 4; lane++) fn.get(bits).lane('i32x4.extract_lane', lane).emit('i32.clz').lane('i32x4.replace_lane', lane)
  return keep(fn.i32x4(32 - widthOf(dtype)).emit('i32x4.sub'))
}

export type Shift = 'left' | 'logical' | 'arithmetic'

const vectorShift = { left: 'i32x4.shl', logical: 'i32x4.shr_u', arithmetic: 'i32x4.shr_s' } as const
const scalarShift = { left: 'i32.shl', logical: 'i32.shr_u', arithmetic: 'i32.shr_s' } as const

/** Amounts of the width and more, and negative ones, shift everything out. `constant`: the amount of all lanes, where it is known. */
export function shiftLanes(fn: FunctionBuilder, dtype: DType, kind: Shift, x: Local, by: Local, constant: number | null): Local {
  const width = widthOf(dtype)
  let from = kind === 'logical' ? ownBits(fn, dtype, x) : x
  // an arithmetic shift copies the top bit of the dtype's own width, whatever its sign
  if (kind === 'arithmetic' && width < 32) from = keep(fn.get(x).i32(32 - width).emit('i32x4.shl').i32(32 - width).emit('i32x4.shr_s'))
  if (constant !== null) {
    const out = constant < 0 || constant >= width
    if (out && kind !== 'arithmetic') return keep(fn.i32x4(0))
    return wrapLanes(fn, dtype, keep(fn.get(from).i32(out ? 31 : constant).emit(vectorShift[kind])))
  }
  const amount = kind === 'arithmetic' ? keep(fn.get(by).i32x4(31).emit('i32x4.min_u')) : by
  fn.i32x4(0)
  for (let lane = 0; lane < 4; lane++)
    fn.get(from).lane('i32x4.extract_lane', lane).get(amount).lane('i32x4.extract_lane', lane).emit(scalarShift[kind]).lane('i32x4.replace_lane', lane)
  if (kind !== 'arithmetic') fn.get(by).i32x4(width).emit('i32x4.lt_u').emit('v128.and')
  return wrapLanes(fn, dtype, keep(fn))
}
