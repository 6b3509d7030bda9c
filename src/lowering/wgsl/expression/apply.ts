/** Elementwise primitives as WGSL expressions: a static table, so that a missing primitive does not compile. */
import { type DType, dtypeInfo } from '../../../core/dtype.ts'
import { DtypeError } from '../../../core/errors.ts'
import type { ElementwiseParams } from '../../../core/primitives/index.ts'
import type { Node } from '../../kernel-ir/index.ts'
import { literalOf, typeOf } from '../shader/types.ts'

interface Call<P extends keyof ElementwiseParams> {
  readonly params: ElementwiseParams[P]
  /** Of the first operand. */
  readonly dtype: DType
  readonly result: DType
  /** Names of values, or literals: cheap to repeat. */
  readonly inputs: readonly string[]
  readonly dtypes: readonly DType[]
}
type Rule<P extends keyof ElementwiseParams> = (c: Call<P>) => string
type Rules = { readonly [P in keyof ElementwiseParams]: Rule<P> }
type AnyCall = Call<keyof ElementwiseParams>

/** The value of an elementwise primitive, in the range of its dtype. */
export function applyText(node: Extract<Node, { op: 'apply' }>, inputs: readonly string[], dtypes: readonly DType[]): string {
  const text = dispatch(node.primitive, { params: node.params, dtype: dtypes[0] ?? node.dtype, result: node.dtype, inputs, dtypes })
  return exact.has(node.primitive) ? text : inRange(node.dtype, text)
}

const dispatch = <P extends keyof ElementwiseParams>(primitive: P, call: Call<P>): string => wgslRules[primitive](call)

/** Results of these are in range wherever their operands are. */
const exact: ReadonlySet<keyof ElementwiseParams> = new Set([
  'sign', 'floor', 'ceil', 'round', 'max', 'min', 'clamp', 'selectN', 'stopGradient', 'and', 'or', 'xor', 'eq', 'ne', 'lt', 'le', 'gt', 'ge', 'isFinite', 'convertElementType',
])

/** A computed value back in the range of a dtype that is narrower than what it was computed in. */
export function inRange(dtype: DType, text: string): string {
  const { kind, bytes } = dtypeInfo[dtype]
  if (dtype === 'float16') return `to_half(${text})`
  if (dtype === 'bfloat16') return `to_brain(${text})`
  if (bytes >= 4 || (kind !== 'int' && kind !== 'uint')) return text
  return kind === 'int' ? `extractBits(${text}, 0u, ${8 * bytes}u)` : `((${text}) & ${2 ** (8 * bytes) - 1}u)`
}

const unsupported = (name: string, dtype: DType): never => {
  throw new DtypeError(name, `is not defined for ${dtype}`)
}

type Forms = Partial<Readonly<Record<'f32' | 'i32' | 'u32' | 'bool', (...inputs: string[]) => string>>>

/** A form for each type; `any` where one serves them all. */
const by = (what: string, forms: Forms) => (c: AnyCall): string => {
  const type = typeOf(c.dtype)
  const form = type === 'vec2<u32>' ? undefined : forms[type]
  return form === undefined ? unsupported(what, c.dtype) : form(...c.inputs)
}
const infix = (operator: string) => (x = '', y = ''): string => `(${x} ${operator} ${y})`
const call = (name: string) => (...xs: string[]): string => `${name}(${xs.join(', ')})`
const numbers = (what: string, form: (...xs: string[]) => string, bool?: (...xs: string[]) => string): ((c: AnyCall) => string) =>
  by(what, { f32: form, i32: form, u32: form, ...(bool === undefined ? {} : { bool }) })
const float = (what: string, name: string): ((c: AnyCall) => string) => by(what, { f32: call(name) })
/** On integers the identity. */
const rounding = (what: string, name: string): ((c: AnyCall) => string) => by(what, { f32: call(name), i32: (x = '') => x, u32: (x = '') => x })
/** Comparisons of bool are of 0 and 1. */
const comparison = (what: string, operator: string): ((c: AnyCall) => string) => numbers(what, infix(operator), (x = '', y = '') => `(u32(${x}) ${operator} u32(${y}))`)

const width = (dtype: DType): number => 8 * dtypeInfo[dtype].bytes

