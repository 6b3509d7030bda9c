/** Arrays from shapes and ranges. Under jit they cost nothing: constants spread, and counts along an axis. */
import { isArray, type NDArray } from '../core/array.ts'
import { type Shape, sizeOf } from '../core/aval.ts'
import { describe, show } from '../core/describe.ts'
import { asInteger, type DType, dtypeInfo, isDType, isInteger } from '../core/dtype.ts'
import { ArgumentError, DtypeError } from '../core/errors.ts'
import * as ops from '../core/ops/index.ts'
import type { ArrayLike } from '../core/tree.ts'
import { full as laxFull } from '../lax/shape.ts'
import { asarray, type CreateOptions, fromHost, hostNumbers } from './array.ts'

type ShapeLike = number | Shape
const sizes = (operation: string, shape: ShapeLike): Shape => ops.checkShape(operation, typeof shape === 'number' ? [shape] : shape)

function filled(operation: string, shape: ShapeLike, value: number | boolean, options: CreateOptions, own: DType): NDArray {
  ops.checkOptions(operation, options, createOptions)
  const { dtype, device } = options
  const to = dtype === undefined ? own : ops.checkDtype(operation, dtype)
  if (to === 'key') throw new DtypeError(operation, 'keys are not made of numbers; use random.key')
  const of = sizes(operation, shape)
  return ops.within(operation, () => (device === undefined ? laxFull(of, value, to) : fromHost(hostNumbers(operation, sizeOf(of), () => (isInteger(to) ? asInteger(Number(value), to) : Number(value))), of, to, device)))
}

const createOptions = ['dtype', 'device'] as const

/** @example np.zeros([2, 3], { dtype: 'int32' }) */
export const zeros = (shape: ShapeLike, options: CreateOptions = {}): NDArray => filled('zeros', shape, 0, options, 'float32')
/** Ones of a shape, float32 by default. */
export const ones = (shape: ShapeLike, options: CreateOptions = {}): NDArray => filled('ones', shape, 1, options, 'float32')
/** Zeros: nothing is ever left unset. */
export const empty = (shape: ShapeLike, options: CreateOptions = {}): NDArray => filled('empty', shape, 0, options, 'float32')

/** An array of one value, which may be an array that broadcasts. A plain number gives float32. */
export function full(shape: ShapeLike, fillValue: ArrayLike, options: CreateOptions = {}): NDArray {
  return ops.within('full', () => {
    ops.checkOptions('full', options, createOptions)
    ops.checkOperands('full', [fillValue])
    if (isArray(fillValue)) return asarray(laxFull(sizes('full', shape), fillValue, options.dtype), options)
    if (options.dtype === undefined && options.device === undefined) return laxFull(sizes('full', shape), fillValue)
    return filled('full', shape, fillValue, options, typeof fillValue === 'boolean' ? 'bool' : 'float32')
  })
}

export interface LikeOptions extends CreateOptions {
  readonly shape?: ShapeLike
}
function like(operation: string, x: ArrayLike, value: ArrayLike, options: LikeOptions): NDArray {
  ops.checkOperands(operation, [x, value])
  ops.checkOptions(operation, options, ['dtype', 'shape', 'device'])
  const { aval: own } = ops.toValue(operation, x)
  const { dtype = own.dtype, shape = own.shape, device } = options
  const out = ops.within(operation, () => full(shape, value, device === undefined ? { dtype } : { dtype, device }))
  // Zeros like a weak array are weak; a device is asked for where data is made, outside of any program.
  return options.dtype === undefined && device === undefined && own.weakType ? ops.convert(out, own.dtype, true) : out
}
/** Zeros with the shape and dtype of x. */
export const zerosLike = (x: ArrayLike, options: LikeOptions = {}): NDArray => like('zerosLike', x, 0, options)
/** Ones of the shape and dtype of another array, unless others are asked for. */
export const onesLike = (x: ArrayLike, options: LikeOptions = {}): NDArray => like('onesLike', x, 1, options)
/** As `zerosLike`: nothing is left uninitialised. */
export const emptyLike = (x: ArrayLike, options: LikeOptions = {}): NDArray => like('emptyLike', x, 0, options)
/** One value in the shape and dtype of another array, unless others are asked for. */
export const fullLike = (x: ArrayLike, fillValue: ArrayLike, options: LikeOptions = {}): NDArray => like('fullLike', x, fillValue, options)

