/** Functions that lose digits in 32 bits unless they carry more: within 4 units in the last place, as on wasm. */
import { afterAll, describe, expect, test } from 'vitest'
import { decodeNumbers, encodeNumbers } from '../../../src/core/bytes.ts'
import { lax, makeJaxpr, np } from '../../../src/index.ts'
import { sized } from '../../scale.ts'
import { closeDevice, runJaxpr } from './run-shaders.ts'

afterAll(closeDevice)

const n = sized(3000, 200_000)
/** Numbers between 0 and 1, the same in every run. */
const spread = (i: number, salt: number): number => ((Math.imul(i + 1, 2654435769) ^ Math.imul(salt, 40503)) >>> 0) / 2 ** 32

function worst(got: ArrayLike<number>, wanted: (i: number) => number): number {
  let most = 0
  Array.from(got).forEach((x, i) => {
    const want = wanted(i)
    if (Math.abs(want) < 2 ** -125) return // it may be flushed to zero
    // Past the largest number there is the infinity of its sign.
    if (x === Math.fround(want)) return
    const unit = 2 ** (Math.floor(Math.log2(Math.abs(want))) - 23)
    most = Math.max(most, Math.abs(x - want) / unit)
  })
  return most
}

describe('x ** y', () => {
  const { jaxpr } = makeJaxpr((x: np.NDArray, y: np.NDArray) => lax.pow(x, y))(np.zeros([n]), np.zeros([n]))
  const ranges: readonly [string, (u: number) => number, (u: number) => number][] = [
    ['of numbers of all sizes', (u) => 2 ** (200 * u - 100), (u) => 20 * u - 10],
    ['of numbers near 1, to large powers', (u) => 1 + 1e-3 * (u - 0.5), (u) => 1e5 * (u - 0.5)],
    ['of the neighbours of 1, to powers that large', (u) => 1 + 1e-6 * (u - 0.5), (u) => 1e8 * (u - 0.5)],
    ['of numbers below the least normal one', (u) => 2 ** (-127 - 20 * u), (u) => 1.5 * (u - 0.5)],
    ['of negative numbers, to whole powers', (u) => -20 * u, (u) => Math.round(30 * (u - 0.5))],
  ]
  test.each(ranges)('%s', async (_, base, exponent) => {
    const xs = Float32Array.from({ length: n }, (_v, i) => base(spread(i, 1)))
    const ys = Float32Array.from({ length: n }, (_v, i) => exponent(spread(i, 2)))
    const { outputs } = await runJaxpr(jaxpr, [encodeNumbers([...xs], 'float32'), encodeNumbers([...ys], 'float32')])
    expect(worst(decodeNumbers(outputs[0]!, 'float32'), (i) => xs[i]! ** ys[i]!)).toBeLessThan(4)
  })
})

test('digamma of what is positive, across its zero', async () => {
  const xs = Float32Array.from({ length: n }, (_v, i) => (i % 3 === 0 ? 20 * spread(i, 3) : i % 3 === 1 ? 1 + spread(i, 4) : 1.4616321 + 1e-4 * (spread(i, 5) - 0.5)))
  const { jaxpr } = makeJaxpr((x: np.NDArray) => lax.digamma(x))(np.zeros([n]))
  const { outputs } = await runJaxpr(jaxpr, [encodeNumbers([...xs], 'float32')])
  const wanted = lax.digamma(np.array(Float64Array.from(xs), { device: 'cpu' })).dataSync()
  expect(worst(decodeNumbers(outputs[0]!, 'float32'), (i) => Number(wanted[i]))).toBeLessThan(4)
})
