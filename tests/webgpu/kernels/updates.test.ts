/** Sorts, gathers and scatters on a device. */
import { afterAll, describe, expect, test } from 'vitest'
import { encodeNumbers } from '../../../src/core/bytes.ts'
import type { DType } from '../../../src/core/dtype.ts'
import { lax, makeJaxpr, np } from '../../../src/index.ts'
import { scale, sized } from '../../scale.ts'
import { expectAgreementOnDevice } from './agree.ts'
import { closeDevice, runJaxpr } from './run-shaders.ts'

afterAll(closeDevice)

const zeros = (...shape: number[]): np.NDArray => np.zeros(shape)
const indices = (...shape: number[]): np.NDArray => np.zeros(shape, { dtype: 'int32' })
/** Numbers below `below` that look random, many of them twice. */
const some = (n: number, below: number, dtype: DType = 'int32', seed = 1): Uint8Array =>
  encodeNumbers(Array.from({ length: n }, (_, i) => Math.floor((((Math.imul(i + 1, 2654435761) ^ Math.imul(seed, 40503)) >>> 0) / 2 ** 32) * below)), dtype)

describe('sorts', () => {
  test.each(sized([0, 1, 64, 1025], [0, 1, 2, 3, 64, 1000, 1024, 1025, 5000, 70_000]))('rows of %i, along either axis', async (n) => {
    if (n < 1000 || scale === 'full') await expectAgreementOnDevice(makeJaxpr((x: np.NDArray) => [np.sort(x, 1), np.argsort(x, 1)])(zeros(2, n)).jaxpr)
    await expectAgreementOnDevice(makeJaxpr((x: np.NDArray) => np.argsort(x, 0))(zeros(n, 2)).jaxpr, [some(2 * n, 7, 'float32')])
  })
  test('are stable, with several keys and operands', async () => {
    for (const n of sized([50], [50, 3000])) {
      const { jaxpr } = makeJaxpr((a: np.NDArray, b: np.NDArray, c: np.NDArray) => lax.sort([a, b, c], { dimension: 1, numKeys: 2 }))(indices(2, n), zeros(2, n), indices(2, n))
      await expectAgreementOnDevice(jaxpr, [some(2 * n, 5), some(2 * n, 4, 'float32', 2), some(2 * n, 1e6)])
    }
  })
  test('NaN last, -0 and +0 equal; the greatest k', async () => {
    const values = encodeNumbers([3, NaN, -0, 0, -Infinity, Infinity, -1, 0, -0, NaN, 1e-40, -3], 'float32')
    await expectAgreementOnDevice(makeJaxpr((x: np.NDArray) => [np.sort(x), np.argsort(x), ...lax.topK(x, 5)])(zeros(12)).jaxpr, [values])
  })
  test('of small integers, truth values and half floats', async () => {
    for (const dtype of sized(['int8', 'bool', 'bfloat16'] as const, ['int8', 'uint8', 'uint32', 'bool', 'float16', 'bfloat16'] as const)) {
      await expectAgreementOnDevice(makeJaxpr((x: np.NDArray) => [np.sort(x), np.argsort(x)])(np.zeros([100], { dtype })).jaxpr)
    }
  })
  test('many short rows', async () => {
    await expectAgreementOnDevice(makeJaxpr((x: np.NDArray) => np.sort(x, 1))(zeros(3000, 5)).jaxpr)
  })
})

