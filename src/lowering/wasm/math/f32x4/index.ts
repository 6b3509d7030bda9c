import * as exact from '../exact.ts'
import type { BinaryFormula, UnaryFormula } from '../macro.ts'
import type { BinaryName, UnaryName } from '../names.ts'
import { special } from '../special.ts'
import { exp, exp2, expm1, expOfNonPositive, logistic, tanh } from './exponential.ts'
import { log, log1p, log2 } from './logarithm.ts'
import { pow } from './power.ts'
import { throughF64, throughF64Binary } from './through-f64.ts'
import { cos, sin } from './trigonometric.ts'

export { expOfNonPositive }

/** The formula of every function of one argument, four float32 lanes at a time. */
export const f32x4Unary: Readonly<Record<UnaryName, UnaryFormula>> = {
  exp, exp2, expm1, log, log1p, log2,
  sin, cos, tan: throughF64('tan'), asin: throughF64('asin'), acos: throughF64('acos'), atan: throughF64('atan'),
  sinh: throughF64('sinh'), cosh: throughF64('cosh'), tanh, asinh: throughF64('asinh'), acosh: throughF64('acosh'), atanh: throughF64('atanh'),
  logistic, erf: special('f32x4', 'erf'), erfc: throughF64('erfc'), erfInv: special('f32x4', 'erfInv'),
  lgamma: throughF64('lgamma'), digamma: throughF64('digamma'), cbrt: throughF64('cbrt'),
  sqrt: exact.sqrt, rsqrt: exact.rsqrt, sign: exact.sign, floor: exact.floor, ceil: exact.ceil,
  roundHalfAway: exact.roundHalfAway, roundHalfEven: exact.roundHalfEven, isFinite: exact.isFinite,
}

export const f32x4Binary: Readonly<Record<BinaryName, BinaryFormula>> = {
  pow, atan2: throughF64Binary('atan2'), rem: throughF64Binary('rem'), nextafter: exact.nextafter,
}
