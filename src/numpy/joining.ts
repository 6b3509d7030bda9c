/** Arrays joined along an axis, and cut into parts along one. */
import type { NDArray } from '../core/array.ts'
import { ArgumentError, ShapeError } from '../core/errors.ts'
import * as ops from '../core/ops/index.ts'
import type { ArrayLike } from '../core/tree.ts'
import { atleast1d, atleast2d, atleast3d, type AxisOption, part, ravel } from './shape.ts'

/** Joins along an existing axis; with axis null, of the flat arrays. */
export function concatenate(xs: readonly ArrayLike[], axis?: number | null | { readonly axis?: number | null }): NDArray {
  return ops.within('concatenate', () => {
    const o = ops.placed<{ readonly axis?: number | null }>('concatenate', ['axis'], [axis], undefined, ['axis'])
    return o.axis === null ? ops.concatenate(ops.toArrays('concatenate', ops.checkList('concatenate', 'the first argument', xs)).map(ravel)) : ops.concatenate(xs, o.axis ?? 0)
  })
}
/** `concatenate` by another name. */
export const concat = (xs: readonly ArrayLike[], axis?: number | null | { readonly axis?: number | null }): NDArray => ops.within('concat', () => concatenate(xs, axis))
/** Joins along a new axis. */
export function stack(xs: readonly ArrayLike[], axis?: number | AxisOption): NDArray {
  return ops.stack(xs, ops.placed<AxisOption>('stack', ['axis'], [axis], undefined, ['axis']).axis ?? 0)
}
/** The slices along an axis, without it. */
export function unstack(x: ArrayLike, axis?: number | AxisOption): NDArray[] {
  return ops.within('unstack', () => {
    const a = ops.toArray('unstack', x)
    const at = ops.normalAxis('unstack', ops.placed<AxisOption>('unstack', ['axis'], [axis], undefined, ['axis']).axis ?? 0, a.ndim)
    return Array.from({ length: a.shape[at]! }, (_, i) => ops.squeeze(part(a, at, i, i + 1), at))
  })
}
const listOf = (operation: string, xs: readonly ArrayLike[]): NDArray[] => ops.toArrays(operation, ops.checkList(operation, 'the first argument', xs, 1))
/** Rows joined: vectors count as one row. */
export const vstack = (xs: readonly ArrayLike[]): NDArray => ops.within('vstack', () => ops.concatenate(listOf('vstack', xs).map(atleast2d), 0))
/** Columns joined; vectors end to end. */
export function hstack(xs: readonly ArrayLike[]): NDArray {
  return ops.within('hstack', () => {
    const arrays = listOf('hstack', xs).map(atleast1d)
    return ops.concatenate(arrays, arrays[0]?.ndim === 1 ? 0 : 1)
  })
}
/** Along the third axis; vectors and matrices get one. */
export const dstack = (xs: readonly ArrayLike[]): NDArray => ops.within('dstack', () => ops.concatenate(listOf('dstack', xs).map(atleast3d), 2))
/** Vectors as columns. */
export const columnStack = (xs: readonly ArrayLike[]): NDArray =>
  ops.within('columnStack', () => ops.concatenate(listOf('columnStack', xs).map((a) => (a.ndim < 2 ? ops.reshape(a, [-1, 1]) : a)), 1))

/** Values put at the end; both flat without an axis. */
export function append(x: ArrayLike, values: ArrayLike, axis?: number | null | { readonly axis?: number | null }): NDArray {
  return ops.within('append', () => {
    const o = ops.placed<{ readonly axis?: number | null }>('append', ['axis'], [axis], undefined, ['axis'])
    return concatenate([x, values], { axis: o.axis ?? null })
  })
}

/** A tree of lists of blocks. */
export type Blocks = ArrayLike | readonly Blocks[]
/**
 * An array put together of blocks: the innermost lists are joined along the last axis, those around them along the one before.
 *
 * @example
 * np.block([[np.eye(2), np.zeros([2, 1])], [np.ones([1, 3])]]).shape   // [3, 3]
 * @throws ArgumentError for lists of different depths, ShapeError for blocks that do not fit.
 */
