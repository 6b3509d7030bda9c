/** Sorting along an axis, and the greatest k. */
import type { IndexingParams } from '../../core/primitives/index.ts'
import { rowMajorStrides, without } from '../../core/shapes/index.ts'
import { type CpuRules, fromNumbers, numbersOf } from './host-array.ts'
import { moveElements, stridedOffsets } from './walk.ts'

/** Ascending, NaN last; -0 and +0 are equal. */
function ascending(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b))
  return a < b ? -1 : a > b ? 1 : 0
}

/** Descending in the total order: NaN first, +0 before -0. */
function descending(a: number, b: number): number {
  if (a === 0 && b === 0) return Number(Object.is(a, -0)) - Number(Object.is(b, -0))
  return ascending(b, a)
}

export const sortCpu: CpuRules<keyof Pick<IndexingParams, 'sort' | 'topK'>> = {
  sort: (xs, { dimension, numKeys }, outs) => {
    const { shape } = xs[0]!.aval
    const strides = rowMajorStrides(shape)
    const others = strides.filter((_, i) => i !== dimension)
    const keys = xs.slice(0, numKeys).map(numbersOf)
    const sources = stridedOffsets(shape, strides)
    const places = Array.from({ length: shape[dimension]! }, (_, i) => i * strides[dimension]!)
    for (const start of stridedOffsets(without(shape, [dimension]), others)) {
      // Array.prototype.sort is stable.
      const order = [...places].sort((a, b) => {
        for (const key of keys) {
          const c = ascending(key[start + a]!, key[start + b]!)
          if (c !== 0) return c
        }
        return 0
      })
      for (const [i, place] of places.entries()) sources[start + place] = start + order[i]!
    }
    return xs.map((x, i) => moveElements(x, outs[i]!, sources))
  },
  topK: ([x], { k }, [values, indices]) => {
    const xs = numbersOf(x!)
    const n = x!.aval.shape.at(-1)!
    const rows = n === 0 ? 0 : xs.length / n
    const picked = new Int32Array(rows * k)
    for (let row = 0; row < rows; row++) {
      const order = Array.from({ length: n }, (_, i) => i).sort((a, b) => descending(xs[row * n + a]!, xs[row * n + b]!))
      for (let i = 0; i < k; i++) picked[row * k + i] = order[i]!
    }
    const sources = picked.map((p, i) => Math.floor(i / k) * n + p)
    return [moveElements(x!, values!, sources), fromNumbers(indices!, picked)]
  },
}
