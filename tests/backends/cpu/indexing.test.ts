/** Where values are said to be JAX's, they were computed by JAX 0.10.2. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { GatherDimensionNumbers, IndexMode, ScatterDimensionNumbers } from '../../../src/core/primitives/index.ts'
import { numRuns } from '../../scale.ts'
import { apply, applyAll, array, count, f32, i32 } from './apply.ts'

const nan = NaN

describe('dynamic slices are moved into bounds', () => {
  const x = count([3, 4])
  test.each([
    [1, 2, [6, 7, 10, 11]],
    [5, -3, [4, 5, 8, 9]],
  ])('at %i, %i', (i, j, want) => {
    expect(apply('dynamicSlice', { sliceSizes: [2, 2] }, x, i32([i], []), i32([j], []))).toEqual(want)
  })
  test('and so are updates', () => {
    expect(apply('dynamicUpdateSlice', {}, x, f32([-1, -2], [1, 2]), i32([9], []), i32([9], []))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, -1, -2])
  })
})

const rows: GatherDimensionNumbers = { offsetDims: [1], collapsedSliceDims: [0], startIndexMap: [0, 1], operandBatchingDims: [], startIndicesBatchingDims: [] }
const indices = i32([0, 1, 2, 3, -1, 0, 1, 2, 5, 1], [5, 2])

describe('gather', () => {
  const take = (mode: IndexMode): readonly number[] =>
    apply('gather', { dimensionNumbers: rows, sliceSizes: [1, 2], mode, fillValue: null }, count([3, 4]), indices)
  test("clips or fills, as JAX's", () => {
    expect(take('clip')).toEqual([1, 2, 10, 11, 0, 1, 6, 7, 9, 10])
    expect(take('fillOrDrop')).toEqual([1, 2, nan, nan, nan, nan, 6, 7, nan, nan])
  })
  test("with batching axes, as JAX's", () => {
    const d = { offsetDims: [2], collapsedSliceDims: [1], startIndexMap: [1], operandBatchingDims: [0], startIndicesBatchingDims: [1] }
    const got = apply('gather', { dimensionNumbers: d, sliceSizes: [1, 1, 2], mode: 'clip', fillValue: null }, count([2, 3, 4]), i32([0, 1, 2, 2, 1, 0], [3, 2, 1]))
    expect(got).toEqual([0, 1, 16, 17, 8, 9, 20, 21, 4, 5, 12, 13])
  })
  test('fills with a value that is asked for, or with the extreme of its dtype', () => {
    const d = { offsetDims: [], collapsedSliceDims: [0], startIndexMap: [0], operandBatchingDims: [], startIndicesBatchingDims: [] }
    const outside = (dtype: 'int8' | 'uint8' | 'bool' | 'float32', fillValue: number | null): readonly number[] =>
      apply('gather', { dimensionNumbers: d, sliceSizes: [1], mode: 'fillOrDrop', fillValue }, array(dtype, [1, 1, 1]), i32([3], [1, 1]))
    expect([outside('int8', null), outside('uint8', null), outside('bool', null), outside('float32', null)].flat()).toEqual([-128, 255, 1, nan])
    expect(outside('float32', 7)).toEqual([7])
  })
})

describe('scatter', () => {
  const d: ScatterDimensionNumbers = { updateWindowDims: [1], insertedWindowDims: [0], scatterDimsToOperandDims: [0, 1], operandBatchingDims: [], scatterIndicesBatchingDims: [] }
  const updates = f32([100, 101, 102, 103, 104, 105, 106, 107, 108, 109], [5, 2])
  const put = (p: 'scatter' | 'scatterAdd' | 'scatterMul' | 'scatterMin' | 'scatterMax', mode: IndexMode): readonly number[] =>
    apply(p, { dimensionNumbers: d, mode, uniqueIndices: false }, count([3, 4]), indices, updates)
  test("as JAX's, of equal indices the last wins", () => {
    expect(put('scatter', 'clip')).toEqual([104, 105, 101, 3, 4, 5, 106, 107, 8, 108, 109, 103])
    expect(put('scatter', 'fillOrDrop')).toEqual([0, 100, 101, 3, 4, 5, 106, 107, 8, 9, 10, 11])
    expect(put('scatterAdd', 'clip')).toEqual([104, 206, 103, 3, 4, 5, 112, 114, 8, 117, 221, 114])
    expect(put('scatterAdd', 'fillOrDrop')).toEqual([0, 101, 103, 3, 4, 5, 112, 114, 8, 9, 10, 11])
    expect(put('scatterMul', 'clip')).toEqual([0, 10500, 202, 3, 4, 5, 636, 749, 8, 972, 111180, 1133])
    expect(put('scatterMin', 'clip')).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
    expect(put('scatterMax', 'clip')).toEqual([104, 105, 101, 3, 4, 5, 106, 107, 8, 108, 109, 103])
  })
  test("with batching axes, as JAX's", () => {
    const batched: ScatterDimensionNumbers = { updateWindowDims: [2], insertedWindowDims: [1], scatterDimsToOperandDims: [1], operandBatchingDims: [0], scatterIndicesBatchingDims: [1] }
    const zeros = f32(new Array<number>(24).fill(0), [2, 3, 4])
    const ones = f32(Array.from({ length: 12 }, (_, i) => i + 1), [3, 2, 2])
    const got = apply('scatterAdd', { dimensionNumbers: batched, mode: 'clip', uniqueIndices: false }, zeros, i32([0, 1, 2, 2, 1, 0], [3, 2, 1]), ones)
    expect(got).toEqual([1, 2, 0, 0, 9, 10, 0, 0, 5, 6, 0, 0, 11, 12, 0, 0, 3, 4, 0, 0, 7, 8, 0, 0])
  })
})

describe('sort', () => {
  const sorted = (xs: readonly number[]): readonly number[] => apply('sort', { dimension: 0, numKeys: 1 }, f32(xs))
  test("puts NaN last and keeps equal zeros in order, as JAX's", () => {
    expect(sorted([0, -0, nan, 1, -Infinity, nan, Infinity, -0, 0])).toEqual([-Infinity, 0, -0, -0, 0, 1, Infinity, nan, nan])
  })
  test('moves operands together, by several keys, along any axis', () => {
    const [, , order] = applyAll('sort', { dimension: 0, numKeys: 2 }, i32([2, 1, 2, 1]), f32([5, 6, 4, 6]), i32([0, 1, 2, 3]))
    expect(order?.values).toEqual([1, 3, 2, 0])
    expect(apply('sort', { dimension: 0, numKeys: 1 }, f32([3, 1, 2, 1, 5, 0], [3, 2]))).toEqual([2, 0, 3, 1, 5, 1])
  })
  test('agrees with a sort by comparison', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), (xs) => {
        expect(apply('sort', { dimension: 0, numKeys: 1 }, i32(xs))).toEqual([...xs].sort((a, b) => a - b))
      }),
      { numRuns },
    )
  })
  test("topK descends, NaN first and +0 before -0, as JAX's", () => {
    const [values, places] = applyAll('topK', { k: 8 }, f32([-0, 0, nan, 1, 1, -Infinity, nan, Infinity]))
    expect(values?.values).toEqual([nan, nan, Infinity, 1, 1, 0, -0, -Infinity])
    expect(places?.values).toEqual([2, 6, 7, 3, 4, 1, 0, 5])
    expect(apply('topK', { k: 1 }, i32([3, 9, 8, 7], [2, 2]))).toEqual([9, 8])
  })
})
