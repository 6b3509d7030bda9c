/** What stands before and behind in np.diff, as numpy.diff has it. */
import { jit, np } from 'pullback'
import { expect, test } from 'vitest'

const x = np.array([[1, 4, 9], [2, 3, 5]], { dtype: 'int32' })

test('scalars and arrays, along either axis', () => {
  expect(np.diff(x, { prepend: 0 }).js()).toEqual([[1, 3, 5], [2, 1, 2]])
  expect(np.diff(x, { append: 16777217 }).js()).toEqual([[3, 5, 16777208], [1, 2, 16777212]])
  expect(np.diff(x, { axis: 0, prepend: x, append: 7 }).js()).toEqual([[1, -1, -4], [-1, 1, 4], [1, -1, -4], [5, 4, 2]])
  expect(np.diff(x, 2, { prepend: 0, append: 0 }).js()).toEqual([[2, 2, -14], [-1, 1, -7]])
  expect(jit((a: np.NDArray) => np.diff(a, { prepend: 0.5 }))(x).js()).toEqual([[0.5, 3, 5], [1.5, 1, 2]])
  expect(np.diff(x, { prepend: 0 }).dtype).toBe('int32')
})

test('of truth values', () => {
  expect(np.diff(np.array([true, false]), { prepend: false }).js()).toEqual([true, true])
})

test('what does not fit is refused', () => {
  expect(() => np.diff(x, { prepend: np.zeros([3, 1], { dtype: 'int32' }) })).toThrow('diff: ')
  // @ts-expect-error no array
  expect(() => np.diff(x, { append: '0' })).toThrow('diff: ')
})
