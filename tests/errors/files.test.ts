/** Bytes that are no file of the format: the place, what is there, what should be. */
import { expect, test } from 'vitest'
import { idx, safetensors } from '../../src/data/index.ts'
import { np } from '../../src/index.ts'
import { refused } from './refused.ts'

test('IDX', () => {
  const whole = idx.encode(np.array(Uint8Array.of(1, 2, 3)))
  expect(refused(() => idx.decode(new Uint8Array(0)))).toMatchInlineSnapshot(`"FormatError idx.decode: at byte 0: found the end after 0 bytes, expected a header of at least 4 bytes"`)
  expect(refused(() => idx.decode(whole.subarray(0, 9)))).toMatchInlineSnapshot(`"FormatError idx.decode: at byte 9: found 1 byte of data, expected 3, for uint8[3]"`)
  expect(refused(() => idx.decode(Uint8Array.of(...whole, 7)))).toMatchInlineSnapshot(`"FormatError idx.decode: at byte 11: found 4 bytes of data, expected 3, for uint8[3]"`)
  expect(refused(() => idx.decode(new TextEncoder().encode('<!DOCTYPE html>')))).toMatchInlineSnapshot(`
    "FormatError idx.decode: 3 problems
      at byte 0: found 0x3c 0x21, expected two zero bytes, with which every IDX file begins
      at byte 2: found type code 0x44, expected 0x08 (uint8), 0x09 (int8), 0x0b (int16), 0x0c (int32), 0x0d (float32), 0x0e (float64)
      at byte 15: found the end after 15 bytes, expected 79 dimensions, so a header of 320 bytes"
  `)
})

test('safetensors', () => {
  const whole = safetensors.encode({ a: np.array([1, 2, 3]) })
  expect(refused(() => safetensors.decode(new Uint8Array(0)))).toMatchInlineSnapshot(`"FormatError safetensors.decode: at byte 0: found the end after 0 bytes, expected the length of the header in 8 bytes"`)
  expect(refused(() => safetensors.decode(whole.subarray(0, 20)))).toMatchInlineSnapshot(`"FormatError safetensors.decode: at byte 20: found the end after 20 bytes, expected a header of 56 bytes, up to byte 64"`)
  expect(refused(() => safetensors.decode(whole.subarray(0, -1)))).toMatchInlineSnapshot(`"FormatError safetensors.decode: at byte 9: found tensor "a" with data_offsets [0, 12], expected a range within the 11 bytes of data"`)
  expect(refused(() => safetensors.decode(new TextEncoder().encode('<!DOCTYPE html>')))).toMatchInlineSnapshot(`"FormatError safetensors.decode: at byte 0: found a header length of 5789751444030890300, expected at most 100000000: this is no safetensors file"`)
})
