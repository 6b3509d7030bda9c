/** Which buffers a kernel touches, which nodes a node. */
import type { BufferId, Expression, Kernel, Node, NodeId } from './kernel.ts'
import type { Buffer, Step } from './program.ts'

/** The nodes that a node is made from. */
export function inputsOf(n: Node): readonly NodeId[] {
  switch (n.op) {
    case 'gather':
      return n.positions.map((p) => p.position)
    case 'guarded':
      return n.inside === n.outside ? [n.inside] : [n.inside, n.outside]
    case 'apply':
    case 'threefry':
      return n.inputs
    case 'bitcast':
      return [n.input]
    case 'load':
    case 'literal':
    case 'index':
    case 'reduced':
    case 'accumulator':
      return []
  }
}

/** Nodes that the roots are made from, roots included. */
export function neededBy(nodes: Expression, roots: readonly NodeId[]): Set<NodeId> {
  const needed = new Set<NodeId>()
  const visit = (id: NodeId): void => {
    if (needed.has(id)) return
    needed.add(id)
    for (const i of inputsOf(nodes[id]!)) visit(i)
  }
  roots.forEach(visit)
  return needed
}

/** Buffers that a kernel reads. */
export function readsOfKernel(kernel: Kernel): Set<BufferId> {
  const reads = new Set<BufferId>()
  const scan = (nodes: Expression): void => {
    for (const n of nodes) if (n.op === 'load' || n.op === 'gather') reads.add(n.buffer)
  }
  switch (kernel.kind) {
    case 'loop':
      for (const s of kernel.stages) scan(s.nodes)
      break
    case 'contraction':
      for (const nodes of [kernel.lhs, kernel.rhs, kernel.epilogue]) scan(nodes)
      break
    case 'scatter':
      scan(kernel.nodes)
      reads.add(kernel.operand)
      break
    case 'sort':
      for (const o of kernel.operands) if (o.from !== null) reads.add(o.from)
      break
  }
  return reads
}

/** Buffers that a kernel writes. */
export function writesOfKernel(kernel: Kernel): Set<BufferId> {
  switch (kernel.kind) {
    case 'loop':
      return new Set(kernel.stages.flatMap((s) => (s.kind === 'reduce' ? [] : s.stores.map((w) => w.buffer))))
    case 'contraction':
      return new Set(kernel.stores.map((w) => w.buffer))
    case 'scatter':
      return new Set([kernel.out])
    case 'sort':
      return new Set(kernel.operands.map((o) => o.to))
  }
}

interface Uses {
  readonly reads: ReadonlySet<BufferId>
  readonly writes: ReadonlySet<BufferId>
}

const known = new WeakMap<Step, Uses>()

/** What a step touches; a loop as a whole, slices standing for the arrays that they are of. */
export function usesOfStep(buffers: readonly Buffer[], step: Step): Uses {
  let uses = known.get(step)
  if (uses === undefined) known.set(step, (uses = findUses(buffers, step)))
  return uses
}

function findUses(buffers: readonly Buffer[], step: Step): Uses {
  const whole = (b: BufferId): BufferId => {
    const { role } = buffers[b]!
    return role.kind === 'slice' ? whole(role.of) : b
  }
  if (step.kind === 'kernel') return { reads: new Set([...readsOfKernel(step.kernel)].map(whole)), writes: new Set([...writesOfKernel(step.kernel)].map(whole)) }
  const reads = new Set<BufferId>(step.carries.map((c) => whole(c.initial)))
  const writes = new Set<BufferId>(step.carries.map((c) => whole(c.final)))
  for (const s of step.body) {
    const inner = usesOfStep(buffers, s)
    for (const b of inner.reads) reads.add(b)
    for (const b of inner.writes) writes.add(b)
  }
  return { reads, writes }
}
