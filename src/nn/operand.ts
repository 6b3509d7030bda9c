/** What the functions of this folder do with their operand first. */
import type { NDArray } from '../core/array.ts'
import { isInexact } from '../core/dtype.ts'
import * as ops from '../core/ops/index.ts'
import type { ArrayLike } from '../core/tree.ts'

/** Beside a fraction, as in x · 0.01: integers and bool become weak float32, and others stay. */
export const besideFraction = (operation: string, x: ArrayLike): NDArray => {
  const a = ops.toArray(operation, x)
  return isInexact(a.dtype) ? a : ops.convert(a, 'float32', true)
}

/** An array of floating-point numbers: integers and bool become float32. */
export const floating = (operation: string, x: ArrayLike): NDArray => {
  const a = ops.toArray(operation, x)
  return isInexact(a.dtype) ? a : ops.convert(a, 'float32')
}
