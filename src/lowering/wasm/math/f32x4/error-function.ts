// erf by two minimax polynomials, erfInv after Giles, "Approximating the erfinv function" (2010), with coefficients fitted
// again (tests/oracle/math/fit.py).

import type { UnaryFormula } from '../macro.ts'
import { expOfNonPositive } from './exponential.ts'
import { log } from './logarithm.ts'

// erf x / x - 1 below 0.8 in powers of x²; relative error 3e-9
const nearCoefficients = [0.12837916612625122, -0.3761260211467743, 0.11283113062381744, -0.02682080678641796, 0.00508513068780303, -0.0006535236607305706]
// log erfc x on [0.8, 4]; relative error of erf 3e-9
const farCoefficients = [5.684145071427338e-05, 1.1282713413238525, 0.6361420750617981, 0.10487644374370575, -0.02269740216434002, 0.003164897207170725, -0.00020870006119366735].map((c) => -c)

/** erf x: an odd polynomial below 0.8, 1 - e^(log erfc) above; from 3.92 on it is 1. */
export const erf: UnaryFormula = (v, x) => {
  const a = v.keep(v.pmin(v.abs(x), v.c(4)))
  const z = v.keep(v.mul(a, a))
  const near = v.add(a, v.mul(a, v.poly(z, nearCoefficients)))
  const far = v.sub(v.c(1), expOfNonPositive(v, v.keep(v.poly(a, farCoefficients))))
  return v.withSignOf(v.abs(v.select(v.lt(a, v.c(0.8)), near, far)), x)
}

// erfInv x / x in powers of w - 5/2 for w = -log(1 - x²) < 5, and of sqrt w - 3 from there on; relative errors 6e-9
const centreCoefficients = [1.5014094114303589, 0.24664027988910675, -0.004177386872470379, -0.0012527419021353126, 0.00021834444487467408, -4.9633445087238215e-06, -3.4627057630132185e-06, 4.661698369545775e-07, 2.3232736623413075e-08, -8.790988381690568e-09]
const tailCoefficients = [2.832976818084717, 1.0016751289367676, 0.00944568868726492, -0.007639405783265829, 0.00568312918767333, -0.0035869900602847338, 0.0014959917170926929, -7.6673248258885e-05, -0.00031885402859188616, 0.0001290508807869628]

/** The inverse of erf. 1 - x² is taken as (1 - |x|)(1 + |x|), so that its digits near ±1 are right. ±1 give ±infinity, beyond them NaN. */
export const erfInv: UnaryFormula = (v, x) => {
  const a = v.keep(v.abs(x))
  const w = v.keep(v.neg(log(v, v.keep(v.mul(v.sub(v.c(1), a), v.add(v.c(1), a))))))
  const centre = v.poly(v.keep(v.sub(w, v.c(2.5))), centreCoefficients)
  const tail = v.poly(v.keep(v.sub(v.sqrt(w), v.c(3))), tailCoefficients)
  const value = v.mul(v.keep(v.select(v.lt(w, v.c(5)), centre, tail)), x)
  return v.select(v.eq(a, v.c(1)), v.withSignOf(v.c(Infinity), x), value)
}
