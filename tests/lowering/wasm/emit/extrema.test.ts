/** Maxima and minima of floats go by cheaper instructions than `max` and `min`; zeros of both signs and NaNs show that nothing is lost. */
import fc from 'fast-check'
import { devicePut, jit, np } from 'pullback'
import { describe, expect, test } from 'vitest'
import { numSlowRuns } from '../../../scale.ts'

const on = (device: 'cpu' | 'wasm', f: (x: np.NDArray) => readonly np.NDArray[], x: np.NDArray): number[][] => jit(f)(devicePut(x, device)).map((y) => [...y.dataSync()].map(Number))

/** Mostly zeros and numbers of one sign, so that the sign of a zero and a lone NaN decide. */
const element = fc.oneof({ weight: 6, arbitrary: fc.constantFrom(0, -0) }, fc.constantFrom(-0, -1, -Infinity), fc.constantFrom(0, 2, Infinity), { weight: 1, arbitrary: fc.constant(NaN) })

describe.each(['float32', 'float64'] as const)('%s', (dtype) => {
  test('rows, columns and all of an array, of any length', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 90 }), fc.array(element, { minLength: 5, maxLength: 40 }), fc.boolean(), (columns, values, negative) => {
        const x = np.array(Array.from({ length: 6 * columns }, (_, i) => (negative ? -Math.abs(values[i % values.length]!) : values[(i * 7) % values.length]!)), { dtype }).reshape([6, columns])
        const f = (a: np.NDArray): np.NDArray[] => [np.max(a), np.min(a), ...[0, 1].flatMap((axis) => [np.max(a, { axis }), np.min(a, { axis })])]
        expect(on('wasm', f, x)).toEqual(on('cpu', f, x))
      }),
      { numRuns: numSlowRuns },
    )
  })

  test('rows longer than what is read in one stream: parts of them side by side, and what is left over', () => {
    fc.assert(
      fc.property(fc.integer({ min: 8100, max: 24_000 }), fc.array(element, { minLength: 5, maxLength: 40 }), fc.nat(23_999), (columns, values, lone) => {
        const x = np.array(Array.from({ length: 2 * columns }, (_, i) => (i % columns === lone ? 3 : Math.min(0, values[i % values.length]! || 0))), { dtype }).reshape([2, columns])
        const f = (a: np.NDArray): np.NDArray[] => [np.max(a), ...[0, 1].flatMap((axis) => [np.max(a, { axis }), np.argmax(a, { axis })]), np.sum(np.clip(a, -3, 3), { axis: 1 }), np.sum(np.clip(a, -3, 3))]
        expect(on('wasm', f, x)).toEqual(on('cpu', f, x))
      }),
      { numRuns: numSlowRuns },
    )
  })

  test('places of extrema: the first of equals and the first NaN, in rows, columns and all of an array of nothing but infinities too', () => {
    const places = (a: np.NDArray): np.NDArray[] => [np.argmax(a), np.argmin(a), ...[0, 1].flatMap((axis) => [np.argmax(a, { axis }), np.argmin(a, { axis })])]
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 20 }), fc.oneof(fc.array(element, { minLength: 5, maxLength: 40 }), fc.constantFrom([-Infinity], [Infinity])), fc.boolean(), (columns, rows, values, computed) => {
        const x = np.array(Array.from({ length: rows * columns }, (_, i) => values[(i * 7 + (i >> 4)) % values.length]!), { dtype }).reshape([rows, columns])
        const f = (a: np.NDArray): np.NDArray[] => places(computed ? a.add(np.abs(a)) : a)
        expect(on('wasm', f, x)).toEqual(on('cpu', f, x))
      }),
      { numRuns: numSlowRuns },
    )
  })

  test.each([0, -0, 1, -2, 1e-50, -1e-50, Infinity, -Infinity, NaN])('with the number %s on either side', (bound) => {
    const x = np.array([0, -0, 1, -1, 2, -2, Infinity, -Infinity, NaN, 1e-45, -1e-45], { dtype })
    const f = (a: np.NDArray): np.NDArray[] => [np.maximum(a, bound), np.maximum(bound, a), np.minimum(a, bound), np.minimum(bound, a), np.clip(a, bound, 1), np.clip(a, -1, bound)]
    expect(on('wasm', f, x)).toEqual(on('cpu', f, x))
  })
})
