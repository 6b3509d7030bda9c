/**
 * Elementwise operations under lax's names. As in JAX they neither promote dtypes nor add axes: np does. Plain numbers
 * are weakly typed, as everywhere.
 */
import { accepts, elementwiseTakes } from '../core/abstract-eval/index.ts'
import { isArray, type NDArray } from '../core/array.ts'
import { type DType, isFloating, isInteger, isUnsigned } from '../core/dtype.ts'
import { ArgumentError } from '../core/errors.ts'
import * as ops from '../core/ops/index.ts'
import type { Binary, PlainUnary, Unary } from '../core/ops/index.ts'
import type { BinaryParams, Primitive, UnaryParams } from '../core/primitives/index.ts'
import { bindAs } from '../core/trace.ts'
import type { ArrayLike } from '../core/tree.ts'
import { alike, isNumber, requireAccepted, requireOneDtype, requireOneShape } from './operands.ts'

export { integerPow } from '../core/ops/index.ts'

type Takes = (dtype: DType) => boolean

const takenBy =
  (primitive: keyof UnaryParams): Takes =>
  (dtype) =>
    accepts(elementwiseTakes[primitive], dtype)
const isBits = takenBy('not')
const isSigned: Takes = (d) => isNumber(d) && !isUnsigned(d)

const unaryOf =
  (operation: string, primitive: PlainUnary, takes: Takes, wayOut: string): Unary =>
  (x) => {
    requireAccepted(operation, x, takes, wayOut)
    return bindAs<Primitive>(operation, primitive, [ops.toValue(operation, x)], {})
  }
const unary = (primitive: PlainUnary, wayOut = '', operation: string = primitive): Unary => unaryOf(operation, primitive, takenBy(primitive), wayOut)
/** Of floats alone; `promoting` is the function of np that takes integers too. */
const ofFloats = (primitive: PlainUnary, promoting: string | null = primitive): Unary => unary(primitive, promoting === null ? 'convert with lax.convertElementType' : `np.${promoting} takes integers too`)
/** Of two; `promoting` is the function of np that promotes and broadcasts. */
const binary =
  (primitive: keyof BinaryParams, promoting: string | null, operation: string = primitive): Binary =>
  (x, y) =>
    bindAs<Primitive>(operation, primitive, alike(operation, [x, y], promoting), {})

/** |x|, of floats and signed integers. */
export const abs: Unary = unaryOf('abs', 'abs', isSigned, 'np.abs takes the others too')
/** The angle in [0, π] whose cosine is x; NaN outside [-1, 1]. */
export const acos: Unary = ofFloats('acos', 'arccos')
/** The number of at least 0 whose hyperbolic cosine is x; NaN below 1. */
export const acosh: Unary = ofFloats('acosh', 'arccosh')
/** The angle in [-π/2, π/2] whose sine is x; NaN outside [-1, 1]. */
export const asin: Unary = ofFloats('asin', 'arcsin')
/** The number whose hyperbolic sine is x. */
export const asinh: Unary = ofFloats('asinh', 'arcsinh')
/** The angle in (-π/2, π/2) whose tangent is x. */
export const atan: Unary = ofFloats('atan', 'arctan')
/** The number whose hyperbolic tangent is x; ±inf at ±1, NaN beyond. */
export const atanh: Unary = ofFloats('atanh', 'arctanh')
/** All bits turned over; of truth values the other. */
export const bitwiseNot: Unary = unary('not', '', 'bitwiseNot')
/** The cube root, of negative numbers too. */
export const cbrt: Unary = ofFloats('cbrt')
/** Rounded up, of floats. */
export const ceil: Unary = ofFloats('ceil')
/** How many bits before the first 1: of integers, in their dtype. */
export const clz: Unary = unary('clz')
/** The cosine of an angle in radians. */
export const cos: Unary = ofFloats('cos')
/** (exp(x) + exp(-x)) / 2. */
export const cosh: Unary = ofFloats('cosh')
/** The derivative of lgamma; NaN at 0 and at negative integers. */
export const digamma: Unary = ofFloats('digamma', null)
/** 2/√π ∫₀ˣ exp(-t²) dt. */
export const erf: Unary = ofFloats('erf', null)
/** 1 - erf(x), exact where that is small. */
export const erfc: Unary = ofFloats('erfc', null)
/** The number whose erf is x; ±inf at ±1, NaN beyond. */
export const erfInv: Unary = ofFloats('erfInv', null)
/** e to the power x. */
export const exp: Unary = ofFloats('exp')
/** 2 to the power x. */
export const exp2: Unary = ofFloats('exp2')
/** exp(x) - 1, exact where x is small. */
export const expm1: Unary = ofFloats('expm1')
/** Rounded down, of floats. */
export const floor: Unary = ofFloats('floor')
/** Whether neither infinite nor NaN: bool. */
export const isFinite: Unary = ofFloats('isFinite', 'isfinite')
/** log |Γ(x)|. */
export const lgamma: Unary = ofFloats('lgamma', null)
/** The natural logarithm; -inf at 0, NaN below. */
export const log: Unary = ofFloats('log')
/** log(1 + x), exact where x is small. */
export const log1p: Unary = ofFloats('log1p')
/** 1 / (1 + exp(-x)). */
export const logistic: Unary = ofFloats('logistic', null)
/** -x; unsigned integers wrap round. */
export const neg: Unary = unary('neg')
/** How many bits are 1: of integers, in their dtype. */
export const populationCount: Unary = unary('populationCount')
/** 1 / √x. */
export const rsqrt: Unary = ofFloats('rsqrt', null)
/** -1, 0 or 1; of floats -0 and NaN are themselves. */
export const sign: Unary = unary('sign')
/** The sine of an angle in radians. */
export const sin: Unary = ofFloats('sin')
/** (exp(x) - exp(-x)) / 2. */
export const sinh: Unary = ofFloats('sinh')
/** The square root; NaN below 0. */
export const sqrt: Unary = ofFloats('sqrt')
/** x · x, of numbers. */
export const square: Unary = unary('square', 'np.square takes truth values too')
/** The tangent of an angle in radians. */
export const tan: Unary = ofFloats('tan')
/** The hyperbolic tangent. */
export const tanh: Unary = ofFloats('tanh')

