/** RNN and LSTM against loops over plain numbers, in float64, and against differences. */
import { grad, jit, lower, type NDArray, np, random, tree } from 'pullback'
import { Dense, LSTM, RNN, type RNNParams, type LSTMParams, serial } from 'pullback/stax'
import { describe, expect, test } from 'vitest'

type Matrix = number[][]
const [batch, time, features, hidden] = [2, 7, 3, 4]
const x = random.normal(random.key(1), [batch, time, features], { dtype: 'float64' })
const double = (t: NDArray): NDArray => t.astype('float64')
const numbers = (t: NDArray): Matrix => t.js() as Matrix
const vector = (t: NDArray): number[] => t.js() as number[]

/** v · M, plus what else there is. */
const times = (v: readonly number[], m: Matrix, ...rest: readonly (readonly number[])[]): number[] =>
  m[0]!.map((_, j) => v.reduce((sum, a, i) => sum + a * m[i]![j]!, rest.reduce((sum, r) => sum + r[j]!, 0)))
const sigmoid = (a: number): number => 1 / (1 + Math.exp(-a))

function rnnLoop(p: RNNParams, f: (a: number) => number): Matrix[] {
  return (x.js() as Matrix[]).map((sequence) => {
    let h = new Array<number>(hidden).fill(0)
    return sequence.map((xt) => {
      h = times(h, numbers(p.Whh), times(xt, numbers(p.Wxh)), vector(p.bh)).map(f)
      return times(h, numbers(p.Why), vector(p.by))
    })
  })
}

function lstmLoop(p: LSTMParams): Matrix[] {
  return (x.js() as Matrix[]).map((sequence) => {
    let h = new Array<number>(hidden).fill(0)
    let c = h
    return sequence.map((xt) => {
      const z = times(xt, numbers(p.Wx), times(h, numbers(p.Wh)), vector(p.b))
      const gate = (k: number): number[] => z.slice(k * hidden, (k + 1) * hidden)
      const [i, f, g, o] = [gate(0).map(sigmoid), gate(1).map(sigmoid), gate(2).map(Math.tanh), gate(3).map(sigmoid)]
      c = c.map((old, k) => f[k]! * old + i[k]! * g[k]!)
      h = c.map((now, k) => o[k]! * Math.tanh(now))
      return h
    })
  })
}

const near = (a: NDArray, b: unknown): void => {
  expect(a.dtype).toBe('float64')
  expect(np.max(np.abs(a.sub(np.array(b as number[], { dtype: 'float64' })))).item()).toBeLessThan(1e-12)
}

describe('against a plain loop', () => {
  test.each([['tanh', np.tanh, Math.tanh], ['relu', (a: NDArray) => np.maximum(a, 0), (a: number) => Math.max(a, 0)]] as const)('RNN with %s', (_name, activation, f) => {
    const [init, apply] = RNN(hidden, { activation, outputs: 2 })
    const params = tree.map(double, init(random.key(0), [-1, time, features]).params)
    const expected = rnnLoop(params, f)
    near(apply(params, x), expected)
    near(jit(apply)(params, x), expected)
    near(RNN(hidden, { activation, outputs: 2, sequences: false })[1](params, x), expected.map((ys) => ys.at(-1)))
  })

  test('LSTM', () => {
    const [init, apply] = LSTM(hidden)
    const params = tree.map(double, init(random.key(0), [-1, time, features]).params)
    const expected = lstmLoop(params)
    near(apply(params, x), expected)
    near(jit(apply)(params, x), expected)
    near(LSTM(hidden, { sequences: false })[1](params, x), expected.map((ys) => ys.at(-1)))
  })
})

test('every entry of every gradient is the difference’s, of a stack of both', () => {
  const [init, apply] = serial(LSTM(3), RNN(2, { sequences: false }), Dense(1))
  const params = tree.map(double, init(random.key(0), [-1, time, features]).params)
  const loss = (p: typeof params): NDArray => np.mean(np.square(apply(p, x).sub(0.3)))
  const at = jit(loss)
  const gradients = tree.leaves(jit(grad(loss))(params))
  const [leaves, structure] = tree.flatten(params)
  const h = 1e-3 // a five-point difference: an error of h⁴ times a fifth derivative, and of ε / h
  for (const [n, leaf] of leaves.map((l) => np.asarray(l)).entries()) {
    const flat = leaf.reshape([-1])
    const differences = Array.from({ length: leaf.size }, (_, k) => {
      const moved = (by: number): number => at(tree.unflatten(structure, leaves.map((l, m) => (m === n ? flat.at(k).add(by).reshape(leaf.shape) : l)))).item()
      return (8 * (moved(h) - moved(-h)) - (moved(2 * h) - moved(-2 * h))) / (12 * h)
    })
    const worst = np.max(np.abs(np.subtract(np.asarray(gradients[n]!).reshape([-1]), np.array(differences, { dtype: 'float64' })))).item()
    expect(worst).toBeLessThan(1e-10)
  }
})

test('the program does not grow with time', () => {
  const [init, apply] = LSTM(3)
  const { params } = init(random.key(0), [-1, 1, 2])
  const gradient = grad((p: LSTMParams, v: NDArray) => np.sum(apply(p, v)))
  const lines = (steps: number): number => lower(gradient)(params, np.ones([1, steps, 2])).text('jaxpr').split('\n').length
  expect(lines(1000)).toBe(lines(10))
})

test('a recurrent layer takes integers, and half precision stays half', () => {
  const [init, apply] = RNN(2)
  const { params } = init(random.key(0), [-1, 3, 2])
  expect(apply(params, np.ones([1, 3, 2], { dtype: 'int32' })).dtype).toBe('float32')
  const half = tree.map((p) => p.astype('bfloat16'), params)
  expect(apply(half, np.ones([1, 3, 2], { dtype: 'bfloat16' })).dtype).toBe('bfloat16')
})

test('the forget gate starts open, at a bias of 1', () => {
  const { params } = LSTM(500)[0](random.key(0), [-1, 2, 1])
  const means = [...params.b.reshape([4, 500])].map((gate) => np.mean(gate).item())
  expect(means).toEqual([expect.closeTo(0, 2), expect.closeTo(1, 2), expect.closeTo(0, 2), expect.closeTo(0, 2)])
})
