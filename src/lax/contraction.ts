/** Products under lax's names. */
import type { NDArray } from '../core/array.ts'
import type { DType } from '../core/dtype.ts'
import { describe, show } from '../core/describe.ts'
import { ArgumentError, ShapeError } from '../core/errors.ts'
import * as ops from '../core/ops/index.ts'
import type { DotDimensionNumbers } from '../core/primitives/index.ts'
import type { ArrayLike } from '../core/tree.ts'

export interface DotOptions {
  readonly dimensionNumbers: DotNumbers
  /** The dtype of the sum and of the result. */
  readonly preferredElementType?: DType | null
}
type Pair = readonly [lhs: readonly number[], rhs: readonly number[]]
/** By name, or JAX's `[[lhsContracting, rhsContracting], [lhsBatch, rhsBatch]]`. */
export type DotNumbers = { readonly contracting: Pair; readonly batch?: Pair } | readonly [contracting: Pair, batch: Pair]

function byName(d: DotNumbers): DotDimensionNumbers {
  if (typeof d !== 'object' || d === null) throw new ArgumentError('dotGeneral', `dimensionNumbers is ${describe(d)}; takes { contracting: [[…], […]], batch: [[…], […]] }`)
  const named = 'contracting' in d ? d : { contracting: d[0], batch: d[1] }
  return { contracting: axisPair('contracting', named.contracting), batch: axisPair('batch', named.batch ?? [[], []]) }
}
function axisPair(name: string, pair: Pair): Pair {
  const [lhs, rhs, ...more] = ops.checkList('dotGeneral', name, pair)
  if (more.length > 0) throw new ArgumentError('dotGeneral', `${name} is ${show(pair)}; takes a list of axes for each operand`)
  return [ops.checkIntegers('dotGeneral', name, lhs!), ops.checkIntegers('dotGeneral', name, rhs!)]
}

/**
 * Sums products over the contracting axes, for every index of the batch axes. The result has the batch axes first, then
 * what is left of lhs, then of rhs.
 *
 * @example
 * lax.dotGeneral(a, b, { dimensionNumbers: { contracting: [[1], [0]], batch: [[], []] } })   // a matrix product
 */
export function dotGeneral(lhs: ArrayLike, rhs: ArrayLike, options: DotOptions): NDArray {
  ops.checkOptions('dotGeneral', options, ['dimensionNumbers', 'preferredElementType'])
  if (options.preferredElementType !== undefined && options.preferredElementType !== null) ops.checkDtype('dotGeneral', options.preferredElementType)
  return ops.dotGeneral(lhs, rhs, byName(options.dimensionNumbers), options.preferredElementType ?? null)
}

/** The product of vectors and matrices. @throws ShapeError for other ranks. */
export function dot(lhs: ArrayLike, rhs: ArrayLike): NDArray {
  return ops.within('dot', () => {
    const [a, b] = [ops.toArray('dot', lhs), ops.toArray('dot', rhs)]
    if ([a, b].some((x) => x.ndim < 1 || x.ndim > 2)) throw new ShapeError('dot', `got shapes [${a.shape.join(',')}] and [${b.shape.join(',')}]; lax.dot takes vectors and matrices, np.dot and np.matmul any rank`)
    return ops.dot(a, b)
  })
}

/** Products over matching leading batch axes, of the last axis of lhs with the one after the batch axes of rhs. */
export function batchMatmul(lhs: ArrayLike, rhs: ArrayLike): NDArray {
  return ops.within('batchMatmul', () => {
    return ops.matmul(lhs, rhs)
  })
}
