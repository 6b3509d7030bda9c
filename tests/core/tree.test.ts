import fc from 'fast-check'
import { grad, type NDArray, np, tree, TreeError } from 'pullback'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { broadcastPrefix, eachPath, flatten, leavesLike, unflatten } from '../../src/core/tree.ts'
import { numRuns } from '../scale.ts'

const nested: fc.Arbitrary<unknown> = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.double({ noNaN: true }),
    fc.boolean(),
    fc.constant(null),
    fc.constant(undefined),
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(fc.string({ maxLength: 3 }), tie('tree'), { maxKeys: 3 }),
  ),
})).tree

describe('flatten and unflatten', () => {
  test('are inverse', () => {
    fc.assert(
      fc.property(nested, (t) => {
        const [leaves, structure] = flatten(t)
        expect(unflatten(structure, leaves)).toEqual(t)
        expect(structure.leaves).toBe(leaves.length)
      }),
      { numRuns },
    )
  })

  test('structures are equal exactly when trees differ in leaves alone', () => {
    fc.assert(
      fc.property(nested, nested, (a, b) => {
        const [leaves, structure] = flatten(a)
        const relabelled = unflatten(structure, leaves.map((_, i) => i))
        expect(flatten(relabelled)[1].key).toBe(structure.key)
        if (flatten(b)[1].key === structure.key) expect(unflatten(structure, flatten(b)[0])).toEqual(b)
      }),
      { numRuns },
    )
  })

  test('keys of objects are taken in sorted order, whatever order they were written in', () => {
    expect(flatten({ b: 1, a: 2, c: [3, 4] })[0]).toEqual([2, 1, 3, 4])
    expect(flatten({ a: 2, c: [3, 4], b: 1 })[1].key).toBe(flatten({ b: 1, a: 2, c: [3, 4] })[1].key)
  })

  test('null, undefined and empty lists have no leaves', () => {
    expect(flatten([null, undefined, [], {}])[0]).toEqual([])
  })

  test('arrays are leaves', () => {
    const x = np.ones([2])
    expect(flatten({ w: x })[0][0]).toBe(x)
  })

  test('an array and a number in its place have one structure', () => {
    expect(flatten([np.ones([2]), 1])[1].key).toBe(flatten([3, np.zeros([])])[1].key)
  })

  test('a name that Object.prototype has is a name like others', () => {
    const odd = JSON.parse('{"__proto__": 1, "constructor": 2, "toString": 3}') as object
    const [leaves, structure] = flatten(odd)
    expect(leaves).toEqual([1, 2, 3])
    expect(Object.entries(unflatten(structure, leaves) as object)).toEqual([['__proto__', 1], ['constructor', 2], ['toString', 3]])
  })
})

describe('what is no tree is refused, with its path', () => {
  const at = (value: unknown): unknown => ({ layers: [1, { w: value }] })
  test.each([
    ['a string', 'x', /the string "x" at \["layers"\]\[1\]\["w"\]/],
    ['a function', () => 1, /a function at/],
    ['a bigint', 1n, /a bigint at/],
    ['a symbol', Symbol('s'), /a symbol at/],
    ['a typed array', Float32Array.of(1), /a Float32Array at .*np\.array/],
    ['a Promise', Promise.resolve(1), /a Promise at .*synchronous/],
    ['a Map', new Map(), /class Map at .*tree\.register/],
    ['a Date', new Date(0), /class Date at/],
  ])('%s', (_, value, message) => {
    expect(() => flatten(at(value), 'grad')).toThrow(TreeError)
    expect(() => flatten(at(value), 'grad')).toThrow(message)
    expect(() => flatten(at(value), 'grad')).toThrow(/^grad: /)
  })

  test('a tree that goes round in a circle', () => {
    const circle: unknown[] = [1]
    circle.push(circle)
    expect(() => flatten(circle)).toThrow(TreeError)
  })

  test('the wrong number of leaves', () => {
    expect(() => unflatten(flatten([1, 2])[1], [1])).toThrow(/got 1 leaves for a structure of 2/)
  })

  test('another structure, both shown', () => {
    expect(() => leavesLike('jvp', flatten({ a: 1 })[1], { b: 1 }, 'tangents')).toThrow(/jvp: tangents has structure \{"b":\*\} where \{"a":\*\} is needed/)
  })
})

