// Where arguments may stand, and what is said of wrong ones.
import { ArgumentError, ConcretizationError, DtypeError, jit, lax, type NDArray, np, random, ShapeError } from 'pullback'
import { describe, expect, test } from 'vitest'

const x = np.array([
  [3, 1, 2],
  [6, 5, 4],
])

describe('an axis stands in its place or among the options', () => {
  test.each([
    ['sum', np.sum],
    ['prod', np.prod],
    ['mean', np.mean],
    ['max', np.max],
    ['min', np.min],
    ['var', np.var],
    ['std', np.std],
    ['ptp', np.ptp],
    ['median', np.median],
    ['nansum', np.nansum],
    ['nanmean', np.nanmean],
    ['average', np.average],
    ['argmax', np.argmax],
    ['countNonzero', np.countNonzero],
  ] as const)('%s', (_, f) => {
    const reduce = f as (x: NDArray, axis?: number | { axis?: number; keepdims?: boolean }, options?: { keepdims?: boolean }) => NDArray
    const expected = reduce(x, 1).js()
    expect([reduce(x, { axis: 1 }).js(), reduce(x, -1).js()]).toEqual([expected, expected])
    expect([reduce(x, 1, { keepdims: true }).shape, reduce(x, { axis: 1, keepdims: true }).shape, reduce(x, { keepdims: true }).shape]).toEqual([[2, 1], [2, 1], [1, 1]])
    expect(reduce(x).shape).toEqual([])
  })
  test('cumulative, sorting and structural functions too', () => {
    expect(np.cumsum(x, { axis: 0 }).js()).toEqual(np.cumsum(x, 0).js())
    expect(np.sort(x, { axis: 0 }).js()).toEqual(np.sort(x, 0).js())
    expect(np.stack([x, x], { axis: 1 }).shape).toEqual(np.stack([x, x], 1).shape)
    expect(np.flip(x, { axis: 0 }).js()).toEqual(np.flip(x, 0).js())
    expect(np.take(x, 0, { axis: 1 }).js()).toEqual(np.take(x, 0, 1).js())
    expect(lax.cumsum(x, 1, { reverse: true }).js()).toEqual(lax.cumsum(x, { axis: 1, reverse: true }).js())
    const w = np.ones([1, 1, 2, 2])
    expect(lax.convGeneralDilated(np.ones([1, 1, 3, 3]), w, [1, 1], 'SAME').shape).toEqual(lax.convGeneralDilated(np.ones([1, 1, 3, 3]), w, { windowStrides: [1, 1], padding: 'SAME' }).shape)
  })
})

describe('what JAX counts among the leading arguments stands in its place too', () => {
  const m = np.arange(9).reshape([3, 3])
  const key = random.key(0)
  test.each<[string, () => NDArray, () => NDArray]>([
    ['diagonal', () => np.diagonal(m, 1, 1, 0), () => np.diagonal(m, { offset: 1, axis1: 1, axis2: 0 })],
    ['trace', () => np.trace(m, -1), () => np.trace(m, { offset: -1 })],
    ['diagflat', () => np.diagflat(x, 1), () => np.diagflat(x, { k: 1 })],
    ['rot90', () => np.rot90(x, 3, [1, 0]), () => np.rot90(x, { k: 3, axes: [1, 0] })],
    ['eye', () => np.eye(2, 4, -1, { dtype: 'int32' }), () => np.eye(2, { m: 4, k: -1, dtype: 'int32' })],
    ['tri', () => np.tri(3, 4, 1), () => np.tri(3, 4, { k: 1 })],
    ['diff', () => np.diff(x, 1, 0), () => np.diff(x, { n: 1, axis: 0 })],
    ['lexsort', () => np.lexsort([x, x], 0), () => np.lexsort([x, x], { axis: 0 })],
    ['partition', () => np.partition(x, 1, 0), () => np.partition(x, 1, { axis: 0 })],
    ['categorical', () => random.categorical(key, x, 0), () => random.categorical(key, x, { axis: 0 })],
    ['categorical with a shape', () => random.categorical(key, x, 0, { shape: [5, 3] }), () => random.categorical(key, x, { axis: 0, shape: [5, 3] })],
    ['permutation', () => random.permutation(key, x, 1, { independent: true }), () => random.permutation(key, x, { axis: 1, independent: true })],
  ])('%s', (_, inPlace, asOption) => {
    expect([inPlace().dtype, inPlace().js()]).toEqual([asOption().dtype, asOption().js()])
  })
})

