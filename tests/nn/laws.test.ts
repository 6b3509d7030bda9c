// Laws of nn's functions, and their derivatives against differences in float64; values at corners are held against JAX's in
// tests/oracle/nn.test.ts.
import fc from 'fast-check'
import { type ArrayLike, DtypeError, grad, lower, type NDArray, nn, np, ShapeError, vmap } from 'pullback'
import { describe, expect, test } from 'vitest'
import { numRuns } from '../scale.ts'

const finite = fc.double({ min: -50, max: 50, noNaN: true })
const rows = fc.array(fc.array(finite, { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 4 })
const f64 = (x: number | number[] | number[][]): NDArray => np.array(x, { dtype: 'float64' })
const near = (a: NDArray, b: ArrayLike, atol = 1e-12): void => expect(np.allclose(a, b, { rtol: 1e-9, atol }).item()).toBe(1)

describe('distributions over an axis', () => {
  test('softmax is positive, sums to one and ignores a shift', () => {
    fc.assert(
      fc.property(rows, finite, (x, shift) => {
        const p = nn.softmax(f64(x))
        near(np.sum(p, -1), 1)
        expect(np.all(np.greaterEqual(p, 0)).item()).toBe(1)
        near(nn.softmax(f64(x).add(shift)), p)
      }),
      { numRuns },
    )
  })
  test('logSoftmax is its logarithm, logsumexp what it takes away', () => {
    fc.assert(
      fc.property(rows, (x) => {
        near(np.exp(nn.logSoftmax(f64(x))), nn.softmax(f64(x)))
        near(f64(x).sub(nn.logsumexp(f64(x), { axis: -1, keepdims: true })), nn.logSoftmax(f64(x)))
        near(grad((v: NDArray) => np.sum(nn.logsumexp(v, -1)))(f64(x)), nn.softmax(f64(x)))
      }),
      { numRuns },
    )
  })
  test('large and infinite logits do no harm', () => {
    expect(nn.softmax(np.array([1000, 1000])).js()).toEqual([0.5, 0.5])
    expect(nn.softmax(np.array([-Infinity, 0])).js()).toEqual([0, 1])
    expect(nn.logsumexp(np.array([-Infinity, -Infinity])).item()).toBe(-Infinity)
    expect(nn.logsumexp(np.array([Infinity, 0])).item()).toBe(Infinity)
    expect(nn.logsumexp(np.zeros([0])).item()).toBe(-Infinity)
  })
  test('elements that a condition leaves out', () => {
    const x = np.array([1, 100, 2])
    const where = np.array([true, false, true])
    const without = nn.softmax(np.array([1, 2]))
    expect(nn.softmax(x, { where }).slice(np.array([0, 2], { dtype: 'int32' })).js()).toEqual(without.js())
    expect(nn.softmax(x, { where }).slice(1).item()).toBe(0)
    expect(nn.logSoftmax(x, { where }).slice(1).item()).toBe(-Infinity)
  })
  test('standardize gives mean 0 and variance 1', () => {
    fc.assert(
      fc.property(rows, (x) => {
        const a = f64(x)
        const y = nn.standardize(a, { epsilon: 0 })
        if (np.min(np.std(a, -1)).item() < 0.01) return
        near(np.mean(y, -1), 0, 1e-6)
        near(np.var(y, -1), 1, 1e-6)
      }),
      { numRuns },
    )
  })
})

const activations: Readonly<Record<string, (x: ArrayLike) => NDArray>> = {
  relu: nn.relu, relu6: nn.relu6, leakyRelu: nn.leakyRelu, elu: nn.elu, celu: nn.celu, selu: nn.selu, gelu: nn.gelu, silu: nn.silu, sigmoid: nn.sigmoid,
  logSigmoid: nn.logSigmoid, softplus: nn.softplus, softSign: nn.softSign, hardTanh: nn.hardTanh, hardSigmoid: nn.hardSigmoid, hardSilu: nn.hardSilu,
  squareplus: nn.squareplus, mish: nn.mish, sparsePlus: nn.sparsePlus, sparseSigmoid: nn.sparseSigmoid, geluExact: (x) => nn.gelu(x, { approximate: false }),
}

describe('activations', () => {
  const corners = [0, 6, -3, 3, 1, -1]
  const away = fc.double({ min: -8, max: 8, noNaN: true }).filter((x) => corners.every((c) => Math.abs(x - c) > 1e-3))
  for (const [name, f] of Object.entries(activations)) {
    test(`${name}: derivatives are those of differences, first and second`, () => {
      const first = grad((x: NDArray) => f(x))
      const second = grad(first)
      fc.assert(
        fc.property(away, (x) => {
          const h = 1e-5
          const slope = (g: (x: NDArray) => NDArray): number => (g(f64(x + h)).item() - g(f64(x - h)).item()) / (2 * h)
          expect(Math.abs(first(f64(x)).item() - slope(f))).toBeLessThan(1e-7)
          expect(Math.abs(second(f64(x)).item() - slope(first))).toBeLessThan(1e-6)
        }),
        { numRuns: Math.ceil(numRuns / 5) },
      )
    })
  }

  test('smooth ones have their second derivative at 0', () => {
    const second = (f: (x: ArrayLike) => NDArray): number => grad(grad((x: NDArray) => f(x)))(f64(0)).item()
    expect(second(nn.softplus)).toBeCloseTo(0.25, 12)
    expect(second(nn.logSigmoid)).toBeCloseTo(-0.25, 12)
    expect(second(nn.silu)).toBeCloseTo(0.5, 12)
    expect(second((x) => np.logaddexp(x, 0))).toBeCloseTo(0.25, 12)
  })
  test('relu has derivative 0 at 0', () => {
    expect(vmap(grad((x: NDArray) => nn.relu(x)))(np.array([-1, 0, 2])).js()).toEqual([0, 0, 1])
  })
  test('integers become float32, relu keeps them, and the logistic function refuses them', () => {
    const x = np.array([-1, 2], { dtype: 'int32' })
    expect([nn.softplus(x).dtype, nn.softmax(x).dtype, nn.gelu(2).dtype, nn.relu(x).dtype]).toEqual(['float32', 'float32', 'float32', 'int32'])
    for (const f of [nn.sigmoid, nn.silu]) expect(() => f(x)).toThrow(/takes floating-point numbers: convert with astype/)
  })
  test('parameters stand in their place or among options', () => {
    const x = np.array([-1, 2])
    expect(nn.leakyRelu(x, { negativeSlope: 0.5 }).js()).toEqual(nn.leakyRelu(x, 0.5).js())
    expect(nn.elu(x, { alpha: 2 }).js()).toEqual(nn.elu(x, 2).js())
    expect(nn.squareplus(x, { b: 1 }).js()).toEqual(nn.squareplus(x, 1).js())
    expect(() => nn.elu(x, { a: 2 } as object)).toThrow(/unknown option 'a'; known options: alpha/)
    expect(() => nn.softmax(x, { dim: 0 } as object)).toThrow(/known options: axis, where/)
  })
  test('glu takes an even axis', () => {
    expect(nn.glu(np.ones([2, 4])).shape).toEqual([2, 2])
    expect(() => nn.glu(np.ones([2, 3]))).toThrow(ShapeError)
  })
  test('none takes keys or text', () => {
    expect(() => nn.relu('x' as never)).toThrow(/takes arrays, numbers and booleans/)
    expect(() => nn.oneHot(np.ones([2]), 3, { dtype: 'float' as never })).toThrow(DtypeError)
  })
})

describe('oneHot', () => {
  test('one at the index, nothing out of range', () => {
    const i = np.array([0, 2, -1, 7], { dtype: 'int32' })
    expect(nn.oneHot(i, 3).js()).toEqual([[1, 0, 0], [0, 0, 1], [0, 0, 0], [0, 0, 0]])
    expect(nn.oneHot(i, 3, { axis: 0, dtype: 'bool' }).js()).toEqual([[true, false, false, false], [false, false, false, false], [false, true, false, false]])
    expect(nn.oneHot(1, 3).js()).toEqual([0, 1, 0])
  })
})

describe('fused', () => {
  const kernels = (f: (x: NDArray) => NDArray): number => lower(f)(np.ones([32, 100])).text('kernels').split('\n').filter((line) => /^ *\d/.test(line)).length
  test('every activation is one kernel, softmax and standardize at most two', () => {
    for (const [name, f] of Object.entries(activations)) expect([name, kernels((x) => f(x))]).toEqual([name, 1])
    for (const f of [(x: NDArray) => nn.softmax(x), (x: NDArray) => nn.logSoftmax(x), (x: NDArray) => nn.standardize(x), (x: NDArray) => nn.logsumexp(x, -1)]) expect(kernels(f)).toBeLessThanOrEqual(2)
  })
})
