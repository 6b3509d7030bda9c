/** Distributions, by JAX's formulas: the same key gives the same numbers. */
import { isArray, type NDArray } from '../core/array.ts'
import type { Shape } from '../core/aval.ts'
import type { DType } from '../core/dtype.ts'
import { describe } from '../core/describe.ts'
import { ArgumentError, ShapeError } from '../core/errors.ts'
import * as ops from '../core/ops/index.ts'
import { checkOptions, checkShape, normalAxis, placed } from '../core/ops/index.ts'
import { bind } from '../core/trace.ts'
import type { ArrayLike } from '../core/tree.ts'
import { bringSorts } from '../families/sorts.ts'
import { bringSpecialFunctions } from '../families/special-functions.ts'
import { bits, floating, uniform } from './bits.ts'
import { erfInv32 } from './erf-inv.ts'
import { randint } from './integers.ts'
import { split } from './key.ts'
import { sampled } from './sampler.ts'

export interface FloatOptions {
  /** Default float32. */
  readonly dtype?: DType
}
const dtypeOf = (operation: string, options: FloatOptions): DType => {
  checkOptions(operation, options, ['dtype'])
  return floating(operation, options.dtype ?? 'float32')
}

/** The smallest normal number, and the distance from 1 to the number below. */
const limits: Readonly<Partial<Record<DType, { readonly tiny: number; readonly below: number }>>> = {
  float32: { tiny: 2 ** -126, below: 2 ** -24 },
  float64: { tiny: 2 ** -1022, below: 2 ** -53 },
  float16: { tiny: 2 ** -14, below: 2 ** -11 },
  bfloat16: { tiny: 2 ** -126, below: 2 ** -8 },
}
const limitsOf = (dtype: DType): { readonly tiny: number; readonly below: number } => limits[dtype]!

/** Standard normal: √2 · erf⁻¹(u), u uniform in (-1, 1). */
export function normal(key: NDArray, shape: Shape = [], options: FloatOptions = {}): NDArray {
  return ops.within('normal', () => {
    const dtype = dtypeOf('normal', options)
    checkShape('normal', shape)
    return sampled('normal', [shape, dtype], [key], (k) => {
      const u = uniform(k, shape, { minval: -1 + limitsOf(dtype).below, maxval: 1, dtype })
      if (dtype === 'float32') return ops.mul(erfInv32(u), Math.SQRT2)
      bringSpecialFunctions()
      return ops.mul(ops.erfInv(u), Math.SQRT2)
    })
  })
}

export interface ShapeOption {
  /** Default: that of the parameters. */
  readonly shape?: Shape
}
/**
 * True with probability p.
 *
 * @example
 * random.bernoulli(random.key(0), 0.3, [4])
 */
export function bernoulli(key: NDArray, p: ArrayLike = 0.5, shape?: Shape | ShapeOption): NDArray {
  return ops.within('bernoulli', () => {
    ops.checkOperands('bernoulli', [p])
    const at = checkShape('bernoulli', placed<ShapeOption>('bernoulli', ['shape'], [shape], undefined, ['shape']).shape ?? (typeof p === 'object' ? p.shape : []))
    const dtype = typeof p === 'object' && p.dtype !== 'float32' ? floating('bernoulli', p.dtype) : 'float32'
    if (typeof p === 'object') return sampled('bernoulli', [at, dtype], [key, p], (k, q) => ops.lt(uniform(k, at, { dtype }), q))
    return sampled('bernoulli', [at, dtype, p], [key], (k) => ops.lt(uniform(k, at, { dtype }), p))
  })
}

/** Standard Gumbel: -log(-log(u)). */
export function gumbel(key: NDArray, shape: Shape = [], options: FloatOptions = {}): NDArray {
  return ops.within('gumbel', () => {
    const dtype = dtypeOf('gumbel', options)
    checkShape('gumbel', shape)
    return sampled('gumbel', [shape, dtype], [key], (k) => ops.neg(ops.log(ops.neg(ops.log(uniform(k, shape, { minval: limitsOf(dtype).tiny, maxval: 1, dtype }))))))
  })
}

/** Exponential with rate 1: -log(1 - u). */
export function exponential(key: NDArray, shape: Shape = [], options: FloatOptions = {}): NDArray {
  return ops.within('exponential', () => {
    const dtype = dtypeOf('exponential', options)
    checkShape('exponential', shape)
    return sampled('exponential', [shape, dtype], [key], (k) => ops.neg(ops.log1p(ops.neg(uniform(k, shape, { dtype })))))
  })
}

