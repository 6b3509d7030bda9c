import { expect, test } from 'vitest'
import { Scratch, type Signature, WasmExecutable } from '../../../src/backends/wasm/executable.ts'
import { Heap } from '../../../src/backends/wasm/heap.ts'
import { ThreadPool } from '../../../src/backends/wasm/pool.ts'
import { Profiler } from '../../../src/backends/wasm/profiler.ts'
import { InternalError } from '../../../src/core/errors.ts'

const signature: Signature = { inputBytes: [4096], outputBytes: [4096], forwarded: [-1], same: [-1], arenaBytes: 0, ownBytes: 0, words: [], donations: new Map([[0, 0]]) }

/** A program whose code is a JavaScript function. */
function executableOf(heap: Heap, run: () => void): WasmExecutable {
  const space = { reserve: (bytes: number) => heap.reserve(bytes), unreserve: (address: number, bytes: number) => heap.unreserve(address, bytes) }
  const pool = new ThreadPool(heap.memory, space, 1, { patience: 0, wakeTime: 0, startLimit: 0, judge: false })
  const code = { run, bytes: new Uint8Array(), sharedTime: 0, time: 0 }
  const machine = { heap, arena: new Scratch(heap), frame: new Scratch(heap), pool, profiler: new Profiler() }
  return new WasmExecutable(machine, signature, code, 0, (own) => ({ code: own, kernels: [], silent: true }))
}

test('a program started while another runs is an internal error, which does not harm the one that runs', () => {
  const heap = new Heap({ pages: 64, shared: false })
  const x = heap.fromHost(new Uint8Array(4096).fill(7))
  let inner: unknown = null
  const outer = executableOf(heap, () => {
    try {
      outer.call([x])
    } catch (e) {
      inner = e
    }
  })
  expect(outer.call([x])[0]!.byteLength).toBe(4096)
  expect(inner).toBeInstanceOf(InternalError)
  expect(String(inner)).toContain('a program was started while another was running')
  // And the next call is free to run.
  expect(outer.call([x])).toHaveLength(1)
  expect(x.read()[0]).toBe(7)
})

test('a program that traps gives back what it took, and the next one runs', () => {
  const heap = new Heap({ pages: 64, shared: false })
  const x = heap.fromHost(new Uint8Array(4096).fill(7))
  const traps = executableOf(heap, () => {
    throw new WebAssembly.RuntimeError('unreachable')
  })
  expect(() => traps.call([x])).toThrow(InternalError)
  expect(heap.use()).toMatchObject({ arrays: 1, bytes: 4096 })
  expect(executableOf(heap, () => {}).call([x])).toHaveLength(1)
  expect(x.read()[0]).toBe(7)
})
