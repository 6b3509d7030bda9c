// pow after FreeBSD's msun (e_pow.c; Sun Microsystems), and cbrt (s_cbrt.c; Sun Microsystems, Bruce Evans), without branches.

import type { Expr } from '../lanes.ts'
import type { BinaryFormula, Formula, UnaryFormula } from '../macro.ts'
import { roundingMagic, scaleByPowerOfTwo } from './exponential.ts'
import { normalise } from './logarithm.ts'

const upperWord = -0x100000000n
const one = 0x3ff0000000000000n
const mantissaMask = 0x000fffffffffffffn

/** What the sign and integrality of the operands make of |x|^y; shared by both precisions. C99, annex F.10.4.4. */
export const powSpecials = (v: Formula, x: Expr, y: Expr, magnitude: Expr): Expr => {
  const ax = v.keep(v.abs(x))
  const truncated = v.keep(v.trunc(y))
  const integral = v.keep(v.eq(truncated, y))
  const halfOfY = v.keep(v.mul(y, v.c(0.5)))
  const odd = v.and(v.and(integral, v.ne(v.trunc(halfOfY), halfOfY)), v.lt(v.abs(y), v.c(Infinity)))
  const signed = v.xor(magnitude, v.and(odd, v.signBit(x)))
  const undefinedRoot = v.and(v.and(v.lt(x, v.c(0)), v.lt(ax, v.c(Infinity))), v.not(v.or(integral, v.ne(y, y))))
  const value = v.select(undefinedRoot, v.c(NaN), signed)
  const minusOneToInfinity = v.and(v.eq(ax, v.c(1)), v.eq(v.abs(y), v.c(Infinity)))
  return v.select(v.or(v.or(v.eq(x, v.c(1)), v.eq(y, v.c(0))), minusOneToInfinity), v.c(1), value)
}

const logCoefficients = [5.99999999999994648725e-01, 4.28571428578550184252e-01, 3.33333329818377432918e-01, 2.72728123808534006489e-01, 2.30660745775561754067e-01, 2.06975017800338417784e-01]
const cp = 9.61796693925975554329e-01
const cpHigh = 9.61796700954437255859e-01
const cpLow = -7.02846165095275826516e-09
const dpHigh = 5.84962487220764160156e-01
const dpLow = 1.35003920212974897128e-08

/** log2 of a positive finite number as a sum; `high` has its lower word clear. */
const log2Sum = (v: Formula, a: Expr): { readonly high: Expr; readonly low: Expr } => {
  const head = (value: Expr): Expr => v.keep(v.and(value, v.ic(upperWord)))
  const { x, exponent } = normalise(v, a)
  // mantissa in [1, 2); above sqrt 3 it is halved, above sqrt(3/2) compared with 3/2
  const raw = v.keep(v.or(v.and(x, v.ic(mantissaMask)), v.ic(one)))
  const halve = v.keep(v.ge(raw, v.c(1.7320508075688772)))
  const scaled = v.keep(v.mul(raw, v.select(halve, v.c(0.5), v.c(1))))
  const threeHalves = v.keep(v.andnot(v.ge(raw, v.c(1.224744871391589)), halve))
  const biased = v.sub(v.or(v.shrU(x, 52), v.ic(0x4330000000000000n)), v.c(4503599627370496 + 1023))
  const n = v.keep(v.add(v.add(biased, exponent), v.and(halve, v.c(1))))
  const bp = v.keep(v.select(threeHalves, v.c(1.5), v.c(1)))

  const u = v.keep(v.sub(scaled, bp))
  const reciprocal = v.keep(v.div(v.c(1), v.add(scaled, bp)))
  const s = v.keep(v.mul(u, reciprocal))
  const sHigh = head(s)
  const tHigh = head(v.add(scaled, bp))
  const tLow = v.keep(v.sub(scaled, v.sub(tHigh, bp)))
  const sLow = v.keep(v.mul(reciprocal, v.sub(v.sub(u, v.mul(sHigh, tHigh)), v.mul(sHigh, tLow))))
  const s2 = v.keep(v.mul(s, s))
  const sHigh2 = v.keep(v.mul(sHigh, sHigh))
  const r = v.keep(v.add(v.mul(v.mul(s2, s2), v.poly(s2, logCoefficients)), v.mul(sLow, v.add(sHigh, s))))
  const sumHigh = head(v.add(v.add(v.c(3), sHigh2), r))
  const sumLow = v.keep(v.sub(r, v.sub(v.sub(sumHigh, v.c(3)), sHigh2)))
  const uHigh = v.keep(v.mul(sHigh, sumHigh))
  const vLow = v.keep(v.add(v.mul(sLow, sumHigh), v.mul(sumLow, s)))
  const pHigh = head(v.add(uHigh, vLow))
  const pLow = v.keep(v.sub(vLow, v.sub(pHigh, uHigh)))
  const zHigh = v.keep(v.mul(pHigh, v.c(cpHigh)))
  const zLow = v.keep(v.add(v.add(v.mul(pHigh, v.c(cpLow)), v.mul(pLow, v.c(cp))), v.and(threeHalves, v.c(dpLow))))
  const dHigh = v.keep(v.and(threeHalves, v.c(dpHigh)))
  const high = head(v.add(v.add(v.add(zHigh, zLow), dHigh), n))
  const low = v.keep(v.sub(zLow, v.sub(v.sub(v.sub(high, n), dHigh), zHigh)))
  return { high, low }
}

