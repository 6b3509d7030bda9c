/** Elementwise operations: promotion and broadcasting, then one `bind`. Names are lax's. */
import type { NDArray } from '../array.ts'
import { isArray } from '../array-base.ts'
import { aval } from '../aval.ts'
import type { DType } from '../dtype.ts'
import { asInteger, isComplex, isFloating, isInexact, isInteger } from '../dtype.ts'
import { DtypeError } from '../errors.ts'
import { within } from '../in-name-of.ts'
import { Literal } from '../jaxpr.ts'
import { mapTuple } from '../map-tuple.ts'
import type { BinaryParams, Primitive, UnaryParams } from '../primitives/index.ts'
import type { PromotionType } from '../promotion.ts'
import { bind1, bindAs, type Value } from '../trace.ts'
import type { ArrayLike } from '../tree.ts'
import { checkDtype, checkInteger, checkOneOf } from './checks.ts'
import { broadcastShapes, checkOperands, promote, promotedType, promoteInexact, stretch, toArray, toType, toValue } from './operands.ts'

export type Unary = (x: ArrayLike) => NDArray
export type Binary = (x: ArrayLike, y: ArrayLike) => NDArray
/** Without parameters. */
export type PlainUnary = Exclude<keyof UnaryParams, 'round' | 'integerPow' | 'convertElementType'>

const isBool = (x: ArrayLike): boolean => typeof x === 'boolean' || (isArray(x) && x.dtype === 'bool')

// The makers of operations take the name that users call them by, where it is not the primitive's.
const keep = (operation: string, primitive: PlainUnary, x: ArrayLike): NDArray => bindAs<Primitive>(operation, primitive, [toValue(operation, x)], {})
/** Keeps the dtype. */
export const unary =
  (primitive: PlainUnary, operation: string = primitive): Unary =>
  (x) =>
    keep(operation, primitive, x)
/** Integers and bool become float32. */
export const inexact =
  (primitive: PlainUnary, operation: string = primitive): Unary =>
  (x) =>
    bindAs<Primitive>(operation, primitive, promoteInexact(operation, [x]), {})
export const binary =
  (primitive: keyof BinaryParams, operation: string = primitive): Binary =>
  (x, y) =>
    bindAs<Primitive>(operation, primitive, promote(operation, [x, y]), {})
export const inexactBinary =
  (primitive: keyof BinaryParams, operation: string = primitive): Binary =>
  (x, y) =>
    bindAs<Primitive>(operation, primitive, promoteInexact(operation, [x, y]), {})

export const absoluteAs =
  (operation: string): Unary =>
  (x) =>
    isBool(x) ? toArray(operation, x) : keep(operation, 'abs', x)
