/** Recurrent layers over `lax.scan`: sequences [batch, time, features]. */
import { lax, type NDArray, nn, np, ShapeError } from '../index.ts'
import { glorotNormal, type Initializer, normal } from './initializers.ts'
import { checkApply, checkOptions, checkSizes, inNameOf, type Layer, makeLayer, type Shape } from './layer.ts'

export interface RecurrentOptions {
  /** True (default): outputs at every step, [batch, time, …]; false: the last one, [batch, …]. */
  readonly sequences?: boolean
  readonly weightInit?: Initializer
  readonly biasInit?: Initializer
}

export interface RNNOptions extends RecurrentOptions {
  /** Default tanh. */
  readonly activation?: (x: NDArray) => NDArray
  /** Size of y; default: the hidden size. */
  readonly outputs?: number
}

function sequence(operation: string, shape: Shape): readonly [batch: number, time: number, features: number] {
  const [n, t, f] = shape
  if (shape.length !== 3 || n === undefined || t === undefined || f === undefined) {
    throw new ShapeError(operation, `needs sequences [batch, time, features] and got shape [${shape.join(',')}]`)
  }
  return [n, t, f]
}

/** [batch, time, …] to [time, batch, …], as `lax.scan` takes its steps, and back. */
const timeFirst = (x: NDArray): NDArray => np.swapaxes(x, 0, 1)

export type RNNParams = { Whh: NDArray; Wxh: NDArray; bh: NDArray; Why: NDArray; by: NDArray }

/**
 * Vanilla (Elman) RNN: h_t = f(W_hh h_{t-1} + W_xh x_t + b_h), y_t = W_hy h_t + b_y, from h_0 = 0.
 * Weights multiply from the right: Whh [hidden, hidden], Wxh [features, hidden], Why [hidden, outputs].
 *
 * @example
 * const [init, apply] = RNN(64, { outputs: 10, sequences: false })
 */
export function RNN(hidden: number, options: RNNOptions = {}): Layer<RNNParams> {
  checkOptions('RNN', options, ['sequences', 'activation', 'outputs', 'weightInit', 'biasInit'])
  const { sequences = true, activation = np.tanh, outputs = hidden, weightInit = glorotNormal(), biasInit = normal() } = options
  checkSizes('RNN', 'hidden and outputs', hidden, outputs)
  return makeLayer<RNNParams, NDArray, NDArray, null>({
    init(keys, inputShape) {
      const [n, t, f] = sequence('RNN', inputShape)
      return {
        shape: sequences ? [n, t, outputs] : [n, outputs],
        params: {
          Whh: weightInit(keys.next(), [hidden, hidden]),
          Wxh: weightInit(keys.next(), [f, hidden]),
          bh: biasInit(keys.next(), [hidden]),
          Why: weightInit(keys.next(), [hidden, outputs]),
          by: biasInit(keys.next(), [outputs]),
        },
        state: null,
      }
    },
    apply(params, state, x) {
      checkApply('RNN', params, ['Whh', 'Wxh', 'bh', 'Why', 'by'], x, 'record')
      const { Whh, Wxh, bh, Why, by } = params
      const [n] = sequence('RNN', x.shape)
      // What does not wait for the step before is one product for all steps: W_xh x_t + b_h, and y from the h_t.
      const inputs = timeFirst(inNameOf('RNN', () => np.matmul(x, Wxh).add(bh)))
      const step = (h: NDArray, xt: NDArray): readonly [NDArray, NDArray | null] => {
        const next = activation(np.matmul(h, Whh).add(xt))
        return [next, sequences ? next : null]
      }
      const [last, hs] = lax.scan(step, np.zeros([n, hidden], { dtype: np.resultType(inputs, Whh) }), inputs)
      return [np.matmul(hs === null ? last : timeFirst(hs), Why).add(by), state]
    },
  })
}

export type LSTMParams = { Wx: NDArray; Wh: NDArray; b: NDArray }

/**
 * LSTM: i, f, g, o = W_x x_t + W_h h_{t-1} + b; c_t = σ(f) c_{t-1} + σ(i) tanh(g); h_t = σ(o) tanh(c_t); outputs h.
 * The forget gate's bias starts at 1 more (Jozefowicz et al. 2015). Hochreiter & Schmidhuber 1997, Gers et al. 2000.
 * Params Wx [features, 4·hidden], Wh [hidden, 4·hidden], b [4·hidden], gates in the order i, f, g, o.
 */
export function LSTM(hidden: number, options: RecurrentOptions = {}): Layer<LSTMParams> {
  checkOptions('LSTM', options, ['sequences', 'weightInit', 'biasInit'])
  checkSizes('LSTM', 'hidden', hidden)
  const { sequences = true, weightInit = glorotNormal(), biasInit = normal() } = options
  return makeLayer<LSTMParams, NDArray, NDArray, null>({
    init(keys, inputShape) {
      const [n, t, f] = sequence('LSTM', inputShape)
      const forget = np.concatenate([np.zeros([hidden]), np.ones([hidden]), np.zeros([2 * hidden])])
      return {
        shape: sequences ? [n, t, hidden] : [n, hidden],
        params: { Wx: weightInit(keys.next(), [f, 4 * hidden]), Wh: weightInit(keys.next(), [hidden, 4 * hidden]), b: biasInit(keys.next(), [4 * hidden]).add(forget) },
        state: null,
      }
    },
    apply(params, state, x) {
      checkApply('LSTM', params, ['Wx', 'Wh', 'b'], x, 'record')
      const { Wx, Wh, b } = params
      const [n] = sequence('LSTM', x.shape)
      const inputs = timeFirst(inNameOf('LSTM', () => np.matmul(x, Wx).add(b))) // one product for all steps
      const step = ([h, c]: readonly [NDArray, NDArray], xt: NDArray): readonly [readonly [NDArray, NDArray], NDArray | null] => {
        const [i, f, g, o] = gates(np.matmul(h, Wh).add(xt), hidden)
        const cell = nn.sigmoid(f).mul(c).add(nn.sigmoid(i).mul(np.tanh(g)))
        const out = nn.sigmoid(o).mul(np.tanh(cell))
        return [[out, cell], sequences ? out : null]
      }
      const zero = np.zeros([n, hidden], { dtype: np.resultType(inputs, Wh) })
      const [[last], hs] = lax.scan(step, [zero, zero] as const, inputs)
      return [hs === null ? last : timeFirst(hs), state]
    },
  })
}

/** [batch, 4·hidden] in four. */
function gates(x: NDArray, hidden: number): readonly [i: NDArray, f: NDArray, g: NDArray, o: NDArray] {
  const gate = (k: number): NDArray => lax.sliceInDim(x, k * hidden, (k + 1) * hidden, 1, 1)
  return [gate(0), gate(1), gate(2), gate(3)]
}
