import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { DType } from '../../../src/core/dtype.ts'
import type { BinaryParams, NoParams, UnaryParams } from '../../../src/core/primitives/index.ts'
import { numRuns } from '../../scale.ts'
import { apply, array, bool, f32, f64, i32, type Plain } from './apply.ts'

type Plainly<F> = { [P in keyof F]: keyof F[P] extends never ? P : never }[keyof F]
const unary = (p: Plainly<UnaryParams>, x: Plain): readonly number[] => apply(p, {} as NoParams, x)
const binary = (p: keyof BinaryParams, x: Plain, y: Plain): readonly number[] => apply(p, {} as NoParams, x, y)

const { NaN: nan, fround } = { NaN: Number.NaN, fround: Math.fround }
const inf = Infinity
const least = -(2 ** 31)

describe('unary functions of floats', () => {
  // [primitive, x, value] by a table of functions, 17 digits.
  const known: readonly (readonly [Plainly<UnaryParams>, number, number])[] = [
    ['exp', 1, 2.718281828459045],
    ['exp2', -1.5, 0.3535533905932738],
    ['log', 10, 2.302585092994046],
    ['log1p', 1e-10, 9.9999999995e-11],
    ['expm1', 1e-10, 1.00000000005e-10],
    ['sin', 1, 0.8414709848078965],
    ['cos', 1, 0.5403023058681398],
    ['tan', 1, 1.557407724654902],
    ['asin', 0.5, 0.5235987755982989],
    ['acos', 0.5, 1.047197551196598],
    ['atan', 0.5, 0.4636476090008061],
    ['sinh', 1, 1.175201193643801],
    ['cosh', 1, 1.543080634815244],
    ['tanh', 1, 0.7615941559557649],
    ['asinh', 1, 0.881373587019543],
    ['acosh', 2, 1.316957896924817],
    ['atanh', 0.5, 0.5493061443340549],
    ['logistic', 1, 0.7310585786300049],
    ['logistic', -745, 5e-324],
    ['sqrt', 2, 1.4142135623730951],
    ['rsqrt', 4, 0.5],
    ['cbrt', -27, -3],
    ['erf', 0.5, 0.5204998778130465],
    ['erfc', 3, 2.209049699858544e-5],
    ['erfInv', 0.5, 0.4769362762044699],
    ['lgamma', 4.5, 2.453736570842442],
    ['digamma', 1, -0.5772156649015329],
    ['neg', 2, -2],
    ['abs', -2.5, 2.5],
    ['square', -1.5, 2.25],
    ['floor', -1.5, -2],
    ['ceil', -1.5, -1],
    ['sign', -3, -1],
    ['stopGradient', 7, 7],
  ]
  test.each(known)('%s(%f) is %f', (p, x, value) => {
    const [y] = unary(p, f64([x]))
    expect(Math.abs(y! - value)).toBeLessThanOrEqual(4e-15 * Math.abs(value))
    // What float32 gives is the float64 value of the rounded operand, rounded.
    expect(unary(p, f32([x]))).toEqual([fround(unary(p, f64([fround(x)]))[0]!)])
  })

  test('corners are as in JAX', () => {
    expect(unary('sign', f32([nan, -0, 0, -3]))).toEqual([nan, -0, 0, -1])
    expect(unary('rsqrt', f32([0, -0, inf, -1]))).toEqual([inf, -inf, 0, nan])
    expect(unary('lgamma', f32([0, -0, -1, inf, -inf, nan]))).toEqual([inf, inf, inf, inf, inf, nan])
    expect(unary('digamma', f32([0, -1, inf, -inf, nan]))).toEqual([nan, nan, inf, nan, nan])
    expect(unary('erfInv', f32([1, -1, 0, -0, 2]))).toEqual([inf, -inf, 0, -0, nan])
    expect(unary('isFinite', f32([1, inf, -inf, nan]))).toEqual([1, 0, 0, 0])
  })

  test('halves round to even or away from zero', () => {
    const x = f32([0.5, 1.5, -0.5, -2.5, 0.49999997, 2 ** 23 + 1, nan])
    expect(apply('round', { roundingMethod: 'toNearestEven' }, x)).toEqual([0, 2, -0, -2, 0, 2 ** 23 + 1, nan])
    expect(apply('round', { roundingMethod: 'awayFromZero' }, x)).toEqual([1, 2, -1, -3, 0, 2 ** 23 + 1, nan])
  })

  test('16-bit floats round once, to nearest even', () => {
    // 2049 lies between 2048 and 2050 of float16; 257 between 256 and 258 of bfloat16.
    expect(binary('add', array('float16', [2048, 2048]), array('float16', [1, 3]))).toEqual([2048, 2052])
    expect(binary('add', array('bfloat16', [256, 256]), array('bfloat16', [1, 3]))).toEqual([256, 260])
    expect(unary('exp', array('float16', [12]))).toEqual([inf])
  })
})

