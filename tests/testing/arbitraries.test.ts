/** What the arbitraries promise: everything they make is valid, and the rare cases do come up. */
import { compileFunction } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type DType, DtypeError, lax, type NDArray, np, random, ShapeError, tree } from 'pullback'
import { arrays, axes, axis, broadcastableShapes, convolutions, einsums, elements, keys, shapes, trees, windows } from 'pullback/testing'
import { numRuns } from '../scale.ts'

function always<T>(arbitrary: fc.Arbitrary<T>, check: (x: T) => void): void {
  const property = fc.property(arbitrary, (x) => {
    check(x)
  })
  fc.assert(property, { numRuns })
}
/** Whether one of many values has a property: over a fixed seed, so always or never. */
const some = <T>(arbitrary: fc.Arbitrary<T>, has: (x: T) => boolean): boolean => fc.sample(arbitrary, { seed: 1, numRuns: 400 }).some(has)
const smallest = <T>(arbitrary: fc.Arbitrary<T>, fails: (x: T) => boolean): T => {
  const { counterexample } = fc.check(fc.property(arbitrary, (x) => !fails(x)), { seed: 1, numRuns: 2000 })
  if (counterexample === null) throw new Error('nothing fails')
  return counterexample[0]
}

describe('shapes', () => {
  test('keep to ranks and sizes; scalars and empty ones are among them', () => {
    always(shapes({ minRank: 1, maxRank: 2, minSize: 2, maxSize: 3 }), (s) => {
      expect(s.length === 1 || s.length === 2).toBe(true)
      for (const d of s) expect(d === 2 || d === 3).toBe(true)
    })
    expect(some(shapes(), (s) => s.length === 0)).toBe(true)
    expect(some(shapes(), (s) => s.includes(0))).toBe(true)
  })
  test('shrink to few and small axes', () => {
    expect(smallest(shapes(), (s) => s.length >= 2)).toEqual([1, 1])
  })
  test('groups broadcast to what is announced, as np says', () => {
    always(broadcastableShapes({ count: 3 }), ({ shapes: group, result }) => {
      expect(np.broadcastShapes(...group)).toEqual(result)
    })
    expect(some(broadcastableShapes(), ({ shapes: [a, b] }) => a!.length !== b!.length)).toBe(true)
    expect(some(broadcastableShapes(), ({ shapes: [a, b] }) => a!.some((d, i) => d === 1 && a!.length === b!.length && b![i]! > 1))).toBe(true)
  })
  test('axes are valid and different, negative ones among them', () => {
    const x = np.ones([2, 3, 4])
    always(axis(3), (a) => expect(np.sum(x, a).ndim).toBe(2))
    always(axes(3), (some_) => expect(np.sum(x, [...some_]).ndim).toBe(3 - some_.length))
    expect(some(axis(3), (a) => a < 0)).toBe(true)
    expect(some(axes(3), (a) => a.length === 3 && a.some((i) => i < 0))).toBe(true)
    expect(() => axis(0)).toThrow(ShapeError)
  })
})

/** What a dtype ends at. */
function limitsOf(dtype: DType): readonly number[] {
  if (dtype === 'bool') return [0, 1]
  if (!dtype.includes('float')) return [0, np.iinfo(dtype).min, np.iinfo(dtype).max]
  const { max, tiny, eps } = np.finfo(dtype)
  const least = tiny * eps
  return [0, -0, Infinity, -Infinity, NaN, max, -max, tiny, -tiny, least, -least, tiny - least, 1 + eps]
}

