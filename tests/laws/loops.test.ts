/** scan is a loop: it agrees with the loop written out, and a loop can be stopped and gone on with. */
import fc from 'fast-check'
import { jit, jvp, lax, type NDArray, np, vjp } from 'pullback'
import { bodies, type Body } from './bodies.ts'
import { differentiable, like } from './composed.ts'
import { law } from './law.ts'
import { pathSums } from './linear.ts'
import { expectSameOrOrdered } from './orders.ts'
import { expectSame, expectWithin, finite } from './values.ts'

const loops = fc.record({ seed: fc.nat(0xffff), steps: fc.nat(4), reverse: fc.boolean() })

type Loop = (init: NDArray[], xs: NDArray[]) => [carry: NDArray[], ys: NDArray[]]
/** A loop as a program: carries and xs, then carries and ys, in one list. */
const flat = (loop: Loop, carries: number) => (...v: NDArray[]): NDArray[] => loop(v.slice(0, carries), v.slice(carries)).flat()

const scanned = ({ step }: Body, length: number, reverse: boolean): Loop => (init, xs) => lax.scan(step, init, xs, { length, reverse })

/** The same loop as statements; ys of no steps have the types that scan says. */
const unrolled = (body: Body, length: number, reverse: boolean): Loop => (init, xs) => {
  if (length === 0) return [init, scanned(body, 0, reverse)(init, xs)[1]]
  let carry = init
  const rows: NDArray[][] = []
  for (let s = 0; s < length; s++) {
    const i = reverse ? length - 1 - s : s
    const [next, y] = body.step(carry, xs.map((x) => x.slice(i)))
    carry = next
    rows[i] = y
  }
  return [carry, rows[0]!.map((_, k) => np.stack(rows.map((row) => row[k]!)))]
}

law('scan agrees with its unrolled loop', fc.tuple(bodies(), loops), ([body, { seed, steps, reverse }]) => {
  const [init, xs] = [body.init(seed), body.xs(seed + 1, steps)]
  const f = flat(scanned(body, steps, reverse), init.length)
  expectSameOrOrdered(f, [...init, ...xs], f(...init, ...xs), unrolled(body, steps, reverse)(init, xs).flat())
})

law('a scan under jit is the scan', fc.tuple(bodies(), loops), ([body, { seed, steps, reverse }]) => {
  const [init, xs] = [body.init(seed), body.xs(seed + 1, steps)]
  const f = flat(scanned(body, steps, reverse), init.length)
  expectSameOrOrdered(f, [...init, ...xs], jit(f)(...init, ...xs), f(...init, ...xs))
})

law('scan over xs ++ ys is the scan over ys from the carry of xs', fc.tuple(bodies(), loops, fc.nat(3)), ([body, { seed, steps, reverse }, more]) => {
  const [init, xs, ys] = [body.init(seed), body.xs(seed + 1, steps), body.xs(seed + 2, more)]
  const whole = scanned(body, steps + more, reverse)(init, xs.map((x, i) => np.concatenate([x, ys[i]!])))
  // Backwards the later part comes first.
  const [[first, firstXs], [last, lastXs]] = reverse ? [[more, ys], [steps, xs]] as const : [[steps, xs], [more, ys]] as const
  const [middle, a] = scanned(body, first, reverse)(init, firstXs)
  const [carry, b] = scanned(body, last, reverse)(middle, lastXs)
  expectSame(whole[0], carry, 'carry')
  expectSame(whole[1], a.map((_, i) => np.concatenate(reverse ? [b[i]!, a[i]!] : [a[i]!, b[i]!])), 'ys')
})

law('the derivatives of a scan are those of its unrolled loop', fc.tuple(bodies(differentiable), loops), ([body, { seed, steps, reverse }], run) => {
  const [init, xs] = [body.init(seed), body.xs(seed + 1, steps)]
  const [f, g] = [flat(scanned(body, steps, reverse), init.length), flat(unrolled(body, steps, reverse), init.length)]
  const at = [...init, ...xs]
  const ts = like(at, seed)
  const [, wanted] = jvp(g, at, ts)
  const [ys, pullWanted] = vjp(g, at)
  const ct = like(ys, seed + 1)
  const cotangents = pullWanted(ct)
  if (!finite([...wanted, ...cotangents])) return run.discard()
  expectWithin(jvp(f, at, ts)[1], wanted, pathSums((...t) => jvp(g, at, t)[1], ts), 'tangent')
  expectWithin(vjp(f, at)[1](ct), cotangents, pathSums((...c) => pullWanted(c), ct), 'cotangent')
})