/** Amounts of the width and more, and negative ones, shift everything out. */
const shift = (what: 'shiftLeft' | 'shiftRightLogical' | 'shiftRightArithmetic') => (c: AnyCall): string => {
  const [x = '', y = ''] = c.inputs
  const type = typeOf(c.dtype)
  if (type !== 'i32' && type !== 'u32') return unsupported(what, c.dtype)
  const amount = typeOf(c.dtypes[1] ?? c.dtype) === 'u32' ? y : `bitcast<u32>(${y})`
  const bits = width(c.dtype)
  const out = `(${amount} >= ${bits}u)`
  const within = `(${amount} & 31u)`
  const zero = type === 'i32' ? '0i' : '0u'
  if (what === 'shiftLeft') return `select(${x} << ${within}, ${zero}, ${out})`
  if (what === 'shiftRightArithmetic') {
    const signed = type === 'i32' ? x : `extractBits(bitcast<i32>(${x}), 0u, ${bits}u)`
    const shifted = `(${signed} >> min(${amount}, ${bits - 1}u))`
    return type === 'i32' ? shifted : `bitcast<u32>(${shifted})`
  }
  const unsigned = type === 'u32' ? x : `extractBits(bitcast<u32>(${x}), 0u, ${bits}u)`
  const shifted = `select(${unsigned} >> ${within}, 0u, ${out})`
  return type === 'u32' ? shifted : `bitcast<i32>(${shifted})`
}

const integerPow: Rule<'integerPow'> = ({ params: { y }, dtype, inputs: [x = ''] }) => {
  // By squaring, as nested expressions: exponents are small.
  const power = (n: number): string => {
    if (n === 0) return literalOf(dtype, 1)
    if (n === 1) return x
    const half = power(Math.floor(n / 2))
    return n % 2 === 0 ? `(${half} * ${half})` : `(${half} * ${half} * ${x})`
  }
  if (Math.abs(y) > 64 && typeOf(dtype) === 'f32') return `pow_f(${x}, ${literalOf('float32', y)})`
  return y >= 0 ? power(y) : typeOf(dtype) === 'f32' ? `(1.0f / ${power(-y)})` : unsupported('integerPow with a negative exponent', dtype)
}

function convert({ dtype, params: { newDtype: to }, inputs: [x = ''] }: Call<'convertElementType'>): string {
  const [from, into] = [typeOf(dtype), typeOf(to)]
  const { kind, bytes } = dtypeInfo[to]
  if (into === 'bool') return from === 'bool' ? x : from === 'f32' ? `!(${x} == 0.0f)` : `(${x} != ${from === 'i32' ? '0i' : '0u'})`
  if (into === 'f32') return inRange(to, from === 'f32' ? x : `f32(${x})`)
  if (from === 'f32') {
    const top = kind === 'int' ? 2 ** (8 * bytes - 1) - 1 : 2 ** (8 * bytes) - 1
    return kind === 'int' ? `f_to_i(${x}, ${literalOf('int32', -top - 1)}, ${top}i)` : `f_to_u(${x}, ${top}u)`
  }
  return inRange(to, from === into ? x : from === 'bool' ? `${into}(${x})` : `bitcast<${into}>(${x})`)
}

