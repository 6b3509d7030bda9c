/** The inverse of erf with XLA's roundings. */
import type { NDArray } from '../core/array.ts'
import * as ops from '../core/ops/index.ts'

const centre = [2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 0.00021858087, -0.00125372503, -0.00417768164, 0.246640727, 1.50140941]
const tail = [-0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613, 0.00943887047, 1.00167406, 2.83297682]

/**
 * erf⁻¹ of float32 numbers inside (-1, 1), by Giles, "Approximating the erfinv function" (2010), step by step as XLA takes it.
 * `lax.erfInv` is more exact: near ±1 the rounding of x² costs this one twenty units in the last place, which JAX's normal
 * numbers have too.
 */
export function erfInv32(x: NDArray): NDArray {
  const w = ops.neg(ops.log1p(ops.neg(ops.mul(x, x))))
  const central = ops.lt(w, 5)
  const v = ops.where(central, ops.sub(w, 2.5), ops.sub(ops.sqrt(w), 3))
  const coefficients = centre.map((c, i) => ops.where(central, Math.fround(c), Math.fround(tail[i]!)))
  const polynomial = coefficients.reduce((sum, c) => ops.add(c, ops.mul(sum, v)))
  return ops.mul(polynomial, x)
}
