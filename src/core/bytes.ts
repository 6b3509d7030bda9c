/** Between JavaScript's numbers and the bytes that a dtype stores. */
import { type DType, dtypeInfo } from './dtype.ts'
import { OutOfMemoryError } from './errors.ts'

export type TypedArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint16Array
  | Uint32Array

/** A copy in memory of its own. @throws OutOfMemoryError where the engine has none. */
export function hostCopy(operation: string, bytes: Uint8Array): Uint8Array {
  try {
    return bytes.slice()
  } catch (e) {
    throw outOfHostMemory(operation, bytes.byteLength, e)
  }
}

function newBytes(count: number): Uint8Array {
  try {
    return new Uint8Array(count)
  } catch (e) {
    throw outOfHostMemory('array', count, e)
  }
}

/** What to throw for what an allocation of host memory threw: engines say it by a RangeError. */
export function outOfHostMemory(operation: string, bytes: number, e: unknown): unknown {
  if (!(e instanceof RangeError) || /stack/i.test(e.message)) return e
  return new OutOfMemoryError(operation, `the JavaScript engine has no ${bytes} bytes: ${e.message}; hold fewer arrays, or smaller ones`)
}

/** The bits of a dtype's elements as the typed array of their storage: 16-bit floats as Uint16Array, keys as Uint32Array pairs. */
export function storageView(bytes: Uint8Array, dtype: DType): TypedArray {
  const { buffer, byteOffset, byteLength } = bytes.byteOffset % Math.min(8, dtypeInfo[dtype].bytes) === 0 ? bytes : bytes.slice()
  switch (dtype) {
    case 'float32':
    case 'complex64':
      return new Float32Array(buffer, byteOffset, byteLength / 4)
    case 'float64':
    case 'complex128':
      return new Float64Array(buffer, byteOffset, byteLength / 8)
    case 'float16':
    case 'bfloat16':
    case 'uint16':
      return new Uint16Array(buffer, byteOffset, byteLength / 2)
    case 'int16':
      return new Int16Array(buffer, byteOffset, byteLength / 2)
    case 'int8':
      return new Int8Array(buffer, byteOffset, byteLength)
    case 'uint8':
    case 'bool':
      return new Uint8Array(buffer, byteOffset, byteLength)
    case 'int32':
      return new Int32Array(buffer, byteOffset, byteLength / 4)
    case 'uint32':
    case 'key':
      return new Uint32Array(buffer, byteOffset, byteLength / 4)
  }
}

/** Numbers as a dtype's bytes: integers wrap, 16-bit floats round to nearest even, bool is 1 for anything but 0. */
export function encodeNumbers(values: ArrayLike<number>, dtype: DType): Uint8Array {
  const parts = dtypeInfo[dtype].kind === 'complex' || dtype === 'key' ? 2 : 1
  const bytes = newBytes((values.length / parts) * dtypeInfo[dtype].bytes)
  const view = storageView(bytes, dtype)
  for (let i = 0; i < values.length; i++) view[i] = encodeOne(values[i]!, dtype)
  return bytes
}

function encodeOne(x: number, dtype: DType): number {
  if (dtype === 'float16') return float16Bits(x)
  if (dtype === 'bfloat16') return bfloat16Bits(x)
  if (dtype === 'bool') return x === 0 ? 0 : 1
  return x
}

/** A dtype's bytes as numbers, 16-bit floats widened. Shares memory with `bytes` where no widening is needed. */
export function decodeNumbers(bytes: Uint8Array, dtype: DType): TypedArray {
  const view = storageView(bytes, dtype)
  if (dtype !== 'float16' && dtype !== 'bfloat16') return view
  const widen = dtype === 'float16' ? float16Value : bfloat16Value
  return Float32Array.from(view, widen)
}

/** Room for one element of any dtype. */
const element = new Uint8Array(16)
const elementViews: Partial<Record<DType, TypedArray>> = {}

/** One number or truth value as a scalar's bytes. Eager operations make one at each call, and a view of fresh bytes costs more than all the rest. */
export function scalarBytes(value: number | boolean, dtype: DType): Uint8Array {
  const view = (elementViews[dtype] ??= storageView(element, dtype))
  view[0] = encodeOne(Number(value), dtype)
  if (dtypeInfo[dtype].kind === 'complex') view[1] = 0
  const bytes = new Uint8Array(dtypeInfo[dtype].bytes)
  for (let i = 0; i < bytes.length; i++) bytes[i] = element[i]!
  return bytes
}

const f32 = new Float32Array(1)
const u32 = new Uint32Array(f32.buffer)

/** IEEE binary16, rounded to nearest even straight from float64. */
export function float16Bits(x: number): number {
  const sign = x < 0 || Object.is(x, -0) ? 0x8000 : 0
  const a = Math.abs(x)
  if (Number.isNaN(x)) return 0x7e00
  if (a >= 65520) return sign | 0x7c00
  if (a < 2 ** -14) return sign | roundEven(a * 2 ** 24)
  let e = Math.floor(Math.log2(a))
  if (2 ** e > a) e--
  else if (2 ** (e + 1) <= a) e++
  // A mantissa that rounds up to 2 carries into the exponent by plain addition.
  return sign | (((e + 15) << 10) + roundEven((a / 2 ** e - 1) * 1024))
}

export function float16Value(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const e = (bits >> 10) & 31
  const m = bits & 1023
  if (e === 31) return m === 0 ? sign * Infinity : NaN
  return sign * (e === 0 ? m * 2 ** -24 : (1 + m / 1024) * 2 ** (e - 15))
}

/** The upper half of float32, rounded to nearest even. */
export function bfloat16Bits(x: number): number {
  f32[0] = x
  const b = u32[0]!
  if (Number.isNaN(x)) return 0x7fc0
  return ((b + 0x7fff + ((b >>> 16) & 1)) >>> 16) & 0xffff
}

export function bfloat16Value(bits: number): number {
  u32[0] = bits << 16
  return f32[0]!
}

function roundEven(x: number): number {
  const f = Math.floor(x)
  const d = x - f
  return d > 0.5 || (d === 0.5 && f % 2 === 1) ? f + 1 : f
}
