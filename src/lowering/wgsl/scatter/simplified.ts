import { sizeOf } from '../../../core/aval.ts'
import { dimVector, type Expression, flattenIndex, type NodeId, type ScatterKernel } from '../../kernel-ir/index.ts'
import { fits, type KernelContext } from '../shader/kernel-context.ts'
import { emitLoop } from '../loop-kernel/loop-kernel.ts'
import { combinedPosition } from '../loop-kernel/wide-nodes.ts'
import { positionsOf, readsOf } from './update.ts'

/** Buffers of the shader that combines, besides those that updates are made from. */
const ownBuffers = 5

/** Where too many buffers are read for one shader, updates and positions are made by others first. */
export function simplified(context: KernelContext, kernel: ScatterKernel): ScatterKernel {
  const positions = positionsOf(kernel)
  if (fits(context, readsOf(kernel, [kernel.value, ...positions]), ownBuffers)) return kernel
  const index = flattenIndex(dimVector(kernel.space.length), kernel.space, kernel.space)
  const made = (root: NodeId, nodes: Expression = kernel.nodes): Expression[number] => {
    const { dtype } = nodes[root]!
    const buffer = context.temp(dtype, sizeOf(kernel.space))
    emitLoop(context, { kind: 'loop', name: kernel.name, space: kernel.space, stages: [{ kind: 'map', inner: [], nodes, stores: [{ buffer, index, node: root }] }] })
    return { op: 'load', dtype, buffer, index, guards: [], otherwise: 0 }
  }
  // Positions are one node each, or, where they alone are too many, one number each.
  if (fits(context, readsOf(kernel, positions), ownBuffers + 1)) {
    const value = made(kernel.value)
    return { ...kernel, nodes: [...kernel.nodes, value], value: kernel.nodes.length }
  }
  if (1 + positions.length + ownBuffers > context.limits.storageBuffers) {
    const one = combinedPosition(kernel.nodes, kernel.positions, kernel.mode === 'drop')
    const [value, to] = [made(kernel.value), made(one.position.position, one.nodes)]
    return { ...kernel, nodes: [value, to], value: 0, positions: [{ ...one.position, position: 1 }] }
  }
  const nodes = [made(kernel.value), ...positions.map((p) => made(p))]
  return { ...kernel, nodes, value: 0, positions: kernel.positions.map((p, i) => ({ ...p, position: 1 + i })) }
}
