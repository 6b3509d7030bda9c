/** Derivatives are what differences of values say they are, in float64. */
import fc from 'fast-check'
import { grad, jvp, makeJaxpr, type NDArray, np } from 'pullback'
import { programs } from 'pullback/testing'
import { expect, test } from 'vitest'
import { like, scalarOf } from './composed.ts'
import { law, type Run } from './law.ts'
import { everywhere, spreads } from './rounding.ts'
import { hostOf, inner, isFloat, numbers } from './values.ts'

const smooth = programs({ smooth: true, dtypes: ['float64', 'float64', 'key'], elements: 5000 })
const seeds = fc.nat(0xffff)
const step = 2 ** -10
/** Where a function bends so much within a step that its differences mean nothing. */
const mostCurved = 1e-3

/** `derivative` against differences of `f` from `at` in a direction. */
function expectLimit(f: (...xs: NDArray[]) => NDArray[], at: readonly NDArray[], direction: readonly NDArray[], derivative: readonly (readonly number[])[], run: Run): void {
  const moved = (h: number): NDArray[] => at.map((x, i) => (isFloat(x) ? x.add(direction[i]!.mul(h)) : x))
  const values = (h: number): number[][] => f(...moved(h)).map(numbers)
  const central = (h: number): number[][] => {
    const [up, down] = [values(h), values(-h)]
    return up.map((ys, i) => ys.map((y, k) => (y - down[i]![k]!) / (2 * h)))
  }
  const [wide, middle, narrow] = [central(step), central(step / 2), central(step / 4)]
  const { jaxpr, consts } = makeJaxpr(f)(...at)
  // On both sides: where a value is 0 it is not rounded, and its neighbours are.
  const rounding = [step, -step].map((h) => spreads(jaxpr, [...consts, ...moved(h)].map(hostOf), everywhere))
  let decided = derivative.length === 0
  derivative.forEach((ds, i) =>
    ds.forEach((d, k) => {
      const [w, m, n] = [wide[i]![k]!, middle[i]![k]!, narrow[i]![k]!]
      // Richardson (1911): a central difference is off by a multiple of the square of its step, which two of them cancel.
      const limit = (4 * n - m) / 3
      // Of three, since two may agree by chance: where the multiple of the square and that of the fourth power happen to cancel.
      const curved = Math.max(Math.abs(w - m), Math.abs(m - n))
      const rounded = (8 * Math.max(...rounding.map((r) => r[i]![k]!))) / step
      if (!(curved + rounded < mostCurved * (1 + Math.abs(limit)))) return
      decided = true
      if (!(Math.abs(d - limit) <= curved + rounded)) expect.fail(`result ${i}, element ${k}: the derivative is ${d}, differences give ${limit} (${w}, ${m} and ${n}, rounding ${rounded})`)
    }),
  )
  if (!decided) run.discard()
}

law('jvp agrees with float64 differences', fc.tuple(smooth, seeds), ([f, seed], run) => {
  const xs = f.args(seed)
  const v = like(xs, seed + 1)
  const float = (...ys: NDArray[]): NDArray[] => f.apply(...ys).filter(isFloat)
  expectLimit(float, xs, v, jvp(float, xs, v)[1].map(numbers), run)
})

law('grad agrees with float64 differences', fc.tuple(smooth, seeds), ([f, seed], run) => {
  const xs = f.args(seed)
  const v = like(xs, seed + 1)
  const argnums = xs.flatMap((x, i) => (isFloat(x) ? [i] : []))
  const loss = scalarOf(f.apply, seed)
  const gradient = grad(loss, { argnums })(...xs)
  expectLimit((...ys) => [loss(...ys)], xs, v, [[inner(gradient, v.filter(isFloat))]], run)
})

test('differences that agree by chance do not call a derivative wrong', () => {
  // Steep: at this place the differences of the two wider steps agree to 1 in 10^5, and are both off by ten times as much.
  const f = (x: NDArray): NDArray[] => {
    const once = (y: NDArray): NDArray => np.sin(np.tanh(y).mul(10))
    return [once(once(once(x)))]
  }
  const [x, v] = [np.array(-1.80284, { dtype: 'float64' }), np.array(1, { dtype: 'float64' })]
  expectLimit(f, [x], [v], jvp(f, [x], [v])[1].map(numbers), { discard: () => undefined })
})
