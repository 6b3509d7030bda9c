/** Derivatives of elementwise primitives. Formulas are those of JAX's lax.py unless they say otherwise. */
import type { BinaryParams, ElementwiseParams, Primitive, TernaryParams, UnaryParams } from '../../core/primitives/index.ts'
import { isInexact } from '../../core/dtype.ts'
import { ArgumentError } from '../../core/errors.ts'
import { bind1, type Value } from '../../core/trace.ts'
import {
  abs,
  add,
  and,
  constant,
  convert,
  cos,
  cosh,
  digamma,
  div,
  eq,
  exp,
  floor,
  gt,
  integerPow,
  le,
  log,
  lt,
  mul,
  neg,
  pow,
  rsqrt,
  select,
  sign,
  sin,
  sinh,
  square,
  sub,
} from '../build.ts'
import { instantiate, toShape, Zero } from '../zero.ts'
import { trigamma } from './polygamma.ts'
import { flat, type Jvp, type JvpRules, linear, parts } from './rule.ts'

/** Where the derivative is a factor that x, and y = f(x), give. */
const factor = <P extends Primitive>(primitive: P, of: (x: Value, y: Value) => Value): Jvp<P> => parts(primitive, (t, [x], out) => mul(t, of(x, out)))

const unaryRules: JvpRules<keyof UnaryParams> = {
  neg: linear('neg'),
  sign: flat('sign'),
  floor: flat('floor'),
  ceil: flat('ceil'),
  round: flat('round'),
  exp: factor('exp', (_, y) => y),
  exp2: factor('exp2', (_, y) => mul(y, Math.LN2)),
  log: parts('log', (t, [x]) => div(t, x)),
  log1p: parts('log1p', (t, [x]) => div(t, add(x, 1))),
  expm1: factor('expm1', (_, y) => add(y, 1)),
  sin: factor('sin', cos),
  cos: factor('cos', (x) => neg(sin(x))),
  tan: factor('tan', (_, y) => add(square(y), 1)),
  asin: factor('asin', (x) => rsqrt(sub(1, square(x)))),
  acos: factor('acos', (x) => neg(rsqrt(sub(1, square(x))))),
  atan: parts('atan', (t, [x]) => div(t, add(square(x), 1))),
  sinh: factor('sinh', cosh),
  cosh: factor('cosh', sinh),
  // (1 - y)(1 + y) and not 1 - y², which loses all digits where tanh saturates.
  tanh: factor('tanh', (_, y) => mul(sub(1, y), add(1, y))),
  asinh: factor('asinh', (x) => rsqrt(add(square(x), 1))),
  acosh: factor('acosh', (x) => mul(rsqrt(sub(x, 1)), rsqrt(add(x, 1)))),
  atanh: parts('atanh', (t, [x]) => div(t, mul(sub(1, x), add(1, x)))),
  logistic: factor('logistic', (_, y) => mul(y, sub(1, y))),
  sqrt: factor('sqrt', (_, y) => div(0.5, y)),
  rsqrt: factor('rsqrt', (x, y) => mul(div(y, x), -0.5)),
  cbrt: factor('cbrt', (_, y) => mul(integerPow(y, { y: -2 }), 1 / 3)),
  // 1 at 0, from the right, so that second derivatives of what is smooth in |x|, as hypot, hold there.
  abs: factor('abs', (x, y) => select(le(0, x), constant(y, 1), -1)),
  square: factor('square', (x) => mul(x, 2)),
  erf: factor('erf', (x) => mul(exp(neg(square(x))), 2 / Math.sqrt(Math.PI))),
  erfc: factor('erfc', (x) => mul(exp(neg(square(x))), -2 / Math.sqrt(Math.PI))),
  erfInv: factor('erfInv', (_, y) => mul(exp(square(y)), Math.sqrt(Math.PI) / 2)),
  lgamma: factor('lgamma', digamma),
  digamma: factor('digamma', trigamma),
  isFinite: flat('isFinite'),
  not: flat('not'),
  populationCount: flat('populationCount'),
  clz: flat('clz'),
  integerPow: parts('integerPow', (t, [x], out, { y }) => {
    if (y === 0) return new Zero(out.aval)
    return y === 1 ? t : mul(t, y === 2 ? mul(x, 2) : mul(integerPow(x, { y: y - 1 }), y))
  }),
  convertElementType: parts('convertElementType', (t, _, out, { newDtype, weakType }) =>
    isInexact(newDtype) ? convert(t, newDtype, weakType) : new Zero(out.aval),
  ),
  stopGradient: flat('stopGradient'),
}

