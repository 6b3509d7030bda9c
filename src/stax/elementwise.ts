/** Layers without parameters that keep the shape: activations and dropout. */
import { ArgumentError, type NDArray, nn, np, random } from '../index.ts'
import { checkInput, describe, type Layer, makeLayer } from './layer.ts'

/** A layer from a function of an array that keeps its shape. */
export function elementwise(f: (x: NDArray) => NDArray): Layer<[]> {
  if (typeof f !== 'function') throw new ArgumentError('elementwise', `takes a function of an array and got ${describe(f)}`)
  return makeLayer<[], NDArray, NDArray, null>({
    init: (_keys, shape) => ({ shape, params: [], state: null }),
    apply: (_params, state, x) => [f(x), state],
  })
}

export const Relu: Layer<[]> = elementwise((x) => nn.relu(x))
export const LeakyRelu: Layer<[]> = elementwise((x) => nn.leakyRelu(x))
export const Elu: Layer<[]> = elementwise((x) => nn.elu(x))
export const Selu: Layer<[]> = elementwise((x) => nn.selu(x))
export const Gelu: Layer<[]> = elementwise((x) => nn.gelu(x))
export const Silu: Layer<[]> = elementwise((x) => nn.silu(x))
export const Sigmoid: Layer<[]> = elementwise((x) => nn.sigmoid(x))
export const Softplus: Layer<[]> = elementwise((x) => nn.softplus(x))
export const Tanh: Layer<[]> = elementwise((x) => np.tanh(x))
export const Exp: Layer<[]> = elementwise((x) => np.exp(x))
/** Over the last axis. */
export const Softmax: Layer<[]> = elementwise((x) => nn.softmax(x))
/** Over the last axis. */
export const LogSoftmax: Layer<[]> = elementwise((x) => nn.logSoftmax(x))

/**
 * In training each element is dropped with probability `rate`, and the others scaled by 1 / (1 - rate), so that
 * the expectation stays; in evaluation the identity. Srivastava et al. 2014.
 * @throws ArgumentError in training without a key, or when `rate` is not in [0, 1).
 */
export function Dropout(rate: number): Layer<[]> {
  if (typeof rate !== 'number' || !(rate >= 0 && rate < 1)) throw new ArgumentError('Dropout', `rate is the share that is dropped, a number in [0, 1), and got ${describe(rate)}`)
  return makeLayer<[], NDArray, NDArray, null>({
    init: (_keys, shape) => ({ shape, params: [], state: null }),
    apply(_params, state, x, { keys, mode }) {
      checkInput('Dropout', x)
      if (mode === 'eval' || rate === 0) return [x, state]
      if (keys === null) throw new ArgumentError('Dropout', "needs a key in mode 'train': apply(params, x, { key, mode: 'train' })")
      const keep = random.bernoulli(keys.next(), 1 - rate, x.shape)
      return [np.where(keep, x.div(1 - rate), 0), state]
    },
  })
}
