/**
 * Elementwise operations under lax's names. As in JAX they neither promote dtypes nor add axes: np does. Plain numbers
 * are weakly typed, as everywhere.
 */
import { accepts, elementwiseTakes } from '../core/abstract-eval/index.ts'
import { isArray, type NDArray } from '../core/array.ts'
import { type DType, isFloating, isInteger, isUnsigned } from '../core/dtype.ts'
import { ArgumentError } from '../core/errors.ts'
import * as ops from '../core/ops/index.ts'
import type { BinaryParams, Primitive, UnaryParams } from '../core/primitives/index.ts'
import { bindAs } from '../core/trace.ts'
import type { ArrayLike } from '../core/tree.ts'
import { alike, isNumber, requireAccepted, requireOneDtype, requireOneShape } from './operands.ts'

export { integerPow } from '../core/ops/index.ts'

type Unary = (x: ArrayLike) => NDArray
type Binary = (x: ArrayLike, y: ArrayLike) => NDArray
type PlainUnary = Exclude<keyof UnaryParams, 'round' | 'integerPow' | 'convertElementType'>
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

export const abs: Unary = unaryOf('abs', 'abs', isSigned, 'np.abs takes the others too')
export const acos: Unary = ofFloats('acos', 'arccos')
export const acosh: Unary = ofFloats('acosh', 'arccosh')
export const asin: Unary = ofFloats('asin', 'arcsin')
export const asinh: Unary = ofFloats('asinh', 'arcsinh')
export const atan: Unary = ofFloats('atan', 'arctan')
export const atanh: Unary = ofFloats('atanh', 'arctanh')
export const bitwiseNot: Unary = unary('not', '', 'bitwiseNot')
export const cbrt: Unary = ofFloats('cbrt')
export const ceil: Unary = ofFloats('ceil')
export const clz: Unary = unary('clz')
export const cos: Unary = ofFloats('cos')
export const cosh: Unary = ofFloats('cosh')
export const digamma: Unary = ofFloats('digamma', null)
export const erf: Unary = ofFloats('erf', null)
export const erfc: Unary = ofFloats('erfc', null)
export const erfInv: Unary = ofFloats('erfInv', null)
export const exp: Unary = ofFloats('exp')
export const exp2: Unary = ofFloats('exp2')
export const expm1: Unary = ofFloats('expm1')
export const floor: Unary = ofFloats('floor')
export const isFinite: Unary = ofFloats('isFinite', 'isfinite')
export const lgamma: Unary = ofFloats('lgamma', null)
export const log: Unary = ofFloats('log')
export const log1p: Unary = ofFloats('log1p')
export const logistic: Unary = ofFloats('logistic', null)
export const neg: Unary = unary('neg')
export const populationCount: Unary = unary('populationCount')
export const rsqrt: Unary = ofFloats('rsqrt', null)
export const sign: Unary = unary('sign')
export const sin: Unary = ofFloats('sin')
export const sinh: Unary = ofFloats('sinh')
export const sqrt: Unary = ofFloats('sqrt')
export const square: Unary = unary('square', 'np.square takes truth values too')
export const tan: Unary = ofFloats('tan')
export const tanh: Unary = ofFloats('tanh')

export const add: Binary = binary('add', 'add')
export const sub: Binary = binary('sub', 'subtract')
export const mul: Binary = binary('mul', 'multiply')
/** Integers stay integers, truncated towards zero. */
export const div: Binary = binary('div', 'divide')
export const rem: Binary = binary('rem', 'fmod')
export const max: Binary = binary('max', 'maximum')
export const min: Binary = binary('min', 'minimum')
export const atan2: Binary = binary('atan2', 'arctan2')
/** The float after x towards y. */
export function nextafter(x: ArrayLike, y: ArrayLike): NDArray {
  for (const v of [x, y]) requireAccepted('nextafter', v, isFloating, 'np.nextafter takes integers too')
  alike('nextafter', [x, y], 'nextafter')
  return ops.nextafter(x, y)
}
export const eq: Binary = binary('eq', 'equal')
export const ne: Binary = binary('ne', 'notEqual')
export const lt: Binary = binary('lt', 'less')
export const le: Binary = binary('le', 'lessEqual')
export const gt: Binary = binary('gt', 'greater')
export const ge: Binary = binary('ge', 'greaterEqual')
export const bitwiseAnd: Binary = binary('and', 'bitwiseAnd', 'bitwiseAnd')
export const bitwiseOr: Binary = binary('or', 'bitwiseOr', 'bitwiseOr')
export const bitwiseXor: Binary = binary('xor', 'bitwiseXor', 'bitwiseXor')
export const shiftLeft: Binary = binary('shiftLeft', 'leftShift')
export const shiftRightArithmetic: Binary = binary('shiftRightArithmetic', 'rightShift')
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
