/** `checkBackends` with a device that is not read at once: a promise, of the same checks. */
import { defaultDevice, DeviceError, devicePut, np, random } from 'pullback'
import { checkBackends } from 'pullback/testing'
import { afterEach, expect, expectTypeOf, test } from 'vitest'
import { validatesShaders } from './own.ts'

type NDArray = np.NDArray

validatesShaders()
afterEach(() => defaultDevice('wasm'))

const [x, w] = [random.normal(random.key(0), [4, 5]), random.normal(random.key(1), [5, 3])]
const all = { devices: ['cpu', 'wasm', 'webgpu'] } as const

test('passes what is the same on all devices: floats, integers, weak types, keys and trees', async () => {
  await checkBackends((a: NDArray, b: NDArray) => ({ product: np.matmul(a, b), order: np.argsort(a), above: a.add(1).sum() }), [x, w], all)
  await checkBackends((p: { rate: number; x: NDArray }) => p.x.mul(p.rate), [{ rate: 0.5, x }], all)
  await checkBackends((k: NDArray) => [random.split(k), random.bits(k, [7])], [random.key(1)], all)
  await checkBackends((a: NDArray) => a.add(w.slice(0, 0)), [x], all) // an array of another device, closed over
})

test('catches what is not, and says where and on which device', async () => {
  let calls = 0
  const f = (a: NDArray): NDArray => a.add(calls++ * 0.5)
  await expect(checkBackends(f, [x], { devices: ['cpu', 'webgpu'] })).rejects.toThrow(/^checkBackends: element \[\d,\d\] of the result, float32\[4,5\], differs:\n {2}expected .* \(cpu\)\n {2}got .* \(webgpu\)\n/)
  await expect(checkBackends(f, [x], { devices: ['webgpu', 'wasm'] })).rejects.toThrow(/expected .* \(webgpu\)\n {2}got .* \(wasm\)\n/)
  await checkBackends(f, [x], { devices: ['cpu', 'webgpu'], tolerance: 1 })
  await expect(checkBackends((k: NDArray) => random.foldIn(k, calls++), [random.key(1)], { devices: ['cpu', 'webgpu'] })).rejects.toThrow('the result, key[], differs')
})

test('takes arguments from the GPU, keys among them', async () => {
  defaultDevice('webgpu')
  const [a, k] = [devicePut(x, 'webgpu').mul(2), random.foldIn(random.key(3), 4)]
  expect([a.device, k.device]).toEqual(['webgpu', 'webgpu'])
  await checkBackends((u: NDArray, key: NDArray) => [u.add(1), random.bits(key, [3])], [a, k], { devices: ['wasm', 'webgpu'] })
})

test('what the device cannot compute is its own error', async () => {
  await expect(checkBackends((a: NDArray) => a.add(1), [x.astype('float64')], { devices: ['cpu', 'webgpu'] })).rejects.toThrow(DeviceError)
})

test('only with such a device is there anything to await; wrong arguments are refused at once', () => {
  expectTypeOf(checkBackends((a: NDArray) => a, [x], { devices: ['wasm', 'cpu'] })).toEqualTypeOf<void>()
  expect(checkBackends((a: NDArray) => a, [x], { devices: ['wasm', 'cpu'] })).toBeUndefined()
  expect(() => checkBackends((a: NDArray) => a, [x], { devices: ['webgpu'] })).toThrow("devices is a list of at least two, and got ['webgpu']")
})
