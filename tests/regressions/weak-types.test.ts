/** What is made of plain numbers alone is weak, or is not, as in JAX: it decides the dtype beside half floats. */
import { type NDArray, lax, np } from 'pullback'
import { expect, test } from 'vitest'

const weak = np.where(np.array([[true, false], [false, true]]), 1.5, 2.5)
const half = np.ones([2, 2], { dtype: 'float16' })

test.each<[name: string, f: () => NDArray]>([
  ['zerosLike', () => np.zerosLike(weak)],
  ['fullLike', () => np.fullLike(weak, 3)],
  ['lax.fullLike', () => lax.fullLike(weak, 3)],
  ['tril', () => np.tril(weak)],
  ['diag', () => np.diag(weak.slice(0))],
  ['dot with a scalar', () => np.dot(weak, 2)],
])('%s yields', (_, f) => expect(f().add(half).dtype).toBe('float16'))

test.each<[name: string, f: () => NDArray]>([
  ['cumsum', () => np.cumsum(weak, 0)],
  ['cumprod', () => np.cumprod(weak, 0)],
  ['nancumsum', () => np.nancumsum(weak, 0)],
  ['log2', () => np.log2(weak)],
  ['log10', () => np.log10(weak)],
  ['hypot', () => np.hypot(weak, weak)],
  ['log2 of a number', () => np.log2(8)],
])('%s does not', (_, f) => expect(f().add(half).dtype).toBe('float32'))
