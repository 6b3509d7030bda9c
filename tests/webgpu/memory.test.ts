/** Memory of a GPU: buffers come from a pool and go back, donated ones are written over, and a budget holds. */
import { debug, devicePut, jit, lax, type NDArray, np, OutOfMemoryError } from 'pullback'
import { describe, expect, test } from 'vitest'
import { open, type WebGpuBackend } from '../../src/backends/webgpu/index.ts'
import { classOf } from '../../src/backends/webgpu/pool.ts'
import { installBackend, readyBackend } from '../../src/core/device-registry.ts'
import { backend, onWebGpu } from './own.ts'

onWebGpu()
const square = (n: number): NDArray => np.array(new Float32Array(n * n).fill(1)).reshape([n, n])
const made = (): number => backend().gpu.pool.state.made
const step = (w: NDArray, g: NDArray): NDArray => w.sub(g.mul(0.5))

/** As `body` finds it, 'webgpu' is a device with these options. */
async function withDevice(options: { budgetBytes?: number; collect?: (() => void) | null }, body: (own: WebGpuBackend) => Promise<void>): Promise<void> {
  const usual = readyBackend('webgpu')!
  const own = await open(undefined, options)
  installBackend(own)
  try {
    await body(own)
  } finally {
    installBackend(usual)
    own.destroy()
  }
}

test('sizes are classed: at most a quarter of a buffer is unused, and classes are their own', () => {
  for (const bytes of [1, 4, 255, 256, 257, 300, 1000, 4096, 4097, 100_000, 1_000_001]) {
    const size = classOf(bytes)
    expect([size >= bytes, size % 4, classOf(size)]).toEqual([true, 0, size])
    if (bytes >= 1024) expect(size).toBeLessThanOrEqual(1.25 * bytes)
  }
})

describe('the pool', () => {
  test('a donated operand is what the result is written over', async () => {
    const donating = jit(step, { donateArgnums: 0 })
    const g = square(30)
    let w = donating(square(30).mul(1), g)
    await w.ready()
    const before = made()
    for (let i = 0; i < 20; i++) w = donating(w, g)
    expect((await w.data())[0]).toBe(-9.5)
    expect(made()).toBe(before)
  })
  test('what was donated or disposed is gone for its handle, and its memory is the next one’s', async () => {
    const w = square(20).mul(1)
    const x = square(20)
    const y = jit((a: NDArray) => np.sum(a), { donateArgnums: 0 })(w)
    expect(() => w.add(1)).toThrow(/disposed or donated/)
    await Promise.all([y.ready(), x.mul(2).ready()])
    const before = made()
    for (let i = 0; i < 5; i++) {
      using z = x.mul(i)
      await z.ready()
    }
    expect(made()).toBeLessThanOrEqual(before + 1)
  })
  test('a donated operand that has a second handle is copied', async () => {
    const w = square(4).mul(2)
    const flat = w.reshape([16])
    const y = jit(step, { donateArgnums: 0 })(w, square(4))
    expect([(await y.data())[0], (await flat.data())[0]]).toEqual([1.5, 2])
  })
  test('a donated carry of a loop, its slices and results are right whether or not they share memory', async () => {
    const f = (c: NDArray, xs: NDArray): readonly [NDArray, NDArray] => lax.scan((a: NDArray, x: NDArray) => [a.mul(0.5).add(x), a] as const, c, xs)
    const [c, xs] = [np.array([1, 2, 3]), np.arange(12).reshape([4, 3])]
    const [plainLast, plainAll] = jit(f)(devicePut(c, 'wasm'), np.array([...Array(12).keys()], { device: 'wasm' }).reshape([4, 3]))
    const [last, all] = jit(f, { donateArgnums: 0 })(c.mul(1), xs)
    expect([await last.jsAsync(), await all.jsAsync()]).toEqual([plainLast.js(), plainAll.js()])
  })
})

describe('the budget', () => {
  test('a loop that never turns the event loop stays within it where garbage can be collected at once', async () => {
    await withDevice({ budgetBytes: 2 ** 20 }, async ({ gpu }) => {
      const f = jit(step)
      let w = square(100)
      const g = square(100)
      for (let i = 0; i < 200; i++) w = f(w, g)
      expect(gpu.pool.state.bytes).toBeLessThanOrEqual(2 ** 20)
      expect((await w.data())[0]).toBe(-99)
    })
  })
  test('where it cannot, the error names the ways out; after a turn, or with donation, there is room', async () => {
    await withDevice({ budgetBytes: 2 ** 20, collect: null }, async ({ gpu }) => {
      const g = square(100)
      const loop = (f: (w: NDArray, g: NDArray) => NDArray) => (): NDArray => {
        let w = square(100)
        for (let i = 0; i < 200; i++) w = f(w, g)
        return w
      }
      const kept: NDArray[] = []
      const full = loop((a, b) => { kept.push(a); return jit(step)(a, b) })
      expect(full).toThrow(OutOfMemoryError)
      expect(full).toThrow(/^jit: \(float32\[100,100\], float32\[100,100\]\) -> float32\[100,100\] .*budget of 1048576.*await x\.ready\(\).*donateArgnums.*using/)
      for (const x of kept.splice(0)) x.dispose()
      expect((await loop(jit(step, { donateArgnums: 0 }))().data())[0]).toBe(-99)
      expect(gpu.pool.state.bytes).toBeLessThanOrEqual(2 ** 20)
    })
  })
  test('an array larger than any buffer is refused at once', () => {
    expect(() => np.zeros([2 ** 30]).add(1)).toThrow(OutOfMemoryError)
    expect(() => np.zeros([2 ** 30]).add(1)).toThrow(/more than one buffer of this GPU may have/)
  })
})

test('debug.memory counts arrays on the device', async () => {
  const before = debug.memory().webgpu!
  const [x, y] = [square(64).mul(1), square(64).mul(2)]
  await y.ready()
  const during = debug.memory().webgpu!
  expect(during.bytes - before.bytes).toBe(2 * 4 * 64 * 64)
  expect(during.arrays - before.arrays).toBe(2)
  x.dispose()
  expect(debug.memory().webgpu!.bytes - before.bytes).toBe(4 * 64 * 64)
  expect(during.peakBytes).toBeGreaterThanOrEqual(during.bytes)
  expect(y.shape).toEqual([64, 64])
})
