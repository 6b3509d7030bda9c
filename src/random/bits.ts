/** Random bits, and numbers made of them alone. */
import type { NDArray } from '../core/array.ts'
import type { Shape } from '../core/aval.ts'
import { type DType, dtypes, isFloating } from '../core/dtype.ts'
import { show } from '../core/describe.ts'
import { DtypeError } from '../core/errors.ts'
import * as ops from '../core/ops/index.ts'
import { checkDtype, checkOptions } from '../core/ops/index.ts'
import type { ArrayLike } from '../core/tree.ts'
import { counts, scalarKey, threefry } from './key.ts'
import { sampled } from './sampler.ts'

export interface BitsOptions {
  /** 'uint32' (default), 'uint16' or 'uint8'. */
  readonly dtype?: 'uint8' | 'uint16' | 'uint32'
}

/** Uniform bits as unsigned integers. */
export function bits(key: NDArray, shape: Shape = [], options: BitsOptions = {}): NDArray {
  return ops.within('bits', () => {
    checkOptions('bits', options, ['dtype'])
    const { dtype = 'uint32' } = options
    ops.checkShape('bits', shape)
    if (!['uint8', 'uint16', 'uint32'].includes(dtype)) throw new DtypeError('bits', `makes uint8, uint16 or uint32, and got ${show(dtype)}`)
    return sampled('bits', [shape, dtype], [key], (k) => {
      const [a, b] = words('bits', k, shape)
      return ops.convert(ops.xor(a, b), dtype)
    })
  })
}

function words(operation: string, key: NDArray, shape: Shape): [high: NDArray, low: NDArray] {
  const k = scalarKey(operation, key)
  const { high, low } = counts(operation, shape)
  return threefry(k, high, low)
}

/** Uniform in [0, 1): the mantissa's bits are random, at exponent 0; then less 1. */
export function unitUniform(operation: string, key: NDArray, shape: Shape, dtype: DType): NDArray {
  ops.checkShape(operation, shape)
  switch (dtype) {
    case 'float32':
      return ops.sub(ops.bitcast(mantissa(bits(key, shape), 9, 0x3f800000), 'float32'), 1)
    case 'float16':
      return ops.sub(ops.bitcast(ops.convert(mantissa(ops.convert(bits(key, shape, { dtype: 'uint16' }), 'uint32'), 6, 0x3c00), 'uint16'), 'float16'), 1)
    case 'bfloat16':
      return ops.sub(ops.bitcast(ops.convert(mantissa(ops.convert(bits(key, shape, { dtype: 'uint8' }), 'uint32'), 1, 0x3f80), 'uint16'), 'bfloat16'), 1)
    case 'float64': {
      const [a, b] = words(operation, key, shape)
      const high = mantissa(a, 12, 0x3ff00000)
      const low = ops.or(ops.shiftLeft(a, 20), ops.shiftRightLogical(b, 12))
      return ops.sub(ops.bitcast(ops.stack([low, high], -1), 'float64'), 1)
    }
    default:
      throw new DtypeError(operation, `makes ${floats()}, and got '${dtype}'`)
  }
}

const floats = (): string => dtypes.filter(isFloating).join(', ')

const mantissa = (x: NDArray, shift: number, exponent: number): NDArray => ops.or(ops.shiftRightLogical(x, shift), exponent)

export interface UniformOptions {
  /** Included; default 0. Broadcasts. */
  readonly minval?: ArrayLike
  /** Excluded; default 1. */
  readonly maxval?: ArrayLike
  /** Default float32. */
  readonly dtype?: DType
}

/**
 * Uniform in [minval, maxval).
 *
 * @example
 * random.uniform(random.key(0), [2, 3], { minval: -1, maxval: 1 })
 */
export function uniform(key: NDArray, shape: Shape = [], options: UniformOptions = {}): NDArray {
  return ops.within('uniform', () => {
    checkOptions('uniform', options, ['minval', 'maxval', 'dtype'])
    const { minval = 0, maxval = 1, dtype = 'float32' } = options
    floating('uniform', dtype)
    ops.checkShape('uniform', shape)
    ops.checkOperands('uniform', [minval, maxval], ['minval', 'maxval'])
    if (typeof minval === 'object' || typeof maxval === 'object') return between(key, shape, minval, maxval, dtype)
    return sampled('uniform', [shape, dtype, minval, maxval], [key], (k) => between(k, shape, minval, maxval, dtype))
  })
}

function between(key: NDArray, shape: Shape, minval: ArrayLike, maxval: ArrayLike, dtype: DType): NDArray {
  const u = unitUniform('uniform', key, shape, dtype)
  const cast = (v: ArrayLike): ArrayLike => (typeof v === 'object' ? v.astype(dtype) : v)
  const [low, high] = [cast(minval), cast(maxval)]
  if (low === 0 && high === 1) return ops.max(0, u)
  const span = typeof low === 'number' && typeof high === 'number' ? rounded(rounded(high, dtype) - rounded(low, dtype), dtype) : ops.sub(high, low)
  return ops.max(low, ops.add(ops.mul(u, span), low))
}

/** A number as the dtype holds it, so that bounds are computed as JAX computes them. */
const rounded = (x: number, dtype: DType): number => (dtype === 'float64' ? x : Math.fround(x))

export function floating(operation: string, dtype: DType): DType {
  if (!isFloating(checkDtype(operation, dtype))) throw new DtypeError(operation, `makes ${floats()}, and got '${dtype}'`)
  return dtype
}
