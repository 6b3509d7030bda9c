/**
 * Keys, as data. Threefry-2x32 (Salmon et al. 2011) in JAX's partitionable layout: element i of any draw depends on the key
 * and on i alone.
 */
import { isArray, type NDArray } from '../core/array.ts'
import { aval, type Shape, showType, sizeOf } from '../core/aval.ts'
import { describe } from '../core/describe.ts'
import { ArgumentError, DtypeError, ShapeError } from '../core/errors.ts'
import { Literal } from '../core/jaxpr.ts'
import { putArray } from '../core/devices.ts'
import * as ops from '../core/ops/index.ts'
import { bind } from '../core/trace.ts'
import type { ArrayLike } from '../core/tree.ts'
import { sampled } from './sampler.ts'

export interface Words {
  readonly high: NDArray
  readonly low: NDArray
}

/** The two words of a key, as uint32 scalars (or arrays, of a batch of keys). */
export function keyWords(operation: string, key: NDArray): Words {
  if (!isArray(key) || key.dtype !== 'key') throw new DtypeError(operation, `takes a key (random.key(seed), or one of random.split), and got ${describe(key)}`)
  key.requireUsable(operation)
  const words = ops.bitcast(key, 'uint32')
  const last = words.ndim - 1
  const word = (i: number): NDArray => ops.squeeze(ops.laxSlice(words, [...key.shape.map(() => 0), i], [...key.shape, i + 1]), last)
  return { high: word(0), low: word(1) }
}

export function scalarKey(operation: string, key: NDArray): Words {
  const words = keyWords(operation, key)
  if (key.ndim !== 0) throw new ShapeError(operation, `takes one key, and got ${showType(key)}; use vmap for several`)
  return words
}

/** `key[...]` from uint32[..., 2]. */
export const wrap = (words: NDArray): NDArray => ops.bitcast(words, 'key')

export function threefry({ high, low }: Words, count0: NDArray | Literal, count1: NDArray | Literal): [NDArray, NDArray] {
  const [a, b] = bind('threefry2x32', [high, low, count0, count1], {})
  return [a!, b!]
}

/** Counts of a 64-bit iota over a shape: below 2³² elements the high word is 0. */
export function counts(operation: string, shape: Shape): { high: Literal; low: NDArray } {
  ops.checkShape(operation, shape)
  return { high: new Literal(0, aval([], 'uint32')), low: ops.reshape(ops.iota('uint32', [sizeOf(shape)]), shape) }
}

/**
 * A key from a seed: an integer (negative ones as JAX takes them), or an int array of one element.
 *
 * @example
 * const k = random.key(42)
 */
export function key(seed: ArrayLike): NDArray {
  return ops.within('key', () => {
    if (typeof seed === 'number') {
      if (!Number.isInteger(seed) || Math.abs(seed) >= 2 ** 53) throw new ArgumentError('key', `a seed is an integer below 2^53 in size, and got ${seed}`)
      // Without 64-bit integers JAX keeps the low word alone, and 0 above it.
      return putKey(0, seed)
    }
    const s = ops.toArray('key', seed)
    if (s.ndim !== 0) throw new ShapeError('key', `a seed is a scalar, and got ${showType(s)}`)
    const low = s.dtype === 'uint32' ? s : ops.bitcast(ops.convert(s, 'int32'), 'uint32')
    return wrap(ops.stack([ops.convert(ops.mul(low, 0), 'uint32'), low]))
  })
}

function putKey(high: number, low: number): NDArray {
  return putArray(new Uint8Array(Uint32Array.of(high, low).buffer), aval([], 'key'))
}

/** The two uint32 words of a key: shape [..., 2]. */
export const keyData = (k: NDArray): NDArray => {
  keyWords('keyData', k)
  return ops.bitcast(k, 'uint32')
}

/** A key from its two words, uint32[..., 2]. */
export const wrapKeyData = (words: NDArray): NDArray => {
  if (!isArray(words) || words.dtype !== 'uint32' || words.shape.at(-1) !== 2) throw new ShapeError('wrapKeyData', `takes uint32[..., 2], and got ${describe(words)}`)
  words.requireUsable('wrapKeyData')
  return wrap(words)
}

/**
 * New keys from one: `split(key)` two, `split(key, n)` n, `split(key, shape)` an array of keys. Never use a key twice.
 *
 * @example
 * const [k1, k2] = random.split(random.key(0))
 */
export function split(k: NDArray, num: number | Shape = 2): NDArray {
  return ops.within('split', () => {
    const shape = ops.checkShape('split', typeof num === 'number' ? [num] : num)
    return sampled('split', [shape], [k], (one) => {
      const words = scalarKey('split', one)
      const { high, low } = counts('split', shape)
      const [a, b] = threefry(words, high, low)
      return wrap(ops.stack([a, b], -1))
    })
  })
}

/** A key that depends on another and on a number: for loops and indices. */
export function foldIn(k: NDArray, data: ArrayLike): NDArray {
  return ops.within('foldIn', () => {
    const words = scalarKey('foldIn', k)
    const value: ArrayLike = typeof data === 'number' ? ops.checkInteger('foldIn', 'data', data) : ops.toArray('foldIn', data)
    const low =
      typeof value === 'number'
        ? new Literal(value >>> 0, aval([], 'uint32'))
        : value.dtype === 'uint32'
          ? value
          : ops.bitcast(ops.convert(value, 'int32'), 'uint32')
    const [a, b] = threefry(words, new Literal(0, aval([], 'uint32')), low)
    return wrap(ops.stack([a, b]))
  })
}
