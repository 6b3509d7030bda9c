/** Operations on whole trees. */
import { isArray, type NDArray } from '../core/array.ts'
import * as ops from '../core/ops/index.ts'
import { bind } from '../core/trace.ts'
import { type ArrayLike, flatten, type Out, unflatten } from '../core/tree.ts'

/**
 * The same values, through which no derivative flows.
 *
 * @example
 * grad((x) => x.mul(lax.stopGradient(x)))(3)   // 3, not 6
 */
export function stopGradient<T>(x: T): Out<T> {
  return mapLeaves('stopGradient', x, (leaf) => (isArray(leaf) ? ops.stopGradientArray(leaf) : ops.toArray(leaf)))
}

/** The same values; no pass merges operations, or moves them, across this point. */
export function optimizationBarrier<T>(x: T): Out<T> {
  const [leaves, structure] = flatten(x, 'optimizationBarrier')
  const out = leaves.length === 0 ? [] : bind('optimizationBarrier', leaves.map(ops.toArray), {})
  return unflatten(structure, out) as Out<T>
}

// The structure is that of x: unflatten's type is unknown because structures are data.
function mapLeaves<T>(operation: string, x: T, f: (leaf: ArrayLike) => NDArray): Out<T> {
  const [leaves, structure] = flatten(x, operation)
  return unflatten(structure, leaves.map(f)) as Out<T>
}
