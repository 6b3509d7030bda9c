/** Reductions over any axes, of any sizes: sums, products, extrema, and those of bits. */
import { sizeOf } from '../../../core/aval.ts'
import { type DType, dtypeInfo } from '../../../core/dtype.ts'
import type { Eqn } from '../../../core/jaxpr.ts'
import type { Accumulator } from '../../kernel-ir/index.ts'
import { emitFold } from './fold-code.ts'
import { type FoldPhase, foldPlan, reductionKernel, sharedTimeOf } from './fold-plan.ts'
import type { SizedForm } from './form.ts'

interface Fold {
  readonly combine: Accumulator['combine']
  readonly axes: readonly number[]
}

const dtypes: ReadonlySet<DType> = new Set<DType>(['float32', 'float64', 'float16', 'bfloat16', 'int8', 'int16', 'int32', 'uint8', 'uint16', 'uint32', 'bool'])

export function reductionForm(e: Eqn): SizedForm | null {
  const fold = foldOf(e)
  const [x] = e.inputs
  if (fold === null || x === undefined || fold.axes.length === 0) return null
  const { shape, dtype } = x.aval
  // Over axes of one element it only moves elements.
  if (!dtypes.has(dtype) || sizeOf(shape) === 0 || fold.axes.every((d) => shape[d] === 1)) return null
  const plan = foldPlan(reductionKernel(shape, fold.axes, fold.combine, dtype))
  if (plan === null || plan.phases.some(isManyShort)) return null
  if (dtypeInfo[dtype].bytes < 4 && sizeOf(shape) >= manyNarrow && plan.phases.some((p) => !p.variant.across)) return null
  const variants = plan.phases.map((p) => p.variant)
  return {
    key: variants.reduce((key, v) => `${key} ${v.combine} ${v.loads} ${v.from} ${v.to} ${v.stores} ${8 * (v.across ? v.forks : 0) + 4 * Number(v.contiguous) + 2 * Number(v.first) + Number(v.last)}`, 'fold'),
    emit: (shared) => emitFold(variants, shared),
    words: concatenated(plan.phases.map((p) => p.words)),
    over: -1,
    scratchBytes: plan.scratchBytes,
    sharedTime: sharedTimeOf(plan.phases),
  }
}

/** Elements from which columns of narrow dtypes take a tenth to a third longer than code for their shape. */
const manyNarrow = 2 ** 16

/** `flatMap` takes a microsecond for what is one list most often. */
const concatenated = ([first = [], ...more]: readonly (readonly number[])[]): readonly number[] => (more.length === 0 ? first : first.concat(...more))

/** So many rows, and so short that loops of known length take half the time. */
const isManyShort = ({ variant, units, time }: FoldPhase): boolean => variant.across && units >= 2 ** 15 && time / units < 25

function foldOf(e: Eqn): Fold | null {
  const bool = e.inputs[0]?.aval.dtype === 'bool'
  switch (e.primitive) {
    case 'reduceSum':
      return { combine: 'sum', axes: e.params.axes }
    case 'reduceProd':
      return { combine: 'prod', axes: e.params.axes }
    case 'reduceMax':
      return { combine: bool ? 'or' : 'max', axes: e.params.axes }
    case 'reduceMin':
      return { combine: bool ? 'and' : 'min', axes: e.params.axes }
    case 'reduceAnd':
      return { combine: 'and', axes: e.params.axes }
    case 'reduceOr':
      return { combine: 'or', axes: e.params.axes }
    case 'reduceXor':
      return { combine: 'xor', axes: e.params.axes }
    default:
      return null
  }
}
