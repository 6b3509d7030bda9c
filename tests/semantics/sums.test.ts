/** Sums of a million terms keep the digits that their dtype has, along any axis and through any access. */
import { jit, lax, type NDArray, nn, np, random } from 'pullback'
import { describe, expect, test } from 'vitest'
import { on, ways } from '../oracle/load.ts'
import { sized } from '../scale.ts'

/** As many as show what is lost: a running float32 sum of so many tenths is wrong in its third digit. */
const many = sized(100_000, 1_000_000)
const million = 1_000_000
const tenth = Math.fround(0.1)
const tenths = (...shape: number[]): NDArray => np.full(shape, 0.1)

type Sum = readonly [name: string, of: () => NDArray, sum: (x: NDArray) => NDArray, expected: number]
const sums: readonly Sum[] = [
  ['the mean of a million tenths', () => tenths(million), (x) => np.mean(x), tenth],
  ['their sum', () => tenths(million), (x) => np.sum(x), tenth * million],
  ['along the last axis', () => tenths(4, many / 4), (x) => np.sum(x, 1), (tenth * many) / 4],
  ['along the first axis', () => tenths(many / 4, 4), (x) => np.sum(x, 0), (tenth * many) / 4],
  ['along the middle axis', () => tenths(3, many / 8, 2), (x) => np.sum(x, 1), (tenth * many) / 8],
  ['along two axes', () => tenths(100, 3, many / 100), (x) => np.sum(x, [0, 2]), tenth * many],
  ['of every third', () => tenths(many), (x) => np.sum(x.slice([null, null, 3])), tenth * Math.ceil(many / 3)],
  ['backwards', () => tenths(many), (x) => np.sum(x.slice([null, null, -1])), tenth * many],
  ['of the transpose', () => tenths(many / 1000, 1000), (x) => np.sum(x.T), tenth * many],
  ['of the transpose along an axis', () => tenths(4, many / 4), (x) => np.sum(x.T, 0), (tenth * many) / 4],
  ['of a transpose with short rows', () => tenths(many / 100, 100), (x) => np.sum(x.T), tenth * many],
  ['of a transpose with long rows', () => tenths(100, many / 100), (x) => np.sum(x.T), tenth * many],
  ['of a transpose with rows of 20', () => tenths(20, many / 20), (x) => np.sum(x.T), tenth * many],
  ['over three axes with short rows', () => tenths(many / 100, 10, 10), (x) => np.sum(x), tenth * many],
  ['over three axes, transposed', () => tenths(10, many / 100, 10), (x) => np.sum(np.transpose(x, [2, 1, 0])), tenth * many],
  ['of what is computed on the way', () => tenths(many), (x) => np.sum(np.abs(x).mul(2)), 2 * tenth * many],
  ['of a number repeated', () => tenths(1), (x) => np.sum(np.broadcastTo(x, [many])), tenth * many],
  ['where a condition holds', () => tenths(many), (x) => np.mean(x, { where: np.arange(many).less(many / 2) }), tenth],
  ['by lax.reduceSum', () => tenths(many), (x) => lax.reduceSum(x, [0]), tenth * many],
  ['by nansum', () => tenths(many), (x) => np.nansum(x), tenth * many],
  ['by a dot product', () => tenths(many), (x) => np.dot(x, np.ones([many])), tenth * many],
  ['by a matrix product', () => tenths(2, many / 4), (x) => np.matmul(x, np.ones([many / 4, 3])), (tenth * many) / 4],
  ['by a vector and a matrix', () => tenths(many / 4), (x) => np.matmul(x, np.ones([many / 4, 2])), (tenth * many) / 4],
  ['by einsum', () => tenths(many), (x) => np.einsum('i,i->', x, np.ones([many])), tenth * many],
  ['by the window over all', () => tenths(many), (x) => lax.reduceWindow(x, 0, lax.add, [many], [1], 'VALID'), tenth * many],
  ['the last of a running sum', () => tenths(many), (x) => np.cumsum(x).slice(-1), tenth * many],
  ['the last of a running sum along the first axis', () => tenths(many / 4, 2), (x) => np.cumsum(x, 0).slice(-1), (tenth * many) / 4],
  ['the first of a running sum backwards', () => tenths(many), (x) => lax.cumsum(x, 0, { reverse: true }).slice(0), tenth * many],
  ['the logarithm of a sum of exponentials', () => tenths(many), (x) => nn.logsumexp(x), tenth + Math.log(many)],
  ['the standard deviation far from 0', () => np.mod(np.arange(many), 2).astype('float32').add(1000), (x) => np.std(x), 0.5],
  ['the mean in float64', () => np.full([many], 0.1, { dtype: 'float64' }), (x) => np.mean(x), 0.1],
  ['the mean of float16, which holds no sum of them', () => np.full([many], 0.125, { dtype: 'float16' }), (x) => np.mean(x), 0.125],
  ['the variance of float16', () => np.mod(np.arange(many), 2).astype('float16'), (x) => np.var(x), 0.25],
  ['the mean of float16 where a condition holds', () => np.full([many], 2, { dtype: 'float16' }), (x) => np.mean(x, { where: np.arange(many).less(many / 2) }), 2],
  ['the mean of float16 without NaN', () => np.full([many], 0.125, { dtype: 'float16' }).at(0).set(NaN), (x) => np.nanmean(x), 0.125],
  ['the variance of float16 without NaN', () => np.mod(np.arange(many), 2).astype('float16').at([0, 2]).set(NaN), (x) => np.nanvar(x), 0.25],
  ['the weighted average of float16', () => np.full([many], 2, { dtype: 'float16' }), (x) => np.average(x, { weights: x }), 2],
  ['the mean of bfloat16 where a condition holds', () => np.full([many], 0.125, { dtype: 'bfloat16' }), (x) => np.mean(x, { where: np.arange(many).less(many / 2) }), 0.125],
  ['the mean of bfloat16 without NaN', () => np.full([many], 0.125, { dtype: 'bfloat16' }), (x) => np.nanmean(x), 0.125],
  ['the mean of bfloat16', () => np.full([many], 0.125, { dtype: 'bfloat16' }), (x) => np.mean(x), 0.125],
  ['the scattered sum into one place', () => tenths(10_000), (x) => np.zeros([1]).at(np.zeros([10_000], { dtype: 'int32' })).add(x), tenth * 10_000],
]
/** Scattered updates are added one by one, in order, as in JAX; a matrix product adds in float32 (JAX: 1e-4 here). */
const accuracy = (name: string): number => (name.includes('scattered') ? 2e-4 : name.includes('matrix product') ? 1e-5 : 1e-6)

