/**
 * Updates at computed places. Where no two can meet they are stored, and integers are added (or the like) atomically; else the
 * updates are sorted by their targets, equal ones in their own order, and each run of one target is combined: by chunks of sorted updates, then
 * over the chunks that a run goes through. So sums are the same bits in every run, and the last of several sets wins.
 *
 * Where a shader cannot bind all of the result there is one for each part of it, which leaves out what goes elsewhere.
 */
import { sizeOf } from '../../../core/aval.ts'
import { type NodeId, rewriteNodes, type ScatterKernel, substitute } from '../../kernel-ir/index.ts'
import { Bindings, bindingCount } from '../shader/bindings.ts'
import { eachPoint } from '../shader/each-point.ts'
import { expressionText, positionText, withinText } from '../expression/expression.ts'
import { indexText } from '../expression/index-text.ts'
import { fits, type KernelContext, tooManyBindings } from '../shader/kernel-context.ts'
import { block } from '../shader/module-text.ts'
import { boxesOf, isAll, type Pass, passesOver, together } from '../shader/pieces.ts'
import { type Box, everywhere, intoBox, type Spans, type Touched } from '../shader/spans.ts'
import { unravelSome } from '../shader/variables.ts'
import { rowsOf } from './rows.ts'
import { simplified } from './simplified.ts'
import { SortedScatter } from './sorted.ts'
import { inPass, positionsOf, readsOf, scopeOf, updated } from './update.ts'

export function emitScatter(context: KernelContext, given: ScatterKernel): void {
  context.copy(given.operand, given.out)
  if (sizeOf(given.space) === 0) return
  const kernel = simplified(context, given)
  const rows = rowsOf(kernel)
  if (rows.updates.length === 0) return eachPart(context, kernel, context.limits.storageBuffers, direct)
  if (isAtomic(kernel)) return eachPart(context, kernel, 1, atomic)
  new SortedScatter(context, kernel, rows).emit()
}

type Emit = (context: KernelContext, kernel: ScatterKernel, pass: Pass | null) => void

/** Shaders for all updates and all of the result: one, or one for each box of updates and part of the result, of at most so many windows. */
function eachPart(context: KernelContext, kernel: ScatterKernel, windows: number, emit: Emit): void {
  const roots = [kernel.value, ...positionsOf(kernel)]
  const reads = readsOf(kernel, roots)
  const { out } = kernel
  if (fits(context, [...reads, out]) && bindingCount(context, [out]) <= windows) return emit(context, kernel, null)
  const touched = (all: Touched, box: Box): void => {
    all.nodes(kernel.nodes, box)
    if (kernel.positions.length === 0) all.index(out, kernel.dtype, kernel.index, box)
  }
  // Without positions, updates in a box go to a part of the result.
  const placed = kernel.positions.length === 0
  const pieces = boxesOf(context, kernel.space, { buffers: new Set(placed ? [...reads, out] : reads), touched, more: placed ? 0 : 1 })
  for (const { box, spans } of pieces ?? [{ box: null, spans: everywhere }]) {
    const piece = box === null ? kernel : restricted(kernel, box)
    if (placed) {
      context.apart(spans, () => { emit(context, piece, null) })
      continue
    }
    const left = Math.min(windows, windowsLeft(context, spans, reads))
    if (left < 1) throw tooManyBindings(context, kernel.name, [...reads, out].map((b) => context.locate(b).place))
    for (const pass of passesOver(context, out, kernel.dtype, left)) context.apart(together(spans, pass.spans), () => { emit(context, piece, pass) })
  }
}

const windowsLeft = (context: KernelContext, spans: Spans, reads: readonly number[]): number => context.limits.storageBuffers - context.apart(spans, () => bindingCount(context, reads))

/** Updates in a box. */
function restricted(kernel: ScatterKernel, box: Box): ScatterKernel {
  if (isAll(kernel.space, box)) return kernel
  const space = box.map(({ size }) => size)
  return { ...kernel, space, nodes: rewriteNodes(kernel.nodes, intoBox(box), space), index: substitute(kernel.index, intoBox(box), space) }
}

/** One invocation an update: `store` is given the address and the value. */
function each(context: KernelContext, kernel: ScatterKernel, bindings: Bindings, pass: Pass | null, store: (at: string, value: string) => string): void {
  const scope = scopeOf(kernel, bindings)
  const { statements, values } = expressionText(scope, kernel.nodes, [kernel.value, ...positionsOf(kernel)])
  const text = (id: NodeId): string => values[id]!
  const stores = [`let to = ${positionText(indexText(kernel.index, scope.variables), kernel.positions, text)};`, inPass(pass, store('to', text(kernel.value)))]
  eachPoint(context, bindings, sizeOf(kernel.space), [
    ...unravelSome('point', kernel.space, kernel.space.map((_, d) => d), 'd'),
    ...statements,
    ...(kernel.mode === 'drop' ? [block(`if (${withinText(kernel.positions, text)})`, stores)] : stores),
  ])
}

function direct(context: KernelContext, kernel: ScatterKernel, pass: Pass | null): void {
  const bindings = new Bindings(context, readsOf(kernel, [kernel.value, ...positionsOf(kernel)]), [kernel.out])
  each(context, kernel, bindings, pass, (at, value) => bindings.write(kernel.out, kernel.dtype, at, updated(kernel, bindings, at, value)))
}

const isAtomic = ({ combine, dtype }: ScatterKernel): boolean => (combine === 'sum' || combine === 'min' || combine === 'max') && (dtype === 'int32' || dtype === 'uint32')

function atomic(context: KernelContext, kernel: ScatterKernel, pass: Pass | null): void {
  const bindings = new Bindings(context, readsOf(kernel, [kernel.value, ...positionsOf(kernel)]), [kernel.out], { atomic: kernel.out })
  const operation = { sum: 'atomicAdd', min: 'atomicMin', max: 'atomicMax', set: '', prod: '' }[kernel.combine]
  each(context, kernel, bindings, pass, (at, value) => `${operation}(${bindings.pointer(kernel.out, at)}, ${value});`)
}