export function block(arrays: Blocks): NDArray {
  return ops.within('block', () => {
    const depth = depthOf(arrays)
    const rank = Math.max(depth, rankOf(arrays))
    const leaves = ops.toArrays('block', leavesOf(arrays)).values()
    const join = (b: Blocks, level: number): NDArray => {
      if (!Array.isArray(b)) {
        const a = leaves.next().value!
        return ops.reshape(a, [...Array.from({ length: rank - a.ndim }, () => 1), ...a.shape])
      }
      return ops.concatenate((b as readonly Blocks[]).map((c) => join(c, level + 1)), rank - depth + level)
    }
    const out = join(arrays, 0)
    return depth === 0 ? ops.toArray('block', arrays as ArrayLike) : out
  })
}
function depthOf(b: Blocks, level = 0): number {
  if (level > 32) throw new ArgumentError('block', 'lists are more than 32 deep, or one contains itself')
  if (!Array.isArray(b)) return 0
  const depths = ops.checkList('block', 'a list of blocks', b as readonly Blocks[], 1).map((c) => depthOf(c, level + 1))
  if (depths.some((d) => d !== depths[0])) throw new ArgumentError('block', `lists of blocks are ${depths.join(', ')} deep beside each other; they must be alike`)
  return depths[0]! + 1
}
/** In the order in which they are joined. What is no list is a leaf: the type says the same. */
const leavesOf = (b: Blocks): ArrayLike[] => (Array.isArray(b) ? (b as readonly Blocks[]).flatMap(leavesOf) : [b as ArrayLike])
const rankOf = (b: Blocks): number => (Array.isArray(b) ? Math.max(...(b as readonly Blocks[]).map(rankOf)) : ops.toArray('block', b as ArrayLike).ndim)

function splitAt(x: NDArray, axis: number, places: readonly number[]): NDArray[] {
  const size = x.shape[axis]!
  const clip = (p: number): number => Math.min(Math.max(p < 0 ? p + size : p, 0), size)
  const edges = [0, ...places.map(clip), size]
  return edges.slice(1).map((stop, i) => part(x, axis, edges[i]!, Math.max(stop, edges[i]!)))
}
/**
 * Parts along an axis: a number of equal ones, or cut at indices.
 *
 * @throws ShapeError when the axis does not divide evenly; arraySplit allows that.
 */
export function split(x: ArrayLike, indicesOrSections: number | readonly number[], axis?: number | AxisOption): NDArray[] {
  return splitOf('split', x, indicesOrSections, axis, true)
}
/** As `split`; the first parts are one longer where the axis does not divide evenly. */
export function arraySplit(x: ArrayLike, indicesOrSections: number | readonly number[], axis?: number | AxisOption): NDArray[] {
  return splitOf('arraySplit', x, indicesOrSections, axis, false)
}
/** Each is an array of its own. */
const mostSections = 2 ** 24
function splitOf(operation: string, x: ArrayLike, indicesOrSections: number | readonly number[], axis: number | AxisOption | undefined, even: boolean): NDArray[] {
  const a = ops.toArray(operation, x)
  const at = ops.normalAxis(operation, ops.placed<AxisOption>(operation, ['axis'], [axis], undefined, ['axis']).axis ?? 0, a.ndim)
  if (typeof indicesOrSections !== 'number') return splitAt(a, at, ops.checkIntegers(operation, 'indices', indicesOrSections))
  const n = ops.checkInteger(operation, 'the number of sections', indicesOrSections, 1)
  if (n > mostSections) throw new ArgumentError(operation, `the number of sections is ${n}; takes at most ${mostSections}`)
  const size = a.shape[at]!
  if (even && size % n !== 0) throw new ShapeError(operation, `axis ${at} of shape [${a.shape.join(',')}] does not divide into ${n} equal parts; arraySplit makes unequal ones`)
  return splitAt(a, at, Array.from({ length: n - 1 }, (_, i) => (i + 1) * Math.floor(size / n) + Math.min(i + 1, size % n)))
}
/** `split` along the first axis. */
export const vsplit = (x: ArrayLike, indicesOrSections: number | readonly number[]): NDArray[] => ops.within('vsplit', () => split(x, indicesOrSections, 0))
/** `split` along the second axis; of a vector along its only one. */
export const hsplit = (x: ArrayLike, indicesOrSections: number | readonly number[]): NDArray[] => ops.within('hsplit', () => split(x, indicesOrSections, ops.toArray('hsplit', x).ndim === 1 ? 0 : 1))
/** `split` along the third axis. */
export const dsplit = (x: ArrayLike, indicesOrSections: number | readonly number[]): NDArray[] => ops.within('dsplit', () => split(x, indicesOrSections, 2))
