// Whole programs at real sizes; they are make_programs.py's, in this library's words.
import { type DType, grad, hessian, lax, type NDArray, nn, np, random, tree, valueAndGrad, vjp, vmap } from 'pullback'
import { adam, applyUpdates } from 'pullback/optimizers'
import { describe, expect, test } from 'vitest'
import { sized } from '../scale.ts'
import { held } from './devices.ts'
import { decode, type Encoded, load, on, prepared, ways } from './load.ts'

interface Summary {
  readonly dtype: DType
  readonly shape: readonly number[]
  /** Of absolute values. */
  readonly sum: number
  readonly largest: number
  readonly at: readonly number[]
  readonly probes: readonly Encoded[]
}
type Dense = readonly [w: NDArray, b: NDArray]
type Shape = readonly number[]

const normal = (seed: number, shape: Shape, scale = 1): NDArray => random.normal(random.key(seed), shape).mul(scale)
const labels = (n: number): NDArray => nn.oneHot(random.randint(random.key(31), [n], 0, 10), 10)
const crossEntropy = (logits: NDArray, y: NDArray): NDArray => np.mean(np.sum(nn.logSoftmax(logits).mul(y), -1)).neg()
const flat = (x: unknown): NDArray[] => tree.leaves(x) as NDArray[]

function mlp(): NDArray[] {
  const sizes = [50, 70, 33, 10]
  const params = sizes.slice(1).map((n, i): Dense => [normal(i, [sizes[i]!, n], 0.2), normal(i + 10, [n], 0.1)])
  const loss = (layers: readonly Dense[], x: NDArray, y: NDArray): NDArray =>
    crossEntropy(layers.reduce((h, [w, b], i) => (i === layers.length - 1 ? h.matmul(w).add(b) : nn.relu(h.matmul(w).add(b))), x), y)
  return flat(valueAndGrad(loss)(params, normal(30, [37, 50]), labels(37)))
}

const maxPool = (x: NDArray): NDArray => lax.reduceWindow(x, -Infinity, lax.max, [1, 2, 2, 1], [1, 2, 2, 1], 'VALID')
const valid = (x: NDArray, w: NDArray): NDArray => lax.convGeneralDilated(x, w, { windowStrides: [1, 1], padding: 'VALID', dimensionNumbers: ['NHWC', 'HWIO', 'NHWC'] })

function cnnLoss([[w1, b1], [w2, b2], [w3, b3]]: readonly [Dense, Dense, Dense], x: NDArray, y: NDArray): NDArray {
  const first = maxPool(nn.relu(valid(x, w1).add(b1)))
  const second = maxPool(nn.relu(valid(first, w2).add(b2)))
  return crossEntropy(second.reshape([x.shape[0]!, -1]).matmul(w3).add(b3), y)
}
const cnnParams = (): [Dense, Dense, Dense] => [
  [normal(0, [3, 3, 1, 8], 0.3), normal(1, [8], 0.1)],
  [normal(2, [3, 3, 8, 12], 0.1), normal(3, [12], 0.1)],
  [normal(4, [300, 10], 0.05), normal(5, [10], 0.1)],
]
const cnn = (): NDArray[] => flat(valueAndGrad(cnnLoss)(cnnParams(), normal(30, [5, 28, 28, 1]), labels(5)))

function cnnTraining(): NDArray[] {
  const optimizer = adam(1e-2)
  const [x, y] = [normal(30, [8, 28, 28, 1]), labels(8)]
  let params: readonly [Dense, Dense, Dense] = cnnParams()
  let state = optimizer.init(params)
  const losses: NDArray[] = []
  for (let i = 0; i < 8; i++) {
    const [value, grads] = valueAndGrad(cnnLoss)(params, x, y)
    const [updates, next] = optimizer.update(grads, state, params)
    params = applyUpdates(params, updates)
    state = next
    losses.push(value)
  }
  return [np.stack(losses)]
}

