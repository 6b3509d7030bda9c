import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { clz, divS, divU, popcount, remS, remU, signS, type IntBinaryEmitter, type IntUnaryEmitter } from '../../../../src/lowering/wasm/math/index.ts'
import { numRuns } from '../../../scale.ts'
import { vectorMap } from './harness.ts'

const minimum = -0x80000000
const int32 = (): fc.Arbitrary<number> => fc.oneof(fc.integer({ min: minimum, max: 0x7fffffff }), fc.integer({ min: -8, max: 8 }), fc.constantFrom(minimum, 0x7fffffff, -1, 0, 1))
const four = (): fc.Arbitrary<Int32Array> => fc.array(int32(), { minLength: 4, maxLength: 4 }).map((values) => Int32Array.from(values))
const bytes = (array: ArrayBufferView): Uint8Array => new Uint8Array(array.buffer)

const unary = (emitter: IntUnaryEmitter): ((x: Int32Array) => readonly number[]) => {
  const run = vectorMap(1, (fn, [x]) => x && emitter(fn, x))
  return (x) => [...new Int32Array(run(bytes(x)).buffer)]
}
const binary = (emitter: IntBinaryEmitter): ((x: Int32Array, y: Int32Array) => readonly number[]) => {
  const run = vectorMap(2, (fn, [x, y]) => x && y && emitter(fn, x, y))
  return (x, y) => [...new Int32Array(run(bytes(x), bytes(y)).buffer)]
}

const agrees = (emitter: IntBinaryEmitter, expected: (x: number, y: number) => number): void => {
  const run = binary(emitter)
  fc.assert(fc.property(four(), four(), (x, y) => { expect(run(x, y)).toEqual([...x].map((a, i) => expected(a, y[i] ?? 0) | 0)) }), { numRuns })
}

describe('32-bit integers', () => {
  test('signed division truncates; by zero it gives -1, and INT_MIN / -1 wraps', () => {
    agrees(divS, (x, y) => (y === 0 ? -1 : Math.trunc(x / y)))
    expect(binary(divS)(Int32Array.of(minimum, 7, 0, -7), Int32Array.of(-1, 0, 0, 2))).toEqual([minimum, -1, -1, -3])
  })
  test('unsigned division; by zero it sets all bits', () => agrees(divU, (x, y) => (y === 0 ? -1 : Math.trunc((x >>> 0) / (y >>> 0)))))
  test('signed remainder; by zero it gives the dividend', () => {
    agrees(remS, (x, y) => (y === 0 ? x : x % y))
    expect(binary(remS)(Int32Array.of(minimum, 7, 0, -7), Int32Array.of(-1, 0, 0, 2))).toEqual([0, 7, 0, -1])
  })
  test('unsigned remainder', () => agrees(remU, (x, y) => (y === 0 ? x : (x >>> 0) % (y >>> 0))))
  test('popcount, clz and sign', () => {
    const [count, zeros, sign] = [unary(popcount), unary(clz), unary(signS)]
    const ones = (x: number): number => (x >>> 0).toString(2).replaceAll('0', '').length
    fc.assert(fc.property(four(), (x) => {
      expect(count(x)).toEqual([...x].map(ones))
      expect(zeros(x)).toEqual([...x].map(Math.clz32))
      expect(sign(x)).toEqual([...x].map((a) => Math.sign(a) + 0))
    }), { numRuns })
  })
})
