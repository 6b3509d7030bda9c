/** A device that is lost takes with it what only it had; `init` gets another, and the rest goes on. */
import { defaultDevice, DeviceError, devices, init, jit, type NDArray, np } from 'pullback'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Fate } from '../../src/backends/webgpu/fate.ts'
import { backend, fetched, validatesShaders } from './own.ts'

validatesShaders()
const before = defaultDevice()
beforeEach(async () => {
  await init('webgpu')
  defaultDevice('webgpu')
})
afterEach(() => {
  defaultDevice(before)
})

async function lose(): Promise<void> {
  const { gpu } = backend()
  gpu.destroy()
  await gpu.device.lost
  await Promise.resolve()
}
const double = jit((x: NDArray) => x.mul(2))

test('arrays on it throw what happened, when used and when read', async () => {
  const y = double(np.array([1, 2]))
  await y.ready()
  await lose()
  for (const use of [() => y.add(1), () => double(y)]) {
    expect(use).toThrow(DeviceError)
    expect(use).toThrow(/lost \(destroyed.*await init\('webgpu'\)/)
  }
  for (const read of [y.data(), y.jsAsync(), y.ready()]) await expect(read).rejects.toThrow(/GPU device that was lost \(destroyed/)
})

test('so does everything else until init gets another, which computes on', async () => {
  const x = np.array([1, 2])
  await lose()
  expect(devices()).toContain('webgpu')
  expect(() => x.add(1)).toThrow(/^add: .*lost/)
  const info = await init('webgpu')
  expect(info.adapter).not.toBe(null)
  expect(await np.array([1, 2]).add(1).jsAsync()).toEqual([2, 3])
})

test('arrays with a copy on the host come back by themselves: those from there, and those that were read', async () => {
  const put = np.array([1, 2])
  await double(put).ready()
  const [read] = await fetched([double(np.array([3, 4]))])
  const gone = double(put)
  await gone.ready()
  await lose()
  await init('webgpu')
  expect(await double(put).jsAsync()).toEqual([2, 4])
  expect(await double(read).jsAsync()).toEqual([12, 16])
  expect(() => double(gone)).toThrow(/lost/)
})

test('work that waited for its shaders, and reads in flight, say so too', async () => {
  const fresh = jit((x: NDArray) => np.tanh(x.mul(3.25)).sub(0.125))
  const y = fresh(np.array([1, 2]))
  const read = y.data()
  backend().gpu.destroy()
  await expect(read).rejects.toThrow(/lost/)
  await expect(y.ready()).rejects.toThrow(/lost/)
})

test('submitted work that the device was lost with is named after its operation', async () => {
  const { gpu } = backend()
  const fate = new Fate([])
  vi.spyOn(gpu.device, 'popErrorScope').mockImplementation(() => Promise.reject(new Error('the device is lost')))
  gpu.submit({ operation: 'add', fate, waits: false, uses: [], encode: () => {}, failed: (_, message) => new DeviceError('none', message) })
  gpu.destroy()
  await fate.known
  vi.restoreAllMocks()
  expect(fate.error).toHaveProperty('message', 'add: the GPU device was lost (destroyed) before this was computed')
})

test('a loss that nobody here asked for: what is on it and in flight says so, and init gets another', async () => {
  const { gpu } = backend()
  const y = double(np.array([1, 2]))
  await y.ready()
  gpu.device.destroy()
  const flying = [y.add(1), double(y)]
  expect(gpu.lost).toBe(null)
  await gpu.device.lost
  await expect.poll(() => gpu.lost).toMatch(/^destroyed/)
  expect(() => y.add(1)).toThrow(/^add: .*lost \(destroyed/)
  for (const z of [y, ...flying]) await expect(z.data()).rejects.toThrow(/lost/)
  await init('webgpu')
  expect(await double(np.array([1, 2])).jsAsync()).toEqual([2, 4])
})
