/** Picking elements by position and by condition; diagonals. */
import type { NDArray } from '../core/array.ts'
import { showType } from '../core/aval.ts'
import { show } from '../core/describe.ts'
import { isInexact, isInteger, isUnsigned } from '../core/dtype.ts'
import { ArgumentError, DtypeError, ShapeError } from '../core/errors.ts'
import * as ops from '../core/ops/index.ts'
import type { ArrayLike } from '../core/tree.ts'
import { gather } from '../lax/indexing.ts'
import { full } from '../lax/shape.ts'
import { mod } from './arithmetic.ts'
import { moveaxis, ravel } from './shape.ts'

/**
 * What an index out of bounds means. 'fill': NaN (or the dtype's outermost value), negative ones count from the end;
 * 'clip': the nearest; 'wrap': around.
 */
export type TakeMode = 'fill' | 'clip' | 'wrap' | 'promiseInBounds'
export interface TakeOptions {
  readonly axis?: number | null
  readonly mode?: TakeMode
  readonly fillValue?: number | boolean
}
const takeOptions = ['axis', 'mode', 'fillValue'] as const

/** int32 positions, negative ones and wrapping seen to. */
function positions(operation: string, indices: ArrayLike, size: number, mode: TakeMode, wrapNegative: boolean): NDArray {
  if (typeof indices === 'number' && !Number.isInteger(indices)) throw new ArgumentError(operation, `index ${indices} is no integer`)
  // Beyond int32 lies past every end.
  const within = (i: number): number => (mode === 'wrap' ? i % size : Math.min(Math.max(i, -(2 ** 31)), 2 ** 31 - 1))
  const given = typeof indices === 'number' ? ops.convert(within(indices), 'int32') : ops.toArray(operation, indices)
  if (!isInteger(given.dtype)) throw new DtypeError(operation, `got indices of ${given.dtype}; takes integers`)
  const i = ops.convert(given, 'int32')
  if (mode === 'wrap') return mod(i, size)
  if (mode !== 'fill' && mode !== 'clip' && mode !== 'promiseInBounds') throw new ArgumentError(operation, `unknown mode ${show(mode)}; known modes: fill, clip, wrap, promiseInBounds`)
  return wrapNegative && !isUnsigned(given.dtype) ? ops.where(ops.lt(i, 0), ops.add(i, size), i) : i
}

/**
 * Elements at integer positions along an axis, or of the flat array.
 *
 * @example
 * np.take(np.array([10, 20, 30]), np.array([0, -1, 7], { dtype: 'int32' })).js()   // [10, 30, NaN]
 */
export function take(x: ArrayLike, indices: ArrayLike, axis?: number | null | TakeOptions, options?: TakeOptions): NDArray {
  return ops.within('take', () => {
    const { axis: place = null, mode = 'fill', fillValue = null } = ops.placed<TakeOptions>('take', ['axis'], [axis], options, takeOptions)
    const a = place === null ? ravel(x) : ops.toArray('take', x)
    const at = ops.normalAxis('take', place ?? 0, a.ndim)
    const size = a.shape[at]!
    const i = positions('take', indices, size, mode, mode === 'fill')
    const out = [...a.shape.slice(0, at), ...i.shape, ...a.shape.slice(at + 1)]
    if (i.size === 0) return full(out, 0, a.dtype)
    if (size === 0) throw new ShapeError('take', `axis ${at} of shape [${a.shape.join(',')}] is empty`)
    return gather(a, ops.expandDims(i, i.ndim), {
      dimensionNumbers: {
        offsetDims: out.map((_, k) => k).filter((k) => k < at || k >= at + i.ndim),
        collapsedSliceDims: [at],
        startIndexMap: [at],
      },
      sliceSizes: a.shape.map((d, k) => (k === at ? 1 : d)),
      mode: mode === 'wrap' ? 'promiseInBounds' : mode,
      fillValue,
    })
  })
}

/** For every element of `indices` (same rank as x) the element of x at that place along the axis; other axes broadcast. */
export function takeAlongAxis(x: ArrayLike, indices: ArrayLike, axis?: number | null | TakeOptions, options?: TakeOptions): NDArray {
  return ops.within('takeAlongAxis', () => {
    const { axis: place = -1, mode = 'fill', fillValue = null } = ops.placed<TakeOptions>('takeAlongAxis', ['axis'], [axis], options, takeOptions)
    const a = place === null ? ravel(x) : ops.toArray('takeAlongAxis', x)
    const at = ops.normalAxis('takeAlongAxis', place ?? 0, a.ndim)
    const size = a.shape[at]!
    const i = positions('takeAlongAxis', indices, size, mode, mode !== 'promiseInBounds')
    if (i.ndim !== a.ndim) throw new ShapeError('takeAlongAxis', `got shape [${a.shape.join(',')}] and indices [${i.shape.join(',')}]; both need one rank`)
    const others = a.shape.map((_, k) => k).filter((k) => k !== at)
    const common = ops.broadcastShapes('takeAlongAxis', [others.map((k) => a.shape[k]!), others.map((k) => i.shape[k]!)])
    const shapeWith = (d: number): number[] => a.shape.map((_, k) => (k === at ? d : common[others.indexOf(k)]!))
    const out = shapeWith(i.shape[at]!)
    if (size === 0 || i.size === 0) return full(out, 0, a.dtype)
    return gather(ops.broadcastTo(a, shapeWith(size)), ops.expandDims(ops.broadcastTo(i, out), a.ndim), {
      dimensionNumbers: { offsetDims: [], collapsedSliceDims: [at], startIndexMap: [at], operandBatchingDims: others, startIndicesBatchingDims: others },
      sliceSizes: a.shape.map(() => 1),
      mode: mode === 'wrap' ? 'promiseInBounds' : mode,
      fillValue,
    })
  })
}

