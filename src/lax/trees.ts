/** Operations on whole trees. */
import * as ops from '../core/ops/index.ts'
import { bind } from '../core/trace.ts'
import { flatten, type Out, unflatten } from '../core/tree.ts'

/** The same values; no pass merges operations, or moves them, across this point. */
export function optimizationBarrier<T>(x: T): Out<T> {
  const [leaves, structure] = flatten(x, 'optimizationBarrier')
  const out = leaves.length === 0 ? [] : bind('optimizationBarrier', leaves.map((x) => ops.toArray('optimizationBarrier', x)), {})
  // The structure is that of x: unflatten's type is unknown because structures are data.
  return unflatten(structure, out) as Out<T>
}
