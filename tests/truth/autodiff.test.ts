// Derivatives published in JAX's Autodiff Cookbook and in SciPy's documentation of `rosen`.
import { readFileSync } from 'node:fs'
import { defaultDevice, grad, hessian, jit, type NDArray, nn, np, type Out, valueAndGrad } from 'pullback'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

interface Truth {
  readonly tanhAt2: { readonly first: number; readonly second: number; readonly third: number; readonly tolerance: number }
  readonly logistic: { readonly X: number[][]; readonly y: boolean[]; readonly W: number[]; readonly b: number; readonly loss: number; readonly gradW: number[]; readonly gradB: number; readonly tolerance: number }
  readonly rosenbrock: {
    readonly 'valueAt0.1arange10': number
    readonly 'gradAt0.1arange9': number[]
    readonly at: number[]
    readonly value: number
    readonly grad: number[]
    readonly hessian: number[][]
    readonly tolerance: number
    readonly dtype: 'float64'
  }
}
const { tanhAt2, logistic, rosenbrock } = JSON.parse(readFileSync(new URL('autodiff.json', import.meta.url), 'utf8')) as Truth

function expectNear(actual: NDArray, expected: readonly number[], tolerance: number): void {
  const got = [...actual.dataSync()].map(Number)
  expect(got.length).toBe(expected.length)
  expected.forEach((e, i) => expect(Math.abs(got[i]! - e), `[${i}] is ${got[i]}, expected ${e}`).toBeLessThanOrEqual(tolerance))
}

/** Σ 100 (x[i+1] - x[i]²)² + (1 - x[i])². */
function rosen(x: NDArray): NDArray {
  const [head, tail] = [x.slice([0, -1]), x.slice([1, null])]
  return np.sum(np.square(tail.sub(np.square(head))).mul(100).add(np.square(np.subtract(1, head))))
}

describe.each(['cpu', 'wasm'] as const)('published derivatives on %s', (device) => {
  const before = defaultDevice()
  beforeAll(() => {
    defaultDevice(device)
  })
  afterAll(() => {
    defaultDevice(before)
  })

  describe.each([false, true])('jit %s', (jitted) => {
    const way = <A extends readonly unknown[], R>(f: (...a: A) => R): ((...a: A) => Out<R>) => (jitted ? jit(f) : (f as (...a: A) => Out<R>))
    test('three derivatives of tanh at 2', () => {
      const tanh = (x: NDArray): NDArray => np.tanh(x)
      const at = np.array(2)
      const { tolerance } = tanhAt2
      expectNear(way(grad(tanh))(at), [tanhAt2.first], tolerance)
      expectNear(way(grad(grad(tanh)))(at), [tanhAt2.second], tolerance)
      expectNear(way(grad(grad(grad(tanh))))(at), [tanhAt2.third], tolerance)
    })

    test('logistic regression', () => {
      const inputs = np.array(logistic.X)
      const targets = np.array(logistic.y)
      const loss = (W: NDArray, b: NDArray): NDArray => {
        const p = nn.sigmoid(inputs.matmul(W).add(b))
        return np.negative(np.sum(np.log(p.mul(targets).add(np.subtract(1, p).mul(np.logicalNot(targets))))))
      }
      const [value, [gradW, gradB]] = way(valueAndGrad(loss, { argnums: [0, 1] }))(np.array(logistic.W), np.array(logistic.b))
      expectNear(value, [logistic.loss], logistic.tolerance)
      expectNear(gradW, logistic.gradW, logistic.tolerance)
      expectNear(gradB, [logistic.gradB], logistic.tolerance)
    })

    test('the Rosenbrock function, in float64', () => {
      const { dtype, tolerance } = rosenbrock
      const tenths = (n: number): NDArray => np.arange(n, { dtype }).mul(0.1)
      const at = np.array(rosenbrock.at, { dtype })
      expect(way(rosen)(at).dtype).toBe(dtype)
      expectNear(way(rosen)(tenths(10)), [rosenbrock['valueAt0.1arange10']], tolerance)
      expectNear(way(grad(rosen))(tenths(9)), rosenbrock['gradAt0.1arange9'], tolerance)
      expectNear(way(rosen)(at), [rosenbrock.value], tolerance)
      expectNear(way(grad(rosen))(at), rosenbrock.grad, tolerance)
      const h = way(hessian(rosen))(at)
      expect(h.shape).toEqual([2, 2])
      expectNear(h, rosenbrock.hessian.flat(), tolerance)
    })
  })
})
