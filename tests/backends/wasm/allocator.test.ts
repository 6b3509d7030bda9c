import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { Allocator } from '../../../src/backends/wasm/allocator.ts'
import { numRuns } from '../../scale.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

describe('the allocator of the WASM heap', () => {
  test('blocks in use never overlap, are 64-byte aligned and inside the range', () => {
    const command = fc.oneof(
      fc.record({ kind: fc.constant('allocate' as const), bytes: fc.integer({ min: 1, max: 5000 }) }),
      fc.record({ kind: fc.constant('free' as const), which: fc.nat() }),
    )
    fc.assert(
      fc.property(fc.array(command, { maxLength: 200 }), (commands) => {
        const end = 1 << 16
        const allocator = new Allocator(64, end)
        const blocks: { at: number; bytes: number }[] = []
        for (const c of commands) {
          if (c.kind === 'allocate') {
            const at = allocator.allocate(c.bytes)
            if (at === null) continue
            expect(at % 64).toBe(0)
            expect(at).toBeGreaterThanOrEqual(64)
            expect(at + c.bytes).toBeLessThanOrEqual(end)
            for (const b of blocks) expect(at + Allocator.sizeFor(c.bytes) <= b.at || b.at + Allocator.sizeFor(b.bytes) <= at).toBe(true)
            blocks.push({ at, bytes: c.bytes })
          } else if (blocks.length > 0) {
            const [b] = blocks.splice(c.which % blocks.length, 1)
            allocator.free(b!.at, b!.bytes)
          }
        }
        // Whatever was freed in whatever order comes together again: the whole range is one block.
        for (const b of blocks) allocator.free(b.at, b.bytes)
        expect(allocator.allocate(end - 64)).toBe(64)
      }),
      { numRuns },
    )
  })

  test('a freed block is handed out again', () => {
    const allocator = new Allocator(64, 1 << 20)
    const first = allocator.allocate(1000)!
    allocator.allocate(64)
    allocator.free(first, 1000)
    expect(allocator.allocate(1000)).toBe(first)
  })

  test('a block is found in as few looks among thousands of free ones that are too small as among ten', () => {
    const looksAmong = (count: number): number => {
      const allocator = new Allocator(64, 1 << 30)
      // Of one bin, and never beside each other: blocks in use stand between them.
      const small = Array.from({ length: count }, () => [allocator.allocate(1024)!, allocator.allocate(64)][0]!)
      const large = allocator.allocate(4096)!
      allocator.allocate(64)
      allocator.free(large, 4096)
      for (const at of small) allocator.free(at, 1024)
      const looks = vi.spyOn(Map.prototype, 'get')
      const found = allocator.allocate(1152)
      const { length } = looks.mock.calls
      looks.mockRestore()
      expect(found).toBe(large)
      return length
    }
    const few = looksAmong(10)
    expect(few).toBeGreaterThan(0)
    expect(looksAmong(5000)).toBe(few)
  })

  test('a request that does not fit gives null', () => {
    const allocator = new Allocator(64, 4096)
    expect(allocator.allocate(8192)).toBeNull()
    expect(allocator.allocate(1024)).not.toBeNull()
  })
})
