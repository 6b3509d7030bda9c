/** Structural operations on one or several arrays. */
import type { NDArray } from '../array.ts'
import { isArray } from '../array-base.ts'
import { sameShape, type Shape, sizeOf } from '../aval.ts'
import { show } from '../describe.ts'
import type { DType } from '../dtype.ts'
import { ArgumentError, ShapeError } from '../errors.ts'
import { within } from '../in-name-of.ts'
import { bind1 } from '../trace.ts'
import type { ArrayLike } from '../tree.ts'
import { axisList, checkIntegers, checkList, checkShape, normalAxes, normalAxis } from './checks.ts'
import { convert, toArrays } from './elementwise.ts'
import { broadcastShapes, checkOperands, promotedType, stretch, toArray, toType } from './operands.ts'

/**
 * The same elements in another shape, row-major; one size may be -1.
 * @throws ShapeError when the sizes do not fit.
 */
export function reshape(x: ArrayLike, shape: number | Shape): NDArray {
  const a = toArray('reshape', x)
  const sizes = [...checkIntegers('reshape', 'shape', typeof shape === 'number' ? [shape] : shape)]
  const open = sizes.indexOf(-1)
  if (open >= 0) {
    const rest = sizes.reduce((n, d, i) => (i === open ? n : n * d), 1)
    if (sizes.lastIndexOf(-1) !== open || rest === 0 || a.size % rest !== 0) {
      throw new ShapeError('reshape', `cannot make shape [${a.shape.join(',')}] (${a.size} elements) into [${sizes.join(',')}]${sizes.lastIndexOf(-1) === open ? `; the elements do not divide by ${rest}` : '; only one size may be -1'}`)
    }
    sizes[open] = a.size / rest
  }
  if (sameShape(a.shape, sizes)) return a
  if (sizes.some((d) => !Number.isInteger(d) || d < 0) || sizeOf(sizes) !== a.size) {
    throw new ShapeError('reshape', `cannot make shape [${a.shape.join(',')}] (${a.size} elements) into [${sizes.join(',')}]; the number of elements must stay`)
  }
  return bind1('reshape', [a], { newSizes: sizes })
}

/** Axes in another order; reversed by default. */
export function transpose(x: ArrayLike, permutation?: readonly number[] | null): NDArray {
  const a = toArray('transpose', x)
  const p = permutation === null || permutation === undefined ? a.shape.map((_, i) => a.ndim - 1 - i) : checkList('transpose', 'axes', permutation).map((i) => normalAxis('transpose', i, a.ndim))
  if (p.length !== a.ndim || new Set(p).size !== a.ndim) throw new ShapeError('transpose', `axes [${(permutation ?? []).join(',')}] are no permutation of the ${a.ndim} axes of shape [${a.shape.join(',')}]; takes each once`)
  return p.every((d, i) => d === i) ? a : bind1('transpose', [a], { permutation: p })
}

export function broadcastTo(x: ArrayLike, shape: Shape): NDArray {
  const a = toArray('broadcastTo', x)
  checkShape('broadcastTo', shape)
  if (sameShape(a.shape, shape)) return a
  const out = broadcastShapes('broadcastTo', [a.shape, shape])
  if (!sameShape(out, shape)) throw new ShapeError('broadcastTo', `shape [${a.shape.join(',')}] does not broadcast to [${shape.join(',')}]`)
  return within('broadcastTo', () => (a.ndim === 0 ? bind1('broadcastInDim', [a], { shape, broadcastDimensions: [] }) : (stretch(a, shape) as NDArray)))
}

export function expandDims(x: ArrayLike, axis: number | readonly number[]): NDArray {
  const a = toArray('expandDims', x)
  const list = axisList('expandDims', axis)
  const rank = a.ndim + list.length
  for (const i of list) if (Number.isInteger(i) && (i < -rank || i >= rank)) throw new ShapeError('expandDims', `axis ${i} is out of range for the result, which has rank ${rank}; it takes ${-rank} to ${rank - 1}`)
  const at = normalAxes('expandDims', list, rank)
  const sizes = [...a.shape]
  for (const i of at) sizes.splice(i, 0, 1)
  return reshape(a, sizes)
}