/** Standard Laplace. */
export function laplace(key: NDArray, shape: Shape = [], options: FloatOptions = {}): NDArray {
  return ops.within('laplace', () => {
    const dtype = dtypeOf('laplace', options)
    checkShape('laplace', shape)
    return sampled('laplace', [shape, dtype], [key], (k) => {
      const u = uniform(k, shape, { minval: -1 + limitsOf(dtype).below, maxval: 1, dtype })
      return ops.mul(ops.sign(u), ops.log1p(ops.neg(ops.abs(u))))
    })
  })
}

/** Standard logistic: log(u / (1 - u)). */
export function logistic(key: NDArray, shape: Shape = [], options: FloatOptions = {}): NDArray {
  return ops.within('logistic', () => {
    const dtype = dtypeOf('logistic', options)
    checkShape('logistic', shape)
    return sampled('logistic', [shape, dtype], [key], (k) => {
      const u = uniform(k, shape, { minval: limitsOf(dtype).tiny, maxval: 1, dtype })
      return ops.log(ops.div(u, ops.sub(1, u)))
    })
  })
}

export interface TruncatedNormalOptions extends ShapeOption, FloatOptions {}
/** Standard normal, given that it falls in (lower, upper). */
export function truncatedNormal(key: NDArray, lower: ArrayLike, upper: ArrayLike, shape?: Shape | TruncatedNormalOptions, options?: TruncatedNormalOptions): NDArray {
  return ops.within('truncatedNormal', () => {
    const o = placed<TruncatedNormalOptions>('truncatedNormal', ['shape'], [shape], options, ['shape', 'dtype'])
    const dtype = floating('truncatedNormal', o.dtype ?? 'float32')
    const bound = (v: ArrayLike): NDArray => ops.convert(v, dtype, false, 'truncatedNormal')
    const [low, high] = [bound(lower), bound(upper)]
    const at = o.shape ?? ops.broadcastShapes('truncatedNormal', [low.shape, high.shape])
    bringSpecialFunctions()
    const u = uniform(key, at, { minval: ops.erf(ops.div(low, Math.SQRT2)), maxval: ops.erf(ops.div(high, Math.SQRT2)), dtype })
    const out = ops.mul(ops.erfInv(u), Math.SQRT2)
    return ops.clamp(ops.nextafter(ops.stopGradientArray(low), Infinity), out, ops.nextafter(ops.stopGradientArray(high), -Infinity))
  })
}

export interface CategoricalOptions {
  /** The axis of one distribution; the last by default. */
  readonly axis?: number
  /** The result's, which ends with the logits' without that axis; that by default. */
  readonly shape?: Shape
}
/**
 * int32 indices drawn with log-probabilities `logits` (not normalised) along an axis.
 *
 * @example
 * random.categorical(key, np.zeros([4, 3])).shape       // [4]: of each row a number below 3
 * random.categorical(key, np.zeros([4, 3]), 0).shape    // [3]
 * @throws ArgumentError for a shape that does not end with the logits' without the axis.
 */
export function categorical(key: NDArray, logits: NDArray, place?: number | CategoricalOptions, more?: CategoricalOptions): NDArray {
  return ops.within('categorical', () => {
    const options = placed<CategoricalOptions>('categorical', ['axis'], [place], more, ['axis', 'shape'])
    const given = ops.toArray('categorical', logits)
    const axis = normalAxis('categorical', options.axis ?? -1, given.ndim)
    const batch = logits.shape.filter((_, i) => i !== axis)
    const shape = ops.checkShape('categorical', options.shape ?? batch)
    if (batch.some((d, i) => d !== 1 && d !== shape[shape.length - batch.length + i])) {
      throw new ArgumentError('categorical', `shape [${shape.join(',')}] must end with the batch shape [${batch.join(',')}] of the logits`)
    }
    const extra = shape.length - batch.length
    const full = [...shape.slice(0, extra), ...shape.slice(extra, extra + axis), logits.shape[axis]!, ...shape.slice(extra + axis)]
    return sampled('categorical', [full, axis + extra], [key, logits], (k, l) => ops.argmax(ops.add(gumbel(k, full, { dtype: l.dtype }), l), axis + extra))
  })
}

