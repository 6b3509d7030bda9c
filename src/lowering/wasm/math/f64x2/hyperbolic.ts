// Hyperbolic functions and their inverses. The small arguments of sinh and cosh take Taylor's series, so that nothing cancels.

import type { Expr } from '../lanes.ts'
import type { Formula, UnaryFormula } from '../macro.ts'
import { exp, expm1, halfExp } from './exponential.ts'
import { ln2High, ln2Low, log1p } from './logarithm.ts'

const inverseFactorials = (from: number, count: number): readonly number[] => {
  const factorial = (n: number): number => (n <= 1 ? 1 : n * factorial(n - 1))
  return Array.from({ length: count }, (_, i) => 1 / factorial(from + 2 * i))
}

/** sinh x = x + x³/3! + … below 1, (e^x - e^-x)/2 above. */
export const sinh: UnaryFormula = (v, x) => {
  const a = v.keep(v.abs(x))
  const h = v.keep(halfExp(v, a))
  const z = v.keep(v.mul(a, a))
  const series = v.add(a, v.mul(v.mul(a, z), v.poly(z, inverseFactorials(3, 8))))
  return v.withSignOf(v.abs(v.select(v.lt(a, v.c(1)), series, v.sub(h, v.div(v.c(0.25), h)))), x)
}

/** cosh x = 1 + x²/2! + … below 1/2, (e^x + e^-x)/2 above. */
export const cosh: UnaryFormula = (v, x) => {
  const a = v.keep(v.abs(x))
  const h = v.keep(halfExp(v, a))
  const z = v.keep(v.mul(a, a))
  const series = v.add(v.c(1), v.mul(z, v.poly(z, inverseFactorials(2, 7))))
  return v.select(v.lt(a, v.c(0.5)), series, v.add(h, v.div(v.c(0.25), h)))
}

/** tanh x = -t / (t + 2) with t = e^(-2|x|) - 1 below 1, 1 - 2 / (t + 2) with t = e^(2|x|) - 1 above. */
export const tanh: UnaryFormula = (v, x) => {
  const a = v.keep(v.abs(x))
  const large = v.keep(v.ge(a, v.c(1)))
  const t = v.keep(expm1(v, v.keep(v.mul(a, v.select(large, v.c(2), v.c(-2))))))
  const q = v.keep(v.div(v.select(large, v.c(-2), t), v.add(t, v.c(2))))
  return v.withSignOf(v.abs(v.add(v.and(large, v.c(1)), q)), x)
}

/** 1 / (1 + e^-x), as e^x / (1 + e^x) for negative x, so that small results keep their digits. */
export const logistic: UnaryFormula = (v, x) => {
  const e = v.keep(exp(v, v.keep(v.neg(v.abs(x)))))
  return v.div(v.select(v.lt(x, v.c(0)), e, v.c(1)), v.add(v.c(1), e))
}

// from here on sqrt(x² ± 1) is |x| and 1 + x is x
const large = 2 ** 60

/** log1p(u) + ln 2 where `isLarge`: log(2a) without overflow. */
const logOfDoubled = (v: Formula, u: Expr, isLarge: Expr): Expr => {
  const value = v.keep(log1p(v, u))
  return v.add(v.add(value, v.and(isLarge, v.c(ln2Low))), v.and(isLarge, v.c(ln2High)))
}

/** asinh x = log(|x| + sqrt(x² + 1)). */
export const asinh: UnaryFormula = (v, x) => {
  const a = v.keep(v.abs(x))
  const isLarge = v.keep(v.gt(a, v.c(large)))
  const square = v.keep(v.mul(a, a))
  const u = v.add(a, v.div(square, v.add(v.c(1), v.sqrt(v.add(square, v.c(1))))))
  return v.withSignOf(v.abs(logOfDoubled(v, v.keep(v.select(isLarge, a, u)), isLarge)), x)
}

/** acosh x = log(x + sqrt(x² - 1)); NaN below 1. */
export const acosh: UnaryFormula = (v, x) => {
  const isLarge = v.keep(v.gt(x, v.c(large)))
  const t = v.keep(v.sub(x, v.c(1)))
  const u = v.add(t, v.sqrt(v.mul(t, v.add(t, v.c(2)))))
  const value = logOfDoubled(v, v.keep(v.select(isLarge, x, u)), isLarge)
  return v.select(v.lt(x, v.c(1)), v.c(NaN), value)
}

/** atanh x = log1p(2x / (1 - x)) / 2; NaN outside of [-1, 1]. */
export const atanh: UnaryFormula = (v, x) => {
  const a = v.keep(v.abs(x))
  const twice = v.keep(v.add(a, a))
  const u = v.keep(v.add(twice, v.div(v.mul(twice, a), v.sub(v.c(1), a))))
  const outside = v.gt(a, v.c(1))
  const value = v.mul(log1p(v, u), v.c(0.5))
  return v.withSignOf(v.abs(v.select(outside, v.c(NaN), value)), x)
}
