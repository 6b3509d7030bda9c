/** Kernels on other buffers. */
import type { BufferId, ContractionKernel, Expression, Kernel, LoopKernel, Store } from './kernel.ts'

/** The same kernel on other buffers. */
export function renameBuffers<K extends Kernel>(kernel: K, to: (buffer: BufferId) => BufferId): K {
  const nodes = (expression: Expression): Expression => expression.map((n) => (n.op === 'load' || n.op === 'gather' ? { ...n, buffer: to(n.buffer) } : n))
  const stores = (list: readonly Store[]): Store[] => list.map((s) => ({ ...s, buffer: to(s.buffer) }))
  const renamed = ((k: Kernel): Kernel => {
    switch (k.kind) {
      case 'loop':
        return { ...k, stages: k.stages.map((s): LoopKernel['stages'][number] => (s.kind === 'reduce' ? { ...s, nodes: nodes(s.nodes) } : { ...s, nodes: nodes(s.nodes), stores: stores(s.stores) })) }
      case 'contraction': {
        const parts: ContractionKernel = { ...k, lhs: nodes(k.lhs), rhs: nodes(k.rhs), epilogue: nodes(k.epilogue), stores: stores(k.stores) }
        return parts
      }
      case 'scatter':
        return { ...k, operand: to(k.operand), out: to(k.out), nodes: nodes(k.nodes) }
      case 'sort':
        return { ...k, operands: k.operands.map((o) => ({ ...o, from: o.from === null ? null : to(o.from), to: to(o.to) })) }
    }
  })(kernel)
  return renamed as K // the same kind went in
}
