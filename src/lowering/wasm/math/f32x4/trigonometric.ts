// sin, cos and tan: the argument is reduced in float64, where below 2^20 two parts of π/2 are enough; a branch that is taken
// only when some lane is larger calls the reduction after Payne and Hanek. The polynomials on [-π/4, π/4] are minimax
// (tests/oracle/math/fit.py), in float32.

import type { Expr } from '../lanes.ts'
import { formula, type Formula, type UnaryFormula } from '../macro.ts'
import { joinHalves, upperHalf } from './through-f64.ts'

const twoOverPi = 6.36619772367581382433e-01
const roundingMagic = 6755399441055744
const largeArgument = 1048576
// 33 bits of π/2 and the rest
const part1 = 1.5707963267341256
const part2 = 6.077100506506192e-11

const sinCoefficients = [-0.16666655242443085, 0.008332176133990288, -0.00019516974862199277]
const cosCoefficients = [0.04166664555668831, -0.0013887364184483886, 2.4438088075839914e-05]

/** x = n π/2 + r; `quadrant` has n in the low bits of each lane. */
const reduceAngle = (v: Formula, x: Expr): { readonly r: Expr; readonly quadrant: Expr } => {
  const { fn } = v
  const d = formula(fn, 'f64x2', v.helpers)
  const magnitude = v.keep(v.abs(x))
  const halves = [x, upperHalf(v, x)].map((half) => {
    const wide = d.keep(d.emit('f64x2.promote_low_f32x4', half))
    const quadrant = fn.local('v128', 'quadrant')
    const r = fn.local('v128', 'r')
    d.add(d.mul(wide, d.c(twoOverPi)), d.c(roundingMagic))()
    fn.set(quadrant)
    const n = d.keep(d.sub(d.get(quadrant), d.c(roundingMagic)))
    d.sub(d.sub(wide, d.mul(n, d.c(part1))), d.mul(n, d.c(part2)))()
    fn.set(r)
    return { wide, quadrant, r }
  })
  v.ge(magnitude, v.c(largeArgument))()
  fn.emit('v128.any_true').if(() => {
    const [high, quadrant] = [fn.local('v128', 'high'), fn.local('v128', 'q')]
    for (const half of halves) {
      const size = d.keep(d.abs(half.wide))
      const large = d.keep(d.and(d.ge(size, d.c(largeArgument)), d.lt(size, d.c(Infinity))))
      half.wide()
      fn.call(v.helpers.require('reduceLargePair')).set(quadrant).drop().set(high)
      d.select(large, d.get(high), d.get(half.r))()
      fn.set(half.r)
      d.select(large, d.get(quadrant), d.get(half.quadrant))()
      fn.set(half.quadrant)
    }
  })
  const [low, high] = halves
  if (!low || !high) return { r: x, quadrant: x }
  const narrow = (local: typeof low.r): Expr => v.emit('f32x4.demote_f64x2_zero', v.get(local))
  const evenLanes: Expr = () => void fn.get(low.quadrant).get(high.quadrant).shuffle32(0, 2, 4, 6)
  return { r: v.keep(joinHalves(v, narrow(low.r), narrow(high.r))), quadrant: v.keep(evenLanes) }
}

/** sin and cos of r, |r| <= π/4. */
const kernels = (v: Formula, r: Expr): { readonly sine: Expr; readonly cosine: Expr } => {
  const z = v.keep(v.mul(r, r))
  const sine = v.keep(v.add(r, v.mul(v.mul(r, z), v.poly(z, sinCoefficients))))
  const cosine = v.keep(v.add(v.sub(v.c(1), v.mul(z, v.c(0.5))), v.mul(v.mul(z, z), v.poly(z, cosCoefficients))))
  return { sine, cosine }
}

const oddMask = (v: Formula, quadrant: Expr): Expr => v.isub(v.ic(0), v.and(quadrant, v.ic(1)))
const halfTurnSign = (v: Formula, quadrant: Expr): Expr => v.shl(v.and(quadrant, v.ic(2)), 30)

/** sin x. */
export const sin: UnaryFormula = (v, x) => {
  const { r, quadrant } = reduceAngle(v, x)
  const { sine, cosine } = kernels(v, r)
  const value = v.xor(v.select(oddMask(v, quadrant), cosine, sine), halfTurnSign(v, quadrant))
  // -0 would come back as +0
  return v.select(v.eq(x, v.c(0)), x, value)
}

/** cos x. */
export const cos: UnaryFormula = (v, x) => {
  const { r, quadrant } = reduceAngle(v, x)
  const { sine, cosine } = kernels(v, r)
  return v.xor(v.select(oddMask(v, quadrant), sine, cosine), halfTurnSign(v, v.iadd(quadrant, v.ic(1))))
}
