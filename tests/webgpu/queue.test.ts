/** The ordered queue: calls return at once, one submission each, in their order; errors stay with what they concern. */
import { devicePut, jit, lax, type NDArray, np, OutOfMemoryError, PullbackError } from 'pullback'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { WorkQueue } from '../../src/backends/webgpu/work-queue.ts'
import { backend, fetched, onWebGpu } from './own.ts'

onWebGpu({ wrong: /fn main_/ })
afterEach(() => {
  vi.restoreAllMocks()
})
const figures = () => ({ ...backend().gpu.figures })

describe('the queue itself', () => {
  const work = (name: string, log: string[], waitsFor: Promise<unknown> | null = null) => ({ waitsFor, run: () => void log.push(name), cancel: () => void log.push(`no ${name}`) })
  test('what waits for nothing, behind nothing, is done at once; what comes behind waits too', async () => {
    const queue = new WorkQueue()
    const log: string[] = []
    let go = (): void => {}
    queue.add(work('a', log))
    expect(log).toEqual(['a'])
    queue.add(work('b', log, new Promise<void>((resolve) => (go = resolve))))
    queue.add(work('c', log))
    const refused = Promise.reject(new Error('refused'))
    refused.catch(() => {})
    queue.add(work('d', log, refused))
    queue.add(work('e', log))
    await new Promise((r) => setTimeout(r))
    expect(log).toEqual(['a'])
    go()
    await new Promise((r) => setTimeout(r))
    expect(log).toEqual(['a', 'b', 'c', 'd', 'e'])
  })
  test('cancelled, what waits is told so, and what comes later is done', async () => {
    const queue = new WorkQueue()
    const log: string[] = []
    let go = (): void => {}
    queue.add(work('a', log, new Promise<void>((resolve) => (go = resolve))))
    queue.add(work('b', log))
    queue.cancel()
    go()
    await new Promise((r) => setTimeout(r))
    queue.add(work('c', log))
    expect(log).toEqual(['no a', 'no b', 'c'])
  })
})

describe('calls', () => {
  test('return before their shaders are compiled, and are done in order', async () => {
    const f = jit((x: NDArray) => x.mul(1.5).add(0.375))
    let x = np.array([1, 2, 3])
    const before = figures().submits
    for (let i = 0; i < 5; i++) x = f(x)
    expect(figures().submits).toBe(before)
    let want = devicePut(np.array([1, 2, 3]), 'wasm')
    for (let i = 0; i < 5; i++) want = f(want)
    expect(await x.jsAsync()).toEqual(want.js())
  })
  test('of a compiled program are one submission each, at once when its shaders are compiled', async () => {
    const f = jit((x: NDArray) => lax.scan((c: NDArray, v: NDArray) => [np.sin(c.add(v)), c] as const, np.zeros([3]), np.cumsum(x, 0))[0])
    const x = np.array(Float32Array.from({ length: 15 }, (_, i) => i)).reshape([5, 3])
    await f(x).ready()
    const before = figures()
    const y = f(x)
    const after = figures()
    expect([after.submits - before.submits, after.uploadedBytes - before.uploadedBytes]).toEqual([1, 0])
    await y.ready()
    expect(figures().submits).toBe(after.submits)
  })
  test('of single operations share submissions: a hundred in one turn of the event loop take two', async () => {
    const start = np.array(new Float32Array(10).fill(1))
    await start.add(0.5).ready()
    const before = figures()
    let x = start
    for (let i = 0; i < 100; i++) x = x.add(0.5)
    expect(figures().submits - before.submits).toBe(1)
    await Promise.resolve()
    expect(figures().submits - before.submits).toBe(2)
    expect(figures().dispatches - before.dispatches).toBe(100)
    expect((await x.data())[9]).toBe(51)
  })
  test('of programs do not wait, and take with them what does', async () => {
    const f = jit((x: NDArray) => np.sin(x).mul(np.cos(x)))
    const x = np.array([1, 2])
    await Promise.all([f(x).ready(), x.add(1).ready()])
    const before = figures().submits
    const y = x.add(1)
    expect(figures().submits).toBe(before)
    f(y)
    expect(figures().submits).toBe(before + 1)
    expect(await y.jsAsync()).toEqual([2, 3])
  })
  test('that bring an operand do not write over what those that wait have yet to read', async () => {
    const many = (value: number): NDArray => np.array(new Float32Array(1000).fill(value))
    const a = many(1)
    await Promise.all([a.add(1).ready(), many(3).ready()])
    const y = a.add(1)
    a.dispose() // its buffer is the pool's again, while the addition waits
    const z = many(5).add(1)
    expect([(await y.data())[999], (await z.data())[999]]).toEqual([2, 6])
  })
  test('bring operands to the device once, and numbers never again', async () => {
    const x = np.array(new Float32Array(100).fill(2))
    await x.mul(3).ready()
    const before = figures()
    const [y] = await fetched([x.mul(3)])
    expect(y.js()).toEqual(new Array(100).fill(6))
    expect(figures().uploadedBytes - before.uploadedBytes).toBe(0)
  })
  test('many reads of one array are one', async () => {
    const y = np.array(new Float32Array(100).fill(2)).mul(2)
    await y.ready()
    const before = figures().readBytes
    await Promise.all([y.data(), y.jsAsync(), y.data()])
    await y.data()
    expect(figures().readBytes - before).toBe(400)
  })
})

