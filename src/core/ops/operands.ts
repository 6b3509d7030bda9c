/** From what users pass to what primitives take: numbers become literals, dtypes are promoted, shapes broadcast. */
import type { NDArray } from '../array.ts'
import { isArray } from '../array-base.ts'
import { aval, sameShape, type Shape } from '../aval.ts'
import { describe } from '../describe.ts'
import { asInteger, type DType, isInexact, isInteger } from '../dtype.ts'
import { ArgumentError, DtypeError, ShapeError } from '../errors.ts'
import { Literal } from '../jaxpr.ts'
import { type PromotionType, resultType } from '../promotion.ts'
import { bind1, bindAs, type Value } from '../trace.ts'
import type { ArrayLike } from '../tree.ts'

/** The promotion type of an operand. A plain number beside an array is a weak integer when it has an integer's value. */
function typeOf(x: ArrayLike, besideArray: boolean): PromotionType {
  if (isArray(x)) return x.aval
  if (typeof x === 'boolean') return { dtype: 'bool', weakType: true }
  return { dtype: besideArray && Number.isInteger(x) ? 'int32' : 'float32', weakType: true }
}

/**
 * Operands are arrays that can be used, numbers or booleans: the first thing that every function asks, so that what is
 * wrong is said in its name and not in that of some operation it is made of.
 * `names`: what users know them by, where that is not the first, the second.
 * @throws ArgumentError, DisposedError or TracerLeakError.
 */
export function checkOperands(operation: string, xs: readonly unknown[], names?: readonly string[]): void {
  for (let i = 0; i < xs.length; i++) {
    const x = xs[i]
    if (isArray(x)) x.requireUsable(operation)
    else if (typeof x !== 'number' && typeof x !== 'boolean') {
      const hint = Array.isArray(x) || ArrayBuffer.isView(x) ? '; make it an array with np.array first' : ''
      throw new ArgumentError(operation, `${names?.[i] ?? (xs.length === 1 ? 'the operand' : `operand ${i}`)} is ${describe(x)}; takes arrays, numbers and booleans${hint}`)
    }
  }
}

/** Where operands meet: dtype and weakness, by JAX's lattice. */
export function promotedType(operation: string, xs: readonly ArrayLike[]): PromotionType {
  checkOperands(operation, xs)
  const besideArray = xs.some(isArray)
  return resultType(xs.map((x) => typeOf(x, besideArray)), operation)
}

/** One operand in a given dtype: an array converted where needed, a number as a literal. */
export function toType(operation: string, x: ArrayLike, { dtype, weakType }: PromotionType): Value {
  if (!isArray(x)) return new Literal(typeof x === 'number' && isInteger(dtype) ? heldBy(operation, x, dtype) : x, aval([], dtype, typeof x === 'number' || (weakType && dtype !== 'bool')))
  return x.dtype === dtype ? x : bindAs(operation, 'convertElementType', [x], { newDtype: dtype, weakType })
}

/**
 * A whole number beside integers: it is taken for a 32-bit one, and wraps into narrower ones, as in JAX.
 * @throws DtypeError for one that no 32-bit integer is.
 */
function heldBy(operation: string, x: number, dtype: DType): number {
  const greatest = dtype === 'uint32' ? 2 ** 32 - 1 : 2 ** 31 - 1
  if (Number.isInteger(x) && (x < -(2 ** 31) || x > greatest)) {
    throw new DtypeError(operation, `got the number ${x} beside an array of ${dtype}; takes integers from ${-(2 ** 31)} to ${greatest} there: convert the array with astype('float64') first`)
  }
  return asInteger(x, dtype)
}

/** A value with no company: numbers are weak float32, booleans bool. @throws as `checkOperands`. */
export function toValue(operation: string, x: ArrayLike): Value {
  checkOperands(operation, [x])
  return isArray(x) ? x : scalarValue(x)
}

/** What a leaf of a tree is as a value; whether it can be used is asked where it is. */
export const leafValue = (x: ArrayLike): Value => (isArray(x) ? x : scalarValue(x))

function scalarValue(x: number | boolean): Literal {
  return new Literal(x, aval([], typeof x === 'boolean' ? 'bool' : 'float32', typeof x === 'number'))
}

/** An array, for operations that look at shapes; literals are bound once so that the result is an array. */
export function toArray(operation: string, x: ArrayLike): NDArray {
  const v = toValue(operation, x)
  return v instanceof Literal ? bind1('broadcastInDim', [v], { shape: [], broadcastDimensions: [] }) : v
}

/** NumPy's broadcasting of shapes. */
export function broadcastShapes(operation: string, shapes: readonly Shape[]): Shape {
  const rank = Math.max(0, ...shapes.map((s) => s.length))
  const out: number[] = []
  for (let i = 0; i < rank; i++) {
    let size = 1
    for (const s of shapes) {
      const d = s[i - rank + s.length]
      if (d === undefined || d === 1 || d === size) continue
      if (size !== 1) throw new ShapeError(operation, `shapes ${shapes.flatMap((t) => (t.length === 0 ? [] : [`[${t.join(',')}]`])).join(' and ')} do not broadcast: axis ${i - rank} has sizes ${size} and ${d}; sizes must be equal or 1`)
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
  const values = xs.map((x) => toType(operation, x, type))
  const shape = broadcastShapes(operation, values.map((v) => v.aval.shape))
  return values.map((v) => stretch(v, shape))
}

/** Promoted to a floating type, as sin and division are: integers and bool become float32. */
export function promoteInexact(operation: string, xs: readonly ArrayLike[]): Value[] {
  const type = promotedType(operation, xs)
  if (type.dtype === 'key') throw new DtypeError(operation, 'got PRNG keys; they do not take part in arithmetic, use random.keyData for their words')
  return promote(operation, xs, isInexact(type.dtype) ? type : { dtype: 'float32', weakType: type.weakType })
}
