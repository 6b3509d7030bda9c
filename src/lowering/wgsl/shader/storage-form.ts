/**
 * How arrays stand in storage buffers: a 32-bit word an element, since shaders address nothing smaller. bool is the u32 0
 * or 1, small integers are extended to i32 or u32, float16 and bfloat16 are the float32 of the same value, and a key is its two words.
 * So the arrays of every other dtype look as they do on the host.
 */
import { sizeOf, type Aval } from '../../../core/aval.ts'
import { decodeNumbers, encodeNumbers } from '../../../core/bytes.ts'
import { type DType, dtypeInfo } from '../../../core/dtype.ts'
import { storedType } from './types.ts'

/** Bytes of a dtype's element in a storage buffer. @throws DeviceError for float64 and complex, saying what to do. */
export const storedBytesPerElement = (dtype: DType): number => (storedType(dtype) === 'vec2<u32>' ? 8 : 4)

/** Bytes of an array in a storage buffer; at least 4, since nothing shorter can be bound. */
export const storedBytes = ({ dtype, shape }: Aval): number => Math.max(4, sizeOf(shape) * storedBytesPerElement(dtype))

/** Whether arrays of a dtype are the same bytes on the host and in storage buffers. */
export const isStoredAsIs = (dtype: DType): boolean => dtypeInfo[dtype].bytes === storedBytesPerElement(dtype)

/** Host bytes in storage form; the same memory where nothing changes. */
export function toStorage(bytes: Uint8Array, dtype: DType): Uint8Array {
  if (isStoredAsIs(dtype)) return bytes
  return encodeNumbers(decodeNumbers(bytes, dtype), wordDtype(dtype))
}

/** The host's bytes of what stands in storage form; the same memory where nothing changes. */
export function fromStorage(stored: Uint8Array, dtype: DType): Uint8Array {
  if (isStoredAsIs(dtype)) return stored
  return encodeNumbers(decodeNumbers(stored, wordDtype(dtype)), dtype)
}

/** The dtype of 32 bits as which a dtype's elements are stored. */
function wordDtype(dtype: DType): 'float32' | 'int32' | 'uint32' {
  switch (storedType(dtype)) {
    case 'f32':
      return 'float32'
    case 'i32':
      return 'int32'
    case 'u32':
    case 'vec2<u32>':
      return 'uint32'
  }
}
