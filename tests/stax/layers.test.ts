/** What holds for every layer: the shape that init announces is the shape that apply gives, in every transformation. */
import { ArgumentError, grad, jit, jvp, type NDArray, np, random, ShapeError, tree, vmap } from 'pullback'
import * as stax from 'pullback/stax'
import { describe, expect, test } from 'vitest'

type Plain = stax.Layer<unknown>
interface Case {
  readonly layer: Plain
  readonly input: readonly number[]
  /** Without the batch. */
  readonly output: readonly number[]
  readonly count: number
}
/** A layer whose parameters this file does not look into. */
function of<P>([init, apply]: stax.Layer<P>): Plain {
  return [init, (params, x, options) => apply(params as P, x, options)]
}
const one = <P>(layer: stax.Layer<P>, input: readonly number[], output: readonly number[], count = 0): Case => ({ layer: of(layer), input, output, count })

const { Conv, ConvTranspose, MaxPool, AvgPool, Dense, RNN, LSTM, Dropout, serial, parallel, fanOut, fanInSum, fanInConcat, Identity } = stax
const { Relu, LeakyRelu, Elu, Selu, Gelu, Silu, Sigmoid, Softplus, Tanh, Exp, Softmax, LogSoftmax } = stax
const activations = { Relu, LeakyRelu, Elu, Selu, Gelu, Silu, Sigmoid, Softplus, Tanh, Exp, Softmax, LogSoftmax }
const cases: Readonly<Record<string, Case>> = {
  Dense: one(Dense(5), [3], [5], 20),
  'Dense over sequences': one(Dense(5), [4, 3], [4, 5], 20),
  Conv: one(Conv(4, [3, 2]), [6, 5, 3], [4, 4, 4], 76),
  'Conv SAME, strided': one(Conv(4, [3, 3], { padding: 'SAME', strides: [2, 3] }), [7, 7, 2], [4, 3, 4], 76),
  ConvTranspose: one(ConvTranspose(3, [3, 3], { strides: [2, 2] }), [4, 3, 2], [9, 7, 3], 57),
  'ConvTranspose SAME': one(ConvTranspose(3, [3, 3], { strides: [2, 2], padding: 'SAME' }), [4, 3, 2], [8, 6, 3], 57),
  'ConvTranspose of a small window': one(ConvTranspose(2, [1, 2], { strides: [3, 2] }), [2, 3, 2], [6, 6, 2], 10),
  MaxPool: one(MaxPool([2, 2]), [5, 6, 2], [2, 3, 2]),
  'MaxPool that overlaps': one(MaxPool([3, 3], { strides: [1, 2], padding: 'SAME' }), [5, 6, 2], [5, 3, 2]),
  AvgPool: one(AvgPool([2, 3]), [4, 6, 2], [2, 2, 2]),
  'AvgPool SAME': one(AvgPool([3, 3], { strides: [2, 2], padding: 'SAME' }), [5, 4, 2], [3, 2, 2]),
  Flatten: one(stax.Flatten, [2, 3, 4], [24]),
  Identity: one(Identity, [2, 3], [2, 3]),
  Dropout: one(Dropout(0.4), [6], [6]),
  RNN: one(RNN(4), [5, 3], [5, 4], 16 + 12 + 4 + 16 + 4),
  'RNN, last': one(RNN(4, { outputs: 2, sequences: false }), [5, 3], [2], 16 + 12 + 4 + 8 + 2),
  LSTM: one(LSTM(4), [5, 3], [5, 4], 48 + 64 + 16),
  'LSTM, last': one(LSTM(4, { sequences: false }), [5, 3], [4], 48 + 64 + 16),
  serial: one(serial(Dense(4), Relu, Dense(2)), [3], [2], 26),
  'parallel, summed': one(serial(fanOut(2), parallel(Dense(3), Identity), fanInSum), [3], [3], 12),
  'parallel, joined': one(serial(fanOut(3), parallel(Dense(2), Identity, Dense(4)), fanInConcat()), [3], [9], 24),
  'a serial of a parallel of serials': one(serial(Dense(3), fanOut(2), parallel(serial(Dense(2), Tanh), serial()), fanInConcat()), [3], [5], 20),
  ...Object.fromEntries(Object.entries(activations).map(([name, layer]) => [name, one(layer, [2, 3], [2, 3])])),
}

