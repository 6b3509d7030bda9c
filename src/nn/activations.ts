/** Activation functions, elementwise, by the formulas of `jax.nn`, with its derivatives at corners and infinities. */
import type { NDArray } from '../core/array.ts'
import { ShapeError } from '../core/errors.ts'
import * as ops from '../core/ops/index.ts'
import { checkOptions, placed } from '../core/ops/index.ts'
import type { ArrayLike } from '../core/tree.ts'
import { bringSpecialFunctions } from '../families/special-functions.ts'
import { besideFraction, floating, inexact, noBool, numeric, strong } from './operand.ts'

/** max(x, 0), with derivative 0 at 0 and at NaN. */
export const relu = (x: ArrayLike): NDArray =>
  ops.within('relu', () => {
    const a = ops.toArray('relu', x)
    // The value of the second case is right everywhere; the choice is there for the derivative.
    return ops.where(ops.gt(a, 0), a, ops.stopGradientArray(ops.max(a, 0)))
  })
/** min(max(x, 0), 6), with derivative 0 at both corners. */
export const relu6 = (x: ArrayLike): NDArray =>
  ops.within('relu6', () => {
    const a = besideFraction('relu6', x)
    return ops.where(ops.and(ops.gt(a, 0), ops.lt(a, 6)), a, ops.stopGradientArray(ops.min(ops.max(a, 0), 6)))
  })

export interface LeakyReluOptions {
  /** Default 0.01. */
  readonly negativeSlope?: ArrayLike
}
/** x where x >= 0, else `negativeSlope` · x. */
export function leakyRelu(x: ArrayLike, negativeSlope?: ArrayLike | LeakyReluOptions): NDArray {
  return ops.within('leakyRelu', () => {
    const { negativeSlope: slope = 0.01 } = placed<LeakyReluOptions>('leakyRelu', ['negativeSlope'], [negativeSlope], undefined, ['negativeSlope'])
    const a = ops.toArray('leakyRelu', x)
    return ops.where(ops.ge(a, 0), a, ops.mul(a, slope))
  })
}

/** 1 / (1 + exp(-x)). @throws DtypeError for integers and bool, as jax.nn does. */
export const sigmoid = (x: ArrayLike): NDArray => ops.within('sigmoid', () => ops.logistic(inexact('sigmoid', x)))
/** x · sigmoid(x). Elfwing et al. 2017; also called swish. @throws DtypeError for integers and bool. */
export const silu = (x: ArrayLike): NDArray =>
  ops.within('silu', () => {
    const a = inexact('silu', x)
    return ops.mul(a, ops.logistic(a))
  })
/** `silu` by another name. */
export const swish = (x: ArrayLike): NDArray => ops.within('swish', () => silu(x))
/** log(1 + exp(x)), without overflow. */
export const softplus = (x: ArrayLike): NDArray =>
  ops.within('softplus', () => {
    const a = numeric('softplus', x)
    // -|x|, but smooth on either side of 0: so derivatives of every order are right there too.
    const positive = ops.gt(a, 0)
    return ops.add(ops.where(positive, a, 0), ops.log1p(ops.exp(ops.where(positive, ops.neg(a), a))))
  })
/** log(sigmoid(x)). */
export const logSigmoid = (x: ArrayLike): NDArray => ops.within('logSigmoid', () => ops.neg(softplus(ops.neg(ops.toArray('logSigmoid', x)))))
/** x / (|x| + 1). */
export const softSign = (x: ArrayLike): NDArray =>
  ops.within('softSign', () => {
    const a = numeric('softSign', x)
    return ops.div(a, ops.add(ops.abs(a), 1))
  })

export interface AlphaOptions {
  /** Default 1. */
  readonly alpha?: ArrayLike
}
const alphaOf = (operation: string, alpha: ArrayLike | AlphaOptions | undefined): ArrayLike => placed<AlphaOptions>(operation, ['alpha'], [alpha], undefined, ['alpha']).alpha ?? 1
/** x where x > 0, else alpha · (exp(x) - 1). Clevert et al. 2015. */
export function elu(x: ArrayLike, alpha?: ArrayLike | AlphaOptions): NDArray {
  return ops.within('elu', () => {
    const a = besideFraction('elu', x)
    const positive = ops.gt(a, 0)
    // The inner choice keeps exp of large numbers, and so inf · 0, out of the derivative.
    return ops.where(positive, a, ops.mul(alphaOf('elu', alpha), ops.expm1(ops.where(positive, 0, a))))
  })
}
/** max(x, 0) + alpha · (exp(min(x, 0) / alpha) - 1). Barron 2017. */
export function celu(x: ArrayLike, alpha?: ArrayLike | AlphaOptions): NDArray {
  return ops.within('celu', () => {
    const a = besideFraction('celu', x)
    const width = alphaOf('celu', alpha)
    const positive = ops.gt(a, 0)
    return ops.add(ops.where(positive, a, 0), ops.mul(width, ops.expm1(ops.div(ops.where(positive, 0, a), width))))
  })
}
/** Scaled elu that normalises itself. Klambauer et al. 2017. */
export const selu = (x: ArrayLike): NDArray => ops.within('selu', () => ops.mul(elu(x, 1.6732632423543772848170429916717), 1.0507009873554804934193349852946))