describe('scatters', () => {
  const add = (x: np.NDArray, i: np.NDArray, v: np.NDArray): np.NDArray => x.at(i).add(v)
  test.each(sized([1, 33, 100], [1, 31, 32, 33, 64, 65, 1000, 3000]))('%i updates of a few places', async (n) => {
    for (const below of sized([3], [1, 3, 50])) {
      const { jaxpr } = makeJaxpr(add)(zeros(50), indices(n), zeros(n))
      await expectAgreementOnDevice(jaxpr, [some(50, 9, 'float32'), some(n, below), some(n, 5, 'float32', 3)])
      const rows = makeJaxpr(add)(zeros(50, 6), indices(n), zeros(n, 6)).jaxpr
      await expectAgreementOnDevice(rows, [some(300, 9, 'float32'), some(n, below), some(6 * n, 5, 'float32', 3)])
    }
  })
  test('the last of several sets wins; products, minima and maxima', async () => {
    for (const n of sized([100], [40, 500])) {
      for (const f of [
        (x: np.NDArray, i: np.NDArray, v: np.NDArray): np.NDArray => x.at(i).set(v),
        (x: np.NDArray, i: np.NDArray, v: np.NDArray): np.NDArray => x.at(i).mul(v),
        (x: np.NDArray, i: np.NDArray, v: np.NDArray): np.NDArray => x.at(i).min(v),
        (x: np.NDArray, i: np.NDArray, v: np.NDArray): np.NDArray => x.at(i).max(v),
      ]) {
        await expectAgreementOnDevice(makeJaxpr(f)(zeros(500), indices(n), zeros(n)).jaxpr, [some(500, 9, 'float32'), some(n, 400), some(n, 3, 'float32', 3)])
      }
    }
  })
  test('of integers of every width', async () => {
    for (const dtype of ['int32', 'uint32', 'int8', 'uint8'] as const) {
      const { jaxpr } = makeJaxpr((x: np.NDArray, i: np.NDArray, v: np.NDArray) => [x.at(i).add(v), x.at(i).max(v)])(np.zeros([20], { dtype }), indices(300), np.zeros([300], { dtype }))
      await expectAgreementOnDevice(jaxpr, [some(20, 2, dtype), some(300, 20), some(300, 100, dtype)])
    }
  })
  test('places out of bounds are dropped, negative ones count from the end; NaN arrives', async () => {
    const { jaxpr } = makeJaxpr(add)(zeros(4), indices(6), zeros(6))
    await expectAgreementOnDevice(jaxpr, [new Uint8Array(16), encodeNumbers([-1, 4, 9, 0, 0, -9], 'int32'), encodeNumbers([1, 2, 3, NaN, 5, 6], 'float32')])
  })
  test('sums of floats are the same bits in every run', async () => {
    const n = sized(300, 5000)
    const { jaxpr } = makeJaxpr(add)(zeros(10), indices(n), zeros(n))
    const inputs = [new Uint8Array(40), some(n, 10), encodeNumbers(Array.from({ length: n }, (_, i) => Math.sin(i) * 10 ** (i % 7)), 'float32')]
    const first = (await runJaxpr(jaxpr, inputs)).outputs
    for (let i = 0; i < 3; i++) expect((await runJaxpr(jaxpr, inputs)).outputs).toEqual(first)
  })
  test('rows at one place are stored with no sort', async () => {
    const { jaxpr } = makeJaxpr((x: np.NDArray, v: np.NDArray, i: np.NDArray) => lax.dynamicUpdateSlice(x, v, [i, 0]))(zeros(9, 5), zeros(3, 5), indices())
    const { count, shaders } = await expectAgreementOnDevice(jaxpr)
    expect(count).toEqual({ dispatches: 2, copies: 1 })
    expect(shaders.shaders.some(({ code }) => code.includes('w_key'))).toBe(false)
  })
  test('windows that overlap', async () => {
    const windows = (x: np.NDArray, i: np.NDArray, v: np.NDArray): np.NDArray =>
      lax.scatterAdd(x, i, v, { dimensionNumbers: { updateWindowDims: [1], insertedWindowDims: [], scatterDimsToOperandDims: [0] } })
    await expectAgreementOnDevice(makeJaxpr(windows)(zeros(20), indices(100, 1), zeros(100, 4)).jaxpr, [new Uint8Array(80), some(100, 17), some(400, 9, 'float32')])
  })
  test('an embedding, its gradient, and rows taken along an axis', async () => {
    const { jaxpr } = makeJaxpr((x: np.NDArray, i: np.NDArray) => [np.take(x, i, 0), np.takeAlongAxis(x, np.expandDims(i, 1).mul(0), 1)])(zeros(30, 7), indices(30))
    await expectAgreementOnDevice(jaxpr, [some(210, 99, 'float32'), some(30, 30)])
  })
})
