import { afterEach, describe, expect, test, vi } from 'vitest'
import { Heap } from '../../../src/backends/wasm/heap.ts'
import { WasmBackend } from '../../../src/backends/wasm/index.ts'
import type { WasmStorage } from '../../../src/backends/wasm/storage.ts'
import { DeviceError, OutOfMemoryError } from '../../../src/core/errors.ts'
import { parseJaxpr } from '../../../src/core/parse.ts'

const kilobyte = 1024
const filled = (heap: Heap, bytes: number, value: number): WasmStorage => {
  const s = heap.allocate(bytes)
  heap.view(s.address, bytes).fill(value)
  return s
}

describe('the WASM heap', () => {
  test('past the budget the least recently used storages move to the host, unharmed, and come back', () => {
    const heap = new Heap({ budgetBytes: 64 * kilobyte, budgetStorages: 1 << 16 })
    const kept = Array.from({ length: 200 }, (_, i) => filled(heap, 4 * kilobyte, i % 251))
    expect(heap.resident().bytes).toBeLessThanOrEqual(64 * kilobyte)
    expect(heap.use()).toMatchObject({ arrays: 200, bytes: 800 * kilobyte })
    kept.forEach((s, i) => expect(s.read().every((b) => b === i % 251)).toBe(true))
    expect(kept[0]!.host).not.toBeNull()
    const address = heap.bringIn(kept[0]!)
    expect(kept[0]!.host).toBeNull()
    expect(heap.view(address, 4 * kilobyte).every((b) => b === 0)).toBe(true)
  })

  test('the number of storages is bounded as well', () => {
    const heap = new Heap({ budgetBytes: 2 ** 30, budgetStorages: 100 })
    const kept = Array.from({ length: 1000 }, () => heap.allocate(512))
    expect(heap.resident().storages).toBeLessThanOrEqual(100)
    expect(heap.use().arrays).toBe(1000)
    expect(kept.every((s) => s.read().length === 512)).toBe(true)
  })

  test('storages that nobody holds are found without copying them', () => {
    const heap = new Heap({ budgetBytes: 1024 * kilobyte, budgetStorages: 1 << 16 })
    for (let i = 0; i < 1000; i++) heap.allocate(16 * kilobyte)
    expect(heap.use().peakBytes).toBeLessThanOrEqual(256 * 1024 * kilobyte)
    expect(heap.use()).toMatchObject({ arrays: 0, bytes: 0 })
  })

  test('release returns the block at once; a shared storage stays', () => {
    const heap = new Heap()
    const s = heap.allocate(4096)
    s.release()
    expect(heap.use().bytes).toBe(0)
    const shared = heap.allocate(4096)
    shared.markShared()
    shared.release()
    expect(heap.use().bytes).toBe(4096)
  })

  test('pinned storages are not evicted', () => {
    const heap = new Heap({ budgetBytes: 64 * kilobyte })
    const pinned = [filled(heap, 32 * kilobyte, 7)]
    heap.pin(pinned)
    for (let i = 0; i < 100; i++) heap.allocate(8 * kilobyte)
    expect(pinned[0]!.address).toBeGreaterThan(0)
    heap.pin()
  })

  test('what is larger than the heap is an OutOfMemoryError with sizes, and the heap works after it', () => {
    const heap = new Heap()
    expect(() => heap.allocate(2 ** 33)).toThrow(OutOfMemoryError)
    expect(() => heap.allocate(2 ** 33)).toThrow(/8589934592 bytes do not fit/)
    expect(filled(heap, 1024, 3).read()[1023]).toBe(3)
  })
})

