/** Whatever is written reads back, to the bit; whatever is no file is a FormatError, or problems by `tryDecode`. Codecs are found, not listed. */
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { type DType, FormatError, lax, type NDArray, np, parseJaxpr } from 'pullback'
import * as data from 'pullback/data'
import { describe, expect, test } from 'vitest'
import { tryParseJaxpr } from '../../src/core/parse.ts'
import { printJaxpr } from '../../src/core/print.ts'
import { arbitraryJaxpr } from '../core/arbitrary-jaxpr.ts'
import { numRuns, sized } from '../scale.ts'

interface Codec<T> {
  readonly encode: (x: T) => Uint8Array
  readonly decode: (bytes: Uint8Array) => T
  readonly tryDecode: (bytes: Uint8Array) => data.Decoded<T>
}
const isCodec = (x: unknown): x is Codec<unknown> => typeof x === 'object' && x !== null && 'encode' in x && 'decode' in x && 'tryDecode' in x
const codecs = new Map(Object.entries(data).flatMap(([name, x]): [string, Codec<unknown>][] => (isCodec(x) ? [[name, x]] : [])))

const bytesOf: { readonly [D in DType]?: number } = { float64: 8, float32: 4, float16: 2, bfloat16: 2, int8: 1, int16: 2, int32: 4, uint8: 1, uint16: 2, uint32: 4, bool: 1 }
const shapes = fc.oneof(fc.array(fc.nat(3), { maxLength: 4 }), fc.constantFrom([], [0], [0, 3], [2, 0, 2], [1, 1, 1, 1, 1, 1, 1]))

/** Arrays of every bit pattern that a dtype has: NaN with payloads, −0, subnormal numbers, limits. */
const arraysOf = (dtype: DType): fc.Arbitrary<NDArray> =>
  shapes.chain((shape) => {
    const length = shape.reduce((a, b) => a * b, 1) * bytesOf[dtype]!
    return fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => fromBits(dtype, bytes).reshape(shape))
  })

function fromBits(dtype: DType, bytes: Uint8Array): NDArray {
  const { buffer } = new Uint8Array(bytes)
  switch (dtype) {
    case 'float64':
      return np.array(new Float64Array(buffer))
    case 'float32':
      return np.array(new Float32Array(buffer))
    case 'float16':
    case 'bfloat16':
      return lax.bitcastConvertType(np.array(new Uint16Array(buffer)), dtype)
    case 'int8':
      return np.array(new Int8Array(buffer))
    case 'int16':
      return np.array(new Int16Array(buffer))
    case 'int32':
      return np.array(new Int32Array(buffer))
    case 'uint16':
      return np.array(new Uint16Array(buffer))
    case 'uint32':
      return np.array(new Uint32Array(buffer))
    case 'bool':
      return np.array(bytes.map((b) => b & 1), { dtype })
    default:
      return np.array(new Uint8Array(buffer))
  }
}

/** An array as text and bytes: equal exactly when the arrays are the same to the bit. */
function seen(x: NDArray): unknown {
  const { buffer, byteOffset, byteLength } = (x.dtype === 'float16' || x.dtype === 'bfloat16' ? lax.bitcastConvertType(x, 'uint16') : x).dataSync()
  return [x.dtype, x.shape, [...new Uint8Array(buffer, byteOffset, byteLength)]]
}

interface Samples<T> {
  readonly values: fc.Arbitrary<T>
  readonly seen: (x: T) => unknown
}
/** Hides the type that both parts agree on. */
const samples = <T>(s: Samples<T>): Samples<unknown> => s as Samples<unknown>

const held = Object.keys(bytesOf) as DType[]
const names = fc.oneof(fc.string({ maxLength: 6, unit: 'binary' }), fc.constantFrom('__proto__', 'constructor', '10', '9', 'a.b', '"', '\ud800')).filter((name) => name !== '__metadata__')
const table: Readonly<Record<string, Samples<unknown>>> = {
  idx: samples({ values: fc.constantFrom<DType>('uint8', 'int8', 'int16', 'int32', 'float32', 'float64').chain(arraysOf), seen }),
  safetensors: samples({
    values: fc.dictionary(names, fc.constantFrom(...held).chain(arraysOf), { maxKeys: 4, noNullPrototype: true }),
    seen: (tensors: Readonly<Record<string, NDArray>>) => Object.entries(tensors).map(([name, x]) => [name, seen(x)]).sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
  }),
}

