/**
 * Operands as jax.lax takes them. Arrays have one dtype, and one rank or none: nothing is promoted, and broadcasting
 * stretches axes of size 1 alone. What is weakly typed, as plain numbers are, adapts as it does everywhere.
 */
import { isArray, type NDArray } from '../core/array.ts'
import { sameShape, showType } from '../core/aval.ts'
import { describe } from '../core/describe.ts'
import { type DType, dtypes, isFloating, isInteger } from '../core/dtype.ts'
import { DtypeError, ShapeError } from '../core/errors.ts'
import * as ops from '../core/ops/index.ts'
import { bind1, type Value } from '../core/trace.ts'
import type { ArrayLike } from '../core/tree.ts'

const showAll = (xs: readonly ArrayLike[]): string => xs.map(describe).join(', ')

/** The dtype that an operand insists on; null for what is weakly typed. */
const ownDtype = (x: ArrayLike): DType | null => (isArray(x) ? (x.aval.weakType ? null : x.dtype) : typeof x === 'boolean' ? 'bool' : null)

export const isNumber = (d: DType): boolean => isInteger(d) || isFloating(d)

/** How dtypes are made equal: `promoting` is the function of np that does it. */
export const convertOr = (promoting: string | null): string => (promoting === null ? 'convert with lax.convertElementType' : `np.${promoting} promotes, lax.convertElementType converts`)

/** @throws DtypeError unless the operands that insist on a dtype insist on the same. */
export function requireOneDtype(operation: string, xs: readonly ArrayLike[], promoting: string | null = null): void {
  ops.checkOperands(operation, xs)
  const own = xs.map(ownDtype).filter((d) => d !== null)
  if (own.every((d) => d === own[0])) return
  throw new DtypeError(operation, `got ${showAll(xs)}; operands must have one dtype: ${convertOr(promoting)}`)
}

/** @throws ShapeError unless the ranks are equal, or 0. */
function requireOneRank(operation: string, xs: readonly ArrayLike[], promoting: string | null): void {
  const ranks = xs.flatMap((x) => (isArray(x) && x.ndim > 0 ? [x.ndim] : []))
  if (ranks.every((r) => r === ranks[0])) return
  throw new ShapeError(operation, `got ${showAll(xs)}; operands must have one rank, or rank 0: ${promoting === null ? '' : `np.${promoting} broadcasts, `}lax.broadcastInDim adds axes`)
}

/** @throws DtypeError for an operand of a dtype that the operation does not take. */
export function requireAccepted(operation: string, x: ArrayLike, takes: (d: DType) => boolean, wayOut: string): void {
  ops.checkOperands(operation, [x])
  const dtype = isArray(x) ? x.dtype : ownDtype(x)
  if (dtype === null || takes(dtype)) return
  const hint = dtype === 'key' ? 'random.keyData gives the words of keys' : wayOut
  throw new DtypeError(operation, `got ${describe(x)}; takes ${dtypes.filter(takes).join(', ')}${hint === '' ? '' : `: ${hint}`}`)
}

/** Operands of an elementwise operation, as its primitive takes them. */
export function alike(operation: string, xs: readonly ArrayLike[], promoting: string | null): Value[] {
  requireOneDtype(operation, xs, promoting)
  requireOneRank(operation, xs, promoting)
  return ops.promote(operation, xs)
}

/** @throws ShapeError unless the shapes are equal. */
export function requireOneShape(operation: string, xs: readonly ArrayLike[], wayOut: string): void {
  const [first = [], ...more] = xs.map((x) => (isArray(x) ? x.shape : []))
  if (more.every((s) => sameShape(s, first))) return
  throw new ShapeError(operation, `got ${showAll(xs)}; they must have one shape: ${wayOut}`)
}

/**
 * What is written into an array, or fills its gaps: of the same dtype. What is weakly typed takes it where that loses nothing.
 * @throws DtypeError for another.
 */
export function ofDtype(operation: string, x: ArrayLike, into: NDArray, what: string): Value {
  ops.checkOperands(operation, [x])
  const own = ownDtype(x)
  const fits = own === null ? into.dtype !== 'key' && ops.promotedType(operation, [into, x]).dtype === into.dtype : own === into.dtype
  if (!fits) throw new DtypeError(operation, `got ${describe(x)} as ${what} for ${showType(into.aval)}; takes the same dtype: convert it with lax.convertElementType`)
  return ops.toType(operation, x, { dtype: into.dtype, weakType: false })
}

/** As `ofDtype`, as an array. */
export function arrayOfDtype(operation: string, x: ArrayLike, into: NDArray, what: string): NDArray {
  const value = ofDtype(operation, x, into, what)
  return isArray(value) ? value : bind1('broadcastInDim', [value], { shape: [], broadcastDimensions: [] })
}

/** What a reduction of x starts with: a scalar of its dtype. */
export function likeInit(operation: string, init: ArrayLike, x: NDArray): NDArray {
  const start = arrayOfDtype(operation, init, x, 'init')
  if (start.ndim > 0) throw new ShapeError(operation, `got init ${showType(start.aval)}; takes a scalar`)
  return start
}