/**
 * x + y: two of one dtype and rank, or a scalar. Integers wrap round.
 *
 * @example
 * lax.add(np.array([1, 2]), np.array([3, 4])).js()   // [4, 6]
 * @throws DtypeError for two dtypes, ShapeError for two ranks: np.add promotes and broadcasts.
 */
export const add: Binary = binary('add', 'add')
/** x - y. Integers wrap round. */
export const sub: Binary = binary('sub', 'subtract')
/** x · y. Integers wrap round. */
export const mul: Binary = binary('mul', 'multiply')
/** Integers stay integers, truncated towards zero. */
export const div: Binary = binary('div', 'divide')
/** The remainder with the sign of x, as C's `%`; of integers by 0 it is x. */
export const rem: Binary = binary('rem', 'fmod')
/** The greater of two; NaN where one is. */
export const max: Binary = binary('max', 'maximum')
/** The smaller of two; NaN where one is. */
export const min: Binary = binary('min', 'minimum')
/** The angle of the point (y, x), in [-π, π]: of floats. */
export const atan2: Binary = binary('atan2', 'arctan2')
/** The float after x towards y. */
export function nextafter(x: ArrayLike, y: ArrayLike): NDArray {
  for (const v of [x, y]) requireAccepted('nextafter', v, isFloating, 'np.nextafter takes integers too')
  alike('nextafter', [x, y], 'nextafter')
  return ops.nextafter(x, y)
}
/** x = y: bool. */
export const eq: Binary = binary('eq', 'equal')
/** x ≠ y: bool; NaN differs from itself. */
export const ne: Binary = binary('ne', 'notEqual')
/** x < y: bool. */
export const lt: Binary = binary('lt', 'less')
/** x ≤ y: bool. */
export const le: Binary = binary('le', 'lessEqual')
/** x > y: bool. */
export const gt: Binary = binary('gt', 'greater')
/** x ≥ y: bool. */
export const ge: Binary = binary('ge', 'greaterEqual')
/** Bits that are 1 in both; of truth values `and`. */
export const bitwiseAnd: Binary = binary('and', 'bitwiseAnd', 'bitwiseAnd')
/** Bits that are 1 in either; of truth values `or`. */
export const bitwiseOr: Binary = binary('or', 'bitwiseOr', 'bitwiseOr')
/** Bits that differ; of truth values whether they do. */
export const bitwiseXor: Binary = binary('xor', 'bitwiseXor', 'bitwiseXor')
/** Bits moved up by y; 0 where y is not below their number. */
export const shiftLeft: Binary = binary('shiftLeft', 'leftShift')
/** Bits moved down by y, the sign filling up. */
export const shiftRightArithmetic: Binary = binary('shiftRightArithmetic', 'rightShift')
/** Bits moved down by y, zeros filling up. */
export const shiftRightLogical: Binary = binary('shiftRightLogical', null)

