/** Elementwise primitives on vectors of four elements: a static table, so that a missing primitive does not compile. */
import type { DType } from '../../../core/dtype.ts'
import type { Node } from '../../kernel-ir/index.ts'
import { f32x4ExpOfNonPositive, f32x4Side, type SideEmitter } from '../math/index.ts'
import { convert } from './convert.ts'
import { bitCount, divideLanes, leadingZeros, remainderLanes, type Shift, shiftLanes, signLanes } from './integers.ts'
import { keep, type LaneContext, laneShape, literal, type Value } from './lanes.ts'
import { type AnyCall, type Call, comparison, instruction, instructionOf, isIntegral, mathBinary, mathUnary, rounded, type Rules, unsupported } from './rule.ts'
import { joinMasks, maskParts, selectParts } from './select.ts'

/** The value of an elementwise primitive. */
export function applyPrimitive(context: LaneContext, node: Extract<Node, { op: 'apply' }>, inputs: readonly Value[], operands: readonly (Node | undefined)[]): Value {
  const constants = operands.map((o) => (o?.op === 'literal' ? Number(o.value) : null))
  return dispatch(node.primitive, { ...context, params: node.params, dtype: operands[0]?.dtype ?? node.dtype, result: node.dtype, inputs, constants })
}

/** The values of an elementwise primitive for vectors side by side, of operands that may be known to be at most 0; null: they are computed one after the other. */
export function applySide({ fn, helpers }: LaneContext, node: Extract<Node, { op: 'apply' }>, operands: readonly Value[], nonPositive: boolean): Value[] | null {
  const side = node.primitive === 'exp' && nonPositive ? f32x4ExpOfNonPositive : (f32x4Side as Partial<Record<string, SideEmitter>>)[node.primitive]
  const emitter = node.dtype === 'float32' && node.inputs.length === 1 ? side : undefined
  if (emitter === undefined) return null
  return emitter(fn, operands.flatMap(([x]) => (x === undefined ? [] : [x])), helpers).map((local) => [local])
}

function dispatch<P extends keyof Rules>(primitive: P, call: Call<P>): Value {
  return applyRules[primitive](call)
}

/** Integers are whole already. */
const rounding = (name: 'floor' | 'ceil' | 'roundHalfAway' | 'roundHalfEven') => (c: AnyCall): Value => (isIntegral(c.dtype) ? (c.inputs[0] ?? []) : mathUnary(name)(c))

const add = instruction('add', { f32: 'f32x4.add', f64: 'f64x2.add', i32: 'i32x4.add', u32: 'i32x4.add', mask: 'v128.or' })
const mul = instruction('mul', { f32: 'f32x4.mul', f64: 'f64x2.mul', i32: 'i32x4.mul', u32: 'i32x4.mul', mask: 'v128.and' })
const div = instruction('div', { f32: 'f32x4.div', f64: 'f64x2.div' })
const anyMax = instruction('max', { f32: 'f32x4.max', f64: 'f64x2.max', i32: 'i32x4.max_s', u32: 'i32x4.max_u', mask: 'v128.or' }, true)
const anyMin = instruction('min', { f32: 'f32x4.min', f64: 'f64x2.min', i32: 'i32x4.min_s', u32: 'i32x4.min_u', mask: 'v128.and' }, true)

/**
 * With a number, in one instruction or two where the engine makes eight of a float's `max`: pmax keeps its first operand unless
 * that is less, so a NaN stays. Zeros: pmax(-0, 0) is -0, to which adding 0 gives 0; min(0, -0) goes the long way.
 */
const extremum = (kind: 'max' | 'min', any: (c: AnyCall) => Value) => (c: AnyCall): Value => {
  const at = c.constants.findIndex((k) => k !== null)
  const [x = [], y = []] = at === 0 ? c.inputs.toReversed() : c.inputs
  const bound = c.dtype === 'float32' ? Math.fround(c.constants[at] ?? NaN) : c.dtype === 'float64' ? (c.constants[at] ?? NaN) : NaN
  if (Number.isNaN(bound) || (kind === 'min' && Object.is(bound, -0))) return any(c)
  const lanes = c.dtype === 'float32' ? 'f32x4' : 'f64x2'
  return x.map((part, i) => {
    const other = y[i] ?? part
    c.fn.get(part).get(other).emit(`${lanes}.p${kind}`)
    if (kind === 'max' && Object.is(bound, 0)) c.fn.get(other).emit(`${lanes}.add`)
    return keep(c.fn)
  })
}
const max = extremum('max', anyMax)
const min = extremum('min', anyMin)

