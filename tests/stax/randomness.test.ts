/** Dropout and initial values: their distributions, and what keys they need. */
import { ArgumentError, grad, jit, type NDArray, np, random, vmap } from 'pullback'
import { Dense, Dropout, initializers, serial } from 'pullback/stax'
import { describe, expect, test } from 'vitest'

const key = random.key(0)

describe('Dropout', () => {
  const [, apply] = Dropout(0.25)
  const x = np.full([100, 100], 3)

  test('drops its rate, and scales the others so that the mean stays', () => {
    const y = apply([], x, { key, mode: 'train' })
    expect(new Set(y.dataSync())).toEqual(new Set([0, 4]))
    // The share of 10,000 kept: standard deviation 0.0043; five of them.
    expect(np.mean(y.notEqual(0).astype('float32')).item()).toBeGreaterThan(0.75 - 0.022)
    expect(np.mean(y.notEqual(0).astype('float32')).item()).toBeLessThan(0.75 + 0.022)
  })

  test('is the identity in evaluation, the default, and needs no key there', () => {
    expect(apply([], x).js()).toEqual(x.js())
    expect(apply([], x, { mode: 'eval', key }).js()).toEqual(x.js())
    expect(Dropout(0)[1]([], x, { mode: 'train' }).js()).toEqual(x.js())
  })

  test('in training without a key is refused, and the message shows how to give one', () => {
    expect(() => apply([], x, { mode: 'train' })).toThrow(ArgumentError)
    expect(() => serial(Dense(2), Dropout(0.5))[1]([[np.ones([1, 2]), np.zeros([2])], []], np.ones([1, 1]), { mode: 'train' })).toThrow(
      "serial, layer 1: Dropout: needs a key in mode 'train': apply(params, x, { key, mode: 'train' })",
    )
  })

  test('drops the same for the same key, under jit too, other for another, and gradients pass where values do', () => {
    const y = apply([], x, { key, mode: 'train' })
    expect(jit((k: NDArray) => apply([], x, { key: k, mode: 'train' }))(key).js()).toEqual(y.js())
    expect(apply([], x, { key: random.key(1), mode: 'train' }).js()).not.toEqual(y.js())
    const g = grad((v: NDArray) => np.sum(apply([], v, { key, mode: 'train' })))(x)
    expect(g.js()).toEqual(y.div(3).js())
  })

  test('mapped over keys, drops other elements in each', () => {
    const ys = vmap((k: NDArray) => apply([], x, { key: k, mode: 'train' }))(random.split(key, 3))
    expect([...ys].map((y) => y.js())).toEqual([...random.split(key, 3)].map((k) => apply([], x, { key: k, mode: 'train' }).js()))
  })

  test('keeps the dtype', () => {
    expect(apply([], x.astype('float16'), { key, mode: 'train' }).dtype).toBe('float16')
  })
})

describe('initial values', () => {
  const { glorotNormal, glorotUniform, heNormal, normal, uniform, zeros, ones } = initializers
  const shape = [3, 3, 40, 60]
  const [fanIn, fanOut] = [360, 540]
  // Of n = 21,600 draws a mean is off by s/√n and a standard deviation by about s/√(2n): under 3% of s at four of them.
  test.each([
    ['normal', normal(0.5), 0, 0.5],
    ['normal by default', normal(), 0, 0.01],
    ['uniform', uniform(2), 1, 2 / Math.sqrt(12)],
    ['glorotNormal', glorotNormal(), 0, Math.sqrt(2 / (fanIn + fanOut))],
    ['glorotUniform', glorotUniform(), 0, Math.sqrt(2 / (fanIn + fanOut))],
    ['heNormal', heNormal(), 0, Math.sqrt(2 / fanIn)],
    ['zeros', zeros, 0, 0],
    ['ones', ones, 1, 0],
  ] as const)('%s has its mean and deviation', (_name, initializer, mean, deviation) => {
    const values = initializer(key, shape)
    expect(values.shape).toEqual(shape)
    const m = np.mean(values).item()
    expect(Math.abs(m - mean)).toBeLessThanOrEqual(0.03 * deviation + 1e-6)
    expect(Math.abs(Math.sqrt(np.mean(np.square(values.sub(m))).item()) - deviation)).toBeLessThanOrEqual(0.03 * deviation + 1e-6)
  })

  test('glorotUniform stays within its bounds', () => {
    expect(np.max(np.abs(glorotUniform()(key, shape))).item()).toBeLessThanOrEqual(Math.sqrt(6 / (fanIn + fanOut)) * (1 + 1e-6))
  })

  test('Dense starts with Glorot’s weights and small biases, or with what it is given', () => {
    const [W, b] = Dense(400)[0](key, [-1, 200]).params
    expect(Math.sqrt(np.mean(np.square(W)).item())).toBeCloseTo(Math.sqrt(2 / 600), 3)
    expect(Math.sqrt(np.mean(np.square(b)).item())).toBeCloseTo(0.01, 2)
    const [ownW, ownB] = Dense(2, { weightInit: ones, biasInit: zeros })[0](key, [-1, 1]).params
    expect([ownW.js(), ownB.js()]).toEqual([[[1, 1]], [0, 0]])
  })
})
