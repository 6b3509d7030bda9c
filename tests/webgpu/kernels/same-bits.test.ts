/** What rounds alike on a device and in WebAssembly, because both add up in the same order: devices that start from the same numbers stay together in training. */
import { lax, makeJaxpr, nn, np, vjp } from 'pullback'
import { afterAll, describe, expect, test } from 'vitest'
import { WasmBackend } from '../../../src/backends/wasm/index.ts'
import { decodeNumbers, encodeNumbers } from '../../../src/core/bytes.ts'
import type { Jaxpr } from '../../../src/core/jaxpr.ts'
import { someBytes } from '../../lowering/agree.ts'
import { sized } from '../../scale.ts'
import { closeDevice, type Run, runJaxpr } from './run-shaders.ts'

afterAll(closeDevice)

const wasm = new WasmBackend({ threads: 1 })
const zeros = (...shape: number[]): np.NDArray => np.zeros(shape)

/** Every output of a jaxpr of float32 has the bits that it has in WebAssembly. */
async function expectSameBits(jaxpr: Jaxpr, inputs = jaxpr.inputs.map((v, i) => someBytes(v.aval, i))): Promise<Run> {
  const run = await runJaxpr(jaxpr, inputs)
  const wanted = wasm.compile(jaxpr).call(inputs.map((b) => wasm.put(b.slice()))).map((s) => s.read())
  wanted.forEach((want, i) => expect(decodeNumbers(run.outputs[i]!, 'float32'), `output ${i}`).toEqual(decodeNumbers(want, 'float32')))
  return run
}
const same = (f: (...xs: np.NDArray[]) => np.NDArray | readonly np.NDArray[], ...shapes: readonly (readonly number[])[]): Promise<Run> =>
  expectSameBits(makeJaxpr(f as (...xs: np.NDArray[]) => np.NDArray)(...shapes.map((shape) => zeros(...shape))).jaxpr)

test('exponentials, logarithms, quotients and roots', async () => {
  const n = sized(5000, 200_000)
  const xs = Array.from({ length: n }, (_, i) => 85 * Math.sin(i * i))
  const { jaxpr } = makeJaxpr((x: np.NDArray) => [np.exp(x), np.log(np.abs(x)), np.divide(1, x), np.sqrt(np.abs(x))])(zeros(n))
  await expectSameBits(jaxpr, [encodeNumbers(xs, 'float32')])
})

describe('products whose depth is added up in blocks', () => {
  // Even blocks and uneven ones; slices, of as many blocks and of not; all parts in one workgroup.
  const sizes = sized([[70, 40, 1030], [20, 33, 4500]], [[70, 40, 385], [70, 40, 1030], [64, 64, 576], [20, 33, 4500], [9, 32, 43_264], [60, 255, 800], [530, 520, 700]]) as readonly (readonly [number, number, number])[]
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
