/** Arithmetic under NumPy's names: promotion, broadcasting, the sign rules of division. */
import { isArray, type NDArray } from '../core/array.ts'
import { isInexact, isInteger, isUnsigned } from '../core/dtype.ts'
import { ArgumentError, DtypeError } from '../core/errors.ts'
import * as ops from '../core/ops/index.ts'
import type { Binary, Unary } from '../core/ops/index.ts'
import type { ArrayLike } from '../core/tree.ts'
import { promotedInexact, promotedNumeric } from './promoted.ts'

export { abs, add, multiply, square } from '../core/ops/index.ts'

/** `abs` by another name. */
export const absolute: Unary = ops.absoluteAs('absolute')
/** -x; unsigned integers wrap round. */
export const negative: Unary = ops.unary('neg', 'negative')
/** x - y, promoted and broadcast. */
export const subtract: Binary = ops.binary('sub', 'subtract')
/** True division: integers become float32. */
export const divide: Binary = ops.inexactBinary('div', 'divide')
/** `divide` by another name. */
export const trueDivide: Binary = ops.inexactBinary('div', 'trueDivide')

/** x itself. */
export function positive(x: ArrayLike): NDArray {
  const a = ops.toArray('positive', x)
  if (a.dtype === 'key') throw new DtypeError('positive', 'got PRNG keys; they do not take part in arithmetic, use random.keyData for their words')
  return a
}
/** 1 / x. */
export const reciprocal = (x: ArrayLike): NDArray => ops.within('reciprocal', () => ops.div(1, promotedInexact('reciprocal', x)[0]))
/** The absolute value in a floating dtype. */
export const fabs = (x: ArrayLike): NDArray => ops.within('fabs', () => ops.abs(promotedInexact('fabs', x)[0]))

/**
 * The remainder with the sign of the divisor; of integers by 0 it is 0.
 *
 * @example
 * np.mod(-7, 3).item()   // 2
 */
export function mod(x: ArrayLike, y: ArrayLike): NDArray {
  return ops.within('mod', () => {
    const [a, b] = promotedNumeric('mod', x, y)
    const divisor = isInteger(b.dtype) ? ops.where(ops.eq(b, 0), 1, b) : b
    const rest = ops.rem(a, divisor)
    if (isUnsigned(rest.dtype)) return rest
    const otherSign = ops.and(ops.ne(ops.lt(rest, 0), ops.lt(divisor, 0)), ops.ne(rest, 0))
    return ops.where(otherSign, ops.add(rest, divisor), rest)
  })
}
/** `mod` by another name. */
export const remainder = (x: ArrayLike, y: ArrayLike): NDArray => ops.within('remainder', () => mod(x, y))

/** The remainder with the sign of the dividend, as C's. */
export function fmod(x: ArrayLike, y: ArrayLike): NDArray {
  return ops.within('fmod', () => {
    const [a, b] = promotedNumeric('fmod', x, y)
    return isInteger(b.dtype) ? ops.rem(a, ops.where(ops.eq(b, 0), 1, b)) : ops.rem(a, b)
  })
}

/** Of integers, towards zero. */
const truncated: Binary = ops.binary('div', 'floorDivide')
/** The quotient rounded down; integers stay integers. */
export function floorDivide(x: ArrayLike, y: ArrayLike): NDArray {
  return ops.within('floorDivide', () => {
    const [a, b] = promotedNumeric('floorDivide', x, y)
    if (!isInteger(a.dtype)) return floatDivmod(a, b)[0]
    const quotient = truncated(a, b)
    if (isUnsigned(quotient.dtype)) return quotient
    const down = ops.and(ops.ne(ops.sign(a), ops.sign(b)), ops.ne(ops.rem(a, b), 0))
    return ops.where(down, ops.sub(quotient, 1), quotient)
  })
}

/** Python's: the quotient is exact before it is rounded down, so that x = quotient · y + remainder. */
function floatDivmod(x: NDArray, y: NDArray): [quotient: NDArray, remainder: NDArray] {
  const rest = ops.rem(x, y)
  // By 0 the remainder is NaN, and the quotient x / 0.
  const quotient = ops.div(ops.where(ops.eq(y, 0), x, ops.sub(x, rest)), y)
  const otherSign = ops.and(ops.ne(rest, 0), ops.ne(ops.sign(y), ops.sign(rest)))
  return [ops.round(ops.where(otherSign, ops.sub(quotient, 1), quotient)), ops.where(otherSign, ops.add(rest, y), rest)]
}

/** `[floorDivide(x, y), mod(x, y)]` */
export function divmod(x: ArrayLike, y: ArrayLike): [quotient: NDArray, remainder: NDArray] {
  return ops.within('divmod', () => {
    const [a, b] = promotedNumeric('divmod', x, y)
    return isInteger(a.dtype) ? [floorDivide(a, b), mod(a, b)] : floatDivmod(a, b)
  })
}

