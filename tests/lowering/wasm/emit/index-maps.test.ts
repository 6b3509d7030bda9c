import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type DType, dtypeInfo, dtypes } from '../../../../src/core/dtype.ts'
import type { Guard, Index, IndexAtom } from '../../../../src/lowering/kernel-ir/index.ts'
import { numRuns } from '../../../scale.ts'
import { kernelProgram, loop, map, run } from './harness.ts'

// Copies through random quasi-affine index maps and guards, of every width, against the maps evaluated point by point.

const value = (index: Index, point: readonly number[]): number => index.constant + index.terms.reduce((sum, t) => sum + t.coefficient * atomValue(t.atom, point), 0)
const atomValue = (atom: IndexAtom, point: readonly number[]): number => {
  if (atom.kind === 'dim') return point[atom.dim]!
  const of = value(atom.of, point)
  return atom.kind === 'floorDiv' ? Math.floor(of / atom.by) : of - Math.floor(of / atom.by) * atom.by
}

const flat = (space: readonly number[]): Index => {
  let stride = 1
  const terms: Index['terms'][number][] = []
  for (let d = space.length - 1; d >= 0; d--) {
    terms.unshift({ coefficient: stride, atom: { kind: 'dim', dim: d } })
    stride *= space[d]!
  }
  return { constant: 0, terms }
}

const size = (space: readonly number[]): number => space.reduce((a, b) => a * b, 1)

/** Any sum of variables, and of quotients and remainders of such sums. */
const arbitraryIndex = (rank: number, depth: number): fc.Arbitrary<Index> => {
  const dim: fc.Arbitrary<IndexAtom> = fc.nat(rank - 1).map((d) => ({ kind: 'dim', dim: d }))
  const atom: fc.Arbitrary<IndexAtom> = depth === 0 ? dim : fc.oneof(dim, fc.record({ kind: fc.constantFrom('floorDiv', 'mod'), of: arbitraryIndex(rank, depth - 1), by: fc.integer({ min: 1, max: 9 }) }))
  return fc.record({ constant: fc.integer({ min: -9, max: 9 }), terms: fc.array(fc.record({ coefficient: fc.integer({ min: -6, max: 6 }), atom }), { maxLength: 3 }) })
}

const guardOf = (index: Index): fc.Arbitrary<Guard> => fc.record({ index: fc.constant(index), low: fc.integer({ min: -8, max: 8 }), high: fc.integer({ min: 0, max: 24 }) }).map((g) => ({ ...g, high: Math.max(g.low + 1, g.high) }))

const kernels = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 }).chain((space) =>
  fc.record({
    space: fc.constant(space),
    read: arbitraryIndex(space.length, 2),
    guards: fc.array(arbitraryIndex(space.length, 1).chain(guardOf), { maxLength: 2 }),
    dtype: fc.constantFrom(...dtypes),
    threads: fc.constantFrom(1, 3),
  }),
)

const points = (space: readonly number[]): number[][] => Array.from({ length: size(space) }, (_, k) => {
  const point: number[] = []
  let rest = k
  for (let d = space.length - 1; d >= 0; d--) {
    point.unshift(rest % space[d]!)
    rest = Math.floor(rest / space[d]!)
  }
  return point
})

describe('index maps', () => {
  test('reads through any map, guarded or not', () => {
    fc.assert(
      fc.property(kernels, ({ space, read, guards, dtype, threads }) => {
        const all = points(space)
        // shifted so that the least place read is the first element
        const holds = (p: readonly number[]): boolean => guards.every((g) => value(g.index, p) >= g.low && value(g.index, p) < g.high)
        const places = all.filter(holds).map((p) => value(read, p))
        const least = places.reduce((a, b) => Math.min(a, b), 0)
        const length = places.reduce((a, b) => Math.max(a, b), 0) - least + 1
        const index: Index = { constant: read.constant - least, terms: read.terms }
        const bytes = dtypeInfo[dtype].bytes
        const x = Uint8Array.from({ length: length * bytes }, (_, i) => (dtype === 'bool' ? (i * 7) % 2 : dtype === 'float16' || dtype === 'bfloat16' ? (i * 37) % 60 : (i * 37 + 11) % 251))
        const kernel = loop(space, [map([], [{ op: 'load', dtype, buffer: 0, index, guards, otherwise: 0 }], [{ buffer: 1, index: flat(space), node: 0 }])])
        const [out] = run(kernelProgram(kernel, [{ shape: [length], dtype }], [{ shape: [size(space)], dtype }]), [x], threads)
        const want = new Uint8Array(all.length * bytes)
        all.forEach((p, k) => {
          if (holds(p)) want.set(x.subarray(value(index, p) * bytes, (value(index, p) + 1) * bytes), k * bytes)
        })
        expect(out).toEqual(want)
      }),
      { numRuns: 4 * numRuns },
    )
  })

  test('iota through any map', () => {
    fc.assert(
      fc.property(kernels, ({ space, read }) => {
        const kernel = loop(space, [map([], [{ op: 'index', dtype: 'int32', index: read }], [{ buffer: 0, index: flat(space), node: 0 }])])
        const [out] = run(kernelProgram(kernel, [], [{ shape: [size(space)], dtype: 'int32' }]), [])
        expect([...new Int32Array(out!.slice().buffer)]).toEqual(points(space).map((p) => value(read, p)))
      }),
      { numRuns },
    )
  })

  test('writes through any permutation of the axes, reversed or not', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 }).chain((space) => fc.record({ space: fc.constant(space), order: fc.shuffledSubarray(space.map((_, d) => d), { minLength: space.length }), reversed: fc.array(fc.boolean(), { minLength: space.length, maxLength: space.length }), dtype: fc.constantFrom<DType>('float32', 'uint8', 'float64', 'complex128', 'int16') })),
        ({ space, order, reversed, dtype }) => {
          const terms: Index['terms'][number][] = []
          let stride = 1
          let constant = 0
          for (const d of order) {
            terms.push({ coefficient: reversed[d] ? -stride : stride, atom: { kind: 'dim', dim: d } })
            if (reversed[d]) constant += stride * (space[d]! - 1)
            stride *= space[d]!
          }
          const to: Index = { constant, terms }
          const bytes = dtypeInfo[dtype].bytes
          const n = size(space)
          const x = Uint8Array.from({ length: n * bytes }, (_, i) => (i * 37 + 11) % 251)
          const kernel = loop(space, [map([], [{ op: 'load', dtype, buffer: 0, index: flat(space), guards: [], otherwise: 0 }], [{ buffer: 1, index: to, node: 0 }])])
          const [out] = run(kernelProgram(kernel, [{ shape: [n], dtype }], [{ shape: [n], dtype }]), [x])
          const want = new Uint8Array(n * bytes)
          points(space).forEach((p, k) => want.set(x.subarray(k * bytes, (k + 1) * bytes), value(to, p) * bytes))
          expect(out).toEqual(want)
        },
      ),
      { numRuns },
    )
  })
})
