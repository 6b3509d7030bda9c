// Contractions against plain loops, and the operations they are made of.
import fc from 'fast-check'
import { ArgumentError, makeJaxpr, type NDArray, np, ShapeError } from 'pullback'
import { describe, expect, test } from 'vitest'
import { numSlowRuns } from '../scale.ts'

/** Sums over every assignment of the letters: the definition. */
function byLoops(terms: readonly string[], output: string, sizes: Readonly<Record<string, number>>, arrays: readonly NDArray[]): number[] {
  const values = arrays.map((a) => a.dataSync())
  const summed = Object.keys(sizes).filter((l) => !output.includes(l))
  const letters = [...output, ...summed]
  const out = new Array<number>([...output].reduce((n, l) => n * sizes[l]!, 1)).fill(0)
  const place = (term: string, at: Readonly<Record<string, number>>): number => [...term].reduce((n, l) => n * sizes[l]! + at[l]!, 0)
  const walk = (i: number, at: Readonly<Record<string, number>>): void => {
    if (i === letters.length) {
      out[place(output, at)]! += terms.reduce((p, t, k) => p * values[k]![place(t, at)]!, 1)
      return
    }
    for (let v = 0; v < sizes[letters[i]!]!; v++) walk(i + 1, { ...at, [letters[i]!]: v })
  }
  walk(0, {})
  return out
}

const sizes = { a: 2, b: 3, c: 1, d: 4 }
const term = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 4 }).map((l) => l.join(''))

describe('einsum', () => {
  test('is a sum of products over all letters that are not in the result', () => {
    const problem = fc.array(term, { minLength: 1, maxLength: 4 }).chain((terms) => fc.tuple(fc.constant(terms), fc.shuffledSubarray([...new Set(terms.join(''))])))
    fc.assert(
      fc.property(problem, ([terms, result]) => {
        const output = result.join('')
        const used = Object.fromEntries([...new Set(terms.join(''))].map((l) => [l, sizes[l as keyof typeof sizes]]))
        const arrays = terms.map((t, k) => {
          const shape = [...t].map((l) => used[l]!)
          const n = shape.reduce((p, d) => p * d, 1)
          return np.array(Float64Array.from({ length: n }, (_, i) => ((i * 7 + k * 3) % 5) - 2)).reshape(shape)
        })
        const actual = np.einsum(`${terms.join(',')}->${output}`, ...arrays)
        expect(actual.shape).toEqual(result.map((l) => used[l]!))
        expect([...actual.dataSync()].map((v) => v + 0)).toEqual(byLoops(terms, output, used, arrays).map((v) => v + 0))
      }),
      { numRuns: numSlowRuns },
    )
  })

  const [a, b, c] = [np.ones([2, 3]), np.ones([3, 4]), np.ones([4, 5])]
  test('a matrix product is one dotGeneral, and its operands stay as they lie', () => {
    expect(String(makeJaxpr((x: NDArray, y: NDArray) => np.einsum('ji,kj->ik', x, y))(np.ones([3, 2]), np.ones([4, 3])))).toMatchInlineSnapshot(`
      "{ lambda ; a:f32[3,2] b:f32[4,3]. let
          c:f32[2,4] = dotGeneral[dimensionNumbers={batch=((), ()) contracting=((0,), (1,))} preferredElementType=None] a b
        in (c,) }"
    `)
  })
  test('the side that comes first in the result stands first: no transpose', () => {
    const text = String(makeJaxpr((x: NDArray, y: NDArray) => np.einsum('ij,jk->ki', x, y))(a, b))
    expect(text).not.toContain('transpose')
    expect(text.match(/dotGeneral/g)).toHaveLength(1)
  })
  test('a chain is contracted from its cheap end', () => {
    const v = np.ones([5])
    const text = String(makeJaxpr((w: NDArray, x: NDArray, y: NDArray, z: NDArray) => np.einsum('ij,jk,kl,l->i', w, x, y, z))(a, b, c, v))
    // Matrix times vector, three times: no intermediate has two axes.
    expect(text.match(/f32\[\d+\] = dotGeneral/g)).toHaveLength(3)
  })
  test('without an arrow: letters that stand once, in alphabetical order; ellipses first', () => {
    expect(np.einsum('ba', a).shape).toEqual([3, 2])
    expect(np.einsum('b...a,b...', np.ones([2, 7, 3]), np.ones([2, 7])).shape).toEqual([7, 3])
    expect(np.einsum('...ij,...jk', np.ones([5, 1, 2, 3]), np.ones([4, 3, 2])).shape).toEqual([5, 4, 2, 2])
  })
  test('axes of size 1 broadcast', () => {
    expect(np.einsum('ij,ij->ij', np.ones([1, 3]), np.ones([2, 1])).shape).toEqual([2, 3])
    expect(np.einsum('ij,j->i', np.ones([2, 1]), np.ones([3])).js()).toEqual([3, 3])
  })
  test('dtypes are promoted, and the sum may be wider', () => {
    expect(np.einsum('i,i->', np.arange(3), np.ones(3)).dtype).toBe('float32')
    expect(np.einsum('i,i->', np.arange(3), np.arange(3)).dtype).toBe('int32')
  })
  test.each([
    ['a letter in the result alone', () => np.einsum('ij->k', a), ArgumentError, "'k' in the result and in no operand"],
    ['a letter twice in the result', () => np.einsum('ij->ii', a), ArgumentError, 'twice in the result'],
    ['too few arrays', () => np.einsum('ij,jk', a), ArgumentError, 'name 2 operands, and 1'],
    ['the wrong rank', () => np.einsum('ijk', a), ShapeError, "'ijk' to an array of rank 2"],
    ['sizes that differ', () => np.einsum('ij,jk', a, a), ShapeError, "axis 'j' has sizes 3 and 2"],
    ['no letters', () => np.einsum('i1', a), ArgumentError, "hold 'i1'"],
    ['two arrows', () => np.einsum('ij->i->j', a), ArgumentError, "'->' twice"],
  ] as const)('refuses %s', (_, f, kind, words) => {
    expect(f).toThrow(kind)
    expect(f).toThrow(words)
  })
})

