/** What rounds alike on a device and in WebAssembly, because both add up in the same order: devices that start from the same numbers stay together in training. */
import { grad, lax, makeJaxpr, nn, np, random, tree, valueAndGrad, vjp } from 'pullback'
import { adam, applyUpdates, type OptimizerState } from 'pullback/optimizers'
import { Conv, Dense, Flatten, MaxPool, Relu, serial } from 'pullback/stax'
import { afterAll, describe, expect, test } from 'vitest'
import { WasmBackend } from '../../../src/backends/wasm/index.ts'
import { decodeNumbers, encodeNumbers } from '../../../src/core/bytes.ts'
import type { Jaxpr } from '../../../src/core/jaxpr.ts'
import type { ShaderOptions } from '../../../src/lowering/wgsl/index.ts'
import { someBytes } from '../../lowering/agree.ts'
import { longTestTimeout, sized } from '../../scale.ts'
import { closeDevice, type Run, runJaxpr } from './run-shaders.ts'

afterAll(closeDevice)

const wasm = new WasmBackend({ threads: 1 })
const zeros = (...shape: number[]): np.NDArray => np.zeros(shape)

/** Every output of a jaxpr of float32 has the bits that it has in WebAssembly. */
async function expectSameBits(jaxpr: Jaxpr, inputs = jaxpr.inputs.map((v, i) => someBytes(v.aval, i)), options: ShaderOptions = {}): Promise<Run> {
  const run = await runJaxpr(jaxpr, inputs, options)
  const wanted = wasm.compile(jaxpr).call(inputs.map((b) => wasm.put(b.slice()))).map((s) => s.read())
  wanted.forEach((want, i) => expect(decodeNumbers(run.outputs[i]!, 'float32'), `output ${i}`).toEqual(decodeNumbers(want, 'float32')))
  return run
}
const same = (f: (...xs: np.NDArray[]) => np.NDArray | readonly np.NDArray[], ...shapes: readonly (readonly number[])[]): Promise<Run> =>
  expectSameBits(makeJaxpr(f as (...xs: np.NDArray[]) => np.NDArray)(...shapes.map((shape) => zeros(...shape))).jaxpr)

test('exponentials, logarithms, quotients and roots', async () => {
  const n = sized(5000, 200_000)
  const xs = Array.from({ length: n }, (_, i) => 85 * Math.sin(i * i))
  const { jaxpr } = makeJaxpr((x: np.NDArray) => [np.exp(x), np.expm1(x), np.log(np.abs(x)), np.log1p(x), np.divide(1, x), np.sqrt(np.abs(x))])(zeros(n))
  await expectSameBits(jaxpr, [encodeNumbers(xs, 'float32')])
})

test('activations, and error functions', async () => {
  const n = sized(5000, 200_000)
  const xs = Array.from({ length: n }, (_, i) => (i % 2 === 0 ? 1 : 25) * Math.sin(i * i))
  const { jaxpr } = makeJaxpr((x: np.NDArray) => [np.tanh(x), nn.sigmoid(x), nn.silu(x), nn.softplus(x), nn.gelu(x), np.expm1(x), np.log1p(x), lax.erf(x), lax.erfInv(x)])(zeros(n))
  await expectSameBits(jaxpr, [encodeNumbers(xs, 'float32')])
})

test('the logarithm of a negative number is none, however small', async () => {
  const { jaxpr } = makeJaxpr((x: np.NDArray) => np.log(x))(zeros(4))
  await expectSameBits(jaxpr, [encodeNumbers([-1e-45, -1e-38, -1.5e-38, -2], 'float32')])
})

test('random numbers, and so the first parameters of networks', async () => {
  const shape = [sized(3000, 100_000)]
  await expectSameBits(makeJaxpr((key: np.NDArray) => [random.uniform(key, shape), random.normal(key, shape), random.truncatedNormal(key, -2, 2, shape)])(random.key(0)).jaxpr)
})

test('whole powers, as Adam has them', async () => {
  const steps = Array.from({ length: 4000 }, (_, i) => 1 + i)
  const { jaxpr } = makeJaxpr((base: np.NDArray, step: np.NDArray) => np.power(base, step))(zeros(3, 1), np.zeros([steps.length], { dtype: 'int32' }))
  const { outputs } = await runJaxpr(jaxpr, [encodeNumbers([0.9, 0.999, 0.95], 'float32'), encodeNumbers(steps, 'int32')])
  const got = decodeNumbers(outputs[0]!, 'float32')
  const far = [0.9, 0.999, 0.95].flatMap((base, row) => steps.filter((step, i) => {
    const want = Math.fround(base) ** step
    return want > 1e-17 && got[row * steps.length + i] !== Math.fround(want)
  }))
  expect(far).toEqual([])
})

test.each([[3, 5, 4], [2, 30, 7], [8, 8, 8], [5, 24, 8], [4, 60, 4]])('small products, %i × %i times %i, one term after the other', async (m, k, n) => {
  await same((x, y) => np.matmul(x, y), [m, k], [k, n])
  await same((x, y) => np.matmul(x.T, nn.relu(y)).add(1), [k, m], [k, n])
})

