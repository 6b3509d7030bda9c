/** Reductions and cumulative operations: axes normalised, dtypes widened as NumPy does, then `bind`. */
import type { NDArray } from '../array.ts'
import { isArray } from '../array-base.ts'
import { type DType, dtypeInfo, isInexact } from '../dtype.ts'
import { ShapeError } from '../errors.ts'
import type { Axes, ReductionParams } from '../primitives/index.ts'
import { bind1, bindAs } from '../trace.ts'
import type { ArrayLike } from '../tree.ts'
import { convert, div, toBool } from './elementwise.ts'
import { isOptions } from './arguments.ts'
import { checkDtype, checkOptions, normalAxes, normalAxis } from './checks.ts'
import { toArray } from './operands.ts'
import { reshape } from './shape.ts'

export type Axis = number | readonly number[] | null
export interface ReduceOptions {
  /** The axes to reduce; all by default. */
  readonly axis?: Axis | undefined
  /** Keeps reduced axes with size 1. */
  readonly keepdims?: boolean | undefined
}
export interface DtypeOption {
  /** The dtype of the result and of the sum. */
  readonly dtype?: DType | undefined
}
type Places<O> = Axis | O | undefined

/** `np.sum(x, 1)`, `np.sum(x, 1, { keepdims })` and `np.sum(x, { axis: 1, keepdims })` are one. */
export function reduceArguments<O extends ReduceOptions>(operation: string, place: Places<O>, options: O | undefined, known: readonly string[]): O {
  if (options !== undefined) checkOptions(operation, options, known)
  if (!isOptions(place)) return { axis: place as Axis | undefined, ...options } as O
  checkOptions(operation, place, known)
  return place as O
}

type ReducePrimitive = { [P in keyof ReductionParams]: ReductionParams[P] extends Axes ? P : never }[keyof ReductionParams]

function reduce(operation: string, primitive: ReducePrimitive, x: NDArray, { axis, keepdims = false }: ReduceOptions): NDArray {
  const axes = normalAxes(operation, axis, x.ndim)
  // A reduced array has a dtype of its own, as in jax.numpy: weakness ends here.
  const out = bindAs(operation, primitive, [convert(x, x.dtype)], { axes })
  return keepdims ? reshape(out, x.shape.map((d, i) => (axes.includes(i) ? 1 : d))) : out
}

/** Bool and small integers are summed as 32-bit ones. */
function widened(x: NDArray, dtype: DType | undefined, operation: string): NDArray {
  if (dtype !== undefined) return convert(x, checkDtype(operation, dtype))
  const { kind, bytes } = dtypeInfo[x.dtype]
  if (kind === 'bool' || (kind === 'int' && bytes < 4)) return convert(x, 'int32')
  return kind === 'uint' && bytes < 4 ? convert(x, 'uint32') : x
}

const sumOptions = ['axis', 'keepdims', 'dtype']
const plainOptions = ['axis', 'keepdims']

/** The sum over axes; accurate to the last bits for long sums. An empty sum is 0. */
export function sum(x: ArrayLike, axis?: Places<ReduceOptions & DtypeOption>, options?: ReduceOptions & DtypeOption): NDArray {
  const o = reduceArguments('sum', axis, options, sumOptions)
  return reduce('sum', 'reduceSum', widened(toArray('sum', x), o.dtype, 'sum'), o)
}
export function prod(x: ArrayLike, axis?: Places<ReduceOptions & DtypeOption>, options?: ReduceOptions & DtypeOption): NDArray {
  const o = reduceArguments('prod', axis, options, sumOptions)
  return reduce('prod', 'reduceProd', widened(toArray('prod', x), o.dtype, 'prod'), o)
}

function extremum(operation: 'max' | 'min', primitive: 'reduceMax' | 'reduceMin', x: ArrayLike, axis: Places<ReduceOptions>, options: ReduceOptions | undefined): NDArray {
  const o = reduceArguments(operation, axis, options, plainOptions)
  const a = toArray(operation, x)
  const axes = normalAxes(operation, o.axis, a.ndim)
  if (axes.some((i) => a.shape[i] === 0)) throw new ShapeError(operation, `of no elements: shape [${a.shape.join(',')}] over axes [${axes.join(',')}] has no ${operation}imum; np.${operation} with { initial } has one`)
  return reduce(operation, primitive, a, o)
}
/** NaN where there is one. */
export const maxOf = (x: ArrayLike, axis?: Places<ReduceOptions>, options?: ReduceOptions): NDArray => extremum('max', 'reduceMax', x, axis, options)
export const minOf = (x: ArrayLike, axis?: Places<ReduceOptions>, options?: ReduceOptions): NDArray => extremum('min', 'reduceMin', x, axis, options)