const key = random.key(7)
const inputOf = ({ input }: Case, batch = 2): NDArray => random.normal(random.key(1), [batch, ...input])
const close = (a: unknown, b: unknown): void => {
  const [x, y] = [tree.leaves(a), tree.leaves(b)]
  expect(x.length).toBe(y.length)
  for (const [i, leaf] of x.entries()) expect(np.max(np.abs(np.subtract(leaf, y[i]!))).item()).toBeLessThan(1e-5)
}
const train: stax.ApplyOptions = { key, mode: 'train' }

describe.each(Object.entries(cases))('%s', (_name, c) => {
  const [init, apply] = c.layer
  const { shape, params } = init(key, [-1, ...c.input])
  const x = inputOf(c)

  test('announces the shape that it gives, for every batch and mode', () => {
    expect(shape).toEqual([-1, ...c.output])
    for (const batch of [1, 2, 3]) {
      expect(apply(params, inputOf(c, batch)).shape).toEqual([batch, ...c.output])
      expect(apply(params, inputOf(c, batch), train).shape).toEqual([batch, ...c.output])
    }
    expect(init(key, [2, ...c.input]).shape).toEqual([2, ...c.output])
  })

  test('has the parameters that it should, float32, from its key alone', () => {
    const leaves = tree.leaves(params).map((p) => np.asarray(p))
    expect(leaves.reduce((n, p) => n + p.size, 0)).toBe(c.count)
    expect(leaves.every((p) => p.dtype === 'float32')).toBe(true)
    close(init(key, [-1, ...c.input]).params, params)
    if (c.count > 0) expect(tree.leaves(init(random.key(8), [-1, ...c.input]).params).map((p) => np.asarray(p).js())).not.toEqual(leaves.map((p) => p.js()))
  })

  test('gives the same under jit, init too', () => {
    close(jit((p: unknown, v: NDArray) => apply(p, v))(params, x), apply(params, x))
    close(jit((p: unknown, v: NDArray) => apply(p, v, train))(params, x), apply(params, x, train))
    close(jit((k: NDArray) => init(k, [-1, ...c.input]).params)(key), params)
  })

  test('maps over inputs, and over the parameters of an ensemble', () => {
    const xs = np.stack([x, x.mul(0.5), x.neg()])
    close(vmap((v: NDArray) => apply(params, v))(xs), np.stack([...xs].map((v) => apply(params, v))))
    const keys = random.split(key, 2)
    const ensemble = vmap((k: NDArray) => init(k, [-1, ...c.input]).params)(keys)
    close(vmap((p: unknown) => apply(p, x), [0], 0, { axisSize: 2 })(ensemble), np.stack([...keys].map((k) => apply(init(k, [-1, ...c.input]).params, x))))
  })

  test('has a gradient in every parameter and in its input, and it is the right one', () => {
    const double = (t: NDArray): NDArray => t.astype('float64')
    const [p64, x64] = [tree.map(double, params), double(x)]
    const weights = random.normal(random.key(3), [2, ...c.output], { dtype: 'float64' })
    const f = (p: unknown, v: NDArray): NDArray => np.sum(apply(p, v, train).mul(weights))
    const [dp, dx] = grad(f, { argnums: [0, 1] })(p64, x64)
    for (const leaf of tree.leaves([dp, dx])) expect(np.max(np.abs(leaf)).item()).toBeGreaterThan(0)
    // Along a direction, against a central difference: error O(h²), and no kink within h of these points.
    const direction = (t: NDArray, i: number): NDArray => random.normal(random.foldIn(random.key(5), i), t.shape, { dtype: 'float64' })
    let n = 0
    const [vp, vx] = [tree.map((t) => direction(t, n++), p64), direction(x64, 99)]
    const h = 1e-6
    const at = (s: number): NDArray => f(tree.map((t, v) => t.add(v.mul(s)), p64, vp), x64.add(vx.mul(s)))
    const difference = at(h).sub(at(-h)).div(2 * h).item()
    expect(jvp(f, [p64, x64], [vp, vx])[1].item()).toBeCloseTo(difference, 5)
    const products = tree.leaves([dp, dx]).map((g, i) => np.sum(np.multiply(g, tree.leaves([vp, vx])[i]!)).item())
    expect(products.reduce((a, b) => a + b, 0)).toBeCloseTo(difference, 5)
  })
})