export function squeeze(x: ArrayLike, axis?: number | readonly number[] | null): NDArray {
  const a = toArray('squeeze', x)
  const at = axis === null || axis === undefined ? a.shape.flatMap((d, i) => (d === 1 ? [i] : [])) : normalAxes('squeeze', axis, a.ndim)
  for (const i of at) if (a.shape[i] !== 1) throw new ShapeError('squeeze', `axis ${i} of shape [${a.shape.join(',')}] has size ${a.shape[i]!}; only axes of size 1 can go`)
  return reshape(a, a.shape.filter((_, i) => !at.includes(i)))
}

/** Joins along an existing axis; dtypes are promoted. */
export function concatenate(xs: readonly ArrayLike[], axis = 0): NDArray {
  const list = checkList('concatenate', 'the first argument', xs, 1)
  const type = promotedType('concatenate', list)
  const arrays = list.map((x) => toType('concatenate', x, type)).map((v) => (isArray(v) ? v : null))
  if (arrays.some((a) => a === null || a.ndim === 0)) throw new ShapeError('concatenate', 'scalars cannot be concatenated; use stack')
  const dimension = normalAxis('concatenate', axis, arrays[0]!.ndim)
  return arrays.length === 1 ? arrays[0]! : bind1('concatenate', arrays as NDArray[], { dimension })
}

/** Joins along a new axis. */
export function stack(xs: readonly ArrayLike[], axis = 0): NDArray {
  const arrays = toArrays('stack', checkList('stack', 'the first argument', xs, 1))
  const [first] = arrays
  for (const a of arrays) if (!sameShape(a.shape, first!.shape)) throw new ShapeError('stack', `shapes ${arrays.map((b) => `[${b.shape.join(',')}]`).join(', ')} must be equal`)
  const at = normalAxis('stack', axis, first!.ndim + 1)
  return within('stack', () => concatenate(arrays.map((a) => expandDims(a, at)), at))
}

export function flip(x: ArrayLike, axis?: number | readonly number[] | null): NDArray {
  const a = toArray('flip', x)
  const dimensions = normalAxes('flip', axis, a.ndim)
  return dimensions.length === 0 ? a : bind1('rev', [a], { dimensions })
}

/** `[start, stop, step]` along every axis, plain and positive. */
export function laxSlice(x: ArrayLike, startIndices: readonly number[], limitIndices: readonly number[], strides: readonly number[] | null = null): NDArray {
  const a = toArray('slice', x)
  checkIntegers('slice', 'startIndices', startIndices)
  checkIntegers('slice', 'limitIndices', limitIndices)
  if (strides !== null) checkIntegers('slice', 'strides', strides)
  return bind1('slice', [a], { startIndices, limitIndices, strides: strides ?? startIndices.map(() => 1) })
}

/** Adds (or with negative widths removes) elements at the edges and between; `paddingValue` takes the array's dtype. */
export function pad(x: ArrayLike, paddingValue: ArrayLike, paddingConfig: readonly (readonly [number, number, number])[]): NDArray {
  const a = toArray('pad', x)
  for (const entry of checkList('pad', 'paddingConfig', paddingConfig)) {
    if (checkIntegers('pad', 'an entry of paddingConfig', entry).length !== 3) throw new ArgumentError('pad', `an entry of paddingConfig is ${show(entry)}; takes [low, high, interior]`)
  }
  checkOperands('pad', [paddingValue])
  const v = isArray(paddingValue) ? convert(paddingValue, a.dtype, false, 'pad') : toType('pad', paddingValue, { dtype: a.dtype, weakType: false })
  return bind1('pad', [a, v], { paddingConfig })
}

/** Counts 0, 1, 2 … along one axis. */
export const iota = (dtype: DType, shape: Shape, dimension = 0, operation = 'iota'): NDArray => bind1('iota', [], { dtype, shape: checkShape(operation, shape), dimension })

export const bitcast = (x: ArrayLike, newDtype: DType): NDArray => bind1('bitcastConvertType', [toArray('bitcastConvertType', x)], { newDtype })
