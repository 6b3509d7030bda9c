import { describe, expect, test } from 'vitest'
import { dtypes, isComplex } from '../../../src/core/dtype.ts'
import { apply, applyAll, array, bool, count, f32, i32 } from './apply.ts'

describe('structural primitives', () => {
  const x = count([2, 3])
  test('transpose', () => {
    expect(apply('transpose', { permutation: [1, 0] }, x)).toEqual([0, 3, 1, 4, 2, 5])
    expect(apply('transpose', { permutation: [2, 0, 1] }, count([2, 2, 2]))).toEqual([0, 2, 4, 6, 1, 3, 5, 7])
  })
  test('reshape', () => {
    expect(applyAll('reshape', { newSizes: [3, 2] }, x)).toEqual([{ aval: { shape: [3, 2], dtype: 'float32', weakType: false }, values: [0, 1, 2, 3, 4, 5] }])
  })
  test('broadcastInDim', () => {
    expect(apply('broadcastInDim', { shape: [2, 3], broadcastDimensions: [1] }, f32([1, 2, 3]))).toEqual([1, 2, 3, 1, 2, 3])
    expect(apply('broadcastInDim', { shape: [2, 3], broadcastDimensions: [0, 1] }, f32([1, 2], [2, 1]))).toEqual([1, 1, 1, 2, 2, 2])
    expect(apply('broadcastInDim', { shape: [2], broadcastDimensions: [] }, f32([7], []))).toEqual([7, 7])
  })
  test('rev', () => {
    expect(apply('rev', { dimensions: [1] }, x)).toEqual([2, 1, 0, 5, 4, 3])
    expect(apply('rev', { dimensions: [0, 1] }, x)).toEqual([5, 4, 3, 2, 1, 0])
  })
  test('concatenate', () => {
    expect(apply('concatenate', { dimension: 1 }, x, f32([8, 9], [2, 1]))).toEqual([0, 1, 2, 8, 3, 4, 5, 9])
    expect(apply('concatenate', { dimension: 0 }, bool([1]), bool([]), bool([0, 1]))).toEqual([1, 0, 1])
  })
  test('pad, values by JAX 0.10.2', () => {
    const got = apply('pad', { paddingConfig: [[1, -1, 1], [-1, 2, 2]] }, i32([0, 1, 2, 3, 4, 5], [2, 3]), i32([9], []))
    expect(got).toEqual([9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 1, 9, 9, 2, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9])
  })
  test('slice', () => {
    expect(apply('slice', { startIndices: [0, 0], limitIndices: [2, 3], strides: [1, 2] }, x)).toEqual([0, 2, 3, 5])
    expect(apply('slice', { startIndices: [1, 1], limitIndices: [2, 3], strides: [1, 1] }, x)).toEqual([4, 5])
  })
  test('iota', () => {
    expect(apply('iota', { dtype: 'int32', shape: [2, 3], dimension: 1 })).toEqual([0, 1, 2, 0, 1, 2])
    expect(apply('iota', { dtype: 'uint8', shape: [300], dimension: 0 }).slice(254)).toEqual([254, 255, 0, 1, 2].concat(Array.from({ length: 41 }, (_, i) => i + 3)))
  })
  test('bitcastConvertType keeps bits', () => {
    expect(apply('bitcastConvertType', { newDtype: 'uint32' }, f32([1, -2]))).toEqual([0x3f800000, 0xc0000000])
    expect(apply('bitcastConvertType', { newDtype: 'uint8' }, i32([0x04030201]))).toEqual([1, 2, 3, 4])
    expect(apply('bitcastConvertType', { newDtype: 'float32' }, array('uint16', [0, 0x3f80], [1, 2]))).toEqual([1])
    expect(apply('bitcastConvertType', { newDtype: 'uint32' }, array('key', [7, 8], []))).toEqual([7, 8])
  })
  test('optimizationBarrier gives what it got', () => {
    expect(applyAll('optimizationBarrier', {}, f32([1]), bool([0])).map((r) => r.values)).toEqual([[1], [0]])
  })
})

test.each(dtypes)('elements of %s are moved whole', (dtype) => {
  const parts = isComplex(dtype) || dtype === 'key' ? 2 : 1
  const values = dtype === 'bool' ? [1, 0, 1] : Array.from({ length: 3 * parts }, (_, i) => i + 1)
  const reversed = Array.from({ length: 3 }, (_, i) => values.slice((2 - i) * parts, (3 - i) * parts)).flat()
  expect(apply('rev', { dimensions: [0] }, array(dtype, values, [3]))).toEqual(reversed)
  expect(apply('concatenate', { dimension: 0 }, array(dtype, values, [3]), array(dtype, values, [3]))).toEqual([...values, ...values])
})