/** x^y by squaring; a negative power is the reciprocal of the positive one, as XLA expands it. */
function power(c: Call<'integerPow'>): Value {
  const { y } = c.params
  const [x = []] = c.inputs
  const one = literal(c.fn, c.dtype, 1)
  const exact: AnyCall = { ...c, dtype: c.dtype, result: c.dtype === 'float16' || c.dtype === 'bfloat16' ? 'float32' : c.dtype }
  const times = (a: Value, b: Value): Value => mul({ ...exact, inputs: [a, b] })
  let square = x
  let product: Value | null = null
  for (let n = Math.abs(y); n > 0; n = Math.floor(n / 2)) {
    if (n % 2 === 1) product = product === null ? square : times(product, square)
    if (n > 1) square = times(square, square)
  }
  const positive = product ?? one
  if (y >= 0) return rounded(c, c.dtype, positive)
  return isIntegral(c.dtype) ? unsupported('integerPow with a negative exponent', c.dtype) : rounded(c, c.dtype, div({ ...exact, inputs: [one, positive] }))
}

const integer = (what: string, c: AnyCall): Value[number] => {
  const [v] = c.inputs[0] ?? []
  return v === undefined || !isIntegral(c.dtype) ? unsupported(what, c.dtype) : v
}
const second = (c: AnyCall): Value[number] => c.inputs[1]?.[0] ?? unsupported('an operation without a second operand', c.dtype)

const shift = (kind: Shift, what: string, c: AnyCall): Value => [shiftLanes(c.fn, c.dtype, kind, integer(what, c), second(c), c.constants[1] ?? null)]

