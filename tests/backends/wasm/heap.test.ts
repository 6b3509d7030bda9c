import { describe, expect, test } from 'vitest'
import { Heap, type WasmStorage } from '../../../src/backends/wasm/heap.ts'
import { OutOfMemoryError } from '../../../src/core/errors.ts'

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
