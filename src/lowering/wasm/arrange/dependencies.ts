/** Which loop variables a node depends on: a bit each. */
import { eachDim, type Expression, type Index, type Node, type NodeId } from '../../kernel-ir/index.ts'

/** It depends on the result of a reduction, or on the running value of one, as well. */
export const reducedBit: number = 1 << 29
export const accumulatorBit: number = 1 << 30

export function indexMask(index: Index): number {
  let mask = 0
  eachDim(index, (dim) => {
    mask |= 1 << dim
  })
  return mask
}

/** The variables that each node depends on. `spaceMask`: those of the parallel space, on which results of reductions depend. */
export function dependenciesOf(nodes: Expression, spaceMask: number): number[] {
  const masks: number[] = []
  const of = (id: NodeId): number => masks[id] ?? 0
  for (const node of nodes) masks.push(nodeMask(node, of, spaceMask))
  return masks
}

function nodeMask(node: Node, of: (id: NodeId) => number, spaceMask: number): number {
  let mask = 0
  switch (node.op) {
    case 'load':
    case 'gather':
      mask = indexMask(node.index)
      for (const guard of node.guards) mask |= indexMask(guard.index)
      if (node.op === 'gather') for (const { position } of node.positions) mask |= of(position)
      return mask
    case 'literal':
      return 0
    case 'index':
      return indexMask(node.index)
    case 'guarded':
      mask = of(node.inside) | of(node.outside)
      for (const guard of node.guards) mask |= indexMask(guard.index)
      return mask
    case 'apply':
    case 'threefry':
      for (const id of node.inputs) mask |= of(id)
      return mask
    case 'bitcast':
      return of(node.input)
    case 'reduced':
      return spaceMask | reducedBit
    case 'accumulator':
      return accumulatorBit | spaceMask
  }
}
