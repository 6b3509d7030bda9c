import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Lru } from '../../src/core/lru.ts'
import { numRuns } from '../scale.ts'

describe('a cache of what was used last', () => {
  test('is what a plain list of uses keeps, within both bounds', () => {
    const command = fc.record({ key: fc.nat(8), bytes: fc.option(fc.nat(30)) })
    fc.assert(
      fc.property(fc.array(command, { maxLength: 60 }), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 60 }), (commands, count, bytes) => {
        const lru = new Lru<number, string>({ count, bytes })
        let model: { readonly key: number; readonly bytes: number; readonly value: string }[] = []
        for (const [i, c] of commands.entries()) {
          const known = model.find((m) => m.key === c.key)
          if (c.bytes === null) {
            expect(lru.get(c.key)).toBe(known?.value)
            if (known !== undefined) model = [...model.filter((m) => m !== known), known]
            continue
          }
          lru.set(c.key, String(i), c.bytes)
          model = [...model.filter((m) => m !== known), { key: c.key, bytes: c.bytes, value: String(i) }]
          // The newest stays, however large.
          while (model.length > 1 && (model.length > count || model.reduce((n, m) => n + m.bytes, 0) > bytes)) model.shift()
          expect(lru.size).toBe(model.length)
          expect(lru.bytes).toBe(model.reduce((n, m) => n + m.bytes, 0))
        }
        for (const m of model) expect(lru.get(m.key)).toBe(m.value)
      }),
      { numRuns },
    )
  })
})