export const any = (x: ArrayLike, axis?: Places<ReduceOptions>, options?: ReduceOptions): NDArray =>
  reduce('any', 'reduceOr', toArray('any', asBool('any', x)), reduceArguments('any', axis, options, plainOptions))
export const all = (x: ArrayLike, axis?: Places<ReduceOptions>, options?: ReduceOptions): NDArray =>
  reduce('all', 'reduceAnd', toArray('all', asBool('all', x)), reduceArguments('all', axis, options, plainOptions))
const asBool = (operation: string, x: ArrayLike): ArrayLike => {
  const v = toBool(operation, x)
  // A literal; an array that vmap traces has a value of its own.
  return isArray(v) ? v : Boolean(v.value)
}

/** What means are computed in where no dtype is named: the half floats overflow where their mean does not. As in JAX. */
export const meanDType = (dtype: DType): DType => (dtype === 'float16' || dtype === 'bfloat16' || !isInexact(dtype) ? 'float32' : dtype)

/** The arithmetic mean; integers and bool give float32. Of float16 and bfloat16 it is computed in float32. */
export function mean(x: ArrayLike, axis?: Places<ReduceOptions & DtypeOption>, options?: ReduceOptions & DtypeOption): NDArray {
  const o = reduceArguments('mean', axis, options, sumOptions)
  const a = toArray('mean', x)
  const dtype = o.dtype === undefined ? meanDType(a.dtype) : checkDtype('mean', o.dtype)
  const n = normalAxes('mean', o.axis, a.ndim).reduce((m, i) => m * a.shape[i]!, 1)
  const out = div(reduce('mean', 'reduceSum', convert(a, dtype, a.aval.weakType && a.dtype === dtype), o), n)
  return o.dtype === undefined && isInexact(a.dtype) ? convert(out, a.dtype, out.aval.weakType) : out
}

function position(operation: 'argmax' | 'argmin', x: ArrayLike, axis: Places<ReduceOptions>, options: ReduceOptions | undefined): NDArray {
  const o = reduceArguments(operation, axis, options, plainOptions)
  if (Array.isArray(o.axis)) throw new ShapeError(operation, `takes one axis or none, and got [${o.axis.join(',')}]`)
  const given = toArray(operation, x)
  const flat = o.axis === null || o.axis === undefined
  const a = flat ? reshape(given, [given.size]) : given
  const at = flat ? 0 : normalAxis(operation, o.axis as number, a.ndim)
  if (a.shape[at] === 0) throw new ShapeError(operation, `of no elements: shape [${given.shape.join(',')}]${flat ? '' : ` along axis ${at}`}; takes at least one`)
  const out = bind1(operation, [a], { axis: at, indexDtype: 'int32' })
  if (o.keepdims !== true) return out
  return reshape(out, given.shape.map((d, i) => (flat || i === at ? 1 : d)))
}
/** int32 position of the first maximum along an axis, or in the flat array; the first NaN where there is one. */
export const argmax = (x: ArrayLike, axis?: Places<ReduceOptions>, options?: ReduceOptions): NDArray => position('argmax', x, axis, options)
export const argmin = (x: ArrayLike, axis?: Places<ReduceOptions>, options?: ReduceOptions): NDArray => position('argmin', x, axis, options)

type Cumulative = 'cumsum' | 'cumprod' | 'cummax' | 'cummin' | 'cumlogsumexp'
export interface CumulativeOptions {
  readonly axis?: number | null | undefined
  readonly reverse?: boolean | undefined
}
/** Along an axis; null: over the flat array. */
export function cumulative(primitive: Cumulative, x: ArrayLike, axis: number | null | undefined, reverse = false): NDArray {
  const given = toArray(primitive, x)
  const wide = (primitive === 'cumsum' || primitive === 'cumprod') && given.dtype === 'bool' ? convert(given, 'int32') : given
  const a = axis === null || axis === undefined ? reshape(wide, [wide.size]) : wide
  return bind1(primitive, [a], { axis: normalAxis(primitive, axis ?? 0, a.ndim), reverse })
}
