/** What makes two kernels the same code: everything but their names and which buffers they run on. */
import type { BufferId, Expression, Kernel, Store } from './index.ts'

function eachBuffer(nodes: Expression, stores: readonly Store[], visit: (buffer: BufferId) => void): void {
  for (const node of nodes) if (node.op === 'load' || node.op === 'gather') visit(node.buffer)
  for (const store of stores) visit(store.buffer)
}

/** The buffers of a kernel, each once, in order of first mention. */
export function buffersOf(kernel: Kernel): BufferId[] {
  const seen = new Set<BufferId>()
  const visit = (b: BufferId): void => void seen.add(b)
  switch (kernel.kind) {
    case 'loop':
      for (const stage of kernel.stages) eachBuffer(stage.nodes, stage.kind === 'reduce' ? [] : stage.stores, visit)
      break
    case 'contraction':
      eachBuffer(kernel.lhs, [], visit)
      eachBuffer(kernel.rhs, [], visit)
      eachBuffer(kernel.epilogue, kernel.stores, visit)
      break
    case 'scatter':
      visit(kernel.operand)
      visit(kernel.out)
      eachBuffer(kernel.nodes, [], visit)
      break
    case 'sort':
      for (const { from, to } of kernel.operands) {
        if (from !== null) visit(from)
        visit(to)
      }
      break
  }
  return [...seen]
}

/** Equal texts, equal code. JSON has no text for some numbers: those are listed after it. */
export function kernelKey(kernel: Kernel): string {
  const odd: string[] = []
  const nodes = (expression: Expression): void => {
    for (const [i, node] of expression.entries()) {
      const value = node.op === 'literal' ? node.value : node.op === 'load' || node.op === 'gather' ? node.otherwise : 0
      if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))) odd.push(`${i}:${Object.is(value, -0) ? '-0' : value}`)
    }
    odd.push(';')
  }
  if (kernel.kind === 'loop') for (const stage of kernel.stages) nodes(stage.nodes)
  else if (kernel.kind === 'contraction') for (const part of [kernel.lhs, kernel.rhs, kernel.epilogue]) nodes(part)
  else if (kernel.kind === 'scatter') nodes(kernel.nodes)
  return JSON.stringify({ ...kernel, name: '' }) + odd.join('')
}
