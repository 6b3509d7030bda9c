/** The greatest k of rows: selected where they are few, sorted where they are many, always what the interpreter gives, bit for bit. */
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { interpret } from '../../../../src/backends/cpu/interpret.ts'
import { WasmBackend } from '../../../../src/backends/wasm/index.ts'
import { encodeNumbers } from '../../../../src/core/bytes.ts'
import { type DType, dtypeInfo } from '../../../../src/core/dtype.ts'
import type { Jaxpr } from '../../../../src/core/jaxpr.ts'
import { parseJaxpr } from '../../../../src/core/parse.ts'
import { isSelection } from '../../../../src/lowering/wasm/sort/first.ts'
import '../../../families.ts'
import { sized } from '../../../scale.ts'

const short: Readonly<Partial<Record<DType, string>>> = { float32: 'f32', float64: 'f64', float16: 'f16', bfloat16: 'bf16', int32: 'i32', uint32: 'u32', int16: 'i16', uint16: 'u16', int8: 'i8', uint8: 'u8', bool: 'bool' }
const backends = [1, 2, 4].map((threads) => new WasmBackend({ threads, shareAbove: 0 }))
afterAll(() => {
  for (const backend of backends) backend.threads(1)
})

function topK(rows: number, length: number, k: number, dtype: DType): Jaxpr {
  const t = short[dtype]!
  return parseJaxpr(`{ lambda ; a:${t}[${rows},${length}]. let b:${t}[${rows},${k}] c:i32[${rows},${k}] = topK[k=${k}] a in (b, c) }`)
}

/** - `level`: few values, many of them equal. - `rising`: every element comes before those so far. - `special`: NaN, infinities and both zeros among others. */
type Kind = 'any' | 'level' | 'rising' | 'special' | 'zeros' | 'nan'
const kinds: readonly Kind[] = ['any', 'level', 'rising', 'special', 'zeros', 'nan']

function input(dtype: DType, n: number, kind: Kind, seed: number): Uint8Array {
  let state = seed + 1
  const next = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32
  const { kind: family, bytes } = dtypeInfo[dtype]
  const floating = family === 'float'
  const range = family === 'bool' ? 2 : Math.min(2 ** (8 * bytes), 2 ** 32)
  const from = family === 'int' ? -range / 2 : 0
  const level = (): number => (floating ? Math.floor(next() * 5) - 2 : from + Math.floor(next() * Math.min(range, 4)) * (range / Math.min(range, 4)))
  const any = (): number => (floating ? (next() - 0.5) * 10 ** Math.floor(next() * 5) : from + Math.floor(next() * range))
  return encodeNumbers(Array.from({ length: n }, (_, i) => {
    switch (kind) {
      case 'any':
        return any()
      case 'level':
        return level()
      case 'rising':
        return floating ? i / 8 : from + Math.min(range - 1, Math.floor((i / n) * range))
      case 'special':
        return floating && next() < 0.1 ? [NaN, -Infinity, Infinity, -0, 0][Math.floor(next() * 5)]! : any()
      case 'zeros':
        return floating ? [-0, 0, -1][Math.floor(next() * 3)]! : level()
      case 'nan':
        return floating && next() < 0.5 ? NaN : level()
    }
  }), dtype)
}

function expectGreatest(jaxpr: Jaxpr, bytes: Uint8Array): void {
  const wanted = interpret(jaxpr, [{ aval: jaxpr.inputs[0]!.aval, bytes }])
  for (const backend of backends) {
    const found = backend.compile(jaxpr).call([backend.put(bytes.slice())]).map((s) => s.read())
    wanted.forEach((want, i) => expect(Buffer.compare(found[i]!, want.bytes), `${i === 0 ? 'values' : 'places'} with ${backend.threads()} threads`).toBe(0))
  }
}

describe('the greatest k', () => {
  const dtypes = fc.constantFrom<DType>('float32', 'float32', 'int32', 'uint32', 'float16', 'bfloat16', 'float64', 'int8', 'uint8', 'int16', 'uint16', 'bool')
  test('of short rows', () => {
    fc.assert(
      fc.property(dtypes, fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 400 }), fc.nat(999), fc.constantFrom(...kinds), fc.nat(99), (dtype, rows, length, part, kind, seed) => {
        const k = Math.max(1, Math.round((length * part * part) / 1e6))
        expectGreatest(topK(rows, length, k, dtype), input(dtype, rows * length, kind, seed))
      }),
      { numRuns: sized(80, 3000) },
    )
  })
  test('of long rows, which are searched in parts', () => {
    fc.assert(
      fc.property(dtypes, fc.integer({ min: 1, max: 3 }), fc.integer({ min: 16_380, max: sized(20_000, 100_000) }), fc.constantFrom(1, 3, 32, 33, 100, 255, 1000, 5000), fc.constantFrom(...kinds), fc.nat(99), (dtype, rows, length, k, kind, seed) => {
        expectGreatest(topK(rows, length, k, dtype), input(dtype, rows * length, kind, seed))
      }),
      { numRuns: sized(25, 600) },
    )
  })
  test('none of them, all of them, and of a row that is one', () => {
    for (const [length, k] of [[7, 0], [7, 7], [1, 1], [16_500, 16_500]] as const) expectGreatest(topK(2, length, k, 'float32'), input('float32', 2 * length, 'special', length))
  })
  test('NaN of either sign is the greatest', () => {
    const words = Uint32Array.from({ length: 20_000 }, (_, i) => [0x3f800000, 0xffc00001, 0xbf800000, 0x7fc00000, 0x7f800000][(i * 7) % 5]!)
    expectGreatest(topK(1, 20_000, 9, 'float32'), new Uint8Array(words.buffer))
    expectGreatest(topK(1, 20_000, 9_000, 'float32'), new Uint8Array(words.buffer))
  })
  test('few are selected, not sorted', () => {
    const rows = (length: number, keep: number) => ({ kind: 'sort', name: '', outer: 1, length, inner: 1, keep, numKeys: 1, descending: true, operands: [{ from: 0, to: 1, dtype: 'float32' }] }) as const
    expect([isSelection(rows(1000, 10)), isSelection(rows(1000, 900))]).toEqual([true, false])
  })
})
