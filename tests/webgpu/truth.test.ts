/** The published numbers of tests/truth on webgpu: derivatives, convolutions, Threefry. What is published in float64 is not asked of GPUs. */
import { readFileSync } from 'node:fs'
import { evalShape, grad, jit, lax, type NDArray, nn, np, type Out, random, valueAndGrad } from 'pullback'
import { describe, expect, test } from 'vitest'
import { bind } from '../../src/core/trace.ts'
import { fetched, onWebGpu } from './own.ts'

onWebGpu()
const read = <T>(name: string): T => JSON.parse(readFileSync(new URL(`../truth/${name}.json`, import.meta.url), 'utf8')) as T

async function expectNear(actual: NDArray, expected: readonly number[], tolerance: number): Promise<void> {
  const got = [...(await actual.data())]
  expect(got.length).toBe(expected.length)
  expected.forEach((e, i) => expect(Math.abs(got[i]! - e), `[${i}] is ${got[i]}, expected ${e}`).toBeLessThanOrEqual(tolerance))
}

describe.each([false, true])('derivatives, jit %s', (jitted) => {
  const { tanhAt2, logistic } = read<{
    tanhAt2: { first: number; second: number; third: number; tolerance: number }
    logistic: { X: number[][]; y: boolean[]; W: number[]; b: number; loss: number; gradW: number[]; gradB: number; tolerance: number }
  }>('autodiff')
  const way = <A extends readonly unknown[], R>(f: (...a: A) => R): ((...a: A) => Out<R>) => (jitted ? jit(f) : (f as (...a: A) => Out<R>))

  test('three derivatives of tanh at 2', async () => {
    const tanh = (x: NDArray): NDArray => np.tanh(x)
    const at = np.array(2)
    await expectNear(way(grad(tanh))(at), [tanhAt2.first], tanhAt2.tolerance)
    await expectNear(way(grad(grad(tanh)))(at), [tanhAt2.second], tanhAt2.tolerance)
    await expectNear(way(grad(grad(grad(tanh))))(at), [tanhAt2.third], tanhAt2.tolerance)
  })
  test('logistic regression', async () => {
    const [inputs, targets] = [np.array(logistic.X), np.array(logistic.y)]
    const loss = (W: NDArray, b: NDArray): NDArray => {
      const p = nn.sigmoid(inputs.matmul(W).add(b))
      return np.negative(np.sum(np.log(p.mul(targets).add(np.subtract(1, p).mul(np.logicalNot(targets))))))
    }
    const [value, [gradW, gradB]] = way(valueAndGrad(loss, { argnums: [0, 1] }))(np.array(logistic.W), np.array(logistic.b))
    await expectNear(value, [logistic.loss], logistic.tolerance)
    await expectNear(gradW, logistic.gradW, logistic.tolerance)
    await expectNear(gradB, [logistic.gradB], logistic.tolerance)
  })
})

describe('Threefry', () => {
  const truth = read<{
    block: { key: string[]; counter: string[]; out: string[] }[]
    bits: { seed: number; shape: number[]; out: number[] }[]
    split: { seed: number; n: number; out: number[][] }[]
    uniform: { seed: number; shape: number[]; out: number[]; tolerance: number }[]
  }>('threefry')
  test('known answers of Random123', async () => {
    const words = (hex: readonly string[]): NDArray[] => hex.map((h) => np.array(Uint32Array.of(Number.parseInt(h, 16))))
    for (const { key, counter, out } of truth.block) {
      const result = await fetched(bind('threefry2x32', [...words(key), ...words(counter)], {}))
      expect(result.map((x) => Number(x.dataSync()[0]).toString(16).padStart(8, '0'))).toEqual(out)
    }
  })
  test('bits, splits, uniform samples', async () => {
    for (const { seed, shape, out } of truth.bits) expect([...(await random.bits(random.key(seed), shape).data())]).toEqual(out)
    for (const { seed, n, out } of truth.split) expect(await random.keyData(random.split(random.key(seed), n)).jsAsync()).toEqual(out)
    for (const { seed, shape, out, tolerance } of truth.uniform) await expectNear(random.uniform(random.key(seed), shape).reshape([-1]).slice([0, out.length]), out, tolerance)
  })
})

describe('convolutions and their gradients', () => {
  interface Convolution {
    readonly name: string
    readonly strides: readonly number[]
    readonly padding: 'SAME' | 'VALID' | readonly (readonly [number, number])[]
    readonly lhsDilation?: readonly number[]
    readonly rhsDilation?: readonly number[]
    readonly out: readonly number[]
  }
  const { input, kernel, dimensionNumbers, cases } = read<{ input: number[]; kernel: number[]; dimensionNumbers: readonly [string, string, string]; cases: Convolution[] }>('convolution')
  // The published images are too large for a software adapter: of them the shapes; values with their strides, paddings and dilations on the smallest that the dilated kernel fits into.
  test.each(cases)('$name: shapes as published, values as on wasm', async ({ strides, out, name: _, ...rest }) => {
    const conv = (x: NDArray, w: NDArray): NDArray => lax.convGeneralDilated(x, w, { windowStrides: strides, dimensionNumbers, ...rest })
    expect(evalShape(conv, np.zeros(input), np.zeros(kernel))).toMatchObject({ shape: out, dtype: 'float32' })
    const f = jit((x: NDArray, w: NDArray) => [conv(x, w), ...grad((a: NDArray, b: NDArray) => np.sum(np.square(conv(a, b))), { argnums: [0, 1] })(x, w)])
    const make = (shape: readonly number[], device: 'wasm' | 'webgpu'): NDArray => np.array(Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_v, i) => Math.sin(i)), { device }).reshape([...shape])
    const [down = 1, across = 1] = rest.rhsDilation ?? []
    const [x, w] = [[1, 7 + 2 * down, 6 + 2 * across, 3], [3, 3, 3, 4]]
    const [got, want] = [await fetched(f(make(x, 'webgpu'), make(w, 'webgpu'))), f(make(x, 'wasm'), make(w, 'wasm'))]
    for (const [i, y] of want.entries()) {
      expect(got[i]!.shape).toEqual(y.shape)
      await expectNear(got[i]!, [...y.reshape([-1]).dataSync()], 1e-4 * Math.max(1, Number(np.max(np.abs(y)))))
    }
  })
})
