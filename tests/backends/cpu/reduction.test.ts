import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { numRuns } from '../../scale.ts'
import { apply, array, bool, count, f32, f64, i32 } from './apply.ts'

const nan = NaN
const inf = Infinity

describe('reductions', () => {
  const x = count([2, 3, 4])
  test('over any axes', () => {
    expect(apply('reduceSum', { axes: [1] }, x)).toEqual([12, 15, 18, 21, 48, 51, 54, 57])
    expect(apply('reduceSum', { axes: [0, 2] }, x)).toEqual([60, 92, 124])
    expect(apply('reduceMax', { axes: [0, 1, 2] }, x)).toEqual([23])
    expect(apply('reduceMin', { axes: [2] }, x)).toEqual([0, 4, 8, 12, 16, 20])
    expect(apply('reduceProd', { axes: [0] }, f32([1, 2, 3, 4], [2, 2]))).toEqual([3, 8])
    expect(apply('reduceSum', { axes: [] }, f32([1, 2]))).toEqual([1, 2])
  })
  test('of nothing give what changes nothing', () => {
    const none = f32([], [0, 2])
    expect(apply('reduceSum', { axes: [0] }, none)).toEqual([0, 0])
    expect(apply('reduceProd', { axes: [0] }, none)).toEqual([1, 1])
    expect(apply('reduceMax', { axes: [0] }, none)).toEqual([-inf, -inf])
    expect(apply('reduceMin', { axes: [0] }, array('int8', [], [0]))).toEqual([127])
    expect(apply('reduceAnd', { axes: [0] }, bool([]))).toEqual([1])
  })
  test('of one value give that value, -0 too; two of them add up to 0: as JAX 0.10.2', () => {
    for (const primitive of ['reduceSum', 'reduceProd', 'reduceMax'] as const) {
      expect(apply(primitive, { axes: [0] }, f32([-0]))).toEqual([-0])
      expect(apply(primitive, { axes: [] }, f32([-0, 1]))).toEqual([-0, 1])
    }
    expect(apply('reduceSum', { axes: [0] }, f32([-0, -0]))).toEqual([0])
  })
  test('a NaN anywhere is the extremum', () => {
    expect(apply('reduceMax', { axes: [0] }, f32([1, nan, 3]))).toEqual([nan])
    expect(apply('reduceMin', { axes: [0] }, f32([nan, 1]))).toEqual([nan])
  })
  test('by bits', () => {
    expect(apply('reduceAnd', { axes: [0] }, array('uint8', [7, 14]))).toEqual([6])
    expect(apply('reduceOr', { axes: [0] }, bool([0, 1, 0]))).toEqual([1])
    expect(apply('reduceXor', { axes: [0] }, i32([5, 3, 1]))).toEqual([7])
  })
  test('a float32 sum is the exact sum, rounded', () => {
    expect(apply('reduceSum', { axes: [0] }, f32([2 ** 24, 1, 1, 1, -(2 ** 24)]))).toEqual([3])
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -(2 ** 20), max: 2 ** 20 })), (xs) => {
        expect(apply('reduceSum', { axes: [0] }, f32(xs))).toEqual([Math.fround(xs.reduce((a, b) => a + b, 0))])
      }),
      { numRuns },
    )
  })
  test('integer sums and products wrap', () => {
    expect(apply('reduceSum', { axes: [0] }, i32([2 ** 31 - 1, 1]))).toEqual([-(2 ** 31)])
    expect(apply('reduceProd', { axes: [0] }, array('uint8', [16, 17]))).toEqual([16])
  })
  test('argmax and argmin find the first extremum, or the first NaN', () => {
    expect(apply('argmax', { axis: 1, indexDtype: 'int32' }, f32([1, 5, 5, -0, 0, -1], [2, 3]))).toEqual([1, 0])
    expect(apply('argmin', { axis: 0, indexDtype: 'uint8' }, f32([3, 1, 1]))).toEqual([1])
    expect(apply('argmax', { axis: 0, indexDtype: 'int32' }, f32([1, nan, 3, nan]))).toEqual([1])
    expect(apply('argmin', { axis: 0, indexDtype: 'int32' }, bool([1, 0, 0]))).toEqual([1])
  })
})

describe('cumulative primitives', () => {
  const x = f32([1, 2, 3, 4, 5, 6], [2, 3])
  test('along an axis, forwards and backwards', () => {
    expect(apply('cumsum', { axis: 1, reverse: false }, x)).toEqual([1, 3, 6, 4, 9, 15])
    expect(apply('cumsum', { axis: 0, reverse: true }, x)).toEqual([5, 7, 9, 4, 5, 6])
    expect(apply('cumprod', { axis: 1, reverse: false }, x)).toEqual([1, 2, 6, 4, 20, 120])
    expect(apply('cummax', { axis: 0, reverse: false }, f32([1, nan, 0, 3]))).toEqual([1, nan, nan, nan])
    expect(apply('cummin', { axis: 0, reverse: true }, i32([1, 3, 2]))).toEqual([1, 2, 2])
  })
  test('cumlogsumexp, values by JAX 0.10.2', () => {
    const got = apply('cumlogsumexp', { axis: 0, reverse: true }, f64([1, 2, 3]))
    const want = [3.40760596444438, 3.3132616875182226, 3]
    for (const [i, g] of got.entries()) expect(g).toBeCloseTo(want[i]!, 14)
    expect(apply('cumlogsumexp', { axis: 0, reverse: false }, f32([-inf, -inf, 0, inf, nan, 1]))).toEqual([-inf, -inf, 0, inf, nan, nan])
  })
})
