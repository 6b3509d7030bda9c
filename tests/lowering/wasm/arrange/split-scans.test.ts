/** Running sums and extrema, in chunks of long rows, forwards and backwards. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { interpret } from '../../../../src/backends/cpu/interpret.ts'
import { WasmBackend } from '../../../../src/backends/wasm/index.ts'
import { decodeNumbers, encodeNumbers } from '../../../../src/core/bytes.ts'
import { type DType, dtypeInfo } from '../../../../src/core/dtype.ts'
import type { Jaxpr } from '../../../../src/core/jaxpr.ts'
import { parseJaxpr } from '../../../../src/core/parse.ts'
import { sized } from '../../../scale.ts'

const short: Readonly<Partial<Record<DType, string>>> = { float32: 'f32', float64: 'f64', float16: 'f16', int32: 'i32', uint32: 'u32', int8: 'i8', bool: 'bool' }
type Running = 'cumsum' | 'cumprod' | 'cummax' | 'cummin'

const running = (p: Running, shape: readonly number[], dtype: DType, axis: number, reverse: boolean): Jaxpr => {
  const type = `${short[dtype]}[${shape.join()}]`
  return parseJaxpr(`{ lambda ; a:${type}. let b:${type} = ${p}[axis=${axis} reverse=${reverse ? 'True' : 'False'}] a in (b,) }`)
}

const wasm = new WasmBackend({ threads: 1 })
const results = (backend: WasmBackend, jaxpr: Jaxpr, input: Uint8Array): Uint8Array => backend.compile(jaxpr).call([backend.put(input.slice())])[0]!.read()

function inputOf(dtype: DType, n: number, seed: number, special: boolean): Uint8Array {
  let state = seed + 1
  const next = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32
  return encodeNumbers(Array.from({ length: n }, () => {
    const x = next()
    if (dtypeInfo[dtype].kind !== 'float') return dtype === 'bool' ? (x < 0.5 ? 1 : 0) : Math.floor(x * 100) - (dtype === 'uint32' ? 0 : 50)
    if (special && x < 0.003) return [NaN, -Infinity, Infinity, -0, 0][Math.floor(next() * 5)]!
    return x - 0.5
  }), dtype)
}

/** As far off as sums in another order are: a few units in the last place of what was added up at most. */
function expectRunning(jaxpr: Jaxpr, p: Running, dtype: DType, input: Uint8Array, terms: number): void {
  const found = [...decodeNumbers(results(wasm, jaxpr, input), dtype)].map(Number)
  const [wanted] = interpret(jaxpr, [{ aval: jaxpr.inputs[0]!.aval, bytes: input }])
  const expected = [...decodeNumbers(wanted!.bytes, dtype)].map(Number)
  const exact = dtypeInfo[dtype].kind !== 'float' || p === 'cummax' || p === 'cummin'
  if (exact) return expect(found.findIndex((x, i) => !Object.is(x, expected[i]))).toBe(-1)
  const unit = dtype === 'float64' ? 2 ** -52 : dtype === 'float16' ? 2 ** -10 : 2 ** -23
  const far = (x: number, y: number): boolean => !(Object.is(x, y) || Math.abs(x - y) <= unit * (2 * Math.abs(y) + (dtype === 'float64' || p === 'cumprod' ? terms : 1)))
  const first = found.findIndex((x, i) => far(x, expected[i]!))
  expect(first < 0 ? [] : [first, found[first], expected[first]]).toEqual([])
}

describe('running sums and extrema', () => {
  const kinds = fc.constantFrom<Running>('cumsum', 'cumprod', 'cummax', 'cummin')
  const dtypes = fc.constantFrom<DType>('float32', 'float64', 'int32', 'uint32', 'float16', 'int8')
  test('of short rows are what the interpreter gives, along any axis', () => {
    fc.assert(
      fc.property(kinds, dtypes, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 3 }), fc.nat(2), fc.boolean(), fc.nat(99), (p, dtype, shape, at, reverse, seed) => {
        const axis = at % shape.length
        const n = shape.reduce((a, b) => a * b, 1)
        expectRunning(running(p, shape, dtype, axis, reverse), p, dtype, inputOf(dtype, n, seed, p !== 'cumprod'), shape[axis]!)
      }),
      { numRuns: sized(60, 2000) },
    )
  })
  test('of rows of a power of two, of which fewer are computed side by side', () => {
    for (const [length, dtype] of [[512, 'float32'], [1024, 'float32'], [1024, 'float64'], [2048, 'int32'], [4096, 'int8']] as const) {
      for (const p of ['cumsum', 'cummax'] as const) {
        const shape = [37, length]
        expectRunning(running(p, shape, dtype, 1, p === 'cummax'), p, dtype, inputOf(dtype, 37 * length, length, true), length)
      }
    }
  })
  const long: fc.Arbitrary<readonly [readonly number[], number]> = fc
    .tuple(fc.integer({ min: 32_800, max: sized(45_000, 200_000) }), fc.integer({ min: 1, max: 5 }), fc.nat(2))
    .map(([n, others, form]) => (form === 0 ? [[n], 0] : form === 1 ? [[others, n], 1] : [[n, others], 0]))
  test('of long rows too, which are cut into chunks', () => {
    fc.assert(
      fc.property(kinds, dtypes, long, fc.boolean(), fc.nat(99), (p, dtype, [shape, axis], reverse, seed) => {
        const n = shape.reduce((a, b) => a * b, 1)
        expectRunning(running(p, shape, dtype, axis, reverse), p, dtype, inputOf(dtype, n, seed, p !== 'cumprod'), shape[axis]!)
      }),
      { numRuns: sized(12, 300) },
    )
  })
  test('a product of floats stays in order: its parts may overflow where it does not', () => {
    const n = 70_000
    const input = encodeNumbers(Array.from({ length: n }, (_, i) => (i < 100 ? 1e-10 : i > 40_000 && i < 40_020 ? 1e10 : 1)), 'float32')
    expectRunning(running('cumprod', [n], 'float32', 0, false), 'cumprod', 'float32', input, 1)
    expect(decodeNumbers(results(wasm, running('cumprod', [n], 'float32', 0, false), input), 'float32').at(-1)).toBe(0)
  })
  test('the sum of a million tenths is right at every place', () => {
    const n = 1_000_000
    const found = decodeNumbers(results(wasm, running('cumsum', [n], 'float32', 0, false), encodeNumbers(Array<number>(n).fill(0.1), 'float32')), 'float32')
    expect([...found].findIndex((x, i) => Math.abs(Number(x) - (i + 1) * Math.fround(0.1)) > 2 ** -24 * Number(x))).toBe(-1)
  })
  test('what is computed before and after is part of the pass, and its bits are those of separate passes', () => {
    const n = 50_001
    const input = inputOf('float32', n, 3, false)
    const whole = parseJaxpr(`{ lambda ; a:f32[${n}]. let b:f32[${n}] = mul a a c:f32[${n}] = cumsum[axis=0 reverse=True] b d:f32[${n}] = neg c e:f32[${n}] = add d b in (e,) }`)
    const apart = parseJaxpr(`{ lambda ; a:f32[${n}]. let b:f32[${n}] = mul a a c:f32[${n}] = optimizationBarrier b d:f32[${n}] = cumsum[axis=0 reverse=True] c e:f32[${n}] = optimizationBarrier d f:f32[${n}] = neg e g:f32[${n}] = add f c in (g,) }`)
    expect(Buffer.compare(results(wasm, whole, input), results(wasm, apart, input))).toBe(0)
  })
})
