// sin, cos and tan: reduction after Cody and Waite below 2^20, after Payne and Hanek above (a branch that is taken only when
// some lane needs it), then the kernels of FreeBSD's msun (k_sin.c, k_cos.c; Sun Microsystems) on [-π/4, π/4].

import type { Expr } from '../lanes.ts'
import type { Formula, UnaryFormula } from '../macro.ts'

const twoOverPi = 6.36619772367581382433e-01
const roundingMagic = 6755399441055744
/** Below this, n times each of the parts of π/2 is exact. */
const largeArgument = 1048576

// π/2 in parts of 33 bits and a rest
const part1 = 1.5707963267341256
const part2 = 6.077100506303966e-11
const part3 = 2.0222662487111665e-21
const part4 = 8.4784276603689e-32

const sinCoefficients = [-1.66666666666666324348e-01, 8.33333333332248946124e-03, -1.98412698298579493134e-04, 2.75573137070700676789e-06, -2.50507602534068634195e-08, 1.58969099521155010221e-10]
const cosCoefficients = [4.16666666666666019037e-02, -1.38888888888741095749e-03, 2.48015872894767294178e-05, -2.75573143513906633035e-07, 2.08757232129817482790e-09, -1.13596475577881948265e-11]

/** x = n π/2 + high + low; `quadrant` has n in its low bits. */
interface ReducedAngle {
  readonly high: Expr
  readonly low: Expr
  readonly quadrant: Expr
}

/** a + b and what rounding took from it (Knuth). */
const twoSum = (v: Formula, a: Expr, b: Expr): readonly [Expr, Expr] => {
  const sum = v.keep(v.add(a, b))
  const fromB = v.keep(v.sub(sum, a))
  return [sum, v.keep(v.add(v.sub(a, v.sub(sum, fromB)), v.sub(b, fromB)))]
}

/** x minus its nearest multiple of π/2, to about 100 bits. Infinities become NaN. */
const reduceAngle = (v: Formula, x: Expr): ReducedAngle => {
  const { fn } = v
  const bits = v.keep(v.add(v.mul(x, v.c(twoOverPi)), v.c(roundingMagic)))
  const n = v.keep(v.sub(bits, v.c(roundingMagic)))
  const first = v.keep(v.sub(x, v.mul(n, v.c(part1))))
  const [sum, error] = twoSum(v, first, v.keep(v.mul(n, v.c(-part2))))
  const [sum2, error2] = twoSum(v, sum, v.keep(v.mul(n, v.c(-part3))))
  const rest = v.keep(v.sub(v.add(error, error2), v.mul(n, v.c(part4))))
  const high = fn.local('v128', 'high')
  const low = fn.local('v128', 'low')
  const quadrant = fn.local('v128', 'quadrant')
  v.add(sum2, rest)()
  fn.set(high)
  v.add(v.sub(sum2, v.get(high)), rest)()
  fn.set(low)
  bits()
  fn.set(quadrant)

  const magnitude = v.keep(v.abs(x))
  const large = v.keep(v.and(v.ge(magnitude, v.c(largeArgument)), v.lt(magnitude, v.c(Infinity))))
  large()
  fn.emit('v128.any_true').if(() => {
    const results = [fn.local('v128', 'h'), fn.local('v128', 'l'), fn.local('v128', 'q')] as const
    x()
    fn.call(v.helpers.require('reduceLargePair')).set(results[2]).set(results[1]).set(results[0])
    ;[high, low, quadrant].forEach((target, i) => {
      v.select(large, v.get(results[i as 0 | 1 | 2]), v.get(target))() // three of each
      fn.set(target)
    })
  })
  return { high: v.get(high), low: v.get(low), quadrant: v.get(quadrant) }
}

interface SineAndCosine {
  readonly sine: Expr
  readonly cosine: Expr
  /** What rounding took from both. */
  readonly sineRest: Expr
  readonly cosineRest: Expr
}

/** sin and cos of high + low, |high| <= π/4. */
const kernels = (v: Formula, { high: x, low: y }: ReducedAngle): SineAndCosine => {
  const z = v.keep(v.mul(x, x))
  const cube = v.keep(v.mul(z, x))
  const half = v.keep(v.mul(z, v.c(0.5)))
  const [s1 = 0, ...rest] = sinCoefficients
  const r = v.poly(z, rest)
  const bend = v.keep(v.sub(v.sub(v.mul(z, v.sub(v.mul(y, v.c(0.5)), v.mul(cube, r))), y), v.mul(cube, v.c(s1))))
  const sine = v.keep(v.sub(x, bend))
  const w = v.keep(v.sub(v.c(1), half))
  const c = v.mul(v.mul(z, z), v.poly(z, cosCoefficients))
  const rise = v.keep(v.add(v.sub(v.sub(v.c(1), w), half), v.sub(c, v.mul(x, y))))
  const cosine = v.keep(v.add(w, rise))
  return { sine, cosine, sineRest: v.sub(v.sub(x, sine), bend), cosineRest: v.add(v.sub(w, cosine), rise) }
}

const all = -1n
/** All ones where bit 0 of the quadrant is set, the sign bit where bit 1 is. */
const oddMask = (v: Formula, quadrant: Expr): Expr => v.isub(v.ic(0), v.and(quadrant, v.ic(1)))
const halfTurnSign = (v: Formula, quadrant: Expr): Expr => v.shl(v.and(quadrant, v.ic(2)), 62)

/** sin x. */
export const sin: UnaryFormula = (v, x) => {
  const angle = reduceAngle(v, x)
  const { sine, cosine } = kernels(v, angle)
  const chosen = v.select(oddMask(v, angle.quadrant), cosine, sine)
  // -0 would come back as +0
  return v.select(v.eq(x, v.c(0)), x, v.xor(chosen, halfTurnSign(v, angle.quadrant)))
}

/** cos x. */
export const cos: UnaryFormula = (v, x) => {
  const angle = reduceAngle(v, x)
  const { sine, cosine } = kernels(v, angle)
  const chosen = v.select(oddMask(v, angle.quadrant), sine, cosine)
  return v.xor(chosen, halfTurnSign(v, v.iadd(angle.quadrant, v.ic(1))))
}

/** tan x = sin / cos, or -cos / sin in odd quadrants; the quotient is corrected by what all roundings took. */
export const tan: UnaryFormula = (v, x) => {
  const angle = reduceAngle(v, x)
  const { sine, cosine, sineRest, cosineRest } = kernels(v, angle)
  const odd = v.keep(oddMask(v, angle.quadrant))
  const top = v.keep(v.select(odd, cosine, sine))
  const bottom = v.keep(v.select(odd, sine, cosine))
  const topRest = v.keep(v.select(odd, cosineRest, sineRest))
  const bottomRest = v.keep(v.select(odd, sineRest, cosineRest))
  const quotient = v.keep(v.div(top, bottom))
  // top - quotient · bottom: heads of 21 bits make the first product exact
  const head = v.keep(v.and(quotient, v.ic(-0x100000000n)))
  const bottomHead = v.keep(v.and(bottom, v.ic(-0x100000000n)))
  const residue = v.sub(v.sub(v.sub(top, v.mul(head, bottomHead)), v.mul(head, v.sub(bottom, bottomHead))), v.mul(v.sub(quotient, head), bottom))
  const corrected = v.add(quotient, v.div(v.add(residue, v.sub(topRest, v.mul(quotient, bottomRest))), bottom))
  return v.select(v.eq(x, v.c(0)), x, v.xor(corrected, v.and(odd, v.ic(all << 63n))))
}
