/** Covariances and correlations. */
import type { NDArray } from '../core/array.ts'
import { isInteger } from '../core/dtype.ts'
import { ArgumentError, DtypeError, ShapeError } from '../core/errors.ts'
import * as ops from '../core/ops/index.ts'
import type { ArrayLike } from '../core/tree.ts'
import { diagonal } from './indexing.ts'
import { promotedInexact } from './promoted.ts'

export interface CovOptions {
  /** More variables, in the form of x. */
  readonly y?: ArrayLike | null
  /** Whether rows are variables and columns observations (default), or the other way round. */
  readonly rowvar?: boolean
  /** Divides by n rather than n - 1. */
  readonly bias?: boolean
  /** Divides by n - ddof, whatever `bias` says. */
  readonly ddof?: number | null
  /** How often each observation is counted: integers. */
  readonly fweights?: ArrayLike | null
  /** How much each observation counts. */
  readonly aweights?: ArrayLike | null
}
const covOptions = ['y', 'rowvar', 'bias', 'ddof', 'fweights', 'aweights'] as const

function variables(operation: string, x: NDArray, rowvar: boolean): NDArray {
  if (x.ndim > 2) throw new ShapeError(operation, `got shape [${x.shape.join(',')}]; takes a vector or a matrix`)
  if (x.ndim < 2) return ops.reshape(x, [1, x.size])
  return rowvar ? x : ops.transpose(x)
}

/**
 * Covariances of variables, of which the rows of x are observations: [variables, observations] to [variables, variables]; of a single variable
 * a scalar. Floating.
 *
 * @example
 * np.cov(np.array([[1, 2, 3], [3, 2, 1]])).js()   // [[1, -1], [-1, 1]]
 * @throws ShapeError for more than two axes, or weights that are not one for each observation.
 */
export function cov(x: ArrayLike, y?: ArrayLike | CovOptions | null, options?: CovOptions): NDArray {
  return ops.within('cov', () => covariance('cov', x, ops.placed<CovOptions>('cov', ['y'], [y], options, covOptions)))
}

function covariance(operation: string, x: ArrayLike, o: CovOptions): NDArray {
  const rowvar = ops.checkFlag(operation, 'rowvar', o.rowvar ?? true)
  const bias = ops.checkFlag(operation, 'bias', o.bias ?? false)
  const given = o.y === null || o.y === undefined ? promotedInexact(operation, x) : promotedInexact(operation, x, o.y)
  const blocks = given.map((a) => variables(operation, a, rowvar))
  const n = blocks[0]!.shape[1]!
  if (blocks.some((b) => b.shape[1] !== n)) throw new ShapeError(operation, `x has ${n} observations and y ${blocks[1]!.shape[1]!}; they must be as many`)
  const a = ops.concatenate(blocks, 0)
  const ddof = o.ddof === null || o.ddof === undefined ? (bias ? 0 : 1) : ops.checkInteger(operation, 'ddof', o.ddof)
  const weight = (name: 'fweights' | 'aweights'): NDArray | null => {
    const given = o[name]
    if (given === null || given === undefined) return null
    const w = ops.toArray(operation, given)
    if (w.ndim !== 1 || w.size !== n) throw new ShapeError(operation, `got ${name} of shape [${w.shape.join(',')}] for ${n} observations; takes a vector of one each`)
    if (name === 'fweights' && !isInteger(w.dtype)) throw new DtypeError(operation, `got fweights of ${w.dtype}; takes integers`)
    return ops.convert(w, a.dtype)
  }
  const [often, much] = [weight('fweights'), weight('aweights')]
  if (often === null && much === null) {
    const centred = ops.sub(a, ops.mean(a, { axis: 1, keepdims: true }))
    return ops.squeeze(ops.div(ops.tensordot(centred, centred, [[1], [1]]), n === 0 ? NaN : n - ddof))
  }
  const w = often === null ? much! : much === null ? often : ops.mul(often, much)
  const total = ops.sum(w)
  const centred = ops.sub(a, ops.div(ops.sum(ops.mul(a, w), { axis: 1, keepdims: true }), total))
  const left = ddof === 0 ? total : much === null ? ops.sub(total, ddof) : ops.sub(total, ops.div(ops.mul(ops.sum(ops.mul(w, much)), ddof), total))
  return ops.squeeze(ops.div(ops.tensordot(centred, ops.mul(centred, w), [[1], [1]]), left))
}

export interface CorrcoefOptions {
  readonly y?: ArrayLike | null
  readonly rowvar?: boolean
}
/**
 * Pearson's correlations of variables: covariances over the product of both standard deviations, between -1 and 1. Shapes as `cov`.
 *
 * @example
 * np.corrcoef(np.array([1, 2, 3]), np.array([3, 2, 1])).js()   // [[1, -1], [-1, 1]]
 */
export function corrcoef(x: ArrayLike, y?: ArrayLike | CorrcoefOptions | null, options?: CorrcoefOptions): NDArray {
  return ops.within('corrcoef', () => {
    const c = covariance('corrcoef', x, ops.placed<CorrcoefOptions>('corrcoef', ['y'], [y], options, ['y', 'rowvar']))
    if (c.ndim === 0) return ops.div(c, c)
    if (c.ndim === 1) throw new ArgumentError('corrcoef', 'there are no variables to correlate')
    const deviation = ops.sqrt(diagonal(c))
    const scaled = ops.div(ops.div(c, ops.expandDims(deviation, 1)), ops.expandDims(deviation, 0))
    return ops.clamp(-1, scaled, 1)
  })
}
