/** linearTranspose turns linear maps round. The maps are derivatives of programs. */
import fc from 'fast-check'
import { linearTranspose, type NDArray } from 'pullback'
import { composable, derivativeOf, differentiable, floats, like } from './composed.ts'
import { law } from './law.ts'
import { pathSums } from './linear.ts'
import { programs } from 'pullback/testing'
import { expectWithin, finite } from './values.ts'

const seeds = fc.nat(0xffff)
type Linear = (...xs: NDArray[]) => NDArray[]
const transposed = (f: Linear, like: readonly NDArray[]): Linear => {
  const t = linearTranspose(f, [...like])
  return (...cts) => t(cts)
}

law('linearTranspose is an involution', fc.tuple(programs(differentiable), seeds), ([f, seed], run) => {
  const xs = f.args(seed)
  const push = derivativeOf(f.apply, xs)
  const ts = floats(like(xs, seed + 1))
  const wanted = push(...ts)
  if (!finite(wanted)) return run.discard()
  const twice = transposed(transposed(push, ts), wanted)
  expectWithin(twice(...ts), wanted, pathSums(push, ts))
})

law('linearTranspose reverses composition', fc.tuple(composable(), seeds), ([{ f, g }, seed], run) => {
  const xs = f.args(seed)
  const ys = f.apply(...xs)
  const [df, dg] = [derivativeOf(f.apply, xs), derivativeOf(g.apply, ys)]
  const ts = floats(xs)
  const tys = floats(ys)
  const ct = like(floats(g.apply(...ys)), seed + 2)
  const [back, backF, backG] = [transposed((...t) => dg(...df(...t)), ts), transposed(df, ts), transposed(dg, tys)]
  const wanted = backF(...backG(...ct))
  if (!finite([...backG(...ct), ...wanted])) return run.discard()
  expectWithin(back(...ct), wanted, pathSums((...c) => backF(...backG(...c)), ct))
})
