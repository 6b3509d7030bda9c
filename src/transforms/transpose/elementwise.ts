/** Transposes of elementwise primitives: few are linear. */
import type { ElementwiseParams } from '../../core/primitives/index.ts'
import { bind1, type Value } from '../../core/trace.ts'
import { constant, convert, div, mul, neg } from '../build.ts'
import { each, isUndefined, knownOf, summedTo, type TransposeRule, type TransposeRules, valueOf } from './rule.ts'

/** The cases that the selector did not pick have a cotangent of zero. */
const selectN: TransposeRule<'selectN'> = ([given], [which, ...cases]) => {
  const ct = valueOf(given!)
  const picked = (i: number): Value[] => cases.map((_, j) => (i === j ? ct : constant(ct, 0)))
  return [null, ...cases.map((c, i) => (isUndefined(c) ? summedTo(bind1('selectN', [knownOf('selectN', which), ...picked(i)], {}), c.aval) : null))]
}

export const elementwiseTranspose: TransposeRules<keyof ElementwiseParams> = {
  neg: each((ct) => neg(ct)),
  convertElementType: each((ct, _, __, aval) => convert(ct, aval.dtype, aval.weakType)),
  add: each((ct, _, __, aval) => summedTo(ct, aval), (ct, _, __, aval) => summedTo(ct, aval)),
  sub: each((ct, _, __, aval) => summedTo(ct, aval), (ct, _, __, aval) => summedTo(neg(ct), aval)),
  mul: each(
    (ct, [, y], _, aval) => summedTo(mul(ct, knownOf('mul', y)), aval),
    (ct, [x], _, aval) => summedTo(mul(knownOf('mul', x), ct), aval),
  ),
  div: each(
    (ct, [, y], _, aval) => summedTo(div(ct, knownOf('div', y)), aval),
    (_, operands) => knownOf('div', operands[1]),
  ),
  selectN,
  sign: 'nonlinear',
  floor: 'nonlinear',
  ceil: 'nonlinear',
  round: 'nonlinear',
  exp: 'nonlinear',
  exp2: 'nonlinear',
  log: 'nonlinear',
  log1p: 'nonlinear',
  expm1: 'nonlinear',
  sin: 'nonlinear',
  cos: 'nonlinear',
  tan: 'nonlinear',
  asin: 'nonlinear',
  acos: 'nonlinear',
  atan: 'nonlinear',
  sinh: 'nonlinear',
  cosh: 'nonlinear',
  tanh: 'nonlinear',
  asinh: 'nonlinear',
  acosh: 'nonlinear',
  atanh: 'nonlinear',
  logistic: 'nonlinear',
  sqrt: 'nonlinear',
  rsqrt: 'nonlinear',
  cbrt: 'nonlinear',
  abs: 'nonlinear',
  square: 'nonlinear',
  erf: 'nonlinear',
  erfc: 'nonlinear',
  erfInv: 'nonlinear',
  lgamma: 'nonlinear',
  digamma: 'nonlinear',
  isFinite: 'nonlinear',
  not: 'nonlinear',
  populationCount: 'nonlinear',
  clz: 'nonlinear',
  integerPow: 'nonlinear',
  stopGradient: 'nonlinear',
  rem: 'nonlinear',
  pow: 'nonlinear',
  max: 'nonlinear',
  min: 'nonlinear',
  atan2: 'nonlinear',
  nextafter: 'nonlinear',
  and: 'nonlinear',
  or: 'nonlinear',
  xor: 'nonlinear',
  shiftLeft: 'nonlinear',
  shiftRightLogical: 'nonlinear',
  shiftRightArithmetic: 'nonlinear',
  eq: 'nonlinear',
  ne: 'nonlinear',
  lt: 'nonlinear',
  le: 'nonlinear',
  gt: 'nonlinear',
  ge: 'nonlinear',
  clamp: 'nonlinear',
}
