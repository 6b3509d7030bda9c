import * as exact from '../exact.ts'
import type { BinaryName, UnaryName } from '../names.ts'
import type { BinaryFormula, UnaryFormula } from '../macro.ts'
import { special } from '../special.ts'
import { exp, exp2, expm1 } from './exponential.ts'
import { acosh, asinh, atanh, cosh, logistic, sinh, tanh } from './hyperbolic.ts'
import { acos, asin, atan, atan2 } from './inverse-trigonometric.ts'
import { log, log1p, log2 } from './logarithm.ts'
import { cbrt, pow } from './power.ts'
import { rem } from './remainder.ts'
import { cos, sin, tan } from './trigonometric.ts'

/** The formula of every function of one argument, two float64 lanes at a time. */
export const f64x2Unary: Readonly<Record<UnaryName, UnaryFormula>> = {
  exp, exp2, expm1, log, log1p, log2, sin, cos, tan, asin, acos, atan, sinh, cosh, tanh, asinh, acosh, atanh, logistic,
  erf: special('f64x2', 'erf'), erfc: special('f64x2', 'erfc'), erfInv: special('f64x2', 'erfInv'), lgamma: special('f64x2', 'lgamma'), digamma: special('f64x2', 'digamma'),
  cbrt,
  sqrt: exact.sqrt, rsqrt: exact.rsqrt, sign: exact.sign, floor: exact.floor, ceil: exact.ceil,
  roundHalfAway: exact.roundHalfAway, roundHalfEven: exact.roundHalfEven, isFinite: exact.isFinite,
}

export const f64x2Binary: Readonly<Record<BinaryName, BinaryFormula>> = { pow, atan2, rem, nextafter: exact.nextafter }