/** |x|; of truth values themselves. */
export const abs: Unary = absoluteAs('abs')
/** x · x; truth values count as 0 and 1. */
export const square: Unary = (x) => keep('square', 'square', isBool(x) ? convert(x, 'int32') : x)
/** -x; unsigned integers wrap round. */
export const neg: Unary = unary('neg')
/** -1, 0 or 1; of floats -0 and NaN are themselves. */
export const sign: Unary = unary('sign')
/** Rounded down; integers stay as they are. */
export const floor: Unary = unary('floor')
/** Rounded up; integers stay as they are. */
export const ceil: Unary = unary('ceil')
/** All bits turned over; of truth values the other. */
export const not: Unary = unary('not', 'bitwiseNot')
/** How many bits are 1. */
export const populationCount: Unary = unary('populationCount')
export const stopGradientArray: Unary = unary('stopGradient')
/** Whether neither infinite nor NaN: bool. */
export const isFinite: Unary = inexact('isFinite')
/** e to the power x. */
export const exp: Unary = inexact('exp')
/** 2 to the power x. */
export const exp2: Unary = inexact('exp2')
/** The natural logarithm; -inf at 0, NaN below. */
export const log: Unary = inexact('log')
/** log(1 + x), exact where x is small. */
export const log1p: Unary = inexact('log1p')
/** exp(x) - 1, exact where x is small. */
export const expm1: Unary = inexact('expm1')
/** The sine of an angle in radians. */
export const sin: Unary = inexact('sin')
/** The cosine of an angle in radians. */
export const cos: Unary = inexact('cos')
/** The tangent of an angle in radians. */
export const tan: Unary = inexact('tan')
/** The angle in [-π/2, π/2] whose sine is x; NaN outside [-1, 1]. */
export const asin: Unary = inexact('asin')
/** The angle in [0, π] whose cosine is x; NaN outside [-1, 1]. */
export const acos: Unary = inexact('acos')
/** The angle in (-π/2, π/2) whose tangent is x. */
export const atan: Unary = inexact('atan')
/** (exp(x) - exp(-x)) / 2. */
export const sinh: Unary = inexact('sinh')
/** (exp(x) + exp(-x)) / 2. */
export const cosh: Unary = inexact('cosh')
/** The hyperbolic tangent. */
export const tanh: Unary = inexact('tanh')
/** The number whose hyperbolic sine is x. */
export const asinh: Unary = inexact('asinh')
/** The number of at least 0 whose hyperbolic cosine is x; NaN below 1. */
export const acosh: Unary = inexact('acosh')
/** The number whose hyperbolic tangent is x; ±inf at ±1, NaN beyond. */
export const atanh: Unary = inexact('atanh')
/** 1 / (1 + exp(-x)). */
export const logistic: Unary = inexact('logistic')
/** The square root; NaN below 0. */
export const sqrt: Unary = inexact('sqrt')
/** 1 / √x. */
export const rsqrt: Unary = inexact('rsqrt')
/** The cube root, of negative numbers too. */
export const cbrt: Unary = inexact('cbrt')
/** 2/√π ∫₀ˣ exp(-t²) dt. */
export const erf: Unary = inexact('erf')
/** 1 - erf(x), exact where that is small. */
export const erfc: Unary = inexact('erfc')
/** The number whose erf is x; ±inf at ±1, NaN beyond. */
export const erfInv: Unary = inexact('erfInv')

/** A sum or product, which of truth values is `or` and `and`. */
const arithmetic =
  (primitive: 'add' | 'mul', logical: 'or' | 'and', operation: string = primitive): Binary =>
  (x, y) => {
    const type = promotedType(operation, [x, y])
    return bindAs<Primitive>(operation, type.dtype === 'bool' ? logical : primitive, promote(operation, [x, y], type), {})
  }

/** x + y; of truth values `or`. Integers wrap round. */
export const add: Binary = arithmetic('add', 'or')
/** x - y. Integers wrap round. */
export const sub: Binary = binary('sub')
/** x · y; of truth values `and`. Integers wrap round. */
export const mul: Binary = arithmetic('mul', 'and')
// Some under the names that NumPy has for them.
/** x · y; of truth values `and`. Integers wrap round. */
export const multiply: Binary = arithmetic('mul', 'and', 'multiply')
/** True division: integers become float32. */
export const div: Binary = inexactBinary('div')
/** The remainder with the sign of x, as C's `%`; of integers by 0 it is x. */
export const rem: Binary = binary('rem')
/** The greater of two; NaN where one is. */
export const max: Binary = binary('max')
/** The smaller of two; NaN where one is. */
export const min: Binary = binary('min')
/** The greater of two; NaN where one is. */
export const maximum: Binary = binary('max', 'maximum')
/** The smaller of two; NaN where one is. */
export const minimum: Binary = binary('min', 'minimum')
/** The angle of the point (y, x), in [-π, π]. */
export const atan2: Binary = inexactBinary('atan2')
/** Bits that are 1 in both; of truth values `and`. */
export const and: Binary = binary('and', 'bitwiseAnd')
/** Bits that are 1 in either; of truth values `or`. */
export const or: Binary = binary('or', 'bitwiseOr')
/** Bits that differ; of truth values whether they do. */
export const xor: Binary = binary('xor', 'bitwiseXor')
/** Bits moved up by y; 0 where y is not below their number. */
export const shiftLeft: Binary = binary('shiftLeft')
/** Bits moved down by y, zeros filling up. */
export const shiftRightLogical: Binary = binary('shiftRightLogical')
/** Bits moved down by y, the sign filling up. */
export const shiftRightArithmetic: Binary = binary('shiftRightArithmetic')
/** x = y: bool. */
export const eq: Binary = binary('eq')
/** x ≠ y: bool; NaN differs from itself. */
export const ne: Binary = binary('ne')
/** x < y: bool. */
export const lt: Binary = binary('lt')
/** x ≤ y: bool. */
export const le: Binary = binary('le')
/** x > y: bool. */
export const gt: Binary = binary('gt')
/** x ≥ y: bool. */
export const ge: Binary = binary('ge')
// The comparisons as NumPy and the methods call them.
/** x = y: bool. */
export const equal: Binary = binary('eq', 'equal')
/** x ≠ y: bool; NaN differs from itself. */
export const notEqual: Binary = binary('ne', 'notEqual')
/** x < y: bool. */
export const less: Binary = binary('lt', 'less')
/** x ≤ y: bool. */
export const lessEqual: Binary = binary('le', 'lessEqual')
/** x > y: bool. */
export const greater: Binary = binary('gt', 'greater')
/** x ≥ y: bool. */
export const greaterEqual: Binary = binary('ge', 'greaterEqual')

