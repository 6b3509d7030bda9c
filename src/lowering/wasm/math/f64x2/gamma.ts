// lgamma after FreeBSD's msun (e_lgamma_r.c; Sun Microsystems), all pieces computed and chosen by lane. digamma: Chebyshev
// fits around its positive zero and for the asymptotic series (tests/oracle/math/fit.py), joined by the recurrence.

import type { Expr } from '../lanes.ts'
import type { Formula, UnaryFormula } from '../macro.ts'
import { log } from './logarithm.ts'

const a = [7.72156649015328655494e-02, 3.22467033424113591611e-01, 6.73523010531292681824e-02, 2.05808084325167332806e-02, 7.38555086081402883957e-03, 2.89051383673415629091e-03, 1.19270763183362067845e-03, 5.10069792153511336608e-04, 2.20862790713908385557e-04, 1.08011567247583939954e-04, 2.52144565451257326939e-05, 4.48640949618915160150e-05]
const minimumAt = 1.46163214496836224576
const minimum = -1.21486290535849611461e-01
const minimumLow = -3.63867699703950536541e-18
const t = [4.83836122723810047042e-01, -1.47587722994593911752e-01, 6.46249402391333854778e-02, -3.27885410759859649565e-02, 1.79706750811820387126e-02, -1.03142241298341437450e-02, 6.10053870246291332635e-03, -3.68452016781138256760e-03, 2.25964780900612472250e-03, -1.40346469989232843813e-03, 8.81081882437654011382e-04, -5.38595305356740546715e-04, 3.15632070903625950361e-04, -3.12754168375120860518e-04, 3.35529192635519073543e-04]
const u = [-7.72156649015328655494e-02, 6.32827064025093366517e-01, 1.45492250137234768737e+00, 9.77717527963372745603e-01, 2.28963728064692451092e-01, 1.33810918536787660377e-02]
const uBelow = [1, 2.45597793713041134822e+00, 2.12848976379893395361e+00, 7.69285150456672783825e-01, 1.04222645593369134254e-01, 3.21709242282423911810e-03]
const s = [-7.72156649015328655494e-02, 2.14982415960608852501e-01, 3.25778796408930981787e-01, 1.46350472652464452805e-01, 2.66422703033638609560e-02, 1.84028451407337715652e-03, 3.19475326584100867617e-05]
const sBelow = [1, 1.39200533467621045958e+00, 7.21935547567138069525e-01, 1.71933865632803078993e-01, 1.86459191715652901344e-02, 7.77942496381893596434e-04, 7.32668430744625636189e-06]
const w = [4.18938533204672725052e-01, 8.33333333333329678849e-02, -2.77777777728775536470e-03, 7.93650558643019558500e-04, -5.95187557450339963135e-04, 8.36339918996282139126e-04, -1.63092934096575273989e-03]

const every = (coefficients: readonly number[], step: number, from: number): readonly number[] => coefficients.filter((_, i) => i >= from && (i - from) % step === 0)

