import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { emitProgram, printWat } from '../../../../src/lowering/wasm/index.ts'
import type { Node } from '../../../../src/lowering/kernel-ir/index.ts'
import { numSlowRuns } from '../../../scale.ts'
import { affine, apply, f32, kernelProgram, literal, load, loop, map, run } from './harness.ts'

const random = (n: number, seed = 1): Float32Array => {
  let s = seed
  return Float32Array.from({ length: n }, () => {
    s = (Math.imul(s, 1664525) + 1013904223) | 0
    return s / 2 ** 30
  })
}

describe('map kernels', () => {
  test('a · x + b of any length, nothing written outside', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 70 }), (n) => {
        const kernel = loop([n], [map([], [load(0, affine([1])), load(1, affine([1])), literal(3), apply('mul', [0, 2]), apply('add', [3, 1])], [{ buffer: 2, index: affine([1]), node: 4 }])])
        const f = { shape: [n], dtype: 'float32' as const }
        const x = random(n, 3)
        const b = random(n, 5)
        const [out] = run(kernelProgram(kernel, [f, f], [f]), [x, b])
        expect(f32(out!)).toEqual(x.map((v, i) => Math.fround(Math.fround(v * 3) + b[i]!)))
      }),
      { numRuns: numSlowRuns },
    )
  })

  test('a transposing, reversing and broadcasting read', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 21 }), (rows, columns) => {
        const kernel = loop(
          [rows, columns],
          [
            map(
              [],
              [load(0, affine([1, rows])), load(0, affine([-columns, -1], rows * columns - 1)), load(1, affine([0, 1])), apply('sub', [0, 1]), apply('mul', [3, 2])],
              [{ buffer: 2, index: affine([columns, 1]), node: 4 }],
            ),
          ],
        )
        const f = { shape: [rows, columns], dtype: 'float32' as const }
        const x = random(rows * columns)
        const b = random(columns, 5)
        const [out] = run(kernelProgram(kernel, [f, { shape: [columns], dtype: 'float32' }], [f]), [x, b])
        const want = new Float32Array(rows * columns)
        for (let i = 0; i < rows; i++)
          for (let j = 0; j < columns; j++) want[i * columns + j] = Math.fround(x[j * rows + i]! - x[rows * columns - 1 - i * columns - j]!) * b[j]!
        expect(f32(out!)).toEqual(want)
      }),
      { numRuns: numSlowRuns },
    )
  })

  test('a guarded read gives its other value outside, and nothing is read there', () => {
    const nodes: Node[] = [
      { op: 'load', dtype: 'float32', buffer: 0, index: affine([5, 1], -6), guards: [{ index: affine([1], -1), low: 0, high: 4 }, { index: affine([0, 1], -1), low: 0, high: 5 }], otherwise: 7 },
    ]
    const kernel = loop([6, 7], [map([], nodes, [{ buffer: 1, index: affine([7, 1]), node: 0 }])])
    const x = random(20)
    const [out] = run(kernelProgram(kernel, [{ shape: [4, 5], dtype: 'float32' }], [{ shape: [6, 7], dtype: 'float32' }]), [x])
    const want = Float32Array.from({ length: 42 }, (_, k) => {
      const [i, j] = [Math.floor(k / 7) - 1, (k % 7) - 1]
      return i >= 0 && i < 4 && j >= 0 && j < 5 ? x[i * 5 + j]! : 7
    })
    expect(f32(out!)).toEqual(want)
  })

  test('a computed value under a guard: its reads are guarded too', () => {
    // pad(2 x, 1, 1) of a matrix, and one row shorter, so that an unguarded read would lie far outside
    const inside = [{ index: affine([1], -1), low: 0, high: 3 }, { index: affine([0, 1], -1), low: 0, high: 6 }]
    const nodes: Node[] = [load(0, affine([6, 1], -7)), literal(2), apply('mul', [0, 1]), literal(-1), { op: 'guarded', dtype: 'float32', guards: inside, inside: 2, outside: 3 }]
    const kernel = loop([5, 8], [map([], nodes, [{ buffer: 1, index: affine([8, 1]), node: 4 }])])
    const x = random(18)
    const [out] = run(kernelProgram(kernel, [{ shape: [3, 6], dtype: 'float32' }], [{ shape: [5, 8], dtype: 'float32' }]), [x])
    const want = Float32Array.from({ length: 40 }, (_, k) => {
      const [i, j] = [Math.floor(k / 8) - 1, (k % 8) - 1]
      return i >= 0 && i < 3 && j >= 0 && j < 6 ? 2 * x[i * 6 + j]! : -1
    })
    expect(f32(out!)).toEqual(want)
  })

  test('a reshape after a transpose reads through division and remainder', () => {
    const [a, b] = [6, 10]
    const flat = { constant: 0, terms: [{ coefficient: 1, atom: { kind: 'dim' as const, dim: 0 } }] }
    const index = {
      constant: 0,
      terms: [
        { coefficient: b, atom: { kind: 'mod' as const, of: flat, by: a } },
        { coefficient: 1, atom: { kind: 'floorDiv' as const, of: flat, by: a } },
      ],
    }
    for (const n of [a * b, a * b - 1]) {
      const kernel = loop([n], [map([], [load(0, index)], [{ buffer: 1, index: affine([1]), node: 0 }])])
      const x = random(a * b)
      const [out] = run(kernelProgram(kernel, [{ shape: [a * b], dtype: 'float32' }], [{ shape: [n], dtype: 'float32' }]), [x])
      expect(f32(out!)).toEqual(Float32Array.from({ length: n }, (_, k) => x[(k % a) * b + Math.floor(k / a)]!))
    }
  })

  test('a large transposing read, by tiles', () => {
    for (const [rows, columns] of [[96, 80], [64, 100], [70, 128]] as const) {
      const kernel = loop([rows, columns], [map([], [load(0, affine([1, rows])), load(1, affine([columns, 1])), apply('add', [0, 1])], [{ buffer: 2, index: affine([columns, 1]), node: 2 }])])
      const f = { shape: [rows, columns], dtype: 'float32' as const }
      const [x, y] = [random(rows * columns), random(rows * columns, 9)]
      const [out] = run(kernelProgram(kernel, [f, f], [f]), [x, y], 3)
      expect(f32(out!)).toEqual(Float32Array.from({ length: rows * columns }, (_, k) => x[(k % columns) * rows + Math.floor(k / columns)]! + y[k]!))
    }
  })

  test('a concatenation of computed values, a kernel a piece', () => {
    for (const [rows, columns, axis] of [[70, 96, 1], [96, 70, 0], [5, 9, 1]] as const) {
      const extent = axis === 1 ? columns : rows
      const cut = Math.floor(extent / 3)
      const along = axis === 1 ? affine([0, 1]) : affine([1])
      const nodes: Node[] = [
        load(0, affine([columns, 1])), apply('neg', [0]), load(1, affine([columns, 1])), apply('add', [2, 2]), literal(4),
        { op: 'guarded', dtype: 'float32', guards: [{ index: along, low: cut, high: 2 * cut }], inside: 3, outside: 4 },
        { op: 'guarded', dtype: 'float32', guards: [{ index: along, low: 0, high: cut }], inside: 1, outside: 5 },
      ]
      const kernel = loop([rows, columns], [map([], nodes, [{ buffer: 2, index: affine([columns, 1]), node: 6 }])])
      const f = { shape: [rows, columns], dtype: 'float32' as const }
      const [x, y] = [random(rows * columns), random(rows * columns, 9)]
      const [out] = run(kernelProgram(kernel, [f, f], [f]), [x, y])
      expect(f32(out!)).toEqual(
        Float32Array.from({ length: rows * columns }, (_, k) => {
          const at = axis === 1 ? k % columns : Math.floor(k / columns)
          return at < cut ? -x[k]! : at < 2 * cut ? 2 * y[k]! : 4
        }),
      )
    }
  })

  test('few long rows, by pieces', () => {
    for (const columns of [40_000, 40_003]) {
      const kernel = loop([3, columns], [map([], [load(0, affine([columns, 1])), load(1, affine([1])), apply('mul', [0, 1])], [{ buffer: 2, index: affine([columns, 1]), node: 2 }])])
      const f = { shape: [3, columns], dtype: 'float32' as const }
      const x = random(3 * columns)
      const scale = Float32Array.of(2, 3, 5)
      const [out] = run(kernelProgram(kernel, [f, { shape: [3], dtype: 'float32' }], [f]), [x, scale], 2)
      expect(f32(out!)).toEqual(x.map((v, k) => Math.fround(v * scale[Math.floor(k / columns)]!)))
    }
  })

  test('the same bits at every position of a row', () => {
    const n = 23
    const kernel = loop([n], [map([], [load(0, affine([1])), apply('exp', [0])], [{ buffer: 1, index: affine([1]), node: 1 }])])
    const f = { shape: [n], dtype: 'float32' as const }
    const [out] = run(kernelProgram(kernel, [f], [f]), [new Float32Array(n).fill(0.7)])
    expect(new Set(f32(out!)).size).toBe(1)
  })
})

