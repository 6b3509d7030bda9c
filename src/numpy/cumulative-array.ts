/** Running sums and products under the array API's names. */
import type { NDArray } from '../core/array.ts'
import { ArgumentError, ShapeError } from '../core/errors.ts'
import * as ops from '../core/ops/index.ts'
import type { ArrayLike } from '../core/tree.ts'
import { cumprod, cumsum } from './reduction.ts'

export interface CumulativeArrayOptions extends ops.DtypeOption {
  /** Needed unless x is a vector. */
  readonly axis?: number | null
  /** Starts with 0 (of a product 1), so that there is one more. */
  readonly includeInitial?: boolean
}
const cumulativeArray =
  (operation: 'cumulativeSum' | 'cumulativeProd', of: typeof cumsum, first: number) =>
  (x: ArrayLike, options: CumulativeArrayOptions = {}): NDArray =>
    ops.within(operation, () => {
      ops.checkOptions(operation, options, ['axis', 'dtype', 'includeInitial'])
      const a = ops.toArray(operation, x)
      if (a.ndim === 0) throw new ShapeError(operation, 'of a scalar; takes at least one axis')
      if ((options.axis === null || options.axis === undefined) && a.ndim > 1) throw new ArgumentError(operation, `needs an axis for shape [${a.shape.join(',')}]`)
      const axis = ops.normalAxis(operation, options.axis ?? 0, a.ndim)
      const out = of(a, options.dtype === undefined ? { axis } : { axis, dtype: options.dtype })
      if (!ops.checkFlag(operation, 'includeInitial', options.includeInitial ?? false)) return out
      return ops.concatenate([ops.broadcastTo(ops.convert(first, out.dtype), out.shape.map((d, i) => (i === axis ? 1 : d))), out], axis)
    })
type CumulativeArray = (x: ArrayLike, options?: CumulativeArrayOptions) => NDArray
/**
 * Running sums along an axis, as the array API has them.
 *
 * @example
 * np.cumulativeSum(np.array([1, 2, 3]), { includeInitial: true }).js()   // [0, 1, 3, 6]
 * @throws ArgumentError without an axis for more than one.
 */
export const cumulativeSum: CumulativeArray = cumulativeArray('cumulativeSum', cumsum, 0)
/** Running products along an axis, as `cumulativeSum`. */
export const cumulativeProd: CumulativeArray = cumulativeArray('cumulativeProd', cumprod, 1)
