/** Operands brought to one dtype, as arrays, for functions composed of several operations. */
import type { NDArray } from '../core/array.ts'
import { isInexact } from '../core/dtype.ts'
import { mapTuple } from '../core/map-tuple.ts'
import * as ops from '../core/ops/index.ts'
import type { PromotionType } from '../core/promotion.ts'
import type { ArrayLike } from '../core/tree.ts'

/** As many as were given. */
type Arrays<T extends readonly ArrayLike[]> = { -readonly [K in keyof T]: NDArray }

function cast<T extends readonly ArrayLike[]>(operation: string, xs: T, type: PromotionType): Arrays<T> {
  return mapTuple(xs, (x) => ops.toTypedArray(operation, x, type))
}

/** Of one dtype; shapes are left as they are. */
export const promoted = <T extends readonly ArrayLike[]>(operation: string, ...xs: T): Arrays<T> => cast(operation, xs, ops.promotedType(operation, xs))

/** Of one dtype of numbers: bool becomes int32. */
export function promotedNumeric<T extends readonly ArrayLike[]>(operation: string, ...xs: T): Arrays<T> {
  const type = ops.promotedType(operation, xs)
  return cast(operation, xs, type.dtype === 'bool' ? { dtype: 'int32', weakType: false } : type)
}

/** Of one floating dtype: integers and bool become float32. */
export function promotedInexact<T extends readonly ArrayLike[]>(operation: string, ...xs: T): Arrays<T> {
  const type = ops.promotedType(operation, xs)
  return cast(operation, xs, isInexact(type.dtype) ? type : { dtype: 'float32', weakType: type.weakType })
}

/** Of one floating dtype, and not weakly: what is made of plain numbers is float32, whatever it meets. */
export const strongInexact = <T extends readonly ArrayLike[]>(operation: string, ...xs: T): Arrays<T> => mapTuple(promotedInexact(operation, ...xs), (a) => ops.convert(a, a.dtype))

/** Of one floating dtype and one shape. */
export function broadcastInexact<T extends readonly ArrayLike[]>(operation: string, ...xs: T): Arrays<T> {
  const arrays = promotedInexact(operation, ...xs)
  const shape = ops.broadcastShapes(operation, arrays.map((a) => a.shape))
  return mapTuple(arrays, (a) => ops.broadcastTo(a, shape))
}