/** Fractional and whole part, both with the sign of x; of an infinity NaN and itself. */
export function modf(x: ArrayLike): [fractional: NDArray, whole: NDArray] {
  return ops.within('modf', () => {
    const a = promotedInexact('modf', x)[0]
    const whole = trunc(a)
    return [ops.sub(a, whole), whole]
  })
}

/**
 * x to the power y. A plain whole number as y is exact repeated multiplication; integers stay integers (negative
 * powers in an integer array make no sense and give what JAX gives), but a negative plain number gives float32.
 */
export const power = (x: ArrayLike, y: ArrayLike): NDArray => ops.within('power', () => ops.pow(x, y))

/** `power` by another name. */
export const pow = (x: ArrayLike, y: ArrayLike): NDArray => ops.within('pow', () => power(x, y))

/** A power in a floating dtype. */
export function floatPower(x: ArrayLike, y: ArrayLike): NDArray {
  return ops.within('floatPower', () => {
    const [a, b] = promotedInexact('floatPower', x, y)
    return ops.pow(a, b)
  })
}

/** Rounded down; integers stay. */
export const floor = (x: ArrayLike): NDArray => (isWhole('floor', x) ? x : ops.floor(x))
/** Rounded up; integers stay. */
export const ceil = (x: ArrayLike): NDArray => (isWhole('ceil', x) ? x : ops.ceil(x))
/** Rounded towards zero. */
export const trunc = (x: ArrayLike): NDArray => towardsZero('trunc', x)
/** `trunc` by another name. */
export const fix = (x: ArrayLike): NDArray => towardsZero('fix', x)
function towardsZero(operation: string, x: ArrayLike): NDArray {
  if (isWhole(operation, x)) return x
  return ops.within(operation, () => ops.where(ops.lt(x, 0), ops.ceil(x), ops.floor(x)))
}
/** To the nearest integer, half-way cases to even. */
export const rint = (x: ArrayLike): NDArray => ops.within('rint', () => (isWhole('rint', x) ? ops.convert(x, 'float32') : ops.round(x)))
function isWhole(operation: string, x: ArrayLike): x is NDArray {
  ops.checkOperands(operation, [x])
  if (isArray(x) && x.dtype === 'key') throw new DtypeError(operation, 'got PRNG keys; they do not take part in arithmetic, use random.keyData for their words')
  return isArray(x) && !isInexact(x.dtype)
}

/**
 * To a number of decimals, half-way cases to even.
 *
 * @example
 * np.round(np.array([1.25, 2.5]), 1).js()   // [1.2, 2.5]
 */
export function round(x: ArrayLike, decimals: number | { readonly decimals?: number } = 0): NDArray {
  return ops.within('round', () => {
    if (typeof decimals !== 'number') ops.checkOptions('round', decimals, ['decimals'])
    const digits = ops.checkInteger('round', 'decimals', typeof decimals === 'number' ? decimals : (decimals.decimals ?? 0))
    if (isWhole('round', x)) {
      if (digits < 0) throw new ArgumentError('round', 'to tens or hundreds is not there for integers; convert with astype first')
      return x
    }
    if (digits === 0) return ops.round(x)
    const a = ops.toArray('round', x)
    const narrow = a.dtype === 'float16' || a.dtype === 'bfloat16'
    const wide = narrow ? ops.convert(a, 'float32') : a
    const factor = 10 ** Math.abs(digits)
    const scaled = digits > 0 ? ops.div(ops.round(ops.mul(wide, factor)), factor) : ops.mul(ops.round(ops.div(wide, factor)), factor)
    return narrow ? ops.convert(scaled, a.dtype) : scaled
  })
}
/** `round` by another name. */
export const around = (x: ArrayLike, decimals: number | { readonly decimals?: number } = 0): NDArray => ops.within('around', () => round(x, decimals))

export interface ClipOptions {
  readonly min?: ArrayLike | null
  readonly max?: ArrayLike | null
}
/** min(max(x, low), high); either bound may be left out. */
export function clip(x: ArrayLike, min?: ArrayLike | null | ClipOptions, max?: ArrayLike | null | ClipOptions, options?: ClipOptions): NDArray {
  return ops.within('clip', () => {
    const { min: low, max: high } = ops.placed<ClipOptions>('clip', ['min', 'max'], [min, max], options, ['min', 'max'])
    const raised = low === null || low === undefined ? ops.toArray('clip', x) : ops.max(low, x)
    return high === null || high === undefined ? raised : ops.min(high, raised)
  })
}
