/**
 * Concatenations of computed values as one kernel a piece: inside a piece the guards are settled, so that only its own
 * expression is computed, where one kernel would compute all of them everywhere and choose.
 */
import { sizeOf } from '../../../core/aval.ts'
import { dimIndex, type Index, type LoopKernel, type Node, rewriteStage } from '../../kernel-ir/index.ts'
import { normalizeLoop } from './normalize.ts'

const mostPieces = 8
/** Points of a piece, and its extent along the last axis, that are worth a kernel. */
const leastPoints = 1024
const leastLength = 16

export function segmentConcatenation(given: LoopKernel): readonly LoopKernel[] {
  const [stage, ...more] = given.stages
  if (stage?.kind !== 'map' || more.length > 0 || stage.inner.length > 0 || !stage.nodes.some((n) => n.op === 'guarded')) return [given]
  const kernel = normalizeLoop(given)
  for (const [axis, size] of kernel.space.entries()) {
    const cuts = cutsOf(kernel.stages[0]?.nodes ?? [], axis, size)
    if (cuts.length === 0 || cuts.length >= mostPieces) continue
    const edges = [0, ...cuts, size]
    const pieces = edges.slice(1).map((end, i) => ({ start: edges[i] ?? 0, length: end - (edges[i] ?? 0) }))
    const rest = sizeOf(kernel.space) / size
    if (pieces.some((p) => p.length * rest < leastPoints || (axis === kernel.space.length - 1 && p.length < leastLength))) continue
    return pieces.flatMap(({ start, length }) => segmentConcatenation(piece(kernel, axis, start, length)))
  }
  return [kernel]
}

/** Where guards on this axis alone begin or cease to hold. */
function cutsOf(nodes: readonly Node[], axis: number, size: number): number[] {
  const cuts = new Set<number>()
  for (const node of nodes) {
    if (node.op !== 'guarded') continue
    for (const { index, low, high } of node.guards) {
      const [term, ...others] = index.terms
      if (term?.atom.kind !== 'dim' || term.atom.dim !== axis || term.coefficient !== 1 || others.length > 0) continue
      for (const bound of [low, high]) if (bound - index.constant > 0 && bound - index.constant < size) cuts.add(bound - index.constant)
    }
  }
  return [...cuts].sort((a, b) => a - b)
}

function piece(kernel: LoopKernel, axis: number, start: number, length: number): LoopKernel {
  const space = kernel.space.map((n, d) => (d === axis ? length : n))
  const into = (dim: number): Index => (dim === axis ? { constant: start, terms: dimIndex(dim).terms } : dimIndex(dim))
  return { ...kernel, space, stages: kernel.stages.map((stage) => rewriteStage(stage, space, stage.inner, into)) }
}
