// What sorting and sets must do, of any values.
import fc from 'fast-check'
import { np } from 'pullback'
import { describe, expect, test } from 'vitest'
import { numSlowRuns } from '../scale.ts'

const value = fc.constantFrom(-2, -1, 0, 1, 2, NaN, Infinity)
const list = fc.array(value, { maxLength: 12 })
/** NaN last, as numbers stand in a sorted array. */
const ascending = (a: number, b: number): number => (Number.isNaN(a) ? (Number.isNaN(b) ? 0 : 1) : Number.isNaN(b) ? -1 : a - b || 0)
const sorted = (xs: readonly number[]): number[] => [...xs].sort((a, b) => (a === b ? 0 : ascending(a, b)))

describe('of any list', () => {
  test('sort sorts, and argsort says how', () => {
    fc.assert(
      fc.property(list, (xs) => {
        const x = np.array(xs)
        expect(np.sort(x).js()).toEqual(sorted(xs))
        expect(np.take(x, np.argsort(x)).js()).toEqual(sorted(xs))
        expect(np.sort(x, { descending: true }).js()).toEqual(sorted(xs).reverse())
      }),
      { numRuns: numSlowRuns },
    )
  })
  test('argsort keeps the order of equals, descending too', () => {
    const x = np.array([1, 0, 1, 0])
    expect([np.argsort(x).js(), np.argsort(x, { descending: true }).js()]).toEqual([[1, 3, 0, 2], [0, 2, 1, 3]])
  })
  test('unique gives each value once, where it first stood, how often, and the way back', () => {
    fc.assert(
      fc.property(list, (xs) => {
        const { values, indices, inverseIndices, counts } = np.uniqueAll(np.array(xs))
        const expected = sorted(xs).filter((v, i, all) => i === 0 || !Object.is(v, all[i - 1]))
        expect(values.js()).toEqual(expected)
        expect(indices.js()).toEqual(expected.map((v) => xs.findIndex((w) => Object.is(v, w))))
        expect(counts.js()).toEqual(expected.map((v) => xs.filter((w) => Object.is(v, w)).length))
        expect(np.take(values, inverseIndices).js()).toEqual(xs)
      }),
      { numRuns: numSlowRuns },
    )
  })
  test('searchsorted finds the place before and after equals', () => {
    fc.assert(
      fc.property(list, value, (xs, v) => {
        const line = sorted(xs)
        const before = line.filter((w) => ascending(w, v) < 0).length
        const after = line.filter((w) => w === v || ascending(w, v) <= 0).length
        expect([np.searchsorted(np.array(line), v).item(), np.searchsorted(np.array(line), v, { side: 'right' }).item()]).toEqual([before, after])
      }),
      { numRuns: numSlowRuns },
    )
  })
  test('sets: in both, in either, in one alone', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 5 })), fc.array(fc.integer({ min: 0, max: 5 })), (xs, ys) => {
        const [x, y] = [np.array(Int32Array.from(xs)), np.array(Int32Array.from(ys))]
        const set = (keep: (v: number) => boolean): number[] => [0, 1, 2, 3, 4, 5].filter(keep)
        expect(np.intersect1d(x, y).js()).toEqual(set((v) => xs.includes(v) && ys.includes(v)))
        expect(np.union1d(x, y).js()).toEqual(set((v) => xs.includes(v) || ys.includes(v)))
        expect(np.setdiff1d(x, y).js()).toEqual(set((v) => xs.includes(v) && !ys.includes(v)))
        expect(np.setxor1d(x, y).js()).toEqual(set((v) => xs.includes(v) !== ys.includes(v)))
        expect(np.isin(x, y).js()).toEqual(xs.map((v) => ys.includes(v)))
      }),
      { numRuns: numSlowRuns },
    )
  })
})