function layerNorm(x: NDArray, g: NDArray, b: NDArray): NDArray {
  const mean = np.mean(x, -1, { keepdims: true })
  const variance = np.mean(x.sub(mean).pow(2), -1, { keepdims: true })
  return x.sub(mean).mul(lax.rsqrt(variance.add(1e-5))).mul(g).add(b)
}

function attend(input: NDArray, wq: NDArray, wk: NDArray, wv: NDArray, g: NDArray, b: NDArray): NDArray {
  const x = layerNorm(input, g, b)
  const [batch, length] = [x.shape[0]!, x.shape[1]!]
  const heads = (w: NDArray): NDArray => x.matmul(w).reshape([batch, length, 3, 8])
  const scores = np.einsum('bqhd,bkhd->bhqk', heads(wq), heads(wk)).div(Math.sqrt(8))
  const mask = np.tril(np.ones([length, length], { dtype: 'bool' }))
  const weights = nn.softmax(np.where(mask, scores, -1e9))
  return np.einsum('bhqk,bkhd->bqhd', weights, heads(wv)).reshape([batch, length, 24])
}

function attention(): NDArray[] {
  const args = [normal(0, [2, 19, 24]), normal(1, [24, 24], 0.2), normal(2, [24, 24], 0.2), normal(3, [24, 24], 0.2), np.add(1, normal(4, [24], 0.1)), normal(5, [24], 0.1)] as const
  const loss = (...a: typeof args): NDArray => np.sum(np.square(nn.gelu(attend(...a))))
  return [attend(...args), ...flat(valueAndGrad(loss, { argnums: [0, 1, 2, 3, 4, 5] })(...args))]
}

function lstmStates(w: NDArray, u: NDArray, b: NDArray, xs: NDArray): NDArray {
  const cell = ([h, c]: [NDArray, NDArray], x: NDArray): [[NDArray, NDArray], NDArray] => {
    const [i, f, g, o] = np.split(x.matmul(w).add(h.matmul(u)).add(b), 4, -1)
    const next = nn.sigmoid(f!.add(1)).mul(c).add(nn.sigmoid(i!).mul(np.tanh(g!)))
    const out = nn.sigmoid(o!).mul(np.tanh(next))
    return [[out, next], out]
  }
  const zero = np.zeros([xs.shape[1]!, u.shape[0]!])
  return lax.scan(cell, [zero, zero] as [NDArray, NDArray], xs)[1]
}

function lstm(): NDArray[] {
  const args = [normal(0, [6, 80], 0.3), normal(1, [20, 80], 0.3), normal(2, [80], 0.1), normal(3, [50, 7, 6])] as const
  const loss = (...a: typeof args): NDArray => np.sum(np.square(lstmStates(...a)))
  return [lstmStates(...args), ...flat(valueAndGrad(loss, { argnums: [0, 1, 2, 3] })(...args))]
}

function hessianOfMlp(): NDArray[] {
  const x = normal(1, [11, 5])
  return [hessian((w: NDArray) => np.mean(np.tanh(x.matmul(w)).pow(3)))(normal(0, [5, 7], 0.5))]
}

function perExampleGradients(): NDArray[] {
  const loss = (w: NDArray, x: NDArray): NDArray => nn.logsumexp(np.sin(x.matmul(w)))
  return [vmap(grad(loss), [null, 0])(normal(0, [20, 6], 0.4), normal(1, [33, 20]))]
}

function mixture(): NDArray[] {
  const x = normal(0, [101, 257])
  const y = np.cumsum(np.take(x, np.argsort(x.slice([], 0)), 0), 0)
  return [y, np.sort(y, 1), nn.logsumexp(y, 1), np.argmax(y, 0), np.var(x, 0), np.prod(x.mul(0.01).add(1), 1), lax.cummax(x, 1), np.takeAlongAxis(x, np.argsort(x, 1), 1), lax.topK(x, 5)[0]]
}

function embedding(): NDArray[] {
  const ids = random.randint(random.key(1), [40, 9], 0, 300)
  return flat(valueAndGrad((table: NDArray) => np.sum(np.square(np.tanh(np.sum(np.take(table, ids, 0), 1)))))(normal(0, [300, 16])))
}

