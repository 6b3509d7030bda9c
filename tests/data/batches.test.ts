import fc from 'fast-check'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { batches } from '../../src/data/index.ts'
import { ArgumentError, type NDArray, np, random, ShapeError } from '../../src/index.ts'
import { numSlowRuns } from '../scale.ts'

const numbers = (rows: number): NDArray => np.array(Int32Array.from({ length: rows }, (_, i) => i))

test('the batches of an epoch hold every row once, rows of one index together, in sizes as asked', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 12 }), fc.option(fc.nat(), { nil: undefined }), (rows, size, seed) => {
      const data = { x: np.stack([numbers(rows), numbers(rows).mul(10)], 1), y: numbers(rows) }
      const all = [...batches(data, size, seed === undefined ? {} : { key: random.key(seed) })]
      expect(all.length).toBe(Math.ceil(rows / size))
      expect(all.slice(0, -1).every(({ y }) => y.shape[0] === size)).toBe(true)
      const ys = all.flatMap(({ y }) => [...y.dataSync()])
      expect(all.flatMap(({ x }) => [...x.dataSync()])).toEqual(ys.flatMap((y) => [y, 10 * y]))
      const inOrder = Array.from({ length: rows }, (_, i) => i)
      expect(seed === undefined ? ys : [...ys].sort((a, b) => a - b)).toEqual(inOrder)
    }),
    { numRuns: numSlowRuns },
  )
})

test('the order is the key’s: the same for the same key, another for another', () => {
  const order = (seed: number): number[] => [...batches(numbers(50), 8, { key: random.key(seed) })].flatMap((y) => [...y.dataSync()])
  expect(order(1)).toEqual(order(1))
  expect(order(1)).not.toEqual(order(2))
})

test('dropLast leaves out a last batch that is not full', () => {
  expect([...batches(numbers(10), 4, { dropLast: true })].map((x) => x.shape)).toEqual([[4], [4]])
})

test('a batch has the type of the data', () => {
  const data = { images: np.zeros([4, 2, 2]), labels: [numbers(4)] as const }
  for (const batch of batches(data, 2)) {
    expectTypeOf(batch).toEqualTypeOf<typeof data>()
    expect(batch.images.shape).toEqual([2, 2, 2])
  }
})

describe('refuses, at the call', () => {
  test('leading axes that differ', () => {
    expect(() => batches([numbers(3), numbers(4)], 2)).toThrow(ShapeError)
    expect(() => batches([numbers(3), numbers(4)], 2)).toThrow('batches: got leaves of shape [3], [4]')
    expect(() => batches(np.array(1), 2)).toThrow(ShapeError)
  })
  test('a size that is none, and unknown options', () => {
    expect(() => batches(numbers(3), 0)).toThrow(ArgumentError)
    const misspelt: object = { shuffle: true }
    expect(() => batches(numbers(3), 1, misspelt)).toThrow("unknown option 'shuffle'; known options: key, dropLast")
  })
})
