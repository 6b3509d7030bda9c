/** What kernels are measured against is what all threads reach together. */
import { afterAll, describe, expect, test } from 'vitest'
import { WasmBackend } from '../../src/backends/wasm/index.ts'
import { streamCode } from '../../src/lowering/wasm/ceilings.ts'

const backend = new WasmBackend({ threads: 2, patience: 0, startLimit: 60_000 })
afterAll(() => {
  backend.threads(1)
})

test('as many threads as programs have take part, in every run of every loop, however the clock judges short programs', () => {
  const alone = new WasmBackend({ threads: 1 })
  const one = alone.ceilings()
  expect([one.threads, alone.launches()]).toEqual([1, 0])
  const two = backend.ceilings()
  // Six shapes of the loop of multiply-adds and the copy, eight times before the clock and three times with it.
  expect([two.threads, backend.launches()]).toEqual([2, 7 * (8 + 3)])
  for (const { peak, stream } of [one, two]) expect(Math.min(peak, stream)).toBeGreaterThan(0)
})

test('they are measured once, and again when the number of threads is another', () => {
  const two = backend.ceilings()
  expect(backend.ceilings()).toBe(two)
  backend.threads(1)
  expect(backend.ceilings().threads).toBe(1)
})

describe('the copy loop', () => {
  test.each([1, 2, 3])('is shared by %i threads: each copies its part, together everything', (threads) => {
    const [pieces, piece] = [7, 65536]
    const bytes = pieces * piece
    const memory = new WebAssembly.Memory({ initial: 2 * pieces + 1, maximum: 2 * pieces + 1 })
    const run = new WebAssembly.Instance(new WebAssembly.Module(streamCode(false, bytes)), { env: { memory } }).exports['run'] as (threadId: number, threads: number, at: number) => void // by its signature
    const [from, to] = [new Uint8Array(memory.buffer, piece, bytes), new Uint8Array(memory.buffer, piece + bytes, bytes)]
    from.fill(1)
    const copied: number[] = []
    for (let t = 0; t < threads; t++) {
      run(t, threads, piece)
      copied.push(to.reduce((n, x) => n + x, 0) / piece - copied.reduce((n, c) => n + c, 0))
    }
    expect(copied).toEqual({ 1: [7], 2: [3, 4], 3: [2, 2, 3] }[threads])
  })
})
