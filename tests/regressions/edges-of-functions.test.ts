/** Values and derivatives where a formula overflows, meets NaN, or has a pole. */
import { grad, jit, lax, type NDArray, np } from 'pullback'
import { expect, test } from 'vitest'

test('ldexp is right where 2^n is not a number of the dtype, and has the dtype of x', () => {
  const n = np.array([200, 200, -200, 149, 1000, -1000], { dtype: 'int32' })
  const x = np.array([0, 2 ** -100, 2 ** 100, 2 ** -149, 1, 1])
  for (const f of [np.ldexp, jit(np.ldexp)]) expect(f(x, n).js()).toEqual([0, 2 ** 100, 2 ** -100, 1, Infinity, 0])
  expect(np.ldexp(np.array([-0]), 2000).js()).toEqual([-0])
  expect(np.ldexp(np.array([2 ** -1000], { dtype: 'float64' }), 2000).js()).toEqual([2 ** 1000])
  for (const dtype of ['float16', 'bfloat16'] as const) {
    const y = np.ldexp(np.array([1.5, 2 ** -14], { dtype }), np.array([-3, 29], { dtype: 'int8' }))
    expect(y.dtype).toBe(dtype)
    expect(y.js()).toEqual([0.1875, 2 ** 15])
  }
  expect(() => np.ldexp(x, 0.5)).toThrow('ldexp: got exponents 0.5; takes integers: np.exp2 takes others')
})

test('powers of two are exact in ldexp', () => {
  const n = Array.from({ length: 277 }, (_, i) => i - 149)
  expect(np.ldexp(1, np.array(n, { dtype: 'int32' })).js()).toEqual(n.map((k) => Math.fround(2 ** k)))
})

test('logaddexp of NaN has a derivative of NaN, and of two infinities that of their sum', () => {
  const slope = (f: (x: NDArray, y: NDArray) => NDArray, x: number, y: number): number[] => grad(f, { argnums: [0, 1] })(np.array(x), np.array(y)).map((g) => g.item())
  for (const f of [np.logaddexp, np.logaddexp2]) {
    expect(slope(f, NaN, 0)).toEqual([NaN, NaN])
    expect(slope(f, 1, NaN)).toEqual([NaN, NaN])
    expect(slope(f, Infinity, Infinity)).toEqual([1, 1])
  }
})

test('the derivative of digamma is infinite at its poles, and accurate beside them', () => {
  const slope = grad((x: NDArray) => np.sum(lax.digamma(x)))
  expect(slope(np.array([0, -1, -2, -50])).js()).toEqual([Infinity, Infinity, Infinity, Infinity])
  // By mpmath, polygamma(1, x) at the float32 beside it.
  const beside = slope(np.array([-1.0078125, -20.0078125, -100.015625])).js() as number[]
  const expected = [16386.6484726, 16387.2415123, 4099.28150555]
  beside.forEach((v, i) => expect(Math.abs(v / expected[i]! - 1)).toBeLessThan(1e-5))
})

test('the derivative of nanvar and nanstd leaves NaN out', () => {
  const x = np.array([1, NaN, 2])
  for (const f of [np.nanvar, np.nanstd]) {
    expect(grad((v: NDArray) => f(v))(x).js()).toEqual([-0.5, 0, 0.5])
    expect(jit(grad((v: NDArray) => f(v)))(x).js()).toEqual([-0.5, 0, 0.5])
  }
})

test('a median of infinities is infinite', () => {
  expect(np.median(np.array([Infinity, 1, Infinity])).item()).toBe(Infinity)
  expect(np.median(np.array([[Infinity, 1], [-Infinity, Infinity], [-Infinity, 2]]), 0).js()).toEqual([-Infinity, 2])
  expect(np.nanmedian(np.array([-Infinity, NaN, -Infinity, 0])).item()).toBe(-Infinity)
  expect(np.median(np.array([3, 1, 2, 8])).item()).toBe(2.5)
})
