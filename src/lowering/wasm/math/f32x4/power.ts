// x^y as 2^(y log2 |x|) in float64, where eleven digits of the logarithm are enough for a float32 result.

import type { Expr } from '../lanes.ts'
import { formula, type BinaryFormula, type Formula } from '../macro.ts'
import { powSpecials } from '../f64x2/power.ts'
import { joinHalves, upperHalf } from './through-f64.ts'

const one = 0x3ff0000000000000n
const sqrtHalf = 0x3fe6a09e00000000n
const integerMagic = 0x4330000000000000n
const roundingMagic = 6755399441055744

// log2((1 + s) / (1 - s)) / s in powers of s², error 1e-11; 2^f on [-1/2, 1/2], error 4e-11 (tests/oracle/math/fit.py)
const log2Coefficients = [2.8853900817900136, 0.9617966734154973, 0.5770835733636933, 0.41167329914115813, 0.3407211149549295]
const exp2Coefficients = [0.9999999999595618, 0.6931471805568324, 0.24022651213498092, 0.055504109063258665, 0.009618025613318034, 0.0013333478473685416, 0.00015469729214118296, 1.5303700711365693e-05]

/** 2^(y log2 x) of two lanes, x positive and finite. */
const powOfPositive = (d: Formula, x: Expr, y: Expr): Expr => {
  const shifted = d.keep(d.iadd(x, d.ic(one - sqrtHalf)))
  const k = d.sub(d.or(d.shrU(shifted, 52), d.ic(integerMagic)), d.c(4503599627370496 + 1023))
  const mantissa = d.keep(d.iadd(d.and(shifted, d.ic(0x000fffffffffffffn)), d.ic(sqrtHalf)))
  const s = d.keep(d.div(d.sub(mantissa, d.c(1)), d.add(mantissa, d.c(1))))
  const log2 = d.add(d.mul(s, d.poly(d.keep(d.mul(s, s)), log2Coefficients)), k)
  const t = d.keep(d.pmax(d.pmin(d.mul(log2, y), d.c(200)), d.c(-200)))
  const bits = d.keep(d.add(t, d.c(roundingMagic)))
  const f = d.keep(d.sub(t, d.sub(bits, d.c(roundingMagic))))
  return d.mul(d.poly(f, exp2Coefficients), d.iadd(d.shl(bits, 52), d.ic(one)))
}

/** x^y with C's values at zeros, infinities and NaN. */
export const pow: BinaryFormula = (v, x, y) => {
  const d = formula(v.fn, 'f64x2', v.helpers)
  const ax = v.keep(v.abs(x))
  const promote = (value: Expr): Expr => d.keep(d.emit('f64x2.promote_low_f32x4', value))
  const half = (a: Expr, b: Expr): Expr => v.keep(v.emit('f32x4.demote_f64x2_zero', powOfPositive(d, promote(a), promote(b))))
  const finite = joinHalves(v, half(ax, y), half(upperHalf(v, ax), upperHalf(v, y)))
  // 0 and infinity: what the sign of y makes of them
  const growing = v.keep(v.gt(y, v.c(0)))
  const known = v.select(v.eq(ax, v.c(0)), v.andnot(v.c(Infinity), growing), v.select(v.eq(ax, v.c(Infinity)), v.and(v.c(Infinity), growing), finite))
  const value = v.select(v.or(v.ne(x, x), v.ne(y, y)), v.add(x, y), known)
  return powSpecials(v, x, y, v.keep(value))
}
