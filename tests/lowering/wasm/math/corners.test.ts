import { describe, expect, test } from 'vitest'
import { f32x4, f32x4Pair, f64x2, f64x2Pair, type BinaryName, type UnaryName } from '../../../../src/lowering/wasm/math/index.ts'
import { mapF32, mapF64 } from './harness.ts'

const inf = Infinity
const nan = NaN

// what NumPy and JAX give
const unary: Partial<Record<UnaryName, readonly (readonly [x: number, y: number])[]>> = {
  exp: [[0, 1], [-0, 1], [inf, inf], [-inf, 0], [nan, nan], [1000, inf], [-1000, 0]],
  exp2: [[0, 1], [-1, 0.5], [10, 1024], [inf, inf], [-inf, 0], [nan, nan], [2000, inf], [-2000, 0]],
  expm1: [[0, 0], [-0, -0], [inf, inf], [-inf, -1], [nan, nan], [1000, inf], [-1000, -1]],
  log: [[1, 0], [0, -inf], [-0, -inf], [inf, inf], [-1, nan], [-inf, nan], [nan, nan]],
  log1p: [[0, 0], [-0, -0], [-1, -inf], [inf, inf], [-2, nan], [-inf, nan], [nan, nan]],
  log2: [[1, 0], [8, 3], [0.25, -2], [0, -inf], [inf, inf], [-1, nan], [nan, nan]],
  sin: [[0, 0], [-0, -0], [inf, nan], [-inf, nan], [nan, nan]],
  cos: [[0, 1], [-0, 1], [inf, nan], [-inf, nan], [nan, nan]],
  tan: [[0, 0], [-0, -0], [inf, nan], [-inf, nan], [nan, nan]],
  asin: [[0, 0], [-0, -0], [1, Math.PI / 2], [-1, -Math.PI / 2], [1.5, nan], [-inf, nan], [nan, nan]],
  acos: [[1, 0], [0, Math.PI / 2], [-1, Math.PI], [1.5, nan], [-1.5, nan], [inf, nan], [nan, nan]],
  atan: [[0, 0], [-0, -0], [inf, Math.PI / 2], [-inf, -Math.PI / 2], [nan, nan]],
  sinh: [[0, 0], [-0, -0], [inf, inf], [-inf, -inf], [nan, nan], [1000, inf]],
  cosh: [[0, 1], [-0, 1], [inf, inf], [-inf, inf], [nan, nan], [-1000, inf]],
  tanh: [[0, 0], [-0, -0], [inf, 1], [-inf, -1], [nan, nan], [50, 1]],
  asinh: [[0, 0], [-0, -0], [inf, inf], [-inf, -inf], [nan, nan]],
  acosh: [[1, 0], [0.5, nan], [-3, nan], [inf, inf], [-inf, nan], [nan, nan]],
  atanh: [[0, 0], [-0, -0], [1, inf], [-1, -inf], [2, nan], [-inf, nan], [nan, nan]],
  logistic: [[0, 0.5], [inf, 1], [-inf, 0], [nan, nan], [1000, 1], [-1000, 0]],
  erf: [[0, 0], [-0, -0], [inf, 1], [-inf, -1], [nan, nan], [30, 1]],
  erfc: [[0, 1], [inf, 0], [-inf, 2], [nan, nan], [30, 0]],
  erfInv: [[0, 0], [-0, -0], [1, inf], [-1, -inf], [1.5, nan], [-inf, nan], [nan, nan]],
  lgamma: [[1, 0], [2, 0], [0, inf], [-0, inf], [-1, inf], [-2, inf], [inf, inf], [-inf, inf], [nan, nan]],
  digamma: [[0, nan], [-0, nan], [-1, nan], [-2, nan], [inf, inf], [-inf, nan], [nan, nan]],
  cbrt: [[0, 0], [-0, -0], [27, 3], [-8, -2], [inf, inf], [-inf, -inf], [nan, nan]],
  sqrt: [[0, 0], [-0, -0], [4, 2], [-1, nan], [inf, inf], [nan, nan]],
  rsqrt: [[4, 0.5], [0, inf], [-0, -inf], [inf, 0], [-1, nan], [nan, nan]],
  sign: [[3, 1], [-2, -1], [0, 0], [-0, -0], [inf, 1], [-inf, -1], [nan, nan]],
  floor: [[1.5, 1], [-1.5, -2], [-0, -0], [inf, inf], [nan, nan]],
  ceil: [[1.5, 2], [-1.5, -1], [-0.5, -0], [inf, inf], [nan, nan]],
  roundHalfAway: [[0.5, 1], [-0.5, -1], [1.5, 2], [2.5, 3], [-2.5, -3], [0.25, 0], [-0.25, -0], [0, 0], [-0, -0], [inf, inf], [-inf, -inf], [nan, nan], [8388607.5, 8388608], [8388609, 8388609], [0.49999997, 0]],
  roundHalfEven: [[0.5, 0], [-0.5, -0], [1.5, 2], [2.5, 2], [-2.5, -2], [inf, inf], [nan, nan]],
}

