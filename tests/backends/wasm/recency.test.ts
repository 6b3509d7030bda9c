/** The order of last use, against an array that is searched. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Linked, Recency } from '../../../src/backends/wasm/recency.ts'
import { sized } from '../../scale.ts'

interface Item extends Linked<Item> {
  readonly name: number
}

test('items stand in the order of their last use, and can be taken out on the way', () => {
  const step = fc.tuple(fc.constantFrom('use', 'delete', 'sweep'), fc.nat(7))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const items = Array.from({ length: 8 }, (_, name): Item => ({ name, older: null, newer: null }))
      const list = new Recency<Item>()
      let expected: Item[] = []
      for (const [what, n] of steps) {
        const item = items[n]!
        const known = expected.includes(item)
        if (what === 'sweep') {
          for (const i of list) if (i.name % 3 === n % 3) list.delete(i)
          expected = expected.filter((i) => i.name % 3 !== n % 3)
          continue
        }
        expected = expected.filter((i) => i !== item)
        if (what === 'use') {
          if (known) list.use(item)
          else list.add(item)
          expected.push(item)
        } else if (known) list.delete(item)
        expect([...list]).toEqual(expected)
        expect(list.size).toBe(expected.length)
      }
    }),
    { numRuns: sized(200, 5000) },
  )
})

test('an array that every call uses costs the same after many calls', () => {
  const [used, list] = [{ name: -1, older: null, newer: null } as Item, new Recency<Item>()]
  list.add(used)
  // a hash table would walk past all earlier uses at each one: 2 · 10^9 steps
  for (let name = 0; name < 65_000; name++) {
    list.add({ name, older: null, newer: null })
    list.use(used)
  }
  expect([list.size, [...list].at(-1)]).toEqual([65_001, used])
})
