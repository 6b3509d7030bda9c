import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { f32x4Pair, f64x2Pair } from '../../../../src/lowering/wasm/math/index.ts'
import { numRuns } from '../../../scale.ts'
import { mapF32, mapF64, vectorMap } from './harness.ts'

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
})
