/**
 * What stands for JAX's float0: an array of integers, truth values or keys has no derivative, and where one must be given
 * (a tangent, a cotangent) it is zeros of the array's own dtype. Nobody reads it, so it may be handed on.
 */
import { DtypeError, grad, hessian, jacfwd, jacrev, jit, jvp, lax, linearize, type NDArray, np, random, valueAndGrad, vjp, vmap } from 'pullback'
import { describe, expect, test } from 'vitest'
import { on, ways } from '../oracle/load.ts'

const scaled = (x: NDArray, i: NDArray): NDArray => x.mul(i).sum()
const ints = (): NDArray => np.array(Int32Array.of(2, 3))
const floats = (): NDArray => np.array([5, 7])

describe('asked for by grad', () => {
  test.each<[string, () => unknown]>([
    ['grad', () => grad((i: NDArray) => i.mul(2).sum())(ints())],
    ['grad of truth values', () => grad((b: NDArray) => np.where(b, 1, 2).sum())(np.array([true]))],
    ['valueAndGrad', () => valueAndGrad(scaled, { argnums: [0, 1] })(floats(), ints())],
    ['jacfwd', () => jacfwd((i: NDArray) => i.mul(2.5))(ints())],
    ['jacrev', () => jacrev((i: NDArray) => i.mul(2.5))(ints())],
    ['hessian', () => hessian((i: NDArray) => i.mul(2.5).sum())(ints())],
    ['grad under jit', () => jit((i: NDArray) => grad((j: NDArray) => j.mul(2).sum())(i))(ints())],
  ])('%s: a DtypeError that says what to do', (_name, call) => {
    expect(call).toThrow(DtypeError)
    expect(call).toThrow(/floating point only\. Convert it with astype\('float32'\), or leave it out by argnums/)
  })

  test('a function with an integer result has no gradient', () => {
    expect(() => grad((x: NDArray) => x.astype('int32'))(np.array(1))).toThrow(/returned int32\[\], and a floating point scalar is needed/)
  })

  test('integers beside what is differentiated are no hindrance', () => {
    expect(grad(scaled)(floats(), ints()).js()).toEqual([2, 3])
    expect(grad((p: { w: NDArray }, key: NDArray) => p.w.mul(random.normal(key, [2]).mul(0).add(1)).sum())({ w: floats() }, random.key(0)).w.js()).toEqual([1, 1])
  })
})

for (const way of ways) {
  describe(`on ${way.name}`, () => {
    test('vjp gives zeros of its own dtype and shape for an integer argument', () => {
      on(way, () => {
        const run = (x: NDArray, i: NDArray, b: NDArray): NDArray[] => vjp((u: NDArray, j: NDArray, c: NDArray) => np.where(c, u.mul(j), 0), [x, i, b])[1](np.ones([2]))
        const [ctX, ctI, ctB] = (way.jitted ? jit(run) : run)(floats(), ints(), np.array([true, false]))
        expect([ctX!.js(), ctI!.js(), ctI!.dtype, ctB!.js(), ctB!.dtype]).toEqual([[2, 0], [0, 0], 'int32', [false, false], 'bool'])
      })
    })

    test('jvp takes it back, and any other: it is not read', () => {
      on(way, () => {
        const run = (x: NDArray, i: NDArray, t: NDArray): NDArray[] => jvp(scaled, [x, i], [np.ones([2]), t])
        for (const t of [np.zerosLike(ints()), ints(), np.array([0.5, 0.5])]) {
          const [value, tangent] = (way.jitted ? jit(run) : run)(floats(), ints(), t)
          expect([value!.item(), tangent!.item()]).toEqual([31, 5])
        }
        const [, pullback] = vjp(scaled, [floats(), ints()])
        expect(jvp(scaled, [floats(), ints()], pullback(np.array(1)))[1].item()).toBe(13)
        expect(linearize(scaled, [floats(), ints()])[1](floats(), np.zerosLike(ints())).item()).toBe(31)
      })
    })

    test('the tangent of an integer result is zeros of its dtype, and its cotangent is not read', () => {
      on(way, () => {
        const f = (x: NDArray): [NDArray, NDArray] => [x.mul(x), np.floor(x).astype('int32')]
        const forward = (x: NDArray): NDArray => jvp(f, [x], [np.ones([2])])[1][1]
        const tangent = (way.jitted ? jit(forward) : forward)(floats())
        expect([tangent.js(), tangent.dtype]).toEqual([[0, 0], 'int32'])
        const [, pullback] = vjp(f, [floats()])
        expect(pullback([np.ones([2]), ints()])[0].js()).toEqual([10, 14])
        expect(pullback([np.ones([2]), tangent])[0].js()).toEqual([10, 14])
      })
    })

    test('through scan, vmap and gather', () => {
      on(way, () => {
        const loop = (x: NDArray): NDArray => lax.scan((c: { v: NDArray; n: NDArray }, _: null) => [{ v: c.v.mul(c.n), n: c.n.add(1) }, null], { v: x, n: np.array(Int32Array.of(1)).slice(0) }, null, { length: 3 })[0].v
        expect((way.jitted ? jit(grad(loop)) : grad(loop))(np.array(1)).item()).toBe(6)
        expect(vmap(grad((x: NDArray, i: NDArray) => x.mul(i)))(floats(), ints()).js()).toEqual([2, 3])
        const picked = (x: NDArray, i: NDArray): NDArray => x.slice(i).sum()
        const [ctX, ctI] = vjp(picked, [floats(), np.array(Int32Array.of(1, 1))])[1](np.array(1))
        expect([ctX.js(), ctI.js(), ctI.dtype]).toEqual([[0, 2], [0, 0], 'int32'])
      })
    })

    test('conversion to integers and back cuts the derivative', () => {
      on(way, () => {
        const f = (x: NDArray): NDArray => x.astype('int32').astype('float32').mul(x).sum()
        expect((way.jitted ? jit(grad(f)) : grad(f))(np.array([2.5, 3])).js()).toEqual([2, 3])
        expect(grad((x: NDArray) => np.argmax(x).astype('float32').add(x.sum()))(floats()).js()).toEqual([1, 1])
      })
    })
  })
}
