/** Products of whole numbers, which are exact in every order, against plain loops: all orientations, sizes at the edges of tiles and blocks, NaN all around. */
import fc from 'fast-check'
import { jit, lax, np } from 'pullback'
import { describe, expect, test } from 'vitest'
import { longTestTimeout, sized } from '../../../scale.ts'

type Dtype = 'float32' | 'float64' | 'int32'

interface Case {
  readonly dtype: Dtype
  readonly batch: number | null
  readonly m: number
  readonly n: number
  readonly k: number
  /** Operands as `[k, m]` and `[n, k]`. */
  readonly transposed: readonly [boolean, boolean]
  /** Operands are parts of arrays that have NaN (or a large number) everywhere else. */
  readonly part: readonly [boolean, boolean]
  /** What is done to the sums. */
  readonly after: 'nothing' | 'bias' | 'transpose'
}

const number = (i: number): number => ((i * 7919 + 13) % 9) - 4
const outside = (dtype: Dtype): number => (dtype === 'int32' ? 1 << 20 : NaN)

/** An operand of shape [batch, rows, columns], and how a program gets it out of the array that it is given. */
function operand({ dtype, batch }: Case, rows: number, columns: number, transposed: boolean, part: boolean, seed: number): { given: np.NDArray; get: (x: np.NDArray) => np.NDArray; at: (b: number, r: number, c: number) => number } {
  const b = batch ?? 1
  const [height, width] = transposed ? [columns, rows] : [rows, columns]
  const at = (batchAt: number, r: number, c: number): number => number(seed + (batchAt * rows + r) * columns + c)
  const [edgeRows, edgeColumns] = part ? [2, 3] : [0, 0]
  const [all, across] = [height + 2 * edgeRows, width + 2 * edgeColumns]
  const values: number[] = new Array<number>(b * all * across).fill(outside(dtype))
  for (let i = 0; i < b; i++)
    for (let r = 0; r < height; r++)
      for (let c = 0; c < width; c++) values[(i * all + edgeRows + r) * across + edgeColumns + c] = transposed ? at(i, c, r) : at(i, r, c)
  const shape = batch === null ? [all, across] : [b, all, across]
  const lead = batch === null ? [] : [0]
  const get = (x: np.NDArray): np.NDArray => {
    const inner = part ? lax.slice(x, [...lead, edgeRows, edgeColumns], [...(batch === null ? [] : [b]), edgeRows + height, edgeColumns + width]) : x
    return transposed ? np.swapaxes(inner, -1, -2) : inner
  }
  return { given: np.array(values, { dtype }).reshape(shape), get, at }
}

function check(c: Case): void {
  const { batch, m, n, k, dtype } = c
  const lhs = operand(c, m, k, c.transposed[0], c.part[0], 1)
  const rhs = operand(c, k, n, c.transposed[1], c.part[1], 5)
  const bias = np.array(Array.from({ length: n }, (_, i) => number(i)), { dtype })
  const f = jit((x: np.NDArray, y: np.NDArray, z: np.NDArray) => {
    const product = np.matmul(lhs.get(x), rhs.get(y))
    if (c.after === 'bias') return np.maximum(product.add(z), 0)
    return c.after === 'transpose' ? np.swapaxes(product, -1, -2) : product
  })
  const result = f(lhs.given, rhs.given, bias)
  const expected: number[] = []
  for (let b = 0; b < (batch ?? 1); b++) {
    const value = (i: number, j: number): number => {
      let sum = 0
      for (let p = 0; p < k; p++) sum += lhs.at(b, i, p) * rhs.at(b, p, j)
      return c.after === 'bias' ? Math.max(sum + number(j), 0) : sum
    }
    if (c.after === 'transpose') for (let j = 0; j < n; j++) for (let i = 0; i < m; i++) expected.push(value(i, j))
    else for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) expected.push(value(i, j))
  }
  // twice, since the second call meets what the first left in scratch memory
  for (const got of [result, f(lhs.given, rhs.given, bias)]) {
    const values = Array.from(got.dataSync(), Number)
    expect(values.length).toBe(expected.length)
    // a comparison of whole arrays takes longer than the products; a product of one step may be -0
    const wrong = values.findIndex((v, i) => v + 0 !== expected[i])
    expect(wrong < 0 ? null : { at: wrong, got: values[wrong], expected: expected[wrong] }).toBe(null)
  }
}