/**
 * x to the power y, x a float; y of the same dtype, or of any integer dtype. An integer-valued number as y takes the
 * exact path of repeated multiplication.
 * @throws DtypeError for an x of integers, which np.power takes.
 */
export function pow(x: ArrayLike, y: ArrayLike): NDArray {
  ops.checkOperands('pow', [x, y])
  requireAccepted('pow', x, isFloating, 'np.power takes integers too')
  requireAccepted('pow', y, isNumber, '')
  if (typeof y === 'number' && isArray(x)) return ops.pow(x, y)
  const base = ops.toArray('pow', x)
  const exponent = isArray(y) && isInteger(y.dtype) ? ops.convert(y, base.dtype, y.aval.weakType || base.aval.weakType, 'pow') : y
  return bindAs<Primitive>('pow', 'pow', alike('pow', [base, exponent], 'power'), {})
}

/** Half-way cases away from zero, as XLA's default; `'toNearestEven'` is NumPy's. */
export function round(x: ArrayLike, roundingMethod: 'awayFromZero' | 'toNearestEven' = 'awayFromZero'): NDArray {
  requireAccepted('round', x, isFloating, 'np.round takes integers too')
  return ops.round(x, roundingMethod)
}

/** 1 / x, of floats. */
export function reciprocal(x: ArrayLike): NDArray {
  requireAccepted('reciprocal', x, isFloating, 'np.reciprocal takes integers too')
  return ops.within('reciprocal', () => ops.div(1, x))
}

/**
 * `onTrue` where `which` holds, else `onFalse`: two of one dtype and shape, `which` of that shape or a scalar.
 * @throws DtypeError or ShapeError for others: np.where promotes and broadcasts.
 */
export const select = (which: ArrayLike, onTrue: ArrayLike, onFalse: ArrayLike): NDArray => chosen('select', which, [onFalse, onTrue])

/**
 * `cases[which]`, element by element; a bool `which` picks the first of two where it is false, a number out of range the
 * first or the last. The cases have one dtype and shape, `which` has that shape or is a scalar.
 * @throws ArgumentError when a bool `which` comes with more than two cases.
 */
export const selectN = (which: ArrayLike, ...cases: readonly ArrayLike[]): NDArray => chosen('selectN', which, cases)

function chosen(operation: string, which: ArrayLike, cases: readonly ArrayLike[]): NDArray {
  // A bare number is an index here, and no float.
  const w = typeof which === 'number' ? ops.convert(which, 'int32', false, operation) : ops.toArray(operation, which)
  requireAccepted(operation, w, isBits, 'np.where takes other conditions')
  if (cases.length === 0 || (w.dtype === 'bool' && cases.length > 2)) throw new ArgumentError(operation, `got ${cases.length} cases for a selector of ${w.dtype}; takes one or two for bool, at least one for integers`)
  requireOneDtype(operation, cases, 'where')
  requireOneShape(operation, cases, 'np.where broadcasts')
  const values = ops.promote(operation, cases)
  if (w.ndim > 0) requireOneShape(operation, [w, cases[0]!], 'a selector has that of the cases or none, np.where broadcasts')
  if (values.length === 1) return ops.toArray(operation, cases[0]!)
  // The greatest of uint32 would wrap round to negative ones, which choose the first.
  const index = w.dtype === 'bool' ? w : ops.convert(w.dtype === 'uint32' ? ops.min(w, cases.length) : w, 'int32', false, operation)
  return bindAs(operation, 'selectN', [index, ...values], {})
}

/**
 * min(max(low, x), high), of one dtype; the bounds have the shape of x or are scalars.
 * @throws DtypeError or ShapeError for others: np.clip promotes and broadcasts.
 */
export function clamp(low: ArrayLike, x: ArrayLike, high: ArrayLike): NDArray {
  requireOneDtype('clamp', [low, x, high], 'clip')
  for (const bound of [low, high]) if (isArray(bound) && bound.ndim > 0) requireOneShape('clamp', [bound, x], 'np.clip broadcasts')
  return bindAs<Primitive>('clamp', 'clamp', ops.promote('clamp', [low, x, high]), {})
}

/** The values as another dtype; floats truncate towards zero to integers. */
export const convertElementType = (x: ArrayLike, newDtype: DType): NDArray => ops.convert(x, newDtype, false, 'convertElementType')

/** The same bits as another dtype of the same width; to a narrower one a last axis appears, to a wider one it goes. */
export const bitcastConvertType = (x: ArrayLike, newDtype: DType): NDArray => ops.bitcast(x, ops.checkDtype('bitcastConvertType', newDtype))
