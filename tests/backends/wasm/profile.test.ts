import { expect, test } from 'vitest'
import { ArgumentError, debug, jit, lax, lower, np } from '../../../src/index.ts'

const ones = (...shape: number[]): np.NDArray => np.ones(shape)

test('a profile names the kernels that text shows, how often each ran, and what it reached', () => {
  const layer = (x: np.NDArray, w: np.NDArray): np.NDArray => np.sum(np.tanh(x.matmul(w)))
  const f = jit(layer)
  const [x, w] = [ones(64, 96), ones(96, 80)]
  const plain = f(x, w).item()
  const p = debug.profile(() => [f(x, w).item(), f(x, w).item()])
  expect(p.result).toEqual([plain, plain])
  const lines = lower(layer)(x, w).text('kernels').split('\n').map((line) => line.replace(/^ *\d+ /, ''))
  expect(p.kernels.map((k) => k.text).toSorted()).toEqual(lines.toSorted())
  for (const k of p.kernels) {
    expect(k.calls).toBe(2)
    expect(k.milliseconds).toBeGreaterThan(0)
    expect(k.share).toBeGreaterThan(0)
  }
  const product = p.kernels.find((k) => k.text.startsWith('contraction'))
  expect(product).toMatchObject({ flops: 2 * 64 * 96 * 80 + 64 * 80, bytes: 4 * (64 * 96 + 96 * 80 + 64 * 80) })
  expect(p.kernels.reduce((ms, k) => ms + k.milliseconds, 0)).toBeLessThanOrEqual(p.milliseconds)
  expect([p.peak, p.stream].every((c) => c > 0)).toBe(true)
  expect(p.text().split('\n')).toHaveLength(p.kernels.length + 2)
})

test('kernels in a loop are told of in every iteration, eager ones too', () => {
  const f = jit((c: np.NDArray, w: np.NDArray) => lax.scan((h: np.NDArray) => [np.tanh(h.matmul(w)), null] as const, c, null, { length: 7 })[0])
  const [c, w] = [ones(32, 64), ones(64, 64)]
  const p = debug.profile(() => f(c, w).add(1))
  expect(p.kernels.find((k) => k.text.startsWith('contraction'))?.calls).toBe(7)
  expect(p.kernels.find((k) => k.text.startsWith('loop add'))?.calls).toBe(1)
})

test('the trace is of Chrome events, in order, one a run of a kernel', () => {
  const f = jit((x: np.NDArray) => np.cumsum(np.exp(x)))
  const x = ones(1000)
  f(x)
  const p = debug.profile(() => f(x))
  const { traceEvents } = JSON.parse(p.trace()) as { traceEvents: readonly { ph: string; ts: number; dur: number; name: string }[] }
  expect(traceEvents.length).toBe(p.kernels.reduce((n, k) => n + k.calls, 0))
  for (const [i, e] of traceEvents.entries()) {
    expect(e.ph).toBe('X')
    expect(e.dur).toBeGreaterThan(0)
    if (i > 0) expect(e.ts).toBeGreaterThanOrEqual(traceEvents[i - 1]!.ts + traceEvents[i - 1]!.dur)
  }
})

test('afterwards, and after an error inside, programs run without a clock', () => {
  const f = jit((x: np.NDArray) => x.mul(2).sum())
  expect(() => debug.profile(() => {
    f(ones(300))
    throw new Error('mine')
  })).toThrow('mine')
  expect(f(ones(300)).item()).toBe(600)
  expect(debug.profile(() => 0).kernels).toEqual([])
})

test('a function that returns a promise is refused', () => {
  expect(() => debug.profile(() => Promise.resolve(1))).toThrow(ArgumentError)
})