export interface GeluOptions {
  /** The tanh formula (default), or the exact one with erfc. */
  readonly approximate?: boolean
}
/** x · Φ(x), Φ the normal distribution. Hendrycks & Gimpel 2016. */
export function gelu(x: ArrayLike, options: GeluOptions = {}): NDArray {
  return ops.within('gelu', () => {
    checkOptions('gelu', options, ['approximate'])
    const a = strong('gelu', x)
    if (options.approximate === false) {
      bringSpecialFunctions()
      return ops.mul(ops.mul(a, 0.5), ops.erfc(ops.mul(ops.neg(a), Math.SQRT1_2)))
    }
    const inner = ops.mul(ops.add(a, ops.mul(ops.integerPow(a, 3), 0.044715)), Math.sqrt(2 / Math.PI))
    return ops.mul(a, ops.mul(ops.add(ops.tanh(inner), 1), 0.5))
  })
}

/** -1 below -1, 1 above 1, x between. */
export const hardTanh = (x: ArrayLike): NDArray =>
  ops.within('hardTanh', () => {
    const a = ops.toArray('hardTanh', x)
    return ops.where(ops.gt(a, 1), 1, ops.where(ops.lt(a, -1), -1, a))
  })
/** relu6(x + 3) / 6. */
export const hardSigmoid = (x: ArrayLike): NDArray => ops.within('hardSigmoid', () => ops.div(relu6(ops.add(besideFraction('hardSigmoid', x), 3)), 6))
/** x · hardSigmoid(x). Howard et al. 2019. */
export const hardSilu = (x: ArrayLike): NDArray =>
  ops.within('hardSilu', () => {
    const a = besideFraction('hardSilu', x)
    return ops.mul(a, hardSigmoid(a))
  })
/** `hardSilu` by another name. */
export const hardSwish = (x: ArrayLike): NDArray => ops.within('hardSwish', () => hardSilu(x))

export interface SquareplusOptions {
  /** Smoothness; default 4. */
  readonly b?: ArrayLike
}
/** (x + √(x² + b)) / 2. Barron 2021. */
export function squareplus(x: ArrayLike, b?: ArrayLike | SquareplusOptions): NDArray {
  return ops.within('squareplus', () => {
    const a = floating('squareplus', x)
    const { b: smoothness = 4 } = placed<SquareplusOptions>('squareplus', ['b'], [b], undefined, ['b'])
    return ops.div(ops.add(a, ops.sqrt(ops.add(ops.square(a), smoothness))), 2)
  })
}
/** x · tanh(softplus(x)). Misra 2019. */
export const mish = (x: ArrayLike): NDArray =>
  ops.within('mish', () => {
    const a = numeric('mish', x)
    return ops.mul(a, ops.tanh(softplus(a)))
  })
/** 0 up to -1, x from 1 on, (x + 1)² / 4 between. */
export const sparsePlus = (x: ArrayLike): NDArray =>
  ops.within('sparsePlus', () => {
    const a = besideFraction('sparsePlus', x)
    return ops.where(ops.le(a, -1), 0, ops.where(ops.ge(a, 1), a, ops.div(ops.integerPow(ops.add(a, 1), 2), 4)))
  })
/** 0 up to -1, 1 from 1 on, (x + 1) / 2 between: the derivative of `sparsePlus`. */
export const sparseSigmoid = (x: ArrayLike): NDArray => ops.within('sparseSigmoid', () => ops.mul(ops.min(ops.max(ops.add(besideFraction('sparseSigmoid', x), 1), 0), 2), 0.5))

/** The first half of an axis (the last by default) times the sigmoid of the second. Dauphin et al. 2016. @throws ShapeError for an odd size. */
export function glu(x: ArrayLike, axis?: number | { readonly axis?: number }): NDArray {
  return ops.within('glu', () => {
    const a = inexact('glu', x)
    const at = ops.normalAxis('glu', placed<{ readonly axis?: number }>('glu', ['axis'], [axis], undefined, ['axis']).axis ?? -1, a.ndim)
    const size = a.shape[at]!
    if (size % 2 !== 0) throw new ShapeError('glu', `axis ${at} of shape [${a.shape.join(',')}] has size ${size}; it takes an even one, to split in halves`)
    const part = (from: number, to: number): NDArray => ops.slice(a, [...Array.from({ length: at }, () => [] as const), [from, to]])
    return ops.mul(part(0, size / 2), ops.logistic(part(size / 2, size)))
  })
}

/** x itself. */
export const identity = (x: ArrayLike): NDArray => ops.toArray('identity', x)
/** The hyperbolic tangent; integers and bool give float32. */
export const tanh = (x: ArrayLike): NDArray => ops.tanh(x)
/**
 * log(1 - exp(-x)) without loss of digits: by expm1 below log 2, by log1p above. Mächler 2012. NaN below 0.
 *
 * @example
 * nn.log1mexp(np.array(1e-8))   // -18.42…, where log(1 - exp(-x)) is -Infinity
 */
export const log1mexp = (x: ArrayLike): NDArray =>
  ops.within('log1mexp', () => {
    const a = noBool('log1mexp', x)
    const small = ops.lt(a, Math.LN2)
    // The inner choices keep what is not selected, and its derivative, finite.
    const near = ops.log(ops.neg(ops.expm1(ops.neg(ops.where(small, a, 1)))))
    return ops.where(small, near, ops.log1p(ops.neg(ops.exp(ops.neg(ops.where(small, 1, a))))))
  })
