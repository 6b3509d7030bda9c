/** Products of a matrix and few vectors: as accurate as sums are, with what follows in the same kernel, and of operands that have to be computed first. */
import { jit, lower, np } from 'pullback'
import { describe, expect, test } from 'vitest'

const kernelsOf = (text: string): string[] => text.split('\n').filter((line) => /^\s*\d+ /.test(line))

describe('products of a matrix and few vectors', () => {
  test.each([1, 2, 3, 4, 7])('a long sum of equal terms is the term times their number, %i vectors', (vectors) => {
    const depth = 200_000
    const tenths = np.full([depth, vectors], 0.1)
    const expected = Math.fround(0.1) ** 2 * depth
    for (const product of [np.matmul(np.full([9, depth], 0.1), tenths), np.matmul(tenths.T, np.full([depth, 65], 0.1))])
      for (const value of product.dataSync()) expect(Math.abs(Number(value) / expected - 1)).toBeLessThan(3e-7)
  })

  test('random terms leave errors of a few last places of the result', () => {
    const [rows, depth] = [64, 4096]
    const number = (i: number): number => Math.fround(Math.sin(i * 12.9898) * 43758.5453 % 1)
    const [a, x] = [Float32Array.from({ length: rows * depth }, (_, i) => number(i)), Float32Array.from({ length: depth }, (_, i) => number(i + 7e6))]
    const exact = Array.from({ length: rows }, (_, i) => x.reduce((sum, value, k) => sum + value * a[i * depth + k]!, 0))
    const across = Float32Array.from({ length: rows * depth }, (_, i) => a[(i % rows) * depth + Math.floor(i / rows)]!)
    const results = [np.matmul(np.array(a).reshape([rows, depth]), np.array(x)), np.matmul(np.array(x), np.array(across).reshape([depth, rows]))]
    for (const result of results) {
      const squares = Array.from(result.dataSync(), (value, i) => (Number(value) - exact[i]!) ** 2)
      const size = Math.sqrt(exact.reduce((sum, e) => sum + e * e, 0) / rows)
      expect(Math.sqrt(squares.reduce((p, q) => p + q, 0) / rows) / size).toBeLessThan(2.5e-7)
    }
  })

  test('infinities and NaN reach their own results only', () => {
    const x = np.ones([128, 200]).at(3, 199).set(Infinity).at(5, 0).set(NaN)
    const rows = Array.from(np.matmul(x, np.ones([200])).dataSync(), Number)
    expect([rows[2], rows[3], rows[4], rows[5], rows[6]]).toEqual([200, Infinity, 200, NaN, 200])
    const columns = Array.from(np.matmul(np.ones([3, 128]), x).dataSync(), Number)
    expect([columns[0], columns[1], columns[199], columns[200]]).toEqual([NaN, 128, Infinity, NaN])
  })

  test('a bias and an activation are part of the kernel', () => {
    const [w, b] = [np.zeros([256, 300]), np.zeros([300])]
    for (const shape of [[256], [1, 256], [4, 256]]) {
      expect(kernelsOf(lower((x: np.NDArray) => np.tanh(np.matmul(x, w).add(b)))(np.zeros(shape)).text('kernels'))).toHaveLength(1)
      expect(kernelsOf(lower((x: np.NDArray) => np.tanh(np.matmul(x, w.T.reshape([300, 256]).T).add(b)))(np.zeros(shape)).text('kernels'))).toHaveLength(1)
    }
  })

  test('matrices and vectors that are computed on the way', () => {
    const a = np.remainder(np.arange(64 * 200), 7).reshape([64, 200]).astype('float32')
    const x = np.remainder(np.arange(200), 5).astype('float32')
    const expected = Array.from({ length: 64 }, (_, i) => Array.from({ length: 200 }, (_, k) => (((i * 200 + k) % 7) + 1) * (2 * (k % 5))).reduce((p, q) => p + q, 0))
    const f = jit((m: np.NDArray, v: np.NDArray) => [np.matmul(m.add(1), v.mul(2)), np.matmul(v.mul(2), m.add(1).T), np.matmul(np.tile(v.mul(2), [2, 1]), m.T.add(1)).sum(0).div(2)])
    for (const result of f(a, x)) expect(Array.from(result.dataSync(), Number)).toEqual(expected)
  })
})
