/** Elementwise primitives: maps that read every operand at the same index. */
import type { BinaryParams, ElementwiseParams, TernaryParams, UnaryParams } from '../../../core/primitives/index.ts'
import type { LoweringRule, LoweringRules } from '../graph.ts'
import { isLiteral, type Operand, shapeOf } from '../value.ts'

/** The shape that operands have in common; those of rank 0 go with any. */
function commonShape(inputs: readonly Operand[]): readonly number[] {
  for (const x of inputs) if (shapeOf(x).length > 0) return shapeOf(x)
  return []
}

function elementwise<P extends keyof ElementwiseParams>(primitive: P, flops: number): LoweringRule<P> {
  return (g, inputs, params, outs) => {
    const dtype = outs[0]!.dtype
    return [g.map(commonShape(inputs), dtype, flops, (b, i) => b.apply(primitive, params, dtype, inputs.map((x) => b.read(x, i))))]
  }
}

/** Costs in units of one vector addition: what counts is which are cheap enough to do twice. */
const flops: { readonly [P in keyof ElementwiseParams]: number } = {
  neg: 1,
  sign: 2,
  floor: 1,
  ceil: 1,
  round: 1,
  exp: 14,
  exp2: 14,
  log: 14,
  log1p: 16,
  expm1: 18,
  sin: 16,
  cos: 16,
  tan: 20,
  asin: 20,
  acos: 20,
  atan: 20,
  sinh: 20,
  cosh: 20,
  tanh: 16,
  asinh: 24,
  acosh: 24,
  atanh: 24,
  logistic: 16,
  sqrt: 5,
  rsqrt: 8,
  cbrt: 20,
  abs: 1,
  square: 1,
  erf: 20,
  erfc: 30,
  erfInv: 30,
  lgamma: 60,
  digamma: 60,
  isFinite: 2,
  not: 1,
  populationCount: 3,
  clz: 4,
  integerPow: 3,
  convertElementType: 1,
  stopGradient: 0,
  add: 1,
  sub: 1,
  mul: 1,
  div: 4,
  rem: 10,
  pow: 40,
  max: 1,
  min: 1,
  atan2: 24,
  nextafter: 10,
  and: 1,
  or: 1,
  xor: 1,
  shiftLeft: 1,
  shiftRightLogical: 1,
  shiftRightArithmetic: 1,
  eq: 1,
  ne: 1,
  lt: 1,
  le: 1,
  gt: 1,
  ge: 1,
  selectN: 1,
  clamp: 2,
}

const unary: LoweringRules<keyof UnaryParams> = {
  neg: elementwise('neg', flops.neg),
  sign: elementwise('sign', flops.sign),
  floor: elementwise('floor', flops.floor),
  ceil: elementwise('ceil', flops.ceil),
  round: elementwise('round', flops.round),
  exp: elementwise('exp', flops.exp),
  exp2: elementwise('exp2', flops.exp2),
  log: elementwise('log', flops.log),
  log1p: elementwise('log1p', flops.log1p),
  expm1: elementwise('expm1', flops.expm1),
  sin: elementwise('sin', flops.sin),
  cos: elementwise('cos', flops.cos),
  tan: elementwise('tan', flops.tan),
  asin: elementwise('asin', flops.asin),
  acos: elementwise('acos', flops.acos),
  atan: elementwise('atan', flops.atan),
  sinh: elementwise('sinh', flops.sinh),
  cosh: elementwise('cosh', flops.cosh),
  tanh: elementwise('tanh', flops.tanh),
  asinh: elementwise('asinh', flops.asinh),
  acosh: elementwise('acosh', flops.acosh),
  atanh: elementwise('atanh', flops.atanh),
  logistic: elementwise('logistic', flops.logistic),
  sqrt: elementwise('sqrt', flops.sqrt),
  rsqrt: elementwise('rsqrt', flops.rsqrt),
  cbrt: elementwise('cbrt', flops.cbrt),
  abs: elementwise('abs', flops.abs),
  square: elementwise('square', flops.square),
  erf: elementwise('erf', flops.erf),
  erfc: elementwise('erfc', flops.erfc),
  erfInv: elementwise('erfInv', flops.erfInv),
  lgamma: elementwise('lgamma', flops.lgamma),
  digamma: elementwise('digamma', flops.digamma),
  isFinite: elementwise('isFinite', flops.isFinite),
  not: elementwise('not', flops.not),
  populationCount: elementwise('populationCount', flops.populationCount),
  clz: elementwise('clz', flops.clz),
  integerPow: elementwise('integerPow', flops.integerPow),
  convertElementType: (g, inputs, params, outs) => {
    const [x] = inputs
    if (x !== undefined && !isLiteral(x) && x.dtype === params.newDtype) return [x]
    return elementwise('convertElementType', flops.convertElementType)(g, inputs, params, outs)
  },
  stopGradient: (_, inputs) => inputs,
}

const binary: LoweringRules<keyof BinaryParams> = {
  add: elementwise('add', flops.add),
  sub: elementwise('sub', flops.sub),
  mul: elementwise('mul', flops.mul),
  div: elementwise('div', flops.div),
  rem: elementwise('rem', flops.rem),
  pow: elementwise('pow', flops.pow),
  max: elementwise('max', flops.max),
  min: elementwise('min', flops.min),
  atan2: elementwise('atan2', flops.atan2),
  nextafter: elementwise('nextafter', flops.nextafter),
  and: elementwise('and', flops.and),
  or: elementwise('or', flops.or),
  xor: elementwise('xor', flops.xor),
  shiftLeft: elementwise('shiftLeft', flops.shiftLeft),
  shiftRightLogical: elementwise('shiftRightLogical', flops.shiftRightLogical),
  shiftRightArithmetic: elementwise('shiftRightArithmetic', flops.shiftRightArithmetic),
  eq: elementwise('eq', flops.eq),
  ne: elementwise('ne', flops.ne),
  lt: elementwise('lt', flops.lt),
  le: elementwise('le', flops.le),
  gt: elementwise('gt', flops.gt),
  ge: elementwise('ge', flops.ge),
}

const ternary: LoweringRules<keyof TernaryParams> = {
  selectN: elementwise('selectN', flops.selectN),
  clamp: elementwise('clamp', flops.clamp),
}

export const elementwiseLowering: LoweringRules<keyof ElementwiseParams> = { ...unary, ...binary, ...ternary }
