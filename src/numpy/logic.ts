/** Comparisons, truth and bits under NumPy's names. */
import type { NDArray } from '../core/array.ts'
import { dtypeInfo, isInexact, isInteger, isUnsigned } from '../core/dtype.ts'
import { DtypeError } from '../core/errors.ts'
import * as ops from '../core/ops/index.ts'
import type { Binary, Unary } from '../core/ops/index.ts'
import type { ArrayLike } from '../core/tree.ts'
import { full } from '../lax/shape.ts'
import { finfo } from './dtypes.ts'
import { promoted, promotedInexact, promotedNumeric } from './promoted.ts'

export {
  and as bitwiseAnd,
  not as bitwiseNot,
  or as bitwiseOr,
  equal,
  greater,
  greaterEqual,
  less,
  lessEqual,
  maximum,
  minimum,
  notEqual,
  xor as bitwiseXor,
} from '../core/ops/index.ts'

/** All bits turned over; of truth values the other. */
export const invert: Unary = ops.unary('not', 'invert')
/** `invert` by another name. */
export const bitwiseInvert: Unary = ops.unary('not', 'bitwiseInvert')
/** How many bits of the magnitude are 1: uint8. */
export const bitwiseCount: Unary = (x) =>
  ops.within('bitwiseCount', () => {
    const a = ops.toArray('bitwiseCount', x)
    if (a.dtype === 'bool') return ops.convert(a, 'uint8')
    return ops.convert(ops.populationCount(isInteger(a.dtype) && !isUnsigned(a.dtype) ? ops.abs(a) : a), 'uint8')
  })
/** Whether neither infinite nor NaN: bool. */
export const isfinite: Unary = ops.inexact('isFinite', 'isfinite')

const shiftedLeft =
  (operation: string): Binary =>
  (x, n) =>
    ops.within(operation, () => {
      const [a, b] = promotedNumeric(operation, x, n)
      return ops.shiftLeft(a, b)
    })
/** Bits moved up by y; 0 where y is not below their number. */
export const leftShift: Binary = shiftedLeft('leftShift')
/** `leftShift` by another name. */
export const bitwiseLeftShift: Binary = shiftedLeft('bitwiseLeftShift')
/** Copies of the sign bit where integers are signed, zeros where they are not. */
const shiftedRight =
  (operation: string): Binary =>
  (x, n) =>
    ops.within(operation, () => {
      const [a, b] = promotedNumeric(operation, x, n)
      return isUnsigned(a.dtype) ? ops.shiftRightLogical(a, b) : ops.shiftRightArithmetic(a, b)
    })
/** Bits moved down by y; signed integers keep their sign. */
export const rightShift: Binary = shiftedRight('rightShift')
/** `rightShift` by another name. */
export const bitwiseRightShift: Binary = shiftedRight('bitwiseRightShift')

const truth = (x: ArrayLike): ArrayLike => (typeof x === 'object' ? (x.dtype === 'bool' ? x : ops.ne(x, 0)) : x !== 0 && x !== false)
const logical =
  (operation: string, combine: Binary): Binary =>
  (x, y) => {
    ops.checkOperands(operation, [x, y])
    return ops.within(operation, () => combine(truth(x), truth(y)))
  }
/** Whether both are not 0: bool. */
export const logicalAnd: Binary = logical('logicalAnd', ops.and)
/** Whether either is not 0: bool. */
export const logicalOr: Binary = logical('logicalOr', ops.or)
/** Whether exactly one is not 0: bool. */
export const logicalXor: Binary = logical('logicalXor', ops.xor)
/** Whether 0: bool. */
export const logicalNot: Unary = (x) => {
  ops.checkOperands('logicalNot', [x])
  return ops.within('logicalNot', () => ops.not(truth(x)))
}

/** The greater; where one is NaN, the other. Of equal ones it is y, with its derivative: not shared, as in JAX. */
export function fmax(x: ArrayLike, y: ArrayLike): NDArray {
  return ops.within('fmax', () => {
    const [a, b] = promoted('fmax', x, y)
    return ops.where(ops.or(ops.gt(a, b), ops.ne(b, b)), a, b)
  })
}
/** The less; as `fmax`. */
export function fmin(x: ArrayLike, y: ArrayLike): NDArray {
  return ops.within('fmin', () => {
    const [a, b] = promoted('fmin', x, y)
    return ops.where(ops.or(ops.lt(a, b), ops.ne(b, b)), a, b)
  })
}

const never = (x: NDArray): NDArray => full(x.shape, false)

/** @throws DtypeError for keys. */
function numbers(operation: string, x: ArrayLike): NDArray {
  const a = ops.toArray(operation, x)
  if (a.dtype === 'key') throw new DtypeError(operation, 'got PRNG keys; they do not take part in arithmetic, use random.keyData for their words')
  return a
}

/** Whether NaN: bool. */
export const isnan = (x: ArrayLike): NDArray => {
  const a = numbers('isnan', x)
  return isInexact(a.dtype) ? ops.within('isnan', () => ops.ne(a, a)) : never(a)
}
const whereInexact =
  (operation: string, test: (a: NDArray) => NDArray) =>
  (x: ArrayLike): NDArray => {
    const a = numbers(operation, x)
    return isInexact(a.dtype) ? ops.within(operation, () => test(a)) : never(a)
  }