describe('reductions', () => {
  test('rows and columns of any shape', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 90 }), fc.constantFrom('sum', 'max', 'min'), (rows, columns, combine) => {
        const x = random(rows * columns)
        const f = { shape: [rows, columns], dtype: 'float32' as const }
        const fold = (values: number[]): number => (combine === 'sum' ? values.reduce((p, q) => p + q, 0) : combine === 'max' ? Math.max(...values) : Math.min(...values))
        const by = (n: number, m: number, stride: number, inner: number): void => {
          const kernel = loop(
            [n],
            [
              { kind: 'reduce', inner: [m], nodes: [load(0, affine([stride, inner]))], accumulators: [{ combine, dtype: 'float32', node: 0, position: null }] },
              map([], [{ op: 'reduced', dtype: 'float32', stage: 0, output: 0 }], [{ buffer: 1, index: affine([1]), node: 0 }]),
            ],
          )
          const [out] = run(kernelProgram(kernel, [f], [{ shape: [n], dtype: 'float32' }]), [x])
          const got = f32(out!)
          for (let i = 0; i < n; i++) expect(got[i]!).toBeCloseTo(fold(Array.from({ length: m }, (_, k) => x[i * stride + k * inner]!)), 3)
        }
        by(rows, columns, columns, 1)
        by(columns, rows, 1, columns)
      }),
      { numRuns: numSlowRuns },
    )
  })

  test('softmax over rows in one kernel', () => {
    const [rows, columns] = [5, 37]
    const x = random(rows * columns)
    const at = affine([columns, 1])
    const reduced = (stage: number): Node => ({ op: 'reduced', dtype: 'float32', stage, output: 0 })
    const kernel = loop(
      [rows],
      [
        { kind: 'reduce', inner: [columns], nodes: [load(0, at)], accumulators: [{ combine: 'max', dtype: 'float32', node: 0, position: null }] },
        { kind: 'reduce', inner: [columns], nodes: [load(0, at), reduced(0), apply('sub', [0, 1]), apply('exp', [2])], accumulators: [{ combine: 'sum', dtype: 'float32', node: 3, position: null }] },
        map([columns], [load(0, at), reduced(0), apply('sub', [0, 1]), apply('exp', [2]), reduced(1), apply('div', [3, 4])], [{ buffer: 1, index: at, node: 5 }]),
      ],
    )
    const f = { shape: [rows, columns], dtype: 'float32' as const }
    const got = f32(run(kernelProgram(kernel, [f], [f]), [x])[0]!)
    for (let i = 0; i < rows; i++) {
      const row = [...x.subarray(i * columns, (i + 1) * columns)]
      const total = row.reduce((s, v) => s + Math.exp(v), 0)
      row.forEach((v, j) => expect(got[i * columns + j]!).toBeCloseTo(Math.exp(v) / total, 6))
    }
  })

  test('over two axes, the contiguous one innermost', () => {
    // Σ over (i, k) of x[k, j, i]
    const [a, b, c] = [7, 5, 33]
    const kernel = loop(
      [b],
      [
        { kind: 'reduce', inner: [c, a], nodes: [load(0, affine([c, 1, b * c]))], accumulators: [{ combine: 'sum', dtype: 'float32', node: 0, position: null }] },
        map([], [{ op: 'reduced', dtype: 'float32', stage: 0, output: 0 }], [{ buffer: 1, index: affine([1]), node: 0 }]),
      ],
    )
    const x = Float32Array.from({ length: a * b * c }, (_, i) => ((i * 13) % 29) - 14)
    const [out] = run(kernelProgram(kernel, [{ shape: [a, b, c], dtype: 'float32' }], [{ shape: [b], dtype: 'float32' }]), [x])
    const want = Array.from({ length: b }, (_, j) => x.reduce((sum, v, i) => sum + (Math.floor(i / c) % b === j ? v : 0), 0))
    expect([...f32(out!)]).toEqual(want)
  })

  test('a maximum with its place, of windows and of whole rows', () => {
    const [rows, columns] = [6, 8]
    const values = Float32Array.from({ length: rows * columns }, (_, i) => [3, NaN, -1, 7, 7, 2, -Infinity][(i * i) % 7]!)
    for (const inner of [[2, 4], [2, 2], [1, 8]] as const) {
      const space = [rows / inner[0], columns / inner[1]]
      const position = { constant: 0, terms: [{ coefficient: inner[1], atom: { kind: 'dim' as const, dim: 2 } }, { coefficient: 1, atom: { kind: 'dim' as const, dim: 3 } }] }
      const flat = affine([space[1]!, 1])
      const kernel = loop(space, [
        {
          kind: 'reduce', inner, nodes: [load(0, affine([inner[0] * columns, inner[1], columns, 1])), { op: 'index', dtype: 'int32', index: position }],
          accumulators: [{ combine: 'max', dtype: 'float32', node: 0, position: null }, { combine: 'argmax', dtype: 'int32', node: 0, position: 1 }],
        },
        map([], [{ op: 'reduced', dtype: 'float32', stage: 0, output: 0 }, { op: 'reduced', dtype: 'int32', stage: 0, output: 1 }], [{ buffer: 1, index: flat, node: 0 }, { buffer: 2, index: flat, node: 1 }]),
      ])
      const [largest, places] = run(kernelProgram(kernel, [{ shape: [rows, columns], dtype: 'float32' }], [{ shape: space, dtype: 'float32' }, { shape: space, dtype: 'int32' }]), [values])
      for (let i = 0; i < space[0]!; i++)
        for (let j = 0; j < space[1]!; j++) {
          const window = Array.from({ length: inner[0] * inner[1] }, (_, k) => values[(i * inner[0] + Math.floor(k / inner[1])) * columns + j * inner[1] + (k % inner[1])]!)
          const nan = window.findIndex(Number.isNaN)
          const at = nan >= 0 ? nan : window.indexOf(Math.max(...window))
          const k = i * space[1]! + j
          expect(new Int32Array(places!.slice().buffer)[k]).toBe(at)
          expect(f32(largest!)[k]).toBe(window[at])
        }
    }
  })

  test('argmax: the first extremum, the first NaN', () => {
    for (const [values, want] of [
      [[1, 5, 5, 2, 5, 0, 0, 0, 0, 0, 0, 5, 1, 1, 1, 1, 1, 1], 1],
      [[1, 5, 5, 2, 5, NaN, 0, 0, 0, NaN, 0, 9, 1, 1, 1, 1, 1, 1], 5],
      [Array<number>(18).fill(-Infinity), 0],
    ] as const) {
      const kernel = loop(
        [],
        [
          { kind: 'reduce', inner: [18], nodes: [load(0, affine([1])), { op: 'index', dtype: 'int32', index: affine([1]) }], accumulators: [{ combine: 'argmax', dtype: 'int32', node: 0, position: 1 }] },
          map([], [{ op: 'reduced', dtype: 'int32', stage: 0, output: 0 }], [{ buffer: 1, index: affine([]), node: 0 }]),
        ],
      )
      const [out] = run(kernelProgram(kernel, [{ shape: [18], dtype: 'float32' }], [{ shape: [], dtype: 'int32' }]), [Float32Array.from(values)])
      expect(new Int32Array(out!.buffer)[0]).toBe(want)
    }
  })

  test('the text is printed from the same instructions as the bytes', () => {
    const kernel = loop([8], [map([], [load(0, affine([1])), apply('neg', [0])], [{ buffer: 1, index: affine([1]), node: 1 }])])
    const f = { shape: [8], dtype: 'float32' as const }
    const { program, plan } = kernelProgram(kernel, [f], [f])
    expect(printWat(emitProgram(program, plan).module)).toContain('f32x4.neg')
  })
})
