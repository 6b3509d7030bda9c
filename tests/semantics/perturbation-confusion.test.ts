/** Derivatives inside derivatives, whatever transformation stands between them: each sees its own perturbation alone. */
import { grad, hessian, jacfwd, jacrev, jit, jvp, lax, linearize, type NDArray, np, valueAndGrad, vjp, vmap } from 'pullback'
import { describe, expect, test } from 'vitest'
import { on, ways } from '../oracle/load.ts'
import { sized } from '../scale.ts'

type Scalar = (x: NDArray) => NDArray
const one = (): NDArray => np.array(1)
const reverse = (f: Scalar): Scalar => grad(f)
const forward =
  (f: Scalar): Scalar =>
  (x) =>
    jvp(f, [x], [np.onesLike(x)])[1]
const pulled =
  (f: Scalar): Scalar =>
  (x) => {
    const [y, pullback] = vjp(f, [x])
    return pullback(np.onesLike(y))[0]
  }
const linearized =
  (f: Scalar): Scalar =>
  (x) =>
    linearize(f, [x])[1](np.onesLike(x))
const derivatives: Readonly<Record<string, (f: Scalar) => Scalar>> = { grad: reverse, jvp: forward, vjp: pulled, linearize: linearized, jacfwd: (f) => jacfwd(f), jacrev: (f) => jacrev(f) }
const outermost = sized(['grad', 'jvp'], Object.keys(derivatives))

/** What stands between the outer and the inner derivative. */
const between: Readonly<Record<string, (f: Scalar) => Scalar>> = {
  nothing: (f) => f,
  jit: (f) => jit(f),
  'jit in a new closure': (f) => (x) => jit((y: NDArray) => f(y))(x),
  vmap: (f) => (x) => vmap(f)(np.stack([x, x.mul(2)])).slice(0),
  scan: (f) => (x) => lax.scan((c: NDArray, _: null) => [f(c), null], x, null, { length: 1 })[0],
}

for (const way of ways) {
  const run = (f: Scalar, x: NDArray): number => (way.jitted ? jit(f) : f)(x).item()
  describe(`on ${way.name}`, () => {
    for (const [outer, d] of Object.entries(derivatives).filter(([name]) => outermost.includes(name))) {
      for (const [inner, e] of Object.entries(derivatives)) {
        test(`${outer} of x · ${inner}(y => x + y) is 1, with anything between`, () => {
          on(way, () => {
            for (const [name, wrap] of Object.entries(between)) {
              // Siskind and Pearlmutter, 2005. The inner derivative closes over x.
              const f: Scalar = (x) => x.mul(wrap(e((y) => x.add(y)))(one()))
              expect([name, run(d(f), one())]).toEqual([name, 1])
              // d/dx (x · d/dy (x·y)) = d/dx x² = 2x; and d/dx (x · d/dy (x·y²) at y = 3) = 12x.
              const g: Scalar = (x) => x.mul(e((y) => wrap((z) => x.mul(z).mul(z))(y))(np.array(3)))
              expect([name, run(d(g), np.array(2))]).toEqual([name, 24])
            }
          })
        })
      }
    }

    test('a value of the outer derivative carried through scan, and captured in its body', () => {
      on(way, () => {
        // f(x) = Σ over i of x · d/dy (x·y·i) at y = 1: x² (1 + 2 + 3), so f' = 12x.
        const f: Scalar = (x) => {
          const body = (c: NDArray, i: NDArray): [NDArray, null] => [c.add(x.mul(grad((y: NDArray) => x.mul(y).mul(i))(one()))), null]
          return lax.scan(body, np.zeros([]), np.array([1, 2, 3]))[0]
        }
        expect(run(grad(f), np.array(2))).toBe(24)
        expect(run(forward(f), np.array(2))).toBe(24)
        expect(run(grad(grad(f)), np.array(2))).toBe(12)
      })
    })

    test('three levels deep, each closing over all outside', () => {
      on(way, () => {
        // d/dx x · d/dy (x·y · d/dz (x·y·z) at 1) at 1 = d/dx x · d/dy (x²y²) = d/dx 2x³ = 6x².
        const f: Scalar = (x) => x.mul(grad((y: NDArray) => x.mul(y).mul(grad((z: NDArray) => x.mul(y).mul(z))(one())))(one()))
        expect(run(grad(f), np.array(2))).toBe(24)
        expect(run(forward(f), np.array(2))).toBe(24)
        expect(run((x) => grad(jit(f))(x), np.array(2))).toBe(24)
      })
    })

    test('vmap over an inner derivative that closes over the outer argument', () => {
      on(way, () => {
        const f: Scalar = (x) => vmap((y: NDArray) => x.mul(grad((z: NDArray) => x.mul(z).mul(y))(y)))(np.array([1, 2, 3])).sum()
        expect(run(grad(f), np.array(2))).toBe(24)
        const rows = vmap((a: NDArray) => grad((x: NDArray) => x.mul(grad((y: NDArray) => a.mul(x).mul(y))(a)))(a))
        expect((way.jitted ? jit(rows) : rows)(np.array([1, 2, 3])).js()).toEqual([2, 8, 18])
      })
    })

    test('an inner derivative of what does not depend on its own argument is 0', () => {
      on(way, () => {
        for (const e of Object.values(derivatives)) expect(run(grad((x: NDArray) => x.mul(e(() => x)(one())).add(x)), np.array(5))).toBe(1)
        expect(run((x) => hessian((y: NDArray) => x.mul(y))(one()), one())).toBe(0)
        expect(valueAndGrad((x: NDArray) => x.mul(valueAndGrad((y: NDArray) => x.mul(y).mul(y))(np.array(2))[1]))(np.array(3)).map((v) => v.item())).toEqual([36, 24])
      })
    })
  })
}
