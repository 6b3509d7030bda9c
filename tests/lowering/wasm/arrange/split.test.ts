import { describe, expect, test } from 'vitest'
import type { Node } from '../../../../src/lowering/kernel-ir/index.ts'
import { affine, apply, f32, kernelProgram, load, loop, map, run } from '../emit/harness.ts'

// Reductions so long that they fall into chunks: the results are those of one pass.
describe('long reductions', () => {
  const sizes = [65_536, 100_003]
  const reduced = (dtype: 'float32' | 'int32', output = 0): Node => ({ op: 'reduced', dtype, stage: 0, output })

  test('of an array to a scalar', () => {
    for (const n of sizes) {
      const x = Float32Array.from({ length: n }, (_, i) => Math.fround(Math.sin(i)))
      x[n - 5] = 2
      for (const combine of ['sum', 'max', 'min', 'argmax', 'argmin'] as const) {
        const arg = combine === 'argmax' || combine === 'argmin'
        const dtype = arg ? 'int32' : 'float32'
        const kernel = loop([], [
          { kind: 'reduce', inner: [n], nodes: [load(0, affine([1])), { op: 'index', dtype: 'int32', index: affine([1]) }], accumulators: [{ combine: combine, dtype, node: 0, position: arg ? 1 : null }] },
          map([], [reduced(dtype)], [{ buffer: 1, index: affine([]), node: 0 }]),
        ])
        const [out] = run(kernelProgram(kernel, [{ shape: [n], dtype: 'float32' }], [{ shape: [], dtype }]), [x])
        if (arg) expect(new Int32Array(out!.buffer)[0]).toBe(x.indexOf(combine === 'argmax' ? Math.max(...x) : x.reduce((a, b) => Math.min(a, b))))
        else expect(f32(out!)[0]!).toBeCloseTo(x.reduce((a, b) => (combine === 'sum' ? a + b : combine === 'max' ? Math.max(a, b) : Math.min(a, b))), 3)
      }
    }
  })

  test('of many rows to few columns', () => {
    for (const [rows, columns] of [[43_264, 6], [40_009, 6], [4_099, 100], [512, 520]] as const) {
      const x = Float32Array.from({ length: rows * columns }, (_, i) => ((i * 31) % 17) - 8)
      const kernel = loop([columns], [
        { kind: 'reduce', inner: [rows], nodes: [load(0, affine([1, columns]))], accumulators: [{ combine: 'sum', dtype: 'float32', node: 0, position: null }] },
        map([], [reduced('float32')], [{ buffer: 1, index: affine([1]), node: 0 }]),
      ])
      const [out] = run(kernelProgram(kernel, [{ shape: [rows, columns], dtype: 'float32' }], [{ shape: [columns], dtype: 'float32' }]), [x])
      expect([...f32(out!)]).toEqual(Array.from({ length: columns }, (_, j) => Array.from({ length: rows }, (_u, i) => x[i * columns + j]!).reduce((a, b) => a + b)))
    }
  })

  test('with stages after them: softmax of long rows', () => {
    const [rows, columns] = [2, 40_000]
    const x = Float32Array.from({ length: rows * columns }, (_, i) => Math.sin(i * i))
    const at = affine([columns, 1])
    const kernel = loop([rows], [
      { kind: 'reduce', inner: [columns], nodes: [load(0, at)], accumulators: [{ combine: 'max', dtype: 'float32', node: 0, position: null }] },
      {
        kind: 'reduce', inner: [columns], nodes: [load(0, at), reduced('float32'), apply('sub', [0, 1]), apply('exp', [2])],
        accumulators: [{ combine: 'sum', dtype: 'float32', node: 3, position: null }],
      },
      map([columns], [load(0, at), reduced('float32'), apply('sub', [0, 1]), apply('exp', [2]), { op: 'reduced', dtype: 'float32', stage: 1, output: 0 }, apply('div', [3, 4])], [{ buffer: 1, index: at, node: 5 }]),
    ])
    const f = { shape: [rows, columns], dtype: 'float32' as const }
    const got = f32(run(kernelProgram(kernel, [f], [f]), [x])[0]!)
    for (let i = 0; i < rows; i++) {
      const row = x.subarray(i * columns, (i + 1) * columns)
      let total = 0
      for (const v of row) total += Math.exp(v)
      for (let j = 0; j < columns; j += 97) expect(got[i * columns + j]! * total).toBeCloseTo(Math.exp(row[j]!), 4)
    }
  })
})