/** lgamma of a positive number. */
const lgammaOfMagnitude = (v: Formula, x: Expr): Expr => {
  const below09 = v.keep(v.le(x, v.c(0.9)))
  const below2 = v.keep(v.lt(x, v.c(2)))
  const below8 = v.keep(v.lt(x, v.c(8)))

  // [2, 8): log of (y + 2)(y + 3)… up to x - 1, y = x - floor x
  const whole = v.keep(v.floor(x))
  const y8 = v.keep(v.sub(x, whole))
  let product = v.keep(v.c(1))
  for (const factor of [2, 3, 4, 5, 6]) product = v.keep(v.mul(product, v.select(v.gt(whole, v.c(factor)), v.add(y8, v.c(factor)), v.c(1))))
  const ofLog = v.select(below09, x, v.select(below2, v.c(1), v.select(below8, product, x)))
  const logarithm = v.keep(log(v, v.keep(ofLog)))

  // below 2, around 2 (or 1), the minimum, and 1 (or 0)
  const around2 = v.keep(v.select(below09, v.ge(x, v.c(0.7316)), v.ge(x, v.c(1.7316))))
  const aroundMinimum = v.keep(v.select(below09, v.ge(x, v.c(0.23164)), v.ge(x, v.c(1.23164))))
  const base = v.keep(v.select(below09, v.c(0), v.c(1)))
  const y = v.keep(v.select(around2, v.sub(v.add(base, v.c(1)), x), v.select(aroundMinimum, v.sub(x, v.select(below09, v.c(minimumAt - 1), v.c(minimumAt))), v.sub(x, base))))
  const z = v.keep(v.mul(y, y))
  const ofA = v.add(v.mul(y, v.poly(z, every(a, 2, 0))), v.mul(z, v.poly(z, every(a, 2, 1))))
  const atTwo = v.sub(ofA, v.mul(y, v.c(0.5)))
  const cube = v.keep(v.mul(z, y))
  const p1 = v.poly(cube, every(t, 3, 0))
  const p23 = v.add(v.poly(cube, every(t, 3, 1)), v.mul(y, v.poly(cube, every(t, 3, 2))))
  const atMinimum = v.add(v.c(minimum), v.sub(v.mul(z, p1), v.sub(v.c(minimumLow), v.mul(cube, p23))))
  const atOne = v.add(v.mul(y, v.c(-0.5)), v.div(v.mul(y, v.poly(y, u)), v.poly(y, uBelow)))
  // adding 0 makes +0 of the -0 at 1
  const small = v.add(v.sub(v.select(around2, atTwo, v.select(aroundMinimum, atMinimum, atOne)), v.and(logarithm, below09)), v.c(0))

  const middle = v.add(v.add(v.mul(y8, v.c(0.5)), v.div(v.mul(y8, v.poly(y8, s)), v.poly(y8, sBelow))), logarithm)

  const inverse = v.keep(v.div(v.c(1), x))
  const square = v.keep(v.mul(inverse, inverse))
  const [w0 = 0, ...wRest] = w
  const stirling = v.add(v.c(w0), v.mul(inverse, v.poly(square, wRest)))
  const large = v.add(v.mul(v.sub(x, v.c(0.5)), v.sub(logarithm, v.c(1))), stirling)
  return v.keep(v.select(below2, small, v.select(below8, middle, large)))
}

const sineCoefficients = [1, -1.66666666666666324348e-01, 8.33333333332248946124e-03, -1.98412698298579493134e-04, 2.75573137070700676789e-06, -2.50507602534068634195e-08, 1.58969099521155010221e-10]
const cosineCoefficients = [1, -0.5, 4.16666666666666019037e-02, -1.38888888888741095749e-03, 2.48015872894767294178e-05, -2.75573143513906633035e-07, 2.08757232129817482790e-09, -1.13596475577881948265e-11]

/** sin and cos of π d, |d| <= 1/2. */
const halfTurn = (v: Formula, d: Expr): { readonly sine: Expr; readonly cosine: Expr } => {
  const magnitude = v.keep(v.abs(d))
  const outer = v.keep(v.gt(magnitude, v.c(0.25)))
  const angle = v.keep(v.mul(v.select(outer, v.sub(v.c(0.5), magnitude), magnitude), v.c(Math.PI)))
  const z = v.keep(v.mul(angle, angle))
  const sine = v.keep(v.mul(angle, v.poly(z, sineCoefficients)))
  const cosine = v.keep(v.poly(z, cosineCoefficients))
  return { sine: v.keep(v.withSignOf(v.select(outer, cosine, sine), d)), cosine: v.keep(v.select(outer, sine, cosine)) }
}

const ifAnyNegative = (v: Formula, x: Expr, value: Expr, ofNegative: () => Expr): Expr => {
  const { fn } = v
  const result = fn.local('v128', 'result')
  value()
  fn.set(result)
  const negative = v.keep(v.lt(x, v.c(0)))
  negative()
  fn.emit('v128.any_true').if(() => {
    v.select(negative, ofNegative(), v.get(result))()
    fn.set(result)
  })
  return v.get(result)
}

/** log |Γ(x)|: infinity at 0, at negative integers and at both infinities. Left of 0 the error is absolute near zeros. */
export const lgamma: UnaryFormula = (v, x) => {
  const magnitude = v.keep(v.abs(x))
  const ofMagnitude = lgammaOfMagnitude(v, magnitude)
  // infinity and numbers so large that the formula overflows
  const bounded = v.select(v.lt(magnitude, v.c(Infinity)), ofMagnitude, magnitude)
  // Γ(x) Γ(-x) = -π / (x sin πx)
  return ifAnyNegative(v, x, v.keep(bounded), () => {
    const d = v.keep(v.sub(x, v.nearest(x)))
    const sine = v.keep(v.abs(halfTurn(v, d).sine))
    const reflected = v.sub(log(v, v.keep(v.div(v.c(Math.PI), v.mul(magnitude, sine)))), ofMagnitude)
    return v.select(v.lt(magnitude, v.c(Infinity)), v.select(v.eq(d, v.c(0)), v.c(Infinity), reflected), magnitude)
  })
}