export interface PermutationOptions {
  /** The first by default. */
  readonly axis?: number
  /** Whether each line along the axis has an order of its own. */
  readonly independent?: boolean
}
/**
 * A number n: the integers below it in random order; an array: its slices along an axis in random order.
 *
 * @example
 * random.permutation(key, 5)                    // int32[5]
 * random.permutation(key, np.ones([4, 3]), 1)   // columns in another order
 */
export function permutation(key: NDArray, x: number | NDArray, place?: number | PermutationOptions, more?: PermutationOptions): NDArray {
  return ops.within('permutation', () => {
    const options = placed<PermutationOptions>('permutation', ['axis'], [place], more, ['axis', 'independent'])
    ops.checkOperands('permutation', [x])
    if (!isArray(x)) return shuffled(key, ops.iota('int32', [ops.checkInteger('permutation', 'the number of elements', x, 0)]), 0)
    const axis = normalAxis('permutation', options.axis ?? 0, x.ndim)
    if (options.independent === true || x.ndim === 1) return shuffled(key, x, axis)
    const order = shuffled(key, ops.iota('int32', [x.shape[axis]!]), 0)
    return x.slice(...Array.from({ length: axis }, () => [] as const), order)
  })
}

const shuffled = (key: NDArray, x: NDArray, axis: number): NDArray => sampled('permutation', [axis], [key, x], (k, y) => sorted(k, y, axis))

/** Sorts by random keys, often enough that ties of keys do not matter. */
function sorted(key: NDArray, x: NDArray, axis: number): NDArray {
  bringSorts()
  const rounds = Math.ceil((3 * Math.log(Math.max(1, x.size))) / Math.log(2 ** 32 - 1))
  let out = x
  let rest = key
  for (let i = 0; i < rounds; i++) {
    const [next, sub] = [...split(rest)] as [NDArray, NDArray]
    rest = next
    out = bind('sort', [bits(sub, x.shape), out], { dimension: axis, numKeys: 1 })[1]!
  }
  return out
}

export interface ChoiceOptions {
  /** Default true. */
  readonly replace?: boolean
  /** Probabilities, one an element; default: all the same. */
  readonly p?: NDArray
  readonly axis?: number
}

/** Elements of an array (or of the integers below a number), with or without replacement. */
export function choice(key: NDArray, a: number | NDArray, shape: Shape = [], options: ChoiceOptions = {}): NDArray {
  return ops.within('choice', () => {
    checkOptions('choice', options, ['replace', 'p', 'axis'])
    const { replace = true, p } = options
    ops.checkOperands('choice', p === undefined ? [a] : [a, p])
    ops.checkShape('choice', shape)
    if (!isArray(a)) ops.checkInteger('choice', 'the number of elements', a, 0)
    if (p !== undefined && !isArray(p)) throw new ArgumentError('choice', `p is ${describe(p)}; takes an array of probabilities`)
    const axis = typeof a === 'number' ? 0 : normalAxis('choice', options.axis ?? 0, a.ndim)
    const n = typeof a === 'number' ? a : a.shape[axis]!
    if (p !== undefined && (p.ndim !== 1 || p.size !== n)) throw new ShapeError('choice', `got p of shape [${p.shape.join(',')}] for ${n} elements; takes one probability for each`)
    const draws = shape.reduce((x, y) => x * y, 1)
    if (!replace && draws > n) throw new ArgumentError('choice', `cannot draw ${draws} of ${n} without replacement; take fewer, or replace: true`)
    const pick = (index: NDArray): NDArray => (typeof a === 'number' ? index : a.slice(...Array.from({ length: axis }, () => [] as const), index))
    if (p === undefined) {
      if (replace) return pick(randint(key, shape, 0, n))
      const order = permutation(key, a, { axis })
      const part = order.slice(...Array.from({ length: axis }, () => [] as const), [0, draws])
      return ops.reshape(part, [...part.shape.slice(0, axis), ...shape, ...part.shape.slice(axis + 1)])
    }
    if (replace) {
      const sums = ops.cumulative('cumsum', p, 0)
      const r = ops.mul(sums.slice(-1), ops.sub(1, uniform(key, shape, { dtype: sums.dtype })))
      // The number of sums below r is the place where r would stand.
      return pick(ops.convert(ops.sum(ops.lt(sums, ops.expandDims(r, -1)), -1), 'int32'))
    }
    const g = ops.add(gumbel(key, [n], { dtype: p.dtype }), ops.log(p))
    bringSorts()
    return pick(ops.reshape(bind('topK', [g], { k: draws })[1]!, shape))
  })
}
