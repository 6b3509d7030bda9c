/** Result types of elementwise primitives. A result is weak when all operands are. */
import { type Aval, aval } from '../aval.ts'
import { show } from '../describe.ts'
import { isComplex, isDType } from '../dtype.ts'
import { ArgumentError, DtypeError } from '../errors.ts'
import type { BinaryParams, ElementwiseParams, Primitive, TernaryParams, UnaryParams } from '../primitives/index.ts'
import type { DType } from '../dtype.ts'
import {
  type AbstractEvalRules,
  type Accept,
  accept,
  allWeak,
  commonShape,
  operand,
  requireCount,
  requireDtype,
  requireEqualDtypes,
  showTypes,
} from './rule.ts'

type Plain = (avals: readonly Aval[]) => Aval[]

/** n operands of one dtype; `result` names the result's dtype where it is not theirs. */
function nary(operation: Primitive, count: number, set: Accept, result?: DType): Plain {
  return (avals) => {
    requireCount(operation, avals, count)
    for (const a of avals) requireDtype(operation, a, set)
    requireEqualDtypes(operation, avals)
    const dtype = result ?? operand(operation, avals, 0).dtype
    return [aval(commonShape(operation, avals), dtype, allWeak(avals))]
  }
}

const unary = (operation: keyof UnaryParams, set: Accept, result?: DType): Plain => nary(operation, 1, set, result)
const binary = (operation: keyof BinaryParams, set: Accept, result?: DType): Plain => nary(operation, 2, set, result)

/** The amount may be of another integer dtype than what is shifted. */
function shift(operation: 'shiftLeft' | 'shiftRightLogical' | 'shiftRightArithmetic'): Plain {
  return (avals) => {
    requireCount(operation, avals, 2)
    for (const a of avals) requireDtype(operation, a, accept.integer)
    return [aval(commonShape(operation, avals), operand(operation, avals, 0).dtype, allWeak(avals))]
  }
}

const unaryRules: AbstractEvalRules<keyof UnaryParams> = {
  neg: unary('neg', accept.number),
  sign: unary('sign', accept.number),
  floor: unary('floor', accept.float),
  ceil: unary('ceil', accept.float),
  round: unary('round', accept.float),
  exp: unary('exp', accept.float),
  exp2: unary('exp2', accept.float),
  log: unary('log', accept.float),
  log1p: unary('log1p', accept.float),
  expm1: unary('expm1', accept.float),
  sin: unary('sin', accept.float),
  cos: unary('cos', accept.float),
  tan: unary('tan', accept.float),
  asin: unary('asin', accept.float),
  acos: unary('acos', accept.float),
  atan: unary('atan', accept.float),
  sinh: unary('sinh', accept.float),
  cosh: unary('cosh', accept.float),
  tanh: unary('tanh', accept.float),
  asinh: unary('asinh', accept.float),
  acosh: unary('acosh', accept.float),
  atanh: unary('atanh', accept.float),
  logistic: unary('logistic', accept.float),
  sqrt: unary('sqrt', accept.float),
  rsqrt: unary('rsqrt', accept.float),
  cbrt: unary('cbrt', accept.float),
  abs: unary('abs', accept.number),
  square: unary('square', accept.number),
  erf: unary('erf', accept.float),
  erfc: unary('erfc', accept.float),
  erfInv: unary('erfInv', accept.float),
  lgamma: unary('lgamma', accept.float),
  digamma: unary('digamma', accept.float),
  isFinite: unary('isFinite', accept.float, 'bool'),
  not: unary('not', accept.integerOrBool),
  populationCount: unary('populationCount', accept.integer),
  clz: unary('clz', accept.integer),
  integerPow: (avals, { y }) => {
    requireCount('integerPow', avals, 1)
    const x = operand('integerPow', avals, 0)
    if (!Number.isInteger(y)) throw new ArgumentError('integerPow', `got exponent ${y}; takes an integer, use pow for others`)
    if (y < 0) requireDtype('integerPow', x, accept.float, `exponent ${y} with operand`)
    return unary('integerPow', accept.number)(avals)
  },
  convertElementType: (avals, { newDtype, weakType }) => {
    requireCount('convertElementType', avals, 1)
    const x = operand('convertElementType', avals, 0)
    if (!isDType(newDtype)) throw new DtypeError('convertElementType', `got new dtype ${show(newDtype)}, which is none`)
    if (x.dtype !== newDtype && (x.dtype === 'key' || newDtype === 'key')) {
      throw new DtypeError('convertElementType', `cannot convert ${showTypes(avals)} to ${newDtype}; read a key's words with random.keyData`)
    }
    if (x.dtype !== newDtype && (isComplex(x.dtype) || isComplex(newDtype))) {
      throw new DtypeError('convertElementType', `cannot convert ${showTypes(avals)} to ${newDtype}; complex arithmetic is not supported`)
    }
    return [aval(x.shape, newDtype, weakType)]
  },
  stopGradient: unary('stopGradient', accept.any),
}

const binaryRules: AbstractEvalRules<keyof BinaryParams> = {
  add: binary('add', accept.number),
  sub: binary('sub', accept.number),
  mul: binary('mul', accept.number),
  div: binary('div', accept.number),
  rem: binary('rem', accept.number),
  pow: binary('pow', accept.float),
  max: binary('max', accept.real),
  min: binary('min', accept.real),
  atan2: binary('atan2', accept.float),
  nextafter: binary('nextafter', accept.float),
  and: binary('and', accept.integerOrBool),
  or: binary('or', accept.integerOrBool),
  xor: binary('xor', accept.integerOrBool),
  shiftLeft: shift('shiftLeft'),
  shiftRightLogical: shift('shiftRightLogical'),
  shiftRightArithmetic: shift('shiftRightArithmetic'),
  eq: binary('eq', accept.real, 'bool'),
  ne: binary('ne', accept.real, 'bool'),
  lt: binary('lt', accept.real, 'bool'),
  le: binary('le', accept.real, 'bool'),
  gt: binary('gt', accept.real, 'bool'),
  ge: binary('ge', accept.real, 'bool'),
}

const ternaryRules: AbstractEvalRules<keyof TernaryParams> = {
  selectN: (avals) => {
    const which = operand('selectN', avals, 0)
    const cases = avals.slice(1)
    if (which.dtype !== 'bool' && which.dtype !== 'int32') {
      throw new DtypeError('selectN', `got selector ${showTypes([which])}; takes bool (two cases) or int32`)
    }
    if (cases.length === 0) throw new ArgumentError('selectN', 'got no cases; takes at least one')
    if (which.dtype === 'bool' && cases.length !== 2) {
      throw new ArgumentError('selectN', `got a bool selector with ${cases.length} cases (${showTypes(cases)}); takes two, or an int32 selector`)
    }
    requireEqualDtypes('selectN', cases)
    return [aval(commonShape('selectN', avals), operand('selectN', avals, 1).dtype, allWeak(cases))]
  },
  clamp: nary('clamp', 3, accept.real),
}

export const elementwiseAbstractEval: AbstractEvalRules<keyof ElementwiseParams> = { ...unaryRules, ...binaryRules, ...ternaryRules }