// C99, annex F; JavaScript differs in 1^NaN and (±1)^±infinity
const pow: readonly (readonly [x: number, y: number, result: number])[] = [
  [1, nan, 1], [1, inf, 1], [1, -inf, 1], [-1, inf, 1], [-1, -inf, 1], [nan, 0, 1], [nan, -0, 1], [0, 0, 1], [inf, 0, 1], [-inf, -0, 1],
  [nan, 1, nan], [2, nan, nan], [0, nan, nan], [-1, nan, nan],
  [0, 3, 0], [-0, 3, -0], [-0, 2, 0], [0, 0.5, 0], [-0, 0.5, 0], [0, -1, inf], [-0, -1, -inf], [-0, -2, inf], [-0, -0.5, inf], [0, -inf, inf], [-0, -inf, inf], [-0, inf, 0],
  [0.5, inf, 0], [0.5, -inf, inf], [2, inf, inf], [2, -inf, 0], [-2, inf, inf], [-2, -inf, 0], [-0.5, inf, 0], [-0.5, -inf, inf],
  [inf, 2, inf], [inf, -2, 0], [-inf, 3, -inf], [-inf, 2, inf], [-inf, -3, -0], [-inf, -2, 0], [-inf, 0.5, inf], [-inf, -0.5, 0], [inf, inf, inf], [inf, -inf, 0], [-inf, inf, inf],
  [-8, 1 / 3, nan], [-2, 0.5, nan], [-1, 0.5, nan], [-2, 3, -8], [-2, 2, 4], [-2, -1, -0.5], [4, 0.5, 2], [2, 10, 1024], [-1, 1e30, 1], [-1, 3, -1],
]

const binary: Readonly<Record<BinaryName, readonly (readonly [x: number, y: number, result: number])[]>> = {
  pow,
  atan2: [
    [0, 0, 0], [-0, 0, -0], [0, -0, Math.PI], [-0, -0, -Math.PI], [0, 1, 0], [-0, 1, -0], [0, -1, Math.PI], [-0, -1, -Math.PI],
    [1, 0, Math.PI / 2], [1, -0, Math.PI / 2], [-1, 0, -Math.PI / 2], [inf, inf, Math.PI / 4], [inf, -inf, (3 * Math.PI) / 4], [-inf, inf, -Math.PI / 4], [-inf, -inf, (-3 * Math.PI) / 4],
    [1, inf, 0], [-1, inf, -0], [1, -inf, Math.PI], [-1, -inf, -Math.PI], [inf, 1, Math.PI / 2], [-inf, -1, -Math.PI / 2], [nan, 1, nan], [1, nan, nan],
  ],
  rem: [
    [5, 3, 2], [-5, 3, -2], [5, -3, 2], [-5, -3, -2], [6, 3, 0], [-6, 3, -0], [0, 3, 0], [-0, 3, -0], [5, inf, 5], [-5, -inf, -5], [1, 0, nan], [0, 0, nan], [inf, 3, nan], [nan, 3, nan], [3, nan, nan],
    [1e30, 3, 1e30 % 3], [0.5, 0.125, 0],
  ],
  nextafter: [[1, 1, 1], [0, -0, -0], [-0, 0, 0], [nan, 1, nan], [1, nan, nan], [inf, inf, inf], [-inf, -inf, -inf]],
}

const rounded = (values: readonly number[]): readonly number[] => values.map(Math.fround)

describe('values at corners are those of NumPy and JAX', () => {
  test.each(Object.entries(unary))('%s', (name, rows) => {
    const xs = rows.map(([x]) => x)
    const single = mapF32((fn, [x], helpers) => x && f32x4[name as UnaryName](fn, x, helpers), Float32Array.from(xs))
    const double = mapF64((fn, [x], helpers) => x && f64x2[name as UnaryName](fn, x, helpers), Float64Array.from(xs))
    expect([...single]).toEqual(rounded(rows.map(([, y]) => y)))
    expect([...double]).toEqual(rows.map(([, y]) => y))
  })

  test.each(Object.entries(binary))('%s', (name, rows) => {
    const [xs, ys] = [rows.map(([x]) => x), rows.map(([, y]) => y)]
    const single = mapF32((fn, [x, y], helpers) => x && y && f32x4Pair[name as BinaryName](fn, x, y, helpers), Float32Array.from(xs), Float32Array.from(ys))
    const double = mapF64((fn, [x, y], helpers) => x && y && f64x2Pair[name as BinaryName](fn, x, y, helpers), Float64Array.from(xs), Float64Array.from(ys))
    // 1e30 is another number in float32
    expect([...single]).toEqual(rows.map(([x, y, result]) => Math.fround(name === 'rem' ? Math.fround(x) % Math.fround(y) : result)))
    expect([...double]).toEqual(rows.map(([, , result]) => result))
  })

  test('isFinite is a mask', () => {
    const single = mapF32((fn, [x], helpers) => x && f32x4.isFinite(fn, x, helpers), Float32Array.of(1, inf, -inf, nan))
    expect([...new Int32Array(single.buffer)]).toEqual([-1, 0, 0, 0])
    const double = mapF64((fn, [x], helpers) => x && f64x2.isFinite(fn, x, helpers), Float64Array.of(-1e308, inf, -inf, nan))
    expect([...new BigInt64Array(double.buffer)]).toEqual([-1n, 0n, 0n, 0n])
  })
})
