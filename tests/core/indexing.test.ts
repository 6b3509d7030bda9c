// NumPy's indexing against a plain reference: what an index reads, what an update writes, and that both are each other's
// transpose. Single cases from JAX are in tests/oracle/indexing.test.ts.
import fc from 'fast-check'
import { ArgumentError, ConcretizationError, DtypeError, grad, jit, type NDArray, np, ShapeError } from 'pullback'
import { describe, expect, test } from 'vitest'
import { numSlowRuns } from '../scale.ts'

type Slice = readonly [start: number | null, stop: number | null, step: number | null]
type Entry = number | null | '...' | Slice
interface Case {
  readonly shape: readonly number[]
  readonly entries: readonly Entry[]
}

const bound = fc.option(fc.integer({ min: -6, max: 6 }))
const step = fc.option(fc.constantFrom(1, 2, 3, -1, -2))
const slice: fc.Arbitrary<Slice> = fc.tuple(bound, bound, step)

/** A shape of up to three axes, and an index of integers, slices, new axes and perhaps '...'. */
const cases: fc.Arbitrary<Case> = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 }).chain((shape) => {
  const entryOf = (d: number): fc.Arbitrary<Entry> => fc.oneof(fc.integer({ min: -d, max: d - 1 }), slice)
  return fc
    .tuple(fc.integer({ min: 0, max: shape.length }), fc.tuple(...shape.map(entryOf)), fc.array(fc.nat(3), { maxLength: 2 }), fc.boolean())
    .map(([used, full, news, dots]) => {
      const entries: Entry[] = full.slice(0, used)
      for (const at of news) entries.splice(Math.min(at, entries.length), 0, null)
      if (dots) entries.push('...')
      return { shape, entries }
    })
})

/** The positions of one axis that a slice picks: Python's slice.indices. */
function range([start, stop, by]: Slice, size: number): number[] {
  const k = by ?? 1
  const [low, high] = k > 0 ? [0, size] : [-1, size - 1]
  const clip = (b: number | null, otherwise: number): number => (b === null ? otherwise : Math.min(Math.max(b < 0 ? b + size : b, low), high))
  const out: number[] = []
  for (let i = clip(start, k > 0 ? 0 : size - 1); k > 0 ? i < clip(stop, size) : i > clip(stop, -1); i += k) out.push(i)
  return out
}

/** Flat positions that an index picks, row-major, and the shape of what it gives. */
function reference({ shape, entries }: Case): { readonly positions: readonly number[]; readonly shape: readonly number[] } {
  const out: number[] = []
  let positions = [0]
  let axis = 0
  const take = (e: number | Slice): void => {
    const size = shape[axis]!
    const picked = typeof e === 'number' ? [e < 0 ? e + size : e] : range(e, size)
    if (typeof e !== 'number') out.push(picked.length)
    positions = positions.flatMap((p) => picked.map((i) => p * size + i))
    axis++
  }
  for (const e of entries) {
    if (e === null) out.push(1)
    else if (e !== '...') take(e)
  }
  while (axis < shape.length) take([null, null, null])
  return { positions, shape: out }
}

const counted = (shape: readonly number[]): NDArray => np.arange(shape.reduce((a, b) => a * b, 1), { dtype: 'float32' }).reshape([...shape])
const flat = (x: NDArray): number[] => [...x.dataSync()]

describe('integers, slices and new axes', () => {
  test('read what NumPy reads', () => {
    fc.assert(
      fc.property(cases, (c) => {
        const got = counted(c.shape).slice(...c.entries)
        const want = reference(c)
        expect([got.shape, flat(got)]).toEqual([want.shape, want.positions])
      }),
      { numRuns: 4 * numSlowRuns },
    )
  })

  test('write where they read, and nowhere else', () => {
    fc.assert(
      fc.property(cases, (c) => {
        const x = counted(c.shape)
        const { positions, shape } = reference(c)
        const values = np.negative(counted(shape)).sub(1)
        const want = flat(x)
        positions.forEach((p, i) => (want[p] = -i - 1))
        expect(flat(x.at(...c.entries).set(values))).toEqual(want)
        const added = flat(x)
        positions.forEach((p) => (added[p] = added[p]! + 10))
        expect(flat(x.at(...c.entries).add(10))).toEqual(added)
      }),
      { numRuns: 2 * numSlowRuns },
    )
  })

  test('have a derivative of ones where they read', () => {
    fc.assert(
      fc.property(cases, (c) => {
        const g = grad((x: NDArray) => np.sum(x.slice(...c.entries)))(counted(c.shape))
        const want = flat(np.zeros([...c.shape]))
        for (const p of reference(c).positions) want[p] = 1
        expect(flat(g)).toEqual(want)
      }),
      { numRuns: numSlowRuns },
    )
  })
})

