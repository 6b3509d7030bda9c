/** What every way of updating has: what an update reads, where it goes, what becomes of the old value. */
import { type BufferId, type Expression, neededBy, type NodeId, type ScatterKernel } from '../../kernel-ir/index.ts'
import type { Bindings } from '../shader/bindings.ts'
import type { Scope } from '../expression/expression.ts'
import { combineText } from '../loop-kernel/fold.ts'
import type { Pass } from '../shader/pieces.ts'
import { variableNames } from '../shader/variables.ts'

export const scopeOf = (kernel: ScatterKernel, bindings: Bindings): Scope => ({
  bindings,
  variables: { sizes: kernel.space, names: variableNames(kernel.space, 'd') },
  prefix: 's',
  reduced: () => '',
  accumulator: () => '',
})

const bufferOf = (n: Expression[number]): BufferId | null => (n.op === 'load' || n.op === 'gather' ? n.buffer : null)

export const readsOf = (kernel: ScatterKernel, roots: readonly NodeId[]): BufferId[] => [...neededBy(kernel.nodes, roots)].flatMap((id) => bufferOf(kernel.nodes[id]!) ?? [])
export const positionsOf = (kernel: ScatterKernel): NodeId[] => kernel.positions.map((p) => p.position)

/** What becomes of the old value. */
export const updated = ({ combine, dtype, out }: ScatterKernel, bindings: Bindings, at: string, value: string): string =>
  combine === 'set' ? value : combineText(combine, dtype, bindings.read(out, dtype, at), value)

/** A statement that stores at `to`, where that is in the part of the result that a shader sees. */
export const inPass = (pass: Pass | null, store: string): string => (pass === null ? store : `if ((to >= ${pass.first}i) & (to < ${pass.last}i)) { ${store} }`)
