/** Transformations nest in any order, on every device, in float64. */
import '../../src/wire.ts'
import { beforeEach, describe, expect, test } from 'vitest'
import { isArray, type NDArray } from '../../src/core/array.ts'
import { putArray, defaultDevice } from '../../src/core/devices.ts'
import type { DeviceName } from '../../src/core/device-name.ts'
import { aval, type Shape } from '../../src/core/aval.ts'
import { encodeNumbers } from '../../src/core/bytes.ts'
import { TracerLeakError } from '../../src/core/errors.ts'
import { sin, tanh } from '../../src/core/ops/index.ts'
import { traceDepth } from '../../src/core/trace.ts'
import { grad, hessian, jacfwd, jacrev, jit, jvp, linearize, linearTranspose, valueAndGrad, vjp, vmap } from '../../src/transforms/index.ts'
import { scan } from '../../src/lax/scan.ts'

const array = (values: readonly number[], shape: Shape = [values.length]): NDArray => putArray(encodeNumbers(values, 'float64'), aval(shape, 'float64'))
const scalar = (v: number): NDArray => array([v], [])

function close(got: NDArray, wanted: NDArray | readonly number[]): void {
  const w: readonly number[] = isArray(wanted) ? [...wanted.dataSync()] : wanted
  const g = [...got.dataSync()]
  expect(g.length).toBe(w.length)
  for (const [i, v] of w.entries()) expect(Math.abs(g[i]! - v)).toBeLessThanOrEqual(1e-9 * (1 + Math.abs(v)))
}

