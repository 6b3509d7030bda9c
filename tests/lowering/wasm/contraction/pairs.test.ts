/** Products of small whole numbers, which are multiplied in pairs, against plain loops with the extremes of their types. */
import { jit, lax, makeJaxpr, np } from 'pullback'
import { describe, expect, test } from 'vitest'
import { planContraction } from '../../../../src/lowering/wasm/contraction/plan.ts'
import type { ContractionKernel } from '../../../../src/lowering/kernel-ir/index.ts'
import { lowerToProgram } from '../../../../src/lowering/index.ts'
import { kernelsOf } from '../../../../src/lowering/kernel-ir/index.ts'

type Small = 'int8' | 'uint8' | 'int16' | 'bool'
const ends: Record<Small, readonly [number, number]> = { int8: [-128, 127], uint8: [0, 255], int16: [-32768, 32767], bool: [0, 1] }

/** Numbers of a type, its ends among them. */
const numbers = (dtype: Small, count: number, seed: number): number[] =>
  Array.from({ length: count }, (_, i) => {
    const [low, high] = ends[dtype]
    const at = (i * 7919 + seed * 104729) % 11
    return at < 2 ? low : at < 4 ? high : low + (((i + 3) * 2654435761) % (high - low + 1))
  })

const sumsOf = (f: (x: np.NDArray, y: np.NDArray) => np.NDArray, shapes: readonly [readonly number[], readonly number[]], dtypes: readonly [Small, Small]): string[] => {
  const { program } = lowerToProgram(makeJaxpr(f)(...([0, 1] as const).map((i) => np.zeros(shapes[i], { dtype: dtypes[i] })) as [np.NDArray, np.NDArray]).jaxpr)
  return kernelsOf(program).filter((k): k is ContractionKernel => k.kind === 'contraction').map((k) => planContraction(k, 1 << 20).sum)
}

describe.each<[Small, Small]>([['int8', 'int8'], ['uint8', 'int8'], ['int16', 'int16'], ['bool', 'uint8']])('%s by %s', (left, right) => {
  test.each([[8, 8, 64], [5, 16, 33], [61, 24, 17], [33, 9, 130], [7, 300, 3], [20, 12, 801], [16, 16, 2]])('%i x %i, k %i', (m, n, k) => {
    const [x, y] = [numbers(left, m * k, 1), numbers(right, k * n, 2)]
    const f = (a: np.NDArray, b: np.NDArray): np.NDArray => np.matmul(a.astype('int32'), b.astype('int32'))
    const got = jit(f)(np.array(x, { dtype: left }).reshape([m, k]), np.array(y, { dtype: right }).reshape([k, n]))
    const expected = new Int32Array(m * n)
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) {
        let sum = 0
        for (let p = 0; p < k; p++) sum = (sum + Math.imul(x[i * k + p]!, y[p * n + j]!)) | 0
        expected[i * n + j] = sum
      }
    expect(got.dataSync()).toEqual(expected)
  })
})

test('a preferred type makes such sums, and only numbers that fit are paired', () => {
  const dimensionNumbers = { contracting: [[1], [0]], batch: [[], []] } as const
  const wide = (x: np.NDArray, y: np.NDArray): np.NDArray => lax.dotGeneral(x, y, { dimensionNumbers, preferredElementType: 'int32' })
  const shapes = [[32, 40], [40, 32]] as const
  expect(sumsOf(wide, shapes, ['int8', 'int8'])).toEqual(['pairs'])
  expect(sumsOf((x, y) => np.matmul(x.astype('int32'), y.astype('int32').add(1)), shapes, ['int8', 'int8'])).toEqual(['int32'])
  const [x, y] = [np.full([32, 40], 127, { dtype: 'int8' }), np.full([40, 32], -128, { dtype: 'int8' })]
  expect(new Set(jit(wide)(x, y).dataSync())).toEqual(new Set([40 * 127 * -128]))
})