const edges = fc.constantFrom(1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 16, 17, 20, 33)
const both = fc.tuple(fc.boolean(), fc.boolean())
const cases: fc.Arbitrary<Case> = fc.record({
  dtype: fc.constantFrom<Dtype>('float32', 'float32', 'float64', 'int32'),
  batch: fc.constantFrom(null, null, 1, 2, 3, 9),
  m: fc.oneof(edges, fc.constantFrom(61, 64, 129)),
  n: fc.oneof(edges, fc.constantFrom(24, 64, 65, 264)),
  k: fc.oneof(edges, fc.constantFrom(64, 130, 383, 385, 520)),
  transposed: both,
  part: both,
  after: fc.constantFrom<Case['after']>('nothing', 'nothing', 'bias', 'transpose'),
})

describe('a product is the sums of products', () => {
  test('of any sizes and orientations', () => {
    fc.assert(
      fc.property(cases.filter((c) => (c.batch ?? 1) * c.m * c.n * c.k < sized(4e5, 4e6)), check),
      { numRuns: sized(50, 3000) },
    )
  }, longTestTimeout)

  const plain: Case = { dtype: 'float32', batch: null, m: 8, n: 8, k: 8, transposed: [false, false], part: [false, false], after: 'nothing' }
  test.each<[string, Partial<Case>]>([
    ['where nothing is packed', { m: 64, n: 64, k: 64 }],
    ['where nothing is packed, of parts', { m: 60, n: 32, k: 30, part: [true, true] }],
    ['of one strip and an odd k', { m: 5, n: 16, k: 65 }],
    ['of seven rows and a matrix with many columns', { m: 7, n: 520, k: 300 }],
    ['of some rows, by groups of columns, in blocks of k', { m: 33, n: 264, k: 1100 }],
    ['of few rows and columns, by slices of k', { m: 6, n: 9, k: 3001 }],
    ['in blocks of k of which the last is shorter', { m: 70, n: 40, k: 769 }],
    ['of columns that are contiguous along k', { m: 70, n: 70, k: 101, transposed: [false, true] }],
    ['of rows that are contiguous along m', { m: 70, n: 70, k: 101, transposed: [true, false] }],
    ['of many batches of parts', { batch: 12, m: 18, n: 24, k: 31, part: [true, true] }],
    ['of a matrix and a vector', { m: 67, n: 1, k: 261 }],
    ['of a vector and a matrix', { m: 1, n: 261, k: 67 }],
    ['of a transposed matrix and a vector', { m: 261, n: 1, k: 67, transposed: [true, false] }],
    ['of a vector and a transposed matrix', { m: 1, n: 67, k: 261, transposed: [false, true] }],
    ['of a matrix and a vector that lies across its rows', { m: 67, n: 1, k: 261, part: [true, true] }],
    ['of a vector and a matrix with more columns than one sweep takes', { m: 1, n: 5003, k: 9 }],
    ['of a few long rows and a vector', { m: 9, n: 1, k: 20011 }],
    ['of three rows and a matrix', { m: 3, n: 131, k: 203, part: [true, true] }],
    ['of three rows and a transposed matrix', { m: 3, n: 131, k: 203, transposed: [false, true], part: [true, true] }],
    ['of six rows and a matrix', { m: 6, n: 131, k: 203, after: 'bias' }],
    ['of a matrix and two columns', { m: 131, n: 2, k: 203, after: 'bias' }],
    ['of a matrix and eight columns', { m: 131, n: 8, k: 203, after: 'transpose' }],
    ['of a transposed matrix and seven columns', { m: 131, n: 7, k: 203, transposed: [true, true] }],
    ['of batches of matrices and vectors', { batch: 3, m: 70, n: 1, k: 131, after: 'bias' }],
    ['of batches of two rows and matrices', { batch: 3, m: 2, n: 131, k: 70, transposed: [true, false] }],
    ['with nothing to add up', { k: 0 }],
    ['with no rows', { m: 0, n: 16, k: 16 }],
    ['with no columns', { m: 16, n: 0, k: 16 }],
    ['of no batches', { batch: 0, m: 16, n: 16, k: 16 }],
  ])('%s', (_, c) => {
    for (const dtype of ['float32', 'float64', 'int32'] as const) check({ ...plain, ...c, dtype })
  })
})