describe('integers', () => {
  test('wrap', () => {
    expect(binary('add', i32([2 ** 31 - 1]), i32([1]))).toEqual([least])
    expect(binary('mul', i32([123456789]), i32([987654321]))).toEqual([Number(BigInt.asIntN(32, 123456789n * 987654321n))])
    expect(binary('sub', array('uint8', [1]), array('uint8', [2]))).toEqual([255])
    expect(unary('neg', i32([least]))).toEqual([least])
    expect(unary('abs', i32([least, -3]))).toEqual([least, 3])
    expect(unary('square', i32([65537]))).toEqual([131073])
    expect(apply('integerPow', { y: 5 }, i32([-3, 100]))).toEqual([-243, Number(BigInt.asIntN(32, 10n ** 10n))])
  })
  test('divide towards zero; by zero all bits are set and the remainder is the dividend', () => {
    expect(binary('div', i32([7, -7, 5, least]), i32([2, 2, 0, -1]))).toEqual([3, -3, -1, least])
    expect(binary('div', array('uint8', [5, 7]), array('uint8', [0, 2]))).toEqual([255, 3])
    expect(binary('rem', i32([5, -5, 5, least]), i32([3, 3, 0, -1]))).toEqual([2, -2, 5, 0])
  })
  test('shift everything out past their width', () => {
    expect(binary('shiftLeft', i32([1, 1, 1]), i32([31, 32, -1]))).toEqual([least, 0, 0])
    expect(binary('shiftRightArithmetic', i32([-8, -8, 8]), i32([1, 32, 40]))).toEqual([-4, -1, 0])
    expect(binary('shiftRightLogical', array('int8', [-1, -1]), array('int8', [1, 8]))).toEqual([127, 0])
    expect(binary('shiftRightArithmetic', array('uint32', [2 ** 31]), array('uint32', [31]))).toEqual([2 ** 32 - 1])
  })
  test('have bits', () => {
    expect(unary('not', i32([0, 5]))).toEqual([-1, -6])
    expect(unary('not', array('uint16', [0]))).toEqual([65535])
    expect(unary('not', bool([0, 1]))).toEqual([1, 0])
    expect(unary('populationCount', array('int8', [-1, 5]))).toEqual([8, 2])
    expect(unary('clz', array('uint16', [0, 1, 65535]))).toEqual([16, 15, 0])
    expect(binary('and', i32([6]), i32([3]))).toEqual([2])
    expect(binary('or', i32([6]), i32([3]))).toEqual([7])
    expect(binary('xor', array('uint32', [0xffffffff]), array('uint32', [1]))).toEqual([0xfffffffe])
  })

  const widths: readonly (readonly [DType, (x: bigint) => bigint])[] = [
    ['int8', (x) => BigInt.asIntN(8, x)],
    ['int16', (x) => BigInt.asIntN(16, x)],
    ['int32', (x) => BigInt.asIntN(32, x)],
    ['uint8', (x) => BigInt.asUintN(8, x)],
    ['uint16', (x) => BigInt.asUintN(16, x)],
    ['uint32', (x) => BigInt.asUintN(32, x)],
  ]
  test.each(widths)('%s arithmetic is that of whole numbers, wrapped', (dtype, wrap) => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 33n), max: 2n ** 33n }), fc.bigInt({ min: -(2n ** 33n), max: 2n ** 33n }), (a, b) => {
        const [x, y] = [wrap(a), wrap(b)]
        const of = (p: 'add' | 'sub' | 'mul'): number => binary(p, array(dtype, [Number(x)]), array(dtype, [Number(y)]))[0]!
        expect([of('add'), of('sub'), of('mul')]).toEqual([x + y, x - y, x * y].map((z) => Number(wrap(z))))
      }),
      { numRuns },
    )
  })
})

