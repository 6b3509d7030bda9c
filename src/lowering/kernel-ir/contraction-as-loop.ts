/** Contractions that are too thin for tiles, as loop kernels. */
import { sizeOf } from '../../core/aval.ts'
import type { ContractionKernel, Expression, LoopKernel, Node } from './kernel.ts'
import { shiftNode } from './rewrite.ts'

/** Products so few are not worth packing for. Devices add them up one after the other, so that results have the same bits. */
const tinyProducts = 1024

export const isTiny = ({ batch, m, n, k }: ContractionKernel): boolean => sizeOf([...batch, ...m, ...n, ...k]) <= tinyProducts

/** The same as a reduction over the depth, a point a result. `inOrder`: products are added up one after the other. */
export function contractionAsLoop(kernel: ContractionKernel, inOrder = false): LoopKernel {
  const { lhs, rhs, dtype, k, name } = kernel
  const product: Node = { op: 'apply', primitive: 'mul', params: {}, dtype, inputs: [lhs.length - 1, lhs.length + rhs.length - 1] }
  const nodes: Expression = [...lhs, ...rhs.map((n) => shiftNode(n, lhs.length)), product]
  const reduce = { kind: 'reduce', inner: k, nodes, accumulators: [{ combine: 'sum', dtype, node: nodes.length - 1, position: null }], inOrder } as const
  return { kind: 'loop', name, space: [...kernel.batch, ...kernel.m, ...kernel.n], stages: [reduce, { kind: 'map', inner: [], nodes: kernel.epilogue.map(sumIsReduced), stores: kernel.stores }] }
}

/** What follows a contraction, behind a reduction stage that has its sums. */
const sumIsReduced = (n: Node): Node => (n.op === 'accumulator' ? { op: 'reduced', dtype: n.dtype, stage: 0, output: 0 } : n)
