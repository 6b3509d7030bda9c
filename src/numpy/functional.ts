/** Functions applied to lines of an array, and to parts of it. */
import { isArray, type NDArray } from '../core/array.ts'
import { ArgumentError, ShapeError } from '../core/errors.ts'
import * as ops from '../core/ops/index.ts'
import type { ArrayLike } from '../core/tree.ts'
import { vmap } from '../transforms/index.ts'

/**
 * A function of a vector applied to every line along an axis: what it gives stands where the line stood. It is mapped, so it sees traced values.
 *
 * @example
 * np.applyAlongAxis((v) => np.sort(v).slice(0), 0, np.array([[3, 1], [2, 5]])).js()   // [2, 1]
 * @throws ShapeError for an axis that is not there.
 */
export function applyAlongAxis(f: (line: NDArray) => NDArray, axis: number, x: ArrayLike): NDArray {
  ops.checkFunction('applyAlongAxis', f)
  const a = ops.toArray('applyAlongAxis', x)
  const at = ops.normalAxis('applyAlongAxis', axis, a.ndim)
  let mapped = f
  // What is behind the axis is mapped first, and goes behind what f gives; then what is in front.
  for (let i = 1; i < a.ndim - at; i++) mapped = vmap(mapped, i, -1)
  for (let i = 0; i < at; i++) mapped = vmap(mapped)
  return mapped(a)
}

/**
 * Values of several functions, each where its condition holds; the last of those that hold decides, and one function more than conditions
 * is for where none does (0 without it). Each is computed everywhere. In the dtype of x.
 *
 * @example
 * const x = np.array([-2, 0, 3])
 * np.piecewise(x, [np.less(x, 0), np.greater(x, 1)], [-1, (v) => v.mul(2), 5]).js()   // [-1, 5, 6]
 * @throws ArgumentError unless there are as many functions as conditions, or one more.
 */
export function piecewise(x: ArrayLike, conditions: readonly ArrayLike[], functions: readonly (ArrayLike | ((x: NDArray) => ArrayLike))[]): NDArray {
  const a = ops.toArray('piecewise', x)
  const tests = ops.checkList('piecewise', 'the conditions', conditions, 1)
  const given = ops.checkList('piecewise', 'the functions', functions, 1)
  const more = given.length - tests.length
  if (more !== 0 && more !== 1) throw new ArgumentError('piecewise', `got ${given.length} functions for ${tests.length} conditions; takes as many, or one more for where none holds`)
  for (const [i, c] of tests.entries()) {
    const { shape } = ops.toArray('piecewise', c)
    if (shape.length > 0 && shape.join() !== a.shape.join()) throw new ShapeError('piecewise', `condition ${i} has shape [${shape.join(',')}], and x [${a.shape.join(',')}]; they must be equal`)
  }
  // What a function throws is its own.
  const value = (f: ArrayLike | ((v: NDArray) => ArrayLike)): NDArray => ops.broadcastTo(ops.convert(typeof f === 'function' && !isArray(f) ? f(a) : f, a.dtype, false, 'piecewise'), a.shape)
  const start = value(more === 1 ? given.at(-1)! : 0)
  return tests.reduce((out: NDArray, c, i) => ops.where(c, value(given[i]!), out), start)
}
