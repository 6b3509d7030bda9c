/** Trees: `tree.map` is a functor, flattening an isomorphism between trees and pairs of leaves and structure. */
import fc from 'fast-check'
import { jit, type NDArray, np, tree } from 'pullback'
import { describe, expect, test } from 'vitest'
import { numRuns } from '../scale.ts'
import { Box, labels, trees } from './arbitrary-tree.ts'

/** A tree in which every leaf is an array, so that mapping the identity gives the same handles. */
const arrays = trees.map((t) => tree.map((x) => x, t))
const same = (a: unknown, b: unknown): void => {
  const [x, y] = [tree.flatten(a), tree.flatten(b)]
  expect(y[1].key).toBe(x[1].key)
  expect(y[0].length).toBe(x[0].length)
  for (const [i, leaf] of x[0].entries()) expect(Object.is(leaf, y[0][i]), `leaf ${i}`).toBe(true)
}
const values = (t: unknown): unknown[] => tree.leaves(t).map((x) => [np.asarray(x).dtype, np.asarray(x).shape, np.asarray(x).js()])
const doubled = (x: NDArray): NDArray => x.mul(2)
const shape = (x: NDArray): NDArray => np.add(np.sum(x), 1)

describe('tree.map is a functor', () => {
  test('it keeps the identity', () => {
    fc.assert(fc.property(arrays, (t) => same(t, tree.map((x) => x, t))), { numRuns })
  })

  test('it keeps composition', () => {
    fc.assert(
      fc.property(arrays, (t) => {
        const [at, then] = [tree.map((x) => shape(doubled(x)), t), tree.map(shape, tree.map(doubled, t))]
        expect(tree.structure(then).key).toBe(tree.structure(at).key)
        expect(values(then)).toEqual(values(at))
      }),
      { numRuns },
    )
  })

  test('it keeps structure, and visits leaves in the order of tree.leaves', () => {
    fc.assert(
      fc.property(trees, (t) => {
        const seen: unknown[] = []
        const mapped = tree.map((x) => {
          seen.push(x.js())
          return np.array(seen.length)
        }, t)
        expect(tree.structure(mapped).key).toBe(tree.structure(t).key)
        expect(seen).toEqual(tree.leaves(t).map((x) => np.asarray(x).js()))
        expect(tree.leaves(mapped).map((x) => np.asarray(x).js())).toEqual(seen.map((_, i) => i + 1))
      }),
      { numRuns },
    )
  })

  test('of several trees it is the map of their pairs', () => {
    fc.assert(
      fc.property(arrays, (t) => {
        const other = tree.map(doubled, t)
        const [left, right] = [tree.leaves(t), tree.leaves(other)]
        const pairs = left.map((x, i) => np.add(x, right[i]!).js())
        expect(tree.leaves(tree.map((x, y) => np.add(x, y), t, other)).map((x) => np.asarray(x).js())).toEqual(pairs)
      }),
      { numRuns },
    )
  })

  test('it commutes with jit', () => {
    fc.assert(
      fc.property(arrays, (t) => {
        const compiled = jit((v: unknown) => tree.map(doubled, v))(t)
        expect(tree.structure(compiled).key).toBe(tree.structure(t).key)
        expect(values(compiled)).toEqual(values(tree.map(doubled, t)))
      }),
      { numRuns: Math.ceil(numRuns / 5) },
    )
  })
})

describe('flatten and unflatten are inverse', () => {
  test('from trees and back', () => {
    fc.assert(
      fc.property(trees, (t) => {
        const [leaves, structure] = tree.flatten(t)
        const back = tree.unflatten(structure, leaves)
        expect(sameTree(t, back)).toBe(true)
      }),
      { numRuns },
    )
  })

  test('from leaves and structure and back', () => {
    fc.assert(
      fc.property(trees, (t) => {
        const structure = tree.structure(t)
        const fresh = Array.from({ length: structure.leaves }, (_, i) => i)
        const [leaves, again] = tree.flatten(tree.unflatten(structure, fresh))
        expect(leaves).toEqual(fresh)
        expect(again.key).toBe(structure.key)
      }),
      { numRuns },
    )
  })

  test('structures have one key exactly when they rebuild the same tree', () => {
    fc.assert(
      fc.property(trees, trees, (a, b) => {
        const [s, r] = [tree.structure(a), tree.structure(b)]
        const numbered = (t: typeof s): unknown => tree.unflatten(t, Array.from({ length: t.leaves }, (_, i) => i))
        expect(s.key === r.key).toBe(s.leaves === r.leaves && sameTree(numbered(s), numbered(r)))
      }),
      { numRuns: numRuns * 4 },
    )
  })

  test('a record without a prototype is one like others, and is traced once', () => {
    const bare = (): object => Object.assign(Object.create(null) as object, { b: np.ones([2]), a: 1 })
    expect(tree.structure(bare()).key).toBe(tree.structure({ a: 1, b: 2 }).key)
    let traces = 0
    const f = jit((t: unknown) => {
      traces++
      return tree.leaves(t).length
    })
    for (const t of [bare(), bare(), { a: 1, b: np.ones([2]) }]) expect(f(t).item()).toBe(2)
    expect(traces).toBe(1)
  })

  test('in a record, names count and their order does not', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ maxLength: 2 }), trees, { maxKeys: 5 }), (record) => {
        const backwards = Object.fromEntries(Object.entries(record).toReversed())
        same(record, backwards)
      }),
      { numRuns },
    )
  })
})

describe('what a class keeps beside its children', () => {
  test('tells structures apart exactly when it differs', () => {
    fc.assert(
      fc.property(labels, labels, (a, b) => {
        expect(tree.structure(new Box(1, a)).key === tree.structure(new Box(1, b)).key).toBe(sameTree(a, b))
      }),
      { numRuns: numRuns * 4 },
    )
  })

  test('decides which program jit runs, a function too', () => {
    const run = jit((b: Box) => (b.label as (x: NDArray) => NDArray)(b.child as NDArray))
    expect(run(new Box(np.array([1]), (x: NDArray) => x.mul(2))).js()).toEqual([2])
    expect(run(new Box(np.array([1]), (x: NDArray) => x.mul(3))).js()).toEqual([3])
    const weigh = jit((b: Box) => np.multiply(b.child as NDArray, b.label as number))
    expect([NaN, Infinity, -Infinity, 0].map((label) => weigh(new Box(np.array([1]), label)).js())).toEqual([[NaN], [Infinity], [-Infinity], [0]])
  })
})

/** Plain data by what they hold, arrays and functions by identity: said once more, without keys. */
function sameTree(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null || a instanceof np.NDArray) return false
  if (kindOf(a) !== kindOf(b)) return false
  const [x, y] = [Object.entries(a), new Map<string, unknown>(Object.entries(b))]
  return x.length === y.size && x.every(([name, v]) => y.has(name) && sameTree(v, y.get(name)))
}

/** A record made by `Object.create(null)` is one like others. */
const kindOf = (x: object): unknown => Object.getPrototypeOf(x) ?? Object.prototype
