/**
 * Convolutions by Winograd's algorithm as shaders: operands are brought into images and taps, transformed into sixteen
 * matrices, multiplied, and transformed back. All is added in the order that WebAssembly's code has, so devices round alike.
 * A result that is no finite number is computed again as the convolution is written.
 */
import { sizeOf } from '../../../../core/aval.ts'
import { type BufferId, type ContractionKernel, type LoopKernel, readsOfKernel, writesOfKernel } from '../../../kernel-ir/index.ts'
import { products } from '../../../winograd/matrices.ts'
import { planWinograd } from '../../../winograd/plan.ts'
import { fits, type KernelContext } from '../../shader/kernel-context.ts'
import { emitLoop } from '../../loop-kernel/loop-kernel.ts'
import { all, blocksOf, chunksOf, tilesOf } from './chunk.ts'
import { inMemory, inPlace, type Operand, scratchBuffers } from './operand.ts'
import { emitResults } from './results.ts'
import { Stages } from './stages.ts'

/** Nodes of an operand that are rather evaluated for each tile than stored. */
const mostRepeated = 4

/** Emits a convolution for which the algorithm pays, its products by `multiply`; else gives false. */
export function emitWinograd(context: KernelContext, kernel: ContractionKernel, multiply: (product: ContractionKernel) => void): boolean {
  const plan = planWinograd(kernel, scratchBuffers)
  if (plan === null) return false
  if (!fits(context, [...readsOfKernel(kernel), ...writesOfKernel(kernel)], 1)) return false
  const chunks = chunksOf(plan, Math.min(context.winogradBytes, context.limits.bindingBytes))
  if (chunks === null) return false
  const { groups, channels, columns } = plan
  const results = plan.form === 'results'
  const temp = (...sizes: number[]): BufferId => context.temp('float32', sizeOf(sizes))
  const most = Math.max(...chunks.map((c) => tilesOf(plan, c)))
  const lhs = temp(products, most, groups * channels)
  const rhs = temp(products, results ? channels : most, columns)
  const multiplied = temp(products, results ? most : blocksOf(plan) * channels, columns)
  const operandOf = (loop: LoopKernel): Operand => (loop.stages[0]!.nodes.length <= mostRepeated ? inPlace(loop) : inMemory(context, loop))
  const [data, other] = [operandOf(plan.data), operandOf(plan.other)]
  if (results) emitLoop(context, new Stages(kernel.name, plan, chunks[0]!).tapsToMatrices(other, rhs))
  for (const chunk of chunks) {
    const stages = new Stages(kernel.name, plan, chunk)
    emitLoop(context, stages.dataToMatrices(data, lhs))
    if (!results) emitLoop(context, stages.gradientsToMatrices(other, rhs))
    multiply(results ? stages.product(lhs, rhs, multiplied) : stages.blockProducts(lhs, rhs, multiplied))
    if (results) emitResults(context, plan, multiplied, chunk)
  }
  if (!results) emitResults(context, plan, multiplied, all(plan))
  return true
}
