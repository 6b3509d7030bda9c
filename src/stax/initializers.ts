/**
 * Initial values of parameters: `(key, shape) => array`. Names and distributions as in `jax.nn.initializers`.
 * Fan-in and fan-out: the last two axes are in and out, those before them the window.
 */
import { type NDArray, np, random } from '../index.ts'
import type { Shape } from './layer.ts'

export type Initializer = (key: NDArray, shape: Shape) => NDArray

export const zeros: Initializer = (_key, shape) => np.zeros(shape)
export const ones: Initializer = (_key, shape) => np.ones(shape)

/** Normal with mean 0. */
export const normal =
  (stddev = 1e-2): Initializer =>
  (key, shape) =>
    random.normal(key, shape).mul(stddev)

/** Uniform in [0, scale). */
export const uniform =
  (scale = 1e-2): Initializer =>
  (key, shape) =>
    random.uniform(key, shape).mul(scale)

function fans(shape: Shape): { fanIn: number; fanOut: number } {
  const window = shape.slice(0, -2).reduce((a, b) => a * b, 1)
  return { fanIn: (shape.at(-2) ?? 1) * window, fanOut: (shape.at(-1) ?? 1) * window }
}

/** Variance 2 / (fan-in + fan-out), normal. Glorot & Bengio 2010. */
export const glorotNormal = (): Initializer => (key, shape) => {
  const { fanIn, fanOut } = fans(shape)
  return random.normal(key, shape).mul(Math.sqrt(2 / (fanIn + fanOut)))
}

/** Variance 2 / (fan-in + fan-out), uniform. Glorot & Bengio 2010. */
export const glorotUniform = (): Initializer => (key, shape) => {
  const { fanIn, fanOut } = fans(shape)
  const limit = Math.sqrt(6 / (fanIn + fanOut))
  return random.uniform(key, shape, { minval: -limit, maxval: limit })
}

/** Variance 2 / fan-in, normal: for relu. He et al. 2015. */
export const heNormal = (): Initializer => (key, shape) => random.normal(key, shape).mul(Math.sqrt(2 / fans(shape).fanIn))
