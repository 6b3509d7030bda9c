/** Where the elements come from that go into images and taps. */
import { sizeOf } from '../../../../core/aval.ts'
import { type BufferId, type Expression, type Guard, type Index, type LoopKernel, type Node, renameBuffers, rewriteNodes, type Sizes, unflattenIndex } from '../../../kernel-ir/index.ts'
import type { KernelContext } from '../../shader/kernel-context.ts'
import { emitLoop } from '../../loop-kernel/loop-kernel.ts'

/** No buffer of a program has a number this high: what the plan's loops call their scratch memory. */
export const scratchBuffers: BufferId = 1 << 28

/** Nodes for an element of what the plan's loop writes, at a flat place in terms of a space. */
export type Operand = (place: Index, space: Sizes) => Expression

/** Evaluated wherever it is needed: several times, since tiles overlap. */
export function inPlace(loop: LoopKernel): Operand {
  return (place, space) => {
    const dims = unflattenIndex(place, loop.space, space)
    return rewriteNodes(loop.stages[0]!.nodes, (dim) => dims[dim]!, space)
  }
}

/** Evaluated once, and read from memory. */
export function inMemory(context: KernelContext, loop: LoopKernel): Operand {
  const buffer = context.temp('float32', sizeOf(loop.space))
  emitLoop(context, renameBuffers(loop, (b) => (b >= scratchBuffers ? buffer : b)))
  return (place) => [load(buffer, place)]
}

export const load = (buffer: BufferId, index: Index, guards: readonly Guard[] = []): Node => ({ op: 'load', dtype: 'float32', buffer, index, guards, otherwise: 0 })