describe('where less memory can be reserved', () => {
  afterEach(() => vi.unstubAllGlobals())

  /** An engine that refuses, by this error, more pages than these. */
  function engine(mostPages: (shared: boolean) => number, refusal: Error): void {
    const Memory = class extends WebAssembly.Memory {
      constructor(d: WebAssembly.MemoryDescriptor) {
        if (d.initial > mostPages(d.shared === true)) throw refusal
        super(d)
      }
    }
    vi.stubGlobal('WebAssembly', { Module: WebAssembly.Module, Instance: WebAssembly.Instance, Memory })
  }

  /** Three sums, each long enough for threads to share it. */
  function expectSums(backend: WasmBackend): void {
    const n = 300_000
    const program = backend.compile(parseJaxpr(`{ lambda ; a:f32[${n}]. let b:f32[] = reduceSum[axes=(0,)] a in (b,) }`))
    const ones = new Uint8Array(new Float32Array(n).fill(1).buffer)
    for (let i = 0; i < 3; i++) expect(new Float32Array(program.call([backend.put(ones)])[0]!.read().buffer)).toEqual(Float32Array.of(n))
  }

  test.each([new RangeError('could not allocate memory'), new TypeError('maximum is above the limit'), new Error('out of memory')])('the heap is as large as the engine lets it be, and still shared: %s', (refusal) => {
    engine((shared) => (shared ? 1024 : 65536), refusal)
    const heap = new Heap()
    expect([heap.shared, heap.size]).toEqual([true, 2 ** 26])
    const kept = Array.from({ length: 40 }, (_, i) => filled(heap, 2 ** 20, i))
    expect(heap.resident().bytes).toBeLessThanOrEqual(2 ** 25)
    kept.forEach((s, i) => expect(s.read()[0]).toBe(i))
  })

  test('without shared memory there is one thread, and the heap all the same', () => {
    engine((shared) => (shared ? 0 : 16384), new TypeError('no shared memory'))
    const heap = new Heap()
    expect([heap.shared, heap.size]).toEqual([false, 2 ** 30])
    const backend = new WasmBackend({ threads: 2, shareAbove: 0 })
    expectSums(backend)
    expect([backend.threads(), backend.launches(), backend.heapBudget()]).toEqual([1, 0, 2 ** 29])
  })

  test('programs run in it, on threads', () => {
    engine((shared) => (shared ? 2048 : 65536), new RangeError('could not allocate memory'))
    const backend = new WasmBackend({ threads: 2, shareAbove: 0 })
    expectSums(backend)
    expect([backend.threads(), backend.launches(), backend.heapBudget()]).toEqual([2, 3, 2 ** 26])
    backend.threads(1)
  })

  test('too little of it is an OutOfMemoryError that says what the engine said', () => {
    engine(() => 1000, new RangeError('could not allocate memory'))
    expect(() => new Heap()).toThrow(OutOfMemoryError)
    expect(() => new Heap()).toThrow('not even 64 MiB of WebAssembly memory can be reserved: RangeError: could not allocate memory')
  })

  test('no WebAssembly at all is a DeviceError that names the device which does without', () => {
    vi.stubGlobal('WebAssembly', undefined)
    expect(() => new Heap()).toThrow(DeviceError)
    expect(() => new Heap()).toThrow("this engine has no WebAssembly, or it is switched off; defaultDevice('cpu') computes without it")
  })
})

describe('the budget', () => {
  const resident = (backend: WasmBackend): number => backend.resident().bytes
  const plusOne = parseJaxpr('{ lambda ; a:f32[1048576]. let b:f32[1048576] = add a 1.0:f32[] in (b,) }')
  const grow = (backend: WasmBackend): void => {
    const program = backend.compile(plusOne)
    for (let i = 0, x = backend.put(new Uint8Array(4 * 2 ** 20)); i < 12; i++) x = program.call([x])[0]!
  }

  test('is half of the heap unless it is set, before the heap is there or after', () => {
    const backend = new WasmBackend({ threads: 1, collect: null })
    expect(backend.heapBudget()).toBe(2 ** 31)
    expect(backend.heapBudget(32 * 2 ** 20)).toBe(32 * 2 ** 20)
    grow(backend)
    expect(resident(backend)).toBeGreaterThan(16 * 2 ** 20)
    expect(resident(backend)).toBeLessThanOrEqual(32 * 2 ** 20)
    expect(backend.heapBudget(16 * 2 ** 20)).toBe(16 * 2 ** 20)
    grow(backend)
    expect(resident(backend)).toBeLessThanOrEqual(16 * 2 ** 20)
  })

  test('is an integer of bytes, of a mebibyte at least', () => {
    const backend = new WasmBackend()
    for (const bytes of [0, -1, 2 ** 20 - 1, 1.5 * 2 ** 20 + 0.5, NaN, Infinity]) expect(() => backend.heapBudget(bytes)).toThrow('a budget is an integer of bytes from 1048576 (1 MiB)')
    expect(backend.heapBudget()).toBe(2 ** 31)
  })
})