/** Exported, as the other tables of rules are, for the test that counts how often each rule is tried. */
export const applyRules: Rules = {
  neg: instruction('neg', { f32: 'f32x4.neg', f64: 'f64x2.neg', i32: 'i32x4.neg', u32: 'i32x4.neg' }, true),
  sign: (c) => (isIntegral(c.dtype) ? [signLanes(c.fn, c.dtype, integer('sign', c))] : mathUnary('sign')(c)),
  floor: rounding('floor'),
  ceil: rounding('ceil'),
  round: (c) => rounding(c.params.roundingMethod === 'awayFromZero' ? 'roundHalfAway' : 'roundHalfEven')(c),
  exp: mathUnary('exp'),
  exp2: mathUnary('exp2'),
  log: mathUnary('log'),
  log1p: mathUnary('log1p'),
  expm1: mathUnary('expm1'),
  sin: mathUnary('sin'),
  cos: mathUnary('cos'),
  tan: mathUnary('tan'),
  asin: mathUnary('asin'),
  acos: mathUnary('acos'),
  atan: mathUnary('atan'),
  sinh: mathUnary('sinh'),
  cosh: mathUnary('cosh'),
  tanh: mathUnary('tanh'),
  asinh: mathUnary('asinh'),
  acosh: mathUnary('acosh'),
  atanh: mathUnary('atanh'),
  logistic: mathUnary('logistic'),
  sqrt: mathUnary('sqrt'),
  rsqrt: mathUnary('rsqrt'),
  cbrt: mathUnary('cbrt'),
  abs: (c) => (laneShape(c.dtype) === 'u32' ? (c.inputs[0] ?? []) : instruction('abs', { f32: 'f32x4.abs', f64: 'f64x2.abs', i32: 'i32x4.abs' }, true)(c)),
  square: (c) => mul({ ...c, inputs: [c.inputs[0] ?? [], c.inputs[0] ?? []] }),
  erf: mathUnary('erf'),
  erfc: mathUnary('erfc'),
  erfInv: mathUnary('erfInv'),
  lgamma: mathUnary('lgamma'),
  digamma: mathUnary('digamma'),
  isFinite: (c) => {
    if (isIntegral(c.dtype) || c.dtype === 'bool') return literal(c.fn, 'bool', true)
    const [low, high] = mathUnary('isFinite')({ ...c, dtype: c.dtype === 'float64' ? 'float64' : 'float32' })
    if (low === undefined) return []
    return [high === undefined ? low : joinMasks(c.fn, low, high)]
  },
  not: instructionOf('not', 'v128.not'),
  populationCount: (c) => [bitCount(c.fn, c.dtype, integer('populationCount', c))],
  clz: (c) => [leadingZeros(c.fn, c.dtype, integer('clz', c))],
  integerPow: power,
  convertElementType: (c) => convert(c.fn, c.dtype, c.params.newDtype, c.inputs[0] ?? []),
  stopGradient: (c) => c.inputs[0] ?? [],

  add,
  sub: instruction('sub', { f32: 'f32x4.sub', f64: 'f64x2.sub', i32: 'i32x4.sub', u32: 'i32x4.sub' }),
  mul,
  div: (c) => (isIntegral(c.dtype) ? [divideLanes(c.fn, c.dtype, integer('div', c), second(c))] : div(c)),
  rem: (c) => (isIntegral(c.dtype) ? [remainderLanes(c.fn, c.dtype, integer('rem', c), second(c))] : mathBinary('rem', c)),
  pow: (c) => mathBinary('pow', c),
  max: max,
  min: min,
  atan2: (c) => mathBinary('atan2', c),
  nextafter: (c) => (c.dtype === 'float16' || c.dtype === 'bfloat16' ? unsupported('nextafter', c.dtype) : mathBinary('nextafter', c)),
  and: instructionOf('and', 'v128.and'),
  or: instructionOf('or', 'v128.or'),
  xor: instructionOf('xor', 'v128.xor'),
  shiftLeft: (c) => shift('left', 'shiftLeft', c),
  shiftRightLogical: (c) => shift('logical', 'shiftRightLogical', c),
  shiftRightArithmetic: (c) => shift('arithmetic', 'shiftRightArithmetic', c),
  eq: comparison('eq', { f32: 'f32x4.eq', f64: 'f64x2.eq', i32: 'i32x4.eq', u32: 'i32x4.eq', mask: 'i32x4.eq' }),
  ne: comparison('ne', { f32: 'f32x4.ne', f64: 'f64x2.ne', i32: 'i32x4.ne', u32: 'i32x4.ne', mask: 'i32x4.ne' }),
  lt: comparison('lt', { f32: 'f32x4.lt', f64: 'f64x2.lt', i32: 'i32x4.lt_s', u32: 'i32x4.lt_u', mask: 'i32x4.lt_u' }),
  le: comparison('le', { f32: 'f32x4.le', f64: 'f64x2.le', i32: 'i32x4.le_s', u32: 'i32x4.le_u', mask: 'i32x4.le_u' }),
  gt: comparison('gt', { f32: 'f32x4.gt', f64: 'f64x2.gt', i32: 'i32x4.gt_s', u32: 'i32x4.gt_u', mask: 'i32x4.gt_u' }),
  ge: comparison('ge', { f32: 'f32x4.ge', f64: 'f64x2.ge', i32: 'i32x4.ge_s', u32: 'i32x4.ge_u', mask: 'i32x4.ge_u' }),

  selectN: (c) => {
    const [which = [], ...cases] = c.inputs
    const [mask] = which
    let [chosen = []] = cases
    if (mask === undefined) return chosen
    if (c.dtype === 'bool' && cases.length === 2) {
      // beside a zero the mask is all that it takes
      const [, otherwise = null, then = null] = c.constants
      if (Object.is(otherwise, 0)) return maskParts(c.fn, mask, cases[1]!, 'v128.and')
      if (Object.is(then, 0)) return maskParts(c.fn, mask, chosen, 'v128.andnot')
    }
    for (const [k, next] of cases.entries()) {
      if (k === 0) continue
      // an int32 selector out of range picks the first or the last case
      const from = c.dtype === 'bool' ? mask : keep(c.fn.get(mask).i32x4(k).emit('i32x4.ge_s'), 'mask')
      chosen = selectParts(c.fn, c.result, from, next, chosen)
    }
    return chosen
  },
  clamp: (c) => {
    const [low = [], x = [], high = []] = c.inputs
    const [least = null, , most = null] = c.constants
    return min({ ...c, inputs: [max({ ...c, inputs: [low, x], constants: [least, null] }), high], constants: [null, most] })
  },
}

type Comparison = 'gt' | 'lt' | 'ge' | 'le' | 'eq' | 'ne'
const comparisons: ReadonlySet<string> = new Set<Comparison>(['gt', 'lt', 'ge', 'le', 'eq', 'ne'])

/** A binary primitive on two values of one dtype, for reductions. */
export function combineValues(context: LaneContext, primitive: 'add' | 'mul' | 'max' | 'min' | 'and' | 'or' | 'xor' | Comparison, dtype: DType, a: Value, b: Value): Value {
  const comparing = comparisons.has(primitive)
  return dispatch(primitive, { ...context, params: {}, dtype, result: comparing ? 'bool' : dtype, inputs: [a, b], constants: [] })
}
