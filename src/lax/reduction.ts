/** Reductions over named axes, and cumulative operations. */
import type { NDArray } from '../core/array.ts'
import type { DType } from '../core/dtype.ts'
import * as ops from '../core/ops/index.ts'
import { bind1 } from '../core/trace.ts'
import type { ArrayLike } from '../core/tree.ts'
import { plainAxes, plainAxis } from './axes.ts'
import { isIdentity, type Monoid, monoidOf } from './monoid.ts'
import { isNumber, likeInit, requireAccepted } from './operands.ts'
import { sliceInDim } from './shape.ts'

type Reduce = (x: ArrayLike, axes: readonly number[]) => NDArray
type ReducePrimitive = 'reduceSum' | 'reduceProd' | 'reduceMax' | 'reduceMin' | 'reduceAnd' | 'reduceOr' | 'reduceXor'

const over =
  (primitive: ReducePrimitive, form: string | null): Reduce =>
  (x, axes) => {
    const a = ops.toArray(primitive, x)
    return bind1(primitive, [a], { axes: plainAxes(primitive, ops.checkList(primitive, 'axes', axes), a.ndim, form) })
  }

/** Over the axes listed, counted from the front, which go; the dtype stays. */
export const reduceSum: Reduce = over('reduceSum', 'np.sum')
export const reduceProd: Reduce = over('reduceProd', 'np.prod')
export const reduceMax: Reduce = over('reduceMax', 'np.max')
export const reduceMin: Reduce = over('reduceMin', 'np.min')
/** Bitwise on integers, logical on bool. */
export const reduceAnd: Reduce = over('reduceAnd', 'np.all')
export const reduceOr: Reduce = over('reduceOr', 'np.any')
export const reduceXor: Reduce = over('reduceXor', null)

const reducers: { readonly [M in Monoid]: Reduce } = { add: reduceSum, mul: reduceProd, max: reduceMax, min: reduceMin, and: reduceAnd, or: reduceOr, xor: reduceXor }

/**
 * Combines the elements along `dimensions` and `init` with an associative function of two arrays. `lax.add`, `mul`,
 * `max`, `min`, `bitwiseAnd`, `bitwiseOr` and `bitwiseXor` are one reduction; any other is folded, neighbour with neighbour.
 *
 * @example
 * lax.reduce(np.array([1, 5, 2]), 0, lax.max, [0]).item()   // 5
 */
export function reduce(x: ArrayLike, init: ArrayLike, computation: (a: NDArray, b: NDArray) => NDArray, dimensions: readonly number[]): NDArray {
  const a = ops.toArray('reduce', x)
  ops.checkFunction('reduce', computation)
  ops.checkOperands('reduce', [init])
  const axes = plainAxes('reduce', ops.checkList('reduce', 'dimensions', dimensions), a.ndim)
  const monoid = monoidOf(computation)
  if (monoid !== null) {
    const out = reducers[monoid](a, axes)
    return isIdentity(monoid, init, a.dtype) ? out : computation(likeInit('reduce', init, a), out)
  }
  const folded = [...axes].reverse().reduce((y: NDArray | null, axis) => (y === null ? null : foldNeighbours(y, computation, axis)), a)
  const start = likeInit('reduce', init, a)
  const rest = a.shape.filter((_, i) => !axes.includes(i))
  return folded === null ? ops.broadcastTo(start, rest) : computation(ops.broadcastTo(start, rest), folded)
}

/** Pairs of neighbours are combined until one is left, so that the order stays. Null for an axis of size 0. */
function foldNeighbours(x: NDArray, computation: (a: NDArray, b: NDArray) => NDArray, axis: number): NDArray | null {
  let y = x
  for (let n = x.shape[axis]!; n > 1; n = y.shape[axis]!) {
    const half = n >> 1
    const folded = computation(sliceInDim(y, 0, 2 * half, 2, axis), sliceInDim(y, 1, 2 * half, 2, axis))
    y = n % 2 === 0 ? folded : ops.concatenate([folded, sliceInDim(y, n - 1, n, 1, axis)], axis)
  }
  return y.shape[axis] === 0 ? null : ops.squeeze(y, axis)
}

const position =
  (primitive: 'argmax' | 'argmin') =>
  (x: ArrayLike, axis: number | PositionOptions, indexDtype?: DType | PositionOptions): NDArray => {
    const o = ops.placed<PositionOptions>(primitive, ['axis', 'indexDtype'], [axis, indexDtype], undefined, ['axis', 'indexDtype'])
    const a = ops.toArray(primitive, x)
    // An axis left out is refused where it is looked at.
    return bind1(primitive, [a], { axis: plainAxis(primitive, o.axis!, a.ndim, `np.${primitive}`), indexDtype: ops.checkDtype(primitive, o.indexDtype ?? 'int32') })
  }
export interface PositionOptions {
  readonly axis?: number
  readonly indexDtype?: DType
}
type Position = (x: ArrayLike, axis: number | PositionOptions, indexDtype?: DType | PositionOptions) => NDArray
/** The position of the first maximum along an axis; the first NaN where there is one. */
export const argmax: Position = position('argmax')
export const argmin: Position = position('argmin')

export interface CumulativeOptions {
  /** Default 0. */
  readonly axis?: number
  /** From the end. */
  readonly reverse?: boolean
}
type Cumulative = (x: ArrayLike, axis?: number | CumulativeOptions, options?: CumulativeOptions) => NDArray

const running =
  (primitive: 'cumsum' | 'cumprod' | 'cummax' | 'cummin' | 'cumlogsumexp', form: string | null = null): Cumulative =>
  (x, place, options) => {
    const { axis = 0, reverse = false } = ops.placed<CumulativeOptions>(primitive, ['axis'], [place], options, ['axis', 'reverse'])
    requireAccepted(primitive, x, isNumber, '')
    const a = ops.toArray(primitive, x)
    return bind1(primitive, [a], { axis: plainAxis(primitive, axis, a.ndim, form), reverse: ops.checkFlag(primitive, 'reverse', reverse) })
  }
/** Running sums along an axis, `{ axis: 0, reverse: false }` by default. */
export const cumsum: Cumulative = running('cumsum', 'np.cumsum')
export const cumprod: Cumulative = running('cumprod', 'np.cumprod')
export const cummax: Cumulative = running('cummax')
export const cummin: Cumulative = running('cummin')
/** log(cumsum(exp(x))) without overflow. */
export const cumlogsumexp: Cumulative = running('cumlogsumexp')