test('the table has every layer that the package exports', () => {
  const named = Object.keys(cases).map((name) => name.split(/[ ,]/)[0])
  const inUse = ['parallel', 'fanOut', 'fanInSum', 'fanInConcat']
  const others = ['elementwise', 'initializers', 'makeLayer', 'withState']
  expect(Object.keys(stax).filter((name) => ![...named, ...inUse, ...others].includes(name))).toEqual([])
})

describe('values', () => {
  test('Dense is x · W + b', () => {
    const [, apply] = Dense(2)
    expect(apply([np.array([[1, 2], [3, 4], [5, 6]]), np.array([10, 20])], np.array([[1, 0, -1]])).js()).toEqual([[6, 16]])
  })
  test('AvgPool does not count padding', () => {
    expect(AvgPool([2, 2], { strides: [1, 1], padding: 'SAME' })[1]([], np.ones([1, 3, 3, 1])).js()).toEqual(np.ones([1, 3, 3, 1]).js())
  })
  test('MaxPool of negative numbers does not see its padding', () => {
    expect(np.max(MaxPool([2, 2], { strides: [1, 1], padding: 'SAME' })[1]([], np.full([1, 3, 3, 1], -2))).item()).toBe(-2)
  })
  test('ConvTranspose is the transpose of Conv', () => {
    // ⟨Conv x, y⟩ = ⟨x, ConvTransposeᵀ y⟩ when the window is turned round and its two channel axes change places.
    const [, conv] = Conv(3, [3, 3], { strides: [2, 2] })
    const [, transposed] = ConvTranspose(2, [3, 3], { strides: [2, 2] })
    const W = random.normal(random.key(0), [3, 3, 2, 3])
    const turned = np.swapaxes(np.flip(W, [0, 1]), 2, 3)
    const x = random.normal(random.key(1), [1, 9, 7, 2])
    const y = random.normal(random.key(2), [1, 4, 3, 3])
    const left = np.sum(conv([W, np.zeros([3])], x).mul(y)).item()
    expect(np.sum(x.mul(transposed([turned, np.zeros([2])], y))).item()).toBeCloseTo(left, 3)
  })
})

describe('bad input', () => {
  test.each([
    ['Dense', () => Dense(2)[0](key, [])],
    ['Dense', () => Dense(2)[0](key, [3, -1])],
    ['Conv', () => Conv(2, [3, 3])[0](key, [-1, 28, 28])],
    ['Conv', () => Conv(2, [5, 5])[0](key, [-1, 4, 9, 1])],
    ['MaxPool', () => MaxPool([2, 2])[0](key, [-1, 1, 4, 2])],
    ['RNN', () => RNN(2)[0](key, [-1, 4])],
    ['LSTM', () => LSTM(2)[1](LSTM(2)[0](key, [-1, 4, 1]).params, np.ones([4, 1]))],
  ])('a shape that is none of %s’s is a ShapeError', (operation, run) => {
    expect(run).toThrow(ShapeError)
    expect(run).toThrow(`${operation}: `)
  })
  test.each([
    ['Dense: takes positive integers for units, and got 2.5', () => Dense(2.5)],
    ['Conv: takes positive integers for channels, and got 0', () => Conv(0, [3, 3])],
    ['LSTM: takes positive integers for hidden, and got -1', () => LSTM(-1)],
    ['MaxPool: takes positive integers', () => MaxPool([0, 2])],
    ['Dropout: rate is the share that is dropped, a number in [0, 1), and got 1', () => Dropout(1)],
    ["Conv: unknown option 'stride'; known options: strides, padding, weightInit, biasInit", () => Conv(2, [3, 3], { ...({ stride: 2 } as object) })],
    ["LSTM: unknown option 'outputs'", () => LSTM(2, { ...({ outputs: 3 } as object) })],
    ["apply: unknown option 'rng'; known options: key, mode", () => Identity[1]([], np.ones([1]), { ...({ rng: key } as object) })],
  ])('%s', (message, run) => {
    expect(run).toThrow(ArgumentError)
    expect(run).toThrow(message)
  })
})
