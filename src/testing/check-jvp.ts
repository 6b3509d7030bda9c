/** Forward mode against differences. */
import { CheckError, jvp, type NDArray } from '../index.ts'
import { directionLike, magnitude, type Point, pointOf, stillLike } from './differences.ts'
import { type AnyFunction, elementAt, leavesOf, type Leaves, numbersOf, rebuildArgs, show } from './leaves.ts'
import { derivativeGiven, type DifferenceOptions } from './options.ts'
import { coarsest, furthest, isFloating, showMismatch, toleranceFor } from './tolerance.ts'

/** What `(primals, tangents) => jvp(f, primals, tangents)` is: the value of `f`, and its tangent. */
export type Jvp<A extends readonly unknown[]> = (primals: A, tangents: A) => readonly [out: unknown, tangent: unknown]
export type AnyJvp = (primals: readonly unknown[], tangents: readonly unknown[]) => readonly [out: unknown, tangent: unknown]

/** Which derivative is looked at, for messages: `mode fwd, order 1`. */
export interface Check {
  readonly operation: string
  readonly mode: string
  readonly options: DifferenceOptions
}

export const jvpOf =
  (f: AnyFunction): AnyJvp =>
  (primals, tangents) =>
    jvp(f, primals, tangents)

/**
 * Checks a derivative in forward mode: along a random direction for each leaf of the arguments, `jvp` has to agree with
 * differences of `f`, and its first result with the value of `f`. A third function in the middle is checked in place of `jvp`.
 *
 * @example
 * checkJvp((x) => np.sin(x), [np.array([0.5, 1])])
 * checkJvp((x) => np.sin(x), ([x], [t]) => [np.sin(x), np.cos(x).mul(t)], [np.array([0.5, 1])])
 * @throws CheckError naming argument, mode, order, what was expected and what came; ArgumentError where there is nothing to check.
 */
export function checkJvp<A extends readonly unknown[]>(f: (...a: A) => unknown, args: readonly [...A], options?: DifferenceOptions): void
export function checkJvp<A extends readonly unknown[]>(f: (...a: A) => unknown, fJvp: Jvp<A>, args: readonly [...A], options?: DifferenceOptions): void
export function checkJvp(f: unknown, second: unknown, third: unknown = {}, fourth: unknown = {}): void {
  const given = derivativeGiven<AnyJvp>('checkJvp', jvpOf, f, [second, third, fourth])
  compareJvp({ operation: 'checkJvp', mode: 'mode fwd, order 1', options: given.options }, given.derivative, pointOf('checkJvp', given.f, given.args, given.options.eps))
}

/** `fJvp` against the differences of the function whose point this is. */
export function compareJvp(check: Check, fJvp: AnyJvp, point: Point): void {
  const { args, differentiable } = point
  const primals = args.list.map(({ x }) => x)
  const call = (tangents: readonly NDArray[]): readonly [Leaves, Leaves] => {
    const [out, tangent] = fJvp(rebuildArgs(args.structure, primals), rebuildArgs(args.structure, tangents))
    return [leavesOf(out), leavesOf(tangent)]
  }
  for (const i of differentiable) {
    const { x, path } = args.list[i]!
    if (x.size === 0) continue
    const v = directionLike(x, i, magnitude(x))
    const [out, tangent] = call(primals.map((p, k) => (k === i ? v : stillLike(p))))
    requireLike(check, 'the value that jvp gives', out, point.out)
    requireLike(check, 'the tangent', tangent, point.out)
    compareValues(check, out, point.out)
    const { values, noise } = point.along(i, v)
    for (const [k, leaf] of tangent.list.entries()) {
      const expected = values[k]!
      if (expected === null || !isFloating(leaf.x.dtype)) continue
      const tolerance = toleranceFor('derivatives', coarsest([x.dtype, leaf.x.dtype, point.precision]), check.options.tolerance)
      const off = furthest(expected, numbersOf(leaf.x), tolerance, noise[k])
      if (off === null) continue
      throw new CheckError(check.operation, `the derivative of ${elementAt(leaf, off.index)} along argument ${path} ${show(x)} is wrong, ${check.mode}:\n${showMismatch(off, point.source, 'jvp')}`)
    }
  }
}

/** What a transformation gives beside derivatives is the function's value. */
export function compareValues(check: Check, got: Leaves, expected: Leaves): void {
  for (const [k, leaf] of expected.list.entries()) {
    const { x } = leaf
    const off = furthest(numbersOf(x), numbersOf(got.list[k]!.x), toleranceFor('derivatives', x.dtype, check.options.tolerance))
    if (off !== null) throw new CheckError(check.operation, `${elementAt(leaf, off.index)} has another value under the transformation, ${check.mode}:\n${showMismatch(off, 'f itself', 'the transformed f')}`)
  }
}

/** Structure, shapes and dtypes are those of the function's own. */
export function requireLike(check: Check, what: string, got: Leaves, wanted: Leaves): void {
  if (got.structure.key !== wanted.structure.key) throw new CheckError(check.operation, `${what} has structure ${got.structure.key} where ${wanted.structure.key} is right, ${check.mode}`)
  for (const [k, { x, path }] of wanted.list.entries()) {
    const { x: y } = got.list[k]!
    if (y.dtype !== x.dtype || y.shape.join() !== x.shape.join()) {
      throw new CheckError(check.operation, `${what}${path === '' ? '' : ` at ${path}`} is ${y.dtype}[${y.shape.join(',')}] where ${x.dtype}[${x.shape.join(',')}] is right, ${check.mode}`)
    }
  }
}
