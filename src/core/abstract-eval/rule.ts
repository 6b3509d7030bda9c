/** The type of an abstract evaluation rule, and the checks that the rules share. */
import { type Aval, aval, sameShape, type Shape, showType } from '../aval.ts'
import { type DType, dtypeInfo, dtypes, type DTypeKind } from '../dtype.ts'
import { ArgumentError, DtypeError, ShapeError } from '../errors.ts'
import type { Primitive, PrimitiveParams } from '../primitives/index.ts'

/** From the types of operands to the types of results; throws when they do not fit. */
export type AbstractEval<P extends Primitive> = (avals: readonly Aval[], params: PrimitiveParams[P]) => Aval[]
export type AbstractEvalRules<K extends Primitive = Primitive> = { readonly [P in K]: AbstractEval<P> }

export const showTypes = (avals: readonly Aval[]): string => (avals.length === 0 ? 'nothing' : avals.map(showType).join(', '))
export const showShape = (shape: Shape): string => `[${shape.join(',')}]`

export type Accept = readonly DTypeKind[]

/** Sets of dtypes, as operations accept them. */
export const accept: { readonly [K in 'any' | 'float' | 'integer' | 'integerOrBool' | 'number' | 'real']: Accept } = {
  any: ['float', 'int', 'uint', 'bool', 'complex', 'key'],
  float: ['float'],
  integer: ['int', 'uint'],
  integerOrBool: ['int', 'uint', 'bool'],
  number: ['float', 'int', 'uint'],
  real: ['float', 'int', 'uint', 'bool'],
}

export const accepts = (set: Accept, dtype: DType): boolean => set.includes(dtypeInfo[dtype].kind)

/** @throws DtypeError naming the dtypes that the operation takes. */
export function requireDtype(operation: string, a: Aval, set: Accept, role = 'operand'): void {
  if (accepts(set, a.dtype)) return
  const names = dtypes.filter((d) => accepts(set, d)).join(', ')
  const complex = dtypeInfo[a.dtype].kind === 'complex' ? '; complex arithmetic is not supported' : ''
  throw new DtypeError(operation, `got ${role} ${showType(a)}; accepts ${names}${complex}`)
}

/** @throws ArgumentError when the number of operands is wrong. */
export function requireCount(operation: string, avals: readonly Aval[], count: number): void {
  if (avals.length === count) return
  throw new ArgumentError(operation, `got ${avals.length} operands (${showTypes(avals)}); takes ${count}`)
}

/** The operand at a place that `requireCount` made sure of. */
export function operand(operation: string, avals: readonly Aval[], i: number): Aval {
  const a = avals[i]
  if (a === undefined) throw new ArgumentError(operation, `got ${avals.length} operands (${showTypes(avals)}); takes at least ${i + 1}`)
  return a
}

export function requireEqualDtypes(operation: string, avals: readonly Aval[]): void {
  if (avals.every((a) => a.dtype === avals[0]?.dtype)) return
  throw new DtypeError(operation, `got dtypes that differ: ${showTypes(avals)}; operands must have one dtype, convert with astype`)
}

/** @throws DtypeError when an index operand is not int32. */
export function requireIndex(operation: string, a: Aval): void {
  if (a.dtype === 'int32') return
  throw new DtypeError(operation, `got indices ${showType(a)}; indices must be int32`)
}

/** The shape that elementwise operands have in common, those of rank 0 aside. */
export function commonShape(operation: string, avals: readonly Aval[]): Shape {
  let shape: Shape = []
  for (const a of avals) {
    if (a.shape.length === 0) continue
    if (shape.length === 0) shape = a.shape
    else if (!sameShape(shape, a.shape)) {
      throw new ShapeError(operation, `got shapes that differ: ${showTypes(avals)}; shapes must be equal, or of rank 0; broadcast first`)
    }
  }
  return shape
}

/** @throws ShapeError when an axis is not one of the operand's. */
export function requireAxis(operation: string, a: Aval, axis: number): void {
  if (Number.isInteger(axis) && axis >= 0 && axis < a.shape.length) return
  const range = a.shape.length === 0 ? 'an array of rank 0 has no axes' : `axes are 0 to ${a.shape.length - 1}`
  throw new ShapeError(operation, `got axis ${axis} for ${showType(a)}; ${range}`)
}

/** @throws ShapeError when axes repeat or are out of range. */
export function requireAxes(operation: string, a: Aval, axes: readonly number[]): void {
  for (const axis of axes) requireAxis(operation, a, axis)
  if (new Set(axes).size !== axes.length) throw new ShapeError(operation, `got axes (${axes.join(', ')}) for ${showType(a)}; an axis may stand only once`)
}

export const allWeak = (avals: readonly Aval[]): boolean => avals.length > 0 && avals.every((a) => a.weakType)

/** The same array with another shape. */
export const reshaped = (a: Aval, shape: Shape): Aval => aval(shape, a.dtype, a.weakType)
