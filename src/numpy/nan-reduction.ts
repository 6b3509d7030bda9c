/** Reductions that pass over NaN. */
import type { NDArray } from '../core/array.ts'
import { isInexact } from '../core/dtype.ts'
import * as ops from '../core/ops/index.ts'
import type { ArrayLike } from '../core/tree.ts'
import { isnan } from './logic.ts'
import { cumprod, cumsum, max, min, prod, sum, type VarOptions } from './reduction.ts'
import { floating, type Place, reduceArguments, type ReduceOptions, type SumOptions, widened } from './reduction-arguments.ts'

const without = (x: ArrayLike, value: number): NDArray => {
  const a = ops.toArray('nansum', x)
  return isInexact(a.dtype) ? ops.where(ops.ne(a, a), value, a) : a
}
const counted = (x: ArrayLike, o: ops.ReduceOptions): NDArray => ops.sum(ops.not(isnan(x)), { axis: o.axis, keepdims: o.keepdims })

/** As `sum`, NaN counting as 0. */
export const nansum = (x: ArrayLike, axis?: Place<SumOptions>, options?: SumOptions): NDArray => ops.within('nansum', () => sum(without(x, 0), axis, options))
/** As `prod`, NaN counting as 1. */
export const nanprod = (x: ArrayLike, axis?: Place<SumOptions>, options?: SumOptions): NDArray => ops.within('nanprod', () => prod(without(x, 1), axis, options))
/** The greatest that is no NaN; NaN where all are, and there is no initial value. */
export function nanmax(x: ArrayLike, axis?: Place<ReduceOptions>, options?: ReduceOptions): NDArray {
  return ops.within('nanmax', () => {
    const o = reduceArguments('nanmax', axis, options)
    return orNan(x, o, max(without(x, -Infinity), o))
  })
}
/** The smallest that is no NaN; NaN where all are, and there is no initial value. */
export function nanmin(x: ArrayLike, axis?: Place<ReduceOptions>, options?: ReduceOptions): NDArray {
  return ops.within('nanmin', () => {
    const o = reduceArguments('nanmin', axis, options)
    return orNan(x, o, min(without(x, Infinity), o))
  })
}
/** Where an initial value takes part, something that is no NaN was there. */
const orNan = (x: ArrayLike, o: ReduceOptions, out: NDArray): NDArray => (isInexact(out.dtype) && o.initial === undefined ? ops.where(ops.all(isnan(x), { axis: o.axis, keepdims: o.keepdims }), NaN, out) : out)
interface NanMeanOptions extends ops.ReduceOptions {
  /** Takes only the elements where this holds. */
  readonly where?: ArrayLike
}
/** x, with NaN for what is to be left out. */
const keptOf = (a: NDArray, where: ArrayLike | undefined): NDArray => (where === undefined ? a : ops.where(where, a, NaN))
/** The mean of what is no NaN; NaN of nothing. */
export function nanmean(x: ArrayLike, axis?: Place<NanMeanOptions>, options?: NanMeanOptions): NDArray {
  return ops.within('nanmean', () => {
    const { where, ...o } = ops.placed<NanMeanOptions>('nanmean', ['axis'], [axis], options, ['axis', 'keepdims', 'where'])
    return widened(keptOf(floating(ops.toArray('nanmean', x), undefined), where), (a) => ops.div(ops.sum(without(a, 0), o), counted(a, o)))
  })
}
/** The variance of what is no NaN; NaN where ddof leaves nothing to divide by. */
export function nanvar(x: ArrayLike, axis?: Place<VarOptions>, options?: VarOptions): NDArray {
  return ops.within('nanvar', () => {
    const o = ops.placed<VarOptions>('nanvar', ['axis'], [axis], options, ['axis', 'keepdims', 'dtype', 'ddof', 'correction', 'where'])
    const place = { axis: o.axis, keepdims: o.keepdims }
    return widened(keptOf(floating(ops.toArray('nanvar', x), o.dtype), o.where), (a) => {
      // Left out before they are squared: the derivative of what is not taken is then 0, and not 0 times NaN.
      const centred = ops.where(isnan(a), 0, ops.sub(a, nanmean(a, { axis: o.axis, keepdims: true })))
      const left = ops.sub(counted(a, place), ops.checkNumber('nanvar', 'ddof', o.ddof ?? o.correction ?? 0))
      return ops.div(ops.sum(ops.square(centred), place), ops.where(ops.gt(left, 0), left, NaN))
    })
  })
}
/** The root of `nanvar`. */
export const nanstd = (x: ArrayLike, axis?: Place<VarOptions>, options?: VarOptions): NDArray => ops.within('nanstd', () => ops.sqrt(nanvar(x, axis, options)))
/** -1 where all is NaN. */
function positionOf(operation: 'nanargmax' | 'nanargmin', position: typeof ops.argmax, least: number, x: ArrayLike, axis?: Place<ops.ReduceOptions>, options?: ops.ReduceOptions): NDArray {
  return ops.within(operation, () => {
    const at = position(without(x, least), axis, options)
    const a = ops.toArray(operation, x)
    return isInexact(a.dtype) ? ops.where(ops.all(isnan(a), axis, options), -1, at) : at
  })
}
/** The position of the first maximum that is no NaN; -1 where there is none. */
export const nanargmax = (x: ArrayLike, axis?: Place<ops.ReduceOptions>, options?: ops.ReduceOptions): NDArray => positionOf('nanargmax', ops.argmax, -Infinity, x, axis, options)
/** The position of the first minimum that is no NaN; -1 where there is none. */
export const nanargmin = (x: ArrayLike, axis?: Place<ops.ReduceOptions>, options?: ops.ReduceOptions): NDArray => positionOf('nanargmin', ops.argmin, Infinity, x, axis, options)
/** Running sums with NaN counting as 0. */
export const nancumsum: typeof cumsum = (x, axis, options) => ops.within('nancumsum', () => cumsum(without(x, 0), axis, options))
/** Running products with NaN counting as 1. */
export const nancumprod: typeof cumprod = (x, axis, options) => ops.within('nancumprod', () => cumprod(without(x, 1), axis, options))