describe('products whose depth is added up in blocks', () => {
  // Even blocks and uneven ones; slices, of as many blocks and of not; all parts in one workgroup.
  const sizes = sized([[20, 33, 4500]], [[70, 40, 385], [70, 40, 1030], [64, 64, 576], [20, 33, 4500], [9, 32, 43_264], [60, 255, 800], [530, 520, 700]]) as readonly (readonly [number, number, number])[]
  test.each(sizes)('%i × %i, of %i steps', async (m, n, k) => {
    await same((x, y, b) => nn.relu(np.matmul(x, y).add(b)), [m, k], [k, n], [n])
  })
  test('in batches, and as the gradients of a convolution', async () => {
    await same((x, y) => np.matmul(x, y), [3, 12, 600], [3, 600, 20])
    const [images, size] = sized([6, 17], [30, 26])
    const convolution = (x: np.NDArray, w: np.NDArray): np.NDArray => lax.convGeneralDilated(x, w, { windowStrides: [1, 1], padding: 'VALID', dimensionNumbers: ['NHWC', 'HWIO', 'NHWC'] })
    await same((x, w, ct) => vjp((w: np.NDArray) => convolution(x, w), [w] as const)[1](ct), [images, size + 2, size + 2, 1], [3, 3, 1, 20], [images, size, size, 20])
  })
})

describe('sums', () => {
  // One block; blocks; those of chunks, which do not end where blocks do; in chunks of several workgroups; all columns by an invocation each.
  const shapes = sized([[64, 10], [7744, 64]], [[33, 10], [64, 10], [65, 10], [600, 3], [576, 64], [7744, 64], [43_264, 32], [4096, 128], [300, 20_000]]) as readonly (readonly [number, number])[]
  test.each(shapes)('of %i rows, in %i columns', async (rows, columns) => {
    await same((x) => np.sum(x, 0), [rows, columns])
  })
  test('of columns with axes before and behind, with their largest, and of products', async () => {
    await same((x) => np.sum(x, [0, 1]), [13, 9, 24])
    await same((x) => np.sum(x, 1), [3, 150, 24])
    await same((x) => [np.sum(x, 0), np.max(x, 0), np.sum(x.mul(x), 0)], [150, 24])
  })
  test.each(sized([10], [2, 3, 5, 10, 13, 31]))('of rows of %i, as softmax and its gradients have them', async (classes) => {
    const loss = (x: np.NDArray, y: np.NDArray): np.NDArray => np.mean(np.sum(nn.logSoftmax(x).mul(y), -1))
    await same((x, y) => [nn.softmax(x), grad(loss)(x, y)], [20, classes], [20, classes])
  })
  test.each(sized([64], [31, 32, 50, 64, 100, 128]))('of a row of %i, as the mean of losses is', async (n) => {
    await same((x) => [np.sum(x), np.negative(np.mean(x.mul(x)))], [n])
  })
  test('of columns are right where a sum of float32 is not: nothing is lost that other blocks take away again', async () => {
    // 2^24 and many small numbers, then -2^24.
    const [rows, columns] = [8192, 40]
    const values = Array.from({ length: rows * columns }, (_, i) => (i < columns ? 2 ** 24 : i >= (rows - 1) * columns ? -(2 ** 24) : i % columns === 7 && i < 99 * columns ? 0.5 : 2 ** -12))
    const { outputs } = await runJaxpr(makeJaxpr((x: np.NDArray) => np.sum(x, 0))(zeros(rows, columns)).jaxpr, [encodeNumbers(values, 'float32')])
    const exact = Array.from({ length: columns }, (_, c) => values.reduce((sum, x, i) => (i % columns === c ? sum + x : sum), 0))
    const got = decodeNumbers(outputs[0]!, 'float32')
    // The first block and the last are rounded to units of 2 and 1.
    exact.forEach((want, c) => expect(Math.abs(Number(got[c]) - want), `column ${c}`).toBeLessThan(32))
  })
  test('of columns keep infinities and NaN', async () => {
    const [rows, columns] = [200, 9]
    const values = Array.from({ length: rows * columns }, (_, i) => Math.sin(i))
    values[3 * columns + 1] = Infinity
    values[90 * columns + 2] = -Infinity
    values[90 * columns + 3] = NaN
    values[40 * columns + 4] = Infinity
    values[150 * columns + 4] = -Infinity
    await expectSameBits(makeJaxpr((x: np.NDArray) => np.sum(x, 0))(zeros(rows, columns)).jaxpr, [encodeNumbers(values, 'float32')])
  })
})

test('a step of Adam on a convolutional network', async () => {
  const [width, size, batch] = sized([16, 10, 20], [32, 28, 64])
  const [init, apply] = serial(Conv(width, [3, 3]), Relu, MaxPool([2, 2]), Conv(2 * width, [3, 3]), Relu, MaxPool([2, 2]), Flatten, Dense(64), Relu, Dense(10))
  const { params } = init(random.key(0), [-1, size, size, 1])
  const optimizer = adam(1e-3)
  const loss = (p: typeof params, x: np.NDArray, labels: np.NDArray): np.NDArray => np.negative(np.mean(np.sum(nn.logSoftmax(apply(p, x, { mode: 'train' })).mul(nn.oneHot(labels, 10)), -1)))
  const { jaxpr } = makeJaxpr((p: typeof params, s: OptimizerState<typeof params>, x: np.NDArray, labels: np.NDArray) => {
    const [value, grads] = valueAndGrad(loss)(p, x, labels)
    const [updates, next] = optimizer.update(grads, s, p)
    return [value, applyUpdates(p, updates), next] as const
  })(params, optimizer.init(params), zeros(batch, size, size, 1), np.zeros([batch], { dtype: 'int32' }))
  // Params as they are at first; moments of zeros; images and labels.
  const leaves = tree.leaves([params, optimizer.init(params)])
  const inputs = jaxpr.inputs.map((v, i) => (i < leaves.length ? np.asarray(leaves[i]!).concrete('test').storage('test').read().slice() : someBytes(v.aval, i)))
  // Donated as in training: results lie over operands, so shaders bind all that they take.
  await expectSameBits(jaxpr, inputs, { donated: new Set(inputs.keys()) })
}, longTestTimeout)
