/** Numbers that are none, and those at the ends of their range, survive on the device. */
import { type NDArray, jit, np } from 'pullback'
import { describe, expect, test } from 'vitest'
import { onWebGpu } from './own.ts'

onWebGpu()
/** What f gives on the device, by one compiled program. */
const on = (f: (x: NDArray) => NDArray, values: readonly number[]): Promise<unknown> => jit(f)(np.array(Float32Array.from(values))).jsAsync()
const special = [NaN, Infinity, -Infinity, 0, -0, 1, -1]
const float = Math.fround

describe('NaN, infinities and zeros', () => {
  const cases: readonly [string, (x: NDArray) => NDArray, (x: number) => number][] = [
    ['come back', (x) => np.where(x.equal(x), x, x), (x) => x],
    ['of sums', (x) => x.add(1), (x) => x + 1],
    ['of an infinity less itself', (x) => x.sub(x), (x) => x - x],
    ['of products with zero', (x) => x.mul(0), (x) => (Number.isFinite(x) ? (Object.is(Math.sign(x), 1) || Object.is(x, 0) ? 0 : -0) : NaN)],
    ['of quotients by zero', (x) => np.divide(x, np.zeros([7])), (x) => x / 0],
    ['of the larger', (x) => np.maximum(x, 0.5), (x) => Math.max(x, 0.5)],
    ['of the smaller', (x) => np.minimum(x, 0.5), (x) => Math.min(x, 0.5)],
    ['of roots', (x) => np.sqrt(x), Math.sqrt],
    ['of logarithms', (x) => np.log(x), Math.log],
    ['of exponentials', (x) => np.exp(x), (x) => float(Math.exp(x))],
    ['of tanh', (x) => np.tanh(x), (x) => float(Math.tanh(x))],
    ['of signs', (x) => np.sign(x), Math.sign],
  ]
  test.each(cases)('%s', async (_, f, g) => {
    const got = (await on(f, special)) as number[]
    special.map(g).forEach((want, i) => {
      if (Number.isNaN(want) || !Number.isFinite(want) || want === 0) expect(got[i], `of ${special[i]}`).toBe(want)
      else expect(Math.abs(got[i]! - want), `of ${special[i]}`).toBeLessThanOrEqual(4 * 2 ** -23 * Math.abs(want))
    })
  })
  test('are told from numbers', async () => {
    expect(await on((x) => np.isnan(x).astype('float32'), special)).toEqual([1, 0, 0, 0, 0, 0, 0])
    expect(await on((x) => np.isinf(x).astype('float32'), special)).toEqual([0, 1, 1, 0, 0, 0, 0])
    expect(await on((x) => np.isfinite(x).astype('float32'), special)).toEqual([0, 0, 0, 1, 1, 1, 1])
    expect(await on((x) => x.notEqual(x).astype('float32'), special)).toEqual([1, 0, 0, 0, 0, 0, 0])
  })
  test('spread through sums, products and extrema of rows, short and long', async () => {
    for (const n of [5, 2000]) {
      const values = new Array<number>(n).fill(1)
      values[n - 2] = NaN
      for (const f of [np.sum, np.max, np.min, np.mean] as const) expect(await on((x) => f(x), values)).toBeNaN()
      values[n - 2] = Infinity
      expect([await on((x) => np.sum(x), values), await on((x) => np.max(x), values), await on((x) => np.argmax(x), values)]).toEqual([Infinity, Infinity, n - 2])
      expect(await on((x) => x.reshape([1, n]).matmul(x.reshape([n, 1])).reshape([]), values)).toBe(Infinity)
    }
  })
})

test('a sum keeps what rounding would lose: the mean of many tenths', async () => {
  const n = 200_000
  expect(Math.abs(((await on((x) => np.mean(x), new Array<number>(n).fill(0.1))) as number) - 0.1)).toBeLessThan(1e-6 * 0.1)
})

test('small differences are not folded away', async () => {
  expect(await on((x) => x.add(1).sub(1), [2 ** -24, 2 ** -23, 2 ** -22])).toEqual([0, 2 ** -23, 2 ** -22])
  expect(await on((x) => x.mul(3).div(3).sub(x), [1, 2, 4])).toEqual([0, 0, 0])
})
