/** Operands and results that lie in memory as they are: one distance for each of batch, rows, columns and k. */
import { type DType, dtypeInfo } from '../../../core/dtype.ts'
import type { BufferId, ContractionKernel, Expression, Index } from '../../kernel-ir/index.ts'
import { elementType, type SumType } from './sum-type.ts'

/** Element (batch, at, step) is `start + batch · batch + at · at + step · step` bytes from the buffer's pointer. */
export interface Strided {
  readonly buffer: BufferId
  readonly start: number
  readonly batch: number
  /** Between rows of the left operand or the result, between columns of the right operand. */
  readonly free: number
  /** Between steps of k; of the result, between columns. */
  readonly step: number
}

/** The left operand (`side` m) or the right one (n), where it is an array of the type that is summed in, read by fixed distances. */
export function stridedOperand(kernel: ContractionKernel, side: 'm' | 'n', sum: SumType): Strided | null {
  const [node, ...more]: Expression = side === 'm' ? kernel.lhs : kernel.rhs
  if (node?.op !== 'load' || more.length > 0 || node.guards.length > 0 || node.dtype !== elementType(sum)) return null
  const first = axesAt(kernel)
  return strided(node.index, node.buffer, node.dtype, [first.batch, side === 'm' ? first.m : first.n, first.k])
}

/** Where the sums go as they are. */
export function stridedResult(kernel: ContractionKernel, sum: SumType): Strided | null {
  const [node, ...more] = kernel.epilogue
  const [store, ...stores] = kernel.stores
  if (node?.op !== 'accumulator' || more.length > 0 || store === undefined || stores.length > 0 || node.dtype !== elementType(sum)) return null
  const first = axesAt(kernel)
  return strided(store.index, store.buffer, node.dtype, [first.batch, first.m, first.n])
}

interface Axes {
  readonly first: number
  readonly sizes: readonly number[]
}

function axesAt({ batch, m, n, k }: ContractionKernel): Record<'batch' | 'm' | 'n' | 'k', Axes> {
  const [atM, atN] = [batch.length, batch.length + m.length]
  return { batch: { first: 0, sizes: batch }, m: { first: atM, sizes: m }, n: { first: atN, sizes: n }, k: { first: atN + n.length, sizes: k } }
}

function strided(index: Index, buffer: BufferId, dtype: DType, [batchAxes, freeAxes, stepAxes]: readonly [Axes, Axes, Axes]): Strided | null {
  const { bytes } = dtypeInfo[dtype]
  const [batch, free, step] = [batchAxes, freeAxes, stepAxes].map((axes) => distance(index, axes))
  if (batch == null || free == null || step == null) return null
  return { buffer, start: bytes * index.constant, batch: bytes * batch, free: bytes * free, step: bytes * step }
}

/** How far apart neighbours along some axes are, all counted in one; null where that varies. */
function distance(index: Index, { first, sizes }: Axes): number | null {
  if (index.terms.some((t) => t.atom.kind !== 'dim')) return null
  let apart: number | null = null
  let inside = 1
  for (let d = sizes.length - 1; d >= 0; d--) {
    const size = sizes[d]!
    if (size === 1) continue
    const at = index.terms.find((t) => t.atom.kind === 'dim' && t.atom.dim === first + d)?.coefficient ?? 0
    apart ??= at
    if (at !== apart * inside) return null
    inside *= size
  }
  return apart ?? 0
}
