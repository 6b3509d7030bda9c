/** A plain number beside float64 has float64's digits; some functions made it float32 first. */
import { nn, np, random } from 'pullback'
import { expect, test } from 'vitest'

const x = np.array([0.3, 0.7, 0.1, 2], { dtype: 'float64' })
const tenth = np.array(0.1, { dtype: 'float64' })

test.each<[name: string, f: (b: np.NDArray | number) => np.NDArray]>([
  ['append', (b) => np.append(x, b)],
  ['stack', (b) => np.stack([x.slice(0), b])],
  ['outer', (b) => np.outer(x, b)],
  ['mod', (b) => np.mod(x, b)],
  ['floorDivide', (b) => np.floorDivide(x, b)],
  ['isclose', (b) => np.isclose(x, b, { rtol: 0, atol: 0 })],
  ['arrayEqual', (b) => np.arrayEqual(x.slice(2), b)],
  ['arrayEquiv', (b) => np.arrayEquiv(x.slice([2, 3]), b)],
  ['linspace to', (b) => np.linspace(x.slice(0), b, 3)],
  ['linspace from', (b) => np.linspace(b, x, 3)],
  ['standardize', (b) => nn.standardize(x, { mean: b })],
  ['polyval', (b) => np.polyval(x, b)],
  ['searchsorted', (b) => np.searchsorted(np.sort(x), b)],
  ['truncatedNormal', (b) => random.truncatedNormal(random.key(0), b, 2, [3], { dtype: 'float64' })],
])('%s', (_, f) => {
  expect(f(0.1).dtype).toBe(f(tenth).dtype)
  expect(f(0.1).js()).toEqual(f(tenth).js())
})

test('percentile', () => {
  expect(np.percentile(x, 30).item()).toBe(np.quantile(x, 0.3).item())
  expect(np.nanpercentile(x, 30).item()).toBe(np.nanquantile(x, 0.3).item())
})

test('the ends of a ramp', () => {
  expect(np.pad(x, 1, { mode: 'linear_ramp', endValues: 0.1 }).js()).toEqual([0.1, 0.3, 0.7, 0.1, 2, 0.1])
})

test('one more than a whole number that is a float32 is not equal to it', () => {
  expect(np.arrayEqual(np.array(16777216, { dtype: 'int32' }), 16777217).js()).toBe(false)
})
