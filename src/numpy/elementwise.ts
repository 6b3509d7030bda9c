/** Exponentials, trigonometry and their kin under NumPy's names. Integers and bool give float32. */
import { isArray, type NDArray } from '../core/array.ts'
import { showType } from '../core/aval.ts'
import { type DType, isInexact } from '../core/dtype.ts'
import { DtypeError } from '../core/errors.ts'
import * as ops from '../core/ops/index.ts'
import type { Unary } from '../core/ops/index.ts'
import type { ArrayLike } from '../core/tree.ts'
import { promotedInexact, strongInexact } from './promoted.ts'

export {
  acos,
  acosh,
  asin,
  asinh,
  atan,
  atan2,
  atanh,
  cbrt,
  cos,
  cosh,
  exp,
  exp2,
  expm1,
  log,
  log1p,
  nextafter,
  sign,
  sin,
  sinh,
  sqrt,
  tan,
  tanh,
} from '../core/ops/index.ts'

/** The angle in [0, π] whose cosine is x; NaN outside [-1, 1]. */
export const arccos: Unary = ops.inexact('acos', 'arccos')
/** The number of at least 0 whose hyperbolic cosine is x; NaN below 1. */
export const arccosh: Unary = ops.inexact('acosh', 'arccosh')
/** The angle in [-π/2, π/2] whose sine is x; NaN outside [-1, 1]. */
export const arcsin: Unary = ops.inexact('asin', 'arcsin')
/** The number whose hyperbolic sine is x. */
export const arcsinh: Unary = ops.inexact('asinh', 'arcsinh')
/** The angle in (-π/2, π/2) whose tangent is x. */
export const arctan: Unary = ops.inexact('atan', 'arctan')
/** The number whose hyperbolic tangent is x; ±inf at ±1, NaN beyond. */
export const arctanh: Unary = ops.inexact('atanh', 'arctanh')
/** The angle of the point (y, x), in [-π, π]. */
export const arctan2: (y: ArrayLike, x: ArrayLike) => NDArray = ops.inexactBinary('atan2', 'arctan2')

/** The logarithm to the base 2. */
export const log2 = (x: ArrayLike): NDArray => ops.within('log2', () => ops.div(ops.log(strongInexact('log2', x)[0]), Math.LN2))
/** The logarithm to the base 10. */
export const log10 = (x: ArrayLike): NDArray => ops.within('log10', () => ops.div(ops.log(strongInexact('log10', x)[0]), Math.LN10))

const scaled =
  (operation: string, factor: number): Unary =>
  (x) =>
    ops.within(operation, () => ops.mul(promotedInexact(operation, x)[0], factor))
/** Degrees as radians. */
export const deg2rad: Unary = scaled('deg2rad', Math.PI / 180)
/** Radians as degrees. */
export const rad2deg: Unary = scaled('rad2deg', 180 / Math.PI)
/** `deg2rad` by another name. */
export const radians: Unary = scaled('radians', Math.PI / 180)
/** `rad2deg` by another name. */
export const degrees: Unary = scaled('degrees', 180 / Math.PI)

/** sqrt(x² + y²) without overflow. Source: jax.numpy.hypot. */
export function hypot(x: ArrayLike, y: ArrayLike): NDArray {
  return ops.within('hypot', () => {
    const [a, b] = strongInexact('hypot', x, y).map(ops.abs)
    const infinite = ops.or(ops.eq(a!, Infinity), ops.eq(b!, Infinity))
    const [large, small] = [ops.max(a!, b!), ops.min(a!, b!)]
    const zero = ops.eq(large, 0)
    const ratio = ops.div(small, ops.where(zero, 1, large))
    const length = ops.mul(large, ops.sqrt(ops.add(1, ops.square(ratio))))
    return ops.where(infinite, Infinity, ops.where(zero, large, length))
  })
}

/**
 * log(exp(x) + exp(y)) without overflow. Both branches are smooth, so that derivatives of every order are right where
 * x and y are equal.
 */
export function logaddexp(x: ArrayLike, y: ArrayLike): NDArray {
  return ops.within('logaddexp', () => {
    const [a, b] = promotedInexact('logaddexp', x, y)
    const difference = ops.sub(a, b)
    // Two infinities of one sign differ by NaN, and sum to that infinity. What is NaN itself has a derivative of NaN.
    const undefinedDifference = ops.and(ops.ne(difference, difference), ops.eq(a, b))
    const d = ops.where(undefinedDifference, 0, difference)
    const first = ops.gt(d, 0)
    const sum = ops.add(ops.where(first, a, b), ops.log1p(ops.exp(ops.where(first, ops.neg(d), d))))
    return ops.where(undefinedDifference, ops.add(a, b), sum)
  })
}

/** log2(2^x + 2^y). */
export function logaddexp2(x: ArrayLike, y: ArrayLike): NDArray {
  return ops.within('logaddexp2', () => {
    const [a, b] = promotedInexact('logaddexp2', x, y)
    return ops.div(logaddexp(ops.mul(a, Math.LN2), ops.mul(b, Math.LN2)), Math.LN2)
  })
}

/**
 * sin(πx) / (πx), 1 at 0. Near 0 its Taylor series, so that derivatives of every order are right there.
 */
export function sinc(x: ArrayLike): NDArray {
  return ops.within('sinc', () => {
    const t = ops.mul(promotedInexact('sinc', x)[0], Math.PI)
    const near = ops.lt(ops.abs(t), 0.25)
    const far = ops.where(near, 1, t)
    const s = ops.square(ops.where(near, t, 0))
    // 1 - t²/3! + t⁴/5! - … : 0.25¹⁴ / 15! is below float64's precision.
    let series: NDArray | number = 1
    for (const k of [6, 5, 4, 3, 2, 1]) series = ops.sub(1, ops.mul(ops.div(s, 2 * k * (2 * k + 1)), series))
    return ops.where(near, series, ops.div(ops.sin(far), far))
  })
}

/** 0 below 0, `h` at 0, 1 above. */
export function heaviside(x: ArrayLike, h: ArrayLike): NDArray {
  return ops.within('heaviside', () => {
    const [a, b] = promotedInexact('heaviside', x, h)
    ops.broadcastShapes('heaviside', [a.shape, b.shape])
    return ops.where(ops.lt(a, 0), 0, ops.where(ops.gt(a, 0), 1, ops.where(ops.eq(a, 0), b, a)))
  })
}

/** A third of how far an exponent moves any number of a dtype, from the least subnormal to infinity or back. */
const thirds: Readonly<Partial<Record<DType, number>>> = { float16: 14, bfloat16: 93, float32: 93, float64: 700 }

/** x · 2^n, in the dtype of x; right where 2^n itself is too large or too small for it. */
export const ldexp = (x: ArrayLike, n: ArrayLike): NDArray => {
  ops.checkOperands('ldexp', [x, n])
  if (isArray(n) ? isInexact(n.dtype) : typeof n === 'number' && !Number.isInteger(n)) throw new DtypeError('ldexp', `got exponents ${isArray(n) ? showType(n.aval) : n}; takes integers: np.exp2 takes others`)
  return ops.within('ldexp', () => {
    const a = promotedInexact('ldexp', x)[0]
    const most = thirds[a.dtype] ?? 0
    const exponent = ops.clamp(-3 * most, ops.convert(n, a.dtype), 3 * most)
    const first = ops.clamp(-most, exponent, most)
    const rest = ops.sub(exponent, first)
    const second = ops.clamp(-most, rest, most)
    return [first, second, ops.sub(rest, second)].reduce((out, part) => ops.mul(out, ops.exp2(part)), a)
  })
}
