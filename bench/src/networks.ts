/** The networks of the bench, from parameters that their peers compute too, so that losses can be compared. */
import { grad, jit, lax, nn, np, random, tree, valueAndGrad } from '../../src/index.ts'
import { adam, applyUpdates } from '../../src/optimizers/index.ts'
import { Conv, Dense, Flatten, type Layer, LSTM, MaxPool, Relu, serial } from '../../src/stax/index.ts'
import { numbers } from './workload.ts'

export const array = (shape: readonly number[], seed: number): np.NDArray => np.array(numbers(shape.reduce((a, b) => a * b, 1), seed)).reshape(shape)

/** Params of any network: nested lists and records of arrays. */
type Params = readonly { readonly [name: string]: np.NDArray }[]

/** A step of Adam on a network's params, its state donated; another `rate` is another program. Every parameter is a tenth of the numbers of seed 3. */
function adamStep<P>(network: Layer<P>, inputShape: readonly number[], rate: number): () => np.NDArray {
  const [init, apply] = network as unknown as Layer<Params> // what the step does not look into
  let params = tree.map((p: np.NDArray) => array(p.shape, 3).mul(0.1), init(random.key(0), [-1, ...inputShape.slice(1)]).params)
  const optimizer = adam(rate)
  let state = optimizer.init(params)
  const [x, labels] = [array(inputShape, 1), np.array(Int32Array.from({ length: inputShape[0]! }, (_, i) => i % 10))]
  const loss = (p: Params): np.NDArray => np.negative(np.mean(np.sum(nn.logSoftmax(apply(p, x)).mul(nn.oneHot(labels, 10)), -1)))
  const step = jit(
    (p: Params, s: typeof state) => {
      const [value, grads] = valueAndGrad(loss)(p)
      const [updates, next] = optimizer.update(grads, s, p)
      return [applyUpdates(p, updates), next, value] as const
    },
    { donateArgnums: [0, 1] },
  )
  return () => {
    const [p, s, value] = step(params, state)
    params = p
    state = s
    return value
  }
}

export const convolutional = (rate: number, batch = 64): (() => np.NDArray) =>
  adamStep(serial(Conv(32, [3, 3]), Relu, MaxPool([2, 2]), Conv(64, [3, 3]), Relu, MaxPool([2, 2]), Conv(64, [3, 3]), Relu, Flatten, Dense(64), Relu, Dense(10)), [batch, 28, 28, 1], rate)
export const recurrent = (rate: number): (() => np.NDArray) => adamStep(serial(LSTM(128, { sequences: false }), Dense(10)), [64, 28, 28], rate)

// Forward: 26²·9·32 + 11²·9·32·64 + 3²·9·64·64 + 576·64 + 640 products an image; backward twice that, less the first input's gradient.
export const cnnFlops = (batch: number): number => 2 * batch * (2 * 26 * 26 * 9 * 32 + 3 * (11 * 11 * 9 * 32 * 64 + 3 * 3 * 9 * 64 * 64 + 576 * 64 + 640))

/** A step of gradient descent on a perceptron, from the same parameters each time; gives the new biases. Another `rate` is another program. */
export function perceptron(rate: number): () => readonly np.NDArray[] {
  const [x, labels] = [array([128, 784], 1), np.array(Int32Array.from({ length: 128 }, (_, i) => i % 10))]
  const sizes = [784, 512, 512, 10]
  const params = sizes.slice(1).map((out, i) => ({ w: array([sizes[i]!, out], 5 + i).mul(0.1), b: np.zeros([out]) }))
  type Layers = typeof params
  const loss = (ps: Layers): np.NDArray => {
    let h = x
    ps.forEach(({ w, b }, i) => {
      h = np.matmul(h, w).add(b)
      if (i + 1 < ps.length) h = nn.relu(h)
    })
    return np.negative(np.mean(np.sum(nn.logSoftmax(h).mul(nn.oneHot(labels, 10)), -1)))
  }
  const step = jit((ps: Layers) => {
    const g = grad(loss)(ps)
    return ps.map(({ w, b }, i) => ({ w: w.sub(g[i]!.w.mul(rate)), b: b.sub(g[i]!.b.mul(rate)) }))
  })
  return () => step(params).map((p) => p.b)
}

/** The gradient of a loss through a loop over the rows of `xs`; another `by` is another program. */
export function throughLoop(xs: np.NDArray, by: number): (w: np.NDArray) => np.NDArray {
  return jit(grad((w: np.NDArray) => np.sum(lax.scan((h: np.NDArray, x: np.NDArray) => [np.tanh(h.matmul(w).mul(by).add(x)), null] as const, np.zeros([8]), xs)[0])))
}

export const layerNorm = (x: np.NDArray): np.NDArray => {
  const centred = x.sub(np.mean(x, { axis: -1, keepdims: true }))
  return centred.div(np.sqrt(np.mean(np.square(centred), { axis: -1, keepdims: true }).add(1e-5)))
}
