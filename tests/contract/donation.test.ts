// Donated arguments under aliasing: memory goes at most once, and every result is right.
import { DisposedError, jit, np } from 'pullback'
import { expect, test } from 'vitest'

test('one array donated in two places is copied, not taken twice', () => {
  const f = jit((a: np.NDArray, b: np.NDArray) => [a.add(1), b.mul(2)] as const, { donateArgnums: [0, 1] })
  const x = np.arange(1000).astype('float32')
  const [p, q] = f(x, x)
  expect([p.slice(999).item(), q.slice(999).item()]).toEqual([1000, 1998])
  expect(() => x.js()).toThrow(DisposedError)
})

test('an array donated in one place and read in another', () => {
  const f = jit((a: np.NDArray, b: np.NDArray) => [a.add(1), b.mul(2)] as const, { donateArgnums: 0 })
  const x = np.arange(1000).astype('float32')
  const [p, q] = f(x, x)
  expect([p.slice(999).item(), q.slice(999).item()]).toEqual([1000, 1998])
})
