/** Dtypes: conversion, promotion, limits. */
import { isArray, type NDArray } from '../core/array.ts'
import { show } from '../core/describe.ts'
import { type DType, dtypeInfo, dtypes, isDType, isInteger } from '../core/dtype.ts'
import { DtypeError } from '../core/errors.ts'
import * as ops from '../core/ops/index.ts'
import { promoteTypes as join, resultType as joinAll } from '../core/promotion.ts'
import type { ArrayLike } from '../core/tree.ts'

/** Another dtype; floats truncate towards zero to integers, anything but 0 is true. */
export const astype = (x: ArrayLike, dtype: DType): NDArray => ops.convert(x, dtype)

const strong = (operation: string, dtype: DType): { readonly dtype: DType; readonly weakType: false } => ({ dtype: ops.checkDtype(operation, dtype), weakType: false })

/** Where two dtypes meet in JAX's lattice; int32 where that would be int64. */
export const promoteTypes = (a: DType, b: DType): DType => join(strong('promoteTypes', a), strong('promoteTypes', b)).dtype

/** The dtype that an operation on these arrays, numbers and dtypes has. */
export function resultType(...xs: readonly (ArrayLike | DType)[]): DType {
  const besideArray = xs.some((x) => isArray(x) || isDType(x))
  const types = xs.map((x) => {
    if (typeof x === 'string') return strong('resultType', x)
    ops.checkOperands('resultType', [x])
    if (isArray(x)) return x.aval
    return { dtype: typeof x === 'boolean' ? ('bool' as const) : besideArray && Number.isInteger(x) ? ('int32' as const) : ('float32' as const), weakType: true }
  })
  if (types.length === 0) throw new DtypeError('resultType', 'takes at least one array, number or dtype')
  return joinAll(types).dtype
}

export type DTypeGroup = 'bool' | 'signed integer' | 'unsigned integer' | 'integral' | 'real floating' | 'complex floating' | 'numeric'
const kinds: readonly (DType | DTypeGroup)[] = ['signed integer', 'unsigned integer', 'integral', 'real floating', 'complex floating', 'numeric', ...dtypes]
/** Whether a dtype is another, or of a group. */
export function isdtype(dtype: DType, kind: DType | DTypeGroup | readonly (DType | DTypeGroup)[]): boolean {
  if (typeof kind !== 'string') return ops.checkList('isdtype', 'kind', kind).map((k) => isdtype(dtype, ops.checkOneOf('isdtype', 'kind', k, kinds))).some(Boolean)
  ops.checkOneOf('isdtype', 'kind', kind, kinds)
  const own = dtypeInfo[ops.checkDtype('isdtype', dtype)].kind
  switch (kind) {
    case 'signed integer':
      return own === 'int'
    case 'unsigned integer':
      return own === 'uint'
    case 'integral':
      return own === 'int' || own === 'uint'
    case 'real floating':
      return own === 'float'
    case 'complex floating':
      return own === 'complex'
    case 'numeric':
      return own !== 'bool' && own !== 'key'
    default:
      return dtype === kind
  }
}

export interface FloatInfo {
  readonly bits: number
  /** The distance from 1 to the next number. */
  readonly eps: number
  readonly max: number
  readonly min: number
  /** The least normal number. */
  readonly tiny: number
}
const floats: Readonly<Partial<Record<DType, FloatInfo>>> = {
  float16: { bits: 16, eps: 2 ** -10, max: 65504, min: -65504, tiny: 2 ** -14 },
  bfloat16: { bits: 16, eps: 2 ** -7, max: 2 ** 127 * (2 - 2 ** -7), min: -(2 ** 127) * (2 - 2 ** -7), tiny: 2 ** -126 },
  float32: { bits: 32, eps: 2 ** -23, max: 2 ** 127 * (2 - 2 ** -23), min: -(2 ** 127) * (2 - 2 ** -23), tiny: 2 ** -126 },
  float64: { bits: 64, eps: 2 ** -52, max: Number.MAX_VALUE, min: -Number.MAX_VALUE, tiny: 2 ** -1022 },
}
/** Limits of a floating dtype. */
export function finfo(dtype: DType): FloatInfo {
  const info = floats[ops.checkDtype('finfo', dtype)]
  if (info === undefined) throw new DtypeError('finfo', `got ${show(dtype)}; takes float16, bfloat16, float32 or float64`)
  return info
}
/** Limits of an integer dtype. */
export function iinfo(dtype: DType): { readonly bits: number; readonly max: number; readonly min: number } {
  const { kind, bytes } = dtypeInfo[ops.checkDtype('iinfo', dtype)]
  const bits = 8 * bytes
  if (kind === 'int') return { bits, max: 2 ** (bits - 1) - 1, min: -(2 ** (bits - 1)) }
  if (kind === 'uint') return { bits, max: 2 ** bits - 1, min: 0 }
  throw new DtypeError('iinfo', `got ${show(dtype)}; takes ${dtypes.filter(isInteger).join(', ')}`)
}
