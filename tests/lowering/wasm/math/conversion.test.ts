import { describe, expect, test } from 'vitest'
import { bf16ToF32, f16ToF32, f32ToBf16, f32ToF16 } from '../../../../src/lowering/wasm/math/index.ts'
import { sized } from '../../../scale.ts'
import { generator, mapI32 } from './harness.ts'

const all16 = Uint32Array.from({ length: 65536 }, (_, i) => i)

/** A float16's value by definition. */
const half = (bits: number): number => {
  const [sign, exponent, fraction] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 31, bits & 1023]
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25))
}

/** To the nearest of the finite non-negative values of a 16-bit format, ties to the even code. */
const nearestCode = (value: (bits: number) => number, infinity: number, x: number): number => {
  let [low, high] = [0, infinity - 1]
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (value(middle) <= x) low = middle
    else high = middle - 1
  }
  const above = low + 1 === infinity ? 2 * value(low) - value(low - 1) : value(low + 1)
  const [down, up] = [x - value(low), above - x]
  return down < up || (down === up && low % 2 === 0) ? low : low + 1
}

const bfloat = (bits: number): number => new DataView(Int32Array.of(bits << 16).buffer).getFloat32(0, true)

const sample = (): Float32Array => {
  const random = generator(3)
  const corners = [0, -0, Infinity, -Infinity, NaN, 65504, 65519.99, 65520, 65536, 2 ** -14, 2 ** -24, 2 ** -25, 2.98e-8, 3e-8, 6.1e-5, 1e-45, 3.4028235e38, 3.39e38, 1 + 2 ** -11, 1 + 3 * 2 ** -11, 1 + 2 ** -8, 1 + 3 * 2 ** -8]
  const bits = new DataView(new ArrayBuffer(4))
  return Float32Array.from({ length: sized(1 << 13, 1 << 19) }, (_, i) => {
    const corner = corners[i]
    if (corner !== undefined) return corner
    if (i % 2 === 0) return (random() < 0.5 ? -1 : 1) * Math.exp((random() - 0.5) * 40)
    bits.setUint32(0, random() * 4294967296)
    return bits.getFloat32(0)
  })
}

const encoded = (value: (bits: number) => number, infinity: number, quiet: number, x: number): number => {
  const sign = Object.is(x, -0) || x < 0 ? 0x8000 : 0
  if (Number.isNaN(x)) return quiet
  return sign | (Math.abs(x) === Infinity ? infinity : nearestCode(value, infinity, Math.abs(x)))
}

describe('16-bit floats', () => {
  test('every float16 widens to its value', () => {
    const wide = new Float32Array(mapI32((fn, [x]) => x && f16ToF32(fn, x), all16).buffer)
    expect([...wide]).toEqual([...all16].map(half))
  })
  test('every bfloat16 widens to its value', () => {
    const wide = new Float32Array(mapI32((fn, [x]) => x && bf16ToF32(fn, x), all16).buffer)
    expect([...wide]).toEqual([...all16].map(bfloat))
  })
  test('float32 narrows to the nearest float16, ties to even', () => {
    const xs = sample()
    const narrow = mapI32((fn, [x]) => x && f32ToF16(fn, x), xs)
    const want = [...xs].map((x) => encoded(half, 0x7c00, 0x7e00, x))
    expect([...narrow].map((bits, i) => (Number.isNaN(xs[i]) ? bits & 0x7fff : bits))).toEqual(want)
  })
  test('float32 narrows to the nearest bfloat16, ties to even', () => {
    const xs = sample()
    const narrow = mapI32((fn, [x]) => x && f32ToBf16(fn, x), xs)
    const want = [...xs].map((x) => encoded(bfloat, 0x7f80, 0x7fc0, x))
    expect([...narrow].map((bits, i) => (Number.isNaN(xs[i]) ? bits & 0x7fff : bits))).toEqual(want)
  })
})
