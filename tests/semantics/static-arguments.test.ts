import { debug, jit, lower, type NDArray, np } from 'pullback'
import { expect, test } from 'vitest'

const x = np.array([1, 2, 3])
const symbol = Symbol('a')
class Config {
  readonly n: number
  constructor(n: number) {
    this.n = n
  }
}

/** How often a function with one static argument is traced for two values of it. */
function traces(a: unknown, b: unknown): number {
  let count = 0
  const f = jit(
    (v: NDArray, _s: unknown) => {
      count++
      return v
    },
    { staticArgnums: 1 },
  )
  f(x, a)
  f(x, b)
  return count
}

const g = (v: number): number => v
const h = (v: number): number => v
const config = new Config(1)

test.each<[string, unknown, unknown]>([
  ['numbers', 2, 2],
  ['NaN', NaN, NaN],
  ['texts', 'ab', 'ab'],
  ['nothing', null, null],
  ['bigints', 3n, 3n],
  ['lists', [1, 'a', [2, NaN]], [1, 'a', [2, NaN]]],
  ['object literals', { n: 1, shape: [2, 3], mode: { name: 'same' } }, { n: 1, shape: [2, 3], mode: { name: 'same' } }],
  ['object literals whose names come in another order', { a: 1, b: 2 }, { b: 2, a: 1 }],
  ['objects that hold one function', { f: g }, { f: g }],
  ['typed arrays', Int32Array.of(1, 2), Int32Array.of(1, 2)],
  ['one function', g, g],
  ['one object of a class', config, config],
  ['one symbol', symbol, symbol],
])('%s are equal: one trace', (_name, a, b) => expect(traces(a, b)).toBe(1))

test.each<[string, unknown, unknown]>([
  ['0 and -0', 0, -0],
  ['1 and "1"', 1, '1'],
  ['null and undefined', null, undefined],
  ['1 and true', 1, true],
  ['a list and its entry', [1], 1],
  ['[[1], 2] and [[1, 2]]', [[1], 2], [[1, 2]]],
  ['["a,b"] and ["a", "b"]', ['a,b'], ['a', 'b']],
  ['{ a: undefined } and {}', { a: undefined }, {}],
  ['{} and []', {}, []],
  ['a list with a hole filled otherwise', [1, null], [1, undefined]],
  ['functions of one text', g, h],
  ['objects that hold them', { f: g }, { f: h }],
  ['objects of a class', new Config(1), new Config(1)],
  ['typed arrays of 0 and -0', Float32Array.of(0), Float32Array.of(-0)],
  ['typed arrays of two types', Int32Array.of(1), Uint32Array.of(1)],
  ['symbols of one name', Symbol('a'), Symbol('a')],
])('%s differ: two traces', (_name, a, b) => expect(traces(a, b)).toBe(2))

test('one with a default may be left out at the end of a call, as one that is given away', () => {
  const f = jit((x: np.NDArray, a: number = 2, n: number = 5) => x.mul(a).mul(n), { staticArgnums: [1, 2] })
  const ones = np.ones([2])
  expect([f(ones), f(ones, 3), f(ones, 3, 4), f(ones)].map((y) => y.js())).toEqual([[10, 10], [15, 15], [12, 12], [10, 10]])
  expect(lower((y: np.NDArray, n: number = 5) => y.mul(n), { staticArgnums: 1 })(ones).compile().call(ones).js()).toEqual([5, 5])
  const g = jit((y: np.NDArray, state?: np.NDArray) => (state === undefined ? y.mul(2) : y.add(state)), { donateArgnums: [0, 1] })
  expect(g(np.ones([2])).js()).toEqual([2, 2])
  expect(() => jit((y: np.NDArray) => y, { staticArgnums: 2 })(ones)).toThrow('staticArgnums 2 for a call with 1 arguments')
})

test('an object that was changed is another value, and one changed back is the first again', () => {
  const options = { factor: 2 }
  const f = jit((v: NDArray, o: { factor: number }) => v.mul(o.factor), { staticArgnums: 1 })
  expect(f(x, options).js()).toEqual([2, 4, 6])
  options.factor = 3
  expect(f(x, options).js()).toEqual([3, 6, 9])
  options.factor = 2
  expect(f(x, options).js()).toEqual([2, 4, 6])
  const list = Float64Array.of(1, 10, 100)
  const scaled = jit((v: NDArray, l: Float64Array) => v.mul(l[1]!), { staticArgnums: 1 })
  expect(scaled(x, list).js()).toEqual([10, 20, 30])
  list[1] = 7
  expect(scaled(x, list).js()).toEqual([7, 14, 21])
})

test('what was traced again says that static arguments differ', () => {
  const f = jit((v: NDArray, o: { n: number }) => v.mul(o.n), { staticArgnums: -1 })
  f(x, { n: 1 })
  f(x, { n: 1 })
  f(x, { n: 2 })
  expect(debug.compiles().slice(-2).map((c) => c.reason)).toEqual(['the first call of this function', 'static arguments differ'])
})

test('lower takes static arguments too', () => {
  const lowered = lower((v: NDArray, o: { n: number }) => v.mul(o.n), { staticArgnums: 1 })(x, { n: 4 })
  expect(lowered.compile().call(x, { n: 4 }).js()).toEqual([4, 8, 12])
})
