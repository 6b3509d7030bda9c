/** A contraction turned around: convolutions whose places are columns, as results that have them last need, have them as rows then. */
import { type ContractionKernel, dimIndex, type Index } from './kernel-ir/index.ts'
import { rewriteNodes, rewriteStores } from './kernel-ir/rewrite.ts'

/** The same sums with the operands in each other's place: rows are columns. */
export function exchanged(kernel: ContractionKernel): ContractionKernel {
  const { batch, m, n, k } = kernel
  const sizes = [...batch, ...n, ...m, ...k]
  const [atM, atN, atK] = [batch.length, batch.length + m.length, batch.length + m.length + n.length]
  const place = (dim: number): Index => dimIndex(dim < atM || dim >= atK ? dim : dim < atN ? dim + n.length : dim - m.length)
  return {
    ...kernel,
    m: n,
    n: m,
    sliding: kernel.sliding.map((s) => ({ ...s, side: 'm' })),
    lhs: rewriteNodes(kernel.rhs, place, sizes),
    rhs: rewriteNodes(kernel.lhs, place, sizes),
    epilogue: rewriteNodes(kernel.epilogue, place, sizes),
    stores: rewriteStores(kernel.stores, place, sizes),
  }
}
