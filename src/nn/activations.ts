/** Activation functions, elementwise, by the formulas of `jax.nn`. Integers become float32. */
import type { NDArray } from '../core/array.ts'
import * as ops from '../core/ops/index.ts'
import { checkOptions } from '../core/ops/index.ts'
import type { ArrayLike } from '../core/tree.ts'

const float = (x: ArrayLike): NDArray => {
  const a = ops.toArray(x)
  return a.dtype.startsWith('float') || a.dtype === 'bfloat16' ? a : ops.convert(a, 'float32')
}

/** max(x, 0), with derivative 0 at 0. */
export const relu = (x: ArrayLike): NDArray => {
  const a = ops.toArray(x)
  return ops.where(ops.le(a, 0), 0, a)
}
/** min(max(x, 0), 6). */
export const relu6 = (x: ArrayLike): NDArray => ops.min(ops.max(float(x), 0), 6)
/** x where x >= 0, else `negativeSlope` · x. */
export const leakyRelu = (x: ArrayLike, negativeSlope: ArrayLike = 0.01): NDArray => {
  const a = float(x)
  return ops.where(ops.ge(a, 0), a, ops.mul(a, negativeSlope))
}
/** 1 / (1 + exp(-x)). */
export const sigmoid = (x: ArrayLike): NDArray => ops.logistic(x)
/** x · sigmoid(x). Elfwing et al. 2017; also called swish. */
export const silu = (x: ArrayLike): NDArray => {
  const a = float(x)
  return ops.mul(a, ops.logistic(a))
}
export const swish: typeof silu = silu
/** log(1 + exp(x)), without overflow. */
export const softplus = (x: ArrayLike): NDArray => {
  const a = float(x)
  return ops.add(ops.max(a, 0), ops.log1p(ops.exp(ops.neg(ops.abs(a)))))
}
/** log(sigmoid(x)). */
export const logSigmoid = (x: ArrayLike): NDArray => ops.neg(softplus(ops.neg(float(x))))
/** x / (|x| + 1). */
export const softSign = (x: ArrayLike): NDArray => {
  const a = float(x)
  return ops.div(a, ops.add(ops.abs(a), 1))
}
/** x where x > 0, else alpha · (exp(x) - 1). Clevert et al. 2015. */
export const elu = (x: ArrayLike, alpha: ArrayLike = 1): NDArray => {
  const a = float(x)
  const positive = ops.gt(a, 0)
  // The inner choice keeps exp of large numbers, and so inf · 0, out of the derivative.
  return ops.where(positive, a, ops.mul(alpha, ops.expm1(ops.where(positive, 0, a))))
}
/** x where x > 0, else alpha · (exp(x / alpha) - 1). Barron 2017. */
export const celu = (x: ArrayLike, alpha: ArrayLike = 1): NDArray => {
  const a = float(x)
  return ops.add(ops.where(ops.gt(a, 0), a, 0), ops.mul(alpha, ops.expm1(ops.div(ops.where(ops.gt(a, 0), 0, a), alpha))))
}
/** Scaled elu that normalises itself. Klambauer et al. 2017. */
export const selu = (x: ArrayLike): NDArray => ops.mul(elu(x, 1.6732632423543772848170429916717), 1.0507009873554804934193349852946)

export interface GeluOptions {
  /** The tanh formula (default), or the exact one with erfc. */
  readonly approximate?: boolean
}
/** x · Φ(x), Φ the normal distribution. Hendrycks & Gimpel 2016. */
export function gelu(x: ArrayLike, options: GeluOptions = {}): NDArray {
  checkOptions('gelu', options, ['approximate'])
  const a = float(x)
  if (options.approximate === false) return ops.mul(ops.mul(a, 0.5), ops.erfc(ops.mul(ops.neg(a), Math.SQRT1_2)))
  const inner = ops.mul(ops.add(a, ops.mul(ops.integerPow(a, 3), 0.044715)), Math.sqrt(2 / Math.PI))
  return ops.mul(a, ops.mul(ops.add(ops.tanh(inner), 1), 0.5))
}
/** -1 below -1, 1 above 1, x between. */
export const hardTanh = (x: ArrayLike): NDArray => {
  const a = float(x)
  return ops.where(ops.gt(a, 1), 1, ops.where(ops.lt(a, -1), -1, a))
}
/** relu6(x + 3) / 6. */
export const hardSigmoid = (x: ArrayLike): NDArray => ops.div(relu6(ops.add(float(x), 3)), 6)
/** x · hardSigmoid(x). Howard et al. 2019. */
export const hardSilu = (x: ArrayLike): NDArray => {
  const a = float(x)
  return ops.mul(a, hardSigmoid(a))
}
export const hardSwish: typeof hardSilu = hardSilu
/** (x + √(x² + b)) / 2. Barron 2021. */
export const squareplus = (x: ArrayLike, b: ArrayLike = 4): NDArray => {
  const a = float(x)
  return ops.mul(ops.add(a, ops.sqrt(ops.add(ops.square(a), b))), 0.5)
}
/** x · tanh(softplus(x)). Misra 2019. */
export const mish = (x: ArrayLike): NDArray => {
  const a = float(x)
  return ops.mul(a, ops.tanh(softplus(a)))
}
/** The first half of an axis times the sigmoid of the second. Dauphin et al. 2016. */
export function glu(x: NDArray, axis = -1): NDArray {
  const at = ops.normalAxis('glu', axis, x.ndim)
  const half = x.shape[at]! / 2
  const part = (from: number, to: number): NDArray => x.slice(...Array.from({ length: at }, () => [] as const), [from, to])
  return ops.mul(part(0, half), ops.logistic(part(half, 2 * half)))
}
