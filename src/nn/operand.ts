/** What the functions of this folder do with their operand first. */
import type { NDArray } from '../core/array.ts'
import { isInexact } from '../core/dtype.ts'
import { DtypeError } from '../core/errors.ts'
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

/** As `floating`, where bool met a number: that is weakly typed, and integers are not. */
export const numeric = (operation: string, x: ArrayLike): NDArray => {
  const a = ops.toArray(operation, x)
  return isInexact(a.dtype) ? a : ops.convert(a, 'float32', a.dtype === 'bool')
}

/** Floating-point numbers that are not weakly typed, as they are where a function looks at its operands alone. */
export const strong = (operation: string, x: ArrayLike): NDArray => {
  const a = floating(operation, x)
  return a.aval.weakType ? ops.convert(a, a.dtype) : a
}

/** @throws DtypeError for integers and bool, of which JAX makes no floats here. */
export const inexact = (operation: string, x: ArrayLike): NDArray => {
  const a = ops.toArray(operation, x)
  if (!isInexact(a.dtype)) throw new DtypeError(operation, `got ${a.dtype}; takes floating-point numbers: convert with astype('float32')`)
  return a
}

/** @throws DtypeError for bool, whose elements have no differences. */
export const noBool = (operation: string, x: ArrayLike): NDArray => {
  const a = ops.toArray(operation, x)
  if (a.dtype === 'bool') throw new DtypeError(operation, "got bool; takes numbers: convert with astype('float32')")
  return floating(operation, a)
}
