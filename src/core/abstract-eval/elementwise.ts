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

type Takes<K extends Primitive> = { readonly [P in K]: Accept }

const unaryTakes: Takes<keyof UnaryParams> = {
  neg: accept.number,
  sign: accept.number,
  floor: accept.float,
  ceil: accept.float,
  round: accept.float,
  exp: accept.float,
  exp2: accept.float,
  log: accept.float,
  log1p: accept.float,
  expm1: accept.float,
  sin: accept.float,
  cos: accept.float,
  tan: accept.float,
  asin: accept.float,
  acos: accept.float,
  atan: accept.float,
  sinh: accept.float,
  cosh: accept.float,
  tanh: accept.float,
  asinh: accept.float,
  acosh: accept.float,
  atanh: accept.float,
  logistic: accept.float,
  sqrt: accept.float,
  rsqrt: accept.float,
  cbrt: accept.float,
  abs: accept.number,
  square: accept.number,
  erf: accept.float,
  erfc: accept.float,
  erfInv: accept.float,
  lgamma: accept.float,
  digamma: accept.float,
  isFinite: accept.float,
  not: accept.integerOrBool,
  populationCount: accept.integer,
  clz: accept.integer,
  stopGradient: accept.any,
  integerPow: accept.number,
  convertElementType: accept.any,
}

type Comparison = 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge'
const comparisonTakes: Takes<Comparison> = { eq: accept.real, ne: accept.real, lt: accept.real, le: accept.real, gt: accept.real, ge: accept.real }

const arithmeticTakes: Takes<Exclude<keyof BinaryParams, Comparison>> = {
  add: accept.number,
  sub: accept.number,
  mul: accept.number,
  div: accept.number,
  rem: accept.number,
  pow: accept.float,
  max: accept.real,
  min: accept.real,
  atan2: accept.float,
  nextafter: accept.float,
  and: accept.integerOrBool,
  or: accept.integerOrBool,
  xor: accept.integerOrBool,
  shiftLeft: accept.integer,
  shiftRightLogical: accept.integer,
  shiftRightArithmetic: accept.integer,
}

/** The dtypes that elementwise primitives take: read by the rules below, and by lax, which refuses others in its own words. */
export const elementwiseTakes: Takes<keyof UnaryParams | keyof BinaryParams> = { ...unaryTakes, ...comparisonTakes, ...arithmeticTakes }

/** Rules of primitives whose operands are alike in all they are asked for. */
function rulesOf<K extends Primitive>(takes: Takes<K>, count: number, result?: DType): { readonly [P in K]: Plain } {
  const rules = Object.keys(takes).map((name) => [name, nary(name as K, count, takes[name as K], result)]) // the names that K has, which keys forgets
  return Object.fromEntries(rules) as { readonly [P in K]: Plain } // and so does fromEntries
}

/** The amount may be of another integer dtype than what is shifted. */
function shift(operation: 'shiftLeft' | 'shiftRightLogical' | 'shiftRightArithmetic'): Plain {
  return (avals) => {
    requireCount(operation, avals, 2)
    for (const a of avals) requireDtype(operation, a, arithmeticTakes[operation])
    return [aval(commonShape(operation, avals), operand(operation, avals, 0).dtype, allWeak(avals))]
  }
}

const unaryRules: AbstractEvalRules<keyof UnaryParams> = {
  ...rulesOf(unaryTakes, 1),
  isFinite: nary('isFinite', 1, unaryTakes.isFinite, 'bool'),
  integerPow: (avals, { y }) => {
    requireCount('integerPow', avals, 1)
    const x = operand('integerPow', avals, 0)
    if (!Number.isInteger(y)) throw new ArgumentError('integerPow', `got exponent ${y}; takes an integer, use pow for others`)
    if (y < 0) requireDtype('integerPow', x, accept.float, `exponent ${y} with operand`)
    return nary('integerPow', 1, unaryTakes.integerPow)(avals)
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
}

const binaryRules: AbstractEvalRules<keyof BinaryParams> = {
  ...rulesOf(arithmeticTakes, 2),
  ...rulesOf(comparisonTakes, 2, 'bool'),
  shiftLeft: shift('shiftLeft'),
  shiftRightLogical: shift('shiftRightLogical'),
  shiftRightArithmetic: shift('shiftRightArithmetic'),
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
