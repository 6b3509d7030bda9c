/** Values that differ in what they read outside of an array were taken for one, and computed once: 0 for -0, NaN for infinity. */
import { devicePut, jit, lax, type NDArray, np } from 'pullback'
import { expect, test } from 'vitest'

test.each([
  [-0, 0],
  [0, -0],
  [Infinity, NaN],
  [NaN, -Infinity],
])('a costly value of an array padded with %s, and of the same padded with %s', (summed, read) => {
  const costly = (x: NDArray, fill: number): NDArray => np.exp(np.divide(1, lax.pad(x, fill, [[0, 0, 0], [0, 1, 0]])))
  const f = (x: NDArray): NDArray => {
    const finite = np.isfinite(np.sum(costly(x, summed), -1, { keepdims: true }))
    return np.where(finite, costly(x, read), costly(x, read).neg())
  }
  const x = np.ones([2, 40])
  const expected = f(devicePut(x, 'cpu')).js()
  expect(f(x).js()).toEqual(expected)
  expect(jit(f)(x).js()).toEqual(expected)
})
