/** Unary elementwise rules: float64 arithmetic of `Math`, rounded to the dtype when stored. */
import { sizeOf } from '../../core/aval.ts'
import type { DType } from '../../core/dtype.ts'
import { isFloating, isInteger } from '../../core/dtype.ts'
import type { UnaryParams } from '../../core/primitives/index.ts'
import { needed } from '../../lowering/brought.ts'
import type { SpecialName } from '../../lowering/wasm/math/special.ts'
import { type CpuRules, fromNumbers, type HostArray, numbersOf, rangeOf, widthOf } from './host-array.ts'

type Unary = (inputs: readonly HostArray[], params: object, outs: readonly HostArray['aval'][]) => HostArray[]

/** One function of a number for every dtype that the primitive takes. */
function unary(f: (x: number, dtype: DType) => number): Unary {
  return ([x], _, [out]) => {
    const xs = numbersOf(x!)
    const values = new Float64Array(sizeOf(out!.shape))
    for (let i = 0; i < values.length; i++) values[i] = f(xs[i]!, x!.aval.dtype)
    return [fromNumbers(out!, values)]
  }
}

/** One of the special functions, which whoever binds the primitive has brought. */
const special = (name: SpecialName): Unary => unary((x) => needed('specialNumbers')[name](x))

const same: Unary = ([x], _, [out]) => [{ aval: out!, bytes: x!.bytes }]

function roundToEven(x: number): number {
  const f = Math.floor(x)
  const d = x - f
  const r = d < 0.5 || (d === 0.5 && f % 2 === 0) ? f : f + 1
  // -0.3 rounds to -0.
  return r === 0 && (x < 0 || Object.is(x, -0)) ? -0 : r
}

function roundAway(x: number): number {
  const t = Math.trunc(x)
  return Math.abs(x - t) >= 0.5 ? t + Math.sign(x) : t
}

function logistic(x: number): number {
  if (x >= 0) return 1 / (1 + Math.exp(-x))
  const e = Math.exp(x)
  return e / (1 + e)
}

/** The bits of an integer as an unsigned number. */
export const bitsOf = (x: number, dtype: DType): number => (widthOf(dtype) === 32 ? x >>> 0 : x & (2 ** widthOf(dtype) - 1))

function populationCount(x: number, dtype: DType): number {
  let n = 0
  for (let b = bitsOf(x, dtype); b !== 0; b >>>= 1) n += b & 1
  return n
}

/** x^y by squaring: exact modulo 2³² for integers. */
function wrappingPower(x: number, y: number): number {
  let result = 1
  let base = x
  for (let n = y; n > 0; n = Math.floor(n / 2)) {
    if (n % 2 === 1) result = Math.imul(result, base)
    base = Math.imul(base, base)
  }
  return result
}

/** Between dtypes: floats to integers truncate, saturate and take NaN to 0; integers to integers wrap. */
export function convert(x: number, from: DType, to: DType): number {
  if (to === 'bool') return x === 0 ? 0 : 1
  if (!isInteger(to) || !isFloating(from)) return x
  if (Number.isNaN(x)) return 0
  const { lowest, highest } = rangeOf(to)
  return Math.min(Math.max(Math.trunc(x), lowest), highest)
}

export const unaryCpu: CpuRules<keyof UnaryParams> = {
  neg: unary((x) => -x),
  sign: unary(Math.sign),
  floor: unary(Math.floor),
  ceil: unary(Math.ceil),
  round: (inputs, params, outs) => unary(params.roundingMethod === 'awayFromZero' ? roundAway : roundToEven)(inputs, params, outs),
  exp: unary(Math.exp),
  exp2: unary((x) => 2 ** x),
  log: unary(Math.log),
  log1p: unary(Math.log1p),
  expm1: unary(Math.expm1),
  sin: unary(Math.sin),
  cos: unary(Math.cos),
  tan: unary(Math.tan),
  asin: unary(Math.asin),
  acos: unary(Math.acos),
  atan: unary(Math.atan),
  sinh: unary(Math.sinh),
  cosh: unary(Math.cosh),
  tanh: unary(Math.tanh),
  asinh: unary(Math.asinh),
  acosh: unary(Math.acosh),
  atanh: unary(Math.atanh),
  logistic: unary(logistic),
  sqrt: unary(Math.sqrt),
  rsqrt: unary((x) => 1 / Math.sqrt(x)),
  cbrt: unary(Math.cbrt),
  abs: unary(Math.abs),
  square: unary((x, dtype) => (isInteger(dtype) ? Math.imul(x, x) : x * x)),
  erf: special('erf'),
  erfc: special('erfc'),
  erfInv: special('erfInv'),
  lgamma: special('lgamma'),
  digamma: special('digamma'),
  isFinite: unary((x) => Number(Number.isFinite(x))),
  not: unary((x, dtype) => (dtype === 'bool' ? 1 - x : ~x)),
  populationCount: unary(populationCount),
  clz: unary((x, dtype) => Math.clz32(bitsOf(x, dtype)) - (32 - widthOf(dtype))),
  integerPow: (inputs, params, outs) =>
    unary((x, dtype) => (isInteger(dtype) ? wrappingPower(x, params.y) : x ** params.y))(inputs, params, outs),
  convertElementType: (inputs, params, outs) =>
    inputs[0]!.aval.dtype === params.newDtype
      ? same(inputs, params, outs)
      : unary((x, dtype) => convert(x, dtype, params.newDtype))(inputs, params, outs),
  stopGradient: same,
}
