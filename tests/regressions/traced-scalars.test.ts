// An array that vmap traces has a field of its own name `value`, as a literal has: what told literals by it took traced scalars for them.
import { lax, np, type NDArray, vmap } from 'pullback'
import { expect, test } from 'vitest'

test('np.any and np.all of scalars under vmap are theirs', () => {
  const flags = np.array([true, false])
  expect([vmap((x: NDArray) => np.any(x))(flags).js(), vmap((x: NDArray) => np.all(x))(flags).js()]).toEqual([[true, false], [true, false]])
  expect(vmap((x: NDArray) => np.any(x))(np.array([0, 2])).js()).toEqual([false, true])
})

test('what is written under vmap keeps its shape', () => {
  const rows = np.array([[1, 2, 3], [4, 5, 6]])
  expect(vmap((x: NDArray) => lax.dynamicUpdateSlice(x, x.slice([0, 1]), [2]))(rows).js()).toEqual([[1, 2, 1], [4, 5, 4]])
  expect(vmap((x: NDArray) => lax.pad(rows, x, [[0, 0, 0], [0, 1, 0]]))(np.array([7, 8])).js()).toEqual([[[1, 2, 3, 7], [4, 5, 6, 7]], [[1, 2, 3, 8], [4, 5, 6, 8]]])
})