export const wgslRules: Rules = {
  neg: by('neg', { f32: (x = '') => `(-${x})`, i32: (x = '') => `(-${x})`, u32: (x = '') => `(0u - ${x})` }),
  sign: by('sign', { f32: call('sign_f'), i32: call('sign'), u32: (x = '') => `min(${x}, 1u)` }),
  floor: rounding('floor', 'floor'),
  ceil: rounding('ceil', 'ceil'),
  round: (c) => rounding('round', c.params.roundingMethod === 'awayFromZero' ? 'round_away' : 'round')(c),
  exp: float('exp', 'exp_f'),
  exp2: float('exp2', 'exp2_f'),
  log: float('log', 'log_f'),
  log1p: float('log1p', 'log1p_f'),
  expm1: float('expm1', 'expm1_f'),
  sin: float('sin', 'sin_f'),
  cos: float('cos', 'cos_f'),
  tan: float('tan', 'tan_f'),
  asin: float('asin', 'asin_f'),
  acos: float('acos', 'acos_f'),
  atan: float('atan', 'atan_f'),
  sinh: float('sinh', 'sinh_f'),
  cosh: float('cosh', 'cosh_f'),
  tanh: float('tanh', 'tanh_f'),
  asinh: float('asinh', 'asinh_f'),
  acosh: float('acosh', 'acosh_f'),
  atanh: float('atanh', 'atanh_f'),
  logistic: float('logistic', 'logistic_f'),
  sqrt: float('sqrt', 'sqrt_f'),
  rsqrt: by('rsqrt', { f32: (x = '') => `(1.0f / sqrt_f(${x}))` }),
  cbrt: float('cbrt', 'cbrt_f'),
  abs: numbers('abs', call('abs')),
  square: numbers('square', (x = '') => `(${x} * ${x})`),
  erf: float('erf', 'erf_f'),
  erfc: float('erfc', 'erfc_f'),
  erfInv: float('erfInv', 'erf_inv_f'),
  lgamma: float('lgamma', 'lgamma_f'),
  digamma: float('digamma', 'digamma_f'),
  isFinite: by('isFinite', { f32: call('is_finite'), i32: () => 'true', u32: () => 'true', bool: () => 'true' }),
  not: by('not', { i32: (x = '') => `(~${x})`, u32: (x = '') => `(~${x})`, bool: (x = '') => `(!${x})` }),
  populationCount: (c) => by('populationCount', { i32: (x = '') => `i32(countOneBits(${bitsText(c.dtype, x)}))`, u32: call('countOneBits') })(c),
  clz: (c) => {
    const rest = 32 - width(c.dtype)
    const zeros = (x = ''): string => `(countLeadingZeros(${bitsText(c.dtype, x)}) - ${rest}u)`
    return by('clz', { i32: (x) => `i32(${zeros(x)})`, u32: zeros })(c)
  },
  integerPow,
  convertElementType: convert,
  stopGradient: ({ inputs: [x = ''] }) => x,

  add: numbers('add', infix('+'), infix('|')),
  sub: numbers('sub', infix('-')),
  mul: numbers('mul', infix('*'), infix('&')),
  div: by('div', { f32: infix('/'), i32: call('div_i'), u32: call('div_u') }),
  rem: by('rem', { f32: call('rem_f'), i32: call('rem_i'), u32: call('rem_u') }),
  pow: float('pow', 'pow_f'),
  max: by('max', { f32: call('max_f'), i32: call('max'), u32: call('max'), bool: infix('|') }),
  min: by('min', { f32: call('min_f'), i32: call('min'), u32: call('min'), bool: infix('&') }),
  atan2: float('atan2', 'atan2_f'),
  nextafter: float('nextafter', 'next_after'),
  and: by('and', { i32: infix('&'), u32: infix('&'), bool: infix('&') }),
  or: by('or', { i32: infix('|'), u32: infix('|'), bool: infix('|') }),
  xor: by('xor', { i32: infix('^'), u32: infix('^'), bool: infix('!=') }),
  shiftLeft: shift('shiftLeft'),
  shiftRightLogical: shift('shiftRightLogical'),
  shiftRightArithmetic: shift('shiftRightArithmetic'),
  eq: comparison('eq', '=='),
  // On floats `!=` may be false for NaN.
  ne: by('ne', { f32: (x = '', y = '') => `!(${x} == ${y})`, i32: infix('!='), u32: infix('!='), bool: infix('!=') }),
  lt: comparison('lt', '<'),
  le: comparison('le', '<='),
  gt: comparison('gt', '>'),
  ge: comparison('ge', '>='),

  selectN: ({ dtype, inputs: [which = '', ...cases] }) => {
    const [first = '', ...rest] = cases
    // A selector out of range picks the first or the last case.
    return rest.reduce((chosen, next, k) => `select(${chosen}, ${next}, ${dtype === 'bool' ? which : `${which} >= ${k + 1}i`})`, first)
  },
  clamp: (c) => {
    const [low = '', x = '', high = ''] = c.inputs
    const f = typeOf(c.dtype) === 'f32' ? ['max_f', 'min_f'] : ['max', 'min']
    return `${f[1]}(${f[0]}(${low}, ${x}), ${high})`
  },
}

/** The bits of an integer as u32, without those of a sign that was extended. */
const bitsText = (dtype: DType, x: string): string => (typeOf(dtype) === 'u32' ? x : `extractBits(bitcast<u32>(${x}), 0u, ${width(dtype)}u)`)
