/** Reductions and cumulative primitives. Floats are accumulated in float64, sums pairwise. */
import { type Aval, sizeOf } from '../../core/aval.ts'
import { type DType, isFloating, isInteger } from '../../core/dtype.ts'
import type { ArgParams, Axes, CumulativeParams, ReductionParams } from '../../core/primitives/index.ts'
import { rowMajorStrides, without } from '../../core/shapes/index.ts'
import { type CpuRules, fromNumbers, type HostArray, numbersOf, rangeOf } from './host-array.ts'
import { stridedOffsets } from './walk.ts'

/** Sum of `values[from..to)` by halves: the error grows with log n. Of one value it is that value, -0 too, as in JAX. */
function pairwiseSum(values: Float64Array, from = 0, to: number = values.length): number {
  if (to - from === 1) return values[from]!
  if (to - from <= 8) {
    let s = 0
    for (let i = from; i < to; i++) s += values[i]!
    return s
  }
  const middle = (from + to) >> 1
  return pairwiseSum(values, from, middle) + pairwiseSum(values, middle, to)
}

const foldl = (values: Float64Array, from: number, f: (a: number, b: number) => number): number => values.reduce((a, b) => f(a, b), from)

/** How two values become one, with the value that changes nothing. */
interface Monoid {
  readonly empty: number
  readonly concat: (a: number, b: number) => number
}

export function sumOf(dtype: DType): Monoid {
  return { empty: 0, concat: isInteger(dtype) ? (a, b) => (a + b) | 0 : (a, b) => a + b }
}
export function productOf(dtype: DType): Monoid {
  return { empty: 1, concat: isInteger(dtype) ? Math.imul : (a, b) => a * b }
}
export const maximumOf = (dtype: DType): Monoid => ({ empty: rangeOf(dtype).lowest, concat: (a, b) => Math.max(a, b) })
export const minimumOf = (dtype: DType): Monoid => ({ empty: rangeOf(dtype).highest, concat: (a, b) => Math.min(a, b) })

/** Splits an operand into groups along axes: where each group starts, and its members from there. */
function groups(x: Aval, axes: readonly number[]): { starts: Int32Array; members: Int32Array } {
  const strides = rowMajorStrides(x.shape)
  const kept = x.shape.map((_, i) => i).filter((i) => !axes.includes(i))
  return {
    starts: stridedOffsets(without(x.shape, axes), kept.map((i) => strides[i]!)),
    members: stridedOffsets(axes.map((i) => x.shape[i]!), axes.map((i) => strides[i]!)),
  }
}

function reduce(fold: (values: Float64Array, dtype: DType) => number): (inputs: readonly HostArray[], params: Axes, outs: readonly Aval[]) => HostArray[] {
  return ([x], { axes }, [out]) => {
    const xs = numbersOf(x!)
    const { starts, members } = groups(x!.aval, [...axes].sort((a, b) => a - b))
    const group = new Float64Array(members.length)
    const values = new Float64Array(sizeOf(out!.shape))
    for (let i = 0; i < values.length; i++) {
      for (let k = 0; k < members.length; k++) group[k] = xs[starts[i]! + members[k]!]!
      values[i] = fold(group, x!.aval.dtype)
    }
    return [fromNumbers(out!, values)]
  }
}

const reduceBy = (monoid: (dtype: DType) => Monoid): ReturnType<typeof reduce> =>
  reduce((values, dtype) => foldl(values, monoid(dtype).empty, monoid(dtype).concat))

function arg(better: (candidate: number, best: number) => boolean): (inputs: readonly HostArray[], params: ArgParams, outs: readonly Aval[]) => HostArray[] {
  return (inputs, { axis }, outs) =>
    reduce((values) => {
      let best = 0
      for (let i = 0; i < values.length; i++) {
        if (Number.isNaN(values[i])) return i
        if (better(values[i]!, values[best]!)) best = i
      }
      return best
    })(inputs, { axes: [axis] }, outs)
}

function cumulative(monoid: (dtype: DType) => Monoid): (inputs: readonly HostArray[], params: CumulativeParams, outs: readonly Aval[]) => HostArray[] {
  return ([x], { axis, reverse }, [out]) => {
    const xs = numbersOf(x!)
    const { starts, members } = groups(x!.aval, [axis])
    if (reverse) members.reverse()
    const { empty, concat } = monoid(x!.aval.dtype)
    const values = new Float64Array(xs.length)
    for (const start of starts) {
      let total = empty
      for (const member of members) {
        total = concat(total, xs[start + member]!)
        values[start + member] = total
      }
    }
    return [fromNumbers(out!, values)]
  }
}

/** ln(eᵃ + eᵇ) */
function logAddExp(a: number, b: number): number {
  if (a === b) return a + Math.LN2
  return Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)))
}

export const reductionCpu: CpuRules<keyof ReductionParams> = {
  // One element is its own sum: -0 stays, as in XLA.
  reduceSum: reduce((values, dtype) => (values.length === 1 ? values[0]! : isFloating(dtype) ? pairwiseSum(values) : foldl(values, 0, sumOf(dtype).concat))),
  reduceProd: reduceBy(productOf),
  reduceMax: reduceBy(maximumOf),
  reduceMin: reduceBy(minimumOf),
  reduceAnd: reduceBy((dtype) => ({ empty: dtype === 'bool' ? 1 : -1, concat: (a, b) => a & b })),
  reduceOr: reduceBy(() => ({ empty: 0, concat: (a, b) => a | b })),
  reduceXor: reduceBy(() => ({ empty: 0, concat: (a, b) => a ^ b })),
  argmax: arg((candidate, best) => candidate > best),
  argmin: arg((candidate, best) => candidate < best),
  cumsum: cumulative(sumOf),
  cumprod: cumulative(productOf),
  cummax: cumulative(maximumOf),
  cummin: cumulative(minimumOf),
  cumlogsumexp: cumulative(() => ({ empty: -Infinity, concat: logAddExp })),
}
