/** Getting a device, and arrays to it and from it. */
import { inspect } from 'node:util'
import { debug, DeviceError, devicePut, devices, grad, init, jit, lax, type NDArray, np, random } from 'pullback'
import { describe, expect, test } from 'vitest'
import { onWebGpu } from './own.ts'

onWebGpu()

describe('init', () => {
  test('says which adapter it found and what it tried before', async () => {
    const info = await init('webgpu')
    expect(info).toMatchObject({ device: 'webgpu', provider: "the npm package 'webgpu'" })
    expect(info.adapter).not.toBe('')
    expect(info.refused[0]).toMatch(/^navigator\.gpu: /)
    expect(devices()).toEqual(['cpu', 'wasm', 'webgpu'])
  })
  test('asked again gives the same device', async () => {
    const x = np.array([1, 2]).add(1)
    const [one, two] = await Promise.all([init('webgpu'), init('webgpu')])
    expect(two).toBe(one)
    expect(await x.jsAsync()).toEqual([2, 3])
  })
})

describe('values', () => {
  test('of every dtype of 32 bits and less come back as they went', async () => {
    for (const dtype of ['float32', 'float16', 'bfloat16', 'int8', 'int16', 'int32', 'uint8', 'uint16', 'uint32', 'bool'] as const) {
      const x = np.array([0, 1, 2, 100, 127], { dtype: 'int32', device: 'wasm' }).astype(dtype)
      const there = devicePut(x, 'webgpu')
      // Once around the device, not out of the copy on the host.
      const back = np.where(there.equal(there), there, there)
      expect([back.device, back.dtype, await back.jsAsync()]).toEqual(['webgpu', dtype, x.js()])
    }
  })
  test('that the host does not have are read when asked for, and can then be read at once', async () => {
    const y = np.array([1, 2, 3]).mul(2)
    for (const read of [() => y.js(), () => y.dataSync(), () => Number(y.sum()), () => devicePut(y, 'wasm')]) expect(read).toThrow(DeviceError)
    expect(() => y.js()).toThrow(/^js: .*await x\.data\(\)/)
    expect(await y.data()).toEqual(Float32Array.of(2, 4, 6))
    expect([y.js(), devicePut(y, 'wasm').device]).toEqual([[2, 4, 6], 'wasm'])
  })
  test('can be looked at: what was not read says so', async () => {
    const y = np.array([1, 2, 3]).mul(2)
    expect(inspect(y)).toBe("Array(float32[3] on 'webgpu', not read)")
    expect(() => String(y)).toThrow(DeviceError)
    await y.data()
    expect([inspect(y), String(y)]).toEqual(['Array([2. 4. 6.], float32)', '[2. 4. 6.]'])
  })
  test('are not looked for NaN: the error says where they can be', () => {
    debug.nans(true)
    try {
      expect(() => np.log(np.array([-1, 1]))).toThrow(/^(debug\.nans|log): looks at every result at once, which 'webgpu' cannot/)
    } finally {
      debug.nans(false)
    }
  })
  test('that are another array’s bits, wider than that, are put together from its words', async () => {
    const narrow = [7, 8, 1, 2]
    const wide = [8 * 65536 + 7, 2 * 65536 + 1]
    const a = np.array(narrow, { dtype: 'uint16' }).reshape([2, 2])
    const bits = (x: NDArray): NDArray => lax.bitcastConvertType(x, 'int32')
    // as they came from the host, as a program made them, inside a program
    for (const b of [bits(a), bits(a.add(0)), jit((x: NDArray) => bits(x.add(0)))(a)]) expect([await b.add(0).jsAsync(), await b.jsAsync()]).toEqual([wide, wide])
    const [same, own, twin] = jit((x: NDArray) => { const y = x.add(0); return [y, bits(y), bits(y)] as const })(a)
    expect([await same.add(0).jsAsync(), await own.add(0).jsAsync(), await twin.jsAsync()]).toEqual([[[7, 8], [1, 2]], wide, wide])
    expect(await jit(bits, { donateArgnums: 0 })(a.add(0)).add(0).jsAsync()).toEqual(wide)
  })
  test('of no elements', async () => {
    expect(await np.zeros([0, 3]).add(1).jsAsync()).toEqual([])
    expect(await np.sum(np.zeros([0, 3]).mul(2), 0).jsAsync()).toEqual([0, 0, 0])
  })
})

describe('programs', () => {
  test('eager, compiled, differentiated, looped', async () => {
    const x = np.array([0.5, -1, 2])
    expect(await x.add(1).mul(x).jsAsync()).toEqual([0.75, -0, 6])
    expect(await jit((a: NDArray, w: NDArray) => a.matmul(w).add(1))(np.ones([2, 3]), np.ones([3, 2])).jsAsync()).toEqual([[4, 4], [4, 4]])
    expect(await grad((v: NDArray) => np.sum(v.mul(v).mul(v)))(x).jsAsync()).toEqual([0.75, 3, 12])
    const halves = jit((xs: NDArray) => lax.scan((c: NDArray, v: NDArray) => [c.mul(0.5).add(v), c] as const, np.zeros([2]), xs))
    const [last, all] = halves(np.arange(6).reshape([3, 2]))
    expect(await last.jsAsync()).toEqual([5, 6.75])
    expect(await all.jsAsync()).toEqual([[0, 0], [0, 1], [2, 3.5]])
    expect(await random.bits(random.key(0), [3]).jsAsync()).toEqual(random.bits(devicePut(random.key(0), 'wasm'), [3]).js())
  })
  test('of two devices are refused', () => {
    const [here, there] = [np.array([1]), np.array([1], { device: 'wasm' })]
    expect(() => here.add(there)).toThrow(DeviceError)
    expect(() => here.add(there)).toThrow(/'webgpu' and on 'wasm'/)
  })
  test('in float64 or complex numbers are refused, with what to do instead', () => {
    expect(() => np.array([1], { dtype: 'float64' })).toThrow(/^array: 'webgpu' has no float64.*float32.*'wasm'/)
    expect(() => np.ones([2]).astype('float64')).toThrow(/^astype: 'webgpu' has no float64/)
    expect(() => devicePut(np.array([1], { dtype: 'complex64', device: 'wasm' }), 'webgpu')).toThrow(/^devicePut: 'webgpu' has no complex64/)
    for (const f of [() => np.array([1], { dtype: 'float64' }), () => np.ones([2]).astype('float64')]) expect(f).toThrow(DeviceError)
  })
})

test('keys that a loop makes, and bits of keys that it takes', async () => {
  const keys = jit((x: NDArray, k: NDArray) => lax.scan((c: NDArray) => [c, random.split(k, 2)] as const, x, null, { length: 2 })[1])
  const [x, k] = [np.array(1), random.key(3)]
  const want = keys(devicePut(x, 'wasm'), devicePut(k, 'wasm'))
  const got = keys(x, k)
  expect(got.shape).toEqual([2, 2])
  expect(await random.keyData(got).jsAsync()).toEqual(random.keyData(want).js())
})
