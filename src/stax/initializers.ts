/**
 * Initial values of parameters: `(key, shape) => array`. Names and distributions as in `jax.nn.initializers`.
 * Fan-in and fan-out: the last two axes are in and out, those before them the window.
 */
import { ArgumentError, type NDArray, np, random, ShapeError } from '../index.ts'
import { describe, inNameOf, type Shape } from './layer.ts'

export type Initializer = (key: NDArray, shape: Shape) => NDArray

/** What is wrong with a key or a shape is said in the initializer's name. */
const initializer =
  (name: string, draw: Initializer): Initializer =>
  (key, shape) => {
    if (!Array.isArray(shape)) throw new ShapeError(name, `takes a key and the shape of the parameters, and got ${describe(shape)} as the shape`)
    return inNameOf(name, () => draw(key, shape))
  }

function checkScale(name: string, what: string, x: number): void {
  if (typeof x !== 'number' || !Number.isFinite(x)) throw new ArgumentError(name, `${what} is ${describe(x)}; takes a finite number, and gives a function of a key and a shape`)
}

export const zeros: Initializer = initializer('zeros', (_key, shape) => np.zeros(shape))
export const ones: Initializer = initializer('ones', (_key, shape) => np.ones(shape))

/** Normal with mean 0. */
export function normal(stddev = 1e-2): Initializer {
  checkScale('normal', 'stddev', stddev)
  return initializer('normal', (key, shape) => random.normal(key, shape).mul(stddev))
}

/** Uniform in [0, scale). */
export function uniform(scale = 1e-2): Initializer {
  checkScale('uniform', 'scale', scale)
  return initializer('uniform', (key, shape) => random.uniform(key, shape).mul(scale))
}

function fans(shape: Shape): { fanIn: number; fanOut: number } {
  const window = shape.slice(0, -2).reduce((a, b) => a * b, 1)
  return { fanIn: (shape.at(-2) ?? 1) * window, fanOut: (shape.at(-1) ?? 1) * window }
}

/** Variance 2 / (fan-in + fan-out), normal. Glorot & Bengio 2010. */
export const glorotNormal = (): Initializer =>
  initializer('glorotNormal', (key, shape) => {
    const { fanIn, fanOut } = fans(shape)
    return random.normal(key, shape).mul(Math.sqrt(2 / (fanIn + fanOut)))
  })

/** Variance 2 / (fan-in + fan-out), uniform. Glorot & Bengio 2010. */
export const glorotUniform = (): Initializer =>
  initializer('glorotUniform', (key, shape) => {
    const { fanIn, fanOut } = fans(shape)
    const limit = Math.sqrt(6 / (fanIn + fanOut))
    return random.uniform(key, shape, { minval: -limit, maxval: limit })
  })

/** Variance 2 / fan-in, normal: for relu. He et al. 2015. */
export const heNormal = (): Initializer => initializer('heNormal', (key, shape) => random.normal(key, shape).mul(Math.sqrt(2 / fans(shape).fanIn)))
