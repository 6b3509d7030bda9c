/** Reverse mode is forward mode, transposed: it turns compositions round, and differs from forward mode in order alone. */
import fc from 'fast-check'
import { grad, jvp, type NDArray, np, vjp } from 'pullback'
import { expect } from 'vitest'
import { composable, composition, differentiable, floats, like, parallel, scalarOf } from './composed.ts'
import { law } from './law.ts'
import { pathSums } from './linear.ts'
import { programs } from 'pullback/testing'
import { expectEqual, expectSame, expectWithin, finite, inner, isFloat, numbers } from './values.ts'

const seeds = fc.nat(0xffff)
const sumOf = (xs: readonly Float64Array[], ys: readonly NDArray[]): number =>
  xs.reduce((total, x, i) => total + (isFloat(ys[i]!) ? numbers(ys[i]!).reduce((s, y, k) => s + Math.abs(y) * x[k]!, 0) : 0), 0)

law('the pullback of g∘f is the pullback of f after the pullback of g', fc.tuple(composable(), seeds), ([pair, seed], run) => {
  const { f, g } = pair
  const xs = f.args(seed)
  const [ys, pullF] = vjp(f.apply, xs)
  const [zs, pullG] = vjp(g.apply, ys)
  const [whole, pull] = vjp(composition(pair), xs)
  expectSame(whole, zs, 'value')
  const ct = like(zs, seed + 1)
  const [through, wanted] = [pullG(ct), pullF(pullG(ct))]
  if (!finite([...through, ...wanted])) return run.discard()
  expectWithin(pull(ct), wanted, pathSums((...c) => pullF(pullG(c)), ct), 'cotangent')
})

law('⟨ct, J v⟩ = ⟨Jᵀ ct, v⟩', fc.tuple(programs(differentiable), seeds), ([f, seed], run) => {
  const xs = f.args(seed)
  const v = like(xs, seed + 1)
  const [ys, jv] = jvp(f.apply, xs, v)
  const ct = like(ys, seed + 2)
  const [again, pull] = vjp(f.apply, xs)
  expectSame(again, ys, 'value')
  const pulled = pull(ct)
  if (!finite([...jv, ...pulled])) return run.discard()
  const bound = sumOf(pathSums((...t) => jvp(f.apply, xs, t)[1], v), ct)
  const [left, right] = [inner(jv, ct), inner(pulled, v)]
  expect(Math.abs(left - right), `${left} and ${right}`).toBeLessThanOrEqual(4096 * 2 ** -53 * bound)
})

law('grad is linear: grad(2 f - g) = 2 grad f - grad g', fc.tuple(parallel(), seeds), ([{ f, g }, seed], run) => {
  const xs = f.args(seed)
  const argnums = xs.flatMap((x, i) => (isFloat(x) ? [i] : []))
  const [a, b] = [scalarOf(f.apply, seed), scalarOf(g.apply, seed + 9)]
  const both = (...v: NDArray[]): NDArray => a(...v).mul(2).sub(b(...v))
  const [gradA, gradB, gradBoth] = [a, b, both].map((h) => grad(h, { argnums })(...xs))
  if (!finite([...gradA!, ...gradB!])) return run.discard()
  const [, pull] = vjp(both, xs)
  const sums = pathSums((ct) => floats(pull(ct)), [np.array(1, { dtype: 'float64' })])
  expectWithin(gradBoth!, gradA!.map((x, i) => x.mul(2).sub(gradB![i]!)), sums)
})

law('grad is the pullback of one', fc.tuple(programs(differentiable), seeds), ([f, seed]) => {
  const xs = f.args(seed)
  const argnums = xs.flatMap((x, i) => (isFloat(x) ? [i] : []))
  const h = scalarOf(f.apply, seed)
  const [, pull] = vjp(h, xs)
  expectEqual(grad(h, { argnums })(...xs), floats(pull(np.array(1, { dtype: 'float64' }))))
})
