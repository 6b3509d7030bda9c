import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Allocator } from '../../../src/backends/wasm/allocator.ts'
import { numRuns } from '../../scale.ts'

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

  test('a request that does not fit gives null', () => {
    const allocator = new Allocator(64, 4096)
    expect(allocator.allocate(8192)).toBeNull()
    expect(allocator.allocate(1024)).not.toBeNull()
  })
})
