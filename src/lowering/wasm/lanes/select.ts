/** Masks of four 32-bit lanes, applied to values of any width. */
import type { DType } from '../../../core/dtype.ts'
import type { FunctionBuilder, Local } from '../asm/index.ts'
import { keep, partsOf, type Value } from './lanes.ts'

/** The mask of part `part` of a value of `parts` parts: each lane repeated over the element's words. */
export function partMask(fn: FunctionBuilder, mask: Local, parts: number, part: number): Local {
  if (parts === 1) return mask
  fn.get(mask).get(mask)
  if (parts === 2) fn.shuffle32(2 * part, 2 * part, 2 * part + 1, 2 * part + 1)
  else fn.shuffle32(part, part, part, part)
  return keep(fn, 'mask')
}

/** `mask ? a : b`, lane by lane. */
export function selectParts(fn: FunctionBuilder, dtype: DType, mask: Local, a: Value, b: Value): Value {
  const parts = partsOf(dtype)
  return a.map((part, i) => {
    const chosen = partMask(fn, mask, parts, i)
    return keep(fn.get(part).get(b[i] ?? part).get(chosen).emit('v128.bitselect'))
  })
}

/** `mask ? a : 0`, lane by lane, or with 'v128.andnot' `mask ? 0 : a`. */
export const maskParts = (fn: FunctionBuilder, mask: Local, a: Value, how: 'v128.and' | 'v128.andnot'): Value =>
  a.map((part, i) => keep(fn.get(part).get(partMask(fn, mask, a.length, i)).emit(how)))

/** Two masks of 64-bit lanes as one of 32-bit lanes. */
export const joinMasks = (fn: FunctionBuilder, low: Local, high: Local): Local => keep(fn.get(low).get(high).shuffle32(0, 2, 4, 6), 'mask')
