/** Reads at computed places of an array that no shader can bind together with what says where: a part of the array after the other. */
import { sizeOf } from '../../../core/aval.ts'
import { type BufferId, type Expression, type LoopKernel, neededBy, type Node, type NodeId, type Store } from '../../kernel-ir/index.ts'
import { Bindings, bindingCount } from '../shader/bindings.ts'
import { eachPoint } from '../shader/each-point.ts'
import { expressionText, positionText, type Scope, storeText, withinText } from '../expression/expression.ts'
import { guardText, indexText } from '../expression/index-text.ts'
import { type KernelContext, tooManyBindings } from '../shader/kernel-context.ts'
import { block } from '../shader/module-text.ts'
import { boxesOf, type Pass, passesOver, restricted, together } from '../shader/pieces.ts'
import { type Box, boxOf, isLarge, type Spans, Touched } from '../shader/spans.ts'
import { literalOf } from '../shader/types.ts'
import { unravel, variableNames } from '../shader/variables.ts'

type Gather = Extract<Node, { op: 'gather' }>

/** Whether a node is such a read, of elements that are stored as what they are read as. */
export function canGoInPasses(context: KernelContext, nodes: Expression, id: NodeId): boolean {
  const n = nodes[id]!
  return n.op === 'gather' && isLarge(context, n.buffer) && context.avalOf(n.buffer).dtype === n.dtype
}

/** A map with one store, of such a node. */
export function emitGatherInPasses(context: KernelContext, kernel: LoopKernel): void {
  const { nodes, store } = mapOf(kernel)
  const { buffer: source, positions } = nodes[store.node] as Gather // by canGoInPasses
  const telling = [...neededBy(nodes, positions.map((p) => p.position))]
  const reads = telling.flatMap((id) => { const n = nodes[id]!; return n.op === 'load' || n.op === 'gather' ? n.buffer : [] })
  const touched = (all: Touched, box: Box): void => {
    all.nodes(telling.map((id) => nodes[id]!), box)
    all.index(store.buffer, nodes[store.node]!.dtype, store.index, box)
  }
  const pieces = boxesOf(context, kernel.space, { buffers: new Set([...reads, store.buffer]), touched, more: 1 })
  if (pieces === null) {
    const all = new Touched(context)
    touched(all, boxOf(kernel.space))
    return emitPasses(context, kernel, source, reads, all.spans)
  }
  for (const { box, spans } of pieces) emitPasses(context, restricted(kernel, box), source, reads, spans)
}

function mapOf({ stages: [stage] }: LoopKernel): { readonly nodes: Expression; readonly store: Store } {
  const { nodes, stores } = stage as Extract<typeof stage, { kind: 'map' }> // of what is a map alone
  return { nodes, store: stores[0]! }
}

/** A shader for each part of the source, of as many bindings as are left: of each point one finds its element. */
function emitPasses(context: KernelContext, kernel: LoopKernel, source: BufferId, reads: readonly BufferId[], spans: Spans): void {
  const { nodes, store } = mapOf(kernel)
  const left = context.limits.storageBuffers - context.apart(spans, () => bindingCount(context, [...reads, store.buffer]))
  if (left < 1) throw tooManyBindings(context, kernel.name, [source, ...reads, store.buffer].map((b) => context.locate(b).place))
  for (const pass of passesOver(context, source, context.avalOf(source).dtype, left)) context.apart(together(spans, pass.spans), () => { emitPass(context, kernel, nodes, store, pass) })
}

function emitPass(context: KernelContext, { space }: LoopKernel, nodes: Expression, store: Store, { first, last }: Pass): void {
  const node = nodes[store.node]!
  const roots = node.op === 'gather' ? node.positions.map((p) => p.position) : [store.node]
  const reads = [...neededBy(nodes, [store.node])].flatMap((id) => { const n = nodes[id]!; return n.op === 'load' || n.op === 'gather' ? n.buffer : [] })
  const bindings = new Bindings(context, reads, [store.buffer])
  const scope: Scope = { bindings, variables: { sizes: space, names: variableNames(space, 'd') }, prefix: 's', reduced: () => '', accumulator: () => '' }
  const { statements, values } = expressionText(scope, nodes, roots)
  const put = (value: string): string => bindings.write(store.buffer, node.dtype, indexText(store.index, scope.variables), value)
  const lines = (n: Gather): string[] => {
    const text = (id: NodeId): string => values[id]!
    const guards = [guardText(n.guards, scope.variables), n.mode === 'fill' ? withinText(n.positions, text) : null].filter((g) => g !== null)
    const found = block(`if ((at >= ${first}i) & (at < ${last}i))`, [put(bindings.read(n.buffer, n.dtype, 'at'))])
    return [
      `let at = ${positionText(indexText(n.index, scope.variables), n.positions, text)};`,
      guards.length === 0 ? found : `${block(`if (${guards.join(' & ')})`, [found])} else { ${first === 0 ? put(literalOf(n.dtype, n.otherwise)) : ''} }`,
    ]
  }
  // Guards may say that there is nothing to read.
  const stores = node.op === 'gather' ? lines(node) : [storeText(scope, store, values, nodes)]
  eachPoint(context, bindings, sizeOf(space), [...unravel('point', space, 'd', 0), ...statements, ...stores])
}