describe.each<DeviceName>(['cpu', 'wasm'])('on %s', (device) => {
  beforeEach(() => {
    defaultDevice(device)
  })

  const loss = (w: NDArray, x: NDArray): NDArray => tanh(w.mul(x)).sum()
  const rnn = (w: NDArray, xs: NDArray): NDArray => {
    const [h, ys] = scan((c: NDArray, x: NDArray) => [tanh(c.mul(w).add(x)), c.mul(x)], w.mul(0.5), xs)
    return h.mul(h).add(ys.sum())
  }
  const difference = (f: (x: NDArray) => NDArray, at: number): number => (f(scalar(at + 1e-5)).item() - f(scalar(at - 1e-5)).item()) / 2e-5

  test('grad and jit in either order', () => {
    const [w, x] = [array([0.1, -0.7, 2]), array([1, 2, 0.3])]
    const wanted = grad(loss)(w, x)
    close(grad(jit(loss))(w, x), wanted)
    close(jit(grad(loss))(w, x), wanted)
    close(jit(grad(jit(loss)))(w, x), wanted)
    close(wanted, [0.1, -0.7, 2].map((v, i) => [1, 2, 0.3][i]! * (1 - Math.tanh(v * [1, 2, 0.3][i]!) ** 2)))
  })

  test('vmap of the gradient of jit is each gradient', () => {
    const w = array([0.1, -0.7, 2])
    const rows = [[1, 2, 0.3], [-1, 0, 3]]
    const batch = vmap(grad(jit(loss)), [null, 0])(w, array(rows.flat(), [2, 3]))
    close(batch, rows.flatMap((r) => [...grad(loss)(w, array(r)).dataSync()]))
    close(jit(vmap(grad(loss), [null, 0]))(w, array(rows.flat(), [2, 3])), batch)
  })

  test('jit of vmap of jvp of scan', () => {
    const xs = array([0.3, -1, 2, 0.5], [4])
    const directional = (w: NDArray): NDArray => jvp((v: NDArray) => rnn(v, xs), [w], [scalar(1)])[1]
    const ws = [0.2, 0.9, -0.4]
    close(jit(vmap(directional))(array(ws)), ws.map((w) => grad((v: NDArray) => rnn(v, xs))(scalar(w)).item()))
  })

  test('the gradient of a loop, of a loop under jit, and of both in a loop', () => {
    const xs = array([0.3, -1, 2, 0.5])
    const f = (w: NDArray): NDArray => rnn(w, xs)
    const wanted = difference(f, 0.7)
    for (const g of [grad(f), grad(jit(f)), jit(grad(f)), jit(grad(jit(f)))]) expect(g(scalar(0.7)).item()).toBeCloseTo(wanted, 7)
    const second = difference(grad(f), 0.7)
    for (const g of [grad(grad(f)), jit(grad(grad(jit(f))))]) expect(g(scalar(0.7)).item()).toBeCloseTo(second, 7)
    close(jit(grad(grad(f)))(scalar(0.7)), grad(grad(f))(scalar(0.7)))
    const descent = (w: NDArray): NDArray => scan((v: NDArray, _: null) => [v.sub(grad(f)(v).mul(0.1)), null], w, null, { length: 3 })[0]
    expect(jit(grad(descent))(scalar(0.7)).item()).toBeCloseTo(difference(descent, 0.7), 6)
  })

  test('a loop inside a loop', () => {
    const xs = array([0.3, -1, 2, 0.5])
    const nested = (w: NDArray): NDArray =>
      scan((c: NDArray, x: NDArray) => [scan((d: NDArray, _: null) => [sin(d.mul(w)).add(x), null], c, null, { length: 2 })[0], c], w, xs)[0]
    const wanted = difference(nested, 0.4)
    for (const g of [grad(nested), jit(grad(nested)), grad(jit(nested))]) expect(g(scalar(0.4)).item()).toBeCloseTo(wanted, 7)
    expect(vmap(grad(nested))(array([0.4, 0.1])).dataSync()[0]).toBeCloseTo(wanted, 7)
  })

  test('third derivatives', () => {
    const f = (x: NDArray): NDArray => tanh(x).mul(x)
    const third = grad(grad(grad(f)))(scalar(0.5))
    expect(third.item()).toBeCloseTo(difference(grad(grad(f)), 0.5), 7)
    close(jit(grad(jit(grad(jit(grad(f))))))(scalar(0.5)), third)
    const forward = (g: (x: NDArray) => NDArray) => (x: NDArray): NDArray => jvp(g, [x], [scalar(1)])[1]
    close(forward(forward(forward(f)))(scalar(0.5)), third)
    close(forward(grad(forward(f)))(scalar(0.5)), third)
  })

  test('Jacobians by either mode, and Hessians', () => {
    const f = (x: NDArray): NDArray => sin(x.mul(x)).mul(x.sum())
    const x = array([0.3, -0.2, 0.9])
    close(jacfwd(f)(x), jacrev(f)(x))
    expect(jacfwd(f)(x).shape).toEqual([3, 3])
    const h = hessian((v: NDArray) => f(v).sum())(x)
    close(h, h.transpose())
    close(jit(hessian((v: NDArray) => f(v).sum()))(x), h)
    const trees = jacrev((p: { a: NDArray; b: NDArray }) => ({ y: p.a.mul(p.b.sum()), z: p.b.sum() }))({ a: array([1, 2]), b: array([3, 4, 5]) })
    expect([trees.y.a.js(), trees.y.b.js(), trees.z.a.js(), trees.z.b.js()]).toEqual([[[12, 0], [0, 12]], [[1, 1, 1], [2, 2, 2]], [0, 0], [1, 1, 1]])
  })

  test('vjp, linearize and linearTranspose are one derivative', () => {
    const f = (x: NDArray, y: NDArray): [NDArray, NDArray] => [sin(x.mul(y)), y.sum()]
    const [x, y] = [array([1, 2]), array([0.5, -1])]
    const [out, pullback] = vjp(f, [x, y])
    const [same, push] = linearize(f, [x, y])
    close(out[0], same[0])
    const [ctX, ctY] = pullback([array([1, 0.5]), scalar(2)])
    const [dOut] = push(array([1, 0]), array([0, 0]))
    close(ctX, [0.5 * Math.cos(0.5), 0.5 * -1 * Math.cos(2)])
    close(dOut, [0.5 * Math.cos(0.5), 0])
    close(ctY, [Math.cos(0.5) + 2, 0.5 * 2 * Math.cos(2) + 2])
    const transposed = linearTranspose((a: NDArray, b: NDArray) => a.mul(3).sub(b), [x, y])
    const [ta, tb] = transposed(array([1, 2]))
    expect([ta.js(), tb.js()]).toEqual([[3, 6], [-1, -2]])
  })

  test('values are known under eager derivatives', () => {
    const f = (x: NDArray): NDArray => (x.item() > 0 ? x.mul(2) : x.mul(3))
    expect([grad(f)(scalar(1)).item(), grad(f)(scalar(-1)).item(), grad(grad((x: NDArray) => f(x).mul(x)))(scalar(1)).item()]).toEqual([2, 3, 4])
  })

  test('aux is handed through, without its derivative', () => {
    const f = (x: NDArray): [NDArray, { twice: NDArray; n: number }] => [x.mul(x).sum(), { twice: x.mul(2), n: 3 }]
    const [[value, aux], g] = valueAndGrad(f, { hasAux: true })(array([1, 2]))
    expect([value.item(), aux.twice.js(), aux.n.item(), g.js()]).toEqual([5, [2, 4], 3, [2, 4]])
    const [, tangent, same] = jvp(f, [array([1, 2])], [array([1, 0])], { hasAux: true })
    expect([tangent.item(), same.twice.js()]).toEqual([2, [2, 4]])
  })

  test('a tracer kept in a variable is refused when its transformation has ended', () => {
    const kept: NDArray[] = []
    const keep = (x: NDArray): NDArray => {
      kept.push(x)
      return x.mul(x)
    }
    grad(keep)(scalar(1))
    jit(keep)(scalar(1))
    vmap(keep)(array([1, 2]))
    for (const x of kept) expect(() => x.add(1)).toThrow(TracerLeakError)
    expect(traceDepth()).toBe(0)
  })
})
