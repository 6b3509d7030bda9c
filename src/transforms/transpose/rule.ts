/** The type of a transposition rule, and forms that many rules have. */
import type { Aval } from '../../core/aval.ts'
import { ArgumentError, InternalError } from '../../core/errors.ts'
import type { Primitive, PrimitiveParams } from '../../core/primitives/index.ts'
import type { Value } from '../../core/trace.ts'
import { range, reduceSum } from '../build.ts'
import { isZero, type Tangent, Zero } from '../zero.ts'

/** An operand that the program is linear in: a type without a value. */
export class Undefined {
  readonly aval: Aval
  constructor(aval: Aval) {
    this.aval = aval
  }
}
export type Operand = Value | Undefined
export const isUndefined = (x: Operand): x is Undefined => x instanceof Undefined

/**
 * From cotangents of the results (at least one other than zero) to those of the operands that are `Undefined`; what is
 * given for the others is not read. 'nonlinear': no derivative goes through this primitive.
 */
export type TransposeRule<P extends Primitive> = (cotangents: readonly Tangent[], operands: readonly Operand[], params: PrimitiveParams[P]) => readonly (Tangent | null)[]
type Transpose<P extends Primitive> = TransposeRule<P> | 'nonlinear'
export type TransposeRules<K extends Primitive = Primitive> = { readonly [P in K]: Transpose<P> }

/** Of primitives with one result, which is linear in its operands one by one: what each is given. */
export function each<P extends Primitive>(
  ...cotangentOf: readonly ((ct: Value, operands: readonly Operand[], params: PrimitiveParams[P], aval: Aval) => Tangent)[]
): TransposeRule<P> {
  return ([ct], operands, params) =>
    operands.map((x, i) => (isUndefined(x) && !isZero(ct!) ? (cotangentOf[i]?.(valueOf(ct!), operands, params, x.aval) ?? null) : null))
}

export function valueOf(t: Tangent): Value {
  if (t instanceof Zero) throw new InternalError('transpose', 'a cotangent that a rule reads is zero')
  return t
}

/**
 * The value of an operand that is known.
 * @throws ArgumentError where the program is not linear: two operands depend on its inputs, and they are multiplied.
 */
export function knownOf(primitive: Primitive, x: Operand | undefined): Value {
  if (x === undefined || x instanceof Undefined) {
    throw new ArgumentError('linearTranspose', `the function is not linear: ${primitive} combines operands that both depend on its inputs. Close over what is constant`)
  }
  return x
}

/** The cotangent of an operand of rank 0 that went with any shape: the sum. */
export const summedTo = (ct: Value, { shape }: Aval): Value =>
  shape.length === ct.aval.shape.length ? ct : reduceSum(ct, { axes: range(ct.aval.shape.length) })
