/** What is never above 0: an element less the maximum of all elements of its row. */
import type { LoopKernel, NodeId } from '../../kernel-ir/index.ts'
import { keysOf, type Numbers } from './reuse.ts'

/** By stage: its nodes that are at most 0, or NaN. */
export function nonPositiveNodes({ stages }: LoopKernel): readonly ReadonlySet<NodeId>[] {
  const numbers: Numbers = new Map()
  const keys = stages.map((stage) => keysOf(stage.nodes, numbers))
  return stages.map((stage, here) => {
    const found = new Set<NodeId>()
    for (const [id, node] of stage.nodes.entries()) {
      if (node.op !== 'apply' || node.primitive !== 'sub') continue
      const [x = -1, m = -1] = node.inputs
      const most = stage.nodes[m]
      if (most?.op !== 'reduced') continue
      const source = stages[most.stage]
      const accumulator = source?.kind === 'reduce' && source.inner.join() === stage.inner.join() ? source.accumulators[most.output] : undefined
      if (accumulator?.combine === 'max' && keys[most.stage]?.[accumulator.node] === keys[here]?.[x]) found.add(id)
    }
    return found
  })
}
