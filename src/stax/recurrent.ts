/** Recurrent layers over `lax.scan`: sequences [batch, time, features]. */
import { lax, type NDArray, nn, np, ShapeError } from '../index.ts'
import { glorotNormal, type Initializer, normal } from './initializers.ts'
import { type Layer, makeLayer, type Shape } from './layer.ts'

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

/** Steps a cell along the time axis; `ys` is [batch, time, …] or its last element. */
function unrolled<C>(x: NDArray, carry: C, step: (carry: C, x: NDArray) => readonly [C, NDArray], last: (carry: C) => NDArray, sequences: boolean): NDArray {
  const xs = np.swapaxes(x, 0, 1) // [time, batch, features]
  const body = (c: unknown, xt: NDArray): readonly [unknown, NDArray | null] => {
    const [next, y] = step(c as C, xt)
    return [next, sequences ? y : null]
  }
  const [end, ys] = lax.scan(body as never, carry as never, xs as never) as readonly [C, NDArray | null]
  return ys === null ? last(end) : np.swapaxes(ys, 0, 1)
}

export type RNNParams = { Whh: NDArray; Wxh: NDArray; bh: NDArray; Why: NDArray; by: NDArray }

/**
 * Vanilla (Elman) RNN: h_t = f(W_hh h_{t-1} + W_xh x_t + b_h), y_t = W_hy h_t + b_y, from h_0 = 0.
 * Weights multiply from the right: Whh [hidden, hidden], Wxh [features, hidden], Why [hidden, outputs].
 *
 * @example
 * const [init, apply] = RNN(64, { outputs: 10, sequences: false })
 */
export function RNN(hidden: number, options: RNNOptions = {}): Layer<RNNParams> {
  const { sequences = true, activation = np.tanh, outputs = hidden, weightInit = glorotNormal(), biasInit = normal() } = options
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
    apply({ Whh, Wxh, bh, Why, by }, state, x) {
      const [n] = sequence('RNN', x.shape)
      const read = (h: NDArray): NDArray => np.matmul(h, Why).add(by)
      const step = (h: NDArray, xt: NDArray): readonly [NDArray, NDArray] => {
        const next = activation(np.matmul(h, Whh).add(np.matmul(xt, Wxh)).add(bh))
        return [next, next]
      }
      // y is read after the loop: one product for all steps.
      return [read(unrolled(x, np.zeros([n, hidden], { dtype: x.dtype }), step, (h) => h, sequences)), state]
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
    apply({ Wx, Wh, b }, state, x) {
      const [n] = sequence('LSTM', x.shape)
      const step = ([h, c]: readonly [NDArray, NDArray], xt: NDArray): readonly [readonly [NDArray, NDArray], NDArray] => {
        const [i, f, g, o] = np.split(np.matmul(xt, Wx).add(np.matmul(h, Wh)).add(b), 4, { axis: -1 }) as [NDArray, NDArray, NDArray, NDArray]
        const cell = nn.sigmoid(f).mul(c).add(nn.sigmoid(i).mul(np.tanh(g)))
        const out = nn.sigmoid(o).mul(np.tanh(cell))
        return [[out, cell], out]
      }
      const zero = np.zeros([n, hidden], { dtype: x.dtype })
      return [unrolled<readonly [NDArray, NDArray]>(x, [zero, zero], step, ([h]) => h, sequences), state]
    },
  })
}
