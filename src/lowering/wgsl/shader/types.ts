/**
 * What a dtype is in WGSL. Storage buffers hold 32-bit words, so every narrower element takes a word of its own: bool as 0
 * or 1, small integers extended, float16 and bfloat16 as the float32 of the same value. A key is two words.
 */
import { decodeNumbers, encodeNumbers } from '../../../core/bytes.ts'
import { type DType, dtypeInfo, isInteger } from '../../../core/dtype.ts'
import { DeviceError } from '../../../core/errors.ts'

/** The type of a value in a shader. */
type WgslType = 'f32' | 'i32' | 'u32' | 'bool' | 'vec2<u32>'

export function typeOf(dtype: DType): WgslType {
  const { kind, bytes } = dtypeInfo[dtype]
  switch (kind) {
    case 'float':
      if (bytes <= 4) return 'f32'
      break
    case 'int':
      return 'i32'
    case 'uint':
      return 'u32'
    case 'bool':
      return 'bool'
    case 'key':
      return 'vec2<u32>'
    case 'complex':
      break
  }
  throw new DeviceError('webgpu', `'webgpu' has no ${dtype}: GPUs compute in 32 bits; use float32 there, or keep this part on 'wasm' with devicePut(x, 'wasm')`)
}

/** The type of an element in a storage buffer. */
export const storedType = (dtype: DType): Exclude<WgslType, 'bool'> => {
  const type = typeOf(dtype)
  return type === 'bool' ? 'u32' : type
}

/** A stored element as a value. */
export const fromStored = (dtype: DType, text: string): string => (dtype === 'bool' ? `(${text} != 0u)` : text)
/** A value as what is stored. */
export const toStored = (dtype: DType, text: string): string => (dtype === 'bool' ? `u32(${text})` : text)

/** A float32 as WGSL: what a literal cannot say (NaN, infinities, −0, subnormals) by its bits, which are read at run time. */
function float(value: number): string {
  const x = Math.fround(value)
  if (Number.isFinite(x) && (Math.abs(x) >= 2 ** -126 || Object.is(x, 0))) {
    const text = String(x)
    return /[.e]/.test(text) ? `${text}f` : `${text}.0f`
  }
  if (Number.isFinite(x)) return `bitcast<f32>(${bitsOf(x)}u)`
  // A constant expression must not be NaN or infinite; this is none, for the compiler cannot know `zero`.
  return `bitcast<f32>(${bitsOf(x)}u | zero)`
}
const bitsOf = (x: number): number => new Uint32Array(new Float32Array([x]).buffer)[0]!

/** An integer as its dtype holds it. */
const wrapped = (dtype: DType, x: number): number => (isInteger(dtype) ? decodeNumbers(encodeNumbers([x], dtype), dtype)[0]! : x)

export function literalOf(dtype: DType, value: number | boolean): string {
  const type = typeOf(dtype)
  const number = wrapped(dtype, Number(value))
  switch (type) {
    case 'f32':
      return float(number)
    case 'i32':
      return number === -(2 ** 31) ? `i32(-2147483647 - 1)` : `${number}i`
    case 'u32':
      return `${number}u`
    case 'bool':
      return number === 0 ? 'false' : 'true'
    case 'vec2<u32>':
      return `vec2<u32>(0u, ${Math.trunc(number) >>> 0}u)`
  }
}
