/** Elementwise operations under lax's names. Unlike JAX's, they promote dtypes and broadcast, and take plain numbers. */
import type { NDArray } from '../core/array.ts'
import type { DType } from '../core/dtype.ts'
import { ArgumentError } from '../core/errors.ts'
import * as ops from '../core/ops/index.ts'
import { bind1 } from '../core/trace.ts'
import type { ArrayLike } from '../core/tree.ts'

export {
  abs,
  acos,
  acosh,
  add,
  asin,
  asinh,
  atan,
  atan2,
  atanh,
  and as bitwiseAnd,
  not as bitwiseNot,
  or as bitwiseOr,
  xor as bitwiseXor,
  cbrt,
  ceil,
  clamp,
  clz,
  cos,
  cosh,
  digamma,
  eq,
  erf,
  erfc,
  erfInv,
  exp,
  exp2,
  expm1,
  floor,
  ge,
  gt,
  integerPow,
  isFinite,
  laxDiv as div,
  le,
  lgamma,
  log,
  log1p,
  logistic,
  lt,
  max,
  min,
  mul,
  ne,
  neg,
  nextafter,
  populationCount,
  pow,
  rem,
  rsqrt,
  shiftLeft,
  shiftRightArithmetic,
  shiftRightLogical,
  sign,
  sin,
  sinh,
  sqrt,
  square,
  sub,
  tan,
  tanh,
} from '../core/ops/index.ts'

/** Half-way cases away from zero, as XLA's default; `'toNearestEven'` is NumPy's. */
export const round = (x: ArrayLike, roundingMethod: 'awayFromZero' | 'toNearestEven' = 'awayFromZero'): NDArray => ops.round(x, roundingMethod)

/** 1 / x, in a floating dtype. */
export const reciprocal = (x: ArrayLike): NDArray => ops.within('reciprocal', () => ops.div(1, x))

/** `onTrue` where `which` holds, else `onFalse`. */
export const select = (which: ArrayLike, onTrue: ArrayLike, onFalse: ArrayLike): NDArray => ops.within('select', () => ops.where(which, onTrue, onFalse))

/**
 * `cases[which]`, element by element; a bool `which` picks the first of two where it is false.
 * @throws ArgumentError when a bool `which` comes with other than two cases.
 */
export function selectN(which: ArrayLike, ...cases: readonly ArrayLike[]): NDArray {
  const w = ops.toValue('selectN', which)
  if (cases.length === 0 || (w.aval.dtype === 'bool' && cases.length > 2)) throw new ArgumentError('selectN', `got ${cases.length} cases for a selector of ${w.aval.dtype}; takes two for bool, at least one for int32`)
  const values = ops.promote('selectN', cases)
  const shape = ops.broadcastShapes('selectN', [w, ...values].map((v) => v.aval.shape))
  return bind1('selectN', [w, ...values].map((v) => ops.stretch(v, shape)), {})
}

/** The values as another dtype; floats truncate towards zero to integers. */
export const convertElementType = (x: ArrayLike, newDtype: DType): NDArray => ops.convert(x, newDtype, false, 'convertElementType')

/** The same bits as another dtype of the same width; to a narrower one a last axis appears, to a wider one it goes. */
export const bitcastConvertType = (x: ArrayLike, newDtype: DType): NDArray => ops.bitcast(x, ops.checkDtype('bitcastConvertType', newDtype))
