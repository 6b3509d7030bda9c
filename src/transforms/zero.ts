/** Tangents and cotangents that are known to be zero: a type without a value, so that nothing is added to nothing. */
import { type Aval, aval, sameShape, type Shape } from '../core/aval.ts'
import { isInexact } from '../core/dtype.ts'
import { Literal } from '../core/jaxpr.ts'
import type { Value } from '../core/trace.ts'
import { add, bitcastConvertType, broadcastInDim } from './build.ts'

export class Zero {
  readonly aval: Aval
  constructor(aval: Aval) {
    this.aval = aval
  }
}

/** A tangent, or a cotangent: a value, or zero. Of an array that is not inexact it is always zero. */
export type Tangent = Value | Zero

export const isZero = (t: Tangent): t is Zero => t instanceof Zero
export const nonzero = (t: Tangent): t is Value => !(t instanceof Zero)

/** True for types whose tangents may be other than zero. */
export const hasTangent = (a: Aval): boolean => isInexact(a.dtype)

/** An array of zeros; a literal where it is a scalar. */
export function zeros(a: Aval): Value {
  if (a.dtype === 'key') return bitcastConvertType(zeros(aval([...a.shape, 2], 'uint32')), { newDtype: 'key' })
  return filled(a, 0)
}

/** An array of one number; a literal where it is a scalar. */
export function filled(a: Aval, value: number): Value {
  const scalar = new Literal(a.dtype === 'bool' ? value !== 0 : value, aval([], a.dtype, a.weakType))
  return toShape(scalar, a.shape)
}

/** What a linear function makes of a tangent. */
export const through = (t: Tangent, f: (t: Value) => Tangent): Tangent => (t instanceof Zero ? t : f(t))

/** The value of a tangent, written out when it is zero. */
export const instantiate = (t: Tangent): Value => (t instanceof Zero ? zeros(t.aval) : t)

/** A value of rank 0 repeated to a shape: elementwise primitives mix the two. */
export function toShape(x: Value, shape: Shape): Value {
  return sameShape(x.aval.shape, shape) ? x : broadcastInDim(x, { shape, broadcastDimensions: [] })
}

export function addTangents(a: Tangent, b: Tangent): Tangent {
  if (a instanceof Zero) return b
  return b instanceof Zero ? a : add(a, b)
}
