import { describe, expect, test } from 'vitest'
import { f32x4, f32x4Pair, type UnaryName } from '../../../../src/lowering/wasm/math/index.ts'
import { sized } from '../../../scale.ts'
import { documentedBounds } from './documented.ts'
import { fixtures } from './fixtures.ts'
import { generator, mapF32, ulp } from './harness.ts'

const logistic = (x: number): number => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)))

const references: Partial<Record<UnaryName, (x: number) => number>> = {
  exp: Math.exp, exp2: (x) => 2 ** x, expm1: Math.expm1, log: Math.log, log1p: Math.log1p, log2: Math.log2,
  sin: Math.sin, cos: Math.cos, tan: Math.tan, asin: Math.asin, acos: Math.acos, atan: Math.atan,
  sinh: Math.sinh, cosh: Math.cosh, tanh: Math.tanh, asinh: Math.asinh, acosh: Math.acosh, atanh: Math.atanh,
  logistic, cbrt: Math.cbrt, rsqrt: (x) => 1 / Math.sqrt(x),
}

const corners = [
  0, -0, 1, -1, 0.5, -0.5, 2, -2, Infinity, -Infinity, NaN, 1e-45, -1e-45, 1.1754943e-38, -1.1754943e-38, 3.4028235e38, -3.4028235e38,
  88.722839, 88.72284, -87.336548, -103.97208, -103.9721, -104.5, 127.99999, 128, -126, -149, -149.5, -150, 9.01, 9.02, -17.3, -17.4,
  1048575.9, 1048576, 1e10, 1e30, 0.625, 0.8, Math.PI / 2, Math.PI,
]

const sample = (count: number): Float32Array => {
  const random = generator(11)
  const bits = new DataView(new ArrayBuffer(4))
  return Float32Array.from({ length: count }, (_, i) => {
    const corner = corners[i]
    if (corner !== undefined) return corner
    switch (i % 5) {
      case 0:
        bits.setUint32(0, random() * 4294967296)
        return bits.getFloat32(0)
      case 1:
        return (random() - 0.5) * 20
      case 2:
        return (random() - 0.5) * 4
      case 3:
        return (random() - 0.5) * 240
      default:
        return (random() < 0.5 ? -1 : 1) * Math.exp((random() - 0.5) * 40)
    }
  })
}

/** Whether a float32 is what a float64 reference rounds to in sign, infinity, NaN and zero; numbers are judged by `error`. */
const sameKind = (got: number, want: number): boolean => {
  const rounded = Math.fround(want)
  if (Number.isNaN(rounded) || got === rounded) return Object.is(got, rounded)
  // one step below infinity or above zero is an error of rounding
  return Number.isFinite(got) && (rounded !== 0 || Math.abs(got) < 2e-45)
}

const error = (got: number, want: number): number => (got === Math.fround(want) && !Number.isFinite(got) ? 0 : Math.abs(got - want) / ulp(want, 23))

const places = new Int32Array(1)
const asFloat = new Float32Array(places.buffer)
/** How many float32 numbers apart two of the same sign are, the reference rounded first. */
const distance = (got: number, want: number): number => {
  asFloat[0] = got
  const place = places[0] ?? 0
  asFloat[0] = want
  return Math.abs(place - (places[0] ?? 0))
}

const worst = (name: string, xs: ArrayLike<number>, got: ArrayLike<number>, want: (i: number) => number): number => {
  let largest = 0
  for (let i = 0; i < got.length; i++) {
    const [g = 0, w] = [got[i], want(i)]
    if (!sameKind(g, w)) throw new Error(`${name}(${xs[i]}) = ${g}, not ${w}`)
    if (Number.isFinite(Math.fround(w))) largest = Math.max(largest, error(g, w))
    if (Number.isFinite(g) && name !== 'erfInv' && distance(g, w) > 2) throw new Error(`${name}(${xs[i]}) = ${g}, more than two numbers from ${Math.fround(w)}`)
  }
  return largest
}

describe('float32 functions stay within the documented error', () => {
  const xs = sample(sized(1 << 17, 1 << 23))
  test.each(Object.entries(references))('%s', (name, reference) => {
    const got = mapF32((fn, [x], helpers) => x && f32x4[name as UnaryName](fn, x, helpers), xs)
    const largest = worst(name, xs, got, (i) => reference(xs[i] ?? 0))
    expect(largest).toBeLessThanOrEqual(documentedBounds.get(name)?.float32 ?? 0)
  })

  test.each(Object.entries(fixtures.float32))('%s, against mpmath', (name, rows) => {
    const arguments_ = Float32Array.from(rows, ([x]) => x)
    const got = mapF32((fn, [x], helpers) => x && f32x4[name as UnaryName](fn, x, helpers), arguments_)
    const largest = worst(name, arguments_, got, (i) => rows[i]?.[1] ?? 0)
    expect(largest).toBeLessThanOrEqual(documentedBounds.get(name)?.float32 ?? 0)
  })

  test('atan2', () => {
    const random = generator(5)
    const ys = Float32Array.from({ length: xs.length }, () => Math.exp((random() - 0.5) * 60) * (random() < 0.5 ? -1 : 1))
    const got = mapF32((fn, [y, x], helpers) => y && x && f32x4Pair.atan2(fn, y, x, helpers), ys, xs)
    expect(worst('atan2', xs, got, (i) => Math.atan2(ys[i] ?? 0, xs[i] ?? 0))).toBeLessThanOrEqual(documentedBounds.get('atan2')?.float32 ?? 0)
  })

  test('pow', () => {
    const random = generator(6)
    const ys = Float32Array.from(xs, (x, i) => (i % 3 === 0 ? Math.round((random() - 0.5) * 20) : ((random() - 0.5) * 180) / Math.max(1, Math.abs(Math.log2(Math.abs(x) || 1)))))
    const got = mapF32((fn, [x, y], helpers) => x && y && f32x4Pair.pow(fn, x, y, helpers), xs, ys)
    const want = (i: number): number => (xs[i] === 1 ? 1 : Math.abs(xs[i] ?? 0) === 1 && Math.abs(ys[i] ?? 0) === Infinity ? 1 : (xs[i] ?? 0) ** (ys[i] ?? 0)) // JavaScript has NaN where C has 1
    expect(worst('pow', xs, got, want)).toBeLessThanOrEqual(documentedBounds.get('pow')?.float32 ?? 0)
  })
})
