/** Elementwise functions on a device where they are delicate: NaN, infinities, zeros with a sign, ends of ranges, wrapping integers, bits. */
import { afterAll, describe, expect, test } from 'vitest'
import { evalAvals } from '../../../src/core/abstract-eval/index.ts'
import { aval } from '../../../src/core/aval.ts'
import { decodeNumbers, encodeNumbers } from '../../../src/core/bytes.ts'
import type { DType } from '../../../src/core/dtype.ts'
import { eqn, type Jaxpr, Var } from '../../../src/core/jaxpr.ts'
import type { Primitive } from '../../../src/core/primitives/index.ts'
import { interpret } from '../../../src/backends/cpu/interpret.ts'
import { lax, makeJaxpr, np } from '../../../src/index.ts'
import { expectAgreementOnDevice } from './agree.ts'
import { closeDevice, runJaxpr } from './run-shaders.ts'

afterAll(closeDevice)

/** One program that does each of these to the same operands. */
function together(primitives: readonly (readonly [Primitive, object])[], dtype: DType, operands: number, length: number): Jaxpr {
  const inputs = Array.from({ length: operands }, () => new Var(aval([length], dtype)))
  const equations = primitives.map(([primitive, params]) => {
    const outputs = evalAvals(primitive, inputs.map((v) => v.aval), params as never).map((a) => new Var(a))
    return eqn(primitive, params as never, inputs, outputs)
  })
  return { constVars: [], inputs, equations, outputs: equations.flatMap((e) => e.outputs) }
}

const subnormal = (x: number): boolean => Math.abs(x) < 2 ** -126

/** Alike: NaN and infinities, the sign of zeros, and up to `ulps` units in the last place. Subnormal numbers may be zeros. */
function expectAlike(got: Uint8Array, want: Uint8Array, ulps: number, what: (i: number) => string): void {
  const [xs, ys] = [decodeNumbers(got, 'float32'), decodeNumbers(want, 'float32')]
  for (const [i, y] of ys.entries()) {
    const x = xs[i]!
    if (Object.is(x, y) || (subnormal(x) && subnormal(y))) continue
    const unit = 2 ** (Math.floor(Math.log2(Math.max(Math.abs(y), 2 ** -126))) - 23)
    if (Number.isFinite(x) && Number.isFinite(y) && y !== 0 && Math.abs(x - y) <= ulps * unit) continue
    expect(x, what(i)).toBe(y)
  }
}

const corners = [0, -0, 1, -1, Infinity, -Infinity, NaN, 0.5, -0.5, 2, -2, 3, 1e30, -1e30, 1e-30, 100, -100, 88.5, 0.1, 1e5, 12345.678, 3e7, 1.5, -1.5, 2.5, 1e-5, 0.999999, 7, 33554432]
const unary: readonly Primitive[] = [
  'neg', 'sign', 'floor', 'ceil', 'exp', 'exp2', 'log', 'log1p', 'expm1', 'sin', 'cos', 'tan', 'asin', 'acos', 'atan', 'sinh', 'cosh', 'tanh', 'asinh', 'acosh', 'atanh',
  'logistic', 'sqrt', 'rsqrt', 'cbrt', 'abs', 'square', 'erf', 'erfc',
] // prettier-ignore
const binary: readonly Primitive[] = ['add', 'sub', 'mul', 'div', 'rem', 'max', 'min', 'atan2', 'nextafter']
/** So many results of one program keep within a shader's bindings. */
const chunks = <T>(xs: readonly T[], size: number): T[][] => Array.from({ length: Math.ceil(xs.length / size) }, (_, i) => xs.slice(i * size, (i + 1) * size))