export interface ArangeOptions extends CreateOptions {
  readonly stop?: number
  readonly step?: number
}
/**
 * start, start + step, … below stop. Integers give int32, fractions float32.
 *
 * @example
 * np.arange(4)                // [0, 1, 2, 3]
 * np.arange(0, 1, 0.25)       // [0, 0.25, 0.5, 0.75]
 * np.arange(3, { dtype: 'float32' })
 */
export function arange(start: number, stop?: number | ArangeOptions, step?: number | ArangeOptions, options?: ArangeOptions): NDArray {
  return ops.within('arange', () => {
    const o = ops.placed<ArangeOptions>('arange', ['stop', 'step'], [stop, step], options, ['stop', 'step', 'dtype', 'device'])
    const [from, to] = o.stop === undefined ? [0, start] : [start, o.stop]
    const by = o.step ?? 1
    for (const n of [from, to, by]) if (typeof n !== 'number' || !Number.isFinite(n)) throw new ArgumentError('arange', `got ${describe(n)}; takes finite plain numbers, since they decide the shape`)
    if (by === 0) throw new ArgumentError('arange', 'step is 0; takes any other number')
    const whole = [from, to, by].every(Number.isInteger)
    const dtype = o.dtype === undefined ? (whole ? 'int32' : 'float32') : ops.checkDtype('arange', o.dtype)
    const n = Math.max(0, Math.ceil((to - from) / by))
    if (o.device !== undefined || !whole || dtype === 'bool' || dtypeInfo[dtype].kind === 'complex') {
      return fromHost(hostNumbers('arange', n, (i) => from + i * by), [n], dtype, o.device)
    }
    const count = ops.iota(dtype, [n])
    const scaled = by === 1 ? count : ops.mul(count, by)
    return from === 0 ? scaled : ops.add(scaled, from)
  })
}

export interface LinspaceOptions extends CreateOptions {
  /** How many; 50 by default. */
  readonly num?: number
  /** Whether `stop` is the last value; true by default. */
  readonly endpoint?: boolean
  /** Where the new axis goes when the bounds are arrays. */
  readonly axis?: number
}
const linspaceOptions = ['num', 'endpoint', 'dtype', 'axis', 'device'] as const

/**
 * `num` values from start to stop, evenly spaced. Bounds may be arrays; then there is a new axis, the first by default.
 *
 * @example
 * np.linspace(0, 1, 5)   // [0, 0.25, 0.5, 0.75, 1]
 */
export function linspace(start: ArrayLike, stop: ArrayLike, num?: number | LinspaceOptions, options?: LinspaceOptions): NDArray {
  return ops.within('linspace', () => {
    const o = ops.placed<LinspaceOptions>('linspace', ['num'], [num], options, linspaceOptions)
    // Integers are those below, as in NumPy: not those towards zero.
    return spaced('linspace', start, stop, o, o.dtype !== undefined && isDType(o.dtype) && isInteger(o.dtype) ? Math.floor : (x) => x)
  })
}

