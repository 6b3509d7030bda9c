/**
 * The IDX format of the MNIST files, over typed arrays: two zero bytes, a type code, the number of dimensions, each
 * dimension as a big-endian uint32, then the elements, big-endian and row-major.
 *
 * Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits", section "The IDX file format".
 */
import { left, right } from '../fp/either.ts'
import type { Decoded, Problem } from './problem.ts'
import { plural, sizeOf } from './problem.ts'

export type IdxDType = 'uint8' | 'int8' | 'int16' | 'int32' | 'float32' | 'float64'
export type IdxData = Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array

export interface IdxArray {
  readonly dtype: IdxDType
  readonly shape: readonly number[]
  /** Row-major, of the dtype's own typed array. */
  readonly data: IdxData
}

interface IdxType {
  readonly code: number
  readonly bytes: number
  readonly make: (length: number) => IdxData
}

const types: { readonly [D in IdxDType]: IdxType } = {
  uint8: { code: 0x08, bytes: 1, make: (n) => new Uint8Array(n) },
  int8: { code: 0x09, bytes: 1, make: (n) => new Int8Array(n) },
  int16: { code: 0x0b, bytes: 2, make: (n) => new Int16Array(n) },
  int32: { code: 0x0c, bytes: 4, make: (n) => new Int32Array(n) },
  float32: { code: 0x0d, bytes: 4, make: (n) => new Float32Array(n) },
  float64: { code: 0x0e, bytes: 8, make: (n) => new Float64Array(n) },
}

export const idxDTypes: readonly IdxDType[] = Object.keys(types) as IdxDType[]
export const isIdxDType = (name: string): name is IdxDType => Object.hasOwn(types, name)
export const maxIdxRank = 255
const maxDimension = 0xffff_ffff

const hex = (byte: number): string => `0x${byte.toString(16).padStart(2, '0')}`

export function decodeIdxBytes(bytes: Uint8Array): Decoded<IdxArray> {
  if (bytes.length < 4) {
    return left([{ offset: bytes.length, found: `the end after ${plural(bytes.length, 'byte')}`, expected: 'a header of at least 4 bytes' }])
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const problems: Problem[] = []
  if (view.getUint16(0) !== 0) {
    problems.push({ offset: 0, found: `${hex(view.getUint8(0))} ${hex(view.getUint8(1))}`, expected: 'two zero bytes, with which every IDX file begins' })
  }
  const code = view.getUint8(2)
  const dtype = idxDTypes.find((d) => types[d].code === code)
  if (dtype === undefined) {
    problems.push({ offset: 2, found: `type code ${hex(code)}`, expected: idxDTypes.map((d) => `${hex(types[d].code)} (${d})`).join(', ') })
  }
  const rank = view.getUint8(3)
  const start = 4 + 4 * rank
  if (bytes.length < start) {
    const found = `the end after ${plural(bytes.length, 'byte')}`
    return left([...problems, { offset: bytes.length, found, expected: `${plural(rank, 'dimension')}, so a header of ${start} bytes` }])
  }
  if (dtype === undefined) return left(problems)

  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i))
  const type = types[dtype]
  const expected = sizeOf(shape) * type.bytes
  if (bytes.length - start !== expected) {
    problems.push({
      offset: Math.min(bytes.length, start + expected),
      found: `${plural(bytes.length - start, 'byte')} of data`,
      expected: `${expected}, for ${dtype}[${shape.join(',')}]`,
    })
  }
  if (problems.length > 0) return left(problems)

  const data = type.make(sizeOf(shape))
  swapBytes(new Uint8Array(data.buffer), bytes.subarray(start), type.bytes)
  return right({ dtype, shape, data })
}

/** The bytes of an array; `decodeIdxBytes` gives it back. At most 255 dimensions of less than 2³². */
export function encodeIdxBytes({ dtype, shape, data }: IdxArray): Uint8Array {
  if (shape.length > maxIdxRank || shape.some((d) => d > maxDimension)) {
    throw new RangeError(`[${shape.join(',')}] has more than ${maxIdxRank} dimensions, or one past ${maxDimension}`)
  }
  const type = types[dtype]
  const start = 4 + 4 * shape.length
  const bytes = new Uint8Array(start + data.length * type.bytes)
  const view = new DataView(bytes.buffer)
  view.setUint8(2, type.code)
  view.setUint8(3, shape.length)
  shape.forEach((d, i) => view.setUint32(4 + 4 * i, d))
  swapBytes(bytes.subarray(start), new Uint8Array(data.buffer, data.byteOffset, data.byteLength), type.bytes)
  return bytes
}

/**
 * Elements of `width` bytes, each the other way round: the file is big-endian, typed arrays are little-endian wherever
 * WebAssembly runs. As bytes, for a signalling NaN does not survive as a number.
 */
function swapBytes(to: Uint8Array, from: Uint8Array, width: number): void {
  if (width === 1) return to.set(from)
  for (let at = 0; at < from.length; at += width) for (let i = 0; i < width; i++) to[at + i] = from[at + width - 1 - i]!
}
