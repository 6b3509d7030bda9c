/** Powers of integers and truth values are integers, by the method as by the function. The method made float32 of arrays, and both of truth values. */
import { jit, type NDArray, np } from 'pullback'
import { expect, test } from 'vitest'

const x = np.array([2, 3, -1, 46341], { dtype: 'int32' })
const y = np.array([3, 0, 5, 2], { dtype: 'int32' })
const truth = np.array([true, false])

test.each<[name: string, f: (x: NDArray, y: NDArray) => NDArray]>([
  ['np.power', (a, b) => np.power(a, b)],
  ['the method', (a, b) => a.pow(b)],
])('%s', (_, f) => {
  for (const run of [f, jit(f)]) {
    expect(run(x, y).dtype).toBe('int32')
    expect(run(x, y).js()).toEqual([8, 1, -1, -2147479015])
    expect(run(truth, truth).dtype).toBe('int32')
    expect(run(truth, truth).js()).toEqual([1, 1])
  }
})

test('of truth values to a plain whole number', () => {
  for (const f of [(a: NDArray) => np.power(a, 2), (a: NDArray) => a.pow(2)]) {
    expect(f(truth).dtype).toBe('int32')
    expect(f(truth).js()).toEqual([1, 0])
  }
})

test('a number to the power of an array of integers is float32, and stays it beside half floats', () => {
  const decay = np.power(0.5, np.array(3, { dtype: 'int32' }))
  expect(decay.item()).toBe(0.125)
  expect(np.array([1, 2], { dtype: 'float16' }).div(np.subtract(1, decay)).dtype).toBe('float32')
})
