import { expect, test } from 'vitest'
import { threefry2x32 } from '../../../../src/lowering/wasm/math/index.ts'
import { mapI32 } from './harness.ts'

// Random123's known answers for threefry2x32, 20 rounds: counter, key, cipher
const known = [
  { counter: [0, 0], key: [0, 0], cipher: [0x6b200159, 0x99ba4efe] },
  { counter: [0xffffffff, 0xffffffff], key: [0xffffffff, 0xffffffff], cipher: [0x1cb996fc, 0xbb002be7] },
  { counter: [0x243f6a88, 0x85a308d3], key: [0x13198a2e, 0x03707344], cipher: [0xc4923a9c, 0x483df7a0] },
] as const

test.each([0, 1])('word %i of the cipher is Random123’s', (word) => {
  const column = (pick: (row: (typeof known)[number]) => number): Uint32Array => Uint32Array.from(known, pick)
  const inputs = [column((row) => row.key[0]), column((row) => row.key[1]), column((row) => row.counter[0]), column((row) => row.counter[1])]
  const got = mapI32((fn, [k0, k1, x0, x1]) => {
    if (!k0 || !k1 || !x0 || !x1) return
    threefry2x32(fn, k0, k1, x0, x1)
    fn.get(word === 0 ? x0 : x1)
  }, ...inputs)
  expect([...new Uint32Array(got.buffer)]).toEqual(known.map((row) => row.cipher[word as 0 | 1])) // two words
})
