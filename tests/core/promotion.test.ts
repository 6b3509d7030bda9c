// Laws of the lattice of dtypes; its values are held against JAX's in tests/oracle/promotion.test.ts.
import fc from 'fast-check'
import { DtypeError, np } from 'pullback'
import { describe, expect, test } from 'vitest'
import { type DType, dtypes } from '../../src/core/dtype.ts'
import { type PromotionType, promoteTypes } from '../../src/core/promotion.ts'
import { numRuns } from '../scale.ts'

const strong = dtypes.filter((d) => d !== 'key')
const weak: readonly DType[] = ['int32', 'float32', 'complex64']
const anyType: fc.Arbitrary<PromotionType> = fc.oneof(
  fc.constantFrom(...strong).map((dtype) => ({ dtype, weakType: false })),
  fc.constantFrom(...weak).map((dtype) => ({ dtype, weakType: true })),
)

describe('where two types meet', () => {
  test('the order of the two does not matter', () => {
    fc.assert(
      fc.property(anyType, anyType, (a, b) => {
        expect(promoteTypes(a, b)).toEqual(promoteTypes(b, a))
      }),
      { numRuns },
    )
  })
  test('a type meets itself in itself', () => {
    fc.assert(
      fc.property(anyType, (a) => {
        expect(promoteTypes(a, a)).toEqual(a)
      }),
      { numRuns },
    )
  })
  test('two that are not weak never give a weak one', () => {
    for (const a of strong) for (const b of strong) expect(promoteTypes({ dtype: a, weakType: false }, { dtype: b, weakType: false }).weakType).toBe(false)
  })
  test('a weak number never widens a dtype of its kind', () => {
    const floats: readonly DType[] = ['float16', 'bfloat16', 'float32', 'float64']
    for (const dtype of floats) expect(promoteTypes({ dtype, weakType: false }, { dtype: 'float32', weakType: true })).toEqual({ dtype, weakType: false })
  })
  test('keys do not take part', () => {
    expect(() => promoteTypes({ dtype: 'key', weakType: false }, { dtype: 'int32', weakType: false })).toThrow(DtypeError)
  })
})

describe('numbers as operands', () => {
  const i32 = np.array([1, 2], { dtype: 'int32' })
  const f32 = np.array([1, 2])
  test('take the array’s dtype, or float32 beside integers when fractional', () => {
    expect(np.add(f32, 2).dtype).toBe('float32')
    expect(np.multiply(i32, 2.5).dtype).toBe('float32')
    expect(np.multiply(i32, 2).dtype).toBe('int32')
    expect(np.add(np.array([true]), 1).dtype).toBe('int32')
    expect(np.add(np.array([true]), 0.5).dtype).toBe('float32')
    expect(np.add(np.array([1], { dtype: 'bfloat16' }), 0.1).dtype).toBe('bfloat16')
    expect(np.add(np.array([1], { dtype: 'uint8' }), 1).dtype).toBe('uint8')
    expect(np.divide(i32, 2).dtype).toBe('float32')
  })
  test('alone are weak float32, whatever their value', () => {
    for (const x of [np.add(1, 2), np.multiply(0.5, 4), np.exp(1)]) expect([x.dtype, x.aval.weakType]).toEqual(['float32', true])
    expect(np.add(np.add(1, 2), np.ones([2], { dtype: 'float64' })).dtype).toBe('float64')
  })
  test('keep float64 precision beside a float64 array', () => {
    expect(np.add(np.zeros([], { dtype: 'float64' }), 0.1).item()).toBe(0.1)
    expect(np.multiply(np.array([3], { dtype: 'float64' }), 1 / 3).item()).toBe(1)
  })
  test('a result’s dtype does not depend on values', () => {
    fc.assert(
      fc.property(fc.constantFrom<DType>('int32', 'float32', 'uint8'), fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1 }), (dtype, xs) => {
        expect(np.add(np.array(xs, { dtype }), 3).dtype).toBe(dtype)
      }),
      { numRuns },
    )
  })
})