describe('float32', () => {
  test('functions of one number', async () => {
    const bytes = encodeNumbers(corners, 'float32')
    for (const some of chunks(unary, 7)) {
      const jaxpr = together(some.map((p) => [p, {}]), 'float32', 1, corners.length)
      const { outputs } = await runJaxpr(jaxpr, [bytes])
      const want = interpret(jaxpr, [{ aval: jaxpr.inputs[0]!.aval, bytes }])
      some.forEach((p, k) => { expectAlike(outputs[k]!, want[k]!.bytes, 12, (i) => `${p}(${corners[i]})`) })
    }
  })
  test('functions of two', async () => {
    const pairs = corners.flatMap((a) => corners.map((b) => [a, b] as const))
    const operands = [0, 1].map((k) => encodeNumbers(pairs.map((p) => p[k]!), 'float32'))
    for (const some of chunks(binary, 5)) {
      const jaxpr = together(some.map((p) => [p, {}]), 'float32', 2, pairs.length)
      const { outputs } = await runJaxpr(jaxpr, operands)
      const want = interpret(jaxpr, operands.map((bytes, i) => ({ aval: jaxpr.inputs[i]!.aval, bytes })))
      some.forEach((p, k) => { expectAlike(outputs[k]!, want[k]!.bytes, 4, (i) => `${p}(${pairs[i]!.join(', ')})`) })
    }
  })
  test('comparisons and choices with NaN', async () => {
    const { jaxpr } = makeJaxpr((x: np.NDArray, y: np.NDArray) => [np.equal(x, y), np.notEqual(x, y), np.less(x, y), np.greaterEqual(x, y), np.isnan(x), np.where(np.isfinite(x), x, y)])(np.zeros([29]), np.zeros([29]))
    const bytes = encodeNumbers(corners, 'float32')
    await expectAgreementOnDevice(jaxpr, [bytes, encodeNumbers(corners.toReversed(), 'float32')])
    await expectAgreementOnDevice(jaxpr, [bytes, bytes])
  })
})

describe('integers', () => {
  const ends = [0, 1, -1, 2, -2, 7, -7, 2 ** 31 - 1, -(2 ** 31), 31, 32, 33, 100, 255, 256, -128, 65535]
  const pairs = ends.flatMap((a) => ends.map((b) => [a, b] as const))
  test.each(['int32', 'uint32', 'int8', 'uint16'] as const)('of %s wrap, divide and shift as on cpu', async (dtype) => {
    const operands = [0, 1].map((k) => encodeNumbers(pairs.map((p) => p[k]!), dtype))
    const names: readonly Primitive[] = ['add', 'sub', 'mul', 'div', 'rem', 'max', 'xor', 'shiftLeft', 'shiftRightLogical', 'shiftRightArithmetic', 'lt']
    for (const some of chunks(names, 6)) await expectAgreementOnDevice(together(some.map((p) => [p, {}]), dtype, 2, pairs.length), operands)
  })
})

describe('bits', () => {
  test('of one dtype as another, narrower and wider', async () => {
    const { jaxpr } = makeJaxpr((x: np.NDArray, b: np.NDArray) => [
      lax.bitcastConvertType(x, 'int32'), lax.bitcastConvertType(x, 'uint8'), lax.bitcastConvertType(x, 'int16'), lax.bitcastConvertType(b, 'float32'), lax.bitcastConvertType(lax.bitcastConvertType(x, 'uint8'), 'uint32'),
    ])(np.zeros([5]), np.zeros([3, 4], { dtype: 'uint8' })) // prettier-ignore
    await expectAgreementOnDevice(jaxpr)
  })
  test('of half floats', async () => {
    for (const dtype of ['float16', 'bfloat16'] as const) {
      const { jaxpr } = makeJaxpr((x: np.NDArray, i: np.NDArray) => [lax.bitcastConvertType(x, 'uint16'), lax.bitcastConvertType(i, dtype), x.add(1)])(np.zeros([6], { dtype }), np.zeros([6], { dtype: 'uint16' }))
      await expectAgreementOnDevice(jaxpr, [encodeNumbers([1, -0, 0.1, 65504, Infinity, -3], dtype), encodeNumbers([0, 1, 0x3c00, 0x8000, 0x7c00, 0x4248], 'uint16')])
    }
  })
})
