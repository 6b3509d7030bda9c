/** Sizes and positions beyond int32 wrapped round in index arithmetic, so that windows read what is not in them. */
import { ArgumentError, jit, lax, type NDArray, np, ShapeError } from 'pullback'
import { expect, test } from 'vitest'

const far = 2 ** 40
const x = np.array([1, 2, 3])
const image = np.array([[[1, 2, 3]]])
const kernel = np.ones([1, 1, 2])

test.each<[string, () => NDArray, string]>([
  ['a window', () => lax.reduceWindow(x, 0, lax.add, [far], [1], 'SAME'), 'reduceWindow: got float32[3]: axis 0 has 1099511627778 elements with padding [549755813887, 549755813888]'],
  ['its dilation', () => lax.reduceWindow(x, 0, lax.add, [2], [1], 'SAME', { windowDilation: [far] }), 'its window reaches over 1099511627777'],
  ['padding', () => lax.reduceWindow(x, 0, lax.max, [2], [far], [[far, far]]), 'none of them may be above 2147483647'],
  ['padding that takes away as much as it adds', () => lax.reduceWindow(x, 0, lax.max, [1], [1], [[-far, far]]), 'padding [-1099511627776, 1099511627776]'],
  ['dilation of the operand', () => lax.reduceWindow(x, 0, lax.add, [2], [far], 'VALID', { baseDilation: [far] }), 'axis 0 has 2199023255553 elements'],
  ['dilation of a kernel', () => lax.convGeneralDilated(image, kernel, { windowStrides: [1], padding: 'SAME', rhsDilation: [far] }), 'convGeneralDilated: got float32[1,1,3] and kernel float32[1,1,2]: axis 2'],
  ['padding of an image', () => lax.convGeneralDilated(image, kernel, { windowStrides: [far], padding: [[far, far]] }), 'padding [1099511627776, 1099511627776]'],
])('%s that no int32 holds is refused, eagerly and under jit', (_, f, message) => {
  for (const g of [f, jit(f)]) {
    expect(g).toThrow(ShapeError)
    expect(g).toThrow(message)
  }
})

test('strides may be longer than any axis', () => {
  expect(lax.reduceWindow(x, 0, lax.add, [2], [far], 'VALID').js()).toEqual([3])
  expect(lax.convGeneralDilated(image, kernel, { windowStrides: [far], padding: 'VALID' }).js()).toEqual([[[3]]])
  expect(x.slice([null, null, -far]).js()).toEqual([3])
})

test('diagonals outside of a matrix hold nothing, however far', () => {
  const m = np.ones([2, 3])
  for (const k of [3, 2 ** 31, far, Number.MAX_SAFE_INTEGER]) {
    expect(np.eye(2, 3, { k }).js()).toEqual([[0, 0, 0], [0, 0, 0]])
    expect(np.tril(m, k).js()).toEqual(m.js())
    expect(np.triu(m, k).js()).toEqual([[0, 0, 0], [0, 0, 0]])
    expect(np.tril(m, -k).js()).toEqual([[0, 0, 0], [0, 0, 0]])
    expect(np.triu(m, -k).js()).toEqual(m.js())
  }
})

test('a plain index beyond int32 lies past the end', () => {
  for (const i of [2 ** 31, far, Number.MAX_SAFE_INTEGER]) {
    expect([x.slice(i).item(), x.slice(-i).item()]).toEqual([3, 1])
    expect(x.at(i).set(9).js()).toEqual([1, 2, 3])
    expect([np.take(x, i).item(), np.take(x, -i).item(), np.take(x, i, { mode: 'clip' }).item()]).toEqual([NaN, NaN, 3])
    expect([lax.dynamicSlice(x, [i], [1]).js(), lax.dynamicSlice(x, [-i], [1]).js()]).toEqual([[3], [1]])
    expect(lax.dynamicUpdateSlice(x, np.array([9]), [i]).js()).toEqual([1, 2, 9])
    expect(np.roll(x, i).js()).toEqual(np.roll(x, i % 3).js())
  }
})

test('nothing has 2^40 axes', () => {
  expect(() => lax.convDimensionNumbers(far)).toThrow(ArgumentError)
})
