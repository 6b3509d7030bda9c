/** The order in which a space is walked, where row by row is a bad one. */
import { sizeOf } from '../../../core/aval.ts'
import { coefficientOf, dimIndex, isNested, type LoopKernel, rewriteStage, type Stage } from '../../kernel-ir/index.ts'
import { permuteSpace, splitSpaceAxis } from './normalize.ts'
import { chooseMode } from './shape-of-work.ts'

/** Rows that are read together: the elements of a cache line. */
const tileAim = 16
/** Strides in elements from which lines are lost before their other elements are read. */
const farApart = 64
const longAxis = 16384
const enoughUnits = 64

export function tileSpace(kernel: LoopKernel, fixedOuter: boolean): LoopKernel {
  const first = fixedOuter ? 1 : 0
  if (kernel.space.length - first < 2 || chooseMode(kernel, fixedOuter) !== 'space') return kernel
  return tileTransposed(kernel, first) ?? cutLongAxis(kernel, first)
}

/**
 * A read that runs across the rows of its array while another axis d runs along them: squares of both axes, so that every
 * cache line that is fetched is used up. [… d … last] becomes [… d/t … last/t, t, t].
 */
function tileTransposed(kernel: LoopKernel, first: number): LoopKernel | null {
  const { space, stages } = kernel
  const last = space.length - 1
  const [stage, ...more] = stages
  if (stage?.kind !== 'map' || more.length > 0 || stage.inner.length > 0) return null
  for (const node of stage.nodes) {
    if (node.op !== 'load' || isNested(node.index, last) || Math.abs(coefficientOf(node.index, last)) < farApart) continue
    const along = node.index.terms.find((t) => t.atom.kind === 'dim' && t.atom.dim >= first && t.atom.dim < last && Math.abs(t.coefficient) === 1)
    if (along?.atom.kind !== 'dim') continue
    const { dim } = along.atom
    const rows = divisor(space[dim] ?? 1, tileAim)
    const columns = divisor(space[last] ?? 1, tileAim)
    if (rows < 4 || columns < 4) return null
    const split = splitSpaceAxis(splitSpaceAxis(kernel, last, columns), dim, rows)
    // axes now: … dim, rows, … last, columns: the rows of a tile go next to its columns
    const order = split.space.map((_, d) => d).filter((d) => d !== dim + 1 && d !== last + 2)
    return permuteSpace(split, [...order, dim + 1, last + 2])
  }
  return null
}

/** Sums and extrema may run in any order: with the axis along which most is read contiguously innermost. */
export function orderInner(kernel: LoopKernel): LoopKernel {
  const rank = kernel.space.length
  const stages = kernel.stages.map((stage): Stage => {
    if (stage.kind !== 'reduce' || stage.inner.length < 2 || stage.accumulators.some((a) => a.position !== null)) return stage
    const contiguous = stage.inner.map((_, d) => stage.nodes.filter((n) => n.op === 'load' && !isNested(n.index, rank + d) && Math.abs(coefficientOf(n.index, rank + d)) === 1).length)
    const best = contiguous.indexOf(Math.max(...contiguous))
    if ((contiguous.at(-1) ?? 0) >= (contiguous[best] ?? 0)) return stage
    const order = [...stage.inner.keys()].filter((d) => d !== best).concat(best)
    return rewriteStage(stage, kernel.space, order.map((d) => stage.inner[d] ?? 1), (dim) => dimIndex(dim < rank ? dim : rank + order.indexOf(dim - rank)))
  })
  return { ...kernel, stages }
}

/** The greatest divisor of n up to `aim` that is a multiple of 4, else 1. */
function divisor(n: number, aim: number): number {
  for (let d = aim; d >= 4; d -= 4) if (n % d === 0) return d
  return 1
}

/** Few rows, each of them long: pieces of rows, so that there is enough to share and to repeat. */
function cutLongAxis(kernel: LoopKernel, first: number): LoopKernel {
  const { space } = kernel
  const last = space.length - 1
  const length = space[last] ?? 1
  if (first > 0 || length < longAxis || sizeOf(space.slice(0, -1)) >= enoughUnits) return kernel
  const by = divisor(length, longAxis / 4)
  return by < 256 ? kernel : splitSpaceAxis(kernel, last, by)
}
