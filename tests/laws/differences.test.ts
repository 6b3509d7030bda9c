/** Derivatives are what differences of values say they are, in float64. */
import fc from 'fast-check'
import { jvp } from 'pullback'
import { expect } from 'vitest'
import { floats, like } from './composed.ts'
import { law } from './law.ts'
import { programs } from 'pullback/testing'
import { isFloat, numbers } from './values.ts'

const step = 2 ** -10

law('the derivative is the limit of differences', fc.tuple(programs({ dtypes: ['float64'], smooth: true }), fc.nat(0xffff)), ([f, seed], run) => {
  const xs = f.args(seed)
  const v = like(xs, seed + 1)
  const at = (h: number): number[][] => floats(f.apply(...xs.map((x, i) => (isFloat(x) ? x.add(v[i]!.mul(h)) : x)))).map(numbers)
  const central = (h: number): number[][] => {
    const [up, down] = [at(h), at(-h)]
    return up.map((ys, i) => ys.map((y, k) => (y - down[i]![k]!) / (2 * h)))
  }
  const tangents = floats(jvp(f.apply, xs, v)[1]).map(numbers)
  const [wide, narrow] = [central(step), central(step / 2)]
  const values = at(0)
  let decided = tangents.length === 0
  tangents.forEach((ts, i) => ts.forEach((t, k) => {
    const [d, e] = [wide[i]![k]!, narrow[i]![k]!]
    // Richardson: the error of each is a multiple of h², until rounding takes over.
    const limit = (4 * e - d) / 3
    const curved = Math.abs(d - e)
    const rounded = (2 ** -40 * Math.abs(values[i]![k]!)) / step
    if (!Number.isFinite(limit) || !Number.isFinite(t) || curved > 1e-3 * (1 + Math.abs(limit))) return
    decided = true
    if (Math.abs(t - limit) > curved + rounded + 1e-9 * (1+Math.abs(t))) expect.fail(`result ${i}, element ${k}: the derivative is ${t}, differences give ${limit} (${d} and ${e})`)
  }))
  if (!decided) run.discard()
})
