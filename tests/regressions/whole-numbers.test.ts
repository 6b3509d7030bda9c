/** A plain whole number beside integers is one of their dtype, to the last digit; as an array of its own it was rounded to float32 first. */
import { jit, type NDArray, np } from 'pullback'
import { expect, test } from 'vitest'

const large = 16777217 // the first whole number that is no float32
const ints = (...xs: number[]): NDArray => np.array(xs, { dtype: 'int32' })

test.each<[name: string, f: (x: NDArray) => NDArray, expected: unknown]>([
  ['mod', (x) => np.mod(x, 1000000007), [999999993, large]],
  ['fmod', (x) => np.fmod(x, 1000000007), [999999993, large]],
  ['floorDivide', (x) => np.floorDivide(x, 1000000007), [1, 0]],
  ['divmod', (x) => np.divmod(x, 1000000007)[1], [999999993, large]],
  ['gcd', (x) => np.gcd(x, 2 * large), [2, large]],
  ['fmax', (x) => np.fmax(x, large + 2), [2000000000, large + 2]],
  ['searchsorted', (x) => np.searchsorted(np.sort(x), large, { side: 'right' }), 1],
  ['isin', (x) => np.isin(x, large - 1), [false, false]],
  ['union1d', (x) => np.union1d(x.slice([1, 2]), large - 1), [large - 1, large]],
  ['setxor1d', (x) => np.setxor1d(x.slice([1, 2]), large - 1), [large - 1, large]],
  ['choose', (x) => np.choose(ints(0, 1), [x, large]), [2000000000, large]],
  ['fillDiagonal', (x) => np.fillDiagonal(np.zeros([1, 2], { dtype: 'int32' }), large).add(x.slice(1).mul(0)), [[large, 0]]],
  ['putAlongAxis', (x) => np.putAlongAxis(x, ints(0), large, null), [large, large]],
  ['outer', (x) => np.outer(x.slice([1, 2]), large), [[33554433]]],
  ['inner', (x) => np.inner(x.slice([1, 2]), large), [33554433]],
  ['dot', (x) => np.dot(x.slice([1, 2]), large), [33554433]],
  ['einsum', (x) => np.einsum('i,->i', x.slice([1, 2]), large), [33554433]],
  ['tensordot', (x) => np.tensordot(x.slice([1, 2]), large, 0), [33554433]],
  ['kron', (x) => np.kron(x.slice([1, 2]), large), [33554433]],
  ['vdot', (x) => np.vdot(x.slice(1), large), 33554433],
  ['append', (x) => np.append(x, large), [2000000000, large, large]],
  ['stack', (x) => np.stack([x.slice(1), large]), [large, large]],
  ['hstack', (x) => np.hstack([x, large]), [2000000000, large, large]],
  ['vstack', (x) => np.vstack([x.slice(1), large]), [[large], [large]]],
  ['dstack', (x) => np.dstack([x.slice(1), large]), [[[large, large]]]],
  ['columnStack', (x) => np.columnStack([x.slice(1), large]), [[large, large]]],
  ['block', (x) => np.block([[x.slice(1), large], [large, x.slice(1)]]), [[large, large], [large, large]]],
  ['concatenate', (x) => np.concatenate([x, large], null), [2000000000, large, large]],
  ['polyadd', (x) => np.polyadd(x, large), [2000000000, 2 * large]],
])('%s', (name, f, expected) => {
  const x = ints(2000000000, large)
  expect(f(x).dtype).toBe(name === 'isin' ? 'bool' : 'int32')
  expect(f(x).js()).toEqual(expected)
  if (!/1d/.test(name)) expect(jit(f)(x).js()).toEqual(expected)
})

test('a negative number beside unsigned integers wraps in remainders and quotients, as in sums', () => {
  const x = np.array([5, 255], { dtype: 'uint8' })
  expect(np.mod(x, -3).js()).toEqual([5, 2])
  expect(np.floorDivide(x, -3).js()).toEqual([0, 1])
  expect(np.fmod(x, -3).js()).toEqual([5, 2])
})

test('a fraction beside integers makes them float32', () => {
  expect([np.append(ints(1), 0.5), np.stack([ints(1).slice(0), 0.5]), np.outer(ints(1), 0.5), np.mod(ints(1), 0.75)].map((y) => y.dtype)).toEqual(['float32', 'float32', 'float32', 'float32'])
})
