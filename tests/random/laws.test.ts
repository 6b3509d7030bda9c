// What holds of every draw, whatever its bits; the bits themselves are held against JAX's in tests/oracle/random.test.ts.
import fc from 'fast-check'
import { ArgumentError, DtypeError, jit, type NDArray, np, random, ShapeError, vmap } from 'pullback'
import { describe, expect, test } from 'vitest'
import { numSlowRuns, sized } from '../scale.ts'

const seeds = fc.integer({ min: -(2 ** 31), max: 2 ** 32 - 1 })
const words = (k: NDArray): unknown => random.keyData(k).js()
const many = sized(20_000, 1_000_000)

describe('keys', () => {
  test('draws under jit and vmap are those made eagerly', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 9 }), (seed, n) => {
        const key = random.key(seed)
        const eager = random.uniform(key, [n]).js()
        expect(jit((k: NDArray) => random.uniform(k, [n]))(key).js()).toEqual(eager)
        const keys = random.split(key, 3)
        const batched = vmap((k: NDArray) => random.uniform(k, [n]))(keys)
        expect([...keys].map((k) => random.uniform(k, [n]).js())).toEqual(batched.js())
      }),
      { numRuns: numSlowRuns },
    )
  })

  test('the i-th of n draws does not depend on n: the layout is partitionable', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 }), (seed, n, m) => {
        const key = random.key(seed)
        const least = Math.min(n, m)
        expect(random.bits(key, [n]).slice([0, least]).js()).toEqual(random.bits(key, [m]).slice([0, least]).js())
        expect(random.bits(key, [n, m]).reshape([-1]).js()).toEqual(random.bits(key, [n * m]).js())
        expect(words(random.split(key, n).slice([0, least]))).toEqual(words(random.split(key, m).slice([0, least])))
      }),
      { numRuns: numSlowRuns },
    )
  })

  test('split and foldIn give keys that differ', () => {
    const key = random.key(0)
    const all = [...random.split(key, 50), ...Array.from({ length: 50 }, (_, i) => random.foldIn(key, i + 1000)), key]
    expect(new Set(all.map((k) => JSON.stringify(words(k)))).size).toBe(all.length)
  })

  test('foldIn takes a traced number too', () => {
    const key = random.key(5)
    expect(words(jit((k: NDArray, i: NDArray) => random.foldIn(k, i))(key, np.array(7, { dtype: 'int32' })))).toEqual(words(random.foldIn(key, 7)))
  })

  test('are made from words and give them back', () => {
    expect(words(random.wrapKeyData(random.keyData(random.key(42))))).toEqual([0, 42])
    expect(random.wrapKeyData(np.array(Uint32Array.of(1, 2, 3, 4)).reshape([2, 2])).shape).toEqual([2])
  })

  test('move and are chosen like other elements', () => {
    const keys = random.split(random.key(1), 4)
    expect(words(np.concatenate([keys.slice([2, 4]), keys.slice([0, 2])]))).toEqual([...(words(keys.slice([2, 4])) as unknown[]), ...(words(keys.slice([0, 2])) as unknown[])])
    expect(words(keys.reshape([2, 2]).T.slice(0, 1))).toEqual(words(keys.slice(2)))
  })
})

describe('what is refused', () => {
  test('arrays and numbers as keys', () => {
    expect(() => random.uniform(np.ones([2]), [3])).toThrow(DtypeError)
    expect(() => random.uniform(np.ones([2]), [3])).toThrow(/float32\[2\]/)
    expect(() => random.normal(0 as never, [3])).toThrow(/random\.key/)
  })
  test('several keys where one is taken', () => {
    expect(() => random.uniform(random.split(random.key(0)), [3])).toThrow(ShapeError)
    expect(() => random.uniform(random.split(random.key(0)), [3])).toThrow(/vmap/)
  })
  test('keys in arithmetic', () => {
    expect(() => random.key(0).add(1)).toThrow(DtypeError)
  })
  test('unknown options, dtypes and seeds', () => {
    expect(() => random.uniform(random.key(0), [3], { low: 1 } as object)).toThrow(/unknown option 'low'; known options: minval, maxval, dtype/)
    expect(() => random.normal(random.key(0), [3], { dtype: 'int32' })).toThrow(DtypeError)
    expect(() => random.randint(random.key(0), [3], 0, 5, { dtype: 'float32' })).toThrow(DtypeError)
    expect(() => random.key(0.5)).toThrow(ArgumentError)
    expect(() => random.choice(random.key(0), 3, [4], { replace: false })).toThrow(/cannot draw 4 of 3/)
  })
})