type Test = (x: ArrayLike) => NDArray
/** Whether infinite: bool. */
export const isinf: Test = whereInexact('isinf', (a) => ops.eq(ops.abs(a), Infinity))
/** Whether +inf: bool. */
export const isposinf: Test = whereInexact('isposinf', (a) => ops.eq(a, Infinity))
/** Whether -inf: bool. */
export const isneginf: Test = whereInexact('isneginf', (a) => ops.eq(a, -Infinity))

export interface NanToNumOptions {
  readonly nan?: ArrayLike
  readonly posinf?: ArrayLike
  readonly neginf?: ArrayLike
}
/** NaN by 0, infinities by the greatest finite values, or by what the options say. */
export function nanToNum(x: ArrayLike, options: NanToNumOptions = {}): NDArray {
  return ops.within('nanToNum', () => {
    ops.checkOptions('nanToNum', options, ['nan', 'posinf', 'neginf'])
    const a = ops.toArray('nanToNum', x)
    if (!isInexact(a.dtype)) return a
    const limit = finfo(a.dtype).max
    const like = (v: ArrayLike): NDArray => ops.convert(v, a.dtype)
    const { nan = 0, posinf = limit, neginf = -limit } = options
    const finite = ops.where(ops.eq(a, Infinity), like(posinf), ops.where(ops.eq(a, -Infinity), like(neginf), a))
    return ops.where(ops.ne(a, a), like(nan), finite)
  })
}

/** True where the sign bit is set: of -0 and of negative NaN too. */
export function signbit(x: ArrayLike): NDArray {
  return ops.within('signbit', () => {
    const a = numbers('signbit', x)
    if (!isInexact(a.dtype)) return isInteger(a.dtype) ? ops.lt(a, 0) : never(a)
    const { bytes, kind } = dtypeInfo[a.dtype]
    if (kind !== 'float') throw new DtypeError('signbit', `got ${a.dtype}; takes real numbers`)
    const top = bytes === 8 ? topWord(a) : ops.bitcast(a, bytes === 2 ? 'int16' : 'int32')
    return ops.lt(top, 0)
  })
}
/** The upper halves of float64 numbers. */
function topWord(a: NDArray): NDArray {
  const words = ops.bitcast(a, 'int32')
  const start = words.shape.map((_, i) => (i === words.ndim - 1 ? 1 : 0))
  return ops.reshape(ops.laxSlice(words, start, words.shape), a.shape)
}

/** |x| with the sign of y. */
export function copysign(x: ArrayLike, y: ArrayLike): NDArray {
  return ops.within('copysign', () => {
    const [a, b] = promotedInexact('copysign', x, y)
    ops.broadcastShapes('copysign', [a.shape, b.shape])
    return ops.where(signbit(b), ops.neg(ops.abs(a)), ops.abs(a))
  })
}

export interface CloseOptions {
  /** Default 1e-5. */
  readonly rtol?: number
  /** Default 1e-8. */
  readonly atol?: number
  readonly equalNan?: boolean
}
/** |x - y| <= atol + rtol · |y|, element by element; equal infinities are close. */
export function isclose(x: ArrayLike, y: ArrayLike, options: CloseOptions = {}): NDArray {
  return ops.within('isclose', () => {
    ops.checkOptions('isclose', options, ['rtol', 'atol', 'equalNan'])
    const { rtol = 1e-5, atol = 1e-8, equalNan = false } = options
    const [a, b] = promoted('isclose', x, y)
    if (!isInexact(a.dtype)) {
      const [p, q] = promotedInexact('isclose', a, b)
      return ops.le(ops.abs(ops.sub(p, q)), ops.add(atol, ops.mul(rtol, ops.abs(q))))
    }
    const near = ops.le(ops.abs(ops.sub(a, b)), ops.add(atol, ops.mul(rtol, ops.abs(b))))
    // An infinity is near to everything by that measure, and far from itself.
    const finite = ops.and(ops.isFinite(a), ops.isFinite(b))
    const close = ops.or(ops.and(finite, near), ops.eq(a, b))
    return equalNan ? ops.or(close, ops.and(isnan(a), isnan(b))) : close
  })
}

/** True when all elements are close: a bool scalar. */
export const allclose = (x: ArrayLike, y: ArrayLike, options: CloseOptions = {}): NDArray => ops.within('allclose', () => ops.all(isclose(x, y, options)))

/** True when shapes and all elements are equal. */
export function arrayEqual(x: ArrayLike, y: ArrayLike, options: { readonly equalNan?: boolean } = {}): NDArray {
  return ops.within('arrayEqual', () => {
    ops.checkOptions('arrayEqual', options, ['equalNan'])
    const [a, b] = ops.toArrays('arrayEqual', [x, y])
    if (a.ndim !== b.ndim || a.shape.some((d, i) => d !== b.shape[i])) return full([], false)
    const same = ops.eq(a, b)
    return ops.all(options.equalNan === true ? ops.or(same, ops.and(isnan(a), isnan(b))) : same)
  })
}
/** As `arrayEqual`, after broadcasting. */
export function arrayEquiv(x: ArrayLike, y: ArrayLike): NDArray {
  return ops.within('arrayEquiv', () => {
    const [a, b] = ops.toArrays('arrayEquiv', [x, y])
    for (let i = 1; i <= Math.min(a.ndim, b.ndim); i++) {
      const [p, q] = [a.shape[a.ndim - i]!, b.shape[b.ndim - i]!]
      if (p !== q && p !== 1 && q !== 1) return full([], false)
    }
    return ops.all(ops.eq(a, b))
  })
}