test('each codec is found, and has contents to be tried on', () => {
  expect([...codecs.keys()].sort()).toEqual(Object.keys(table).sort())
})

/** What decoding does: a value, or problems within `length` bytes. `decode` throws exactly where `tryDecode` has problems, and only a FormatError. */
function outcome(codec: Codec<unknown>, bytes: Uint8Array, length = bytes.length): 'value' | 'problems' {
  const before = bytes.join()
  const tried = codec.tryDecode(bytes)
  const thrown = ((): unknown => {
    try {
      codec.decode(bytes)
      return null
    } catch (e) {
      return e
    }
  })()
  const problems = tried._tag === 'Left' ? tried.left : null
  // Plain comparisons: this runs thousands of times.
  if (problems === null ? thrown !== null : !(thrown instanceof FormatError)) throw new Error(`tryDecode gives ${tried._tag}, and decode throws ${String(thrown)}`, { cause: thrown })
  const told = problems === null || (problems.length > 0 && problems.every(({ offset, found, expected }) => Number.isInteger(offset) && offset >= 0 && offset <= length && found !== '' && expected !== '' && !expected.includes('NaN')))
  if (!told) throw new Error(`a problem is not told: ${JSON.stringify(problems)}`)
  if (bytes.join() !== before) throw new Error('the bytes were changed')
  return problems === null ? 'value' : 'problems'
}

describe.each([...codecs])('%s', (name, codec) => {
  const { values, seen: view } = table[name] ?? samples({ values: fc.constant(null), seen: (x) => x })

  test('decode(encode(x)) is x to the bit, of every dtype, without elements too', () => {
    fc.assert(
      fc.property(values, (x) => {
        const bytes = codec.encode(x)
        expect(view(codec.decode(bytes))).toEqual(view(x))
        const tried = codec.tryDecode(bytes)
        expect(tried._tag === 'Right' && view(tried.right)).toEqual(view(x))
        // Equal contents, equal bytes; also out of a larger buffer, at any alignment.
        expect([...codec.encode(codec.decode(bytes))]).toEqual([...bytes])
        const shifted = new Uint8Array(bytes.length + 5)
        shifted.set(bytes, 3)
        expect(view(codec.decode(shifted.subarray(3, 3 + bytes.length)))).toEqual(view(x))
      }),
      { numRuns },
    )
  })

  test('a file cut at any byte, or with bytes too many, is a FormatError', () => {
    fc.assert(
      fc.property(values, fc.uint8Array({ minLength: 1, maxLength: 3 }), (x, more) => {
        const bytes = codec.encode(x)
        for (let n = 0; n < bytes.length; n += Math.max(1, Math.floor(bytes.length / sized(20, 200)))) expect(outcome(codec, bytes.subarray(0, n))).toBe('problems')
        expect(outcome(codec, bytes.subarray(0, -1))).toBe('problems')
        expect(outcome(codec, new Uint8Array([...bytes, ...more]))).toBe('problems')
      }),
      { numRuns: sized(15, 200) },
    )
  })

  test('a file with bytes changed, taken out or put in is read, or a FormatError', () => {
    const edit = fc.record({ at: fc.nat(), cut: fc.nat(9), put: fc.oneof(fc.uint8Array({ maxLength: 9 }), fc.constantFrom(...['9', '0,', '"', '}', '[', '-1', '1e99', 'null', ',9007199254740991', '0.5'].map((s) => new TextEncoder().encode(s)))) })
    fc.assert(
      fc.property(values, fc.array(edit, { minLength: 1, maxLength: 3 }), (x, edits) => {
        let bytes = codec.encode(x)
        for (const { at, cut, put } of edits) {
          const start = at % (bytes.length + 1)
          bytes = new Uint8Array([...bytes.subarray(0, start), ...put, ...bytes.subarray(start + cut)])
        }
        outcome(codec, bytes)
      }),
      { numRuns: numRuns * 4 },
    )
  })

  test('bytes of any kind are read, or a FormatError', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => void outcome(codec, bytes)), { numRuns: numRuns * 4 })
  })
})

