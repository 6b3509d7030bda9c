/**
 * Elementwise primitives. Operands have equal dtypes (conditions and shifts aside) and equal shapes, except that an
 * operand of rank 0 goes with any shape. The result has the common shape.
 */
import type { DType } from '../dtype.ts'

/** Of primitives without parameters. */
export type NoParams = Readonly<Record<never, never>>

export interface UnaryParams {
  neg: NoParams
  sign: NoParams
  floor: NoParams
  ceil: NoParams
  round: { readonly roundingMethod: 'awayFromZero' | 'toNearestEven' }
  exp: NoParams
  exp2: NoParams
  log: NoParams
  log1p: NoParams
  expm1: NoParams
  sin: NoParams
  cos: NoParams
  tan: NoParams
  asin: NoParams
  acos: NoParams
  atan: NoParams
  sinh: NoParams
  cosh: NoParams
  tanh: NoParams
  asinh: NoParams
  acosh: NoParams
  atanh: NoParams
  logistic: NoParams
  sqrt: NoParams
  rsqrt: NoParams
  cbrt: NoParams
  abs: NoParams
  square: NoParams
  erf: NoParams
  erfc: NoParams
  erfInv: NoParams
  lgamma: NoParams
  digamma: NoParams
  /** Result bool. */
  isFinite: NoParams
  /** Bitwise on integers, logical on bool. */
  not: NoParams
  populationCount: NoParams
  /** Leading zeros. */
  clz: NoParams
  integerPow: { readonly y: number }
  convertElementType: { readonly newDtype: DType; readonly weakType: boolean }
  /** The identity, with a zero derivative. */
  stopGradient: NoParams
}

export interface BinaryParams {
  add: NoParams
  sub: NoParams
  mul: NoParams
  /** Integers: truncates towards zero; x / 0 is all bits set, as XLA does. */
  div: NoParams
  /** The sign of the dividend; x rem 0 is x for integers. */
  rem: NoParams
  pow: NoParams
  max: NoParams
  min: NoParams
  atan2: NoParams
  nextafter: NoParams
  and: NoParams
  or: NoParams
  xor: NoParams
  shiftLeft: NoParams
  shiftRightLogical: NoParams
  shiftRightArithmetic: NoParams
  /** Comparisons: result bool. */
  eq: NoParams
  ne: NoParams
  lt: NoParams
  le: NoParams
  gt: NoParams
  ge: NoParams
}

export interface TernaryParams {
  /** `selectN which ...cases`: `which` is bool (two cases; false picks the first) or int32. */
  selectN: NoParams
  /** `clamp low x high` = min(max(low, x), high). */
  clamp: NoParams
}

export interface ElementwiseParams extends UnaryParams, BinaryParams, TernaryParams {}