for (const way of ways) {
  describe(`sums are accurate, ${way.name}`, () => {
    test.each(sums)('%s', (name, of, sum, expected) => {
      on(way, () => {
        const x = of()
        const values = (way.jitted ? jit(sum) : sum)(x).dataSync()
        expect(values.length).toBeGreaterThan(0)
        for (const v of values) expect(Math.abs(Number(v) - expected) / expected).toBeLessThan(accuracy(name))
      })
    })

    test('a product keeps its digits: of 10,000 factors of 1.0001', () => {
      on(way, () => {
        const f = (x: NDArray): NDArray => np.prod(x)
        const expected = Math.fround(1.0001) ** 10_000
        expect(Math.abs((way.jitted ? jit(f) : f)(np.full([10_000], 1.0001)).item() - expected) / expected).toBeLessThan(1e-5)
      })
    })

    test('the mean of a million draws from [0, 1) is as accurate as in float64', () => {
      on(way, () => {
        const x = random.uniform(random.key(1), [many])
        const exact = [...x.dataSync()].reduce((a, b) => a + b, 0) / many
        const f = (v: NDArray): NDArray => np.mean(v)
        expect(Math.abs((way.jitted ? jit(f) : f)(x).item() - exact)).toBeLessThan(1e-7)
      })
    })
  })
}