function spaced(operation: string, start: ArrayLike, stop: ArrayLike, o: LinspaceOptions, map: (x: number) => number): NDArray {
  const { num = 50, endpoint = true, axis = 0, device } = o
  ops.checkInteger(operation, 'num', num, 0)
  ops.checkOperands(operation, [start, stop])
  if (o.dtype !== undefined) ops.checkDtype(operation, o.dtype)
  const steps = endpoint ? num - 1 : num
  if (!isArray(start) && !isArray(stop)) {
    const [a, b] = [Number(start), Number(stop)]
    const at = (i: number): number => map(i === 0 ? a : endpoint && i === steps ? b : a + (i * (b - a)) / steps)
    return fromHost(hostNumbers(operation, num, at), [num], o.dtype ?? 'float32', device)
  }
  const type = ops.promotedType(operation, [start, stop])
  const dtype = o.dtype ?? (isInteger(type.dtype) || type.dtype === 'bool' ? 'float32' : type.dtype)
  const [a, b] = [start, stop].map((v) => ops.convert(v, isInteger(dtype) ? 'float32' : dtype, false, operation))
  const shape = ops.broadcastShapes(operation, [a!.shape, b!.shape])
  const column = (v: NDArray): NDArray => ops.expandDims(ops.broadcastTo(v, shape), 0)
  const t = ops.reshape(ops.div(ops.iota(a!.dtype, [num]), Math.max(steps, 1)), [num, ...shape.map(() => 1)])
  const inside = ops.add(ops.mul(column(a!), ops.sub(1, t)), ops.mul(column(b!), t))
  // The last is the end itself, wherever the way there begins: an infinite start times 0 is none.
  const between = endpoint && num > 1 ? ops.where(ops.eq(t, 1), column(b!), inside) : inside
  const out = ops.convert(isInteger(dtype) ? ops.floor(between) : between, dtype)
  const at = ops.normalAxis(operation, axis, out.ndim)
  return at === 0 ? out : ops.transpose(out, [...out.shape.map((_, i) => i).slice(1, at + 1), 0, ...out.shape.map((_, i) => i).slice(at + 1)])
}

export interface LogspaceOptions extends LinspaceOptions {
  /** Default 10. */
  readonly base?: number
}
/** base^start to base^stop, evenly spaced in the exponent. */
export function logspace(start: ArrayLike, stop: ArrayLike, num?: number | LogspaceOptions, options?: LogspaceOptions): NDArray {
  return ops.within('logspace', () => {
    const { base = 10, ...o } = ops.placed<LogspaceOptions>('logspace', ['num'], [num], options, [...linspaceOptions, 'base'])
    ops.checkNumber('logspace', 'base', base)
    if (!isArray(start) && !isArray(stop)) return spaced('logspace', start, stop, o, (x) => base ** x)
    return ops.pow(base, spaced('logspace', start, stop, o, (x) => x))
  })
}
/** start to stop with equal ratios. Both plain numbers of one sign. */
export function geomspace(start: number, stop: number, num?: number | LinspaceOptions, options?: LinspaceOptions): NDArray {
  return ops.within('geomspace', () => {
    const o = ops.placed<LinspaceOptions>('geomspace', ['num'], [num], options, linspaceOptions)
    ops.checkNumber('geomspace', 'start', start)
    ops.checkNumber('geomspace', 'stop', stop)
    if (start * stop <= 0) throw new ArgumentError('geomspace', `got ${start} and ${stop}; takes two numbers of one sign, not 0`)
    const sign = Math.sign(start)
    return spaced('geomspace', Math.log(Math.abs(start)), Math.log(Math.abs(stop)), o, (x) => sign * Math.exp(x))
  })
}

export interface EyeOptions extends CreateOptions {
  /** Columns; as many as rows by default. */
  readonly m?: number
  /** The diagonal: above the main one where positive. */
  readonly k?: number
}
const eyeOptions = ['m', 'k', 'dtype', 'device'] as const
/** Compares row + k with column: [n, m] of bool. */
function band(operation: string, n: number, m: number, k: number, compare: (row: NDArray, column: NDArray) => NDArray): NDArray {
  ops.checkInteger(operation, 'k', k)
  ops.checkShape(operation, [n, m])
  const rows = ops.iota('int32', [n, m], 0)
  // Diagonals outside of the matrix are all alike, and int32.
  const diagonal = Math.min(Math.max(k, -n), m)
  return compare(diagonal === 0 ? rows : ops.add(rows, diagonal), ops.iota('int32', [n, m], 1))
}
/**
 * Ones on a diagonal, zeros elsewhere: [n, m], float32 by default.
 *
 * @example
 * np.eye(2, 3, 1).js()   // [[0, 1, 0], [0, 0, 1]]
 */
