/** Integer arithmetic that WebAssembly's vectors lack, on lanes within the range of their dtype. */
import { type DType, dtypeInfo } from '../../../core/dtype.ts'
import type { FunctionBuilder, Local } from '../asm/index.ts'
import { clz, divS, divU, popcount, remS, remU, signS } from '../math/index.ts'
import { keep, wrapLanes } from './lanes.ts'

const isSigned = (dtype: DType): boolean => dtypeInfo[dtype].kind === 'int'
const widthOf = (dtype: DType): number => dtypeInfo[dtype].bytes * 8

/** The quotient truncated towards zero; x / 0 is all bits set. */
export function divideLanes(fn: FunctionBuilder, dtype: DType, x: Local, y: Local): Local {
  const divide = isSigned(dtype) ? divS : divU
  divide(fn, x, y)
  return wrapLanes(fn, dtype, keep(fn))
}

/** With the sign of x; x rem 0 is x. */
export function remainderLanes(fn: FunctionBuilder, dtype: DType, x: Local, y: Local): Local {
  const remainder = isSigned(dtype) ? remS : remU
  remainder(fn, x, y)
  return keep(fn)
}

export function signLanes(fn: FunctionBuilder, dtype: DType, x: Local): Local {
  if (!isSigned(dtype)) return keep(fn.get(x).i32x4(1).emit('i32x4.min_u'))
  signS(fn, x)
  return keep(fn)
}

/** The bits of the dtype's own width. */
function ownBits(fn: FunctionBuilder, dtype: DType, x: Local): Local {
  const width = widthOf(dtype)
  return width === 32 ? x : keep(fn.get(x).i32x4(2 ** width - 1).emit('v128.and'))
}

export function bitCount(fn: FunctionBuilder, dtype: DType, x: Local): Local {
  popcount(fn, ownBits(fn, dtype, x))
  return keep(fn)
}

export function leadingZeros(fn: FunctionBuilder, dtype: DType, x: Local): Local {
  clz(fn, ownBits(fn, dtype, x))
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
