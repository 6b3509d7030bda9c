/** Padding by name, as XLA and TensorFlow count it. */
import { show } from '../core/describe.ts'
import * as ops from '../core/ops/index.ts'
import { ArgumentError, ShapeError } from '../core/errors.ts'
import type { Padding } from '../core/primitives/index.ts'
import { dilatedSize } from '../core/shapes/index.ts'

/** 'SAME' gives ceil(size / stride) windows, the odd element of padding at the end ('SAME_LOWER': at the start); 'VALID' none. */
export type PaddingName = 'SAME' | 'VALID' | 'SAME_LOWER'
export type PaddingLike = PaddingName | Padding

/** Pairs from a name or from pairs, one for each of `sizes`. */
export function paddingPairs(operation: string, padding: PaddingLike, sizes: readonly number[], windows: readonly number[], strides: readonly number[], dilations: readonly number[]): Padding {
  if (typeof padding !== 'string') {
    const given: unknown = padding
    if (!Array.isArray(given) || given.length !== sizes.length) throw new ShapeError(operation, `got padding ${show(padding)}; takes ${sizes.length} pairs [low, high], 'SAME', 'SAME_LOWER' or 'VALID'`)
    // Pairs by the type; numbers are what is checked.
    const pairs: readonly (readonly number[])[] = padding
    return pairs.map((pair) => {
      const [low, high, ...more] = ops.checkIntegers(operation, 'an entry of padding', pair)
      if (low === undefined || high === undefined || more.length > 0) throw new ShapeError(operation, `got padding ${show(padding)}; takes pairs [low, high]`)
      return [low, high]
    })
  }
  return sizes.map((size, i) => {
    if (padding === 'VALID') return [0, 0]
    if (padding !== 'SAME' && padding !== 'SAME_LOWER') throw new ArgumentError(operation, `unknown padding ${show(padding)}; takes 'SAME', 'SAME_LOWER', 'VALID' or pairs [low, high]`)
    const stride = strides[i]!
    const total = Math.max((Math.ceil(size / stride) - 1) * stride + dilatedSize(windows[i]!, dilations[i]!) - size, 0)
    const less = Math.floor(total / 2)
    return padding === 'SAME' ? [less, total - less] : [total - less, less]
  })
}

/** A list with an entry for each of n axes, 1 by default. @throws ShapeError when the length differs. */
export function perAxis(operation: string, name: string, given: readonly number[] | null | undefined, n: number): readonly number[] {
  const list = ops.checkIntegers(operation, name, given ?? Array.from({ length: n }, () => 1))
  if (list.length !== n) throw new ShapeError(operation, `got ${name} [${list.join(',')}]; takes ${n} entries, one for each axis`)
  return list
}