export function eye(n: number, m?: number | EyeOptions, k?: number | EyeOptions, options?: EyeOptions): NDArray {
  return ops.within('eye', () => {
    const { m: columns = n, k: diagonal = 0, dtype = 'float32', device } = ops.placed<EyeOptions>('eye', ['m', 'k'], [m, k], options, eyeOptions)
    return asarray(ops.convert(band('eye', n, columns, diagonal, ops.eq), dtype), device === undefined ? {} : { device })
  })
}
/** The identity matrix [n, n], float32 by default. */
export const identity = (n: number, options: CreateOptions = {}): NDArray => ops.within('identity', () => eye(n, options))
/**
 * Ones on and below a diagonal, zeros above: [n, m], float32 by default.
 *
 * @example
 * np.tri(2, 3).js()   // [[1, 0, 0], [1, 1, 0]]
 */
export function tri(n: number, m?: number | EyeOptions, k?: number | EyeOptions, options?: EyeOptions): NDArray {
  return ops.within('tri', () => {
    const { m: columns = n, k: diagonal = 0, dtype = 'float32', device } = ops.placed<EyeOptions>('tri', ['m', 'k'], [m, k], options, eyeOptions)
    return asarray(ops.convert(band('tri', n, columns, diagonal, ops.ge), dtype), device === undefined ? {} : { device })
  })
}

export interface MeshgridOptions {
  /** 'xy' (default) swaps the first two axes; 'ij' does not. */
  readonly indexing?: 'xy' | 'ij'
  /** Leaves axes of size 1 to broadcast. */
  readonly sparse?: boolean
}
/**
 * Coordinate arrays from coordinate vectors.
 *
 * @example
 * const [x, y] = np.meshgrid(np.arange(3), np.arange(2))   // two of shape [2, 3]
 */
export function meshgrid(...vectors: readonly (ArrayLike | MeshgridOptions)[]): NDArray[] {
  return ops.within('meshgrid', () => {
    const last = vectors.at(-1)
    const options = isMeshgridOptions(last) ? last : {}
    ops.checkOptions('meshgrid', options, ['indexing', 'sparse'])
    const { indexing = 'xy', sparse = false } = options
    if (indexing !== 'xy' && indexing !== 'ij') throw new ArgumentError('meshgrid', `unknown indexing ${show(indexing)}; takes 'xy' or 'ij'`)
    const xs = (isMeshgridOptions(last) ? vectors.slice(0, -1) : vectors).map((v) => ops.reshape(v as ArrayLike, [-1]))
    const axis = (i: number): number => (indexing === 'xy' && i < 2 && xs.length > 1 ? 1 - i : i)
    const shape = xs.map((_, i) => xs[axis(i)]!.size)
    return xs.map((x, i) => {
      const line = ops.reshape(x, shape.map((_, j) => (j === axis(i) ? x.size : 1)))
      return sparse ? line : ops.broadcastTo(line, shape)
    })
  })
}

const isMeshgridOptions = (x: ArrayLike | MeshgridOptions | undefined): x is MeshgridOptions => ops.isOptions(x)

/** The index of every element along every axis: [rank, ...dimensions]. */
export function indices(dimensions: Shape, options: { readonly dtype?: DType } = {}): NDArray {
  return ops.within('indices', () => {
    ops.checkOptions('indices', options, ['dtype'])
    const dtype = ops.checkDtype('indices', options.dtype ?? 'int32')
    return ops.stack(ops.checkShape('indices', dimensions).map((_, axis) => ops.iota(dtype, dimensions, axis)))
  })
}

/** Values of a function of the index arrays: `f(i, j, …)` over a shape. */
export function fromfunction(f: (...indices: NDArray[]) => NDArray, shape: Shape, options: { readonly dtype?: DType } = {}): NDArray {
  ops.checkOptions('fromfunction', options, ['dtype'])
  ops.checkFunction('fromfunction', f)
  const dtype = ops.checkDtype('fromfunction', options.dtype ?? 'float32')
  // Not the call: what the function throws is its own.
  const indexArrays = ops.within('fromfunction', () => ops.checkShape('fromfunction', shape).map((_, axis) => ops.iota(dtype, shape, axis)))
  return f(...indexArrays)
}
