import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { IdxArray, IdxData } from '../../src/data/idx-bytes.ts'
import { decodeIdxBytes, encodeIdxBytes } from '../../src/data/idx-bytes.ts'
import { showProblems } from '../../src/data/problem.ts'
import { numRuns } from '../scale.ts'

const shapes = fc.array(fc.nat(4), { maxLength: 4 })
const of = <D extends IdxArray['dtype']>(dtype: D, values: (n: number) => fc.Arbitrary<IdxData>): fc.Arbitrary<IdxArray> =>
  shapes.chain((shape) => values(shape.reduce((a, b) => a * b, 1)).map((data) => ({ dtype, shape, data })))
const exactly = (n: number): { minLength: number; maxLength: number } => ({ minLength: n, maxLength: n })

/** Any array that IDX can hold. */
const idxArrays: fc.Arbitrary<IdxArray> = fc.oneof(
  of('uint8', (n) => fc.uint8Array(exactly(n))),
  of('int8', (n) => fc.int8Array(exactly(n))),
  of('int16', (n) => fc.int16Array(exactly(n))),
  of('int32', (n) => fc.int32Array(exactly(n))),
  of('float32', (n) => fc.float32Array(exactly(n))),
  of('float64', (n) => fc.float64Array(exactly(n))),
)

const problemsOf = (bytes: Uint8Array): string => {
  const read = decodeIdxBytes(bytes)
  return read._tag === 'Left' ? showProblems(read.left) : 'none'
}

test('what is written reads back, of every dtype and rank', () => {
  fc.assert(
    fc.property(idxArrays, (x) => {
      expect(decodeIdxBytes(encodeIdxBytes(x))).toEqual({ _tag: 'Right', right: x })
    }),
    { numRuns },
  )
})

test('a file cut at any byte, or with a byte too many, is refused with the place', () => {
  fc.assert(
    fc.property(idxArrays, (x) => {
      const bytes = encodeIdxBytes(x)
      for (let n = 0; n < bytes.length; n++) expect(problemsOf(bytes.subarray(0, n))).toMatch(/^at byte \d+: found .*, expected /)
      expect(problemsOf(new Uint8Array([...bytes, 0]))).toContain('of data')
    }),
    { numRuns },
  )
})

test('bytes of any kind never throw anything', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      decodeIdxBytes(bytes)
    }),
    { numRuns },
  )
})

test('numbers are big-endian, as in the files of 1998', () => {
  const bytes = encodeIdxBytes({ dtype: 'int32', shape: [1, 2], data: new Int32Array([1, -2]) })
  expect([...bytes]).toEqual([0, 0, 0x0c, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xfe])
})

describe('a refusal says what is there and what should be', () => {
  test('an empty file', () => {
    expect(problemsOf(new Uint8Array())).toBe('at byte 0: found the end after 0 bytes, expected a header of at least 4 bytes')
  })
  test('a wrong beginning and a wrong type, both at once', () => {
    expect(problemsOf(new Uint8Array([0x50, 0x4b, 3, 0]))).toBe(
      '2 problems\n' +
        '  at byte 0: found 0x50 0x4b, expected two zero bytes, with which every IDX file begins\n' +
        '  at byte 2: found type code 0x03, expected 0x08 (uint8), 0x09 (int8), 0x0b (int16), 0x0c (int32), 0x0d (float32), 0x0e (float64)',
    )
  })
  test('a header cut short', () => {
    expect(problemsOf(new Uint8Array([0, 0, 8, 3, 0, 0]))).toBe('at byte 6: found the end after 6 bytes, expected 3 dimensions, so a header of 16 bytes')
  })
  test('data that end too early', () => {
    expect(problemsOf(new Uint8Array([0, 0, 8, 1, 0, 0, 0, 5, 1, 2, 3]))).toBe('at byte 11: found 3 bytes of data, expected 5, for uint8[5]')
  })
})

test('a signalling NaN keeps its bits', () => {
  const data = new Float32Array(new Uint32Array([0x7f81_0000]).buffer)
  const decoded = decodeIdxBytes(encodeIdxBytes({ dtype: 'float32', shape: [1], data }))
  expect(decoded._tag === 'Right' && new Uint32Array(decoded.right.data.buffer)[0]).toBe(0x7f81_0000)
})