/** `onTrue` where the condition holds, else `onFalse`; with the condition alone, where it holds (as `nonzero`). */
export function where(condition: ArrayLike): NDArray[]
export function where(condition: ArrayLike, onTrue: ArrayLike, onFalse: ArrayLike): NDArray
export function where(condition: ArrayLike, onTrue?: ArrayLike, onFalse?: ArrayLike): NDArray | NDArray[] {
  if (onTrue === undefined && onFalse === undefined) return ops.within('where', () => nonzero(condition))
  if (onTrue === undefined || onFalse === undefined) throw new ArgumentError('where', 'got one alternative; takes none or two beside the condition')
  return ops.where(condition, onTrue, onFalse)
}

/** The first alternative whose condition holds, else `defaultValue`. */
export function select(conditions: readonly ArrayLike[], choices: readonly ArrayLike[], defaultValue: ArrayLike = 0): NDArray {
  return ops.within('select', () => {
    ops.checkList('select', 'conditions', conditions)
    ops.checkList('select', 'choices', choices)
    if (conditions.length !== choices.length || conditions.length === 0) throw new ArgumentError('select', `got ${conditions.length} conditions and ${choices.length} choices; takes as many of each, at least one`)
    const { dtype, weakType } = ops.promotedType('select', [...choices, defaultValue])
    return conditions.reduceRight<NDArray>((rest, c, i) => ops.where(c, choices[i]!, rest), ops.convert(defaultValue, dtype, weakType))
  })
}

/** `choices[indices]`, element by element; mode 'clip' or 'wrap' for indices out of range. */
export function choose(indices: ArrayLike, choices: readonly ArrayLike[], options: { readonly mode?: 'clip' | 'wrap' } = {}): NDArray {
  return ops.within('choose', () => {
    ops.checkOptions('choose', options, ['mode'])
    ops.checkList('choose', 'choices', choices, 1)
    const given = ops.toArray('choose', indices)
    if (isInexact(given.dtype)) throw new DtypeError('choose', `got indices ${showType(given.aval)}; takes integers, convert with astype`)
    const i = ops.convert(given, 'int32')
    const within = options.mode === 'wrap' ? mod(i, choices.length) : i
    const arrays = ops.toArrays('choose', choices)
    return arrays.slice(0, -1).reduceRight<NDArray>((rest, c, k) => ops.where(ops.le(within, k), c, rest), arrays.at(-1)!)
  })
}

/** Positions of elements that are not 0, one int32 array an axis. Outside jit: the size depends on values. */
export function nonzero(x: ArrayLike): NDArray[] {
  return ops.within('nonzero', () => {
    const a = ops.toArray('nonzero', x)
    if (a.ndim === 0) throw new ShapeError('nonzero', 'takes an array of rank 1 or more')
    return ops.nonzero('nonzero', a.dtype === 'bool' ? a : ops.ne(a, 0))
  })
}
/** Positions in the flat array. Outside jit. */
export const flatnonzero = (x: ArrayLike): NDArray => ops.within('flatnonzero', () => nonzero(ravel(x))[0]!)
/** Positions as rows: [count, rank]. Outside jit. */
export const argwhere = (x: ArrayLike): NDArray =>
  ops.within('argwhere', () => {
    const a = ops.toArray('argwhere', x)
    // A scalar has no axes, and at most one place.
    return a.ndim === 0 ? ops.reshape(ops.iota('int32', [0]), [flatnonzero(a).size, 0]) : ops.stack(nonzero(a), 1)
  })
/** Elements where the condition holds, flat or along an axis. Outside jit. */
export function compress(condition: ArrayLike, x: ArrayLike, axis?: number | null | { readonly axis?: number | null }): NDArray {
  return ops.within('compress', () => {
    const o = ops.placed<{ readonly axis?: number | null }>('compress', ['axis'], [axis], undefined, ['axis'])
    return take(x, flatnonzero(condition), { axis: o.axis ?? null, mode: 'promiseInBounds' })
  })
}
/** The elements where the condition holds, both flat. Outside jit. */
export const extract = (condition: ArrayLike, x: ArrayLike): NDArray => ops.within('extract', () => compress(ravel(condition), x))

