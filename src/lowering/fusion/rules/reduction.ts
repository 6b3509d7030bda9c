/** Reductions, which fold over inner axes, and cumulative primitives, which store as they go. */
import { type Aval, sizeOf } from '../../../core/aval.ts'
import { type DType, dtypeInfo, isFloating } from '../../../core/dtype.ts'
import type { ReductionParams } from '../../../core/primitives/index.ts'
import { addConstant, type Combine, type Index } from '../../kernel-ir/index.ts'
import type { Graph, LoweringRule, LoweringRules } from '../graph.ts'
import { dtypeOf, type Operand, shapeOf, store, type Value } from '../value.ts'

/** What sums and products of a dtype are accumulated in: narrow floats lose too much in their own. */
export const sumDType = (dtype: DType): DType => (dtype === 'float16' || dtype === 'bfloat16' ? 'float32' : dtypeInfo[dtype].bytes < 4 && dtype !== 'bool' ? 'int32' : dtype)

/** The value that combines to the other one. */
export function identity(combine: Combine, dtype: DType): number | boolean {
  const bits = dtypeInfo[dtype].bytes * 8
  const { kind } = dtypeInfo[dtype]
  switch (combine) {
    case 'sum':
    case 'or':
    case 'xor':
      return kind === 'bool' ? false : 0
    case 'prod':
      return 1
    case 'and':
      return kind === 'bool' ? true : kind === 'uint' ? 2 ** bits - 1 : -1
    case 'max':
    case 'argmax':
    case 'selectGe':
      return kind === 'float' ? -Infinity : kind === 'int' ? -(2 ** (bits - 1)) : kind === 'bool' ? false : 0
    case 'min':
    case 'argmin':
    case 'selectLe':
      return kind === 'float' ? Infinity : kind === 'int' ? 2 ** (bits - 1) - 1 : kind === 'bool' ? true : 2 ** bits - 1
  }
}

/** Extremes of booleans are conjunctions. */
export const combineFor = (combine: Combine, dtype: DType): Combine => (dtype === 'bool' ? (combine === 'max' ? 'or' : combine === 'min' ? 'and' : combine) : combine)

/** The index of an operand from that of a reduction's result and of the reduced axes. */
function insertAxes(rank: number, axes: readonly number[], index: readonly Index[], inner: readonly Index[]): Index[] {
  let outer = 0
  let reduced = 0
  return Array.from({ length: rank }, (_, k) => (axes.includes(k) ? inner[reduced++]! : index[outer++]!))
}

/** A fold over axes; the result in `out`'s dtype. */
function reduceAxes(g: Graph, x: Operand, axes: readonly number[], combine: Combine, out: Aval): Operand {
  const from = shapeOf(x)
  const inner = axes.map((a) => from[a]!)
  if (sizeOf(inner) === 0) return g.structural(out.shape, out.dtype, (b) => b.literal(out.dtype, identity(combine, out.dtype)))
  const used = combineFor(combine, dtypeOf(x))
  const dtype = used === 'sum' || used === 'prod' ? sumDType(dtypeOf(x)) : dtypeOf(x)
  const v = g.reduction(out.shape, inner, {
    combine: used,
    dtype,
    at: (b, i, r) => b.convert(dtype, b.read(x, insertAxes(from.length, axes, i, r))),
    position: null,
    flops: 1,
  })
  return g.convert(v, out.dtype)
}

function reduce<P extends 'reduceSum' | 'reduceProd' | 'reduceMax' | 'reduceMin' | 'reduceAnd' | 'reduceOr' | 'reduceXor'>(combine: Combine): LoweringRule<P> {
  return (g, [x], { axes }, [out]) => [axes.length === 0 ? x! : reduceAxes(g, x!, axes, combine, out!)]
}

function arg<P extends 'argmax' | 'argmin'>(combine: P): LoweringRule<P> {
  return (g, [x], { axis, indexDtype }, [out]) => {
    const from = shapeOf(x!)
    // booleans are compared as bytes
    const dtype = dtypeOf(x!) === 'bool' ? 'uint8' : dtypeOf(x!)
    const v = g.reduction(out!.shape, [from[axis]!], {
      combine,
      dtype,
      at: (b, i, r) => b.convert(dtype, b.read(x!, insertAxes(from.length, [axis], i, r))),
      position: (b, _, r) => b.index('int32', r[0]!),
      flops: 3,
    })
    return [g.convert(v, indexDtype)]
  }
}

function cumulative<P extends 'cumsum' | 'cumprod' | 'cummax' | 'cummin'>(combine: Combine): LoweringRule<P> {
  return (g, [input], { axis, reverse }, [out]) => {
    const x = g.array(input!)
    const used = combineFor(combine, x.dtype)
    const dtype = used === 'sum' || used === 'prod' ? sumDType(x.dtype) : x.dtype
    const v = g.value(x.shape, dtype, { kind: 'cumulative', axis, reverse, combine: used, at: (b, i) => b.convert(dtype, b.read(x, i)) })
    return [g.convert(v, out!.dtype)]
  }
}

/**
 * In log₂ n sweeps, each adding what stands 1, 2, 4 … elements back (Hillis, Steele 1986): log-add-exp needs no
 * combine of its own that way, and keeps its precision.
 */
const cumlogsumexp: LoweringRule<'cumlogsumexp'> = (g, [input], { axis, reverse }, [out]) => {
  const { shape } = out!
  const length = shape[axis]!
  const dtype = isFloating(out!.dtype) && out!.dtype !== 'float64' ? 'float32' : out!.dtype
  let v = g.convert(g.array(input!), dtype) as Value
  for (let step = 1; step < length; step *= 2) {
    const from = v
    // A pass of its own: written in place, a sweep would be computed twice in the next one, four times in the one after.
    if (step > 1) store(from).cut = true
    const by = reverse ? step : -step
    v = g.map(shape, dtype, 40, (b, i) => {
      const moved = i.map((index, k) => (k === axis ? addConstant(index, by) : index))
      const here = b.read(from, i)
      const there = b.guarded(dtype, [{ index: moved[axis]!, low: 0, high: length }], () => b.read(from, moved), () => b.literal(dtype, -Infinity))
      const high = b.apply('max', {}, dtype, [here, there])
      const low = b.apply('min', {}, dtype, [here, there])
      const finite = b.apply('isFinite', {}, 'bool', [high])
      const gap = b.apply('exp', {}, dtype, [b.apply('sub', {}, dtype, [low, high])])
      const sum = b.apply('add', {}, dtype, [high, b.apply('log1p', {}, dtype, [gap])])
      // infinities and NaN pass as they are: inf − inf would make a NaN of them
      return b.apply('selectN', {}, dtype, [finite, high, sum])
    })
  }
  return [g.convert(v, out!.dtype)]
}

export const reductionLowering: LoweringRules<keyof ReductionParams> = {
  reduceSum: reduce('sum'),
  reduceProd: reduce('prod'),
  reduceMax: reduce('max'),
  reduceMin: reduce('min'),
  reduceAnd: reduce('and'),
  reduceOr: reduce('or'),
  reduceXor: reduce('xor'),
  argmax: arg('argmax'),
  argmin: arg('argmin'),
  cumsum: cumulative('sum'),
  cumprod: cumulative('prod'),
  cummax: cumulative('max'),
  cummin: cumulative('min'),
  cumlogsumexp,
}
