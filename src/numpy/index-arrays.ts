/** Arrays of indices: of triangles and diagonals, flat and per axis. All int32. */
import { isArray, type NDArray } from '../core/array.ts'
import { type Shape, sizeOf } from '../core/aval.ts'
import { show } from '../core/describe.ts'
import { isInteger } from '../core/dtype.ts'
import { ArgumentError, DtypeError, ShapeError } from '../core/errors.ts'
import * as ops from '../core/ops/index.ts'
import type { ArrayLike } from '../core/tree.ts'
import { floorDivide, mod } from './arithmetic.ts'
import { array } from './array.ts'

/** Rows and columns of the places of a matrix that `holds` picks. */
function places(operation: string, n: number, m: number, holds: (row: number, column: number) => boolean): [rows: NDArray, columns: NDArray] {
  ops.checkShape(operation, [n, m])
  const found: [number, number][] = []
  for (let i = 0; i < n; i++) for (let j = 0; j < m; j++) if (holds(i, j)) found.push([i, j])
  const column = (k: 0 | 1): NDArray => array(Int32Array.from(found, (p) => p[k]))
  return [column(0), column(1)]
}
/** No device has more: what is listed one by one stays below. */
const most = 2 ** 26
function requireFew(operation: string, n: number, m: number): void {
  ops.checkShape(operation, [n, m])
  if (n * m > most) throw new ArgumentError(operation, `of a matrix of ${n} by ${m}; takes at most ${most} elements`)
}

export interface TriangleIndicesOptions {
  /** The diagonal: above the main one where positive; default 0. */
  readonly k?: number
  /** Columns; as many as rows by default. */
  readonly m?: number | null
}
const triangle =
  (operation: 'trilIndices' | 'triuIndices', holds: (i: number, j: number, k: number) => boolean) =>
  (n: number, k?: number | TriangleIndicesOptions, options?: TriangleIndicesOptions): [rows: NDArray, columns: NDArray] =>
    ops.within(operation, () => {
      const o = ops.placed<TriangleIndicesOptions>(operation, ['k'], [k], options, ['k', 'm'])
      const diagonal = ops.checkInteger(operation, 'k', o.k ?? 0)
      const columns = o.m ?? n
      requireFew(operation, n, columns)
      return places(operation, n, columns, (i, j) => holds(i, j, diagonal))
    })
type Triangle = (n: number, k?: number | TriangleIndicesOptions, options?: TriangleIndicesOptions) => [rows: NDArray, columns: NDArray]
/**
 * Where a matrix of n rows has its lower triangle: rows and columns.
 *
 * @example
 * const [i, j] = np.trilIndices(2)   // [0, 1, 1] and [0, 0, 1]
 * @throws ShapeError for a size that is none.
 */
export const trilIndices: Triangle = triangle('trilIndices', (i, j, k) => j - i <= k)
/** Where a matrix of n rows has its upper triangle. */
export const triuIndices: Triangle = triangle('triuIndices', (i, j, k) => j - i >= k)

const triangleFrom =
  (operation: 'trilIndicesFrom' | 'triuIndicesFrom', of: Triangle) =>
  (x: ArrayLike, k?: number | { readonly k?: number }): [rows: NDArray, columns: NDArray] =>
    ops.within(operation, () => {
      const o = ops.placed<{ readonly k?: number }>(operation, ['k'], [k], undefined, ['k'])
      const { shape } = ops.toArray(operation, x)
      if (shape.length !== 2) throw new ShapeError(operation, `got shape [${shape.join(',')}]; takes a matrix`)
      return of(shape[0]!, { m: shape[1]!, ...o })
    })
type TriangleFrom = (x: ArrayLike, k?: number | { readonly k?: number }) => [rows: NDArray, columns: NDArray]
/** `trilIndices` of the shape of a matrix. */
export const trilIndicesFrom: TriangleFrom = triangleFrom('trilIndicesFrom', trilIndices)
/** `triuIndices` of the shape of a matrix. */
export const triuIndicesFrom: TriangleFrom = triangleFrom('triuIndicesFrom', triuIndices)

/**
 * Where an array of `ndim` axes of size n has its diagonal: one vector an axis.
 *
 * @example
 * const [i, j] = np.diagIndices(3)   // [0, 1, 2] twice
 */
export function diagIndices(n: number, ndim?: number | { readonly ndim?: number }): NDArray[] {
  return ops.within('diagIndices', () => {
    const o = ops.placed<{ readonly ndim?: number }>('diagIndices', ['ndim'], [ndim], undefined, ['ndim'])
    const [size] = ops.checkShape('diagIndices', [n])
    const line = ops.iota('int32', [size!])
    const rank = ops.checkInteger('diagIndices', 'ndim', o.ndim ?? 2, 0)
    if (rank > 1000) throw new ArgumentError('diagIndices', `ndim is ${rank}; takes at most 1000`)
    return Array.from({ length: rank }, () => line)
  })
}
/** `diagIndices` of an array whose axes are of one size. @throws ShapeError for sizes that differ, or fewer than two axes. */
export function diagIndicesFrom(x: ArrayLike): NDArray[] {
  return ops.within('diagIndicesFrom', () => {
    const { shape } = ops.toArray('diagIndicesFrom', x)
    if (shape.length < 2 || shape.some((d) => d !== shape[0])) throw new ShapeError('diagIndicesFrom', `got shape [${shape.join(',')}]; takes at least two axes, all of one size`)
    return diagIndices(shape[0]!, shape.length)
  })
}