export interface DiagonalOptions {
  /** Above the main diagonal where positive. */
  readonly offset?: number
  readonly axis1?: number
  readonly axis2?: number
}
const diagonalOptions = ['offset', 'axis1', 'axis2'] as const
/**
 * The diagonal of two axes, which go; it becomes the last axis.
 *
 * @example
 * np.diagonal(np.array([[1, 2], [3, 4]])).js()        // [1, 4]
 * np.diagonal(np.array([[1, 2], [3, 4]]), 1).js()     // [2]
 */
export function diagonal(x: ArrayLike, offset?: number | DiagonalOptions, axis1?: number, axis2?: number): NDArray {
  return ops.within('diagonal', () => {
    const { offset: above = 0, axis1: first = 0, axis2: second = 1 } = ops.placed<DiagonalOptions>('diagonal', diagonalOptions, [offset, axis1, axis2], undefined, diagonalOptions)
    ops.checkInteger('diagonal', 'offset', above)
    const given = ops.toArray('diagonal', x)
    if (given.ndim < 2) throw new ShapeError('diagonal', `got shape [${given.shape.join(',')}]; takes at least two axes`)
    if (ops.normalAxis('diagonal', first, given.ndim) === ops.normalAxis('diagonal', second, given.ndim)) throw new ShapeError('diagonal', `axis1 and axis2 are both axis ${first}; takes two different axes`)
    const a = moveaxis(given, [first, second], [-2, -1])
    const lead = a.shape.slice(0, -2)
    const [rows, columns] = [a.shape[a.ndim - 2]!, a.shape[a.ndim - 1]!]
    const n = Math.max(0, Math.min(rows + Math.min(above, 0), columns - Math.max(above, 0)))
    if (n === 0) return full([...lead, 0], 0, a.dtype)
    // On the flat last two axes the diagonal is every (columns + 1)-th element.
    const flat = ops.reshape(a, [...lead, rows * columns])
    const start = above >= 0 ? above : -above * columns
    const at = (v: number): number[] => [...lead.map(() => v), 0]
    return ops.laxSlice(flat, [...at(0).slice(0, -1), start], [...lead, start + (n - 1) * (columns + 1) + 1], [...at(1).slice(0, -1), columns + 1])
  })
}

/** Of a matrix its diagonal; of a vector the matrix that has it as diagonal. */
export function diag(x: ArrayLike, options: { readonly k?: number } | number = {}): NDArray {
  return ops.within('diag', () => {
    if (typeof options !== 'number') ops.checkOptions('diag', options, ['k'])
    const k = typeof options === 'number' ? options : (options.k ?? 0)
    ops.checkInteger('diag', 'k', k)
    const a = ops.toArray('diag', x)
    if (a.ndim === 2) return diagonal(a, { offset: k })
    if (a.ndim !== 1) throw new ShapeError('diag', `got shape [${a.shape.join(',')}]; takes a vector or a matrix`)
    const n = a.size + Math.abs(k)
    const column = ops.pad(a, 0, [[Math.max(0, k), Math.max(0, -k), 0]])
    return ops.where(ops.eq(ops.add(ops.iota('int32', [n, n], 0), k), ops.iota('int32', [n, n], 1)), ops.broadcastTo(column, [n, n]), ops.convert(0, a.dtype, a.aval.weakType))
  })
}
/** A matrix with the flat values on a diagonal. */
export const diagflat = (x: ArrayLike, options: { readonly k?: number } | number = {}): NDArray => ops.within('diagflat', () => diag(ravel(x), options))

/**
 * The sum of a diagonal.
 *
 * @example
 * np.trace(np.array([[1, 2], [3, 4]])).item()   // 5
 */
export const trace = (x: ArrayLike, offset?: number | DiagonalOptions, axis1?: number, axis2?: number): NDArray => ops.within('trace', () => ops.sum(diagonal(x, offset, axis1, axis2), -1))

export interface TriangleOptions {
  /** The last diagonal kept: above the main one where positive. */
  readonly k?: number
}
function triangle(operation: string, x: ArrayLike, options: TriangleOptions | number, lower: boolean): NDArray {
  if (typeof options !== 'number') ops.checkOptions(operation, options, ['k'])
  const k = typeof options === 'number' ? options : (options.k ?? 0)
  ops.checkInteger(operation, 'k', k)
  const a = ops.toArray(operation, x)
  if (a.ndim < 2) throw new ShapeError(operation, `got shape [${a.shape.join(',')}]; takes at least two axes`)
  const plane = a.shape.slice(-2)
  // Diagonals outside of the matrix are all alike, and int32.
  const last = Math.min(Math.max(lower ? k : k - 1, -plane[0]!), plane[1]!)
  const below = ops.ge(ops.add(ops.iota('int32', plane, 0), last), ops.iota('int32', plane, 1))
  const zero = ops.convert(0, a.dtype, a.aval.weakType)
  return lower ? ops.where(below, a, zero) : ops.where(below, zero, a)
}
/** What stands on and below a diagonal of the last two axes; zeros above. */
export const tril = (x: ArrayLike, options: TriangleOptions | number = {}): NDArray => ops.within('tril', () => triangle('tril', x, options, true))
/** What stands on and above a diagonal; zeros below. */
export const triu = (x: ArrayLike, options: TriangleOptions | number = {}): NDArray => ops.within('triu', () => triangle('triu', x, options, false))
