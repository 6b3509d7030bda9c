/** A batch of none: convolutions of inputs and kernels that are both mapped became groups, none of them. */
import { grad, jit, lax, type NDArray, np, vmap } from 'pullback'
import { expect, test } from 'vitest'

const conv = (x: NDArray, w: NDArray): NDArray =>
  lax.convGeneralDilated(x, w, { windowStrides: [1], padding: [[0, 0]], dimensionNumbers: ['NCH', 'OIH', 'NCH'] })

test.each([
  ['inputs and kernels', [0, 0], [0, 1, 1, 4], [0, 2, 1, 3]],
  ['inputs', [0, null], [0, 1, 1, 4], [2, 1, 3]],
  ['kernels', [null, 0], [1, 1, 4], [0, 2, 1, 3]],
] as const)('vmap of a convolution over none: %s', (_, axes, x, w) => {
  const batch = vmap(conv, axes)
  const [xs, ws] = [np.zeros([...x]), np.zeros([...w])]
  expect(batch(xs, ws).shape).toEqual([0, 1, 2, 2])
  expect(jit(batch)(xs, ws).shape).toEqual([0, 1, 2, 2])
  const [dx, dw] = grad((a: NDArray, b: NDArray) => np.sum(batch(a, b)), { argnums: [0, 1] })(xs, ws)
  expect([dx.shape, dw.shape]).toEqual([x, w])
  // What all calls share gets nothing from none of them.
  for (const d of [dx, dw]) expect(np.sum(np.abs(d)).item()).toBe(0)
})
