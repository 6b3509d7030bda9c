/** The bytes of vector constants: they come again and again, and typed arrays are slow to make. */
const floatSplats = new Map<number, Uint8Array>()
const integerSplats = new Map<number, Uint8Array>()
const shuffles = new Map<number, Uint8Array>()
const cacheLimit = 4096

function splat(cache: Map<number, Uint8Array>, value: number, make: () => ArrayBufferView): Uint8Array {
  // a Map takes -0 for 0
  if (value === 0 && Object.is(value, -0)) return new Uint8Array(make().buffer)
  let bytes = cache.get(value)
  if (bytes === undefined) {
    bytes = new Uint8Array(make().buffer)
    if (cache.size < cacheLimit) cache.set(value, bytes)
  }
  return bytes
}

export const f32x4Bytes = (value: number): Uint8Array => splat(floatSplats, value, () => Float32Array.of(value, value, value, value))

export const i32x4Bytes = (a: number, b: number, c: number, d: number): Uint8Array =>
  a === b && a === c && a === d ? splat(integerSplats, a, () => Int32Array.of(a, a, a, a)) : new Uint8Array(Int32Array.of(a, b, c, d).buffer)

/** The sixteen lanes of a shuffle of bytes that moves four 32-bit lanes. */
export function shuffleBytes(a: number, b: number, c: number, d: number): Uint8Array {
  const key = ((a * 8 + b) * 8 + c) * 8 + d
  let bytes = shuffles.get(key)
  if (bytes === undefined) {
    bytes = Uint8Array.from([a, b, c, d].flatMap((lane) => [0, 1, 2, 3].map((byte) => lane * 4 + byte)))
    shuffles.set(key, bytes)
  }
  return bytes
}
