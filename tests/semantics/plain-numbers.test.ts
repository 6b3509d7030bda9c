// Plain numbers beside integers and in them, with JAX's values: Python's integers wrap, floats end at the dtype's ends.
import { DtypeError, jit, lax, np } from 'pullback'
import { describe, expect, test } from 'vitest'

const filled = [
  ['int32', [3e9, -1, 1.7, -1.7, 300.5, Infinity, -Infinity, NaN], [-1294967296, -1, 1, -1, 300, 2147483647, -2147483648, 0]],
  ['uint32', [5e9, -1, 1.7, -1.7, 300.5, Infinity, -Infinity, NaN], [705032704, 4294967295, 1, 0, 300, 4294967295, 0, 0]],
  ['uint8', [300, -1, 1.7, -1.7, 300.5, Infinity, -Infinity, NaN], [44, 255, 1, 0, 255, 255, 0, 0]],
  ['int8', [200, -1, 1.7, -1.7, 300.5, Infinity, -Infinity, NaN], [-56, -1, 1, -1, 127, 127, -128, 0]],
  ['bool', [2, -1, 0, -0, 0.5, Infinity, -Infinity, NaN], [1, 1, 0, 0, 1, 1, 1, 1]],
] as const

describe.each(filled)('%s', (dtype, numbers, values) => {
  test.each([
    ['np.full', (n: number) => np.full([], n, { dtype })],
    ['np.full on a device', (n: number) => np.full([], n, { dtype, device: 'cpu' })],
    ['np.fullLike', (n: number) => np.fullLike(np.ones([2], { dtype }), n).slice(1)],
    ['lax.full in jit', (n: number) => jit(() => lax.full([], n, dtype))()],
    ['lax.convertElementType', (n: number) => lax.convertElementType(n, dtype)],
  ] as const)('%s', (_name, full) => {
    expect(numbers.map((n) => full(n).item())).toEqual(values)
  })
})

test('beside narrow integers a number wraps, compiled or not', () => {
  const bytes = np.array([1, 50, 100, 255], { dtype: 'uint8' })
  const signed = np.array([-128, 0, 127], { dtype: 'int8' })
  const f = (x: np.NDArray, y: np.NDArray): np.NDArray[] => [np.greater(x, 300), x.add(-1), lax.shiftRightLogical(y, 260), np.floorDivide(y, 200)]
  const expected = [[false, true, true, true], [0, 49, 99, 254], [8, 0, 7], [2, 0, -3]]
  expect(f(bytes, signed).map((v) => v.js())).toEqual(expected)
  expect(jit(f)(bytes, signed).map((v) => v.js())).toEqual(expected)
})

test('one that no 32-bit integer is would wrap into another, and is refused', () => {
  const x = np.array([1, -5], { dtype: 'int32' })
  for (const use of [() => x.greater(3e9), () => np.clip(x, 0, 4e9), () => np.where(x.greater(0), x, -3e9), () => jit((y: np.NDArray) => y.less(2 ** 31))(x), () => np.bitwiseAnd(x.astype('uint8'), 0xffffffff)]) expect(use).toThrow(DtypeError)
  expect(np.clip(x, -(2 ** 31), 2 ** 31 - 1).js()).toEqual([1, -5])
  expect(np.bitwiseAnd(x.astype('uint32'), 0xffffffff).js()).toEqual([1, 2 ** 32 - 5])
  expect(x.div(4e9).dtype).toBe('float32')
})

test('a number has all the digits of the array beside it, and wraps, in what is composed of several operations too', () => {
  const x = np.array([1, 7.3], { dtype: 'float64' })
  const tenth = np.array(0.1, { dtype: 'float64' })
  for (const f of [np.mod, np.fmod, np.floorDivide, np.hypot, np.logaddexp, np.copysign] as const) {
    expect([f(x, 0.1).js(), f(0.1, x).js()]).toEqual([f(x, tenth).js(), f(tenth, x).js()])
  }
  const bytes = np.array([1, 50, 100, 255], { dtype: 'uint8' })
  expect([np.mod(bytes, 258).js(), np.floorDivide(bytes, 300).js(), np.divmod(bytes, 300)[1].js()]).toEqual([[1, 0, 0, 1], [0, 1, 2, 5], [1, 6, 12, 35]])
})
