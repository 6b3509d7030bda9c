/**
 * The order in which a long expression is computed, where many results share what they read: each element is read when all
 * that came before it is used up, and goes into every result at once. So the registers hold the results, not the elements.
 */
import { type Expression, inputsOf, type NodeId, withOperands } from '../../kernel-ir/index.ts'

/** The same nodes in that order, and where each of `roots` is; nodes that none of them needs are left out. */
export function orderByReads(nodes: Expression, roots: readonly NodeId[]): { readonly nodes: Expression; readonly roots: readonly NodeId[] } {
  const users = nodes.map((): NodeId[] => [])
  const needed = new Set(roots)
  for (let id = nodes.length - 1; id >= 0; id--) {
    if (!needed.has(id)) continue
    for (const input of inputsOf(nodes[id]!)) {
      needed.add(input)
      users[input]!.push(id)
    }
  }
  const reads = mostRead(nodes, needed)
  const place = new Map<NodeId, NodeId>()
  const ordered: NodeId[] = []
  const later = new Set(reads)
  // what else it needs is computed with it: reads of other buffers, and what becomes of them
  const isReady = (id: NodeId): boolean => place.has(id) || (!later.has(id) && inputsOf(nodes[id]!).every(isReady))
  const emit = (id: NodeId): void => {
    if (place.has(id)) return
    for (const input of inputsOf(nodes[id]!)) emit(input)
    place.set(id, ordered.length)
    ordered.push(id)
  }
  for (const read of reads) {
    later.delete(read)
    emit(read)
    const waiting = [...users[read]!]
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      if (place.has(id) || !inputsOf(nodes[id]!).every(isReady)) continue
      emit(id)
      waiting.push(...users[id]!)
    }
  }
  for (const id of [...needed].sort((a, b) => a - b)) emit(id)
  return { nodes: ordered.map((id) => withOperands(nodes[id]!, (input) => place.get(input)!)), roots: roots.map((id) => place.get(id)!) }
}

/** The reads of the buffer that is read at the most places, in the order of memory. */
function mostRead(nodes: Expression, needed: ReadonlySet<NodeId>): NodeId[] {
  const byBuffer = new Map<number, { readonly id: NodeId; readonly at: number }[]>()
  for (const id of needed) {
    const node = nodes[id]!
    if (node.op !== 'load') continue
    const of = byBuffer.get(node.buffer) ?? []
    byBuffer.set(node.buffer, of)
    of.push({ id, at: node.index.constant })
  }
  const [most, other] = [...byBuffer.values()].sort((a, b) => b.length - a.length)
  return most === undefined || other === undefined ? [] : most.sort((a, b) => a.at - b.at).map(({ id }) => id)
}
