// erf and erfc after FreeBSD's msun (s_erf.c; Sun Microsystems), all pieces computed and chosen by lane; erfInv after Wichura,
// algorithm AS 241 (1988), through the normal quantile.

import type { Expr } from '../lanes.ts'
import type { Formula, UnaryFormula } from '../macro.ts'
import { expOfSum } from './exponential.ts'
import { log } from './logarithm.ts'

type Rational = readonly [numerator: readonly number[], denominator: readonly number[]]

const near: Rational = [
  [1.28379167095512558561e-01, -3.25042107247001499370e-01, -2.84817495755985104766e-02, -5.77027029648944159157e-03, -2.37630166566501626084e-05],
  [1, 3.97917223959155352819e-01, 6.50222499887672944485e-02, 5.08130628187576562776e-03, 1.32494738004321644526e-04, -3.96022827877536812320e-06],
]
const nearFrom = 0.84375
const middle: Rational = [
  [-2.36211856075265944077e-03, 4.14856118683748331666e-01, -3.72207876035701323847e-01, 3.18346619901161753674e-01, -1.10894694282396677476e-01, 3.54783043256182359371e-02, -2.16637559486879084300e-03],
  [1, 1.06420880400844228286e-01, 5.40397917702171048937e-01, 7.18286544141962662868e-02, 1.26171219808761642112e-01, 1.36370839120290507362e-02, 1.19844998467991074170e-02],
]
const farFrom = 1.25
const far: Rational = [
  [-9.86494403484714822705e-03, -6.93858572707181764372e-01, -1.05586262253232909814e+01, -6.23753324503260060396e+01, -1.62396669462573470355e+02, -1.84605092906711035994e+02, -8.12874355063065934246e+01, -9.81432934416914548592e+00],
  [1, 1.96512716674392571292e+01, 1.37657754143519042600e+02, 4.34565877475229228821e+02, 6.45387271733267880336e+02, 4.29008140027567833386e+02, 1.08635005541779435134e+02, 6.57024977031928170135e+00, -6.04244152148580987438e-02],
]
const tailFrom = 1 / 0.35
const tail: Rational = [
  [-9.86494292470009928597e-03, -7.99283237680523006574e-01, -1.77579549177547519889e+01, -1.60636384855821916062e+02, -6.37566443368389627722e+02, -1.02509513161107724954e+03, -4.83519191608651397019e+02],
  [1, 3.03380607434824582924e+01, 3.25792512996573918826e+02, 1.53672958608443695994e+03, 3.19985821950859553908e+03, 2.55305040643316442583e+03, 4.74528541206955367215e+02, -2.24409524465858183362e+01],
]
const erfOfOne = 8.45062911510467529297e-01

const quotient = (v: Formula, x: Expr, [numerator, denominator]: Rational): Expr => v.div(v.poly(x, numerator), v.poly(x, denominator))

/** erfc a = e^(-a²) e^(R/S) / a for a >= 1.25; a² is split, because its rounding would be magnified. */
const complementOfFar = (v: Formula, a: Expr): Expr => {
  const s = v.keep(v.div(v.c(1), v.mul(a, a)))
  const correction = v.keep(v.select(v.lt(a, v.c(tailFrom)), quotient(v, s, far), quotient(v, s, tail)))
  const head = v.keep(v.and(a, v.ic(-0x100000000n)))
  const square = v.keep(v.sub(v.c(-0.5625), v.mul(head, head)))
  const rest = v.keep(v.add(v.mul(v.sub(head, a), v.add(head, a)), correction))
  const sum = v.keep(v.add(square, rest))
  return v.div(expOfSum(v, sum, v.keep(v.add(v.sub(square, sum), rest))), a)
}

/** erf x. */
export const erf: UnaryFormula = (v, x) => {
  const a = v.keep(v.pmin(v.abs(x), v.c(6)))
  const small = v.add(a, v.mul(a, v.keep(quotient(v, v.keep(v.mul(a, a)), near))))
  const mid = v.add(v.c(erfOfOne), quotient(v, v.keep(v.sub(a, v.c(1))), middle))
  const big = v.sub(v.c(1), complementOfFar(v, v.keep(v.pmax(a, v.c(farFrom)))))
  const value = v.select(v.lt(a, v.c(nearFrom)), small, v.select(v.lt(a, v.c(farFrom)), mid, big))
  return v.withSignOf(v.abs(v.keep(value)), x)
}

