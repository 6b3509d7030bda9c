// log, log1p and log2 after FreeBSD's msun (e_log.c, s_log1p.c, e_log2.c; Sun Microsystems), without branches.

import type { Expr } from '../lanes.ts'
import type { Formula, UnaryFormula } from '../macro.ts'

export const ln2High = 6.93147180369123816490e-01
export const ln2Low = 1.90821492927058770002e-10
const one = 0x3ff0000000000000n
const sqrtHalf = 0x3fe6a09e00000000n
const smallestNormal = 2.2250738585072014e-308
const twoTo54 = 18014398509481984
// 2^52 as bits: or-ed over an integer below 2^52 it makes the double 2^52 + integer
const integerMagic = 0x4330000000000000n

// (log(1+f) - 2s) / s as a polynomial in s², s = f / (2 + f)
const logCoefficients = [6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01, 2.222219843214978396e-01, 1.818357216161805012e-01, 1.531383769920937332e-01, 1.479819860511658591e-01]

/** x = 2^k (1 + f) with 1 + f in [1/sqrt 2, sqrt 2]; x is normal and positive. */
export const splitExponent = (v: Formula, x: Expr): { readonly k: Expr; readonly mantissa: Expr } => {
  const shifted = v.keep(v.iadd(x, v.ic(one - sqrtHalf)))
  const biased = v.or(v.shrU(shifted, 52), v.ic(integerMagic))
  const mantissa = v.iadd(v.and(shifted, v.ic(0x000fffffffffffffn)), v.ic(sqrtHalf))
  return { k: v.keep(v.sub(biased, v.c(4503599627370496 + 1023))), mantissa: v.keep(mantissa) }
}

/** Subnormal numbers times 2^54, and what that adds to the exponent. */
export const normalise = (v: Formula, x: Expr): { readonly x: Expr; readonly exponent: Expr } => {
  const tiny = v.keep(v.lt(x, v.c(smallestNormal)))
  return { x: v.keep(v.select(tiny, v.mul(x, v.c(twoTo54)), x)), exponent: v.keep(v.and(tiny, v.c(-54))) }
}

/** Of f: s (f²/2 + R), where log(1 + f) = f - f²/2 + s (f²/2 + R). */
export const logTail = (v: Formula, f: Expr, halfSquare: Expr): Expr => {
  const s = v.keep(v.div(f, v.add(f, v.c(2))))
  const z = v.keep(v.mul(s, s))
  return v.mul(s, v.add(halfSquare, v.mul(z, v.poly(z, logCoefficients))))
}

/** log's values where the formula does not hold: infinity and NaN stay, 0 gives -infinity, what is below gives NaN. */
const logSpecials = (v: Formula, x: Expr, result: Expr, atZero = 0): Expr => {
  const finite = v.select(v.lt(x, v.c(Infinity)), result, x)
  const zero = v.select(v.eq(x, v.c(atZero)), v.c(-Infinity), finite)
  return v.select(v.lt(x, v.c(atZero)), v.c(NaN), zero)
}

/** The natural logarithm. */
export const log: UnaryFormula = (v, x) => {
  const { x: scaled, exponent } = normalise(v, x)
  const { k: k0, mantissa } = splitExponent(v, scaled)
  const k = v.keep(v.add(k0, exponent))
  const f = v.keep(v.sub(mantissa, v.c(1)))
  const halfSquare = v.keep(v.mul(v.mul(f, f), v.c(0.5)))
  const tail = v.add(logTail(v, f, halfSquare), v.mul(k, v.c(ln2Low)))
  return logSpecials(v, x, v.add(v.add(v.sub(tail, halfSquare), f), v.mul(k, v.c(ln2High))))
}

/** log(1 + x) without losing a small x. */
export const log1p: UnaryFormula = (v, x) => {
  const u = v.keep(v.add(x, v.c(1)))
  const { k, mantissa } = splitExponent(v, u)
  // what rounding took from 1 + x, relative to u
  const lost = v.select(v.ge(k, v.c(2)), v.sub(v.c(1), v.sub(u, x)), v.sub(x, v.sub(u, v.c(1))))
  const unscaled = v.keep(v.eq(k, v.c(0)))
  const c = v.andnot(v.div(lost, u), unscaled)
  const f = v.keep(v.select(unscaled, x, v.sub(mantissa, v.c(1))))
  const halfSquare = v.keep(v.mul(v.mul(f, f), v.c(0.5)))
  const tail = v.add(logTail(v, f, halfSquare), v.add(v.mul(k, v.c(ln2Low)), c))
  const result = v.add(v.add(v.sub(tail, halfSquare), f), v.mul(k, v.c(ln2High)))
  // x = -0 would come back as +0
  return v.select(v.eq(x, v.c(0)), x, logSpecials(v, x, result, -1))
}

const invLn2High = 1.44269504072144627571e+00
const invLn2Low = 1.67517131648865118353e-10

/** The logarithm to base 2: exact at powers of two. */
export const log2: UnaryFormula = (v, x) => {
  const { x: scaled, exponent } = normalise(v, x)
  const { k: k0, mantissa } = splitExponent(v, scaled)
  const k = v.keep(v.add(k0, exponent))
  const f = v.keep(v.sub(mantissa, v.c(1)))
  const halfSquare = v.keep(v.mul(v.mul(f, f), v.c(0.5)))
  const tail = v.keep(logTail(v, f, halfSquare))
  const high = v.keep(v.and(v.sub(f, halfSquare), v.ic(-0x100000000n)))
  const low = v.keep(v.add(v.sub(v.sub(f, high), halfSquare), tail))
  const valueHigh = v.keep(v.mul(high, v.c(invLn2High)))
  const valueLow = v.add(v.mul(v.add(low, high), v.c(invLn2Low)), v.mul(low, v.c(invLn2High)))
  const sum = v.keep(v.add(k, valueHigh))
  return logSpecials(v, x, v.add(v.add(valueLow, v.add(v.sub(k, sum), valueHigh)), sum))
}
