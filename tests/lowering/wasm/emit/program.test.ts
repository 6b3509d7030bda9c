import { describe, expect, test } from 'vitest'
import { lax, lower, np } from '../../../../src/index.ts'
import { lowerToProgram } from '../../../../src/lowering/index.ts'
import type { Index, LoopStep, ScatterKernel, SortKernel } from '../../../../src/lowering/kernel-ir/index.ts'
import { emitProgram, printWat } from '../../../../src/lowering/wasm/index.ts'
import '../../../families.ts'
import { assembled } from '../asm/assemble.ts'
import { affine, apply, f32, kernelProgram, literal, load, loop, map, programOf, run, runEmitted } from './harness.ts'

const f = (...shape: number[]): { shape: number[]; dtype: 'float32' } => ({ shape, dtype: 'float32' })
const i32 = (...shape: number[]): { shape: number[]; dtype: 'int32' } => ({ shape, dtype: 'int32' })

describe('programs', () => {
  test('kernels follow each other through a temp', () => {
    const double = (from: number, to: number) => ({ kind: 'kernel' as const, kernel: loop([5], [map([], [load(from, affine([1])), apply('add', [0, 0])], [{ buffer: to, index: affine([1]), node: 1 }])]) })
    const p = programOf([{ ...f(5), role: { kind: 'input', position: 0 } }, { ...f(5), role: { kind: 'output', position: 0 } }, { ...f(5), role: { kind: 'temp' } }], [double(0, 2), double(2, 1)])
    expect([...f32(run(p, [Float32Array.of(1, 2, 3, 4, 5)])[0]!)]).toEqual([4, 8, 12, 16, 20])
  })

  const scan = (count: number, reverse: boolean): ReturnType<typeof programOf> => {
    // carry = 0.5 carry + x_t; y_t = carry
    const body = loop([3], [
      map([], [load(5, affine([1])), literal(0.5), apply('mul', [0, 1]), load(4, affine([1])), apply('add', [2, 3])], [
        { buffer: 6, index: affine([1]), node: 4 },
        { buffer: 7, index: affine([1]), node: 4 },
      ]),
    ])
    const step: LoopStep = { kind: 'loop', count, reverse, slices: [4, 7], carries: [{ initial: 0, current: 5, next: 6, final: 2, spare: 8 }], body: [{ kind: 'kernel', kernel: body }] }
    return programOf(
      [
        { ...f(3), role: { kind: 'input', position: 0 } },
        { ...f(count, 3), role: { kind: 'input', position: 1 } },
        { ...f(3), role: { kind: 'output', position: 0 } },
        { ...f(count, 3), role: { kind: 'output', position: 1 } },
        { ...f(3), role: { kind: 'slice', of: 1 } },
        { ...f(3), role: { kind: 'carry', side: 'current' } },
        { ...f(3), role: { kind: 'carry', side: 'next' } },
        { ...f(3), role: { kind: 'slice', of: 3 } },
        { ...f(3), role: { kind: 'temp' } },
      ],
      [step],
    )
  }

  test('a loop carries by exchanging places and slices by t', () => {
    for (const count of [1, 2, 3, 8]) {
      for (const reverse of [false, true]) {
        const x = Float32Array.from({ length: 3 * count }, (_, i) => i)
        const [final, ys] = run(scan(count, reverse), [Float32Array.of(8, 16, 32), x])
        const carry = [8, 16, 32]
        const want = new Float32Array(3 * count)
        for (let k = 0; k < count; k++) {
          const t = reverse ? count - 1 - k : k
          for (let j = 0; j < 3; j++) want[3 * t + j] = carry[j] = Math.fround(carry[j]! * 0.5 + x[3 * t + j]!)
        }
        expect([...f32(final!)]).toEqual(carry)
        expect(f32(ys!)).toEqual(want)
      }
    }
  })

  test('the module is as large for 10,000 iterations as for 10', () => {
    const bytes = [10, 10_000].map((count) => {
      const { program, plan } = scan(count, false)
      return emitProgram(program, plan).bytes.length
    })
    expect(Math.abs(bytes[0]! - bytes[1]!)).toBeLessThan(8)
  })

  test('the text assembles to the same bytes', () => {
    const { program, plan } = scan(5, true)
    const emitted = emitProgram(program, plan)
    expect(Buffer.from(assembled(printWat(emitted.module))).equals(Buffer.from(emitted.bytes))).toBe(true)
  })

  test('equal kernels on different buffers are one function', () => {
    const neg = (from: number, to: number) => ({ kind: 'kernel' as const, kernel: loop([5], [map([], [load(from, affine([1])), apply('neg', [0])], [{ buffer: to, index: affine([1]), node: 1 }])]) })
    const p = programOf([{ ...f(5), role: { kind: 'input', position: 0 } }, { ...f(5), role: { kind: 'output', position: 0 } }, { ...f(5), role: { kind: 'temp' } }], [neg(0, 2), neg(2, 1)])
    expect(printWat(emitProgram(p.program, p.plan).module).match(/^ *\(func \$/gm)).toHaveLength(2)
  })

  describe('products and convolutions of different sizes share their code', () => {
    type F = (...xs: np.NDArray[]) => np.NDArray
    const functions = (f: F, ...shapes: readonly number[][]): string[] => {
      const { program, plan } = lowerToProgram(lower(f)(...shapes.map((shape) => np.zeros(shape))).jaxpr)
      return [...printWat(emitProgram(program, plan).module).matchAll(/^ *\(func \$([A-Za-z_]\w*)/gm)].map(([, name]) => name!)
    }
    /** What is not a kernel's own. */
    const common = (names: readonly string[]): string[] => names.filter((name) => !/^(run|k\d.*)$/.test(name))

    test('three products have the functions of one', () => {
      const one = functions((a, b) => a.matmul(b), [200, 300], [300, 400])
      const three = functions((a, b, c, d) => a.matmul(b).matmul(c).matmul(d), [200, 300], [300, 400], [400, 50], [50, 77])
      expect(common(one)).toMatchInlineSnapshot(`
        [
          "strips_float32",
          "tile5_float32",
          "panel5_float32",
          "tile4_float32",
          "panel4_float32",
          "tile1_float32",
          "panel1_float32",
          "square_float32",
          "columns_float32",
        ]
      `)
      expect(common(three)).toEqual(common(one))
    })
    test('two convolutions have the functions of one', () => {
      const conv = (x: np.NDArray, w: np.NDArray): np.NDArray => lax.convGeneralDilated(x, w, { windowStrides: [1, 1], padding: 'VALID', dimensionNumbers: ['NHWC', 'HWIO', 'NHWC'] })
      const one = functions((x, w) => conv(x, w), [8, 20, 20, 16], [5, 5, 16, 32])
      const two = functions((x, w, v) => conv(conv(x, w), v), [8, 20, 20, 16], [5, 5, 16, 32], [5, 5, 32, 24])
      expect(common(one)).toMatchInlineSnapshot(`
        [
          "strips_windows_float32",
          "tile5_float32",
          "window5_float32",
          "tile4_float32",
          "window4_float32",
          "tile1_float32",
          "window1_float32",
          "square_float32",
          "columns_float32",
        ]
      `)
      expect(common(two)).toEqual(common(one))
    })
  })
})

describe('scatter', () => {
  const scatter = (combine: ScatterKernel['combine'], mode: ScatterKernel['mode'], n: number, m: number, width: number): ScatterKernel => ({
    kind: 'scatter', name: 's', operand: 0, out: 3, dtype: 'float32', space: [m, width], combine, mode, value: 1, index: affine([0, 1]),
    nodes: [load(1, affine([1]), 'int32'), load(2, affine([width, 1]))],
    positions: [{ position: 0, stride: width, limit: n - 1 }],
  })
  test('rows are added, overwritten in order, dropped or clamped', () => {
    for (const width of [1, 4, 7]) {
      for (const combine of ['set', 'sum', 'prod', 'min', 'max'] as const) {
        for (const mode of ['drop', 'clip'] as const) {
          const [n, m] = [4, 6]
          const operand = Float32Array.from({ length: n * width }, (_, i) => i + 1)
          const places = Int32Array.of(1, -1, 3, 1, 9, 3)
          const updates = Float32Array.from({ length: m * width }, (_, i) => 0.5 * i - 3)
          const [out] = run(kernelProgram(scatter(combine, mode, n, m, width), [f(n, width), i32(m), f(m, width)], [f(n, width)]), [operand, places, updates])
          const want = operand.slice()
          places.forEach((p, i) => {
            if (mode === 'drop' && (p < 0 || p >= n)) return
            const row = Math.min(Math.max(p, 0), n - 1)
            for (let j = 0; j < width; j++) {
              const [old, x] = [want[row * width + j]!, updates[i * width + j]!]
              want[row * width + j] = { set: x, sum: old + x, prod: old * x, min: Math.min(old, x), max: Math.max(old, x) }[combine]
            }
          })
          expect(f32(out!)).toEqual(want)
        }
      }
    }
  })
})

describe('gather', () => {
  test('rows by computed positions, clamped or filled', () => {
    for (const mode of ['clip', 'fill'] as const) {
      for (const width of [1, 6]) {
        const places = Int32Array.of(2, 0, 7, -3, 1)
        const table = Float32Array.from({ length: 3 * width }, (_, i) => i)
        const kernel = loop([5, width], [
          map([], [load(1, affine([1]), 'int32'), { op: 'gather', dtype: 'float32', buffer: 0, index: affine([0, 1]), positions: [{ position: 0, stride: width, limit: 2 }], mode, guards: [], otherwise: -1 }], [
            { buffer: 2, index: affine([width, 1]), node: 1 },
          ]),
        ])
        const [out] = run(kernelProgram(kernel, [f(3, width), i32(5)], [f(5, width)]), [table, places])
        const want = Float32Array.from({ length: 5 * width }, (_, k) => {
          const p = places[Math.floor(k / width)]!
          if (mode === 'fill' && (p < 0 || p > 2)) return -1
          return table[Math.min(Math.max(p, 0), 2) * width + (k % width)]!
        })
        expect(f32(out!)).toEqual(want)
      }
    }
  })
})

describe('sort', () => {
  const sort = (outer: number, length: number, inner: number, descending: boolean): SortKernel => ({
    kind: 'sort', name: 's', outer, length, inner, keep: length, numKeys: 1, descending,
    operands: [{ from: 0, to: 2, dtype: 'float32' }, { from: 1, to: 3, dtype: 'int32' }],
  })
  test('stable, NaN last, along any axis; zeros are equal upwards, +0 comes first downwards', () => {
    for (const [outer, length, inner] of [[1, 11, 1], [2, 5, 3], [3, 1, 2], [1, 130, 1], [1, 16391, 1], [2, 20_000, 2]] as const) {
      for (const descending of [false, true]) {
        const n = outer * length * inner
        const x = Float32Array.from({ length: n }, (_, i) => [3, -0, 0, NaN, -2, 3, 1, -Infinity, Infinity][(i * 7) % 9]!)
        const tags = Int32Array.from({ length: n }, (_, i) => i)
        const [values, order] = run(kernelProgram(sort(outer, length, inner, descending), [f(n), i32(n)], [f(n), i32(n)]), [x, tags])
        const [places, sorted] = [new Int32Array(order!.slice().buffer), f32(values!)]
        const rank = (v: number): number => (Number.isNaN(v) ? Infinity : v)
        const key = (i: number): [number, number] => [Number.isNaN(x[i]!) ? 1 : 0, descending && Object.is(x[i], -0) ? 0 : 1]
        for (let o = 0; o < outer; o++) {
          for (let k = 0; k < inner; k++) {
            const row = Array.from({ length }, (_, i) => (o * length + i) * inner + k)
            const compare = (a: number, b: number): number => key(a)[0] - key(b)[0] || (rank(x[a]!) === rank(x[b]!) ? key(a)[1] - key(b)[1] : rank(x[a]!) < rank(x[b]!) ? -1 : 1)
            const want = row.toSorted((a, b) => (descending ? compare(b, a) : compare(a, b)) || a - b)
            expect(Int32Array.from(row, (i) => places[i]!)).toEqual(Int32Array.from(want))
            expect(Float32Array.from(row, (i) => sorted[i]!)).toEqual(Float32Array.from(want, (i) => x[i]!))
          }
        }
      }
    }
  })
  test('several keys of several dtypes', () => {
    const a = Int8Array.of(1, -1, 1, -1, 0, 1)
    const b = Float64Array.of(2.5, 3, -1e300, 3, 0, 2.5000000001)
    const kernel: SortKernel = { kind: 'sort', name: 's', outer: 1, length: 6, inner: 1, keep: 6, numKeys: 2, descending: false, operands: [{ from: 0, to: 2, dtype: 'int8' }, { from: 1, to: 3, dtype: 'float64' }] }
    const p = kernelProgram(kernel, [{ shape: [6], dtype: 'int8' }, { shape: [6], dtype: 'float64' }], [{ shape: [6], dtype: 'int8' }, { shape: [6], dtype: 'float64' }])
    const [x, y] = run(p, [a, b])
    expect([...new Int8Array(x!.buffer)]).toEqual([-1, -1, 0, 1, 1, 1])
    expect([...new Float64Array(y!.slice().buffer)]).toEqual([3, 3, 0, -1e300, 2.5, 2.5000000001])
  })
  test('several keys of a long row, results over the operands', () => {
    const n = 30_000
    const a = Int8Array.from({ length: n }, (_, i) => (i * 7919) % 5)
    const b = Float64Array.from({ length: n }, (_, i) => Math.sin(i) * 10 ** (i % 7))
    const tags = Int32Array.from({ length: n }, (_, i) => i)
    const kernel: SortKernel = {
      kind: 'sort', name: 's', outer: 1, length: n, inner: 1, keep: n, numKeys: 2, descending: false,
      operands: [{ from: 0, to: 3, dtype: 'int8' }, { from: 1, to: 4, dtype: 'float64' }, { from: 2, to: 5, dtype: 'int32' }],
    }
    const types = [{ shape: [n], dtype: 'int8' as const }, { shape: [n], dtype: 'float64' as const }, i32(n)]
    const { program, plan } = kernelProgram(kernel, types, types)
    const [x, y, z] = runEmitted(emitProgram(program, plan), program, [a, b, tags], 1, new Map([[0, 0], [1, 1], [2, 2]]))
    const want = [...tags].sort((i, j) => a[i]! - a[j]! || b[i]! - b[j]!)
    expect(new Int32Array(z!.slice().buffer)).toEqual(Int32Array.from(want))
    expect(new Int8Array(x!.slice().buffer)).toEqual(Int8Array.from(want, (i) => a[i]!))
    expect(new Float64Array(y!.slice().buffer)).toEqual(Float64Array.from(want, (i) => b[i]!))
  })
})

test('the mean of a million 0.1s', () => {
  const n = 1_000_000
  const kernel = loop([], [
    { kind: 'reduce', inner: [n], nodes: [load(0, affine([1]))], accumulators: [{ combine: 'sum', dtype: 'float32', node: 0, position: null }] },
    map([], [{ op: 'reduced', dtype: 'float32', stage: 0, output: 0 }, literal(n), apply('div', [0, 1])], [{ buffer: 1, index: affine([]), node: 2 }]),
  ])
  const [out] = run(kernelProgram(kernel, [f(n)], [f()]), [new Float32Array(n).fill(0.1)])
  expect(Math.abs(f32(out!)[0]! - 0.1)).toBeLessThan(1e-7)
})

test('a contraction with an epilogue', () => {
  const [m, n, k] = [5, 9, 7]
  const dim = (d: number, c = 1): Index['terms'][number] => ({ coefficient: c, atom: { kind: 'dim', dim: d } })
  const p = kernelProgram(
    {
      kind: 'contraction', name: 'dot', dtype: 'float32', batch: [], m: [m], n: [n], k: [k], sliding: [],
      lhs: [load(0, { constant: 0, terms: [dim(0, k), dim(2)] })],
      rhs: [load(1, { constant: 0, terms: [dim(2, n), dim(1)] })],
      epilogue: [{ op: 'accumulator', dtype: 'float32', output: 0 }, load(2, { constant: 0, terms: [dim(1)] }), apply('add', [0, 1])],
      stores: [{ buffer: 3, index: { constant: 0, terms: [dim(0, n), dim(1)] }, node: 2 }],
    },
    [f(m, k), f(k, n), f(n)],
    [f(m, n)],
  )
  const [a, b, c] = [m * k, k * n, n].map((size, s) => Float32Array.from({ length: size }, (_, i) => ((i * 7 + s) % 11) - 5))
  const want = Float32Array.from({ length: m * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n]
    let sum = c![j]!
    for (let q = 0; q < k; q++) sum += a![i * k + q]! * b![q * n + j]!
    return sum
  })
  expect(f32(run(p, [a!, b!, c!])[0]!)).toEqual(want)
})
