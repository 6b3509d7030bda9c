/**
 * Special functions in float64 that `Math` lacks, from the formulas of the NIST Digital Library of Mathematical
 * Functions (https://dlmf.nist.gov). Relative errors are around 1e-15, away from the zeros of lgamma and digamma on the
 * negative axis.
 */

const twoOverRootPi = 2 / Math.sqrt(Math.PI)

/** exp(-x²) without the rounding error of x²: x = h + l with h² exact. */
function expMinusSquare(x: number): number {
  const h = Math.fround(x)
  return Math.exp(-h * h) * Math.exp((h - x) * (h + x))
}

/** erf(x) = 2/√π · exp(-x²) · Σ 2ⁿ x²ⁿ⁺¹ / (2n+1)!!  (DLMF 7.6.2): all terms of one sign. */
function erfSeries(x: number): number {
  let term = x
  let sum = x
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1)
    sum += term
  }
  return twoOverRootPi * expMinusSquare(x) * sum
}

/** erfc(x) = exp(-x²)/√π · 1/(x + (1/2)/(x + 1/(x + (3/2)/(x + …))))  (DLMF 7.9.1), for x >= 1. */
function erfcFraction(x: number): number {
  let f = x
  for (let n = Math.ceil(16 + 160 / (x * x)); n >= 1; n--) f = x + n / 2 / f
  return expMinusSquare(x) / (Math.sqrt(Math.PI) * f)
}

export function erf(x: number): number {
  if (Number.isNaN(x)) return NaN
  const a = Math.abs(x)
  if (a < 1) return erfSeries(x)
  if (a > 6) return Math.sign(x)
  return Math.sign(x) * (1 - erfcFraction(a))
}

export function erfc(x: number): number {
  if (Number.isNaN(x)) return NaN
  if (x > 28) return 0
  if (x >= 1) return erfcFraction(x)
  return 1 - erf(x)
}

/**
 * The x with erf(x) = y: Winitzki's approximation (2008, "A handy approximation for the error function and its
 * inverse", relative error 2e-3), then Halley's iteration, which triples the number of digits.
 */
export function erfInv(y: number): number {
  const a = Math.abs(y)
  if (!(a <= 1)) return NaN
  if (a === 1) return y * Infinity
  if (y === 0) return y
  const l = Math.log1p(-a * a)
  const t = 2 / (Math.PI * 0.147) + l / 2
  let x = Math.sqrt(Math.max(0, Math.sqrt(t * t - l / 0.147) - t))
  for (let i = 0; i < 4; i++) {
    // 1 - a is exact for a >= 1/2, so the tail keeps its digits.
    const error = a < 0.5 ? erf(x) - a : 1 - a - erfc(x)
    const step = error / (twoOverRootPi * expMinusSquare(x))
    x -= step / (1 + x * step)
  }
  return Math.sign(y) * x
}

/** ζ(k) - 1 for k = 2, 3, … */
const zetaMinusOne: readonly number[] = [
  0.6449340668482264, 0.2020569031595943, 0.08232323371113819, 0.03692775514336993, 0.01734306198444914, 0.008349277381922827,
  0.00407735619794434, 0.0020083928260822143, 0.0009945751278180853, 0.0004941886041194645, 0.0002460865533080483,
  0.00012271334757848915, 6.124813505870483e-5, 3.058823630702049e-5, 1.528225940865187e-5, 7.637197637899763e-6,
  3.81729326499984e-6, 1.908212716553939e-6, 9.539620338727962e-7, 4.769329867878064e-7, 2.38450502727733e-7,
  1.1921992596531106e-7, 5.960818905125948e-8, 2.980350351465228e-8, 1.4901554828365043e-8, 7.45071178983543e-9,
  3.725334024788457e-9, 1.862659723513049e-9, 9.313274324196682e-10,
]
/** 1 - γ, γ Euler's constant. */
const oneMinusGamma = 0.42278433509846713
const halfLogTwoPi = 0.9189385332046728
/** B₂ₖ / (2k(2k-1)) and B₂ₖ / 2k for k = 1, 2, …: the asymptotic series of lgamma and digamma (DLMF 5.11.1, 5.11.2). */
const stirling: readonly number[] = [
  1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156, -3617 / 122400,
]
const digammaTail: readonly number[] = [1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12, -3617 / 8160]

/** c₀ + z (c₁ + z (c₂ + …)) */
function polynomial(c: readonly number[], z: number): number {
  let r = 0
  for (let i = c.length - 1; i >= 0; i--) r = r * z + c[i]!
  return r
}

const lgammaTaylor = zetaMinusOne.map((z, i) => (i % 2 === 0 ? z : -z) / (i + 2))
const digammaTaylor = zetaMinusOne.map((z, i) => (i % 2 === 0 ? z : -z))

/** ln Γ(2 + z) = (1 - γ) z + Σ (-1)ᵏ (ζ(k) - 1) zᵏ / k, |z| <= 1/2  (DLMF 5.7.3). */
const lgammaNearTwo = (z: number): number => z * (oneMinusGamma + z * polynomial(lgammaTaylor, z))
/** Its derivative. */
const digammaNearTwo = (z: number): number => oneMinusGamma + z * polynomial(digammaTaylor, z)

/** The distance to the nearest integer keeps sin(πx) and tan(πx) exact in their zeros. */
const fraction = (x: number): number => x - Math.round(x)

/** ln |Γ(x)|. */
export function lgamma(x: number): number {
  if (Number.isNaN(x)) return NaN
  if (!Number.isFinite(x)) return Infinity
  if (x <= 0) {
    const f = fraction(x)
    if (f === 0) return Infinity
    // Γ(x) Γ(1-x) = π / sin(πx) (DLMF 5.5.3), with Γ(1-x) = -x Γ(-x).
    return Math.log(Math.PI / Math.abs(x * Math.sin(Math.PI * f))) - lgamma(-x)
  }
  if (x < 0.5) return lgammaNearTwo(x) - Math.log(x) - Math.log1p(x)
  if (x < 1.5) return lgammaNearTwo(x - 1) - Math.log1p(x - 1)
  if (x < 12) {
    // Γ(x) = (x-1)(x-2)…(2+z) Γ(2+z)
    let product = 1
    let y = x
    while (y > 2.5) {
      y -= 1
      product *= y
    }
    return lgammaNearTwo(y - 2) + Math.log(product)
  }
  return (x - 0.5) * (Math.log(x) - 1) + (halfLogTwoPi - 0.5) + polynomial(stirling, 1 / (x * x)) / x
}

/** ψ(x) = Γ'(x) / Γ(x); NaN at its poles 0, -1, -2, … */
export function digamma(x: number): number {
  if (x === Infinity) return Infinity
  if (!Number.isFinite(x)) return NaN
  if (x <= 0) {
    const f = fraction(x)
    if (f === 0) return NaN
    // ψ(1-x) - ψ(x) = π / tan(πx) (DLMF 5.5.4)
    return digamma(1 - x) - Math.PI / Math.tan(Math.PI * f)
  }
  if (x < 0.5) return digammaNearTwo(x) - 1 / (x + 1) - 1 / x
  if (x < 1.5) return digammaNearTwo(x - 1) - 1 / x
  if (x < 12) {
    // ψ(x) = 1/(x-1) + 1/(x-2) + … + ψ(2+z)
    let sum = 0
    let y = x
    while (y > 2.5) {
      y -= 1
      sum += 1 / y
    }
    return digammaNearTwo(y - 2) + sum
  }
  const z = 1 / (x * x)
  return Math.log(x) - 0.5 / x - z * polynomial(digammaTail, z)
}
