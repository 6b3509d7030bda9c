import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { showProblems } from '../../src/data/problem.ts'
import type { RawTensor, SafetensorsDType } from '../../src/data/safetensors-bytes.ts'
import { decodeSafetensorsBytes, encodeSafetensorsBytes, safetensorsBytes } from '../../src/data/safetensors-bytes.ts'
import { numRuns } from '../scale.ts'

type Tensor = Omit<RawTensor, 'offset'>

const dtypes = Object.keys(safetensorsBytes) as SafetensorsDType[]
const tensors: fc.Arbitrary<Tensor> = fc.record({ dtype: fc.constantFrom(...dtypes), shape: fc.array(fc.nat(3), { maxLength: 3 }) }).chain(({ dtype, shape }) => {
  const size = shape.reduce((a, b) => a * b, safetensorsBytes[dtype])
  return fc.uint8Array({ minLength: size, maxLength: size, max: dtype === 'BOOL' ? 1 : 255 }).map((bytes) => ({ dtype, shape, bytes }))
})
const names = fc.string({ unit: 'grapheme' }).filter((name) => name !== '__metadata__')
const files = fc.record({
  tensors: fc.array(fc.tuple(names, tensors), { maxLength: 5 }).map((list) => new Map(list)),
  metadata: fc.array(fc.tuple(fc.string(), fc.string()), { maxLength: 3 }).map((list) => new Map(list)),
})

const problemsOf = (bytes: Uint8Array): string => {
  const read = decodeSafetensorsBytes(bytes)
  return read._tag === 'Left' ? showProblems(read.left) : 'none'
}

/** A file with this header and so many bytes of data. */
function file(header: unknown, data: number): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header))
  const bytes = new Uint8Array(8 + json.length + data)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true)
  bytes.set(json, 8)
  return bytes
}

test('what is written reads back: names, dtypes, shapes, bits and metadata', () => {
  fc.assert(
    fc.property(files, (x) => {
      const read = decodeSafetensorsBytes(encodeSafetensorsBytes(x.tensors, x.metadata))
      if (read._tag === 'Left') throw new Error(showProblems(read.left))
      const back = [...read.right.tensors].map(([name, { dtype, shape, bytes }]) => [name, { dtype, shape, bytes: new Uint8Array(bytes) }] as const)
      expect(new Map(back)).toEqual(x.tensors)
      expect(read.right.metadata).toEqual(x.metadata)
    }),
    { numRuns },
  )
})

test('equal contents give equal bytes in whatever order they come, and every tensor is aligned', () => {
  fc.assert(
    fc.property(files, (x) => {
      const bytes = encodeSafetensorsBytes(x.tensors, x.metadata)
      expect(encodeSafetensorsBytes(new Map([...x.tensors].reverse()), new Map([...x.metadata].reverse()))).toEqual(bytes)
      const read = decodeSafetensorsBytes(bytes)
      if (read._tag === 'Right') for (const { dtype, offset } of read.right.tensors.values()) expect(offset % safetensorsBytes[dtype]).toBe(0)
    }),
    { numRuns },
  )
})

test('a file cut at any byte, or with a byte too many, is refused with the place', () => {
  fc.assert(
    fc.property(files, (x) => {
      const bytes = encodeSafetensorsBytes(x.tensors, x.metadata)
      for (let n = 0; n < bytes.length; n++) expect(problemsOf(bytes.subarray(0, n))).toMatch(/^(\d+ problems\n {2})?at byte \d+: found .*, expected /)
      expect(problemsOf(new Uint8Array([...bytes, 0]))).toContain('1 byte after the last tensor')
    }),
    { numRuns: Math.ceil(numRuns / 2) },
  )
})

test('a file with one byte changed never throws anything', () => {
  fc.assert(
    fc.property(files, fc.nat(), fc.nat(255), (x, at, byte) => {
      const bytes = encodeSafetensorsBytes(x.tensors, x.metadata)
      bytes[at % bytes.length] = byte
      decodeSafetensorsBytes(bytes)
    }),
    { numRuns },
  )
})

