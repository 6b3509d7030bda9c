/** The same expressions and stages over other loop variables. */
import type { DType } from '../../core/dtype.ts'
import type { Guard, Index } from './index-map.ts'
import type { Expression, LoopKernel, Node, NodeId, Stage, Store } from './kernel.ts'
import { simplifyGuards, type Sizes, substitute } from './index-arithmetic.ts'

/** What each loop variable becomes, in terms of the new ones. */
export type DimMap = (dim: number) => Index

/** Rewrites every index map of an expression; `sizes` are the extents of the new variables. Node positions stay. */
export function rewriteNodes(nodes: Expression, into: DimMap, sizes: Sizes): Expression {
  return nodes.map((node): Node => {
    switch (node.op) {
      case 'load':
      case 'gather': {
        const guards = simplifyGuards(node.guards, into, sizes)
        if (guards === null) return { op: 'literal', dtype: node.dtype, value: node.otherwise }
        return { ...node, index: substitute(node.index, into, sizes), guards }
      }
      case 'index':
        return { ...node, index: substitute(node.index, into, sizes) }
      case 'guarded': {
        const guards = simplifyGuards(node.guards, into, sizes)
        if (guards === null) return { ...node, guards: [], inside: node.outside }
        return { ...node, guards }
      }
      case 'literal':
      case 'apply':
      case 'bitcast':
      case 'threefry':
      case 'reduced':
      case 'accumulator':
        return node
    }
  })
}

/** The same node on other operands. */
export function withOperands(node: Node, at: (id: NodeId) => NodeId): Node {
  switch (node.op) {
    case 'gather':
      return { ...node, positions: node.positions.map((p) => ({ ...p, position: at(p.position) })) }
    case 'guarded':
      return { ...node, inside: at(node.inside), outside: at(node.outside) }
    case 'apply':
      return { ...node, inputs: node.inputs.map(at) }
    case 'bitcast':
      return { ...node, input: at(node.input) }
    case 'threefry': {
      const [a, b, c, d] = node.inputs
      return { ...node, inputs: [at(a), at(b), at(c), at(d)] }
    }
    case 'load':
    case 'literal':
    case 'index':
    case 'reduced':
    case 'accumulator':
      return node
  }
}

/** The node in a longer list, where everything that it refers to stands so many places further on. */
export const shiftNode = (n: Node, by: number): Node => withOperands(n, (id) => id + by)

/** Where the node stands in another dtype: a conversion is added to the list unless it has that already. */
export function pushConverted(nodes: Node[], id: NodeId, dtype: DType): NodeId {
  if (nodes[id]?.dtype === dtype) return id
  return nodes.push({ op: 'apply', primitive: 'convertElementType', params: { newDtype: dtype, weakType: false }, dtype, inputs: [id] }) - 1
}

export const rewriteStores = (stores: readonly Store[], into: DimMap, sizes: Sizes): readonly Store[] =>
  stores.map((store) => ({ ...store, index: substitute(store.index, into, sizes) }))

/** A stage over `space` and a new inner space. A cumulative stage keeps its one inner dimension. */
export function rewriteStage(stage: Stage, space: readonly number[], inner: readonly number[], into: DimMap): Stage {
  const sizes = [...space, ...inner]
  const nodes = rewriteNodes(stage.nodes, into, sizes)
  switch (stage.kind) {
    case 'map':
      return { ...stage, inner, nodes, stores: rewriteStores(stage.stores, into, sizes) }
    case 'reduce':
      return { ...stage, inner, nodes }
    case 'cumulative':
      return { ...stage, nodes, stores: rewriteStores(stage.stores, into, sizes) }
  }
}

/** Calls `visit` with every index map of a stage, those of guards included, and divisions and remainders inside of them. */
export function eachIndex(stage: Stage, visit: (index: Index) => void): void {
  const deep = (index: Index): void => {
    visit(index)
    for (const { atom } of index.terms) if (atom.kind !== 'dim') deep(atom.of)
  }
  for (const node of stage.nodes) {
    switch (node.op) {
      case 'load':
      case 'gather':
        deep(node.index)
        for (const guard of node.guards) deep(guard.index)
        break
      case 'index':
        deep(node.index)
        break
      case 'guarded':
        for (const guard of node.guards) deep(guard.index)
        break
      case 'literal':
      case 'apply':
      case 'bitcast':
      case 'threefry':
      case 'reduced':
      case 'accumulator':
        break
    }
  }
  if (stage.kind !== 'reduce') for (const store of stage.stores) deep(store.index)
}

/** Replaces one stage's or the whole space's axes: see `normalize.ts`. */
export type Shaped = Pick<LoopKernel, 'space' | 'stages'>

/** Adds guards to every read, and gives 0 outside of them: a step of k past the end adds nothing. */
export function guarded(nodes: Expression, guards: readonly Guard[]): Expression {
  if (guards.length === 0) return nodes
  const read = nodes.map((n): Node => (n.op === 'load' || n.op === 'gather' ? { ...n, guards: [...guards, ...n.guards] } : n))
  const last = read.at(-1)!
  const inside = read.length - 1
  return [
    ...read,
    { op: 'literal', dtype: last.dtype, value: 0 },
    { op: 'guarded', dtype: last.dtype, guards, inside, outside: inside + 1 },
  ]
}