describe('registered classes', () => {
  class Pair {
    readonly left: NDArray
    readonly right: NDArray
    readonly name: string
    constructor(left: NDArray, right: NDArray, name: string) {
      this.left = left
      this.right = right
      this.name = name
    }
  }
  tree.register(
    Pair,
    (p) => [[p.left, p.right] as [NDArray, NDArray], p.name],
    (name, [left, right]) => new Pair(left, right, name as string),
  )
  const pair = (name: string): Pair => new Pair(np.array([1, 2]), np.array(3), name)

  test('are nodes of trees', () => {
    const [leaves, structure] = tree.flatten([pair('p'), 1])
    expect(leaves).toHaveLength(3)
    const [again] = tree.unflatten(structure, leaves) as [Pair, NDArray]
    expect(again).toBeInstanceOf(Pair)
    expect([again.name, again.left.js()]).toEqual(['p', [1, 2]])
  })

  test('differ where what is not a child differs', () => {
    expect(flatten(pair('p'))[1].key).not.toBe(flatten(pair('q'))[1].key)
  })

  test('go through transformations', () => {
    const g = grad((p: Pair) => np.sum(p.left.mul(p.right)))(pair('p'))
    expect(g).toBeInstanceOf(Pair)
    expect([g.left.js(), g.right.js()]).toEqual([[3, 3], 3])
  })
})

describe('prefixes', () => {
  const isNumber = (x: unknown): x is number => typeof x === 'number'
  const structure = flatten([{ w: 0, b: 0 }, [0, 0], null])[1]
  test('a value stands for all leaves below it', () => {
    expect(broadcastPrefix('vmap', 7, structure, isNumber, 'inAxes')).toEqual([7, 7, 7, 7])
    expect(broadcastPrefix('vmap', [1, [2, 3], null], structure, isNumber, 'inAxes')).toEqual([1, 1, 2, 3])
    expect(broadcastPrefix('vmap', [{ w: 1, b: 2 }, 3, null], structure, isNumber, 'inAxes')).toEqual([2, 1, 3, 3])
  })
  test('what is none is refused with its path', () => {
    expect(() => broadcastPrefix('vmap', [1, [2]], structure, isNumber, 'inAxes')).toThrow(TreeError)
    expect(() => broadcastPrefix('vmap', [1, [2], 3], structure, isNumber, 'inAxes')).toThrow(/inAxes at \[1\] is no prefix/)
  })
})

describe('tree functions', () => {
  const params = { w: np.array([[1, 2]]), b: 3 }

  test('map over one tree, number leaves as arrays', () => {
    const doubled = tree.map((x) => x.mul(2), params)
    expect(tree.map((x) => x.js(), doubled)).toEqual({ b: 6, w: [[2, 4]] })
    expectTypeOf(doubled.w).toEqualTypeOf<NDArray>()
  })
  test('map over two trees', () => {
    const sum = tree.map((x, y) => x.add(y), params, { w: np.array([[10, 20]]), b: 1 })
    expect([sum.w.js(), sum.b.js()]).toEqual([[[11, 22]], 4])
  })
  test('map refuses trees that differ', () => {
    const [full, some]: { w: NDArray; b?: number }[] = [{ w: params.w, b: 3 }, { w: np.ones([1, 2]) }]
    expect(() => tree.map((x, y) => x.add(y), full!, some!)).toThrow(TreeError)
  })
  test('mapWithPath names each leaf from the root', () => {
    const paths: string[] = []
    tree.mapWithPath((path, x) => (paths.push(path.join('.')), x), { layers: [{ w: 1 }, { w: 2 }] })
    expect(paths).toEqual(['layers.0.w', 'layers.1.w'])
  })
  test('paths come in the order of leaves', () => {
    fc.assert(
      fc.property(nested, (t) => {
        const [leaves, structure] = flatten(t)
        let n = 0
        eachPath(structure, () => n++)
        expect(n).toBe(leaves.length)
      }),
      { numRuns },
    )
  })
  test('broadcastPrefix gives one value for each leaf', () => {
    const isAxis = (x: unknown): x is number | null => x === null || typeof x === 'number'
    const axes = tree.broadcastPrefix([0, null], [{ w: 1, b: 2 }, 3], isAxis)
    expectTypeOf(axes).toEqualTypeOf<(number | null)[]>()
    expect(axes).toEqual([0, 0, null])
    expect(() => tree.broadcastPrefix([0], [1, 2], isAxis)).toThrow('tree.broadcastPrefix: the prefix is no prefix of [*,*]')
  })
  test('reduce, all, leaves', () => {
    expect(tree.reduce((n, x) => n + x.size, [np.ones([2, 3]), 1], 0)).toBe(7)
    const total = tree.reduce((a, b) => a.add(b), { w: np.array(2), b: [3, np.array(4)] })
    expectTypeOf(total).toEqualTypeOf<np.NDArray>()
    expect(total.item()).toBe(9)
    expect(tree.reduce((last, x) => last ?? x.size, [np.ones([5])], undefined as number | undefined)).toBe(5)
    expect([tree.all([true, 1, np.array(2)]), tree.all([true, 0])]).toEqual([true, false])
    expect(tree.leaves({ b: 1, a: [2, null] })).toEqual([2, 1])
  })
})
