/** Rows that run across memory, in kernels of several passes over columns: one kernel, and the values of `cpu`. */
import fc from 'fast-check'
import { devicePut, type DType, grad, jit, lower, nn, np } from 'pullback'
import { expect, test } from 'vitest'
import { numSlowRuns } from '../../../scale.ts'

type Columns = (x: np.NDArray) => np.NDArray
const keep = { axis: 1, keepdims: true } as const
const functions: Readonly<Record<string, Columns>> = {
  softmax: (x) => nn.softmax(x, 1),
  'softmax of two axes': (x) => nn.softmax(x, [0, 1]),
  'softmax of the first axis': (x) => nn.softmax(x, 0),
  logSoftmax: (x) => nn.logSoftmax(x, 1),
  'gradient of softmax': grad((x) => np.sum(nn.softmax(x, 1).mul(x))),
  'gradient of logsumexp': grad((x) => np.sum(nn.logsumexp(x, keep))),
  'share of exponentials': (x) => np.exp(x).div(np.sum(np.exp(x), keep)),
  'rank by the greatest': (x) => nn.softmax(x, 1).mul(np.argmax(x, { axis: 1, keepdims: true })),
  standardize: (x) => nn.standardize(x, 1),
}

const kernels = (f: Columns, shape: readonly number[]): number => lower(f)(np.zeros(shape)).text('kernels').split('\n').filter((line) => /^ *\d/.test(line)).length

test('softmax along a first or middle axis, and its gradient, are one kernel where columns have room in a cache', () => {
  expect(kernels((x) => nn.softmax(x, 1), [64, 100, 640])).toBe(1)
  expect(kernels((x) => nn.softmax(x, 0), [256, 16000])).toBe(1)
  expect(kernels((x) => nn.softmax(x, [0, 1]), [4, 100, 640])).toBe(1)
  expect(kernels(grad((x) => np.sum(nn.softmax(x, 1).mul(x))), [64, 100, 640])).toBe(1)
})

test('they are several where lines would share few places of a cache, or be on too many pages, or columns are few', () => {
  expect(kernels((x) => nn.softmax(x, 0), [4096, 1024])).toBeGreaterThan(1)
  expect(kernels((x) => nn.softmax(x, 0), [32, 1024])).toBe(1)
  expect(kernels((x) => nn.softmax(x, 0), [500, 1000])).toBe(1)
  expect(kernels((x) => nn.softmax(x, 0), [1000, 1000])).toBeGreaterThan(1)
  expect(kernels((x) => nn.softmax(x, 0), [1000, 8])).toBeGreaterThan(1)
})

const special = fc.constantFrom(0, -0, Infinity, -Infinity, NaN, 80, 1e-40)
const values = fc.array(fc.oneof({ weight: 40, arbitrary: fc.double({ min: -30, max: 30, noNaN: true }) }, special), { minLength: 17, maxLength: 90 })
const cases = fc.record({ outer: fc.integer({ min: 1, max: 3 }), rows: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 10, max: 150 })), columns: fc.integer({ min: 128, max: 190 }), dtype: fc.constantFrom<DType>('float32', 'float32', 'float64', 'int32'), some: values })

test.each(Object.entries(functions))('%s', (name, f) => {
  const differentiable = name.startsWith('gradient')
  fc.assert(
    fc.property(cases, ({ outer, rows, columns, dtype, some }) => {
      const make = (device: 'cpu' | 'wasm'): np.NDArray =>
        devicePut(np.array(Float64Array.from({ length: outer * rows * columns }, (_, i) => some[(i * 31 + (i >> 5)) % some.length]!)).astype(differentiable && dtype === 'int32' ? 'float32' : dtype), device).reshape([outer, rows, columns])
      const expected = Array.from(f(make('cpu')).dataSync(), Number)
      const got = Array.from(jit(f)(make('wasm')).dataSync(), Number)
      expect(Array.from(jit(f, { donateArgnums: [0] })(make('wasm')).dataSync(), Number)).toEqual(got)
      const bad = got.findIndex((x, i) => !Object.is(x, expected[i]) && !(Math.abs(x - expected[i]!) <= 3e-5 * (1 + Math.abs(expected[i]!))))
      expect(bad === -1 ? null : { at: bad, got: got[bad], expected: expected[bad] }).toBeNull()
    }),
    { numRuns: numSlowRuns },
  )
})