describe('index arrays', () => {
  const rows = fc.array(fc.integer({ min: -4, max: 3 }), { minLength: 1, maxLength: 6 })
  const int = (xs: readonly number[]): NDArray => np.array([...xs], { dtype: 'int32' })

  test('pick rows; repeated ones add up in updates and in derivatives', () => {
    fc.assert(
      fc.property(rows, (picked) => {
        const x = counted([4, 3])
        const at = picked.map((i) => (i < 0 ? i + 4 : i))
        expect(x.slice(int(picked)).js()).toEqual(at.map((i) => [3 * i, 3 * i + 1, 3 * i + 2]))
        const count = [0, 1, 2, 3].map((i) => at.filter((j) => i === j).length)
        const expected = count.map((n) => [n, n, n])
        expect(np.zeros([4, 3]).at(int(picked)).add(1).js()).toEqual(expected)
        expect(grad((y: NDArray) => np.sum(y.slice(int(picked))))(x).js()).toEqual(expected)
      }),
      { numRuns: numSlowRuns },
    )
  })

  test('of equal positions the last value is set', () => {
    expect(np.zeros([3]).at(int([1, 1, 1])).set(np.array([5, 6, 7])).js()).toEqual([0, 7, 0])
  })

  test('several broadcast against each other', () => {
    const x = counted([3, 4])
    expect(x.slice(int([0, 2]).reshape([2, 1]), int([1, 3])).js()).toEqual([[1, 3], [9, 11]])
  })

  test('may be traced', () => {
    const f = jit((x: NDArray, i: NDArray) => x.slice([], i).mul(x.at([], i).set(0).sum()))
    expect(f(counted([2, 3]), int([2, 0])).js()).toEqual([[10, 0], [25, 15]])
  })

  test('of any integer dtype', () => {
    expect(counted([4]).slice(np.array(Uint8Array.of(3, 0))).js()).toEqual([3, 0])
  })

  test('out of bounds: read clamped or filled, written not at all', () => {
    const x = counted([3])
    expect(x.slice(int([5, -9])).js()).toEqual([2, 0])
    expect(x.at(int([5, 1])).get({ mode: 'fill', fillValue: -1 }).js()).toEqual([-1, 1])
    expect(x.at(int([5, 1])).set(9).js()).toEqual([0, 9, 2])
    expect(x.at(int([5, 1])).set(9, { mode: 'clip' }).js()).toEqual([0, 9, 9])
  })
})

describe('boolean masks', () => {
  test('pick what is true', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }), (mask) => {
        const x = counted([2, 3])
        const m = np.array(mask).reshape([2, 3])
        const picked = mask.flatMap((b, i) => (b ? [i] : []))
        expect(flat(x.slice(m))).toEqual(picked)
        expect(flat(x.at(m).set(-1))).toEqual(mask.map((b, i) => (b ? -1 : i)))
      }),
      { numRuns: numSlowRuns },
    )
  })
  test('of one axis among other indices', () => {
    expect(counted([3, 2]).slice(np.array([true, false, true]), 1).js()).toEqual([1, 5])
  })
  test('not under jit, where the size of the result would depend on values', () => {
    expect(() => jit((x: NDArray) => x.slice(np.greater(x, 0)))(np.ones([3]))).toThrow(ConcretizationError)
    expect(() => jit((x: NDArray) => x.slice(np.greater(x, 0)))(np.ones([3]))).toThrow(/np\.where/)
  })
  test('of the wrong shape are refused', () => {
    expect(() => counted([3]).slice(np.array([true, false]))).toThrow(ShapeError)
    expect(() => counted([2, 2]).slice(np.ones([3, 2], { dtype: 'bool' }))).toThrow(ShapeError)
  })
})

describe('what is refused', () => {
  const x = counted([2, 3])
  test.each([
    ['an index of an axis without elements', () => np.zeros([0, 3]).slice(0), ShapeError, /index 0 for axis 0 of shape \[0,3\], which is empty/],
    ['an update there', () => np.zeros([2, 0]).at(0, -1).set(1), ShapeError, /index -1 for axis 1 of shape \[2,0\], which is empty/],
    ['too many indices', () => x.slice(0, 0, 0), ShapeError, /3 indices for shape \[2,3\]/],
    ['a fraction', () => x.slice(0.5), ArgumentError, /no integer/],
    ['a step of 0', () => x.slice([null, null, 0]), ArgumentError, /step 0/],
    ['two ellipses', () => x.slice('...', 0, '...'), ArgumentError, /once/],
    ['an array of floats', () => x.slice(np.array([0])), DtypeError, /float32.*integers or a boolean mask/],
    ['updates that do not broadcast', () => x.at(0).set(np.ones([2])), ShapeError, /\[2\].*\[3\]/],
  ])('%s', (_, act, error, message) => {
    expect(act).toThrow(error)
    expect(act).toThrow(message)
  })
})

describe('updates', () => {
  test('mul, min, max', () => {
    const x = np.array([1, 5, 3])
    expect([x.at(1).mul(2).js(), x.at([0, 2]).min(2).js(), x.at([1, null]).max(4).js()]).toEqual([[1, 10, 3], [1, 2, 3], [1, 5, 4]])
  })
  test('take the array’s dtype', () => {
    expect(np.array([1, 2], { dtype: 'int32' }).at(0).set(7).dtype).toBe('int32')
    expect(np.array([true, false]).at(1).set(true).js()).toEqual([true, true])
    expect(np.zeros([2], { dtype: 'float64' }).at(0).set(0.1).js()).toEqual([0.1, 0])
    expect(np.zeros([2], { dtype: 'uint8' }).at(0).add(200).at(0).add(100).js()).toEqual([44, 0])
  })
  test('leave the array as it was', () => {
    const x = np.ones([3])
    x.at(0).set(5)
    expect(x.js()).toEqual([1, 1, 1])
  })
})
