// asin, acos, atan and atan2 after FreeBSD's msun (e_asin.c, e_acos.c, s_atan.c, e_atan2.c; Sun Microsystems), without branches.

import type { Expr } from '../lanes.ts'
import type { BinaryFormula, Formula, UnaryFormula } from '../macro.ts'

const halfPi = 1.57079632679489655800e+00
const halfPiLow = 6.12323399573676603587e-17
const pi = 3.1415926535897931160e+00
const piLow = 1.2246467991473531772e-16
const upperWord = -0x100000000n

const numerator = [1.66666666666666657415e-01, -3.25565818622400915405e-01, 2.01212532134862925881e-01, -4.00555345006794114027e-02, 7.91534994289814532176e-04, 3.47933107596021167570e-05]
const denominator = [1, -2.40339491173441421878e+00, 2.02094576023350569471e+00, -6.88283971605453293030e-01, 7.70381505559019352791e-02]

/** (asin(sqrt z) - sqrt z) / sqrt z for z <= 1/4. */
const arcsineTail = (v: Formula, z: Expr): Expr => v.div(v.mul(z, v.poly(z, numerator)), v.poly(z, denominator))

/** asin x = π/2 - 2 asin(sqrt((1 - |x|)/2)) above 1/2; NaN outside of [-1, 1]. */
export const asin: UnaryFormula = (v, x) => {
  const a = v.keep(v.abs(x))
  const near = v.keep(v.lt(a, v.c(0.5)))
  const z = v.keep(v.select(near, v.mul(x, x), v.mul(v.sub(v.c(1), a), v.c(0.5))))
  const r = v.keep(arcsineTail(v, z))
  const s = v.keep(v.sqrt(z))
  const head = v.keep(v.and(s, v.ic(upperWord)))
  const rest = v.div(v.sub(z, v.mul(head, head)), v.add(s, head))
  const correction = v.sub(v.mul(v.mul(s, v.c(2)), r), v.sub(v.c(halfPiLow), v.mul(rest, v.c(2))))
  const quarter = v.sub(v.c(halfPi / 2), v.mul(head, v.c(2)))
  const far = v.sub(v.c(halfPi / 2), v.sub(correction, quarter))
  // z = 0 at |x| = 1: 0/0 in `rest`
  const exact = v.select(v.eq(a, v.c(1)), v.c(halfPi), far)
  return v.select(near, v.add(x, v.mul(x, r)), v.withSignOf(v.abs(exact), x))
}

/** acos x = 2 asin(sqrt((1 - x)/2)) above 1/2; NaN outside of [-1, 1]. */
export const acos: UnaryFormula = (v, x) => {
  const a = v.keep(v.abs(x))
  const near = v.keep(v.lt(a, v.c(0.5)))
  const z = v.keep(v.select(near, v.mul(x, x), v.mul(v.sub(v.c(1), a), v.c(0.5))))
  const r = v.keep(arcsineTail(v, z))
  const s = v.keep(v.sqrt(z))
  const head = v.keep(v.and(s, v.ic(upperWord)))
  const rest = v.div(v.sub(z, v.mul(head, head)), v.add(s, head))
  const small = v.mul(v.add(head, v.add(v.mul(s, r), rest)), v.c(2))
  const positive = v.select(v.eq(a, v.c(1)), v.c(0), small)
  const negative = v.sub(v.c(pi), v.mul(v.add(s, v.sub(v.mul(s, r), v.c(halfPiLow))), v.c(2)))
  const far = v.select(v.lt(x, v.c(0)), negative, positive)
  return v.select(near, v.sub(v.c(halfPi), v.sub(x, v.sub(v.c(halfPiLow), v.mul(x, r)))), far)
}

const atanCoefficients = [3.33333333333329318027e-01, -1.99999999998764832476e-01, 1.42857142725034663711e-01, -1.11111104054623557880e-01, 9.09088713343650656196e-02, -7.69187620504482999495e-02, 6.66107313738753120669e-02, -5.83357013379057348645e-02, 4.97687799461593236017e-02, -3.65315727442169155270e-02, 1.62858201153657823623e-02]

/** From each bound on, atan x = atan c + atan((x - c)/(1 + c x)), with atan c in two parts; infinity stands for -1/x. */
const atanPieces = [
  { from: 0.4375, centre: 0.5, high: 4.63647609000806093515e-01, low: 2.26987774529616870924e-17 },
  { from: 0.6875, centre: 1, high: 7.85398163397448278999e-01, low: 3.06161699786838301793e-17 },
  { from: 1.1875, centre: 1.5, high: 9.82793723247329054082e-01, low: 1.39033110312309984516e-17 },
] as const
const reciprocalFrom = 2.4375

/** atan of a >= 0. */
const atanOfMagnitude = (v: Formula, a: Expr): Expr => {
  const masks = atanPieces.map(({ from }) => v.keep(v.ge(a, v.c(from))))
  const reciprocal = v.keep(v.ge(a, v.c(reciprocalFrom)))
  const stepped = (values: readonly number[]): Expr => masks.reduce<Expr>((chosen, mask, i) => v.select(mask, v.c(values[i] ?? 0), chosen), v.c(0))
  const centre = v.keep(stepped(atanPieces.map((piece) => piece.centre)))
  const top = v.select(reciprocal, v.c(-1), v.sub(a, centre))
  const bottom = v.select(reciprocal, a, v.add(v.c(1), v.mul(a, centre)))
  const t = v.keep(v.div(top, bottom))
  const high = v.select(reciprocal, v.c(halfPi), stepped(atanPieces.map((piece) => piece.high)))
  const low = v.select(reciprocal, v.c(halfPiLow), stepped(atanPieces.map((piece) => piece.low)))
  const z = v.keep(v.mul(t, t))
  return v.sub(high, v.sub(v.sub(v.mul(t, v.mul(z, v.poly(z, atanCoefficients))), low), t))
}

/** atan x. */
export const atan: UnaryFormula = (v, x) => v.withSignOf(v.keep(v.abs(atanOfMagnitude(v, v.keep(v.abs(x))))), x)

/** The angle of the point (x, y), with C's values at zeros and infinities. */
export const atan2: BinaryFormula = (v, y, x) => {
  const ay = v.keep(v.abs(y))
  const ax = v.keep(v.abs(x))
  const same = v.keep(v.eq(ax, ay))
  // 0/0 counts as 0, infinity/infinity as 1
  const zero = v.and(same, v.eq(ax, v.c(0)))
  const infinite = v.and(same, v.eq(ax, v.c(Infinity)))
  const ratio = v.select(infinite, v.c(1), v.andnot(v.div(ay, ax), zero))
  const steepness = v.keep(ratio)
  const angle = v.keep(atanOfMagnitude(v, steepness))
  // straight up and straight down are not measured from the left
  const left = v.and(v.shrS(x, 63), v.le(steepness, v.c(2 ** 60)))
  const obtuse = v.sub(v.c(pi), v.sub(angle, v.c(piLow)))
  return v.withSignOf(v.abs(v.select(left, obtuse, angle)), y)
}
