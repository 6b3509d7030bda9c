/** The derivative of digamma, which is not a primitive: a composition that can be differentiated further. */
import type { Value } from '../../core/trace.ts'
import { add, constant, div, floor, integerPow, lt, mul, select, sin, sub } from '../build.ts'

/** B₂ₖ, k = 1 … 8: the terms of the asymptotic series. */
const bernoulli = [1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510]
/** How far recurrence moves the argument up, so that the series holds to float64's last digits. */
const steps = 10

/**
 * ψ₁(x) = Σ 1/(x + k)². For x ≥ 1/2 by the recurrence ψ₁(z) = ψ₁(z + 1) + 1/z² and the asymptotic series
 * 1/z + 1/(2z²) + Σ B₂ₖ/z²ᵏ⁺¹; below by reflection, ψ₁(x) + ψ₁(1 − x) = π²/sin²(πx).
 * Abramowitz and Stegun, 6.4.6, 6.4.7 and 6.4.12.
 */
export function trigamma(x: Value): Value {
  const low = lt(x, 0.5)
  const z = select(low, sub(1, x), x)
  let total: Value = constant(x, 0)
  for (let k = 0; k < steps; k++) total = add(total, integerPow(add(z, k), { y: -2 }))
  const far = add(z, steps)
  const r = div(1, far)
  const r2 = mul(r, r)
  let series: Value = constant(x, bernoulli.at(-1)!)
  for (const b of bernoulli.slice(0, -1).reverse()) series = add(mul(series, r2), b)
  total = add(total, add(r, add(mul(r2, 0.5), mul(series, mul(r, r2)))))
  // Where x is not below 1/2 the reflection's own value is not used; 1/4 keeps it, and its derivatives, finite there.
  const inside = select(low, x, 0.25)
  // The sine's period leaves out whole numbers before π rounds: it is 0 at the poles.
  const s = sin(mul(sub(inside, floor(add(inside, 0.5))), Math.PI))
  return select(low, sub(mul(integerPow(s, { y: -2 }), Math.PI ** 2), total), total)
}
