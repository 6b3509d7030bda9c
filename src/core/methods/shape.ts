/** Methods of arrays that change shape or pick elements. */
import type { NDArray } from '../array.ts'
import type { Shape } from '../aval.ts'
import { show } from '../describe.ts'
import { ArgumentError } from '../errors.ts'
import * as ops from '../ops/index.ts'
import { At, type IndexEntry } from '../ops/index.ts'
import { ReductionMethods } from './reduction.ts'

/** @throws ArgumentError for numbers side by side, which NumPy's methods take too. */
function oneList(operation: string, what: string, first: unknown, more: readonly unknown[]): void {
  if (more.length > 0) throw new ArgumentError(operation, `takes one list of ${what}, and got ${more.length + 1} arguments; write x.${operation}([${[first, ...more].map(show).join(', ')}])`)
}

export abstract class ShapeMethods extends ReductionMethods {
  /** The same elements in another shape; one size may be -1. */
  reshape(this: NDArray, shape: number | Shape, ...more: readonly never[]): NDArray {
    oneList('reshape', 'sizes', shape, more)
    return ops.reshape(this, shape)
  }
  /** Axes in another order; reversed by default. */
  transpose(this: NDArray, axes?: readonly number[] | null, ...more: readonly never[]): NDArray {
    oneList('transpose', 'axes', axes, more)
    return ops.transpose(this, axes)
  }
  /** Axes reversed. */
  get T(): NDArray { return ops.transpose(asArray(this)) }
  ravel(this: NDArray): NDArray { return ops.within('ravel', () => ops.reshape(this, [this.size])) }
  squeeze(this: NDArray, axis?: number | readonly number[] | null): NDArray { return ops.squeeze(this, axis) }
  /**
   * NumPy indexing: an integer drops its axis, `[start, stop, step]` is a slice, `null` a new axis, `'...'` the axes
   * between, an integer array picks, a boolean mask selects (outside jit).
   *
   * @example
   * x.slice(0)                   // x[0]
   * x.slice([1, 3], [], null)    // x[1:3, :, None]
   * x.slice([null, null, -1])    // x[::-1]
   */
  slice(this: NDArray, ...indices: readonly IndexEntry[]): NDArray { return ops.within('slice', () => ops.slice(this, indices)) }
  /** Updates by index: `x.at(i).set(v)`, `.add`, `.mul`, `.min`, `.max`, `.get`. The array itself never changes. */
  at(this: NDArray, ...indices: readonly IndexEntry[]): At { return new At(this, indices) }
}

// A getter cannot name the type of its `this`; NDArray is the one class that extends the chain.
const asArray = (x: ShapeMethods): NDArray => x as NDArray
