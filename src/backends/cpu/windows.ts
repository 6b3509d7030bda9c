/** Reductions over windows. Padding counts as the value that changes nothing. */
import { type Aval, sizeOf } from '../../core/aval.ts'
import type { SelectWindowParams, WindowFamilyParams, WindowParams } from '../../core/primitives/index.ts'
import { convolve } from './contraction.ts'
import { type CpuRules, fromNumbers, type HostArray, numbersOf, rangeOf } from './host-array.ts'
import { maximumOf, minimumOf, productOf, sumOf } from './reduction.ts'
import { eachWindow } from './walk.ts'

function reduceWindow(monoid: typeof sumOf): (inputs: readonly HostArray[], params: WindowParams, outs: readonly Aval[]) => HostArray[] {
  return ([x], params, [out]) => {
    const xs = numbersOf(x!)
    const { empty, concat } = monoid(x!.aval.dtype)
    const values = new Float64Array(sizeOf(out!.shape))
    eachWindow(x!.aval.shape, params, (window, sources) => {
      let total = empty
      for (const s of sources) if (s >= 0) total = concat(total, xs[s]!)
      values[window] = total
    })
    return [fromNumbers(out!, values)]
  }
}

/**
 * The element that a window selects: the first, until one comes that it does not compare well with. A NaN gives way to
 * whatever follows. Padding and holes stand where they stand as what is never an extremum, and are selected after a NaN or
 * before equals: -1. All as reverse mode in JAX, whose forward mode differs from that at NaN and infinities.
 */
function selected(x: HostArray, selectPrim: SelectWindowParams['selectPrim']): (sources: Int32Array) => number {
  const xs = numbersOf(x)
  const { lowest, highest } = rangeOf(x.aval.dtype)
  const never = selectPrim === 'ge' ? lowest : highest
  const at = (s: number): number => (s < 0 ? never : xs[s]!)
  const keeps = selectPrim === 'ge' ? (best: number, next: number) => best >= next : (best: number, next: number) => best <= next
  return (sources) => sources.reduce((best, s) => (keeps(at(best), at(s)) ? best : s))
}

export const windowsCpu: CpuRules<keyof WindowFamilyParams> = {
  convGeneralDilated: convolve,
  reduceWindowSum: reduceWindow(sumOf),
  reduceWindowProd: reduceWindow(productOf),
  reduceWindowMax: reduceWindow(maximumOf),
  reduceWindowMin: reduceWindow(minimumOf),
  selectAndScatterAdd: ([source, x], params, [out]) => {
    const from = numbersOf(source!)
    const place = selected(x!, params.selectPrim)
    const values = new Float64Array(sizeOf(out!.shape))
    eachWindow(x!.aval.shape, params, (window, sources) => {
      const s = place(sources)
      if (s >= 0) values[s] = values[s]! + from[window]!
    })
    return [fromNumbers(out!, values)]
  },
  selectAndGatherAdd: ([tangents, x], params, [out]) => {
    const from = numbersOf(tangents!)
    const place = selected(x!, params.selectPrim)
    const values = new Float64Array(sizeOf(out!.shape))
    eachWindow(x!.aval.shape, params, (window, sources) => {
      const s = place(sources)
      values[window] = s >= 0 ? from[s]! : 0
    })
    return [fromNumbers(out!, values)]
  },
}
