/** Whether a kernel may write a buffer over one that it reads. */
import { dtypeInfo } from '../../core/dtype.ts'
import { indexKey } from './index-arithmetic.ts'
import type { BufferId, Expression, Kernel, Node, Store } from './kernel.ts'
import type { Buffer, Step } from './program.ts'
import { usesOfStep } from './uses.ts'

/**
 * True when every read of `from` is in the same stage as the one store to `to`, at the same element: then nothing is read
 * after it was written over.
 */
export function flatReadsOnly(kernel: Kernel, from: BufferId, to: BufferId): boolean {
  switch (kernel.kind) {
    case 'loop':
      return inStages(
        kernel.stages.map((s) => ({ nodes: s.nodes, stores: s.kind === 'map' ? s.stores : [], writes: s.kind === 'cumulative' ? s.stores : [] })),
        from,
        to,
      )
    case 'contraction':
      return !reads(kernel.lhs, from) && !reads(kernel.rhs, from) && inStages([{ nodes: kernel.epilogue, stores: kernel.stores, writes: [] }], from, to)
    case 'scatter':
      return kernel.operand === from && kernel.out === to && !reads(kernel.nodes, from)
    case 'sort':
      return kernel.keep === kernel.length && kernel.operands.some((o) => o.from === from && o.to === to) && kernel.operands.filter((o) => o.from === from).length === 1
  }
}

interface StageLike {
  readonly nodes: Expression
  readonly stores: readonly Store[]
  /** Stores that rule the buffer out. */
  readonly writes: readonly Store[]
}

function inStages(stages: readonly StageLike[], from: BufferId, to: BufferId): boolean {
  for (const { nodes, stores, writes } of stages) {
    if (writes.some((s) => s.buffer === to)) return false
    const store = stores.find((s) => s.buffer === to)
    for (const n of nodes) {
      if ((n.op !== 'load' && n.op !== 'gather') || n.buffer !== from) continue
      if (n.op === 'gather' || store === undefined || indexKey(n.index) !== indexKey(store.index) || widthOf(n) !== widthOf(nodes[store.node]!)) return false
    }
  }
  return true
}

/** An index counts elements of this many bytes. */
const widthOf = (n: Node): number => dtypeInfo[n.dtype].bytes

const reads = (nodes: Expression, buffer: BufferId): boolean => nodes.some((n) => (n.op === 'load' || n.op === 'gather') && n.buffer === buffer)

/**
 * Whether `to` may lie where `from` lies while `steps` run: nothing reads `from` after `to` is first written, and the
 * step that writes it reads it at most where it writes, in elements of one width.
 */
export function mayShare(buffers: readonly Buffer[], steps: readonly Step[], from: BufferId, to: BufferId, alike: boolean): boolean {
  let written = false
  for (const step of steps) {
    const { reads, writes } = usesOfStep(buffers, step)
    if (written && reads.has(from)) return false
    if (!written && writes.has(to)) {
      written = true
      if (reads.has(from) && (step.kind !== 'kernel' || !alike || !flatReadsOnly(step.kernel, from, to))) return false
    }
  }
  return written
}
