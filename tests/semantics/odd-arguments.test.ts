// Dtypes and shapes that functions are seldom given.
import { np } from 'pullback'
import { expect, test } from 'vitest'
import { agreesWithJax } from './expressions.ts'

agreesWithJax('initial values take the dtype of what is reduced to', 'odd_arguments', 'initial')
agreesWithJax('places in scalars', 'odd_arguments', 'scalars')
agreesWithJax('sets of two dtypes have the one that both fit into', 'odd_arguments', 'common')
agreesWithJax('distributions over nothing', 'odd_arguments', 'none')
agreesWithJax('activations of integers beside half floats', 'odd_arguments', 'weak')
agreesWithJax('plain numbers among themselves have the precision of the array', 'odd_arguments', 'wide')
agreesWithJax('what is sorted of nothing has a derivative', 'odd_arguments', 'sorts')
agreesWithJax('products of half floats, summed in float32, have derivatives in half floats', 'odd_arguments', 'products')
agreesWithJax('even steps end where they should', 'odd_arguments', 'spaced', { signedZeros: true })
agreesWithJax('means of integers weighted by half floats', 'odd_arguments', 'means')

test('uniqueCounts gives values and counts', () => {
  const found = np.uniqueCounts(np.array([3, 1, 3]))
  expect(Object.entries(found).map(([name, x]) => [name, x.js()])).toEqual([['values', [1, 3]], ['counts', [1, 2]]])
})

test('indices and exponents of floats are refused', () => {
  const x = np.array([0, 1])
  expect(() => np.choose(x, [x, x])).toThrow('choose: got indices float32[2]; takes integers, convert with astype')
  expect(() => np.ldexp(x, x)).toThrow('ldexp: got exponents float32[2]; takes integers: np.exp2 takes others')
})