describe('headers that lie', () => {
  const sizes = fc.oneof(fc.constantFrom(0, 1, 2, 255, 2 ** 31, 2 ** 32 - 1, Number.MAX_SAFE_INTEGER), fc.nat(4))

  /** Their product is infinite, or no number at all. */
  const huge = fc.constantFrom<number[][]>(new Array<number>(40).fill(2 ** 32 - 1), [...new Array<number>(40).fill(2 ** 32 - 1), 0], [0, ...new Array<number>(40).fill(2 ** 32 - 1)])

  test('of idx: any type, any number of dimensions of any size', () => {
    fc.assert(
      fc.property(fc.constantFrom(8, 9, 11, 12, 13, 14), fc.oneof(fc.array(sizes, { maxLength: 255 }), huge), fc.uint8Array({ maxLength: 16 }), (type, dims, rest) => {
        const bytes = new Uint8Array(4 + 4 * dims.length + rest.length)
        bytes.set([0, 0, type, dims.length])
        dims.forEach((d, i) => new DataView(bytes.buffer).setUint32(4 + 4 * i, d))
        bytes.set(rest, 4 + 4 * dims.length)
        outcome(codecs.get('idx')!, bytes)
        if (dims.length < 20) outcome(codecs.get('idx')!, new Uint8Array(gzipSync(bytes)), bytes.length)
      }),
      { numRuns: numRuns * 2 },
    )
  })

  test('of safetensors: any header that is JSON', () => {
    const dtype = fc.constantFrom('F64', 'F32', 'F16', 'BF16', 'I64', 'U64', 'I8', 'BOOL', 'C64', 7, null)
    const offsets = fc.oneof(fc.constantFrom([0, 0], [0, 4], [0, 8], [4, 8], [8, 4]), fc.array(sizes, { maxLength: 3 }))
    const entry = fc.oneof(fc.record({ dtype, shape: fc.oneof(fc.constantFrom([], [1], [2], [0], [1, 0]), huge, fc.array(sizes, { maxLength: 40 })), data_offsets: offsets }, { requiredKeys: [] }), fc.jsonValue())
    const header = fc.oneof(fc.dictionary(fc.oneof(names, fc.constant('__metadata__')), entry, { maxKeys: 3 }), fc.jsonValue())
    fc.assert(
      fc.property(header, fc.uint8Array({ maxLength: 16 }), (value, rest) => {
        const json = new TextEncoder().encode(JSON.stringify(value))
        const bytes = new Uint8Array(8 + json.length + rest.length)
        new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true)
        bytes.set(json, 8)
        bytes.set(rest, 8 + json.length)
        const found = outcome(codecs.get('safetensors')!, bytes)
        if (found === 'value') data.safetensors.metadata(bytes)
      }),
      { numRuns: numRuns * 4 },
    )
  })
})

describe('the text of a jaxpr', () => {
  test('parse(print(x)) prints as x, and cut anywhere it is a FormatError', () => {
    fc.assert(
      fc.property(arbitraryJaxpr({ equations: 4 }), fc.nat(), (program, at) => {
        const text = printJaxpr(program)
        expect(String(parseJaxpr(text))).toBe(text)
        const cut = text.slice(0, at % text.length)
        expect(tryParseJaxpr(cut)._tag).toBe('Left')
        expect(() => parseJaxpr(cut)).toThrow(FormatError)
      }),
      { numRuns },
    )
  })

  test('any text is read, or a FormatError', () => {
    const words = fc.array(fc.oneof(fc.constantFrom('{', 'lambda', ';', 'a:f32[]', '.', 'let', 'b:f32[]', '=', 'sin', 'a', 'in', '(', 'b,', ')', '}', '[', ']', 'nan', '-0.0:f32[]', '1e999:f32[]', 'jit[', 'key'), fc.string({ maxLength: 3, unit: 'binary' })), { maxLength: 20 })
    fc.assert(
      fc.property(words, (list) => {
        const text = list.join(' ')
        if (tryParseJaxpr(text)._tag === 'Left') expect(() => parseJaxpr(text)).toThrow(FormatError)
        else parseJaxpr(text)
      }),
      { numRuns: numRuns * 4 },
    )
  })
})
