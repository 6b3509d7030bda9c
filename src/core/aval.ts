/** Abstract values: what is known of an array while a program is traced. */
import type { Eq } from '../fp/eq.ts'
import { type DType, dtypeInfo } from './dtype.ts'

export type Shape = readonly number[]

export interface Aval {
  readonly shape: Shape
  readonly dtype: DType
  /** A weakly typed value (it came from a plain number) yields to the dtype of what it meets. */
  readonly weakType: boolean
}

export function aval(shape: Shape, dtype: DType, weakType = false): Aval {
  return { shape, dtype, weakType }
}

export function sizeOf(shape: Shape): number {
  let n = 1
  for (const d of shape) n *= d
  // Past all numbers, and then times 0: no elements.
  return Number.isNaN(n) ? 0 : n
}

export const bytesOf = (a: Aval): number => sizeOf(a.shape) * dtypeInfo[a.dtype].bytes

export function sameShape(a: Shape, b: Shape): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Equal in shape and dtype; weakness is not compared. */
export const sameType = (a: Aval, b: Aval): boolean => a.dtype === b.dtype && sameShape(a.shape, b.shape)

/** Equal in weakness too: what a program was traced for. */
export const eqAval: Eq<Aval> = { equals: (a, b) => a === b || (a.weakType === b.weakType && sameType(a, b)) }

/** `float32[3,4]`, as error messages name an array. */
export const showType = (a: Pick<Aval, 'shape' | 'dtype'>): string => `${a.dtype}[${a.shape.join(',')}]`

/** `f32[3,4]`, as jaxprs print it. A weak type shows as in JAX: `f32[]` with a trailing `*` is not printed. */
export const showAval = (a: Pick<Aval, 'shape' | 'dtype'>): string => `${dtypeInfo[a.dtype].short}[${a.shape.join(',')}]`