describe('distributions', () => {
  const key = random.key(11)
  const mean = (x: NDArray): number => np.mean(x).item()
  const deviation = (x: NDArray): number => np.std(x).item()
  // Means of n draws stray by σ/√n; six of those is never.
  const stray = 6 / Math.sqrt(many)

  test('uniform stays within its bounds', () => {
    fc.assert(
      fc.property(seeds, fc.float({ min: -1000, max: 1000, noNaN: true }), fc.float({ min: Math.fround(0.001), max: 1000, noNaN: true }), (seed, low, width) => {
        const x = random.uniform(random.key(seed), [50], { minval: low, maxval: low + width }).dataSync()
        for (const v of x) expect([v >= Math.fround(low), v <= Math.fround(low + width)]).toEqual([true, true])
      }),
      { numRuns: numSlowRuns },
    )
  })
  test.each([
    ['uniform', random.uniform(key, [many]), 0.5, Math.sqrt(1 / 12)],
    ['normal', random.normal(key, [many]), 0, 1],
    ['exponential', random.exponential(key, [many]), 1, 1],
    ['gumbel', random.gumbel(key, [many]), np.eulerGamma, Math.PI / Math.sqrt(6)],
    ['laplace', random.laplace(key, [many]), 0, Math.SQRT2],
    ['logistic', random.logistic(key, [many]), 0, Math.PI / Math.sqrt(3)],
  ])('%s has its mean and deviation', (_, x, mu, sigma) => {
    expect(Math.abs(mean(x) - mu)).toBeLessThan(sigma * stray)
    expect(Math.abs(deviation(x) / sigma - 1)).toBeLessThan(2 * stray)
  })
  test('truncatedNormal keeps to its bounds', () => {
    const x = random.truncatedNormal(key, -0.5, 2, [1000])
    expect([np.all(np.greaterEqual(x, -0.5)).item(), np.all(np.lessEqual(x, 2)).item()]).toEqual([1, 1])
  })
  test('a shape stands in its place or among options', () => {
    expect(random.truncatedNormal(key, -1, 1, { shape: [3], dtype: 'float64' }).js()).toEqual(random.truncatedNormal(key, -1, 1, [3], { dtype: 'float64' }).js())
    expect(random.bernoulli(key, 0.5, { shape: [9] }).js()).toEqual(random.bernoulli(key, 0.5, [9]).js())
  })
  test('bernoulli is true as often as p says', () => {
    for (const p of [0, 0.1, 0.7, 1]) expect(Math.abs(mean(random.bernoulli(key, p, [many])) - p)).toBeLessThan(stray)
    expect(random.bernoulli(key, np.array([0, 1, 0])).js()).toEqual([false, true, false])
  })
  test('randint covers [minval, maxval) evenly', () => {
    const x = random.randint(key, [many], -2, 3)
    for (let v = -2; v < 3; v++) expect(Math.abs(mean(np.equal(x, v)) - 0.2)).toBeLessThan(stray)
    expect([np.min(x).item(), np.max(x).item()]).toEqual([-2, 2])
  })
  test('categorical follows its logits', () => {
    const p = [0.1, 0.2, 0.7]
    const x = random.categorical(key, np.log(np.array(p)), { shape: [many] })
    p.forEach((q, i) => expect(Math.abs(mean(np.equal(x, i)) - q)).toBeLessThan(stray))
  })
  test('permutation has every element once; choice without replacement none twice', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 0, max: 30 }), (seed, n) => {
        const k = random.key(seed)
        const all = Array.from({ length: n }, (_, i) => i)
        const sorted = (x: NDArray): number[] => [...x.dataSync()].sort((a, b) => a - b)
        expect(sorted(random.permutation(k, n))).toEqual(all)
        if (n > 0) expect(new Set(random.choice(k, n, [Math.ceil(n / 2)], { replace: false }).dataSync()).size).toBe(Math.ceil(n / 2))
        const rows = np.arange(3 * n).reshape([n, 3])
        expect(sorted(random.permutation(k, rows).slice([], 0))).toEqual(all.map((i) => 3 * i))
      }),
      { numRuns: numSlowRuns },
    )
  })
  test('choice with probabilities', () => {
    const x = random.choice(key, np.array([10, 20, 30]), [many], { p: np.array([0.5, 0, 0.5]) })
    expect(Math.abs(mean(np.equal(x, 10)) - 0.5)).toBeLessThan(stray)
    expect(np.any(np.equal(x, 20)).item()).toBe(0)
  })
  test('in every floating dtype', () => {
    for (const dtype of ['float16', 'bfloat16', 'float32', 'float64'] as const) {
      const x = random.normal(key, [2000], { dtype })
      expect(x.dtype).toBe(dtype)
      expect(Math.abs(mean(x.astype('float32')))).toBeLessThan(0.15)
      expect(Math.abs(deviation(x.astype('float32')) - 1)).toBeLessThan(0.1)
    }
  })
})
