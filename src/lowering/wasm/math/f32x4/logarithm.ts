// log, log1p and log2 after FreeBSD's msun (k_logf.h, s_log1pf.c; Sun Microsystems), without branches.

import type { Expr } from '../lanes.ts'
import type { Formula, UnaryFormula } from '../macro.ts'

const ln2High = 6.9313812256e-01
const ln2Low = 9.0580006145e-06
const one = 0x3f800000
const sqrtHalf = 0x3f3504f3
const smallestNormal = 1.1754943508222875e-38

// (log(1+f) - 2s) / s as a polynomial in s², s = f / (2 + f)
const logCoefficients = [0.66666662693, 0.40000972152, 0.28498786688, 0.24279078841]

/** x = 2^k (1 + f), 1 + f in [1/sqrt 2, sqrt 2]; x is normal and positive. */
const splitExponent = (v: Formula, x: Expr): { readonly k: Expr; readonly mantissa: Expr } => {
  const shifted = v.keep(v.iadd(x, v.ic(one - sqrtHalf)))
  const exponent = v.isub(v.shrU(shifted, 23), v.ic(127))
  return { k: v.keep(v.emit('f32x4.convert_i32x4_s', exponent)), mantissa: v.keep(v.iadd(v.and(shifted, v.ic(0x7fffff)), v.ic(sqrtHalf))) }
}

/** The same for any positive x: subnormal numbers are multiplied by 2^25 first. */
const splitAny = (v: Formula, x: Expr): { readonly k: Expr; readonly mantissa: Expr } => {
  const tiny = v.keep(v.lt(x, v.c(smallestNormal)))
  const { k, mantissa } = splitExponent(v, v.keep(v.select(tiny, v.mul(x, v.c(33554432)), x)))
  return { k: v.keep(v.sub(k, v.and(tiny, v.c(25)))), mantissa }
}

/** Of f: s (f²/2 + R), where log(1 + f) = f - f²/2 + s (f²/2 + R). */
const logTail = (v: Formula, f: Expr, halfSquare: Expr): Expr => {
  const s = v.keep(v.div(f, v.add(f, v.c(2))))
  const z = v.keep(v.mul(s, s))
  return v.mul(s, v.add(halfSquare, v.mul(z, v.poly(z, logCoefficients))))
}

/** Infinity and NaN stay, `atZero` gives -infinity, what is below gives NaN. */
const specials = (v: Formula, x: Expr, result: Expr, atZero = 0): Expr => {
  const finite = v.select(v.lt(x, v.c(Infinity)), result, x)
  const zero = v.select(v.eq(x, v.c(atZero)), v.c(-Infinity), finite)
  return v.or(zero, v.lt(x, v.c(atZero)))
}

/** The natural logarithm. */
export const log: UnaryFormula = (v, x) => {
  const { k, mantissa } = splitAny(v, x)
  const f = v.keep(v.sub(mantissa, v.c(1)))
  const halfSquare = v.keep(v.mul(v.mul(f, f), v.c(0.5)))
  const tail = v.add(logTail(v, f, halfSquare), v.mul(k, v.c(ln2Low)))
  return specials(v, x, v.add(v.add(v.sub(tail, halfSquare), f), v.mul(k, v.c(ln2High))))
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
  return v.select(v.eq(x, v.c(0)), x, specials(v, x, result, -1))
}

const invLn2High = 1.4428710938e+00
const invLn2Low = -1.7605285393e-04

/** The logarithm to base 2: exact at powers of two. */
export const log2: UnaryFormula = (v, x) => {
  const { k, mantissa } = splitAny(v, x)
  const f = v.keep(v.sub(mantissa, v.c(1)))
  const halfSquare = v.keep(v.mul(v.mul(f, f), v.c(0.5)))
  const tail = v.keep(logTail(v, f, halfSquare))
  const high = v.keep(v.and(v.sub(f, halfSquare), v.ic(-0x1000)))
  const low = v.keep(v.add(v.sub(v.sub(f, high), halfSquare), tail))
  const sum = v.add(v.add(v.mul(v.add(low, high), v.c(invLn2Low)), v.mul(low, v.c(invLn2High))), v.mul(high, v.c(invLn2High)))
  return specials(v, x, v.add(sum, k))
}