describe('refusals', () => {
  test.each([
    ['an unknown option', () => np.sum(x, { axes: 1 } as never), ArgumentError, "unknown option 'axes'; known options: axis, keepdims, where, initial, dtype"],
    ['an option given twice', () => np.sum(x, 1, { axis: 0 }), ArgumentError, 'axis twice'],
    ['an axis out of range', () => np.sum(x, 2), ShapeError, 'axis 2 is out of range for rank 2; it takes -2 to 1'],
    ['an axis twice', () => np.sum(x, [0, -2]), ShapeError, 'name one axis twice'],
    ['shapes that do not broadcast', () => np.add(x, np.ones(2)), ShapeError, 'shapes [2,3] and [2] do not broadcast: axis -1 has sizes 3 and 2'],
    ['a plain list', () => np.add(x, [1, 2, 3] as never), ArgumentError, 'make it an array with np.array first'],
    ['text', () => np.sin('1' as never), ArgumentError, 'the string "1"'],
    ['the maximum of nothing', () => np.max(np.zeros([0, 2]), 0), ShapeError, 'of no elements'],
    ['an uneven split', () => np.split(x, 2, 1), ShapeError, 'arraySplit makes unequal ones'],
    ['axes side by side', () => np.ones([2, 3, 4]).transpose(2 as never, ...([0, 1] as unknown as never[])), ArgumentError, 'takes one list of axes, and got 3 arguments; write x.transpose([2, 0, 1])'],
    ['an index that is no integer', () => np.take(x, np.ones(2)), DtypeError, 'indices of float32'],
    ['an unknown mode of take', () => np.take(x, 0, { mode: 'raise' as never }), ArgumentError, 'known modes: fill, clip, wrap'],
    ['a fraction as index', () => np.take(x, 0.5), ArgumentError, 'index 0.5 is no integer'],
    ['a pad width of another rank', () => np.pad(x, [[1, 1], [1, 1], [1, 1]]), ShapeError, 'for rank 2'],
    ['an unknown mode of pad', () => np.pad(x, 1, { mode: 'linear' as never }), ArgumentError, 'known modes: constant, edge'],
    ['a reflected pad of nothing', () => np.pad(np.zeros([0]), 1, 'reflect'), ShapeError, 'is empty'],
    ['bits of fractions', () => np.bitwiseAnd(x, 1), DtypeError, 'and'],
    ['a where of two', () => np.where(x, 1, undefined as never), ArgumentError, 'none or two'],
    ['an unsorted matrix to search', () => np.searchsorted(x, 1), ShapeError, 'a sorted vector'],
    ['rounding integers to tens', () => np.round(np.arange(3), -1), ArgumentError, 'not there for integers'],
    ['a cross product of four', () => np.cross(np.ones(4), np.ones(4)), ShapeError, '2 or 3'],
    ['a window of the wrong rank', () => lax.reduceWindow(x, 0, lax.add, [2], [1, 1], 'VALID'), ShapeError, 'windowDimensions [2]; takes 2 entries'],
    ['a window function of one’s own', () => lax.reduceWindow(x, 0, (a, b) => a.mul(b), [1, 1], [1, 1], 'VALID'), ArgumentError, 'lax.add'],
    ['padding by an unknown name', () => lax.reduceWindow(x, 0, lax.add, [1, 1], [1, 1], 'FULL' as never), ArgumentError, "unknown padding 'FULL'"],
    ['letters that do not name axes', () => lax.convGeneralDilated(np.ones([1, 1, 2, 2]), np.ones([1, 1, 1, 1]), { dimensionNumbers: ['NHWC', 'HWIO', 'NHW'] }), ArgumentError, 'three strings of 4 different letters'],
    ['spatial letters that differ', () => lax.convGeneralDilated(np.ones([1, 1, 2, 2]), np.ones([1, 1, 1, 1]), { dimensionNumbers: ['NXYC', 'HWIO', 'NHWC'] }), ArgumentError, "lack 'H' in 'NXYC'"],
    ['SAME with holes in lhs', () => lax.convGeneralDilated(np.ones([1, 1, 2, 2]), np.ones([1, 1, 1, 1]), { padding: 'SAME', lhsDilation: [2, 2] }), ArgumentError, 'use convTranspose'],
    ['features that differ', () => lax.convGeneralDilated(np.ones([1, 3, 2, 2]), np.ones([1, 2, 1, 1])), ShapeError, '3 input features, but the kernel takes 2'],
    ['too few starts', () => lax.dynamicSlice(x, [0], [1, 1]), ShapeError, 'got 1 start indices for shape [2,3]'],
    ['starts that are no integers', () => lax.dynamicSlice(x, [np.array(0.5), 0], [1, 1]), DtypeError, 'a start index of float32'],
    ['an unknown mode of gather', () => lax.gather(x, np.zeros([1, 1], { dtype: 'int32' }), { dimensionNumbers: { offsetDims: [1], collapsedSliceDims: [0], startIndexMap: [0] }, sliceSizes: [1, 3], mode: 'none' as never }), ArgumentError, 'known modes: clip, fill, drop'],
  ] as const)('of %s', (_, f, kind, words) => {
    expect(f).toThrow(kind)
    expect(f).toThrow(words)
  })
  test('sizes that depend on values, under jit, by name', () => {
    for (const f of [np.nonzero, np.unique, np.argwhere, (v: NDArray) => v.slice(np.greater(v, 1))]) {
      expect(() => jit((v: NDArray) => f(v) as NDArray)(np.ones(3))).toThrow(ConcretizationError)
    }
  })
})

describe('numbers alone', () => {
  test('are weak float32', () => {
    for (const y of [np.add(1, 2), np.multiply(2, 0.5), np.power(2, 3), np.mod(-7, 3), np.maximum(1, 2), np.sqrt(4)]) expect([y.dtype, y.aval.weakType]).toEqual(['float32', true])
    expect([np.mod(-7, 3).item(), np.floorDivide(-7, 2).item(), np.power(2, 3).item()]).toEqual([2, -4, 8])
  })
  test('truth values are bool', () => {
    expect([np.logicalAnd(true, false).js(), np.where(true, 1, 2).item(), np.add(true, true).js(), np.logicalNot(0).js()]).toEqual([false, 1, true, true])
  })
})

test('expandDims takes its axes as an option, too', () => {
  expect(np.expandDims(np.ones([2, 3]), { axis: [0, -1] }).shape).toEqual([1, 2, 3, 1])
})

test('bits of truth values are counted', () => {
  const counted = np.bitwiseCount(np.array([true, false]))
  expect([counted.js(), counted.dtype]).toEqual([[1, 0], 'uint8'])
})
