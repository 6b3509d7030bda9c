/** What `lower` shows of a program as WGSL is what runs, where there is a device to run it. */
import { jit, lower, type NDArray, np } from 'pullback'
import { afterEach, expect, test, vi } from 'vitest'
import { backend, onWebGpu } from './own.ts'

onWebGpu()
afterEach(() => {
  vi.restoreAllMocks()
})

const step = (w: NDArray, x: NDArray): readonly [NDArray, NDArray] => [w.sub(np.mean(x, 1).mul(0.0625)), np.sum(np.square(x))]
const [rows, width] = [5, 3000]
const operands = (): [NDArray, NDArray] => [np.zeros([rows]).add(1), np.ones([rows, width])]

test.each([undefined, 0])('the shaders of the device that is ready, donated: %s', async (donateArgnums) => {
  const options = donateArgnums === undefined ? {} : { donateArgnums }
  const text = lower(step, options)(...operands()).text('wgsl')
  await operands()[0].ready()
  const made = vi.spyOn(backend().gpu.device, 'createShaderModule')
  await jit(step, options)(...operands())[1].ready()
  const codes = made.mock.calls.map(([{ code }]) => code)
  expect(codes.length).toBeGreaterThan(0)
  for (const code of codes) expect(text).toContain(code)
  expect(text.includes('*input 0')).toBe(donateArgnums === 0)
  expect(text.includes('enable subgroups;')).toBe(backend().gpu.shaderLimits.subgroups)
})
