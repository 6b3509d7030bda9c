// Arrays from shapes, ranges and JavaScript's values.
import fc from 'fast-check'
import { ArgumentError, DtypeError, jit, makeJaxpr, type NDArray, np, ShapeError } from 'pullback'
import { describe, expect, test } from 'vitest'
import { numRuns } from '../scale.ts'

const type = (x: NDArray): string => `${x.dtype}${x.aval.weakType ? '*' : ''}[${x.shape.join(',')}]`

describe('dtypes of what is created', () => {
  test('numbers are float32, weak when alone, as in JAX; truth values bool', () => {
    expect([np.array(2), np.array([2]), np.array(true), np.full([2], 3), np.full([2], true), np.ones(2), np.zerosLike(2)].map(type)).toEqual([
      'float32*[]',
      'float32[1]',
      'bool[]',
      'float32*[2]',
      'bool[2]',
      'float32[2]',
      'float32*[]',
    ])
  })
  test('ranges of integers are int32, of fractions float32', () => {
    expect([np.arange(3), np.arange(0, 1, 0.5), np.arange(3, { dtype: 'float64' }), np.linspace(0, 1, 3), np.indices([2, 2])].map(type)).toEqual(['int32[3]', 'float32[2]', 'float64[3]', 'float32[3]', 'int32[2,2,2]'])
  })
  test('the dtype asked for', () => {
    for (const make of [np.zeros, np.ones, np.empty]) expect(type(make([2, 1], { dtype: 'int8' }))).toBe('int8[2,1]')
    expect(type(np.eye(2, { dtype: 'bool' }))).toBe('bool[2,2]')
    expect(type(np.fullLike(np.arange(2), 1.5))).toBe('int32[2]')
    expect(np.fullLike(np.arange(2), 1.5).js()).toEqual([1, 1])
    expect(type(np.onesLike(np.zeros([2]), { dtype: 'int32', shape: [3] }))).toBe('int32[3]')
  })
  test('the device asked for', () => {
    for (const device of ['cpu', 'wasm'] as const) {
      const made = [np.zeros(2, { device }), np.full([2], 7, { device }), np.array([1, 2], { device }), np.arange(2, { device }), np.eye(2, { device }), np.array(np.ones(2), { device }), np.linspace(0, 1, { num: 2, device })]
      expect(made.map((x) => x.device)).toEqual(made.map(() => device))
      expect(np.full([2], 7, { device, dtype: 'int8' }).js()).toEqual([7, 7])
    }
  })
})

describe('ranges', () => {
  test('arange counts like a loop', () => {
    const step = fc.integer({ min: -5, max: 5 }).filter((s) => s !== 0)
    fc.assert(
      fc.property(fc.integer({ min: -20, max: 20 }), fc.integer({ min: -20, max: 20 }), step, (start, stop, by) => {
        const loop: number[] = []
        for (let i = start; by > 0 ? i < stop : i > stop; i += by) loop.push(i)
        expect(np.arange(start, stop, by).js()).toEqual(loop)
      }),
      { numRuns },
    )
  })
  test('linspace holds its ends exactly', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), fc.float({ noNaN: true, noDefaultInfinity: true }), fc.integer({ min: 2, max: 9 }), (a, b, n) => {
        const x = np.linspace(a, b, n).dataSync()
        expect([x.length, x[0], x[n - 1]]).toEqual([n, a, b])
      }),
      { numRuns },
    )
  })
  test('nothing between, one, and the right to stop early', () => {
    expect([np.arange(3, 3).js(), np.arange(0).js(), np.linspace(2, 5, 1).js(), np.linspace(2, 5, 0).js()]).toEqual([[], [], [2], []])
    expect(np.linspace(0, 1, 4, { endpoint: false }).js()).toEqual([0, 0.25, 0.5, 0.75])
  })
})

describe('under jit', () => {
  test('constants are spread literals and counts, not data', () => {
    expect(String(makeJaxpr(() => [np.zeros([2, 3]), np.full([2], 7, { dtype: 'int32' }), np.arange(4)])())).toMatchInlineSnapshot(`
      "{ lambda ; . let
          a:f32[2,3] = broadcastInDim[broadcastDimensions=() shape=(2, 3)] 0.0:f32[]
          b:i32[2] = broadcastInDim[broadcastDimensions=() shape=(2,)] 7:i32[]
          c:i32[4] = iota[dimension=0 dtype=int32 shape=(4,)]
        in (a, b, c) }"
    `)
  })
  test('lists of traced values stack', () => {
    expect(jit((x: NDArray) => np.array([x, [x.mul(2), 3]].flat()))(np.array(5)).js()).toEqual([5, 10, 3])
  })
})

describe('refusals name what was given', () => {
  const refused = (f: () => unknown): { readonly kind: unknown; readonly message: string } => {
    try {
      f()
    } catch (e) {
      return { kind: (e as Error).constructor, message: (e as Error).message }
    }
    return { kind: null, message: '' }
  }
  test.each([
    ['ragged lists', () => np.array([[1, 2], [3]]), ShapeError, '[1] has 1 elements where its siblings have 2 elements'],
    ['a list where a number stood', () => np.array([1, [2]] as never), ShapeError, '[1] has 1 elements where its siblings have a number'],
    ['a number where a list stood', () => np.array([[1], 2] as never), ShapeError, '[1] has a number where its siblings have a list of 1'],
    ['64-bit integers', () => np.array(BigInt64Array.of(1n) as never), DtypeError, 'no 64-bit integers'],
    ['a bigint in a list', () => np.array([1n] as never), DtypeError, 'a bigint at [0]'],
    ['text', () => np.array('12' as never), ArgumentError, 'the string "12"'],
    ['nothing', () => np.array(undefined as never), ArgumentError, 'undefined'],
    ['an unknown dtype', () => np.zeros(2, { dtype: 'int64' as never }), DtypeError, "'int64' is no dtype"],
    ['an unknown option', () => np.ones(2, { type: 'int8' } as never), ArgumentError, "unknown option 'type'; known options: dtype, device"],
    ['a negative size', () => np.zeros([-1]), ShapeError, '[-1]'],
    ['a step of 0', () => np.arange(0, 1, 0), ArgumentError, 'step is 0'],
    ['an endless range', () => np.arange(Infinity), ArgumentError, 'finite'],
    ['keys', () => np.zeros(2, { dtype: 'key' }), DtypeError, 'random.key'],
  ] as const)('%s', (_, f, kind, words) => {
    const { kind: got, message } = refused(f)
    expect(got).toBe(kind)
    expect(message).toContain(words)
  })
})
