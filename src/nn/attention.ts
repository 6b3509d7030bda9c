/** Attention by scaled dot products. */
import type { NDArray } from '../core/array.ts'
import { isFloating } from '../core/dtype.ts'
import { DtypeError, ShapeError } from '../core/errors.ts'
import * as ops from '../core/ops/index.ts'
import { checkOptions } from '../core/ops/index.ts'
import type { ArrayLike } from '../core/tree.ts'
import { einsum } from '../numpy/einsum.ts'
import { finfo } from '../numpy/dtypes.ts'
import { softmax } from './normalization.ts'

export interface AttentionOptions {
  /** Added to the scaled products; broadcasts to [batch, heads, T, S]. */
  readonly bias?: ArrayLike | null
  /** Where queries see keys; bool, broadcasts to [batch, heads, T, S]. */
  readonly mask?: ArrayLike | null
  /** Factor of the products; default 1 / √(size of a head). */
  readonly scale?: ArrayLike | null
  /** A query sees no later key. */
  readonly isCausal?: boolean
}

/**
 * softmax(scale · query · keyᵀ + bias) · value, for each head. Vaswani et al. 2017. Query [batch, T, heads, size], key and value
 * [batch, S, groups, size], where groups divide the heads (Ainslie et al. 2023); the batch may be left out of all three. The result is as the
 * query, in its dtype; the softmax is computed in float32.
 *
 * @example
 * nn.dotProductAttention(np.ones([2, 3, 4, 8]), np.ones([2, 5, 4, 8]), np.ones([2, 5, 4, 8])).shape   // [2, 3, 4, 8]
 * @throws ShapeError for shapes that do not fit, DtypeError unless all three have one floating dtype and the mask is bool.
 */
export function dotProductAttention(query: ArrayLike, key: ArrayLike, value: ArrayLike, options: AttentionOptions = {}): NDArray {
  return ops.within('dotProductAttention', () => {
    checkOptions('dotProductAttention', options, ['bias', 'mask', 'scale', 'isCausal'])
    const given = [query, key, value].map((x) => ops.toArray('dotProductAttention', x))
    const shapes = given.map((x) => `[${x.shape.join(',')}]`).join(', ')
    const { dtype } = given[0]!
    if (!isFloating(dtype) || given.some((x) => x.dtype !== dtype)) throw new DtypeError('dotProductAttention', `got ${given.map((x) => x.dtype).join(', ')}; takes one floating dtype for query, key and value`)
    const single = given[0]!.ndim === 3
    if (given.some((x) => x.ndim !== (single ? 3 : 4))) throw new ShapeError('dotProductAttention', `got shapes ${shapes}; takes [batch, time, heads, size] for query, key and value, or all without the batch`)
    const [q, k, v] = given.map((x) => (single ? ops.expandDims(x, 0) : x)) as [NDArray, NDArray, NDArray]
    const [batch, T, heads, size] = q.shape as [number, number, number, number]
    const [, S, groups] = k.shape as [number, number, number, number]
    if (k.shape.join() !== v.shape.join() || k.shape[0] !== batch || k.shape[3] !== size || groups === 0 || heads % groups !== 0) {
      throw new ShapeError('dotProductAttention', `got shapes ${shapes}; key and value are alike, of the query's batch and size, and their heads divide the query's`)
    }
    const perGroup = heads / groups
    const grouped = ops.reshape(q, [batch, T, groups, perGroup, size])
    const wide = (x: NDArray): NDArray => ops.convert(x, ops.meanDType(dtype))
    const scores = ops.reshape(einsum('btkgh,bskh->bkgts', wide(grouped), wide(k)), [batch, heads, T, S])
    const scaled = ops.mul(scores, options.scale ?? 1 / Math.sqrt(size))
    const biased = options.bias === null || options.bias === undefined ? scaled : ops.add(scaled, spread('bias', options.bias, scaled))
    const weights = softmax(masked(biased, options), -1)
    const perValue = einsum('bkgts,bskh->btkgh', ops.reshape(ops.convert(weights, dtype), [batch, groups, perGroup, T, S]), v)
    return ops.reshape(perValue, given[0]!.shape)
  })
}

function spread(what: string, x: ArrayLike, scores: NDArray): NDArray {
  const a = ops.toArray('dotProductAttention', x)
  const padded = ops.broadcastShapes('dotProductAttention', [a.shape, scores.shape])
  if (padded.join() !== scores.shape.join()) throw new ShapeError('dotProductAttention', `got a ${what} of shape [${a.shape.join(',')}]; it must broadcast to [${scores.shape.join(',')}]`)
  return a
}

function masked(scores: NDArray, { mask, isCausal }: AttentionOptions): NDArray {
  const causal = ops.checkFlag('dotProductAttention', 'isCausal', isCausal ?? false)
  const shape = scores.shape.slice(2)
  const earlier = causal ? ops.ge(ops.iota('int32', shape, 0), ops.iota('int32', shape, 1)) : null
  const asked = mask === null || mask === undefined ? null : spread('mask', mask, scores)
  if (asked !== null && asked.dtype !== 'bool') throw new DtypeError('dotProductAttention', `got a mask of ${asked.dtype}; takes bool`)
  const seen = earlier === null ? asked : asked === null ? earlier : ops.and(asked, earlier)
  // Not -Infinity: a query that sees nothing gets the mean of the values, and no NaN.
  return seen === null ? scores : ops.where(seen, scores, -0.7 * finfo(scores.dtype).max)
}
