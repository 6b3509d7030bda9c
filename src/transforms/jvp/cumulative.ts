/** Derivatives of cumulative primitives, by a scan over pairs of a value and its tangent. */
import type { CumulativeParams } from '../../core/primitives/index.ts'
import type { Value } from '../../core/trace.ts'
import { add, concatenate, constant, eq, exp, gt, log, max, min, mul, select, sliceAxis, sub } from '../build.ts'
import { type Jvp, type JvpRules, parts } from './rule.ts'

/** Two values become one; what either contributes to its derivative. */
type Combine = (a: Value, b: Value) => { readonly value: Value; readonly da: Value; readonly db: Value }

/**
 * After step k each element holds 2ᵏ⁺¹ neighbours, combined; so log₂ n steps give all prefixes (Hillis and Steele, 1986).
 * Every step is linear in the tangents, and exact where elements are zero or infinite.
 */
function cumulativeTangent(x: Value, t: Value, { axis, reverse }: CumulativeParams, combine: Combine): Value {
  const n = x.aval.shape[axis]!
  let value = x
  let tangent = t
  for (let offset = 1; offset < n; offset *= 2) {
    const near = (v: Value): Value => (reverse ? sliceAxis(v, axis, 0, n - offset) : sliceAxis(v, axis, offset, n))
    const far = (v: Value): Value => (reverse ? sliceAxis(v, axis, offset, n) : sliceAxis(v, axis, 0, n - offset))
    const join = (v: Value, combined: Value): Value =>
      concatenate(reverse ? [combined, sliceAxis(v, axis, n - offset, n)] : [sliceAxis(v, axis, 0, offset), combined], axis)
    const { value: next, da, db } = combine(far(value), near(value))
    tangent = join(tangent, add(mul(far(tangent), da), mul(near(tangent), db)))
    value = join(value, next)
  }
  return tangent
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
