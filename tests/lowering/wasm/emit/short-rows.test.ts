/** Many short rows are transposed in blocks on their way in and out: results are those of `cpu`, whatever is left over at the end. */
import fc from 'fast-check'
import { devicePut, jit, lower, nn, np } from 'pullback'
import { expect, test } from 'vitest'
import { numSlowRuns } from '../../../scale.ts'

const keep = { axis: -1, keepdims: true } as const
type Rows = (x: np.NDArray) => np.NDArray
/** Nothing is rounded twice. */
const exact: Readonly<Record<string, Rows>> = {
  maxima: (x) => np.max(x, { axis: -1 }),
  'maxima of magnitudes, kept': (x) => np.max(np.abs(x), keep),
  'places of maxima': (x) => np.argmax(x, { axis: -1 }),
  'places of minima': (x) => np.argmin(x, { axis: -1 }),
  'distance to the maximum': (x) => x.sub(np.max(x, keep)),
  'whether it is the maximum': (x) => np.equal(x, np.max(x, keep)).astype('int32'),
}
const near: Readonly<Record<string, Rows>> = {
  softmax: (x) => nn.softmax(x),
  logSoftmax: (x) => nn.logSoftmax(x),
  logsumexp: (x) => nn.logsumexp(x, { axis: -1 }),
  'layer norm with factors': (x) => {
    const centred = x.sub(np.mean(x, keep))
    return centred.div(np.sqrt(np.mean(np.square(centred), keep).add(1))).mul(np.arange(x.shape[1]!).add(1))
  },
}

test('blocks of rows are transposed on their way in, and out where rows are the result', () => {
  const turned = (f: Rows, shape: readonly number[]): string[] => [...lower(f)(np.zeros(shape)).text('wat').matchAll(/\(func \$k0_(in|out) /g)].map((found) => found[1]!)
  expect(turned((x) => nn.softmax(x), [4000, 10])).toEqual(['in', 'out'])
  expect(turned((x) => nn.softmax(x), [4000, 100])).toEqual([])
  expect(turned((x) => nn.softmax(x), [40, 10])).toEqual([])
})

const special = fc.constantFrom(0, -0, Infinity, -Infinity, NaN, 80, 1e-40)
const values = fc.array(fc.oneof({ weight: 20, arbitrary: fc.double({ min: -30, max: 30, noNaN: true }) }, special), { minLength: 17, maxLength: 90 })
const cases = fc.record({ length: fc.oneof(fc.integer({ min: 4, max: 14 }), fc.integer({ min: 4, max: 66 })), more: fc.integer({ min: 0, max: 99 }), some: values })
const make = ({ length, more, some }: { length: number; more: number; some: readonly number[] }, device: 'cpu' | 'wasm'): np.NDArray => {
  const rows = Math.ceil(2 ** 14 / length) + more
  return devicePut(np.array(Float32Array.from({ length: rows * length }, (_, i) => some[(i * 31 + (i >> 5)) % some.length]!)).reshape([rows, length]), device)
}

test.each(Object.entries(exact))('%s, to the bit', (_, f) => {
  fc.assert(
    fc.property(cases, (given) => {
      const expected = Array.from(f(make(given, 'cpu')).dataSync(), Number)
      expect(Array.from(jit(f)(make(given, 'wasm')).dataSync(), Number)).toEqual(expected)
      // over the operand, where it has the room of the result
      expect(Array.from(jit(f, { donateArgnums: [0] })(make(given, 'wasm')).dataSync(), Number)).toEqual(expected)
    }),
    { numRuns: numSlowRuns },
  )
})

test.each(Object.entries(near))('%s, to rounding', (_, f) => {
  fc.assert(
    fc.property(cases, (given) => {
      const expected = Array.from(f(make(given, 'cpu')).dataSync(), Number)
      const got = Array.from(jit(f)(make(given, 'wasm')).dataSync(), Number)
      expect(Array.from(jit(f, { donateArgnums: [0] })(make(given, 'wasm')).dataSync(), Number)).toEqual(got)
      const bad = got.findIndex((x, i) => !Object.is(x, expected[i]) && !(Math.abs(x - expected[i]!) <= 3e-5 * (1 + Math.abs(expected[i]!))))
      expect(bad === -1 ? null : { at: bad, got: got[bad], expected: expected[bad] }).toBeNull()
    }),
    { numRuns: numSlowRuns },
  )
})
