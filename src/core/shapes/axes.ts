/** Arithmetic on axes and strides that rules, interpreters and lowering have in common. */
import type { Shape } from '../aval.ts'

/** A shape without some of its axes. */
export const without = (shape: Shape, axes: readonly number[]): number[] => shape.filter((_, i) => !axes.includes(i))

/** Row-major strides in elements: `[2, 3, 4]` gives `[12, 4, 1]`. */
export function rowMajorStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length)
  let n = 1
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = n
    n *= shape[i]!
  }
  return strides
}

/** True when `permutation` holds every axis of `rank` once. */
export const isPermutation = (permutation: readonly number[], rank: number): boolean =>
  permutation.length === rank && permutation.every((p) => Number.isInteger(p) && p >= 0 && p < rank) && new Set(permutation).size === rank
