/** Reductions over windows. Padding counts as the value that changes nothing. */
import { type Aval, sizeOf } from '../../core/aval.ts'
import type { SelectWindowParams, WindowFamilyParams, WindowParams } from '../../core/primitives/index.ts'
import { convolve } from './contraction.ts'
import { type CpuRules, fromNumbers, type HostArray, numbersOf } from './host-array.ts'
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
 * whatever follows, as in XLA. -1 for a window of padding alone.
 */
function selected(xs: ArrayLike<number>, sources: Int32Array, selectPrim: SelectWindowParams['selectPrim']): number {
  let best = -1
  for (const s of sources) {
    if (s < 0) continue
    const keep = best >= 0 && (selectPrim === 'ge' ? xs[best]! >= xs[s]! : xs[best]! <= xs[s]!)
    if (!keep) best = s
  }
  return best
}

export const windowsCpu: CpuRules<keyof WindowFamilyParams> = {
  convGeneralDilated: convolve,
  reduceWindowSum: reduceWindow(sumOf),
  reduceWindowProd: reduceWindow(productOf),
  reduceWindowMax: reduceWindow(maximumOf),
  reduceWindowMin: reduceWindow(minimumOf),
  selectAndScatterAdd: ([source, x], params, [out]) => {
    const [from, xs] = [numbersOf(source!), numbersOf(x!)]
    const values = new Float64Array(sizeOf(out!.shape))
    eachWindow(x!.aval.shape, params, (window, sources) => {
      const s = selected(xs, sources, params.selectPrim)
      if (s >= 0) values[s] = values[s]! + from[window]!
    })
    return [fromNumbers(out!, values)]
  },
  selectAndGatherAdd: ([tangents, x], params, [out]) => {
    const [from, xs] = [numbersOf(tangents!), numbersOf(x!)]
    const values = new Float64Array(sizeOf(out!.shape))
    eachWindow(x!.aval.shape, params, (window, sources) => {
      const s = selected(xs, sources, params.selectPrim)
      values[window] = s >= 0 ? from[s]! : 0
    })
    return [fromNumbers(out!, values)]
  },
}
