/** Products under lax's names. */
import { isArray, type NDArray } from '../core/array.ts'
import type { DType } from '../core/dtype.ts'
import { describe, show } from '../core/describe.ts'
import { ArgumentError, DtypeError, ShapeError } from '../core/errors.ts'
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

/** XLA's order of dtypes: a product of two has the later one. Truth values come first, floats last. */
const order: readonly DType[] = ['bool', 'uint8', 'int8', 'uint16', 'int16', 'uint32', 'int32', 'float16', 'bfloat16', 'float32', 'float64']

/** Operands in the dtype of their product; a plain number takes that of the other. */
function pair(operation: string, lhs: ArrayLike, rhs: ArrayLike): [NDArray, NDArray] {
  ops.checkOperands(operation, [lhs, rhs])
  if (!isArray(lhs) || !isArray(rhs)) {
    const { dtype, weakType } = ops.promotedType(operation, [lhs, rhs])
    return [ops.convert(lhs, dtype, weakType, operation), ops.convert(rhs, dtype, weakType, operation)]
  }
  if (lhs.dtype === rhs.dtype) return [lhs, rhs]
  const dtype = order[Math.max(order.indexOf(lhs.dtype), order.indexOf(rhs.dtype))]
  if (dtype === undefined || !order.includes(lhs.dtype) || !order.includes(rhs.dtype)) throw new DtypeError(operation, `got ${describe(lhs)} and ${describe(rhs)}; takes numbers and truth values`)
  return [ops.convert(lhs, dtype, lhs.aval.weakType, operation), ops.convert(rhs, dtype, rhs.aval.weakType, operation)]
}

/**
 * Sums products over the contracting axes, for every index of the batch axes. The result has the batch axes first, then
 * what is left of lhs, then of rhs. Operands of two dtypes are taken for the one that holds more, as XLA orders them
 * (int8 before uint16, floats after integers); of truth values it is true where any pair holds.
 *
 * @example
 * lax.dotGeneral(a, b, { dimensionNumbers: { contracting: [[1], [0]], batch: [[], []] } })   // a matrix product
 */
export function dotGeneral(lhs: ArrayLike, rhs: ArrayLike, options: DotOptions): NDArray {
  ops.checkOptions('dotGeneral', options, ['dimensionNumbers', 'preferredElementType'])
  if (options.preferredElementType !== undefined && options.preferredElementType !== null) ops.checkDtype('dotGeneral', options.preferredElementType)
  const [a, b] = pair('dotGeneral', lhs, rhs)
  return ops.dotGeneral(a, b, byName(options.dimensionNumbers), options.preferredElementType ?? null)
}

/** The product of vectors and matrices. @throws ShapeError for other ranks. */
export function dot(lhs: ArrayLike, rhs: ArrayLike): NDArray {
  return ops.within('dot', () => {
    const [a, b] = pair('dot', lhs, rhs)
    if ([a, b].some((x) => x.ndim < 1 || x.ndim > 2)) throw new ShapeError('dot', `got shapes [${a.shape.join(',')}] and [${b.shape.join(',')}]; lax.dot takes vectors and matrices, np.dot and np.matmul any rank`)
    return ops.dot(a, b)
  })
}

/**
 * Matrix products of the last two axes, one for each index of the axes before, which are equal.
 * @throws ShapeError for others: np.matmul broadcasts them.
 */
export function batchMatmul(lhs: ArrayLike, rhs: ArrayLike): NDArray {
  return ops.within('batchMatmul', () => {
    const [a, b] = pair('batchMatmul', lhs, rhs)
    if (a.ndim !== b.ndim || a.ndim < 2) throw new ShapeError('batchMatmul', `got shapes [${a.shape.join(',')}] and [${b.shape.join(',')}]; takes two of one rank, at least 2, np.matmul any`)
    const batch = a.shape.slice(0, -2).map((_, i) => i)
    return ops.dotGeneral(a, b, { contracting: [[a.ndim - 1], [a.ndim - 2]], batch: [batch, batch] })
  })
}