describe('errors', () => {
  /** The next buffers are made as the device refuses them. */
  const spoil = (): void => {
    const { device } = backend().gpu
    const make = device.createBuffer.bind(device)
    vi.spyOn(device, 'createBuffer').mockImplementation((d) => make({ ...d, usage: 0x1 | 0x80 }))
  }
  test('of the device stay with the arrays concerned, and are thrown at their next use with the operation', async () => {
    const warn = vi.spyOn(console, 'warn')
    const x = np.array(new Float32Array(77_777)) // a size of its own, so that no buffer of the pool will do
    spoil()
    const y = np.sinh(x)
    const z = y.add(1)
    vi.restoreAllMocks()
    for (const read of await Promise.allSettled([y.data(), y.ready(), z.data(), z.ready()])) {
      if (read.status === 'fulfilled') expect.fail('was read')
      expect(read.reason).toBeInstanceOf(PullbackError)
      expect(read.reason).toHaveProperty('message', expect.stringMatching(/^sinh: the GPU refused/))
    }
    expect(() => z.mul(2)).toThrow(/^mul: an operand could not be computed: sinh: the GPU refused/)
    expect(() => y.mul(2)).toThrow(PullbackError)
    expect(warn).not.toHaveBeenCalled()
  })
  test('leave alone what was asked for in the same turn', async () => {
    const [x, g] = [np.array(new Float32Array(99_999)), np.array([1, 2])]
    await g.add(1).ready()
    const before = g.add(1)
    spoil()
    const y = np.sinh(x)
    vi.restoreAllMocks()
    const after = g.add(1)
    await expect(y.ready()).rejects.toThrow(/^sinh: the GPU refused/)
    expect([await before.jsAsync(), await after.jsAsync()]).toEqual([[2, 3], [2, 3]])
  })
  test('of an operand’s buffer are not for ever: what the host has is brought over again', async () => {
    const x = np.array(new Float32Array(88_888))
    spoil()
    const y = x.add(1)
    vi.restoreAllMocks()
    await expect(y.ready()).rejects.toThrow(/^add: the GPU refused/)
    expect(await x.add(1).slice([0, 2]).jsAsync()).toEqual([1, 1])
  })
  test('leave other arrays, and what is asked for later, alone', async () => {
    expect(await np.sinh(np.array(new Float32Array(77_777))).slice([0, 2]).add(1).jsAsync()).toEqual([1, 1])
  })
  /** From now on the device says that it has no memory left, to all who ask it. */
  const exhaust = (): void => {
    const { device } = backend().gpu
    const [push, pop] = [device.pushErrorScope.bind(device), device.popErrorScope.bind(device)]
    const kinds: GPUErrorFilter[] = []
    vi.spyOn(device, 'pushErrorScope').mockImplementation((kind) => { kinds.push(kind); return push(kind) })
    vi.spyOn(device, 'popErrorScope').mockImplementation(async () => {
      const kind = kinds.pop()
      const error = await pop()
      return kind === 'out-of-memory' ? { message: 'no room' } : error
    })
  }
  test('of memory that there is none of name the operation: for results, operands and reads', async () => {
    const said = (['warn', 'error', 'log'] as const).map((how) => vi.spyOn(console, how))
    const [x, there] = [np.array(new Float32Array(66_666)), np.array([1, 2]).mul(2)]
    await there.ready()
    exhaust()
    const y = np.sinh(x)
    const z = y.add(1)
    const outcomes = await Promise.allSettled([y.data(), y.ready(), z.data(), there.data()])
    expect(() => y.mul(2)).toThrow(OutOfMemoryError)
    expect(() => y.mul(2)).toThrow(/^mul: .*an operand could not be computed: sinh: the GPU has no .*no room/)
    for (const spy of said) expect(spy).not.toHaveBeenCalled()
    vi.restoreAllMocks()
    const reasons = outcomes.map((o) => (o.status === 'rejected' ? (o.reason as unknown) : null))
    for (const reason of reasons) expect(reason).toBeInstanceOf(OutOfMemoryError)
    for (const reason of reasons.slice(0, 3)) expect(reason).toHaveProperty('message', expect.stringMatching(/^sinh: the GPU has no .*no room; hold fewer arrays/))
    expect(reasons[3]).toHaveProperty('message', expect.stringMatching(/^read: the GPU has no memory left to copy the array to the host: no room/))
    // There may be some again.
    expect(await there.data()).toEqual(Float32Array.of(2, 4))
    expect(await np.sinh(x).slice([0, 2]).jsAsync()).toEqual([0, 0])
  })
  test('of a shader name the kernel, and what the compiler says', async () => {
    const { device } = backend().gpu
    const make = device.createShaderModule.bind(device)
    vi.spyOn(device, 'createShaderModule').mockImplementation(({ code }) => make({ code: code.replace('fn main', 'fn main_') }))
    const x = np.array([1, 2])
    const y = x.mul(0.12345).sub(np.array([3, 4]))
    vi.restoreAllMocks()
    await expect(y.data()).rejects.toThrow(/^(mul|sub): the GPU refused the shader of kernel/)
    // Its operand is none the worse.
    expect(await x.add(1).jsAsync()).toEqual([2, 3])
  })
})