const ln2 = 6.93147180559945286227e-01
const ln2High = 6.93147182464599609375e-01
const ln2Low = -1.90465429995776804525e-09
const expCoefficients = [1.66666666666666019037e-01, -2.77777777770155933842e-03, 6.61375632143793436117e-05, -1.65339022054652515390e-06, 4.13813679705723846039e-08]

/** 2^(high + low) for |high| <= 1100. */
const exp2OfSum = (v: Formula, high: Expr, low: Expr): Expr => {
  const bits = v.keep(v.add(v.add(high, low), v.c(roundingMagic)))
  const n = v.keep(v.sub(bits, v.c(roundingMagic)))
  const fraction = v.keep(v.sub(high, n))
  const t = v.keep(v.and(v.add(low, fraction), v.ic(upperWord)))
  const u = v.keep(v.mul(t, v.c(ln2High)))
  const w = v.keep(v.add(v.mul(v.sub(low, v.sub(t, fraction)), v.c(ln2)), v.mul(t, v.c(ln2Low))))
  const z = v.keep(v.add(u, w))
  const rest = v.keep(v.sub(w, v.sub(z, u)))
  const square = v.keep(v.mul(z, z))
  const c = v.keep(v.sub(z, v.mul(square, v.poly(square, expCoefficients))))
  const r = v.sub(v.div(v.mul(z, c), v.sub(c, v.c(2))), v.add(rest, v.mul(z, rest)))
  return scaleByPowerOfTwo(v, v.sub(v.c(1), v.sub(r, z)), bits)
}

/** x^y with C's values at zeros, infinities and NaN. */
export const pow: BinaryFormula = (v, x, y) => {
  const ax = v.keep(v.abs(x))
  const { high, low } = log2Sum(v, ax)
  // beyond 2^64 the power of anything but 1 is 0 or infinity: a smaller y says the same and its products stay finite
  const limited = v.keep(v.pmax(v.pmin(y, v.c(2 ** 64)), v.c(-(2 ** 64))))
  const yHead = v.keep(v.and(limited, v.ic(upperWord)))
  const productLow = v.keep(v.add(v.mul(v.sub(limited, yHead), high), v.mul(limited, low)))
  const productHigh = v.keep(v.mul(yHead, high))
  const total = v.keep(v.add(productHigh, productLow))
  const outside = v.keep(v.gt(v.abs(total), v.c(1100)))
  const clampedHigh = v.keep(v.select(outside, v.pmax(v.pmin(total, v.c(1100)), v.c(-1100)), productHigh))
  const finite = exp2OfSum(v, clampedHigh, v.keep(v.andnot(productLow, outside)))
  // 0 and infinity: what the sign of y makes of them; NaN in y or x comes through the product
  const growing = v.keep(v.gt(y, v.c(0)))
  const ofZero = v.andnot(v.c(Infinity), growing)
  const ofInfinity = v.and(v.c(Infinity), growing)
  const known = v.select(v.eq(ax, v.c(0)), ofZero, v.select(v.eq(ax, v.c(Infinity)), ofInfinity, finite))
  const nan = v.add(x, y)
  const value = v.select(v.or(v.ne(x, x), v.ne(y, y)), nan, known)
  return powSpecials(v, x, y, v.keep(value))
}

const cbrtCoefficients = [1.87595182427177009643, -1.88497979543377169875, 1.621429720105354466140, -0.758397934778766047437, 0.145996192886612446982]

/** The real cube root: an estimate from the exponent, a polynomial, one Newton step in full precision. */
export const cbrt: UnaryFormula = (v, x) => {
  const a = v.keep(v.abs(x))
  const { x: scaled, exponent } = normalise(v, a)
  const subnormal = v.keep(v.lt(exponent, v.c(0)))
  // the exponent's word over three: times 0xaaaaaaab, shifted by 33; 2^54 taken out again is 2^18
  const third = v.shrU(v.imul(v.shrU(scaled, 32), v.ic(0xaaaaaaabn)), 33)
  const offset = v.select(subnormal, v.ic(696219795n), v.ic(715094163n))
  const t0 = v.keep(v.shl(v.iadd(third, offset), 32))
  const r0 = v.keep(v.mul(v.mul(t0, t0), v.div(t0, a)))
  const [p0 = 0, p1 = 0, p2 = 0, p3 = 0, p4 = 0] = cbrtCoefficients
  const factor = v.add(v.poly(r0, [p0, p1, p2]), v.mul(v.mul(v.mul(r0, r0), r0), v.poly(r0, [p3, p4])))
  // 23 bits, so that its square is exact
  const t = v.keep(v.and(v.iadd(v.mul(t0, factor), v.ic(0x80000000n)), v.ic(-0x40000000n)))
  const r = v.keep(v.div(a, v.mul(t, t)))
  const root = v.add(t, v.mul(t, v.div(v.sub(r, t), v.add(v.add(t, t), r))))
  const special = v.or(v.eq(a, v.c(0)), v.not(v.lt(a, v.c(Infinity))))
  return v.select(special, x, v.withSignOf(root, x))
}
