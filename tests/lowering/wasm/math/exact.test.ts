import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { f32x4Pair, f64x2Pair, integerPower } from '../../../../src/lowering/wasm/math/index.ts'
import { numRuns } from '../../../scale.ts'
import { mapF32, mapF64, mapI32, vectorMap } from './harness.ts'

const singles = (): fc.Arbitrary<Float32Array> => fc.float32Array({ minLength: 8, maxLength: 8 })
const doubles = (): fc.Arbitrary<Float64Array> => fc.float64Array({ minLength: 8, maxLength: 8 })

const rem32 = vectorMap(2, (fn, [x, y], helpers) => x && y && f32x4Pair.rem(fn, x, y, helpers))
const rem64 = vectorMap(2, (fn, [x, y], helpers) => x && y && f64x2Pair.rem(fn, x, y, helpers))
const bytes = (array: ArrayBufferView): Uint8Array => new Uint8Array(array.buffer, array.byteOffset, array.byteLength)

describe('exact functions', () => {
  test('rem is JavaScript’s %, whatever the exponents', () => {
    fc.assert(fc.property(singles(), singles(), (x, y) => { expect(new Float32Array(rem32(bytes(x), bytes(y)).buffer)).toEqual(x.map((a, i) => a % (y[i] ?? 0))) }), { numRuns })
    fc.assert(fc.property(doubles(), doubles(), (x, y) => { expect(new Float64Array(rem64(bytes(x), bytes(y)).buffer)).toEqual(x.map((a, i) => a % (y[i] ?? 0))) }), { numRuns })
  })

  test('nextafter moves one number towards its second argument', () => {
    const from = Float32Array.of(1, 1, 0, 0, -0, -1, 3.4028235e38, 1e-45, Infinity, -Infinity, 1, -1)
    const to = Float32Array.of(2, 0, 1, -1, 1, -2, Infinity, 0, 0, 0, -Infinity, Infinity)
    const got = mapF32((fn, [x, y], helpers) => x && y && f32x4Pair.nextafter(fn, x, y, helpers), from, to)
    expect([...got]).toEqual([1 + 2 ** -23, 1 - 2 ** -24, 2 ** -149, -(2 ** -149), 2 ** -149, -1 - 2 ** -23, Infinity, 0, 3.4028234663852886e38, -3.4028234663852886e38, 1 - 2 ** -24, -1 + 2 ** -24])
    const wide = mapF64((fn, [x, y], helpers) => x && y && f64x2Pair.nextafter(fn, x, y, helpers), Float64Array.of(1, 0, -Infinity, 5e-324), Float64Array.of(2, -1, 0, 0))
    expect([...wide]).toEqual([1 + 2 ** -52, -5e-324, -Number.MAX_VALUE, 0])
  })

  test('integerPower multiplies', () => {
    const x = Float32Array.of(2, -3, 0.5, 0)
    expect([...mapF32((fn, [a]) => a && integerPower(fn, 'f32x4', a, 5), x)]).toEqual([32, -243, 0.03125, 0])
    expect([...mapF32((fn, [a]) => a && integerPower(fn, 'f32x4', a, -2), x)]).toEqual([0.25, Math.fround(1 / 9), 4, Infinity])
    expect([...mapF32((fn, [a]) => a && integerPower(fn, 'f32x4', a, 0), Float32Array.of(NaN))]).toEqual([1])
    expect([...mapF64((fn, [a]) => a && integerPower(fn, 'f64x2', a, 13), Float64Array.of(3, -2))]).toEqual([1594323, -8192])
    expect([...mapI32((fn, [a]) => a && integerPower(fn, 'i32x4', a, 7), Int32Array.of(3, -2, 46341, 0))]).toEqual([2187, -128, Number(BigInt.asIntN(32, 46341n ** 7n)), 0])
  })
})
