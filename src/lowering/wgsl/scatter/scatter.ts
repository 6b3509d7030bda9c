/**
 * Updates at computed places. Where no two can meet they are stored, and integers are added (or the like) atomically; else the
 * updates are sorted by their targets, equal ones in their own order, and each run of one target is combined: by chunks of sorted updates, then
 * over the chunks that a run goes through. So sums are the same bits in every run, and the last of several sets wins.
 */
import { sizeOf } from '../../../core/aval.ts'
import type { NodeId, ScatterKernel } from '../../kernel-ir/index.ts'
import { Bindings, bindingCount } from '../bindings.ts'
import { eachPoint } from '../each-point.ts'
import { expressionText, positionText, withinText } from '../expression.ts'
import { indexText } from '../index-text.ts'
import type { KernelContext } from '../kernel-context.ts'
import { block } from '../module-text.ts'
import { unravelSome } from '../variables.ts'
import { rowsOf } from './rows.ts'
import { simplified } from './simplified.ts'
import { SortedScatter } from './sorted.ts'
import { positionsOf, readsOf, scopeOf, updated } from './update.ts'

export function emitScatter(context: KernelContext, given: ScatterKernel): void {
  context.copy(given.operand, given.out)
  if (sizeOf(given.space) === 0) return
  const kernel = simplified(context, given)
  const rows = rowsOf(kernel)
  if (rows.updates.length === 0) return direct(context, kernel)
  if (isAtomic(context, kernel)) return atomic(context, kernel)
  new SortedScatter(context, kernel, rows).emit()
}

/** One invocation an update: `store` is given the address and the value. */
function each(context: KernelContext, kernel: ScatterKernel, bindings: Bindings, store: (at: string, value: string) => string[]): void {
  const scope = scopeOf(kernel, bindings)
  const { statements, values } = expressionText(scope, kernel.nodes, [kernel.value, ...positionsOf(kernel)])
  const text = (id: NodeId): string => values[id]!
  const stores = [`let to = ${positionText(indexText(kernel.index, scope.variables), kernel.positions, text)};`, ...store('to', text(kernel.value))]
  eachPoint(context, bindings, sizeOf(kernel.space), [
    ...unravelSome('point', kernel.space, kernel.space.map((_, d) => d), 'd'),
    ...statements,
    ...(kernel.mode === 'drop' ? [block(`if (${withinText(kernel.positions, text)})`, stores)] : stores),
  ])
}

function direct(context: KernelContext, kernel: ScatterKernel): void {
  const bindings = new Bindings(context, readsOf(kernel, [kernel.value, ...positionsOf(kernel)]), [kernel.out])
  each(context, kernel, bindings, (at, value) => [bindings.write(kernel.out, kernel.dtype, at, updated(kernel, bindings, at, value))])
}

const isAtomic = (context: KernelContext, { combine, dtype, out }: ScatterKernel): boolean =>
  (combine === 'sum' || combine === 'min' || combine === 'max') && (dtype === 'int32' || dtype === 'uint32') && bindingCount(context, [out]) === 1

function atomic(context: KernelContext, kernel: ScatterKernel): void {
  const bindings = new Bindings(context, readsOf(kernel, [kernel.value, ...positionsOf(kernel)]), [kernel.out], { atomic: kernel.out })
  const operation = { sum: 'atomicAdd', min: 'atomicMin', max: 'atomicMax', set: '', prod: '' }[kernel.combine]
  each(context, kernel, bindings, (at, value) => [`${operation}(${bindings.pointer(kernel.out, at)}, ${value});`])
}
