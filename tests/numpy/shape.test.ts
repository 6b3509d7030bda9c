// Laws of moving elements about.
import fc from 'fast-check'
import { type NDArray, np } from 'pullback'
import { describe, expect, test } from 'vitest'
import { numSlowRuns } from '../scale.ts'

const shape = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 })
const counted = (s: readonly number[]): NDArray => np.arange(s.reduce((n, d) => n * d, 1)).reshape(s)
const runs = { numRuns: numSlowRuns }

describe('what is done can be undone', () => {
  test('split and concatenate', () => {
    fc.assert(
      fc.property(shape, fc.nat(3), fc.integer({ min: 1, max: 5 }), (s, a, n) => {
        const x = counted(s)
        const axis = a % s.length
        expect(np.concatenate(np.arraySplit(x, n, axis), axis).js()).toEqual(x.js())
        expect(np.stack(np.unstack(x, axis), axis).js()).toEqual(x.js())
      }),
      runs,
    )
  })
  test('moving axes, rolling, flipping and turning', () => {
    fc.assert(
      fc.property(shape, fc.nat(3), fc.nat(3), fc.integer({ min: -7, max: 7 }), (s, a, b, k) => {
        const x = counted(s)
        const [from, to] = [a % s.length, b % s.length]
        expect(np.moveaxis(np.moveaxis(x, from, to), to, from).js()).toEqual(x.js())
        expect(np.swapaxes(np.swapaxes(x, from, to), from, to).js()).toEqual(x.js())
        expect(np.roll(np.roll(x, k, from), -k, from).js()).toEqual(x.js())
        expect(np.roll(x, np.array(k, { dtype: 'int32' }), from).js()).toEqual(np.roll(x, k, from).js())
        expect(np.flip(np.flip(x, from), from).js()).toEqual(x.js())
        if (from !== to) expect(np.rot90(np.rot90(x, { k, axes: [from, to] }), { k: -k, axes: [from, to] }).js()).toEqual(x.js())
      }),
      runs,
    )
  })
  test('padding of every mode is cut off again, and reads inside the array', () => {
    const width = fc.integer({ min: 0, max: 9 })
    fc.assert(
      fc.property(shape, width, width, fc.constantFrom('constant', 'edge', 'reflect', 'symmetric', 'wrap'), (s, low, high, mode) => {
        const x = np.add(counted(s), 1)
        const padded = np.pad(x, [low, high], { mode })
        expect(padded.shape).toEqual(s.map((d) => d + low + high))
        expect(padded.slice(...s.map((d) => [low, low + d] as const)).js()).toEqual(x.js())
        if (mode !== 'constant') expect(np.min(padded).item()).toBe(1)
      }),
      runs,
    )
  })
  test('triangles and diagonals are parts of a sum', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }), fc.integer({ min: -6, max: 6 }), (n, m, k) => {
        const x = np.add(counted([n, m]), 1)
        expect(np.add(np.tril(x, { k }), np.triu(x, { k: k + 1 })).js()).toEqual(x.js())
        const band = np.multiply(x, np.eye(n, m, { k, dtype: 'int32' }))
        expect(np.sum(band).item()).toBe(np.trace(x, { offset: k }).item())
        expect(np.diagonal(np.diag(np.diagonal(x, { offset: k }), { k }), { offset: k }).js()).toEqual(np.diagonal(x, { offset: k }).js())
      }),
      runs,
    )
  })
})

test('tile repeats blocks, repeat elements', () => {
  expect(np.tile(np.array([1, 2]), 2).js()).toEqual([1, 2, 1, 2])
  expect(np.repeat(np.array([1, 2]), 2).js()).toEqual([1, 1, 2, 2])
  expect(np.repeat(np.array([1, 2, 3]), [0, 2, 1]).js()).toEqual([2, 2, 3])
  expect(np.repeat(np.array([1, 2]), [0, 0]).js()).toEqual([])
})
test('what nothing is done to is the same array', () => {
  const x = counted([2, 3])
  for (const y of [np.reshape(x, [2, 3]), np.transpose(x, [0, 1]), np.broadcastTo(x, [2, 3]), np.asarray(x), np.roll(x, 3, 1), np.concatenate([x])]) expect(y).toBe(x)
})