const nextWide: Binary = inexactBinary('nextafter')
/** The number after x towards y. */
export function nextafter(x: ArrayLike, y: ArrayLike): NDArray {
  const { dtype } = promotedType('nextafter', [x, y])
  return dtype === 'float16' || dtype === 'bfloat16' ? within('nextafter', () => nextHalf(convert(x, dtype), convert(y, dtype))) : nextWide(x, y)
}

/** Of half floats, whose bits as integers grow with their magnitude. */
function nextHalf(x: NDArray, y: NDArray): NDArray {
  const outwards = eq(lt(x, y), gt(x, 0))
  const bits = add(bind1('bitcastConvertType', [x], { newDtype: 'int16' }), where(outwards, 1, convert(-1, 'int16')))
  // From 0 the step is to the least subnormal, of the sign of y.
  const next = where(eq(x, 0), where(lt(y, 0), convert(-0x7fff, 'int16'), convert(1, 'int16')), bits)
  return where(or(ne(x, x), ne(y, y)), NaN, where(eq(x, y), y, bind1('bitcastConvertType', [next], { newDtype: x.dtype })))
}

/**
 * x to the power y. An integer-valued number as y takes the exact path of repeated multiplication; integers and truth
 * values to the power of such are integers, but for negative plain numbers.
 */
export function pow(x: ArrayLike, y: ArrayLike): NDArray {
  const isNumber = typeof y === 'number'
  if (isNumber && Number.isInteger(y) && isArray(x)) {
    const base = x.dtype === 'bool' ? convert(x, 'int32') : x
    if (isInexact(base.dtype) || y >= 0) return within('pow', () => integerPow(base, y))
  }
  const type = promotedType('pow', [x, y])
  if (type.dtype === 'bool' || (isInteger(type.dtype) && !isNumber)) return within('pow', () => powerOfIntegers(x, y, type))
  // An array of integers as y is no weak exponent: what it is the power of is float32 from then on.
  if (isInexact(type.dtype)) return bind1('pow', promote('pow', [x, y], isArray(y) && isInteger(y.dtype) && !y.aval.weakType ? { dtype: type.dtype, weakType: false } : type), {})
  return bind1('pow', promoteInexact('pow', [x, y]), {})
}

/** By squaring; six bits of the exponent, beyond which any base but 0 and ±1 overflows. Source: jax.numpy.power. */
function powerOfIntegers(x: ArrayLike, y: ArrayLike, type: PromotionType): NDArray {
  const { dtype, weakType } = type.dtype === 'bool' ? { dtype: 'int32' as const, weakType: false } : type
  let base = toTypedArray('pow', x, { dtype, weakType })
  let exponent = toTypedArray('pow', y, { dtype, weakType })
  let out = where(and(eq(base, 0), ne(exponent, 0)), convert(0, dtype), convert(1, dtype))
  for (let bit = 0; bit < 6; bit++) {
    out = where(ne(and(exponent, 1), 0), mul(out, base), out)
    base = mul(base, base)
    exponent = shiftRightLogical(exponent, 1)
  }
  return out
}

