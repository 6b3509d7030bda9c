/** What is never above 0: an element less the maximum of all elements of its row. */
import type { LoopKernel, NodeId, Stage } from '../../kernel-ir/index.ts'
import { keysOf, type Numbers } from './reuse.ts'

/** A result of a reduction stage. */
export interface Reduced {
  readonly stage: number
  readonly output: number
}

interface NonPositive {
  /** By stage: its nodes that are at most 0, or NaN. */
  readonly always: readonly ReadonlySet<NodeId>[]
  /** By stage: those, and what is so unless `largest`, the maximum of a row, is +Infinity: log-sum-exp takes 0 from such a row. */
  readonly unlessInfinite: readonly ReadonlySet<NodeId>[]
  /** Null: nothing but what always is. */
  readonly largest: Reduced | null
}

export function nonPositiveNodes({ stages }: LoopKernel): NonPositive {
  const numbers: Numbers = new Map()
  const keys = stages.map((stage) => keysOf(stage.nodes, numbers))
  const always = stages.map(() => new Set<NodeId>())
  const more = stages.map(() => new Set<NodeId>())
  let largest: Reduced | null = null
  for (const [here, stage] of stages.entries()) {
    for (const [id, node] of stage.nodes.entries()) {
      if (node.op !== 'apply' || node.primitive !== 'sub') continue
      const [x = -1, m = -1] = node.inputs
      const finite = finitePart(stage, m)
      const most = stage.nodes[finite ?? m]
      if (most?.op !== 'reduced') continue
      const source = stages[most.stage]
      const accumulator = source?.kind === 'reduce' && source.inner.join() === stage.inner.join() ? source.accumulators[most.output] : undefined
      if (accumulator?.combine !== 'max' || keys[most.stage]?.[accumulator.node] !== keys[here]?.[x]) continue
      if (finite === null) always[here]!.add(id)
      else if (largest === null || (largest.stage === most.stage && largest.output === most.output)) {
        largest = { stage: most.stage, output: most.output }
        more[here]!.add(id)
      }
    }
  }
  return { always, unlessInfinite: always.map((set, i) => new Set([...set, ...more[i]!])), largest }
}

/** Of `isFinite(m) ? m : 0` the node m. Where m is -Infinity or NaN, no element of its row is above 0 either. */
function finitePart({ nodes }: Stage, id: NodeId): NodeId | null {
  const node = nodes[id]
  if (node?.op !== 'apply' || node.primitive !== 'selectN') return null
  const [which = -1, otherwise = -1, m = -1, ...more] = node.inputs
  const [test, zero] = [nodes[which], nodes[otherwise]]
  const same = test?.op === 'apply' && test.primitive === 'isFinite' && test.inputs[0] === m
  return same && more.length === 0 && zero?.op === 'literal' && zero.value === 0 ? m : null
}
