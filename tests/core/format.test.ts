// Arrays as NumPy prints them: the texts are NumPy's own (tests/oracle/make_format.py).
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { decodeNumbers, encodeNumbers } from '../../src/core/bytes.ts'
import type { DType } from '../../src/core/dtype.ts'
import { formatArray } from '../../src/core/format.ts'

interface Case {
  readonly name: string
  readonly x: { readonly dtype: DType; readonly shape: readonly number[]; readonly data: readonly (number | boolean | string)[] }
  readonly text: string
}
const { cases } = JSON.parse(readFileSync(new URL('../oracle/format.json', import.meta.url), 'utf8')) as { readonly cases: readonly Case[] }

describe('arrays print as in NumPy', () => {
  for (const { name, x, text } of cases) {
    test(name, () => expect(formatArray(Array.from(decodeNumbers(encodeNumbers(x.data.map(Number), x.dtype), x.dtype)), x.shape, x.dtype)).toBe(text))
  }
})

describe('beyond NumPy’s dtypes', () => {
  test('complex numbers, stored as pairs', () => {
    expect(formatArray([1, 2, 3, -4.5], [2], 'complex64')).toBe('[1.+2.j  3.-4.5j]')
  })
  test('bfloat16 with the digits that tell it from its neighbours', () => {
    expect(formatArray([0.10009765625, 3.140625], [2], 'bfloat16')).toBe('[0.1  3.14]')
  })
})
