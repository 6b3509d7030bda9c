/** The functions of two arrays, lax's and np's, that reductions know by name, and their neutral elements. */
import type { DType } from '../core/dtype.ts'
import { dtypeInfo } from '../core/dtype.ts'
import * as ops from '../core/ops/index.ts'
import type { ArrayLike } from '../core/tree.ts'
import { add, bitwiseAnd, bitwiseOr, bitwiseXor, max, min, mul } from './elementwise.ts'

export type Monoid = 'add' | 'mul' | 'max' | 'min' | 'and' | 'or' | 'xor'

const functions: readonly (readonly [unknown, Monoid])[] = [
  [add, 'add'],
  [ops.add, 'add'],
  [mul, 'mul'],
  [ops.multiply, 'mul'],
  [max, 'max'],
  [ops.maximum, 'max'],
  [min, 'min'],
  [ops.minimum, 'min'],
  [bitwiseAnd, 'and'],
  [ops.and, 'and'],
  [bitwiseOr, 'or'],
  [ops.or, 'or'],
  [bitwiseXor, 'xor'],
  [ops.xor, 'xor'],
]

/** Which of the known functions this is; null for any other. */
export const monoidOf = (f: unknown): Monoid | null => functions.find(([g]) => g === f)?.[1] ?? null

/** True when combining with `init` changes nothing; a plain infinity counts for integers too. */
export function isIdentity(monoid: Monoid, init: ArrayLike, dtype: DType): boolean {
  if (typeof init === 'object') return false
  const x = Number(init)
  switch (monoid) {
    case 'add':
    case 'or':
    case 'xor':
      return x === 0
    case 'mul':
      return x === 1
    case 'and':
      return dtype === 'bool' ? x !== 0 : x === -1
    case 'max':
      return x === -Infinity || x <= least(dtype)
    case 'min':
      return x === Infinity || x >= greatest(dtype)
  }
}

function least(dtype: DType): number {
  const { kind, bytes } = dtypeInfo[dtype]
  if (kind === 'int') return -(2 ** (8 * bytes - 1))
  return kind === 'uint' || kind === 'bool' ? 0 : -Infinity
}

function greatest(dtype: DType): number {
  const { kind, bytes } = dtypeInfo[dtype]
  if (kind === 'int') return 2 ** (8 * bytes - 1) - 1
  if (kind === 'uint') return 2 ** (8 * bytes) - 1
  return kind === 'bool' ? 1 : Infinity
}