/**
 * Vectors as an open mesh: the i-th keeps its elements along axis i, so that `x.slice(...np.ix_(rows, columns))` is the block of those
 * rows and columns. A mask of truth values stands for the places where it holds, outside jit.
 *
 * @example
 * np.arange(6).reshape([2, 3]).slice(...np.ix_(np.array([1]), np.array([0, 2]))).js()   // [[3, 5]]
 * @throws ShapeError for anything but vectors.
 */
export function ix_(...vectors: readonly ArrayLike[]): NDArray[] {
  return ops.within('ix_', () => {
    const lines = vectors.map((v) => {
      const a = ops.toArray('ix_', v)
      if (a.ndim !== 1) throw new ShapeError('ix_', `got shape [${a.shape.join(',')}]; takes vectors`)
      return a.dtype === 'bool' ? ops.nonzero('ix_', a)[0]! : a
    })
    return lines.map((a, i) => ops.reshape(a, lines.map((_, k) => (k === i ? a.size : 1))))
  })
}

/**
 * Places in the flat array as places along each axis of a shape: one array an axis. Out of bounds they are clamped, negative ones count
 * from the end.
 *
 * @example
 * const [i, j] = np.unravelIndex(np.array(5, { dtype: 'int32' }), [2, 3])   // 1 and 2
 * @throws DtypeError for anything but integers.
 */
export function unravelIndex(indices: ArrayLike, shape: Shape | number): NDArray[] {
  return ops.within('unravelIndex', () => {
    const sizes = ops.checkShape('unravelIndex', typeof shape === 'number' ? [shape] : shape)
    const flat = integers('unravelIndex', indices)
    const total = sizeOf(sizes)
    const at = ops.clamp(0, ops.where(ops.lt(flat, 0), ops.add(flat, total), flat), Math.max(total - 1, 0))
    return sizes.map((d, i) => {
      const inner = sizeOf(sizes.slice(i + 1))
      return ops.rem(floorDivide(at, ops.convert(inner, 'int32')), ops.convert(Math.max(d, 1), 'int32'))
    })
  })
}

export interface RavelOptions {
  /** What becomes of an index out of bounds: 'raise' (default), which looks at values and so works outside jit, 'wrap' or 'clip'. */
  readonly mode?: 'raise' | 'wrap' | 'clip'
}
/**
 * Places along each axis as places in the flat array: int32.
 *
 * @example
 * np.ravelMultiIndex([np.array(1, { dtype: 'int32' }), np.array(2, { dtype: 'int32' })], [2, 3]).item()   // 5
 * @throws ArgumentError for an index out of bounds, DtypeError for anything but integers.
 */
export function ravelMultiIndex(multiIndex: readonly ArrayLike[], dims: Shape, options: RavelOptions = {}): NDArray {
  return ops.within('ravelMultiIndex', () => {
    ops.checkOptions('ravelMultiIndex', options, ['mode'])
    const mode = ops.checkOneOf('ravelMultiIndex', 'mode', options.mode ?? 'raise', ['raise', 'wrap', 'clip'])
    const sizes = ops.checkShape('ravelMultiIndex', dims)
    const given = ops.checkList('ravelMultiIndex', 'the indices', multiIndex, 1).map((x) => integers('ravelMultiIndex', x))
    if (given.length !== sizes.length) throw new ArgumentError('ravelMultiIndex', `got ${given.length} arrays of indices for shape [${sizes.join(',')}]; takes one for each axis`)
    return given.reduce((flat: NDArray, x, i) => {
      const d = sizes[i]!
      const at = mode === 'wrap' ? mod(x, Math.max(d, 1)) : ops.clamp(0, x, Math.max(d - 1, 0))
      if (mode === 'raise' && Number(ops.sum(ops.ne(at, x)).item()) > 0) throw new ArgumentError('ravelMultiIndex', `an index along axis ${i} is out of bounds for shape [${sizes.join(',')}]; it takes 0 to ${d - 1}, or mode 'wrap' or 'clip'`)
      return ops.add(ops.mul(flat, d), at)
    }, ops.toArray('ravelMultiIndex', ops.convert(0, 'int32')))
  })
}

function integers(operation: string, x: ArrayLike): NDArray {
  if (isArray(x) ? !isInteger(x.dtype) : !Number.isInteger(x)) throw new DtypeError(operation, `got ${isArray(x) ? x.dtype : show(x)}; takes integers: convert with astype('int32')`)
  return ops.convert(x, 'int32')
}
