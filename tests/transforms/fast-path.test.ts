/** What a call of a compiled function allocates: nothing for arguments like the last call's, no array memory where they are donated. */
import { setTimeout } from 'node:timers/promises'
import { debug, defaultDevice, grad, jit, nn, np } from 'pullback'
import { adam, applyUpdates } from 'pullback/optimizers'
import { expect, test, vi } from 'vitest'
import { Heap } from '../../src/backends/wasm/heap.ts'

/** Bytes of JavaScript objects that a call leaves behind: the least of some rounds, each too short for a collection. */
function bytesPerCall(call: () => void): number {
  let least = Infinity
  for (let round = 0; round < 12; round++) {
    const calls = 400
    const before = process.memoryUsage().heapUsed
    for (let i = 0; i < calls; i++) call()
    const grown = process.memoryUsage().heapUsed - before
    // a collection in between makes it less than nothing
    if (grown > 0) least = Math.min(least, grown / calls)
  }
  return least
}

/** Runs `check` until it passes, as long as the engine may still be optimising: its compiler has a thread of its own, and the machine may be busy. */
async function onceOptimised(check: () => void): Promise<void> {
  for (let attempt = 0; attempt < 50; attempt++) {
    try {
      return check()
    } catch {
      await setTimeout(20)
    }
  }
  check()
}

test('a call allocates its result, and next to nothing for each more argument', async () => {
  defaultDevice('wasm')
  const x = np.array([1, 2, 3, 4])
  const one = jit((a: np.NDArray) => a.mul(2).add(1))
  const many = jit((ps: readonly { readonly w: np.NDArray; readonly b: np.NDArray }[]) => ps.reduce((sum, { w, b }) => sum.add(w.mul(b)), x))
  const params = Array.from({ length: 20 }, () => ({ w: x, b: x }))
  await onceOptimised(() => {
    const [few, all] = [bytesPerCall(() => void one(x)), bytesPerCall(() => void many(params))]
    expect(few).toBeLessThan(2000)
    // 40 arguments: a place in the list of operands and one in that of storages, 8 bytes each, and no more than as much again
    expect(all - few).toBeLessThan(40 * 64)
  })
})

test('a donated step of Adam allocates no array memory', () => {
  defaultDevice('wasm')
  const optimizer = adam(1e-3)
  const x = np.ones([64, 128])
  type Params = { readonly w: np.NDArray; readonly b: np.NDArray }
  const loss = ({ w, b }: Params): np.NDArray => np.mean(np.square(nn.relu(x.matmul(w).add(b))))
  let params: Params = { w: np.ones([128, 256]), b: np.zeros([256]) }
  let state = optimizer.init(params)
  const step = jit((p: Params, s: typeof state) => {
    const [updates, next] = optimizer.update(grad(loss)(p), s, p)
    return [applyUpdates(p, updates), next] as const
  }, { donateArgnums: [0, 1] })
  const train = (): void => {
    const [p, s] = step(params, state)
    params = p
    state = s
  }
  for (let i = 0; i < 3; i++) train()
  debug.memory() // from the first look on tiny arrays count as well
  for (let i = 0; i < 3; i++) train()
  const [allocate, before] = [vi.spyOn(Heap.prototype, 'allocate'), debug.memory().wasm!]
  for (let i = 0; i < 50; i++) train()
  expect(allocate).not.toHaveBeenCalled()
  allocate.mockRestore()
  const after = debug.memory().wasm!
  expect([after.arrays, after.bytes]).toEqual([before.arrays, before.bytes])
  expect(after.peakBytes).toBe(before.peakBytes)
  expect(params.w.dataSync()[0]).toBeLessThan(1)
})
