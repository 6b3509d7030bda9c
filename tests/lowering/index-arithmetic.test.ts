/** Simplification of index maps: the same value at every point, in fewer terms. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addIndex, dimIndex, floorDivIndex, type Index, type IndexAtom, indexKey, modIndex, scaleIndex, simplify, unflattenIndex } from '../../src/lowering/kernel-ir/index.ts'
import { sized } from '../scale.ts'

const value = (index: Index, point: readonly number[]): number => index.constant + index.terms.reduce((sum, t) => sum + t.coefficient * atomValue(t.atom, point), 0)
function atomValue(atom: IndexAtom, point: readonly number[]): number {
  if (atom.kind === 'dim') return point[atom.dim]!
  const of = value(atom.of, point)
  return atom.kind === 'floorDiv' ? Math.floor(of / atom.by) : of - Math.floor(of / atom.by) * atom.by
}

/** Divisors and coefficients that often have factors in common. */
const factor = fc.constantFrom(1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64)
const signed = fc.tuple(factor, fc.boolean()).map(([n, negative]) => (negative ? -n : n))
function indexOf(rank: number, depth: number): fc.Arbitrary<Index> {
  const dim: fc.Arbitrary<IndexAtom> = fc.nat(rank - 1).map((d) => ({ kind: 'dim', dim: d }))
  const atom: fc.Arbitrary<IndexAtom> = depth === 0 ? dim : fc.oneof(dim, fc.record({ kind: fc.constantFrom('floorDiv', 'mod'), of: indexOf(rank, depth - 1), by: factor }))
  return fc.record({ constant: fc.integer({ min: -70, max: 70 }), terms: fc.array(fc.record({ coefficient: signed, atom }), { maxLength: 3 }) })
}
const cases = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 3 }).chain((sizes) => fc.record({ sizes: fc.constant(sizes), index: indexOf(sizes.length, 2), by: factor }))

function* points(sizes: readonly number[]): Generator<number[]> {
  const total = sizes.reduce((a, b) => a * b, 1)
  for (let k = 0; k < total; k++) {
    let rest = k
    yield sizes.map((n) => {
      const at = rest % n
      rest = Math.floor(rest / n)
      return at
    })
  }
}

test('no value changes', () => {
  fc.assert(
    fc.property(cases, ({ sizes, index, by }) => {
      const [simple, quotient, remainder] = [simplify(index, sizes), floorDivIndex(index, by, sizes), modIndex(index, by, sizes)]
      for (const point of points(sizes)) {
        const at = value(index, point)
        expect(value(simple, point)).toBe(at)
        expect(value(quotient, point)).toBe(Math.floor(at / by))
        expect(value(remainder, point)).toBe(at - Math.floor(at / by) * by)
      }
    }),
    { numRuns: sized(400, 20_000) },
  )
})

test('a block that ends where an axis does needs no division of what runs inside of it', () => {
  // 32 · block + inside in an array of [3, 3, 64]
  const sizes = [18, 32]
  const place = addIndex(scaleIndex(dimIndex(0), 32), dimIndex(1), sizes)
  expect(unflattenIndex(place, [3, 3, 64], sizes).map(indexKey)).toEqual(['0+1q6(0+1d0)', '0+1m3(0+1q2(0+1d0))', '0+1d1+32m2(0+1d0)'])
})
