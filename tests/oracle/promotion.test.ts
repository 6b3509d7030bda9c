import { type DType, np } from 'pullback'
import { describe, expect, test } from 'vitest'
import { load } from './load.ts'

type Name = DType | 'int*' | 'float*' | 'complex*'
type Entry = readonly [dtype: DType, weak: boolean]
const { pairs } = load<{ pairs: Record<Name, Record<Name, Entry>> }>('promotion.json')

const names = Object.keys(pairs) as Name[]
const strong = names.filter((n): n is DType => !n.endsWith('*'))

describe('the lattice of dtypes is JAX’s', () => {
  for (const a of strong) {
    test(`${a} with every dtype`, () => {
      const expected = Object.fromEntries(strong.map((b) => [b, pairs[a][b][0]]))
      expect(Object.fromEntries(strong.map((b) => [b, np.promoteTypes(a, b)]))).toEqual(expected)
    })
  }
})

// A plain integer-valued number takes the array's dtype; a fractional one makes integers float32 (a JAX float).
describe('plain numbers are weakly typed', () => {
  const real = strong.filter((a) => !a.startsWith('complex'))
  for (const a of real) {
    test(`${a} with a number`, () => {
      const x = np.zeros([2], { dtype: a })
      const whole = np.add(x, 2)
      const fraction = np.add(x, 2.5)
      expect([fraction.dtype, fraction.aval.weakType]).toEqual(pairs[a]['float*'])
      expect([whole.dtype, whole.aval.weakType]).toEqual(pairs[a]['int*'])
      expect(np.add(2, x).dtype).toBe(whole.dtype)
      expect(np.add(x, true).dtype).toBe(pairs[a].bool[0])
    })
  }

  test('operations of two arrays give the lattice’s dtype', () => {
    for (const a of real) {
      for (const b of real) {
        const sum = np.add(np.zeros([2], { dtype: a }), np.ones([2], { dtype: b }))
        expect(`${a} + ${b} = ${sum.dtype}`).toBe(`${a} + ${b} = ${pairs[a][b][0]}`)
      }
    }
  })
})

test('a reduction ends weakness, as in jax.numpy', () => {
  const weak = np.full([3], 1)
  expect(weak.aval.weakType).toBe(true)
  for (const f of [np.sum, np.prod, np.max, np.min, np.mean, np.var, np.std]) expect(f(weak).aval).toEqual({ shape: [], dtype: 'float32', weakType: false })
  for (const f of [np.sin, np.square, np.sort]) expect(f(weak).aval.weakType).toBe(true)
})
