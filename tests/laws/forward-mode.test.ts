/** Forward mode is a functor: it takes compositions of functions to compositions of derivatives, each of them linear. */
import fc from 'fast-check'
import { jvp, linearize, type NDArray, np } from 'pullback'
import { composable, composition, differentiable, like } from './composed.ts'
import { law } from './law.ts'
import { pathSums } from './linear.ts'
import { programs } from 'pullback/testing'
import { expectEqual, expectSame, expectWithin, finite, isFloat } from './values.ts'

const seeds = fc.nat(0xffff)

law('jvp(g∘f) = jvp g ∘ jvp f', fc.tuple(composable(), seeds), ([pair, seed], run) => {
  const { f, g } = pair
  const xs = f.args(seed)
  const ts = like(xs, seed + 1)
  const [ys, tys] = jvp(f.apply, xs, ts)
  const [zs, tzs] = jvp(g.apply, ys, tys)
  const [whole, tWhole] = jvp(composition(pair), xs, ts)
  expectSame(whole, zs, 'value')
  // The tangent of what does not depend on x is written out between f and g, and 0 · ∞ is NaN.
  if (finite([...tys, ...tzs])) expectEqual(tWhole, tzs, 'tangent')
  else run.discard()
})

law('the jvp of the identity is the identity', fc.tuple(programs(differentiable), seeds), ([f, seed]) => {
  const xs = f.args(seed)
  const ts = like(xs, seed)
  const [ys, tys] = jvp((...v: NDArray[]) => v, xs, ts)
  expectSame(ys, xs)
  expectSame(tys.filter(isFloat), ts.filter(isFloat))
})

law('jvp gives the value of the function', fc.tuple(programs(differentiable), seeds), ([f, seed]) => {
  const xs = f.args(seed)
  expectSame(jvp(f.apply, xs, like(xs, seed))[0], f.apply(...xs))
})

law('jvp is linear in the tangents', fc.tuple(programs(differentiable), seeds), ([f, seed], run) => {
  const xs = f.args(seed)
  const [s, t] = [like(xs, seed + 1), like(xs, seed + 2)]
  const push = (...v: NDArray[]): NDArray[] => jvp(f.apply, xs, v)[1]
  const both = push(...s.map((v, i) => (isFloat(v) ? v.mul(3).sub(t[i]!) : v)))
  const [a, b] = [push(...s), push(...t)]
  if (!finite([...both, ...a, ...b])) return run.discard()
  const sums = pathSums(push, s.map((v, i) => (isFloat(v) ? np.abs(v).mul(3).add(np.abs(t[i]!)) : v)))
  expectWithin(both, a.map((v, i) => (isFloat(v) ? v.mul(3).sub(b[i]!) : v)), sums)
})

law('linearize agrees with jvp', fc.tuple(programs(differentiable), seeds), ([f, seed], run) => {
  const xs = f.args(seed)
  const ts = like(xs, seed + 1)
  const [ys, push] = linearize(f.apply, xs)
  const [wanted, tWanted] = jvp(f.apply, xs, ts)
  expectSame(ys, wanted, 'value')
  const got = push(...ts)
  if (!finite(tWanted)) return run.discard()
  expectWithin(got, tWanted, pathSums(push, ts), 'tangent')
})
