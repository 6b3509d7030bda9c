/** Contractions on a device: tiles and their edges, parts of the depth, convolutions and their gradients, pooling. */
import { afterAll, describe, expect, test } from 'vitest'
import { sizeOf } from '../../../src/core/aval.ts'
import { encodeNumbers } from '../../../src/core/bytes.ts'
import type { Jaxpr } from '../../../src/core/jaxpr.ts'
import { grad, lax, makeJaxpr, nn, np } from '../../../src/index.ts'
import { scale, sized } from '../../scale.ts'
import { expectAgreementOnDevice } from './agree.ts'
import { closeDevice } from './run-shaders.ts'

afterAll(closeDevice)

const zeros = (...shape: number[]): np.NDArray => np.zeros(shape)
const product = (x: np.NDArray, y: np.NDArray): np.NDArray => np.matmul(x, y)

/** Whole numbers, whose products and sums are exact in any order. */
const whole = (jaxpr: Jaxpr): Uint8Array[] => jaxpr.inputs.map(({ aval }, i) => encodeNumbers(Array.from({ length: sizeOf(aval.shape) }, (_, k) => ((Math.imul(k + i, 40503) >>> 3) % 9) - 4), aval.dtype))
const agree = async (f: (...xs: never[]) => unknown, ...shapes: number[][]) => {
  const { jaxpr } = makeJaxpr(f as (...xs: np.NDArray[]) => np.NDArray | readonly np.NDArray[])(...shapes.map((shape) => zeros(...shape)))
  return expectAgreementOnDevice(jaxpr, whole(jaxpr))
}

/** Rows, columns and steps: one, a few, at edges of tiles and panels and beyond, in parts of the depth. */
const sizes = sized(
  [[1, 1, 1], [17, 15, 33], [3, 100, 50], [50, 60, 3], [0, 3, 4], [3, 4, 0], [20, 33, 1030]],
  [[1, 1, 1], [5, 5, 5], [16, 16, 16], [17, 15, 33], [32, 33, 16], [64, 64, 64], [65, 63, 17], [600, 650, 100], [3, 100, 50], [100, 2, 50], [50, 60, 3], [1, 300, 700], [300, 1, 700], [0, 3, 4], [3, 4, 0], [20, 20, 3000], [10, 70, 1024]],
) as readonly (readonly [number, number, number])[]

describe('products', () => {
  test.each(sizes)('%i x %i x %i', async (m, n, k) => {
    await agree(product, [m, k], [k, n])
  })
  test.each(sized([[18, 20, 35]], [[18, 20, 35], [70, 33, 600], [2, 40, 40]]))('%i x %i x %i, in all transposed forms', async (m, n, k) => {
    if (scale === 'full') {
      await agree((x: np.NDArray, y: np.NDArray) => product(x.T, y), [k, m], [k, n])
      await agree((x: np.NDArray, y: np.NDArray) => product(x, y.T), [m, k], [n, k])
    }
    await agree((x: np.NDArray, y: np.NDArray) => product(x.T, y.T).add(1), [k, m], [n, k])
  })
  test('many tiles, of 64', async () => {
    const { shaders } = await agree(product, [520, 40], [40, 530])
    expect(shaders.shaders[0]!.code).toContain('array<vec4<f32>, 256>')
  })
  test('in batches, of integers, with a residual and several results', async () => {
    await expectAgreementOnDevice(makeJaxpr(product)(np.zeros([3, 20, 70], { dtype: 'int32' }), np.zeros([3, 70, 9], { dtype: 'int32' })).jaxpr)
    await expectAgreementOnDevice(
      makeJaxpr((x: np.NDArray, w: np.NDArray, b: np.NDArray) => {
        const y = product(x, w).add(b)
        return [nn.relu(y).add(x), np.greater(y, 0)]
      })(zeros(50, 50), zeros(50, 50), zeros(50)).jaxpr,
    )
  })
  test('NaN and infinities go where they belong, and no further', async () => {
    const values = (n: number, at: ReadonlyMap<number, number>): Uint8Array => encodeNumbers(Array.from({ length: n }, (_, i) => at.get(i) ?? i % 5), 'float32')
    const { jaxpr } = makeJaxpr(product)(zeros(20, 40), zeros(40, 18))
    await expectAgreementOnDevice(jaxpr, [values(800, new Map([[45, NaN], [799, Infinity]])), values(720, new Map([[3, -Infinity]]))])
  })
  test.runIf(scale === 'full')('more workgroups than one dimension takes', async () => {
    await agree(product, [66_000, 5, 5], [66_000, 5, 5])
  })
})

describe('convolutions and their gradients', () => {
  type Options = Exclude<Parameters<typeof lax.convGeneralDilated>[2], readonly unknown[]>
  const conv = (options: Partial<Options>) => (x: np.NDArray, k: np.NDArray): np.NDArray =>
    lax.convGeneralDilated(x, k, { windowStrides: [1, 1], padding: 'SAME', dimensionNumbers: ['NHWC', 'HWIO', 'NHWC'], ...options })
  /** `f` and its gradients, of whole numbers: in the order of no device's sums is anything rounded. */
  const all = async (f: (x: np.NDArray, k: np.NDArray) => np.NDArray, ...shapes: number[][]) =>
    agree((a: np.NDArray, b: np.NDArray) => [f(a, b), ...grad((c: np.NDArray, d: np.NDArray) => np.sum(np.square(f(c, d))), { argnums: [0, 1] })(a, b)], ...shapes)
  test('3 x 3, strided, dilated, padded, grouped, depthwise', async () => {
    await all(conv({ windowStrides: [2, 1] }), [2, 7, 6, 5], [3, 2, 5, 6])
    await all(conv({ featureGroupCount: 8 }), [2, 6, 6, 8], [3, 3, 1, 8])
    if (scale === 'quick') return
    await all(conv({}), [2, 9, 11, 6], [3, 3, 6, 8])
    await all(conv({ windowStrides: [2, 1], padding: 'VALID' }), [2, 9, 11, 3], [3, 2, 3, 20])
    await all(conv({ lhsDilation: [1, 2], rhsDilation: [2, 1], padding: [[1, 1], [2, 0]] }), [1, 7, 6, 5], [2, 3, 5, 4])
    await all(conv({ featureGroupCount: 3 }), [2, 6, 6, 6], [3, 3, 2, 9])
  })
  test('a deep gradient of few weights is cut along its depth', async () => {
    const f = grad((k: np.NDArray, x: np.NDArray, c: np.NDArray) => np.sum(conv({ padding: 'VALID' })(x, k).mul(c)))
    const { shaders } = await agree((k: np.NDArray, x: np.NDArray, c: np.NDArray) => f(k, x, c), [5, 5, 4, 8], [8, 16, 16, 4], [8, 12, 12, 8])
    expect(shaders.shaders.some(({ code }) => code.includes('let part = '))).toBe(true)
  })
  test('pooling by maximum and mean, and their gradients', async () => {
    const pooled = (x: np.NDArray): np.NDArray =>
      lax.reduceWindow(x, -Infinity, lax.max, [1, 2, 2, 1], [1, 2, 2, 1], 'VALID').add(lax.reduceWindow(x, 0, lax.add, [1, 2, 2, 1], [1, 2, 2, 1], 'VALID').mul(0.25))
    await expectAgreementOnDevice(makeJaxpr((x: np.NDArray) => [pooled(x), grad((y: np.NDArray) => np.sum(np.square(pooled(y))))(x)])(zeros(2, 8, 6, 5)).jaxpr)
  })
})
