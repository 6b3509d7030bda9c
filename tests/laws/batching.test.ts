/** vmap is a functor on batches, and a loop: it goes past every other transformation. */
import fc from 'fast-check'
import { jit, jvp, lax, type NDArray, np, type ShapeDtype, vjp, vmap } from 'pullback'
import { anyPrograms, common, composable, composition, differentiable, like, stacked, zerosOf } from './composed.ts'
import { law } from './law.ts'
import { batchOf, mapped } from './batch.ts'
import { bodies } from './bodies.ts'
import { pathSums } from './linear.ts'
import { expectSameOrOrdered } from './orders.ts'
import { programs } from 'pullback/testing'
import { expectSame, expectWithin, finite } from './values.ts'

const seeds = fc.nat(0xffff)
type Fn = (...xs: NDArray[]) => NDArray[]

law('vmap(id) = id', fc.tuple(anyPrograms({ statements: 0 }), seeds), ([f, seed]) => {
  const { operands, axes, size } = batchOf(f, seed, undefined, false)
  const ids: Fn = (...xs) => xs
  expectSame(vmap(ids, [...axes], [...axes] as number[], { axisSize: size })(...operands), operands)
  // From one axis to another it moves the axis.
  expectSame(vmap(ids, [...axes], 0)(...operands), operands.map((x, i) => np.moveaxis(x, axes[i]!, 0)))
})

law('vmap(g∘f) = vmap g ∘ vmap f', fc.tuple(composable(common), seeds), ([pair, seed]) => {
  const { f, g } = pair
  const batch = batchOf(f, seed)
  const whole = mapped(composition(pair), batch)
  expectSameOrOrdered(whole, batch.operands, whole(...batch.operands), vmap(g.apply)(...mapped(f.apply, batch)(...batch.operands)))
})

law('vmap agrees with a loop', fc.tuple(anyPrograms(), seeds), ([f, seed]) => {
  const batch = batchOf(f, seed)
  const g = mapped(f.apply, batch)
  expectSameOrOrdered(g, batch.operands, g(...batch.operands), stacked(batch.calls.map((xs) => f.apply(...xs))))
})

law('vmap puts results where outAxes says', fc.tuple(anyPrograms(), seeds), ([f, seed]) => {
  const batch = batchOf(f, seed)
  const out = f.results.map(({ shape }, i) => (seed >> i) % (shape.length + 1))
  const g: Fn = vmap(f.apply, [...batch.axes], out, { axisSize: batch.size })
  expectSameOrOrdered(g, batch.operands, g(...batch.operands), stacked(batch.calls.map((xs) => f.apply(...xs)), out))
})

/** Batches of none. */
const noneOf = (types: readonly ShapeDtype[]): NDArray[] => types.map(({ shape, dtype }) => zerosOf({ shape: [0, ...shape], dtype }))

law('vmap over a batch of none gives none, and so do its derivative and its program', anyPrograms(), (f) => {
  const [none, wanted] = [noneOf(f.operands), noneOf(f.results)]
  const g = vmap(f.apply, 0, 0, { axisSize: 0 })
  expectSame(g(...none), wanted)
  expectSame(jit(g)(...none), wanted)
  expectSame(jvp(g, none, none)[1], wanted)
  expectSame(vjp(g, none)[1](wanted), none)
})

law('vmap commutes with jit', fc.tuple(anyPrograms(), seeds), ([f, seed]) => {
  const batch = batchOf(f, seed)
  const g = mapped(f.apply, batch)
  const wanted = g(...batch.operands)
  expectSameOrOrdered(g, batch.operands, jit(g)(...batch.operands), wanted, 'jit of vmap')
  expectSameOrOrdered(g, batch.operands, mapped(jit(f.apply), batch)(...batch.operands), wanted, 'vmap of jit')
})

law('vmap commutes with jvp', fc.tuple(programs(differentiable), seeds), ([f, seed], run) => {
  const batch = batchOf(f, seed, undefined, false)
  const { operands } = batch
  const tangents = like(operands, seed)
  const [ys, tys] = jvp(mapped(f.apply, batch), operands, tangents)
  const both = vmap((...xs: NDArray[]) => jvp(f.apply, xs.slice(0, operands.length), xs.slice(operands.length)), [...batch.axes, ...batch.axes], 0, { axisSize: batch.size })
  const [zs, tzs] = both(...operands, ...tangents)
  expectSame(zs, ys, 'value')
  if (!finite([...tys, ...tzs])) return run.discard()
  expectWithin(tzs, tys, pathSums((...t) => jvp(mapped(f.apply, batch), operands, t)[1], tangents), 'tangent')
})

law('vmap commutes with vjp', fc.tuple(programs(differentiable), seeds), ([f, seed], run) => {
  const batch = batchOf(f, seed, undefined, false)
  const { operands, axes } = batch
  const [ys, pull] = vjp(mapped(f.apply, batch), operands)
  const cts = like(ys, seed)
  const wanted = pull(cts)
  const each = vmap(
    (xs: NDArray[], ct: NDArray[]) => {
      const [out, pullOne] = vjp(f.apply, xs)
      return [out, pullOne(ct)] as const
    },
    [[...axes], 0] as [(number | null)[], number],
    [0, [...axes] as number[]] as [number, number[]],
    { axisSize: batch.size },
  )
  const [zs, got] = each([...operands], cts)
  expectSame(zs, ys, 'value')
  if (!finite([...wanted, ...got])) return run.discard()
  expectWithin(got, wanted, pathSums((...c) => pull(c), cts), 'cotangent')
})

law('vmap commutes with scan', fc.tuple(bodies(), seeds), ([body, seed]) => {
  const steps = seed % 4
  const size = 1 + (seed % 3)
  const calls = Array.from({ length: size }, (_, i) => ({ init: body.init(seed + i), xs: body.xs(seed + 31 * i, steps) }))
  const inits = stacked(calls.map((c) => c.init))
  const xs = stacked(calls.map((c) => c.xs), 1)
  const got = vmap((c: NDArray[], x: NDArray[]) => lax.scan(body.step, c, x, { length: steps }), [0, 1], [0, 1] as const)(inits, xs)
  // A loop over batches: the step is mapped.
  const loop: Fn = (...v) => lax.scan((c: NDArray[], x: NDArray[]) => vmap(body.step)(c, x), v.slice(0, inits.length), v.slice(inits.length), { length: steps }).flat()
  expectSameOrOrdered(loop, [...inits, ...xs], got.flat(), loop(...inits, ...xs))
})
