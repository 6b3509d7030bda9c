/** Reads that only matter under a `guarded` node get its guards, because elsewhere their places may not exist. */
import { type Expression, type Guard, indexKey, inputsOf, type NodeId } from '../../kernel-ir/index.ts'

const keyOf = (g: Guard): string => `${g.low}<${g.high}:${indexKey(g.index)}`

type Guards = ReadonlyMap<string, Guard>
const none: Guards = new Map()

/** The same nodes, with every load and gather guarded by what all paths to it from the roots have in common. */
export function guardReads(nodes: Expression, roots: readonly NodeId[]): Expression {
  if (!nodes.some((n) => n.op === 'guarded' && n.guards.length > 0)) return nodes
  const under = new Map<NodeId, Guards>(roots.map((id) => [id, none]))
  const reach = (id: NodeId, guards: Guards): void => {
    const known = under.get(id)
    under.set(id, known === undefined ? guards : common(known, guards))
  }
  for (let id = nodes.length - 1; id >= 0; id--) {
    const node = nodes[id]
    const here = under.get(id)
    if (node === undefined || here === undefined) continue
    if (node.op !== 'guarded') for (const input of inputsOf(node)) reach(input, here)
    else {
      reach(node.inside, node.guards.length === 0 ? here : new Map([...here, ...node.guards.map((g) => [keyOf(g), g] as const)]))
      if (node.outside !== node.inside) reach(node.outside, here)
    }
  }
  return nodes.map((node, id) => {
    const here = under.get(id)
    if ((node.op !== 'load' && node.op !== 'gather') || here === undefined || here.size === 0) return node
    const own = new Set(node.guards.map(keyOf))
    const more = [...here].filter(([key]) => !own.has(key)).map(([, g]) => g)
    return more.length === 0 ? node : { ...node, guards: [...node.guards, ...more] }
  })
}

function common(a: Guards, b: Guards): Guards {
  if (a.size === 0 || b.size === 0) return none
  return new Map([...a].filter(([key]) => b.has(key)))
}
