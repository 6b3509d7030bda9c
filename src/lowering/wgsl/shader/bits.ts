/** The bits of values: a dtype's as another's of the same width, elements standing in words of their own. */
import { type DType, dtypeInfo } from '../../../core/dtype.ts'
import { DeviceError } from '../../../core/errors.ts'
import { typeOf } from './types.ts'

/** The same bits as another dtype of the same width. */
export function bitcastText(from: DType, to: DType, text: string): string {
  if (from === to) return text
  if (dtypeInfo[from].bytes !== dtypeInfo[to].bytes) throw new DeviceError('bitcastConvertType', `has no way from ${from} to ${to} inside a kernel on 'webgpu'; do this part on 'wasm' with devicePut(x, 'wasm')`)
  return fromBits(to, bitsText(from, text))
}

/** A value from its bits, which stand in the low end of a u32. */
export function fromBits(dtype: DType, bits: string): string {
  const { bytes } = dtypeInfo[dtype]
  switch (typeOf(dtype)) {
    case 'f32':
      return dtype === 'float16' ? `half_from_bits(${bits})` : dtype === 'bfloat16' ? `bitcast<f32>(${bits} << 16u)` : `bitcast<f32>(${bits})`
    case 'i32':
      return bytes < 4 ? `extractBits(bitcast<i32>(${bits}), 0u, ${8 * bytes}u)` : `bitcast<i32>(${bits})`
    case 'bool':
      return `(${bits} != 0u)`
    case 'u32':
    case 'vec2<u32>':
      return bits
  }
}

/** The bits of a value in the low end of a u32. */
export function bitsText(dtype: DType, text: string): string {
  if (dtype === 'float16') return `half_bits(${text})`
  if (dtype === 'bfloat16') return `(bitcast<u32>(${text}) >> 16u)`
  const { bytes } = dtypeInfo[dtype]
  switch (typeOf(dtype)) {
    case 'f32':
      return `bitcast<u32>(${text})`
    case 'i32':
      return bytes < 4 ? `extractBits(bitcast<u32>(${text}), 0u, ${8 * bytes}u)` : `bitcast<u32>(${text})`
    case 'bool':
      return `u32(${text})`
    case 'u32':
    case 'vec2<u32>':
      return text
  }
}