// digamma(x) / (x - x0) on [1, 2] in powers of x - 3/2; error 2e-17
const aroundZero = [0.951055876031833, -0.4236274212814605, 0.2405424842407742, -0.14840492305390884, 0.09498872445494122, -0.061922133273064534, 0.04076083381242074, -0.02697579675613825, 0.0179072524394512, -0.011908218001568644, 0.007926944646403797, -0.005279964873257405, 0.003519006401502276, -0.002345267632540769, 0.0015566317474486838, -0.0010376374098418604, 0.0007233266279287554, -0.0004821990530566789, 0.0002272331660987376, -0.00015148586836773365, 0.00025968482126430747, -0.00017312261802727394]
// x0 in three parts: differences with the first two are exact near it
const zeroParts = [1.4616321446374059, 3.309564688275257e-10, 9.016312093258695e-20]
// (log x - 1/(2x) - digamma x) x² from 8 on, in powers of 1/x²; error 2e-19
const asymptotic = [0.08333333333333333, -0.008333333333331664, 0.003968253965999701, -0.004166665501516724, 0.007575459920369056, -0.02105106090803768, 0.08002337465354925, -0.2994253706194389]

/** digamma of a positive number. */
const digammaOfPositive = (v: Formula, x: Expr): Expr => {
  const { fn } = v
  const far = v.keep(v.ge(x, v.c(8)))
  const below1 = v.keep(v.lt(x, v.c(1)))
  const position = fn.local('v128', 'position')
  const sum = fn.local('v128', 'sum')
  v.select(far, v.c(1), v.select(below1, v.add(x, v.c(1)), x))()
  fn.set(position)
  v.and(v.div(v.c(-1), x), below1)()
  fn.set(sum)
  // digamma(x) = digamma(x - 1) + 1/(x - 1), at most six times
  fn.loop((head) => {
    const above = v.keep(v.gt(v.get(position), v.c(2)))
    v.sub(v.get(position), v.and(above, v.c(1)))()
    fn.set(position)
    v.add(v.get(sum), v.and(v.div(v.c(1), v.get(position)), above))()
    fn.set(sum)
    above()
    fn.emit('v128.any_true').brIf(head)
  })
  const [z0 = 0, z1 = 0, z2 = 0] = zeroParts
  const fromZero = v.sub(v.sub(v.sub(v.get(position), v.c(z0)), v.c(z1)), v.c(z2))
  const near = v.add(v.mul(fromZero, v.poly(v.keep(v.sub(v.get(position), v.c(1.5))), aroundZero)), v.get(sum))
  const inverse = v.keep(v.div(v.c(1), x))
  const square = v.keep(v.mul(inverse, inverse))
  const series = v.sub(log(v, v.keep(v.select(far, x, v.c(8)))), v.add(v.mul(inverse, v.c(0.5)), v.mul(square, v.poly(square, asymptotic))))
  return v.keep(v.select(far, series, near))
}

/** The logarithmic derivative of Γ: NaN at 0 and at negative integers, as XLA defines it. */
export const digamma: UnaryFormula = (v, x) => {
  const negative = v.keep(v.lt(x, v.c(0)))
  const positive = v.keep(v.select(negative, v.sub(v.c(1), x), x))
  const ofPositive = digammaOfPositive(v, positive)
  // digamma(x) = digamma(1 - x) - π / tan πx
  const value = ifAnyNegative(v, x, ofPositive, () => {
    const d = v.keep(v.sub(x, v.nearest(x)))
    const { sine, cosine } = halfTurn(v, d)
    const reflected = v.sub(ofPositive, v.div(v.mul(cosine, v.c(Math.PI)), sine))
    return v.select(v.eq(d, v.c(0)), v.c(NaN), reflected)
  })
  return v.select(v.eq(x, v.c(0)), v.c(NaN), v.select(v.ne(x, x), x, value))
}
