// exp and its relatives: x = n ln 2 + r after Cody and Waite, e^r = 1 + r + r² q(r) with q minimax (tests/oracle/math/fit.py).

import type { Expr } from '../lanes.ts'
import type { Formula, UnaryFormula } from '../macro.ts'

const log2e = 1.44269504088896338700
// nine bits, so that its product with n is exact, and the rest
const ln2High = 0.693359375
const ln2Low = -2.12194440054690583e-4
// 1.5 · 2^23: adding it rounds to an integer, which then stands in the low bits
const roundingMagic = 12582912
const one = 0x3f800000

// q for |r| <= ln 2 / 2; relative error of e^r 3e-9
const expCoefficients = [0.4999999403953552, 0.1666652113199234, 0.04166838899254799, 0.008368736132979393, 0.0013814560370519757]
// q for |r| <= ln 2 / 2; relative error of e^r - 1 1e-8
const expm1Coefficients = [0.4999999701976776, 0.1666654348373413, 0.04166720062494278, 0.0083665382117033, 0.001388251781463623]
// (2^f - 1) / f on [-1/2, 1/2]; error 2e-10
const exp2Coefficients = [0.6931471824645996, 0.24022650718688965, 0.05550410971045494, 0.009618056938052177, 0.0013333501992747188, 0.00015461444854736328, 1.529732435301412e-05]

/** 2^n for n in [-126, 127], from the low bits of `bits`. */
const powerOfTwo = (v: Formula, bits: Expr): Expr => v.iadd(v.shl(bits, 23), v.ic(one))

/** e^r - 1 = r + r² q(r). */
const changeOf = (v: Formula, r: Expr, q: readonly number[]): Expr => {
  const square = v.keep(v.mul(r, r))
  return v.add(v.mul(square, v.polyByParity(r, square, q)), r)
}

/** e^x = y 2^n, y in [0.7, 1.42]; `bits` holds n + `bias` in its low bits. An even bias leaves n the same: halves are rounded to even. */
const splitExp = (v: Formula, x: Expr, bias: number): { readonly y: Expr; readonly bits: Expr } => {
  const bits = v.keep(v.add(v.mul(x, v.c(log2e)), v.c(roundingMagic + bias)))
  const n = v.keep(v.sub(bits, v.c(roundingMagic + bias)))
  const r = v.keep(v.sub(v.sub(x, v.mul(n, v.c(ln2High))), v.mul(n, v.c(ln2Low))))
  const square = v.keep(v.mul(r, r))
  return { y: v.add(v.add(v.mul(square, v.polyByPairs(r, square, expCoefficients)), r), v.c(1)), bits }
}

/** Such that the halves of n + bias are exponents as floats have them. */
const twoPowers = 254

/** y 2^n by two factors, because one power of two does not reach. Results below 2^-126 are rounded once; a NaN stays. */
const scaled = (v: Formula, y: Expr, bits: Expr): Expr => {
  const half = v.keep(v.and(v.shl(bits, 22), v.ic(-0x800000)))
  return v.mul(v.mul(y, half), v.isub(v.shl(bits, 23), half))
}

/** e^x. */
export const exp: UnaryFormula = (v, x) => {
  const { y, bits } = splitExp(v, v.keep(v.pmax(v.pmin(x, v.c(89)), v.c(-104))), twoPowers)
  return scaled(v, y, bits)
}

/** The bits of `exp` for x that are not above 0: y 2^(n + 65) is always a normal number, so that the second factor is a constant. */
export const expOfNonPositive: UnaryFormula = (v, x) => {
  const { y, bits } = splitExp(v, v.keep(v.pmax(x, v.c(-104))), 127 + 65)
  return v.mul(v.mul(y, v.shl(bits, 23)), v.c(2 ** -65))
}

/** 2^x. */
export const exp2: UnaryFormula = (v, x) => {
  const clamped = v.keep(v.pmax(v.pmin(x, v.c(129)), v.c(-151)))
  const bits = v.keep(v.add(clamped, v.c(roundingMagic + twoPowers)))
  const f = v.keep(v.sub(clamped, v.sub(bits, v.c(roundingMagic + twoPowers))))
  return scaled(v, v.add(v.mul(f, v.poly(f, exp2Coefficients)), v.c(1)), bits)
}

