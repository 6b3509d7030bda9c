/** Functions of np whose result's size depends on values, outside jit; and what their fixtures cannot call. */
import { jit, np } from 'pullback'
import { expect, test } from 'vitest'

const ints = (...xs: number[]): np.NDArray => np.array(Int32Array.from(xs))
const floats = (...xs: number[]): np.NDArray => np.array(xs)

test('bincount finds its size, and takes one under jit', () => {
  expect(np.bincount(ints(1, 3, 1)).js()).toEqual([0, 2, 0, 1])
  expect(np.bincount(ints(), { minlength: 2 }).js()).toEqual([0, 0])
  expect(np.bincount(ints(1, 0), { minlength: 4, weights: floats(0.5, 2) }).js()).toEqual([2, 0.5, 0, 0])
  expect(jit((x: np.NDArray) => np.bincount(x, { length: 3 }))(ints(1, 3, 1)).js()).toEqual([0, 2, 0])
  expect(() => jit((x: np.NDArray) => np.bincount(x))(ints(1))).toThrow('traced')
})

test('delete and insert take masks and arrays of positions', () => {
  expect(np.delete(floats(1, 2, 3), np.array([true, false, true])).js()).toEqual([2])
  expect(np.delete(floats(1, 2, 3), ints(0, -1)).js()).toEqual([2])
  expect(np.insert(floats(1, 2, 3), ints(0, 2), floats(8, 9)).js()).toEqual([8, 1, 2, 9, 3])
  expect(np.insert(floats(1, 2, 3), ints(-1), 7).js()).toEqual([1, 2, 7, 3])
})

test('several positions are those of the given array, in any order', () => {
  expect(np.delete(np.arange(6).reshape([3, 2]), [0, -1], { axis: 0 }).js()).toEqual([[2, 3]])
  expect(np.insert(floats(1, 2, 3), [2, 0], floats(8, 9)).js()).toEqual([9, 1, 2, 8, 3])
  expect(np.insert(floats(1, 2, 3), [1, 1], floats(8, 9)).js()).toEqual([1, 8, 9, 2, 3])
})

test('a wrapped diagonal goes on after a row left out', () => {
  expect(np.fillDiagonal(np.zeros([5, 2]), 4, { wrap: true }).js()).toEqual([[4, 0], [0, 4], [0, 0], [4, 0], [0, 4]])
})

test('trimZeros looks at both ends, or one', () => {
  const x = floats(0, 0, 1, 0, 2, 0)
  expect(np.trimZeros(x).js()).toEqual([1, 0, 2])
  expect(np.trimZeros(x, 'f').js()).toEqual([1, 0, 2, 0])
  expect(np.trimZeros(x, { trim: 'b' }).js()).toEqual([0, 0, 1, 0, 2])
  expect(np.trimZeros(floats(0, 0)).shape).toEqual([0])
})

test('ravelMultiIndex refuses an index out of bounds, or wraps or clamps it', () => {
  expect(np.ravelMultiIndex([ints(1), ints(2)], [2, 3]).js()).toEqual([5])
  expect(() => np.ravelMultiIndex([ints(2), ints(2)], [2, 3])).toThrow('out of bounds')
})

test('unravelIndex is the inverse of ravelMultiIndex', () => {
  const flat = np.arange(24)
  expect(np.ravelMultiIndex(np.unravelIndex(flat, [2, 3, 4]), [2, 3, 4]).js()).toEqual(flat.js())
})

test('ix_ picks the block of rows and columns', () => {
  const x = np.arange(12).reshape([3, 4])
  expect(x.slice(...np.ix_(ints(2, 0), ints(1, 3))).js()).toEqual([[9, 11], [1, 3]])
  expect(x.slice(...np.ix_(np.array([true, false, true]), ints(0))).js()).toEqual([[0], [8]])
})

test('the gradient between coordinates is exact of a parabola', () => {
  const x = floats(0, 1, 3, 3.5, 5)
  const slopes = np.gradient(x.mul(x), x) as np.NDArray
  expect(np.allclose(slopes.slice([1, 4]), floats(2, 6, 7)).js()).toBe(true)
  expect(slopes.slice(0).item()).toBe(1)
})

test('a histogram counts under jit, where the edges are found from the data', () => {
  const [counts, edges] = jit((x: np.NDArray) => np.histogram(x, 2))(floats(0, 1, 4))
  expect([counts.js(), edges.js()]).toEqual([[2, 1], [0, 2, 4]])
})

test('the greatest common divisor of Fibonacci numbers takes all steps', () => {
  expect(np.gcd(ints(1836311903), ints(1134903170)).js()).toEqual([1])
})

test('a function along an axis is applied to every line, and what it gives stands there', () => {
  const x = np.arange(24).reshape([2, 3, 4])
  expect(np.applyAlongAxis((v) => v.sum(), 1, x).js()).toEqual(x.sum(1).js())
  expect(np.applyAlongAxis((v) => v.slice([0, 2]), 1, x).js()).toEqual(x.slice([], [0, 2]).js())
  expect(np.applyAlongAxis((v) => np.outer(v.slice([0, 2]), v.slice([1, 2])), 0, x).shape).toEqual([2, 1, 3, 4])
})

test('of the conditions of piecewise the last that holds decides', () => {
  const x = np.array([-2, 0, 3])
  expect(np.piecewise(x, [np.less(x, 0), np.greater(x, 1)], [-1, (v) => v.mul(2), 5]).js()).toEqual([-1, 5, 6])
  expect(np.piecewise(x, [np.less(x, 1), np.less(x, 0)], [1, 2]).js()).toEqual([2, 1, 0])
})
