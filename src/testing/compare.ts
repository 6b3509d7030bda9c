/** One computation done in two ways: structure, dtype, weak type, shape and values. */
import { CheckError } from '../index.ts'
import { type AnyFunction, elementAt, leavesOf, type Leaves, numbersOf, rebuildArgs, resultAt, show } from './leaves.ts'
import { furthest, hasFraction, showMismatch, type Tolerance, toleranceFor } from './tolerance.ts'

export interface Comparison {
  readonly operation: string
  readonly tolerance: number | Tolerance | undefined
  /** What the two are called in a message. */
  readonly expectedFrom: string
  readonly gotFrom: string
}

/** @throws CheckError at the first leaf that is not the same. `weak`: whether weakness of types counts. */
export function requireSame(c: Comparison, expected: Leaves, got: Leaves, weak: boolean): void {
  if (expected.structure.key !== got.structure.key) {
    throw new CheckError(c.operation, `${c.gotFrom} gives a tree of structure ${got.structure.key}, and ${c.expectedFrom} one of ${expected.structure.key}`)
  }
  for (const [k, leaf] of expected.list.entries()) {
    const { x, path } = leaf
    const { x: y } = got.list[k]!
    const typed = x.dtype === y.dtype && x.shape.join() === y.shape.join() && (!weak || x.aval.weakType === y.aval.weakType)
    if (!typed) throw new CheckError(c.operation, `${resultAt(path)} is ${weak ? show(y) : `${y.dtype}[${y.shape.join(',')}]`} by ${c.gotFrom}, and ${weak ? show(x) : `${x.dtype}[${x.shape.join(',')}]`} by ${c.expectedFrom}`)
    // Integers, truth values and keys are the same or not.
    const tolerance = hasFraction(x.dtype) ? toleranceFor('values', x.dtype, c.tolerance) : { relative: 0, absolute: 0 }
    const off = furthest(numbersOf(x), numbersOf(y), tolerance)
    if (off !== null) throw new CheckError(c.operation, `${elementAt(leaf, off.index)}, ${x.dtype}[${x.shape.join(',')}], differs:\n${showMismatch(off, c.expectedFrom, c.gotFrom)}`)
  }
}

/** The result of a call with leaves in place of the arguments' own; numbers come to `f` as arrays, as in transformations. */
export const called = (f: AnyFunction, args: Leaves): Leaves => leavesOf(f(...rebuildArgs(args.structure, args.list.map(({ x }) => x))))
