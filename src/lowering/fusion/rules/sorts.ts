/** Sorts: kernels of their own. */
import { type Aval, sizeOf } from '../../../core/aval.ts'
import type { Graph, LoweringRules } from '../graph.ts'
import { type Operand, shapeOf, type Sort, type Value } from '../value.ts'

/** One value a sorted operand, or the places in the row (null). */
function sorted(g: Graph, inputs: readonly (Operand | null)[], outs: readonly Aval[], axis: number, order: Pick<Sort['rows'], 'numKeys' | 'descending'>): Value[] {
  const { shape } = g.array(inputs[0]!)
  const rows = { outer: sizeOf(shape.slice(0, axis)), length: shape[axis]!, inner: sizeOf(shape.slice(axis + 1)), keep: outs[0]!.shape[axis]!, ...order }
  const sort: Sort = { operands: inputs.map((x) => (x === null ? null : g.inMemory(x))), results: [], rows }
  outs.forEach((out, output) => sort.results.push(g.value(out.shape, out.dtype, { kind: 'sort', sort, output })))
  return sort.results
}

export const sortsLowering: LoweringRules<'sort' | 'topK'> = {
  sort: (g, inputs, { dimension, numKeys }, outs) => sorted(g, inputs, outs, dimension, { numKeys, descending: false }),
  topK: (g, [input], _, outs) => sorted(g, [input!, null], outs, shapeOf(input!).length - 1, { numKeys: 1, descending: true }),
}
