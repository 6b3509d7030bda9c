import { describe, expect, test } from 'vitest'
import { f64x2, f64x2Pair, type UnaryName } from '../../../../src/lowering/wasm/math/index.ts'
import { sized } from '../../../scale.ts'
import { documentedBounds } from './documented.ts'
import { fixtures } from './fixtures.ts'
import { generator, mapF64, ulp } from './harness.ts'

describe('float64 functions stay within the documented error', () => {
  test.each(Object.entries(fixtures.float64))('%s, against mpmath', (name, rows) => {
    const got = mapF64((fn, [x], helpers) => x && f64x2[name as UnaryName](fn, x, helpers), Float64Array.from(rows, ([x]) => x))
    const largest = Math.max(...rows.map(([, high, low], i) => Math.abs((got[i] ?? 0) - high - low) / ulp(high, 52)))
    expect(largest).toBeLessThanOrEqual(documentedBounds.get(name)?.float64 ?? 0)
  })

  // JavaScript's own functions are right to about one unit
  const slack = 1.2
  const wide = (name: string, count: number): Float64Array => {
    const random = generator(name.length)
    return Float64Array.from({ length: count }, (_, i) => (i % 2 === 0 ? (random() - 0.5) * 8 : (random() < 0.5 ? -1 : 1) * Math.exp((random() - 0.5) * 1300)))
  }
  const references: Partial<Record<UnaryName, (x: number) => number>> = {
    exp: Math.exp, expm1: Math.expm1, log: Math.log, log1p: Math.log1p, sin: Math.sin, cos: Math.cos, tan: Math.tan, asin: Math.asin, acos: Math.acos, atan: Math.atan,
    tanh: Math.tanh, asinh: Math.asinh, cbrt: Math.cbrt,
  }
  test.each(Object.entries(references))('%s, against JavaScript on a wide sweep', (name, reference) => {
    const xs = wide(name, sized(1 << 15, 1 << 21))
    const got = mapF64((fn, [x], helpers) => x && f64x2[name as UnaryName](fn, x, helpers), xs)
    let largest = 0
    xs.forEach((x, i) => {
      const [g = 0, want] = [got[i], reference(x)]
      if (!Number.isFinite(want) || !Number.isFinite(g)) expect(g, `${name}(${x})`).toBe(want)
      else largest = Math.max(largest, Math.abs(g - want) / ulp(want, 52))
    })
    expect(largest).toBeLessThanOrEqual((documentedBounds.get(name)?.float64 ?? 0) + slack)
  })

  test('atan2, against JavaScript', () => {
    const [ys, xs] = [wide('atan2', 1 << 14), wide('y', 1 << 14)]
    const got = mapF64((fn, [y, x], helpers) => y && x && f64x2Pair.atan2(fn, y, x, helpers), ys, xs)
    const errors = got.map((g, i) => Math.abs(g - Math.atan2(ys[i] ?? 0, xs[i] ?? 0)) / ulp(g, 52))
    expect(Math.max(...errors)).toBeLessThanOrEqual((documentedBounds.get('atan2')?.float64 ?? 0) + slack)
  })

  test('pow, against exact powers and JavaScript', () => {
    const random = generator(9)
    const xs = Float64Array.from({ length: 1 << 14 }, () => Math.exp((random() - 0.5) * 200))
    const ys = xs.map((x) => ((random() - 0.5) * 1400) / Math.max(1, Math.abs(Math.log(x))))
    const got = mapF64((fn, [x, y], helpers) => x && y && f64x2Pair.pow(fn, x, y, helpers), xs, ys)
    let largest = 0
    got.forEach((g, i) => {
      const want = (xs[i] ?? 0) ** (ys[i] ?? 0)
      if (Number.isFinite(want) && want > 1e-300) largest = Math.max(largest, Math.abs(g - want) / ulp(want, 52))
    })
    expect(largest).toBeLessThanOrEqual((documentedBounds.get('pow')?.float64 ?? 0) + slack)
    const bases = Float64Array.of(3, -3, 10, 7, -7, 2, 2, 1.5)
    const exponents = Float64Array.of(20, 21, 22, 18, 17, -1074, 1023, 10)
    const exact = mapF64((fn, [x, y], helpers) => x && y && f64x2Pair.pow(fn, x, y, helpers), bases, exponents)
    expect([...exact]).toEqual([3486784401, -10460353203, 1e22, 1628413597910449, -232630513987207, 2 ** -1074, 2 ** 1023, 57.6650390625])
  })
})
