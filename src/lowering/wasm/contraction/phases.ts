/**
 * The gradient of a strided convolution's data: places that are equal modulo the stride are a phase, which meets taps of its own, and
 * phases are batch axes of one kernel, as deep as the phase with the most taps. Here each becomes a kernel of its own depth (of 3 × 3 taps
 * by 2 they meet 4, 2, 2 and 1: 9 steps instead of 16), which reads its operands without asking which taps there are, and through windows.
 */
import { mapTuple } from '../../../core/map-tuple.ts'
import { addConstant, coefficientOf, constantIndex, dimIndex, eachDim, type Expression, type Guard, guardKey, type Index, isNested, mentions, substitute } from '../../kernel-ir/index.ts'
import type { ContractionKernel, Sliding } from '../../kernel-ir/index.ts'
import { rewriteNodes, rewriteStores } from '../../kernel-ir/rewrite.ts'

/** Phases that are worth code of their own. */
const mostPhases = 9

/** The kernels of its phases, which write apart from each other; the kernel itself where it has none. */
export function splitPhases(kernel: ContractionKernel): readonly ContractionKernel[] {
  const { batch, m, n, k } = kernel
  const firstK = batch.length + m.length + n.length
  const taps = tapGuards(kernel, firstK)
  const last = kernel.lhs.at(-1)
  // where every phase has as many taps it is divided by the stride only
  const divided = (axis: number): boolean => last?.op === 'load' && isNested(last.index, axis)
  const axes = batch.flatMap((_, axis) => (divided(axis) || taps.some((g) => mentions(g.index, axis)) ? [axis] : []))
  const count = axes.reduce((product, axis) => product * batch[axis]!, 1)
  if (count < 2 || count > mostPhases) return [kernel]
  const phases = Array.from({ length: count }, (_, phase) => {
    const at = new Map<number, Index>()
    let rest = phase
    for (const axis of axes) {
      at.set(axis, constantIndex(rest % batch[axis]!))
      rest = Math.floor(rest / batch[axis]!)
    }
    const ranges = k.map((size, axis) => stepsWithin(taps.filter((g) => mentions(g.index, firstK + axis)), firstK + axis, size, at))
    return ofPhase(kernel, at, ranges, firstK)
  })
  // batches that only share an operand are no phases
  return taps.length > 0 || phases.every((p) => p.sliding.length > 0) ? phases : [kernel]
}

interface Steps {
  readonly low: number
  readonly high: number
}

/** Guards of a phase's number and one axis of k without which neither factor is anything but 0: a product outside of them adds nothing. */
function tapGuards({ batch, lhs, rhs }: ContractionKernel, firstK: number): readonly Guard[] {
  const right = new Set(zeroOutside(rhs).map(guardKey))
  return zeroOutside(lhs).filter((g) => {
    const dims = new Set<number>()
    eachDim(g.index, (dim) => dims.add(dim))
    const steps = [...dims].filter((dim) => dim >= firstK).length
    return right.has(guardKey(g)) && steps === 1 && dims.size > 1 && [...dims].every((dim) => dim < batch.length || dim >= firstK)
  })
}

/** The guards outside of which the last node is 0. */
function zeroOutside(nodes: Expression): readonly Guard[] {
  const last = nodes.at(-1)
  if (last?.op === 'load' || last?.op === 'gather') return Object.is(last.otherwise, 0) ? last.guards : []
  if (last?.op !== 'guarded') return []
  const outside = nodes[last.outside]
  return outside?.op === 'literal' && Object.is(outside.value, 0) ? last.guards : []
}

/** The steps of an axis of k at which all guards hold. One step where there is none: its factors are 0. */
function stepsWithin(guards: readonly Guard[], dim: number, size: number, at: ReadonlyMap<number, Index>): Steps {
  const holds = (step: number): boolean =>
    guards.every((g) => {
      const { constant } = substitute(g.index, (d) => (d === dim ? constantIndex(step) : at.get(d) ?? constantIndex(0)), [])
      return constant >= g.low && constant < g.high
    })
  const steps = Array.from({ length: size }, (_, step) => step).filter(holds)
  const [low, last] = [steps[0], steps.at(-1)]
  return low === undefined || last === undefined ? { low: 0, high: 1 } : { low, high: last + 1 }
}

function ofPhase(kernel: ContractionKernel, at: ReadonlyMap<number, Index>, ranges: readonly Steps[], firstK: number): ContractionKernel {
  const batch = kernel.batch.map((size, axis) => (at.has(axis) ? 1 : size))
  const k = ranges.map((r) => r.high - r.low)
  const sizes = [...batch, ...kernel.m, ...kernel.n, ...k]
  const into = (dim: number): Index => at.get(dim) ?? (dim < firstK ? dimIndex(dim) : addConstant(dimIndex(dim), ranges[dim - firstK]!.low))
  const [lhs, rhs, epilogue] = mapTuple([kernel.lhs, kernel.rhs, kernel.epilogue], (nodes) => rewriteNodes(nodes, into, sizes))
  const sliding = [...kernel.sliding, ...slidingOf({ ...kernel, batch, k, lhs }, firstK)]
  return { ...kernel, batch, k, lhs, rhs, sliding, epilogue, stores: rewriteStores(kernel.stores, into, sizes) }
}

/** Axes of m and k of which the left operand now reads only the sum. */
function slidingOf({ batch, m, k, lhs, sliding }: ContractionKernel, firstK: number): Sliding[] {
  const indices = lhs.flatMap((node): Index[] => {
    switch (node.op) {
      case 'load':
      case 'gather':
        return [node.index, ...node.guards.map((g) => g.index)]
      case 'guarded':
        return node.guards.map((g) => g.index)
      case 'index':
        return [node.index]
      default:
        return []
    }
  })
  return m.flatMap((_, place): Sliding[] => {
    const dim = batch.length + place
    const axis = k.findIndex((size, a) => {
      const step = firstK + a
      const together = indices.every((index) => !isNested(index, dim) && !isNested(index, step) && coefficientOf(index, dim) === coefficientOf(index, step))
      return size > 1 && together && indices.some((index) => coefficientOf(index, dim) !== 0)
    })
    return axis < 0 || sliding.some((s) => s.place === place || s.k === axis) ? [] : [{ side: 'm', place, k: axis, stride: 1, dilation: 1 }]
  })
}
