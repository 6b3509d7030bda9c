/** Nodes of many operands as several of few, so that a part of them can be made by a shader of its own. */
import type { Expression, Node, NodeId, Position } from '../../kernel-ir/index.ts'
import { withOperands } from '../../kernel-ir/rewrite.ts'

export interface Expanded {
  readonly nodes: Expression
  /** Where the nodes that there were are now. */
  readonly at: readonly NodeId[]
}

/** Choices among more than two, and positions along more than one axis, a step at a time; null where there are none. */
export function expandWide(nodes: Expression): Expanded | null {
  const out = new Nodes()
  const at: NodeId[] = []
  let found = false
  for (const node of nodes) {
    const moved = withOperands(node, (id) => at[id]!)
    if (moved.op === 'gather' && moved.positions.length > 1) {
      found = true
      const position = onePosition(out, moved.positions, moved.mode === 'fill')
      at.push(out.add({ ...moved, positions: [position] }))
    } else if (moved.op === 'apply' && moved.primitive === 'selectN' && moved.inputs.length > 3) {
      found = true
      const [which, first, ...rest] = moved.inputs as readonly [NodeId, NodeId, ...NodeId[]] // a selector and a case at least
      at.push(rest.reduce((chosen, next, k) => out.apply('selectN', moved.dtype, [out.apply('ge', 'bool', [which, out.int(k + 1)]), chosen, next]), first))
    } else at.push(out.add(moved))
  }
  return found ? { nodes: out.list, at } : null
}

/**
 * One position for several: the sum of their strides, each clamped. With `outside`, it is -1, which lies outside as well, where one of them does.
 * `nodes` gets what it is made from.
 */
export function combinedPosition(given: Expression, positions: readonly Position[], outside: boolean): { readonly nodes: Expression; readonly position: Position } {
  const out = new Nodes(given)
  const position = onePosition(out, positions, outside)
  return { nodes: out.list, position }
}

function onePosition(out: Nodes, positions: readonly Position[], outside: boolean): Position {
  const steps = positions.map(({ position, stride, limit }) => {
    const clamped = out.apply('clamp', 'int32', [out.int(0), position, out.int(limit)])
    return { offset: out.apply('mul', 'int32', [clamped, out.int(stride)]), within: out.apply('eq', 'bool', [clamped, position]) }
  })
  const sum = steps.map((s) => s.offset).reduce((a, b) => out.apply('add', 'int32', [a, b]))
  const limit = positions.reduce((n, p) => n + p.stride * p.limit, 0)
  if (!outside) return { position: sum, stride: 1, limit }
  const within = steps.map((s) => s.within).reduce((a, b) => out.apply('and', 'bool', [a, b]))
  return { position: out.apply('selectN', 'int32', [within, out.int(-1), sum]), stride: 1, limit }
}

class Nodes {
  readonly list: Node[]
  constructor(given: Expression = []) {
    this.list = [...given]
  }
  add(node: Node): NodeId {
    return this.list.push(node) - 1
  }
  int(value: number): NodeId {
    return this.add({ op: 'literal', dtype: 'int32', value })
  }
  apply(primitive: 'add' | 'mul' | 'clamp' | 'eq' | 'ge' | 'and' | 'selectN', dtype: Node['dtype'], inputs: readonly NodeId[]): NodeId {
    return this.add({ op: 'apply', primitive, params: {}, dtype, inputs } as Node) // none of these has parameters
  }
}