/** 1 where x is larger, 0 where y is, shared evenly where they are equal. */
const share = (x: Value, y: Value, out: Value): Value => select(eq(x, y), 0.5, select(gt(x, y), constant(out, 1), 0))

/** The quotient that rem left out: x / y rounded towards zero. */
function truncatedQuotient(x: Value, y: Value): Value {
  const q = div(x, y)
  return mul(sign(q), floor(abs(q)))
}

const refuse = (primitive: 'nextafter'): Jvp<'nextafter'> => () => {
  throw new ArgumentError(primitive, 'has no derivative; take it out of what is differentiated with stopGradient')
}

const binaryRules: JvpRules<keyof BinaryParams> = {
  add: parts('add', (t) => t, (t) => t),
  sub: parts('sub', (t) => t, (t) => neg(t)),
  mul: parts('mul', (t, [, y]) => mul(t, y), (t, [x]) => mul(x, t)),
  div: parts('div', (t, [, y]) => div(t, y), (t, [, y], out) => mul(t, neg(div(out, y)))),
  rem: parts('rem', (t) => t, (t, [x, y]) => mul(t, neg(truncatedQuotient(x, y)))),
  pow: parts(
    'pow',
    // At x = y = 0 the power of 0 to -1 is not taken; a choice by y alone would end the derivative in y.
    (t, [x, y]) => mul(t, mul(y, pow(select(and(eq(x, 0), eq(y, 0)), 1, x), sub(y, 1)))),
    // At x = 0 the logarithm is not taken; the derivative there is 0.
    (t, [x], out) => mul(t, mul(log(select(eq(x, 0), 1, x)), out)),
  ),
  max: parts('max', (t, [x, y], out) => mul(t, share(x, y, out)), (t, [x, y], out) => mul(t, share(y, x, out))),
  min: parts('min', (t, [x, y], out) => mul(t, share(y, x, out)), (t, [x, y], out) => mul(t, share(x, y, out))),
  // The angle of (y, x), whose first operand is y.
  atan2: parts(
    'atan2',
    (t, [y, x]) => mul(t, div(x, add(square(x), square(y)))),
    (t, [y, x]) => mul(t, neg(div(y, add(square(x), square(y))))),
  ),
  nextafter: refuse('nextafter'),
  and: flat('and'),
  or: flat('or'),
  xor: flat('xor'),
  shiftLeft: flat('shiftLeft'),
  shiftRightLogical: flat('shiftRightLogical'),
  shiftRightArithmetic: flat('shiftRightArithmetic'),
  eq: flat('eq'),
  ne: flat('ne'),
  lt: flat('lt'),
  le: flat('le'),
  gt: flat('gt'),
  ge: flat('ge'),
}

const ternaryRules: JvpRules<keyof TernaryParams> = {
  selectN: (primals, tangents) => {
    const out = bind1('selectN', primals, {})
    const [which, ...cases] = primals
    // A zero goes with any shape as a scalar.
    const chosen = cases.map((c, i) => (tangents[i + 1] instanceof Zero ? constant(c, 0) : instantiate(tangents[i + 1]!)))
    return [[out], [toShape(bind1('selectN', [which!, ...chosen], {}), out.shape)]]
  },
  clamp: parts(
    'clamp',
    (t, [low, x, high]) => select(and(gt(low, x), lt(low, high)), t, 0),
    (t, [low, x, high]) => select(and(gt(x, low), lt(x, high)), t, 0),
    (t, [, x, high]) => select(lt(high, x), t, 0),
  ),
}

export const elementwiseJvp: JvpRules<keyof ElementwiseParams> = { ...unaryRules, ...binaryRules, ...ternaryRules }
