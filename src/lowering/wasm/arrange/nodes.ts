/** Expressions put together of others, in which equal nodes stand once. */
import { sizeOf } from '../../../core/aval.ts'
import { paramKey } from '../../../core/jaxpr-key.ts'
import { type Expression, type Node, type NodeId, withOperands } from '../../kernel-ir/index.ts'

export class Nodes {
  readonly nodes: Node[] = []
  readonly #known = new Map<string, NodeId>()

  put(node: Node): NodeId {
    const key = paramKey(node)
    const known = this.#known.get(key)
    if (known !== undefined) return known
    this.#known.set(key, this.nodes.length)
    return this.nodes.push(node) - 1
  }

  /** Adds an expression, results of the reduction standing for `reduced` nodes; gives where its nodes are. */
  add(nodes: Expression, results: readonly NodeId[]): NodeId[] {
    const ids: NodeId[] = []
    const at = (id: NodeId): NodeId => ids[id]!
    for (const node of nodes) ids.push(node.op === 'reduced' ? results[node.output]! : this.put(withOperands(node, at)))
    return ids
  }
}

/** All points of a space, the first axis the fastest. */
export function* points(extents: readonly number[]): Generator<number[]> {
  const total = sizeOf(extents)
  for (let k = 0; k < total; k++) {
    let rest = k
    yield extents.map((n) => {
      const at = rest % n
      rest = Math.floor(rest / n)
      return at
    })
  }
}
