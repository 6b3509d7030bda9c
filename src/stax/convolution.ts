/** Convolutions and pooling over images, NHWC. */
import { ArgumentError, lax, type NDArray, np, ShapeError } from '../index.ts'
import { glorotNormal, type Initializer, normal } from './initializers.ts'
import { checkApply, checkInput, checkOptions, checkSizes, checkWindow, describe, inNameOf, type Layer, makeLayer, type Shape } from './layer.ts'

export type LayerPadding = 'SAME' | 'VALID'

export interface ConvOptions {
  /** Default 1 along both axes. */
  readonly strides?: readonly [number, number]
  /** Default 'VALID'. */
  readonly padding?: LayerPadding
  readonly weightInit?: Initializer
  readonly biasInit?: Initializer
}

function settings(operation: string, channels: number, window: readonly number[], options: ConvOptions): Required<ConvOptions> {
  checkOptions(operation, options, ['strides', 'padding', 'weightInit', 'biasInit'])
  const { strides = [1, 1], padding = 'VALID', weightInit = glorotNormal(), biasInit = normal() } = options
  checkSizes(operation, 'channels', channels)
  checkWindow(operation, 'window', window)
  checkWindow(operation, 'strides', strides)
  checkPadding(operation, padding)
  return { strides, padding, weightInit, biasInit }
}

function checkPadding(operation: string, padding: LayerPadding): void {
  if (padding !== 'SAME' && padding !== 'VALID') throw new ArgumentError(operation, `padding is ${describe(padding)}; takes 'SAME' or 'VALID'`)
}

const dimensionNumbers = ['NHWC', 'HWIO', 'NHWC'] as const

function image(operation: string, shape: Shape): readonly [batch: number, height: number, width: number, channels: number] {
  const [n, h, w, c] = shape
  if (shape.length !== 4 || n === undefined || h === undefined || w === undefined || c === undefined) {
    throw new ShapeError(operation, `needs images [batch, height, width, channels] and got shape [${shape.join(',')}]`)
  }
  return [n, h, w, c]
}

function windowed(operation: string, size: number, window: number, stride: number, padding: LayerPadding): number {
  const out = padding === 'SAME' ? Math.ceil(size / stride) : Math.floor((size - window) / stride) + 1
  if (out < 1) throw new ShapeError(operation, `a window of ${window} does not fit into ${size} with ${padding} padding; takes a smaller one, or 'SAME'`)
  return out
}

/**
 * 2-D convolution: [n, h, w, in] to [n, h', w', channels]. Params [W: [kh, kw, in, channels], b: [channels]].
 *
 * @example
 * const [init, apply] = Conv(32, [3, 3], { padding: 'SAME' })
 */
export function Conv(channels: number, window: readonly [number, number], options: ConvOptions = {}): Layer<[W: NDArray, b: NDArray]> {
  const { strides, padding, weightInit, biasInit } = settings('Conv', channels, window, options)
  return makeLayer<[W: NDArray, b: NDArray], NDArray, NDArray, null>({
    init(keys, inputShape) {
      const [n, h, w, c] = image('Conv', inputShape)
      const shape = [n, windowed('Conv', h, window[0], strides[0], padding), windowed('Conv', w, window[1], strides[1], padding), channels]
      return { shape, params: [weightInit(keys.next(), [...window, c, channels]), biasInit(keys.next(), [channels])], state: null }
    },
    apply(params, state, x) {
      checkApply('Conv', params, ['W', 'b'], x)
      image('Conv', x.shape)
      const [W, b] = params
      return [inNameOf('Conv', () => lax.convGeneralDilated(x, W, { windowStrides: strides, padding, dimensionNumbers }).add(b)), state]
    },
  })
}

/**
 * Transposed 2-D convolution (the gradient of `Conv` with respect to its input, without flipping the kernel):
 * 'SAME' gives h·stride, 'VALID' h·stride + max(window - stride, 0). Params as of `Conv`.
 */
export function ConvTranspose(channels: number, window: readonly [number, number], options: ConvOptions = {}): Layer<[W: NDArray, b: NDArray]> {
  const { strides, padding, weightInit, biasInit } = settings('ConvTranspose', channels, window, options)
  const grown = (size: number, i: 0 | 1): number => size * strides[i] + (padding === 'SAME' ? 0 : Math.max(window[i] - strides[i], 0))
  return makeLayer<[W: NDArray, b: NDArray], NDArray, NDArray, null>({
    init(keys, inputShape) {
      const [n, h, w, c] = image('ConvTranspose', inputShape)
      return {
        shape: [n, grown(h, 0), grown(w, 1), channels],
        params: [weightInit(keys.next(), [...window, c, channels]), biasInit(keys.next(), [channels])],
        state: null,
      }
    },
    apply(params, state, x) {
      checkApply('ConvTranspose', params, ['W', 'b'], x)
      image('ConvTranspose', x.shape)
      const [W, b] = params
      return [inNameOf('ConvTranspose', () => lax.convTranspose(x, W, strides, padding, { dimensionNumbers }).add(b)), state]
    },
  })
}

export interface PoolOptions {
  /** Default: the window, so that windows do not overlap. */
  readonly strides?: readonly [number, number]
  /** Default 'VALID'. */
  readonly padding?: LayerPadding
}

function pool(operation: string, window: readonly [number, number], options: PoolOptions, reduce: (x: NDArray, w: readonly number[], s: readonly number[], p: LayerPadding) => NDArray): Layer<[]> {
  checkOptions(operation, options, ['strides', 'padding'])
  const { strides = window, padding = 'VALID' } = options
  checkWindow(operation, 'window', window)
  checkWindow(operation, 'strides', strides)
  checkPadding(operation, padding)
  return makeLayer<[], NDArray, NDArray, null>({
    init(_keys, inputShape) {
      const [n, h, w, c] = image(operation, inputShape)
      return { shape: [n, windowed(operation, h, window[0], strides[0], padding), windowed(operation, w, window[1], strides[1], padding), c], params: [], state: null }
    },
    apply(_params, state, x) {
      checkInput(operation, x)
      image(operation, x.shape)
      return [inNameOf(operation, () => reduce(x, [1, ...window, 1], [1, ...strides, 1], padding)), state]
    },
  })
}

/** The maximum of each window. */
export const MaxPool = (window: readonly [number, number], options: PoolOptions = {}): Layer<[]> =>
  pool('MaxPool', window, options, (x, w, s, p) => lax.reduceWindow(x, -Infinity, lax.max, w, s, p))

/** The mean of each window; padding is not counted. */
export const AvgPool = (window: readonly [number, number], options: PoolOptions = {}): Layer<[]> =>
  pool('AvgPool', window, options, (x, w, s, p) => {
    const sums = lax.reduceWindow(x, 0, lax.add, w, s, p)
    return p === 'VALID' ? sums.div(w.reduce((a, b) => a * b, 1)) : sums.div(lax.reduceWindow(np.onesLike(x), 0, lax.add, w, s, p))
  })
