/** Convolutions by Winograd's algorithm on a device: the bits of WebAssembly's, and what is not finite as the direct form has it. */
import { lax, makeJaxpr, nn, np, vjp } from 'pullback'
import { afterAll, describe, expect, test } from 'vitest'
import { WasmBackend } from '../../../src/backends/wasm/index.ts'
import { decodeNumbers, encodeNumbers } from '../../../src/core/bytes.ts'
import type { Jaxpr } from '../../../src/core/jaxpr.ts'
import { lowerToProgram } from '../../../src/lowering/index.ts'
import { emitShaders } from '../../../src/lowering/wgsl/index.ts'
import { someBytes } from '../../lowering/agree.ts'
import { sized } from '../../scale.ts'
import { expectAgreementOnDevice } from './agree.ts'
import { closeDevice, runJaxpr } from './run-shaders.ts'

afterAll(closeDevice)

const wasm = new WasmBackend({ threads: 1 })
const onWasm = (jaxpr: Jaxpr, inputs: readonly Uint8Array[]): Uint8Array[] => wasm.compile(jaxpr).call(inputs.map((b) => wasm.put(b.slice()))).map((s) => s.read())
const numbers = (bytes: Uint8Array): number[] => Array.from(decodeNumbers(bytes, 'float32'))
const inputsOf = (jaxpr: Jaxpr): Uint8Array[] => jaxpr.inputs.map((v, i) => someBytes(v.aval, i))

type Sizes = readonly [images: number, height: number, width: number, channels: number, features: number]

/** A convolution with bias and relu, and its gradients: of data, taps, bias and the result's cotangent. */
function derivatives([images, height, width, channels, features]: Sizes, order: 'NHWC' | 'NCHW' = 'NHWC', groups = 1): Jaxpr {
  const f = (x: np.NDArray, w: np.NDArray, b: np.NDArray): np.NDArray =>
    nn.relu(lax.convGeneralDilated(x, w, { windowStrides: [1, 1], padding: 'SAME', dimensionNumbers: [order, 'HWIO', order], featureGroupCount: groups }).add(order === 'NHWC' ? b : b.reshape([features, 1, 1])))
  const [x, w, b] = [np.zeros(order === 'NHWC' ? [images, height, width, channels] : [images, channels, height, width]), np.zeros([3, 3, channels / groups, features]), np.zeros([features])]
  return makeJaxpr((x: np.NDArray, w: np.NDArray, b: np.NDArray, ct: np.NDArray) => {
    const [y, pullback] = vjp(f, [x, w, b] as const)
    return [y, ...pullback(ct)] as const
  })(x, w, b, f(x, w, b)).jaxpr
}

// One image in a block and several, one slice and several, of unequal blocks; rows of tiles over the edge.
const cases = sized([[3, 9, 10, 16, 20]], [[3, 9, 10, 16, 20], [1, 8, 8, 16, 16], [40, 13, 13, 32, 64], [5, 32, 32, 16, 20], [7, 17, 40, 20, 16]]) as readonly Sizes[]

describe('a convolution and its gradients', () => {
  test.each(cases)('of %i images of %i × %i, %i to %i channels, have the bits of WebAssembly', async (...sizes) => {
    const jaxpr = derivatives(sizes)
    const inputs = inputsOf(jaxpr)
    const { outputs, shaders } = await runJaxpr(jaxpr, inputs)
    const [y, dx, dw] = onWasm(jaxpr, inputs)
    for (const [i, want] of [y, dx, dw].entries()) expect(numbers(outputs[i]!), `output ${i}`).toEqual(numbers(want!))
    expect(shaders.shaders.some(({ code }) => code.includes('let which_row'))).toBe(true)
  })

  const chunked = sized([[7, 9, 10, 16, 20, 200_000]], [[7, 9, 10, 16, 20, 100_000], [7, 9, 10, 16, 20, 200_000], [9, 6, 6, 24, 16, 100_000]]) as readonly (readonly [...Sizes, number])[]
  test.each(chunked)('of %i images of %i × %i, %i to %i channels, that go through matrices of %i bytes in chunks, have the same bits', async (images, height, width, channels, features, winogradBytes) => {
    const jaxpr = derivatives([images, height, width, channels, features])
    const inputs = inputsOf(jaxpr)
    const { outputs, count } = await runJaxpr(jaxpr, inputs, { winogradBytes })
    for (const [i, want] of onWasm(jaxpr, inputs).slice(0, 3).entries()) expect(numbers(outputs[i]!), `output ${i}`).toEqual(numbers(want))
    expect(count.dispatches).toBeGreaterThan(emitShaders(lowerToProgram(jaxpr).program).commands.length + 2)
  })
  test('of more images than chunks are worth are computed as they are written', () => {
    const usesIt = (winogradBytes: number): boolean => emitShaders(lowerToProgram(derivatives([30, 9, 10, 16, 20])).program, { winogradBytes }).shaders.some(({ code }) => code.includes('let which_row'))
    expect([10_000, 90_000, 200_000].map(usesIt)).toEqual([false, false, true])
  })

  test.each([['in two groups', 6, 16, 2], ['of four tiles', 4, 8, 1]])('%s have the bits of WebAssembly', async (_, width, channels, groups) => {
    const jaxpr = derivatives([1, 4, width, channels, 16], 'NHWC', groups)
    const inputs = inputsOf(jaxpr)
    const { outputs, shaders } = await runJaxpr(jaxpr, inputs)
    for (const [i, want] of onWasm(jaxpr, inputs).slice(0, 3).entries()) expect(numbers(outputs[i]!), `output ${i}`).toEqual(numbers(want))
    expect(shaders.shaders.some(({ code }) => code.includes('let which_row'))).toBe(true)
  })

  test('with channels first as well', async () => {
    const jaxpr = derivatives([2, 9, 12, 16, 16], 'NCHW')
    const inputs = inputsOf(jaxpr)
    const { outputs, shaders } = await runJaxpr(jaxpr, inputs)
    for (const [i, want] of onWasm(jaxpr, inputs).slice(0, 3).entries()) expect(numbers(outputs[i]!), `output ${i}`).toEqual(numbers(want))
    expect(shaders.shaders.some(({ code }) => code.includes('let which_row'))).toBe(true)
  })

  test.each([NaN, Infinity])('with %d at a few places are the direct form there', async (value) => {
    const jaxpr = derivatives([2, 9, 10, 16, 16])
    for (const place of sized([0], [0, 1, 3])) {
      const inputs = inputsOf(jaxpr)
      const xs = numbers(inputs[place]!)
      for (const at of place === 1 ? [17] : [0, 16 * 47 + 3, xs.length - 1]) xs[at] = value
      inputs[place] = encodeNumbers(xs, 'float32')
      await expectAgreementOnDevice(jaxpr, inputs)
    }
  })
})