describe('pairs of operands', () => {
  test('a scalar goes with any shape', () => {
    expect(binary('sub', f32([10], []), f32([1, 2, 3]))).toEqual([9, 8, 7])
    expect(binary('div', f32([1, 2, 3]), f32([2], []))).toEqual([0.5, 1, 1.5])
  })
  test('NaN wins in max and min, and +0 is greater than -0', () => {
    expect(binary('max', f32([0, -0, nan, 1]), f32([-0, 0, 1, nan]))).toEqual([0, 0, nan, nan])
    expect(binary('min', f32([0, -0, nan, 1]), f32([-0, 0, 1, nan]))).toEqual([-0, -0, nan, nan])
  })
  test("pow is IEEE's", () => {
    expect(binary('pow', f32([1, 1, -1, 0, 0, -0, -2, 2, nan]), f32([nan, inf, inf, 0, -1, -3, 0.5, nan, 0]))).toEqual([1, 1, 1, 1, inf, -inf, nan, nan, 1])
  })
  test('rem takes the sign of the dividend', () => {
    expect(binary('rem', f32([5, -5, 5, inf, 1, -0]), f32([3, 3, 0, 2, inf, 3]))).toEqual([2, -2, nan, nan, 1, -0])
  })
  test('atan2 knows its quadrants', () => {
    expect(binary('atan2', f64([0, -0, 1]), f64([-1, -1, 0]))).toEqual([Math.PI, -Math.PI, Math.PI / 2])
  })
  test('nextafter is a neighbour', () => {
    const x = f32([0, 0, 1, inf, nan, -0, -1])
    const y = f32([1, -1, 2, 0, 1, 0, 0])
    expect(binary('nextafter', x, y)).toEqual([2 ** -149, -(2 ** -149), 1 + 2 ** -23, 3.4028234663852886e38, nan, 0, -(1 - 2 ** -24)])
    expect(binary('nextafter', f64([1]), f64([0]))).toEqual([1 - 2 ** -53])
    expect(binary('nextafter', array('bfloat16', [1]), array('bfloat16', [2]))).toEqual([1 + 2 ** -7])
  })
  test('comparisons with NaN are false, save ne', () => {
    const [x, y] = [f32([1, 2, nan]), f32([2, 2, nan])]
    const all = (['eq', 'ne', 'lt', 'le', 'gt', 'ge'] as const).map((p) => binary(p, x, y).join(''))
    expect(all).toEqual(['010', '101', '100', '110', '000', '010'])
  })
})

describe('choices', () => {
  test('selectN picks cases; out of range the first or the last', () => {
    expect(apply('selectN', {}, bool([0, 1, 1]), f32([1, 2, 3]), f32([4], []))).toEqual([1, 4, 4])
    expect(apply('selectN', {}, i32([-1, 0, 1, 2, 5]), f32([1], []), f32([2], []), f32([3], []))).toEqual([1, 1, 2, 3, 3])
    expect(apply('selectN', {}, bool([1], []), f32([1, 2]), f32([3, nan]))).toEqual([3, nan])
    expect(apply('selectN', {}, bool([1, 0]), array('complex64', [1, 2, 3, 4], [2]), array('complex64', [5, 6, 7, 8], [2]))).toEqual([5, 6, 3, 4])
  })
  test('clamp keeps NaN, and prefers the upper bound', () => {
    expect(apply('clamp', {}, f32([0], []), f32([nan, -1, 5, 1]), f32([2], []))).toEqual([nan, 0, 2, 1])
    expect(apply('clamp', {}, f32([3], []), f32([1]), f32([2], []))).toEqual([2])
  })
})

describe('convertElementType', () => {
  const to = (newDtype: DType, x: Plain): readonly number[] => apply('convertElementType', { newDtype, weakType: false }, x)
  const x = f32([nan, inf, -inf, 5e9, -1.7, 300])
  test('floats to integers truncate, saturate, and take NaN to 0', () => {
    expect(to('int32', x)).toEqual([0, 2 ** 31 - 1, least, 2 ** 31 - 1, -1, 300])
    expect(to('int8', x)).toEqual([0, 127, -128, 127, -1, 127])
    expect(to('uint32', x)).toEqual([0, 2 ** 32 - 1, 0, 2 ** 32 - 1, 0, 300])
  })
  test('integers wrap', () => {
    expect(to('int8', i32([300, -129]))).toEqual([44, 127])
    expect(to('uint32', i32([-1]))).toEqual([2 ** 32 - 1])
  })
  test('anything but zero is true', () => {
    expect(to('bool', f32([nan, 0, -0, 0.5]))).toEqual([1, 0, 0, 1])
    expect(to('float32', bool([1, 0]))).toEqual([1, 0])
  })
  test('floats round', () => {
    expect(to('float32', f64([0.1]))).toEqual([fround(0.1)])
    expect(to('float16', f64([65519, 65520, 2 ** -25, 2 ** -24]))).toEqual([65504, inf, 0, 2 ** -24])
    expect(to('bfloat16', f64([1 + 2 ** -8, 1 + 3 * 2 ** -8]))).toEqual([1, 1 + 2 ** -6])
  })
})

test('integerPow of floats', () => {
  expect(apply('integerPow', { y: 3 }, f32([-2, 0.5]))).toEqual([-8, 0.125])
  expect(apply('integerPow', { y: -2 }, f32([-2, 0]))).toEqual([0.25, inf])
  expect(apply('integerPow', { y: 0 }, f32([nan]))).toEqual([1])
})