describe('arrays', () => {
  const dtypes: readonly DType[] = ['float64', 'float32', 'float16', 'bfloat16', 'int8', 'int16', 'int32', 'uint8', 'uint16', 'uint32', 'bool']
  test.each(dtypes)('of %s hold the numbers that were asked for', (dtype) => {
    always(arrays({ dtype, shape: [2, 3] }), (x) => {
      expect([x.dtype, x.shape]).toEqual([dtype, [2, 3]])
    })
  })
  test.each(dtypes)('corners of %s are numbers of it, its limits among them', (dtype) => {
    // Of ordinary numbers there is but one.
    const seen = fc.sample(elements(dtype, { min: 1, max: 1 }), { seed: 1, numRuns: 600 })
    // None is rounded, wrapped or cut off.
    expect([...np.array(seen, { dtype }).dataSync()]).toEqual(seen)
    expect(limitsOf(dtype).filter((limit) => !seen.some((v) => Object.is(v, limit)))).toEqual([])
  })
  test('corners come up in arrays', () => {
    for (const c of [0, -0, Infinity, -Infinity, NaN, 2 ** -149, (2 - 2 ** -23) * 2 ** 127]) expect(some(arrays({ shape: [4] }), (x) => [...x.dataSync()].some((v) => Object.is(v, c))), String(c)).toBe(true)
  })
  test('without corners they are finite and in range', () => {
    always(arrays({ dtype: ['float32', 'int8'], corners: false, min: 1, max: 2 }), (x) => {
      for (const v of x.dataSync()) expect(v >= 1 && v <= 2).toBe(true)
    })
  })
  test('are printed as what makes them, of every dtype, -0, NaN and none of their elements', () => {
    const evaluated = (text: string): NDArray => (compileFunction(`return ${text}`, ['np']) as (n: typeof np) => NDArray)(np)
    always(arrays({ dtype: dtypes }), (x) => {
      const again = evaluated(fc.stringify(x))
      expect([again.dtype, again.shape, [...again.dataSync()]]).toEqual([x.dtype, x.shape, [...x.dataSync()]])
    })
  })
  test('are printed shortly, and shrink to zeros', () => {
    expect(fc.stringify(smallest(arrays({ dtype: 'int32', shape: [2] }), (x) => x.size === 2))).toBe("np.array([0, 0], { dtype: 'int32' })")
  })
  test('there are none of complex dtypes', () => {
    expect(() => elements('complex64')).toThrow(DtypeError)
  })
})

test('trees are trees, of every kind', () => {
  // Their type recurses without end: to the library they are unknown.
  const some_: fc.Arbitrary<unknown> = trees()
  always(some_, (t) => {
    const [leaves, structure] = tree.flatten(t)
    const again = tree.unflatten(structure, leaves)
    expect(tree.structure(again).key).toBe(structure.key)
    tree.leaves(again).forEach((x, i) => expect(x).toBe(leaves[i]))
  })
  for (const has of [Array.isArray, (t: unknown) => t === null, (t: unknown) => t instanceof np.NDArray, (t: unknown) => typeof t === 'object' && t !== null && Object.getPrototypeOf(t) === Object.prototype]) {
    expect(some(some_, has)).toBe(true)
  }
  expect(some(some_, (t) => tree.leaves(t).length > 4)).toBe(true)
})

test('keys are keys, and differ', () => {
  always(keys(), (k) => expect([k.dtype, k.shape]).toEqual(['key', []]))
  const words = fc.sample(keys(), { seed: 1, numRuns: 30 }).map((k) => [...random.keyData(k).dataSync()].join())
  expect(new Set(words).size).toBeGreaterThan(20)
})

test('einsums fit their arrays; every form comes up', () => {
  always(einsums(), ({ subscripts, shapes: of }) => {
    np.einsum(subscripts, ...of.map((s) => np.ones(s)))
  })
  for (const form of [/^[^,]*->/, /,.*,/, /\.\.\./, /^[^>]*$/, /->$/, /([a-z])\1/]) expect(some(einsums(), ({ subscripts }) => form.test(subscripts)), String(form)).toBe(true)
})

test('convolutions fit their arrays and give at least one pixel; every option comes up', () => {
  for (const spatial of [0, 1, 2, 3] as const) {
    always(convolutions({ spatial }), ({ lhs, rhs, options }) => {
      const y = lax.convGeneralDilated(np.ones(lhs), np.ones(rhs), options)
      expect(y.ndim).toBe(spatial + 2)
      expect(y.size).toBeGreaterThan(0)
    })
  }
  type Options = Parameters<typeof lax.convGeneralDilated>[2] & object
  const forms: readonly ((o: Options & { readonly [k: string]: unknown }) => boolean)[] = [
    (o) => 'padding' in o && o.padding === 'SAME',
    (o) => JSON.stringify(o).includes('-1'),
    (o) => JSON.stringify(o['lhsDilation']).includes('2'),
    (o) => JSON.stringify(o['rhsDilation']).includes('2'),
    (o) => JSON.stringify(o['windowStrides']).includes('2'),
    (o) => o['featureGroupCount'] === 2,
    (o) => o['batchGroupCount'] === 2,
    (o) => JSON.stringify(o['dimensionNumbers']).includes('NHWC'),
  ]
  for (const has of forms) expect(some(convolutions(), ({ options }) => has({ ...options })), String(has)).toBe(true)
})

test('windows fit their arrays, and every window holds an element', () => {
  always(windows(), ({ shape, windowDimensions, windowStrides, padding, options }) => {
    const counts = lax.reduceWindow(np.ones(shape), 0, lax.add, windowDimensions, windowStrides, padding, options)
    expect(counts.size).toBeGreaterThan(0)
  })
})
