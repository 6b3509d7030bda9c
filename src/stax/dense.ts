/** Fully connected layers, and those that only change shapes. */
import { type NDArray, np, ShapeError } from '../index.ts'
import { glorotNormal, type Initializer, normal } from './initializers.ts'
import { checkApply, checkInput, checkOptions, checkSizes, inNameOf, type Layer, makeLayer } from './layer.ts'

export interface DenseOptions {
  readonly weightInit?: Initializer
  readonly biasInit?: Initializer
}

/**
 * y = x · W + b over the last axis: [..., in] to [..., units]. Params [W: [in, units], b: [units]].
 *
 * @example
 * const [init, apply] = Dense(10)
 * const { shape, params } = init(random.key(0), [-1, 784])   // shape [-1, 10]
 */
export function Dense(units: number, options: DenseOptions = {}): Layer<[W: NDArray, b: NDArray]> {
  checkSizes('Dense', 'units', units)
  checkOptions('Dense', options, ['weightInit', 'biasInit'])
  const { weightInit = glorotNormal(), biasInit = normal() } = options
  return makeLayer<[W: NDArray, b: NDArray], NDArray, NDArray, null>({
    init(keys, inputShape) {
      const features = inputShape.at(-1)
      if (features === undefined || features < 0) throw new ShapeError('Dense', `needs a known last axis and got shape [${inputShape.join(',')}]`)
      return { shape: [...inputShape.slice(0, -1), units], params: [weightInit(keys.next(), [features, units]), biasInit(keys.next(), [units])], state: null }
    },
    apply(params, state, x) {
      checkApply('Dense', params, ['W', 'b'], x)
      const [W, b] = params
      if (x.ndim === 0 || x.shape.at(-1) !== W.shape[0]) throw new ShapeError('Dense', `got input [${x.shape.join(',')}] for weights [${W.shape.join(',')}]; the last axis of the input must be ${W.shape[0]}`)
      return [inNameOf('Dense', () => np.matmul(x, W).add(b)), state]
    },
  })
}

/** [batch, a, b, …] to [batch, a·b·…]. */
export const Flatten: Layer<[]> = makeLayer<[], NDArray, NDArray, null>({
  init: (_keys, [batch = -1, ...rest]) => ({ shape: [batch, rest.reduce((a, b) => a * b, 1)], params: [], state: null }),
  apply(_params, state, x) {
    checkInput('Flatten', x)
    return [x.reshape([x.shape[0] ?? 1, x.shape.slice(1).reduce((a, b) => a * b, 1)]), state]
  },
})

/** What comes in goes out. */
export const Identity: Layer<[]> = makeLayer<[], NDArray, NDArray, null>({
  init: (_keys, shape) => ({ shape, params: [], state: null }),
  apply: (_params, state, x) => [x, state],
})
