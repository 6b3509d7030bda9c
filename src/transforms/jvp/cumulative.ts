/** Derivatives of cumulative primitives, by a scan over pairs of a value and its tangent. */
import type { CumulativeParams } from '../../core/primitives/index.ts'
import type { Value } from '../../core/trace.ts'
import { add, concatenate, constant, eq, exp, gt, log, max, min, mul, pad, rev, select, sliceAxis, sub } from '../build.ts'
import { type Jvp, type JvpRules, parts } from './rule.ts'

/** Two values become one; what either contributes to its derivative. */
type Combine = (a: Value, b: Value) => { readonly value: Value; readonly da: Value; readonly db: Value }

interface Dual {
  readonly value: Value
  readonly tangent: Value
}

/**
 * All prefixes of pairs: those of every other element by recursion, the rest from them (Blelloch, 1990). The tree is
 * that of JAX's `associative_scan`, so that equal extrema share alike. Linear in the tangents, and exact where elements
 * are zero or infinite.
 */
function prefixes(x: Dual, axis: number, combine: Combine): Dual {
  const n = x.value.aval.shape[axis]!
  if (n < 2) return x
  const both = (f: (v: Value) => Value, { value, tangent }: Dual): Dual => ({ value: f(value), tangent: f(tangent) })
  const join = (a: Dual, b: Dual): Dual => {
    const { value, da, db } = combine(a.value, b.value)
    return { value, tangent: add(mul(a.tangent, da), mul(b.tangent, db)) }
  }
  const odd = prefixes(join(both((v) => sliceAxis(v, axis, 0, n - 1, 2), x), both((v) => sliceAxis(v, axis, 1, n, 2), x)), axis, combine)
  const first = both((v) => sliceAxis(v, axis, 0, 1), x)
  if (n === 2) return { value: concatenate([first.value, odd.value], axis), tangent: concatenate([first.tangent, odd.tangent], axis) }
  const rest = join(both((v) => sliceAxis(v, axis, 0, Math.ceil(n / 2) - 1), odd), both((v) => sliceAxis(v, axis, 2, n, 2), x))
  const even = { value: concatenate([first.value, rest.value], axis), tangent: concatenate([first.tangent, rest.tangent], axis) }
  return { value: interleave(even.value, odd.value, axis), tangent: interleave(even.tangent, odd.tangent, axis) }
}

/** a₀ b₀ a₁ b₁ …; `a` may have one element more. */
function interleave(a: Value, b: Value, axis: number): Value {
  const even = a.aval.shape[axis] === b.aval.shape[axis]
  const spread = (v: Value, low: number, high: number): Value =>
    pad(v, 0, { paddingConfig: v.aval.shape.map((_, i) => (i === axis ? [low, high, 1] : [0, 0, 0])) })
  return add(spread(a, 0, even ? 1 : 0), spread(b, 1, even ? 0 : 1))
}

function cumulativeTangent(x: Value, t: Value, { axis, reverse }: CumulativeParams, combine: Combine): Value {
  const turned = (v: Value): Value => (reverse ? rev(v, { dimensions: [axis] }) : v)
  return turned(prefixes({ value: turned(x), tangent: turned(t) }, axis, combine).tangent)
}

/** 1 where x is larger, 0 where y is, shared evenly where they are equal. */
const share = (x: Value, y: Value): Value => select(eq(x, y), 0.5, select(gt(x, y), constant(x, 1), 0))

/** log(eᵃ + eᵇ), and the weights of either; all zero where both are -inf. */
const logAddExp: Combine = (a, b) => {
  const m = max(a, b)
  const none = eq(m, -Infinity)
  const safe = select(none, 0, m)
  const value = add(safe, log(add(exp(sub(a, safe)), exp(sub(b, safe)))))
  const weight = (v: Value): Value => select(none, 0, exp(sub(v, select(none, 0, value))))
  return { value, da: weight(a), db: weight(b) }
}

const rule = <P extends 'cumprod' | 'cummax' | 'cummin' | 'cumlogsumexp'>(primitive: P, combine: Combine): Jvp<P> =>
  parts(primitive, (t, [x], _, params) => cumulativeTangent(x, t, params, combine))

export const cumulativeJvp: JvpRules<'cumprod' | 'cummax' | 'cummin' | 'cumlogsumexp'> = {
  cumprod: rule('cumprod', (a, b) => ({ value: mul(a, b), da: b, db: a })),
  cummax: rule('cummax', (a, b) => ({ value: max(a, b), da: share(a, b), db: share(b, a) })),
  cummin: rule('cummin', (a, b) => ({ value: min(a, b), da: share(b, a), db: share(a, b) })),
  cumlogsumexp: rule('cumlogsumexp', logAddExp),
}
