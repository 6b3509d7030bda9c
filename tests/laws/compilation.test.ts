/** Compiling changes how fast a program runs, and nothing else. */
import fc from 'fast-check'
import { jit, jvp, type NDArray, stopGradient, vjp } from 'pullback'
import { expect } from 'vitest'
import { anyPrograms, differentiable, like } from './composed.ts'
import { law } from './law.ts'
import { programs } from 'pullback/testing'
import { pathSums } from './linear.ts'
import { expectSameOrOrdered } from './orders.ts'
import { expectSame, expectWithin, finite, numbers } from './values.ts'

const seeds = fc.nat(0xffff)
type Fn = (...xs: NDArray[]) => NDArray[]
const weakness = (xs: readonly NDArray[]): boolean[] => xs.map((x) => x.aval.weakType)

law('jit agrees with eager, to the bit', fc.tuple(anyPrograms(), seeds), ([f, seed]) => {
  const xs = f.args(seed)
  const [got, wanted] = [jit(f.apply)(...xs), f.apply(...xs)]
  expectSameOrOrdered(f.apply, xs, got, wanted)
  expect(weakness(got)).toEqual(weakness(wanted))
})

law('jit is idempotent', fc.tuple(anyPrograms(), seeds), ([f, seed]) => {
  const xs = f.args(seed)
  expectSame(jit(jit(f.apply))(...xs), jit(f.apply)(...xs))
})

law('derivatives of a compiled program are those of the program', fc.tuple(programs(differentiable), seeds), ([f, seed], run) => {
  const xs = f.args(seed)
  const ts = like(xs, seed + 1)
  const [ys, wanted] = jvp(f.apply, xs, ts)
  const [, pullWanted] = vjp(f.apply, xs)
  const ct = like(ys, seed + 2)
  const cotangents = pullWanted(ct)
  const [values, tangents] = jvp(jit(f.apply), xs, ts)
  expectSameOrOrdered(f.apply, xs, values, ys, 'value')
  if (!finite([...wanted, ...cotangents])) return run.discard()
  expectWithin(tangents, wanted, pathSums((...t) => jvp(f.apply, xs, t)[1], ts), 'tangent')
  expectWithin(vjp(jit(f.apply), xs)[1](ct), cotangents, pathSums((...c) => pullWanted(c), ct), 'cotangent')
})

law('stopGradient is the identity, idempotent, and has no derivative', fc.tuple(programs(differentiable), seeds), ([f, seed]) => {
  const xs = f.args(seed)
  const ts = like(xs, seed)
  const [once, twice]: [Fn, Fn] = [(...v) => stopGradient(f.apply(...v)), (...v) => stopGradient(stopGradient(f.apply(...v)))]
  const ys = f.apply(...xs)
  const [a, ta] = jvp(once, xs, ts)
  const [b, tb] = jvp(twice, xs, ts)
  expectSame(a, ys)
  expectSame(b, ys)
  expectSame(tb, ta)
  for (const t of ta) expect(numbers(t).every((x) => x === 0)).toBe(true)
})