/** e^x - 1 = (2^n - 1) + 2^n (e^r - 1), with n at most 127 and a last factor of 2 for what is above. */
export const expm1: UnaryFormula = (v, x) => {
  const clamped = v.keep(v.pmax(v.pmin(x, v.c(89)), v.c(-18)))
  const bits = v.keep(v.add(v.mul(clamped, v.c(log2e)), v.c(roundingMagic)))
  const n = v.keep(v.sub(bits, v.c(roundingMagic)))
  const r = v.keep(v.sub(v.sub(clamped, v.mul(n, v.c(ln2High))), v.mul(n, v.c(ln2Low))))
  const top = v.keep(v.ge(n, v.c(128)))
  const power = v.keep(powerOfTwo(v, v.iadd(bits, top)))
  const value = v.add(v.sub(power, v.c(1)), v.mul(power, changeOf(v, r, expm1Coefficients)))
  // where n is 128 the power is half of what it should be, and so is the value
  return v.withSignOf(v.abs(v.mul(value, v.select(top, v.c(2), v.c(1)))), x)
}

// q for r in [-0.11, 0.6], relative error of e^r - 1 1e-8
const tanhCoefficients = [0.4999997317790985, 0.1666678488254547, 0.04168963432312012, 0.008176824077963829, 0.0017109944019466639]

/**
 * tanh x = t / (t + 2) with t = e^2|x| - 1 = (2^n - 1) + 2^n (e^r - 1). r is kept above -0.11, so that little cancels; from
 * 9.02 on the result is 1, and a reduction in one step is good enough below.
 */
export const tanh: UnaryFormula = (v, x) => {
  const a = v.keep(v.pmin(v.abs(v.add(x, x)), v.c(20)))
  const bits = v.keep(v.add(v.mul(v.sub(a, v.c(0.245)), v.c(log2e)), v.c(roundingMagic)))
  const r = v.keep(v.sub(a, v.mul(v.sub(bits, v.c(roundingMagic)), v.c(Math.LN2))))
  const power = v.keep(powerOfTwo(v, bits))
  const square = v.keep(v.mul(r, r))
  const bend = v.keep(v.mul(square, v.polyByParity(r, square, tanhCoefficients)))
  const change = v.keep(v.add(bend, r))
  const t = v.keep(v.add(v.sub(power, v.c(1)), v.mul(power, change)))
  // what rounding took from e^r - 1, times about the inverse of the denominator where n = 0; above it hardly counts
  const lost = v.mul(v.sub(bend, v.sub(change, r)), v.c(0.45))
  return v.withSignOf(v.add(v.div(t, v.add(t, v.c(2))), lost), x)
}

// q(-r) for |r| <= ln 2 / 2
const negativeCoefficients = expm1Coefficients.map((c, i) => (i % 2 === 0 ? c : -c))

/**
 * 1 / (1 + e^-x) = 2^-h / (2^-h + 2^(n-h) y) with e^-x = 2^n y and h about n / 2: nothing overflows, and small results keep
 * their digits.
 */
export const logistic: UnaryFormula = (v, x) => {
  const clamped = v.keep(v.pmax(v.pmin(x, v.c(104)), v.c(-104)))
  const bits = v.keep(v.add(v.mul(clamped, v.c(-log2e)), v.c(roundingMagic)))
  const n = v.keep(v.sub(bits, v.c(roundingMagic)))
  // minus the reduced argument, so that x needs no change of sign
  const r = v.keep(v.add(v.add(clamped, v.mul(n, v.c(ln2High))), v.mul(n, v.c(ln2Low))))
  const square = v.keep(v.mul(r, r))
  const bend = v.sub(v.mul(square, v.polyByParity(r, square, negativeCoefficients)), r)
  const half = v.keep(v.and(v.shl(bits, 22), v.ic(-0x800000)))
  const inverse = v.keep(v.isub(v.ic(one), half))
  const rest = v.keep(v.iadd(v.isub(v.shl(bits, 23), half), v.ic(one)))
  // the sum of two powers of two is exact where it matters, so y = 1 + bend needs no rounding of its own
  return v.div(inverse, v.add(v.add(inverse, rest), v.mul(bend, rest)))
}