export const integerPow = (x: ArrayLike, y: number): NDArray => bind1('integerPow', [toValue('integerPow', x)], { y: checkInteger('integerPow', 'the exponent', y) })

/** Half-way cases to even (NumPy), or away from zero. */
export const round = (x: ArrayLike, roundingMethod: 'toNearestEven' | 'awayFromZero' = 'toNearestEven'): NDArray =>
  bind1('round', [toValue('round', x)], { roundingMethod: checkOneOf('round', 'roundingMethod', roundingMethod, ['toNearestEven', 'awayFromZero']) })

/**
 * Another dtype: floats truncate towards zero to integers (saturating; NaN gives 0), anything but 0 is true.
 * @throws DtypeError for an unknown dtype and for keys.
 */
export function convert(x: ArrayLike, dtype: DType, weakType = false, operation = 'astype'): NDArray {
  const to = checkDtype(operation, dtype)
  checkOperands(operation, [x])
  if (!isArray(x) && to !== 'key' && !isComplex(to)) return scalar(x, to, weakType)
  const v = toValue(operation, x)
  if ((to === 'key') !== (v.aval.dtype === 'key')) throw new DtypeError(operation, `cannot convert ${v.aval.dtype} to ${to}; use random.keyData and random.wrapKeyData`)
  if (isArray(x) && x.dtype === to && x.aval.weakType === weakType) return x
  return bindAs(operation, 'convertElementType', [v], { newDtype: to, weakType })
}

/** A plain number in a dtype, with all the digits that the dtype has. */
function scalar(x: number | boolean, dtype: DType, weakType: boolean): NDArray {
  const value = Number(x)
  const literal = dtype === 'bool' ? value !== 0 : isFloating(dtype) ? value : asInteger(value, dtype)
  return bind1('broadcastInDim', [new Literal(literal, aval([], dtype, weakType))], { shape: [], broadcastDimensions: [] })
}

/** An operand as an array of the dtype where operands meet. A plain number has all the digits that the dtype has. */
export function toTypedArray(operation: string, x: ArrayLike, { dtype, weakType }: PromotionType): NDArray {
  const v = toType(operation, x, { dtype, weakType })
  return isArray(v) ? v : convert(x, dtype, weakType && dtype !== 'bool', operation)
}

/** Arrays as they are, and the plain numbers among them in the dtype where all meet. */
export function toArrays<const T extends readonly ArrayLike[]>(operation: string, xs: T): { -readonly [K in keyof T]: NDArray } {
  if (xs.every(isArray)) return mapTuple(xs, (x) => toArray(operation, x))
  const type = promotedType(operation, xs)
  return mapTuple(xs, (x) => (isArray(x) ? x : toTypedArray(operation, x, type)))
}

/** `onTrue` where the condition holds (not zero), else `onFalse`; all three broadcast. */
export function where(condition: ArrayLike, onTrue: ArrayLike, onFalse: ArrayLike): NDArray {
  checkOperands('where', [condition, onTrue, onFalse])
  const c = toBool('where', condition)
  const type = promotedType('where', [onTrue, onFalse])
  const cases = [toType('where', onFalse, type), toType('where', onTrue, type)]
  const shape = broadcastShapes('where', [c, ...cases].map((v) => v.aval.shape))
  const full = (v: Value): Value => (v.aval.shape.length === 0 && shape.length > 0 ? v : stretch(v, shape))
  return bindAs('where', 'selectN', [full(c), ...cases.map(full)], {})
}

/** Truth of each element. */
export function toBool(operation: string, x: ArrayLike): Value {
  const v = toValue(operation, x)
  return v.aval.dtype === 'bool' ? v : bindAs(operation, 'ne', promote(operation, [x, 0]), {})
}

/** min(max(low, x), high), broadcasting. */
export function clamp(low: ArrayLike, x: ArrayLike, high: ArrayLike): NDArray {
  return bind1('clamp', promote('clamp', [low, x, high]), {})
}
