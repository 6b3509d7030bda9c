// exp, expm1 and their relatives after FreeBSD's msun (e_exp.c, s_expm1.c; Sun Microsystems), without branches: every lane
// takes the general formula, and the argument is clamped to where the result is already 0, infinity or -1.

import type { Expr } from '../lanes.ts'
import type { Formula, UnaryFormula } from '../macro.ts'

const log2e = 1.44269504088896338700
const ln2High = 6.93147180369123816490e-01
const ln2Low = 1.90821492927058770002e-10
// 1.5 · 2^52: adding it rounds to an integer, which then stands in the low bits
export const roundingMagic = 6755399441055744

const expCoefficients = [1.66666666666666019037e-01, -2.77777777770155933842e-03, 6.61375632143793436117e-05, -1.65339022054652515390e-06, 4.13813679705723846039e-08]
const expm1Coefficients = [1, -3.33333333333331316428e-02, 1.58730158725481460165e-03, -7.93650757867487942473e-05, 4.00821782732936239552e-06, -2.01099218183624371326e-07]

/** x = n ln 2 + high - low, |high - low| <= ln 2 / 2. `bits` holds n in its low bits, sign-extended to 51. */
interface Reduced {
  readonly bits: Expr
  readonly n: Expr
  readonly high: Expr
  readonly low: Expr
}

const reduceByLn2 = (v: Formula, x: Expr): Reduced => {
  const bits = v.keep(v.add(v.mul(x, v.c(log2e)), v.c(roundingMagic)))
  const n = v.keep(v.sub(bits, v.c(roundingMagic)))
  return { bits, n, high: v.keep(v.sub(x, v.mul(n, v.c(ln2High)))), low: v.keep(v.mul(n, v.c(ln2Low))) }
}

const exponentMask = 0xfff0000000000000n
const one = 0x3ff0000000000000n

/**
 * y · 2^n for y in [1/2, 2] and n in [-1100, 1100], rounded once; `bits` as in `Reduced`. Two factors, because one power of
 * two does not reach, and multiplied rather than added to y's exponent, because that would make numbers of NaNs.
 */
export const scaleByPowerOfTwo = (v: Formula, y: Expr, bits: Expr): Expr => {
  const half = v.keep(v.and(v.shl(bits, 51), v.ic(exponentMask)))
  const rest = v.iadd(v.isub(v.shl(bits, 52), half), v.ic(one))
  return v.mul(v.mul(y, v.iadd(half, v.ic(one))), rest)
}

/** e^(high - low) in [1/sqrt 2, sqrt 2]. */
const expOfReduced = (v: Formula, { high, low }: Reduced): Expr => {
  const r = v.keep(v.sub(high, low))
  const t = v.keep(v.mul(r, r))
  const c = v.keep(v.sub(r, v.mul(t, v.poly(t, expCoefficients))))
  return v.sub(v.c(1), v.sub(v.sub(low, v.div(v.mul(r, c), v.sub(v.c(2), c))), high))
}

/** e^x: a NaN stays, results below 2^-1022 are rounded once. */
export const exp: UnaryFormula = (v, x) => {
  const clamped = v.keep(v.pmax(v.pmin(x, v.c(710)), v.c(-746)))
  const reduced = reduceByLn2(v, clamped)
  return scaleByPowerOfTwo(v, expOfReduced(v, reduced), reduced.bits)
}

/** e^x / 2, finite wherever it can be: sinh and cosh do not overflow early. x must not be negative. */
export const halfExp: UnaryFormula = (v, x) => {
  const clamped = v.keep(v.pmin(x, v.c(712)))
  const reduced = reduceByLn2(v, clamped)
  return scaleByPowerOfTwo(v, expOfReduced(v, reduced), v.isub(reduced.bits, v.ic(1)))
}

/** e^(high + low) for a sum that is not representable: |low| is far below |high|. */
export const expOfSum = (v: Formula, high: Expr, low: Expr): Expr => {
  const clamped = v.keep(v.pmax(v.pmin(high, v.c(710)), v.c(-746)))
  const reduced = reduceByLn2(v, clamped)
  const corrected = v.keep(v.sub(reduced.low, low))
  return scaleByPowerOfTwo(v, expOfReduced(v, { ...reduced, low: corrected }), reduced.bits)
}

/** 2^x. The fraction's product with ln 2 is kept as a sum: its first part, of 21 bits times 32, is exact. */
export const exp2: UnaryFormula = (v, x) => {
  const clamped = v.keep(v.pmax(v.pmin(x, v.c(1025)), v.c(-1080)))
  const bits = v.keep(v.add(clamped, v.c(roundingMagic)))
  const n = v.keep(v.sub(bits, v.c(roundingMagic)))
  const fraction = v.keep(v.sub(clamped, n))
  const head = v.keep(v.and(fraction, v.ic(-0x100000000n)))
  const high = v.keep(v.mul(head, v.c(ln2High)))
  const rest = v.add(v.mul(v.sub(fraction, head), v.c(ln2High)), v.mul(fraction, v.c(ln2Low)))
  return scaleByPowerOfTwo(v, expOfReduced(v, { bits, n, high, low: v.keep(v.neg(rest)) }), bits)
}

/** e^x - 1 = 2^n ((1 - 2^-n) - (e - r)), where r - e = e^r - 1. */
export const expm1: UnaryFormula = (v, x) => {
  const clamped = v.keep(v.pmax(v.pmin(x, v.c(710)), v.c(-40)))
  const { bits, n, high, low } = reduceByLn2(v, clamped)
  const r = v.keep(v.sub(high, low))
  const c = v.keep(v.sub(v.sub(high, r), low))
  const half = v.keep(v.mul(r, v.c(0.5)))
  const square = v.keep(v.mul(r, half))
  const r1 = v.keep(v.poly(square, expm1Coefficients))
  const t = v.keep(v.sub(v.c(3), v.mul(r1, half)))
  const e = v.mul(square, v.div(v.sub(r1, t), v.sub(v.c(6), v.mul(r, t))))
  const corrected = v.sub(v.sub(v.mul(r, v.sub(e, c)), c), square)
  // 2^-n; from n = 54 on, subtracting it from 1 changes nothing, and past 1023 the bits would not hold it
  const inverse = v.isub(v.ic(one), v.shl(v.add(v.pmin(n, v.c(1000)), v.c(roundingMagic)), 52))
  const sum = v.sub(v.sub(v.c(1), inverse), v.sub(corrected, r))
  const result = scaleByPowerOfTwo(v, sum, bits)
  return v.withSignOf(v.abs(result), x)
}
