// What users do with an array in their hand: create, read, print, coerce, iterate, let go.
import { inspect } from 'node:util'
import fc from 'fast-check'
import { ArgumentError, ConcretizationError, defaultDevice, DisposedError, DtypeError, grad, jit, jvp, type NDArray, np, random, ShapeError, vmap } from 'pullback'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { numRuns } from '../scale.ts'

describe.each(['cpu', 'wasm'] as const)('arrays on %s', (device) => {
  const before = defaultDevice()
  beforeAll(() => {
    defaultDevice(device)
  })
  afterAll(() => {
    defaultDevice(before)
  })

  describe('are made of', () => {
    test('numbers: float32 whatever their values', () => {
      for (const value of [2, 2.5, [1, 2], [[1], [2.5]]]) expect(np.array(value).dtype).toBe('float32')
      expect(np.array([1, 2], { dtype: 'int32' }).dtype).toBe('int32')
    })
    test('truth values: bool', () => {
      expect([np.array(true).dtype, np.array([true, false]).dtype]).toEqual(['bool', 'bool'])
      expect(np.array([true, 2]).dtype).toBe('float32')
    })
    test('typed arrays, whose dtype they keep and whose memory they do not share', () => {
      const data = Int32Array.of(1, 2, 3)
      const x = np.array(data)
      data[0] = 9
      expect([x.dtype, x.js()]).toEqual(['int32', [1, 2, 3]])
      expect(np.array(new Float64Array(2)).dtype).toBe('float64')
      expect(np.array(Float64Array.of(0.1), { dtype: 'float32' }).item()).toBe(Math.fround(0.1))
      expect(np.array(new Uint8Array(8).subarray(3, 5)).shape).toEqual([2])
    })
    test('other arrays, also inside lists', () => {
      const x = np.array([1, 2])
      expect(np.array([x, x.mul(10)]).js()).toEqual([[1, 2], [10, 20]])
      expect(np.array(x, { dtype: 'int8' }).dtype).toBe('int8')
    })
    test('nothing: empty ones', () => {
      expect([np.array([]).shape, np.array([[], []]).shape]).toEqual([[0], [2, 0]])
    })
    test('any nested lists: js() gives them back', () => {
      const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 })
      fc.assert(
        fc.property(shapes, (shape) => {
          let n = 0
          const build = (axis: number): unknown => (axis === shape.length ? n++ : Array.from({ length: shape[axis]! }, () => build(axis + 1)))
          const lists = build(0) as number[]
          const x = np.array(lists)
          expect(x.js()).toEqual(lists)
          if (x.size > 0) expect(x.shape).toEqual(shape)
        }),
        { numRuns },
      )
    })
    test.each([
      ['ragged lists', [[1, 2], [3]], ShapeError, /ragged/],
      ['lists and numbers mixed', [[1], 2], ShapeError, /ragged/],
      ['64-bit integers', BigInt64Array.of(1n), DtypeError, /64-bit/],
      ['bigints', [1n], DtypeError, /64-bit/],
      ['strings', 'abc', ArgumentError, /string/],
      ['null', null, ArgumentError, /null/],
      ['objects', [{}], ArgumentError, /\[0\]/],
    ])('not of %s', (_, value, error, message) => {
      const make = (): NDArray => np.array(value as never)
      expect(make).toThrow(error)
      expect(make).toThrow(message)
    })
    test('not with options nobody knows', () => {
      expect(() => np.array([1], { dtyp: 'int32' } as object)).toThrow(/unknown option 'dtyp'; known options: dtype, device/)
      expect(() => np.array([1], { dtype: 'int64' as 'int32' })).toThrow(DtypeError)
    })
  })

  describe('are read', () => {
    const x = (): NDArray => np.array([[1, 2], [3, 4]])
    test('as nested lists, typed arrays and scalars', async () => {
      expect(x().js()).toEqual([[1, 2], [3, 4]])
      expect(x().dataSync()).toEqual(Float32Array.of(1, 2, 3, 4))
      expect(x().slice(1, 0).item()).toBe(3)
      expect(np.array([[7]]).item()).toBe(7)
      expect(await x().jsAsync()).toEqual([[1, 2], [3, 4]])
      expect(await x().data()).toEqual(Float32Array.of(1, 2, 3, 4))
      const ready = x()
      expect(await ready.ready()).toBe(ready)
    })
    test('as copies', () => {
      const a = x()
      a.dataSync().fill(0)
      expect(a.js()).toEqual([[1, 2], [3, 4]])
    })
    test('widened where JavaScript has no such type', () => {
      expect(np.array([0.5, 65504], { dtype: 'float16' }).dataSync()).toEqual(Float32Array.of(0.5, 65504))
      expect(np.array([1.0078125], { dtype: 'bfloat16' }).dataSync()).toEqual(Float32Array.of(1.0078125))
      expect(np.array([true, false]).dataSync()).toEqual(Uint8Array.of(1, 0))
      expect(np.array([true, false]).js()).toEqual([true, false])
    })
    test('keys through keyData alone', () => {
      const key = random.key(3)
      expect(() => key.dataSync()).toThrow(DtypeError)
      expect(() => key.js()).toThrow(/keyData/)
      expect(random.keyData(key).js()).toEqual([0, 3])
    })
    test('item of more than one element is refused', () => {
      expect(() => x().item()).toThrow(ShapeError)
    })
    test('their shape, dtype, rank, size and device', () => {
      const a = np.zeros([2, 0, 3], { dtype: 'int8' })
      expect([a.shape, a.dtype, a.ndim, a.size, a.device]).toEqual([[2, 0, 3], 'int8', 3, 0, device])
    })
  })

  describe('coerce as api says', () => {
    const scalar = (): NDArray => np.array(3)
    const vector = (): NDArray => np.array([1, 2])
    // What TypeScript forbids users to write is what they write in JavaScript.
    const loose = (x: NDArray): number => x as never
    test('printing', () => {
      expect([`${scalar()}`, String(vector()), vector().toString()]).toEqual(['3.0', '[1. 2.]', '[1. 2.]'])
    })
    test('numbers, comparison and arithmetic with * of a scalar', () => {
      expect([Number(scalar()), loose(scalar()) > 0, loose(scalar()) * 2, loose(scalar()) - 1, Math.sqrt(loose(np.array(16)))]).toEqual([3, true, 6, 2, 4])
      expect(Number(np.array([[5]]))).toBe(5)
    })
    test('not of larger arrays', () => {
      expect(() => Number(vector())).toThrow(ShapeError)
      expect(() => loose(vector()) > 0).toThrow(ShapeError)
      expect(() => loose(vector()) * 2).toThrow(ShapeError)
    })
    test('+ and == are refused, for scalars too, and name the methods', () => {
      for (const x of [scalar(), vector()]) {
        expect(() => loose(x) + 1).toThrow(/x\.add\(y\)/)
        // oxlint-disable-next-line eqeqeq -- what == does is what is tested
        expect(() => loose(x) == 1).toThrow(/x\.equal\(y\)/)
      }
    })
    test('JSON gives nested values', () => {
      expect(JSON.stringify({ w: np.array([[1], [2]]), b: np.array(true) })).toBe('{"w":[[1],[2]],"b":true}')
    })
    test('Node’s inspect prints values and dtype', () => {
      expect(inspect(np.array([1, 2], { dtype: 'int32' }))).toBe('Array([1 2], int32)')
      expect(inspect({ x: np.array([[1], [2]]) })).toContain('[[1.]')
    })
    test('under grad values are known', () => {
      const f = (x: NDArray): NDArray => (loose(x) > 0 ? x.mul(x) : x.mul(Number(x)))
      expect(grad(f)(np.array(3)).item()).toBe(6)
      expect(jvp((x: NDArray) => x.mul(x.item()), [np.array(3)], [np.array(1)]).map((y) => y.item())).toEqual([9, 3])
    })
    test.each([
      ['jit', (f: (x: NDArray) => NDArray) => jit(f)(np.ones([2]))],
      ['vmap', (f: (x: NDArray) => NDArray) => vmap(f)(np.ones([2, 2]))],
    ])('under %s they are not', (_, call) => {
      const reads: ((x: NDArray) => unknown)[] = [(x) => x.js(), (x) => x.item(), (x) => x.dataSync(), (x) => Number(x.slice(0)), (x) => (loose(x.slice(0)) > 0 ? 1 : 0), (x) => JSON.stringify(x)]
      for (const read of reads) {
        const thrown = (): NDArray => call((x) => (read(x.slice([0, 1]).reshape([1])), x))
        expect(thrown).toThrow(ConcretizationError)
      }
    })
    test('tracers print as what they are', () => {
      let text = ''
      jit((x: NDArray) => {
        text = `${x}`
        return x
      })(np.ones([3]))
      expect(text).toBe('Traced<float32[3]>')
    })
  })

  describe('iterate over their first axis', () => {
    test('for of, spread, destructuring', () => {
      const x = np.array([[1, 2], [3, 4]])
      expect([...x].map((row) => row.js())).toEqual([[1, 2], [3, 4]])
      const [a, b] = x
      expect([a!.js(), b!.js()]).toEqual([[1, 2], [3, 4]])
      const [k1, k2] = random.split(random.key(0))
      expect([k1!.shape, k2!.dtype]).toEqual([[], 'key'])
    })
    test('a scalar has none', () => {
      expect(() => [...np.array(1)]).toThrow(ShapeError)
    })
    test('also under jit', () => {
      expect(jit((x: NDArray) => [...x].reduce((a, b) => a.add(b)))(np.array([[1, 2], [3, 4]])).js()).toEqual([4, 6])
    })
  })

  describe('are let go', () => {
    test('a disposed handle throws, whatever is asked of it', () => {
      const x = np.ones([100])
      x.dispose()
      for (const use of [() => x.js(), () => x.add(1), () => np.sum(x), () => x.reshape([10, 10]), () => x.device]) expect(use).toThrow(DisposedError)
      expect(() => x.add(1)).toThrow(/float32\[100\].*disposed/)
      x.dispose()
    })
    test('another handle on the same data is untouched', () => {
      const x = np.arange(6)
      const y = x.reshape([2, 3])
      x.dispose()
      expect(y.js()).toEqual([[0, 1, 2], [3, 4, 5]])
    })
    test('using', () => {
      let kept: NDArray
      {
        using x = np.ones([2])
        kept = x
      }
      expect(() => kept.js()).toThrow(DisposedError)
    })
    test('a handle may be used any number of times', () => {
      const x = np.ones([3])
      expect(x.add(x).mul(x).sub(x).add(x).js()).toEqual([2, 2, 2])
    })
  })
})

test('reshape takes one list, and does not drop what stands after it', () => {
  // @ts-expect-error sizes as arguments, as NumPy also takes them
  expect(() => np.arange(6).reshape(3, 2)).toThrow(ArgumentError)
})
