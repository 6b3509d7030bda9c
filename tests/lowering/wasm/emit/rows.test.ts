/** Kernels of several passes over each row have the bits of the operations that they are made of, one after the other. */
import fc from 'fast-check'
import { devicePut, grad, jit, nn, np } from 'pullback'
import { expect, test } from 'vitest'
import { numSlowRuns } from '../../../scale.ts'

const keep = { axis: -1, keepdims: true } as const
const layerNorm = (x: np.NDArray): np.NDArray => {
  const centred = x.sub(np.mean(x, keep))
  return centred.div(np.sqrt(np.mean(np.square(centred), keep).add(1e-5)))
}
const functions: Readonly<Record<string, (x: np.NDArray) => np.NDArray>> = {
  softmax: (x) => nn.softmax(x),
  'softmax of columns': (x) => nn.softmax(x, 0),
  logSoftmax: (x) => nn.logSoftmax(x),
  // rows with +Infinity among them, whose maximum is not taken off
  logsumexp: (x) => nn.logsumexp(x, keep),
  'logsumexp of columns': (x) => nn.logsumexp(x, 0),
  'gradient of logsumexp': grad((x) => np.sum(nn.logsumexp(x, keep))),
  layerNorm,
  centred: (x) => x.sub(np.mean(x, keep)),
  'share of the largest': (x) => x.div(np.max(x, keep)),
  // what is stored and summed need not be the exponential of something below 0
  'share of exponentials': (x) => np.exp(x).div(np.sum(np.exp(x), keep)),
  'above the maximum of others': (x) => {
    const e = np.exp(x.sub(np.max(x.mul(0.5), keep)))
    return e.div(np.sum(e, keep))
  },
  'below the minimum': (x) => np.exp(np.min(x, keep).sub(x)),
}

const values = fc.array(fc.oneof({ weight: 20, arbitrary: fc.double({ min: -120, max: 120, noNaN: true }) }, fc.constantFrom(0, -0, Infinity, -Infinity, NaN, 3e38, -3e38, 1e-40)), { minLength: 7, maxLength: 60 })
/** Which of its bits a NaN has, nobody promises. */
const bits = (x: np.NDArray): number[] => [...new Uint32Array(Float32Array.from(x.dataSync(), (v) => (Number.isNaN(v) ? NaN : v)).buffer)]

test.each(Object.entries(functions))('%s', (_, f) => {
  const inPlace = jit(f, { donateArgnums: [0] })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 120, max: 1100 }), values, (rows, columns, some) => {
      const make = (): np.NDArray => devicePut(np.array(Float32Array.from({ length: rows * columns }, (_u, i) => some[(i * 31 + (i >> 5)) % some.length]!)).reshape([rows, columns]), 'wasm')
      const expected = bits(f(make()))
      expect(bits(jit(f)(make()))).toEqual(expected)
      expect(bits(inPlace(make()))).toEqual(expected)
    }),
    { numRuns: numSlowRuns },
  )
})