test('the example of the format reads as it says', () => {
  const bytes = file({ TEST: { dtype: 'F16', shape: [1, 16], data_offsets: [0, 32] }, __metadata__: { format: 'pt' } }, 32)
  const read = decodeSafetensorsBytes(bytes)
  if (read._tag === 'Left') throw new Error(showProblems(read.left))
  expect([...read.right.tensors].map(([name, { dtype, shape }]) => [name, dtype, shape])).toEqual([['TEST', 'F16', [1, 16]]])
  expect([...read.right.metadata]).toEqual([['format', 'pt']])
})

describe('a refusal says what is there and what should be', () => {
  test('every problem at once, each with its place', () => {
    const header = {
      a: { dtype: 'F12', shape: [2], data_offsets: [0, 8] },
      b: { dtype: 'F32', shape: [-1], data_offsets: [0, 8] },
      c: { dtype: 'F32', shape: [3], data_offsets: [0, 8] },
      d: 7,
      e: { dtype: 'U8', shape: [1], data_offsets: [8, 100] },
      __metadata__: { epoch: 3 },
    }
    expect(problemsOf(file(header, 8))).toBe(
      [
        '6 problems',
        '  at byte 9: found tensor "a" with dtype "F12", expected one of F64, F32, F16, BF16, I64, I32, I16, I8, U64, U32, U16, U8, BOOL',
        '  at byte 62: found tensor "b" with shape [-1], expected a list of integers from 0',
        '  at byte 116: found tensor "c" with 8 bytes, expected 12, for F32[3]',
        '  at byte 169: found tensor "d" with 7, expected an object with dtype, shape and data_offsets',
        '  at byte 175: found tensor "e" with data_offsets [8, 100], expected a range within the 8 bytes of data',
        '  at byte 229: found __metadata__.epoch: 3, expected a text',
      ].join('\n'),
    )
  })
  test('a length that no header has', () => {
    expect(problemsOf(new Uint8Array(8).fill(255))).toBe('at byte 0: found a header length of 18446744073709551615, expected at most 100000000: this is no safetensors file')
  })
  test('a header that is no JSON, no UTF-8, or no object', () => {
    expect(problemsOf(file('{"a":', 0))).toMatch(/^at byte 8: found text that is no JSON/)
    expect(problemsOf(file('[1]', 0))).toBe('at byte 8: found [1], expected a JSON object')
    expect(problemsOf(new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0, 0xff]))).toBe('at byte 8: found bytes that are no UTF-8, expected a header of JSON in UTF-8')
  })
  test('holes, overlaps and leftovers', () => {
    const u8 = (first: number, last: number): object => ({ dtype: 'U8', shape: [last - first], data_offsets: [first, last] })
    expect(problemsOf(file({ a: u8(0, 2), b: u8(3, 4) }, 4))).toContain('1 byte of no tensor, before "b"')
    expect(problemsOf(file({ a: u8(0, 3), b: u8(2, 4) }, 4))).toContain('tensor "b" from byte')
    expect(problemsOf(file({ a: u8(0, 3) }, 4))).toContain('1 byte after the last tensor')
  })
  test('a truth value that is neither', () => {
    const bytes = file({ a: { dtype: 'BOOL', shape: [2], data_offsets: [0, 2] } }, 2)
    bytes[bytes.length - 1] = 7
    expect(problemsOf(bytes)).toBe(`at byte ${bytes.length - 1}: found 7 in tensor "a" of BOOL, expected 0 or 1`)
  })
})

test('a tensor cannot take the name that the format keeps', () => {
  expect(() => encodeSafetensorsBytes(new Map([['__metadata__', { dtype: 'U8', shape: [0], bytes: new Uint8Array() }]]))).toThrow('__metadata__')
})