/** 1 - erf x, with its own digits where erf is near 1. */
export const erfc: UnaryFormula = (v, x) => {
  const a = v.keep(v.pmin(v.abs(x), v.c(28)))
  const y = v.keep(quotient(v, v.keep(v.mul(a, a)), near))
  const product = v.keep(v.mul(x, y))
  // above 1/4, 1 - erf is taken from a half, so that the first subtraction is exact
  const small = v.select(v.lt(x, v.c(0.25)), v.sub(v.c(1), v.add(x, product)), v.sub(v.c(0.5), v.add(v.sub(x, v.c(0.5)), product)))
  const mid = v.keep(quotient(v, v.keep(v.sub(a, v.c(1))), middle))
  const big = v.keep(complementOfFar(v, v.keep(v.pmax(a, v.c(farFrom)))))
  const negative = v.keep(v.lt(x, v.c(0)))
  const midValue = v.select(negative, v.add(v.c(1 + erfOfOne), mid), v.sub(v.c(1 - erfOfOne), mid))
  const bigValue = v.select(negative, v.sub(v.c(2), big), big)
  return v.select(v.lt(a, v.c(nearFrom)), small, v.select(v.lt(a, v.c(farFrom)), midValue, bigValue))
}

/** The quantile's rationals with 1 / sqrt 2 in them: one rounding less. */
const scaled = ([numerator, denominator]: Rational): Rational => [numerator.map((c) => c * Math.SQRT1_2), denominator]

const centre: Rational = scaled([
  [3.3871328727963666080, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125, 45921.953931549871457, 67265.770927008700853, 33430.575583588128105, 2509.0809287301226727],
  [1, 42.313330701600911252, 687.18700749205790830, 5394.1960214247511077, 21213.794301586595867, 39307.895800092710610, 28729.085735721942674, 5226.4952788528545610],
])
const flank: Rational = scaled([
  [1.42343711074968357734, 4.63033784615654529590, 5.76949722146069140550, 3.64784832476320460504, 1.27045825245236838258, 0.241780725177450611770, 0.0227238449892691845833, 7.74545014278341407640e-4],
  [1, 2.05319162663775882187, 1.67638483018380384940, 0.689767334985100004550, 0.148103976427480074590, 0.0151986665636164571966, 5.47593808499534494600e-4, 1.05075007164441684324e-9],
])
const extreme: Rational = scaled([
  [6.65790464350110377720, 5.46378491116411436990, 1.78482653991729133580, 0.296560571828504891230, 0.0265321895265761230930, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7],
  [1, 0.599832206555887937690, 0.136929880922735805310, 0.0148753612908506148525, 7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15],
])

/** The inverse of erf: the normal quantile at (1 + x)/2, over sqrt 2. ±1 give ±infinity, beyond them NaN. */
export const erfInv: UnaryFormula = (v, x) => {
  const a = v.keep(v.abs(x))
  const q = v.keep(v.mul(a, v.c(0.5)))
  const inner = v.mul(q, quotient(v, v.keep(v.sub(v.c(0.180625), v.mul(q, q))), centre))
  // the smaller tail, (1 - |x|)/2, is exact from 1/2 on
  const r = v.keep(v.sqrt(v.neg(log(v, v.keep(v.mul(v.sub(v.c(1), a), v.c(0.5)))))))
  const outer = v.select(v.le(r, v.c(5)), quotient(v, v.keep(v.sub(r, v.c(1.6))), flank), quotient(v, v.keep(v.sub(r, v.c(5))), extreme))
  const estimate = v.keep(v.select(v.le(a, v.c(0.85)), inner, outer))
  // one Newton step; e^(y²) sqrt π / 2 is the inverse's derivative, and 1 - |x| is exact from 1/2 on
  const excess = v.select(
    v.lt(a, v.c(0.5)),
    v.sub(a, v.call(v.helpers.require('f64x2.erf'), estimate)),
    v.sub(v.call(v.helpers.require('f64x2.erfc'), estimate), v.sub(v.c(1), a)),
  )
  const slope = v.mul(v.call(v.helpers.require('f64x2.exp'), v.mul(estimate, estimate)), v.c(Math.sqrt(Math.PI) / 2))
  const refined = v.add(estimate, v.mul(excess, slope))
  const value = v.select(v.eq(a, v.c(1)), v.c(Infinity), v.select(v.gt(a, v.c(1)), v.c(NaN), refined))
  return v.withSignOf(v.abs(value), x)
}
