/** The representable neighbour of x towards y, in each floating dtype: the next integer, of the bits read as an integer. */
import { decodeNumbers, encodeNumbers } from '../../core/bytes.ts'
import { type DType, dtypeInfo } from '../../core/dtype.ts'

export function nextafter(x: number, y: number, dtype: DType): number {
  if (Number.isNaN(x) || Number.isNaN(y)) return NaN
  if (x === y) return y
  if (x === 0) return Math.sign(y) * smallest(dtype)
  const bytes = encodeNumbers([x], dtype)
  // Away from zero the bits grow, towards it they shrink; the sign bit stays.
  step(bytes, y > x === x > 0 ? 1 : -1)
  return valueOf(bytes, dtype)
}

/** Adds ±1 to little-endian bytes as one integer. */
function step(bytes: Uint8Array, by: 1 | -1): void {
  for (let i = 0; i < bytes.length; i++) {
    const b = bytes[i]! + by
    bytes[i] = b
    if (b >= 0 && b <= 255) return
  }
}

function smallest(dtype: DType): number {
  const bytes = new Uint8Array(dtypeInfo[dtype].bytes)
  bytes[0] = 1
  return valueOf(bytes, dtype)
}

const valueOf = (bytes: Uint8Array, dtype: DType): number => decodeNumbers(bytes, dtype)[0]!
