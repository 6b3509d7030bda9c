/** From what users pass to what primitives take: numbers become literals, dtypes are promoted, shapes broadcast. */
import type { NDArray } from '../array.ts'
import { isArray } from '../array-base.ts'
import { aval, sameShape, type Shape, showType } from '../aval.ts'
import { type DType, isDType } from '../dtype.ts'
import { ArgumentError, DtypeError, ShapeError } from '../errors.ts'
import { Literal } from '../jaxpr.ts'
import { type PromotionType, resultType } from '../promotion.ts'
import { bind1, type Value } from '../trace.ts'
import type { ArrayLike } from '../tree.ts'

/** The promotion type of an operand. A plain number beside an array is a weak integer when it has an integer's value. */
function typeOf(x: ArrayLike, besideArray: boolean): PromotionType {
  if (isArray(x)) return x.aval
  if (typeof x === 'boolean') return { dtype: 'bool', weakType: true }
  return { dtype: besideArray && Number.isInteger(x) ? 'int32' : 'float32', weakType: true }
}

export function checkOperands(operation: string, xs: readonly unknown[]): void {
  for (const [i, x] of xs.entries()) {
    if (isArray(x) || typeof x === 'number' || typeof x === 'boolean') continue
    const got = Array.isArray(x) ? 'a plain list; make it an array with np.array first' : x === null || x === undefined ? String(x) : `a ${typeof x}`
    throw new ArgumentError(operation, `argument ${i} is ${got}; it takes arrays, numbers and booleans`)
  }
}

/** Where operands meet: dtype and weakness, by JAX's lattice. */
export function promotedType(operation: string, xs: readonly ArrayLike[]): PromotionType {
  checkOperands(operation, xs)
  const besideArray = xs.some(isArray)
  return resultType(xs.map((x) => typeOf(x, besideArray)), operation)
}

/** One operand in a given dtype: an array converted where needed, a number as a literal. */
export function toType(x: ArrayLike, { dtype, weakType }: PromotionType): Value {
  if (!isArray(x)) return new Literal(x, aval([], dtype, typeof x === 'number' || (weakType && dtype !== 'bool')))
  return x.dtype === dtype ? x : bind1('convertElementType', [x], { newDtype: dtype, weakType })
}

/** A value with no company: numbers are weak float32, booleans bool. */
export function toValue(x: ArrayLike): Value {
  if (isArray(x)) return x
  if (typeof x !== 'number' && typeof x !== 'boolean') checkOperands('asarray', [x])
  return new Literal(x, aval([], typeof x === 'boolean' ? 'bool' : 'float32', typeof x === 'number'))
}

/** An array, for operations that look at shapes; literals are bound once so that the result is an array. */
export const toArray = (x: ArrayLike): NDArray => (isArray(x) ? x : bind1('broadcastInDim', [toValue(x)], { shape: [], broadcastDimensions: [] }))

/** NumPy's broadcasting of shapes. */
export function broadcastShapes(operation: string, shapes: readonly Shape[]): Shape {
  const rank = Math.max(0, ...shapes.map((s) => s.length))
  const out: number[] = []
  for (let i = 0; i < rank; i++) {
    let size = 1
    for (const s of shapes) {
      const d = s[i - rank + s.length]
      if (d === undefined || d === 1 || d === size) continue
      if (size !== 1) throw new ShapeError(operation, `shapes ${shapes.map((t) => `[${t.join(',')}]`).join(' and ')} do not broadcast: axis ${i - rank} has sizes ${size} and ${d}; sizes must be equal or 1`)
      size = d
    }
    out.push(size)
  }
  return out
}

/** A value stretched to a shape. Scalars stay: elementwise primitives take them as they are. */
export function stretch(x: Value, shape: Shape): Value {
  const from = x.aval.shape
  if (from.length === 0 || sameShape(from, shape)) return x
  return bind1('broadcastInDim', [x], { shape, broadcastDimensions: from.map((_, i) => i + shape.length - from.length) })
}

/** Operands of an elementwise primitive: one dtype, one shape (or rank 0). */
export function promote(operation: string, xs: readonly ArrayLike[], type: PromotionType = promotedType(operation, xs)): Value[] {
  const values = xs.map((x) => toType(x, type))
  const shape = broadcastShapes(operation, values.map((v) => v.aval.shape))
  return values.map((v) => stretch(v, shape))
}

/** Promoted to a floating type, as sin and division are: integers and bool become float32. */
export function promoteInexact(operation: string, xs: readonly ArrayLike[]): Value[] {
  const type = promotedType(operation, xs)
  if (type.dtype === 'key') throw new DtypeError(operation, 'got PRNG keys; they do not take part in arithmetic, use random.keyData for their words')
  return promote(operation, xs, isInexactType(type.dtype) ? type : { dtype: 'float32', weakType: type.weakType })
}
const isInexactType = (d: DType): boolean => d.startsWith('float') || d === 'bfloat16' || d.startsWith('complex')

/** Axis numbers from the end made plain. @throws ShapeError naming the range. */
export function normalAxis(operation: string, axis: number, rank: number): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    throw new ShapeError(operation, rank === 0 ? `axis ${axis} of a scalar; a scalar has no axes` : `axis ${axis} is out of range for rank ${rank}; it takes ${-rank} to ${rank - 1}`)
  }
  return axis < 0 ? axis + rank : axis
}

/** Sorted, unique axes; null or undefined: all of them. */
export function normalAxes(operation: string, axes: number | readonly number[] | null | undefined, rank: number): number[] {
  if (axes === null || axes === undefined) return Array.from({ length: rank }, (_, i) => i)
  const list = (typeof axes === 'number' ? [axes] : [...axes]).map((a) => normalAxis(operation, a, rank)).sort((a, b) => a - b)
  if (new Set(list).size < list.length) throw new ShapeError(operation, `axes ${JSON.stringify(axes)} name one axis twice`)
  return list
}

export function checkDtype(operation: string, dtype: unknown): DType {
  if (isDType(dtype)) return dtype
  throw new DtypeError(operation, `'${String(dtype)}' is no dtype; known are float32, float64, float16, bfloat16, int8, int16, int32, uint8, uint16, uint32, bool, complex64, complex128, key`)
}

/** @throws ShapeError unless it is a list of sizes. */
export function checkShape(operation: string, shape: Shape): Shape {
  const sizes: unknown = shape
  if (Array.isArray(sizes) && sizes.every((d: unknown) => Number.isInteger(d) && Number(d) >= 0)) return shape
  throw new ShapeError(operation, `got shape ${JSON.stringify(shape)}; a shape is a list of integers of at least 0`)
}

/** Options with only known names. @throws ArgumentError listing them. */
export function checkOptions(operation: string, options: object, known: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) throw new ArgumentError(operation, `unknown option '${name}'; known options: ${known.join(', ')}`)
  }
}

export const showAll = (xs: readonly Value[]): string => xs.map((x) => showType(x.aval)).join(' and ')
