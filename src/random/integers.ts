/** Random integers. */
import type { NDArray } from '../core/array.ts'
import type { Shape } from '../core/aval.ts'
import { type DType, dtypeInfo, dtypes, isInteger } from '../core/dtype.ts'
import { DtypeError } from '../core/errors.ts'
import * as ops from '../core/ops/index.ts'
import { checkDtype, checkOptions } from '../core/ops/index.ts'
import type { ArrayLike } from '../core/tree.ts'
import { full } from '../lax/index.ts'
import { bits } from './bits.ts'
import { split } from './key.ts'
import { sampled } from './sampler.ts'

export interface IntOptions {
  /** Default int32. */
  readonly dtype?: DType
}

/**
 * Integers in [minval, maxval). Two draws for each make the remainder's bias negligible, and dtypes of less than 32 bits are
 * drawn as int32: both as in JAX.
 *
 * @example
 * random.randint(random.key(0), [3], 0, 10)
 * @throws DtypeError for a dtype that is no integer.
 */
export function randint(key: NDArray, shape: Shape, minval: ArrayLike, maxval: ArrayLike, options: IntOptions = {}): NDArray {
  return ops.within('randint', () => {
    checkOptions('randint', options, ['dtype'])
    const { dtype = 'int32' } = options
    if (!isInteger(checkDtype('randint', dtype))) throw new DtypeError('randint', `makes ${dtypes.filter(isInteger).join(', ')}, and got '${dtype}'`)
    ops.checkShape('randint', shape)
    ops.checkOperands('randint', [minval, maxval], ['minval', 'maxval'])
    if (typeof minval === 'object' || typeof maxval === 'object') return drawn(key, shape, minval, maxval, dtype)
    return sampled('randint', [shape, dtype, minval, maxval], [key], (k) => drawn(k, shape, minval, maxval, dtype))
  })
}

function drawn(key: NDArray, shape: Shape, minval: ArrayLike, maxval: ArrayLike, dtype: DType): NDArray {
  if (dtype === 'int32' || dtype === 'uint32') return wide(key, shape, minval, maxval, dtype)
  const [least, greatest] = range(dtype)
  return ops.convert(wide(key, shape, clipped(minval, 'int32', least, greatest), clipped(maxval, 'int32', least, greatest + 1), 'int32'), dtype)
}

type Wide = 'int32' | 'uint32'

function range(dtype: DType): [least: number, greatest: number] {
  const { kind, bytes } = dtypeInfo[dtype]
  return kind === 'int' ? [-(2 ** (8 * bytes - 1)), 2 ** (8 * bytes - 1) - 1] : [0, 2 ** (8 * bytes) - 1]
}

function wide(key: NDArray, shape: Shape, minval: ArrayLike, maxval: ArrayLike, dtype: Wide): NDArray {
  const [higher, lower] = [...split(key)].map((k) => bits(k, shape)) as [NDArray, NDArray]
  const [least, greatest] = range(dtype)
  const low = clipped(minval, dtype, least, greatest)
  const high = clipped(maxval, dtype, least, greatest)
  const some = ops.gt(high, low)
  const one = full([], 1, 'uint32')
  const span = ops.where(some, unsigned(ops.sub(high, low)), one)
  // A bound just above the dtype: the span is one more, and where that wraps to 0 remainders have no effect.
  const whole = typeof maxval !== 'object' && Number(maxval) > greatest ? ops.where(some, ops.add(span, one), span) : span
  const half = ops.rem(full([], 2 ** 16, 'uint32'), whole)
  const multiplier = ops.rem(ops.mul(half, half), whole)
  const offset = ops.rem(ops.add(ops.mul(ops.rem(higher, whole), multiplier), ops.rem(lower, whole)), whole)
  return ops.add(low, dtype === 'uint32' ? offset : ops.bitcast(offset, dtype))
}

const unsigned = (x: NDArray): NDArray => (x.dtype === 'uint32' ? x : ops.bitcast(x, 'uint32'))

/** A bound in a dtype, moved into a range of it. Fractions are cut off. */
function clipped(v: ArrayLike, dtype: Wide, least: number, greatest: number): NDArray {
  if (typeof v !== 'object') return full([], Math.min(Math.max(Math.trunc(Number(v)), least), greatest), dtype)
  // Negative numbers become 0 before an unsigned dtype takes them, large unsigned ones the greatest signed.
  const kind = dtypeInfo[v.dtype].kind
  const fits = kind === 'int' && dtype === 'uint32' ? ops.max(v, 0) : v.dtype === 'uint32' && dtype === 'int32' ? ops.min(v, 2 ** 31 - 1) : v
  const x = ops.convert(fits, dtype)
  const [lowest, highest] = range(dtype)
  const above = least === lowest ? x : ops.max(x, least)
  return greatest === highest ? above : ops.min(above, greatest)
}