function matrices(): NDArray[] {
  const sizes: readonly (readonly [number, number, number])[] = [[1, 1, 1], [4, 8, 16], [5, 7, 9], [31, 65, 33], [64, 64, 64], [100, 1, 100], [1, 300, 1], [129, 257, 67], [3, 1000, 5]]
  return sizes.flatMap(([m, k, n]) => [normal(m, [m, k]).matmul(normal(n, [k, n])), normal(m, [k, m]).T.matmul(normal(n, [n, k]).T)])
}

function convolutions(): NDArray[] {
  const cases: readonly (readonly [Shape, Shape, { readonly padding: 'SAME' | 'VALID'; readonly windowStrides?: Shape; readonly rhsDilation?: Shape; readonly featureGroupCount?: number }])[] = [
    [[3, 17, 19, 5], [3, 3, 5, 33], { padding: 'SAME' }],
    [[2, 32, 32, 16], [5, 5, 16, 8], { windowStrides: [2, 2], padding: 'VALID' }],
    [[4, 9, 9, 32], [1, 1, 32, 64], { padding: 'VALID' }],
    [[2, 14, 14, 12], [3, 3, 1, 24], { padding: 'SAME', featureGroupCount: 12 }],
    [[1, 40, 40, 1], [7, 7, 1, 3], { padding: 'SAME', rhsDilation: [2, 2] }],
  ]
  return cases.flatMap(([x, w, options]) => {
    const f = (a: NDArray, b: NDArray): NDArray => lax.convGeneralDilated(a, b, { windowStrides: [1, 1], dimensionNumbers: ['NHWC', 'HWIO', 'NHWC'], ...options })
    const [y, pullback] = vjp(f, [normal(0, x), normal(1, w)])
    return [y, ...pullback(normal(2, y.shape))]
  })
}

function sums(): NDArray[] {
  const [matrix, blocks] = [normal(7, [300, 1001]), normal(8, [7, 11, 13, 17])]
  return [...[1, 3, 17, 1000, 4097, 100003].map((n) => np.sum(normal(n, [n]))), np.sum(matrix, 0), np.sum(matrix, 1), np.mean(blocks, [0, 2]), np.max(blocks, [1, 3])]
}

const programs = { mlp, cnn, cnnTraining, attention, lstm, hessian: hessianOfMlp, perExampleGradients, mixture, embedding, matrices, convolutions, sums }
const fixture = load<{ readonly programs: Readonly<Record<keyof typeof programs, readonly Summary[]>> }>('programs.json')

/** Against the largest entry: the random inputs themselves may differ by a bit, and long chains carry that on. */
const accuracy = 2e-5

// The plain interpreter takes its time: at quick scale it runs each program once, staged.
for (const way of sized(ways.filter((w) => w.device !== 'cpu' || w.jitted), ways)) {
  const tried = held.some(Object.entries(programs) as [keyof typeof programs, () => NDArray[]][])
  describe.runIf(tried.length > 0)(`whole programs, ${way.name}`, () => {
    for (const [name, program] of tried) {
      test(name, () =>
        on(way, async () => {
          const results = prepared(way, program)()
          const expected = fixture.programs[name]
          expect(results.map((x) => [x.dtype, x.shape])).toEqual(expected.map((e) => [e.dtype, e.shape]))
          for (const [i, e] of expected.entries()) {
            const values = Float64Array.from(await results[i]!.data(), Number)
            const sum = values.reduce((total, v) => total + Math.abs(v), 0)
            expect(Math.abs(sum - e.sum), `result ${i}: sum ${sum}, expected ${e.sum}`).toBeLessThanOrEqual(accuracy * e.largest * Math.sqrt(values.length))
            e.at.forEach((at, k) => expect(Math.abs(values[at]! - decode(e.probes[k]!)), `result ${i}[${at}] is ${values[at]}, expected ${e.probes[k]}`).toBeLessThanOrEqual(accuracy * e.largest))
          }
        }))
    }
  })
}
