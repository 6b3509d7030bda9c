/** Where values are said to be JAX's, they were computed by JAX 0.10.2. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { WindowParams } from '../../../src/core/primitives/index.ts'
import { apply, array, count, f32, f64, i32, type Plain } from './apply.ts'

/** 0, 1, … modulo n, from an offset. */
const cycle = (shape: readonly number[], n: number, from = 0): Plain => {
  const x = count(shape, 'float64')
  return { ...x, values: x.values.map((v) => (v % n) + from) }
}

describe('dotGeneral', () => {
  test('multiplies matrices', () => {
    const d = { contracting: [[1], [0]], batch: [[], []] } as const
    expect(apply('dotGeneral', { dimensionNumbers: d, preferredElementType: null }, count([2, 3]), count([3, 2]))).toEqual([10, 13, 28, 40])
  })
  test("with batch axes anywhere, as JAX's", () => {
    const d = { contracting: [[2], [0]], batch: [[0], [1]] } as const
    expect(apply('dotGeneral', { dimensionNumbers: d, preferredElementType: null }, count([2, 3, 4]), count([4, 2, 5]))).toEqual([
      140, 146, 152, 158, 164, 380, 402, 424, 446, 468, 620, 658, 696, 734, 772, 1130, 1184, 1238, 1292, 1346, 1450, 1520, 1590, 1660, 1730, 1770, 1856, 1942, 2028, 2114,
    ])
  })
  test('gives the element type that is preferred', () => {
    const d = { contracting: [[0], [0]], batch: [[], []] } as const
    expect(apply('dotGeneral', { dimensionNumbers: d, preferredElementType: 'int32' }, array('int8', [100, 100]), array('int8', [100, 100]))).toEqual([20000])
    expect(apply('dotGeneral', { dimensionNumbers: d, preferredElementType: null }, i32([2 ** 30, 2 ** 30]), i32([2, 2]))).toEqual([0])
  })
})

describe('convGeneralDilated', () => {
  const nhwc = { lhs: [0, 3, 1, 2], rhs: [3, 2, 0, 1], out: [0, 3, 1, 2] } as const
  test("with groups, strides, dilations and negative padding, as JAX's", () => {
    const got = apply(
      'convGeneralDilated',
      { windowStrides: [2, 1], padding: [[1, 2], [0, -1]], lhsDilation: [2, 1], rhsDilation: [1, 2], dimensionNumbers: nhwc, featureGroupCount: 2, batchGroupCount: 1 },
      cycle([1, 4, 5, 2], 7),
      cycle([3, 2, 1, 4], 5, -2),
    )
    expect(got).toEqual([0, 4, 8, -11, 2, 10, -6, -3, 3, 6, -6, -6, 5, 12, -6, -12, 6, 15, 8, -8, 1, 7, 8, -14, 2, 10, -6, -3, 4, 9, -6, -9])
  })
  test("with batch groups, as JAX's", () => {
    const nch = { lhs: [0, 1, 2], rhs: [0, 1, 2], out: [0, 1, 2] }
    const got = apply(
      'convGeneralDilated',
      { windowStrides: [2], padding: [[1, 1]], lhsDilation: [1], rhsDilation: [1], dimensionNumbers: nch, featureGroupCount: 1, batchGroupCount: 2 },
      cycle([4, 2, 5], 7),
      cycle([6, 2, 3], 5, -2),
    )
    expect(got).toEqual([
      -2, 0, -5, -15, 13, -5, -3, -4, 0, 17, -7, 8, 2, 2, -1, -8, 16, -5, -5, -13, 2, 0, -4, -8, 10, 10, -13, -1, 3, 14, -5, 1, 2, -4, -11, -5,
    ])
  })
  test('has the shapes of the notebook "Generalized convolutions"', () => {
    const { cases } = JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', 'truth', 'convolution.json'), 'utf8')) as {
      readonly cases: readonly { readonly name: string; readonly out: readonly number[] }[]
    }
    // Padding by name is resolved before the primitive, so its own case is the one that gives numbers.
    const transposed = cases.find((c) => c.name === 'transposed by 2')!
    const got = apply(
      'convGeneralDilated',
      { windowStrides: [1, 1], padding: [[2, 1], [2, 1]], lhsDilation: [2, 2], rhsDilation: [1, 1], dimensionNumbers: nhwc, featureGroupCount: 1, batchGroupCount: 1 },
      f32(new Array<number>(200 * 198).fill(1), [1, 200, 198, 1]),
      f32(new Array<number>(27).fill(1), [3, 3, 1, 3]),
    )
    expect(got.length).toBe(transposed.out.reduce((a, b) => a * b, 1))
  })
})

describe('windows', () => {
  const x = { ...count([4, 5], 'float64'), values: count([4, 5]).values.map((v) => (v * 3) % 11) }
  const w: WindowParams = { windowDimensions: [2, 3], windowStrides: [2, 1], padding: [[1, 0], [0, 1]], baseDilation: [1, 2], windowDilation: [2, 1] }
  test("dilated and padded, as JAX's", () => {
    expect(apply('reduceWindowSum', w, x)).toEqual([11, 7, 17, 10, 12, 2, 7, 5, 16, 11, 28, 17, 29, 12, 19, 7])
    expect(apply('reduceWindowMax', w, x)).toEqual([7, 7, 10, 10, 10, 2, 5, 5, 7, 7, 10, 10, 10, 10, 10, 5])
    expect(apply('reduceWindowMin', w, x)).toEqual([4, 7, 7, 10, 2, 2, 2, 5, 1, 4, 4, 7, 2, 2, 2, 2])
    expect(apply('reduceWindowProd', w, x)).toEqual([28, 7, 70, 10, 20, 2, 10, 5, 112, 28, 1960, 70, 1400, 20, 200, 10])
  })
  test('of padding alone give what changes nothing', () => {
    const alone: WindowParams = { windowDimensions: [1], windowStrides: [1], padding: [[1, 0]], baseDilation: [1], windowDilation: [1] }
    expect(apply('reduceWindowMax', alone, f32([5]))).toEqual([-Infinity, 5])
    expect(apply('reduceWindowMin', alone, i32([5]))).toEqual([2 ** 31 - 1, 5])
  })

  const threes = { selectPrim: 'ge', windowDimensions: [3], windowStrides: [3], padding: [[0, 0]] } as const
  const corners = f32([NaN, 1, 1, NaN, 2, 2, 2, 1, NaN])
  test("selectAndScatterAdd adds at the first extremum, where NaN gives way to what follows, as JAX's", () => {
    expect(apply('selectAndScatterAdd', threes, f32([1, 2, 3]), corners)).toEqual([0, 1, 0, 0, 2, 0, 0, 0, 3])
    const overlapping = { ...threes, windowDimensions: [2], windowStrides: [1] }
    expect(apply('selectAndScatterAdd', overlapping, f64([1, 2]), f64([1, 3, 2]))).toEqual([0, 3, 0])
    expect(apply('selectAndScatterAdd', { ...overlapping, selectPrim: 'le' }, f64([1, 2]), f64([1, 3, 2]))).toEqual([1, 0, 2])
  })
  test("selectAndGatherAdd reads there, as JAX's jvp of a max-pool", () => {
    expect(apply('selectAndGatherAdd', { ...threes, baseDilation: [1], windowDilation: [1] }, count([9]), corners)).toEqual([1, 4, 8])
  })
})