describe('matmul', () => {
  test.each([
    [[3], [3], []],
    [[2, 3], [3], [2]],
    [[3], [3, 4], [4]],
    [[2, 3], [3, 4], [2, 4]],
    [[5, 2, 3], [3, 4], [5, 2, 4]],
    [[2, 3], [5, 3, 4], [5, 2, 4]],
    [[3], [5, 3, 4], [5, 4]],
    [[5, 2, 3], [3], [5, 2]],
    [[6, 1, 2, 3], [5, 3, 4], [6, 5, 2, 4]],
    [[0, 3], [3, 4], [0, 4]],
    [[2, 0], [0, 4], [2, 4]],
  ] as const)('of [%s] and [%s] is [%s]', (x, y, out) => {
    const [p, q] = [x, y].map((shape) => np.arange(shape.reduce((n: number, d) => n * d, 1), { dtype: 'float32' }).reshape(shape))
    const product = np.matmul(p!, q!)
    expect(product.shape).toEqual(out)
    const letters = (shape: readonly number[], inner: string, free: string): string => `...${shape.length === 1 ? '' : free === 'm' ? 'm' : ''}${inner}${shape.length > 1 && free === 'n' ? 'n' : ''}`
    const left = x.length === 1 ? 'k' : letters(x, 'k', 'm')
    const right = y.length === 1 ? 'k' : letters(y, 'k', 'n')
    expect(product.js()).toEqual(np.einsum(`${left},${right}->...${x.length > 1 ? 'm' : ''}${y.length > 1 ? 'n' : ''}`, p!, q!).js())
  })
  test('refuses what does not fit, naming both shapes', () => {
    expect(() => np.matmul(np.ones([2, 3]), np.ones([4, 3]))).toThrow('got shapes [2,3] and [4,3]; the last axis of the first (3) must equal the second to last axis of the second (4)')
    expect(() => np.matmul(2, np.ones(3))).toThrow(ShapeError)
  })
})
