/**
 * The bits of a wide number as several narrow ones, where the wide number is made in the same kernel, is written down or
 * stands for what lies outside of an array: kernels could not take its parts (`copysign` of two float types, compiled),
 * or took those of 0.
 */
import { jit, lax, type NDArray, np, random } from 'pullback'
import { expect, test } from 'vitest'
import { on, ways } from '../oracle/load.ts'

/** Every part of every number. */
const parts = (x: NDArray, dtype: 'int32' | 'uint8' = 'int32'): NDArray => lax.bitcastConvertType(x, dtype)
const double = (x: NDArray): NDArray => x.astype('float64')

const cases: Readonly<Record<string, (x: NDArray) => NDArray>> = {
  'the sign of a converted number': (x) => np.copysign(np.ones([2, 3], { dtype: 'float64' }), x),
  'a reshaped conversion': (x) => np.less(parts(double(x).reshape([3, 2])).slice([], [], 1), 0),
  'a conversion among others': (x) => np.less(parts(np.concatenate([double(x), double(x).neg()])).slice([], [], 1), 0),
  'a sum, spread': (x) => np.add(parts(np.broadcastTo(np.sum(double(x), 0), [2, 3])).slice([], [], 1), 0),
  'positions': (x) => np.add(parts(lax.broadcastedIota('float64', [2, 3], 1)).slice([], [], 1), x.astype('int32')),
  'a number written down': (x) => np.add(parts(np.full([2, 3], -1.5, { dtype: 'float64' })).slice([], [], 1), x.astype('int32')),
  'bytes of a number written down': (x) => np.add(parts(np.full([2, 3], 258, { dtype: 'int32' }), 'uint8').slice([], [], 1), x.astype('uint8')),
  'a number beside an array': (x) => parts(lax.pad(double(x), -1.5, [[1, 0, 0], [0, 1, 0]])),
  'bytes of a number beside an array': (x) => parts(lax.pad(x, 258, [[1, 0, 0], [0, 1, 0]]), 'uint8'),
  'what no position finds': (x) => parts(np.take(double(x), np.array([1, 7], { dtype: 'int32' }), 1, { mode: 'fill' })),
  'a chosen key': (x) => random.keyData(np.where(x.greater(0), random.split(random.key(0), 6).reshape([2, 3]), random.split(random.key(1), 6).reshape([2, 3]))),
}

test.each(Object.entries(cases))('%s', (_, f) => {
  const [expected, ...results] = ways.map((way) => on(way, () => (way.jitted ? jit(f) : f)(np.array([[2, -1, 3], [1, -4, 0]])).js()))
  for (const result of results) expect(result).toEqual(expected)
})
