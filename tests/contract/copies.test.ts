// A copy is another handle: it is there when the array is not any more.
import { defaultDevice, DisposedError, grad, jit, np } from 'pullback'
import { expect, test } from 'vitest'

test.each([
  ['np.copy', (x: np.NDArray) => np.copy(x)],
  ['np.array', (x: np.NDArray) => np.array(x)],
  ['np.array in its own dtype', (x: np.NDArray) => np.array(x, { dtype: 'float32' })],
] as const)('%s', (_name, copied) => {
  for (const size of [2, 1000]) {
    for (const device of ['wasm', 'cpu'] as const) {
      const x = np.full([size], 3, { device })
      const [disposed, donated] = [copied(x), copied(x)]
      expect([disposed, donated].some((y) => y === x)).toBe(false)
      x.dispose()
      expect(jit((y: np.NDArray) => y.add(1), { donateArgnums: 0 })(donated).slice(1).item()).toBe(4)
      expect(() => donated.js()).toThrow(DisposedError)
      expect([disposed.slice(1).item(), disposed.device]).toEqual([3, device])
    }
  }
  expect(defaultDevice()).toBe('wasm')
  expect(grad((x: np.NDArray) => np.sum(copied(x).mul(2)))(np.ones([2])).js()).toEqual([2, 2])
})

test('np.asarray gives an array back itself', () => {
  const x = np.ones([2])
  expect(np.asarray(x)).toBe(x)
})
