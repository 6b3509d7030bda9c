/** Reverse mode against differences. */
import { CheckError, type NDArray, vjp } from '../index.ts'
import { type Check, compareValues, requireLike } from './check-jvp.ts'
import { directionLike, magnitude, type Point, pointOf, stillLike } from './differences.ts'
import { type AnyFunction, leavesOf, type Leaves, type Numbers, numbersOf, rebuild, rebuildArgs, show } from './leaves.ts'
import { derivativeGiven, type DifferenceOptions } from './options.ts'
import { coarsest, furthest, isFloating, showMismatch, toleranceFor } from './tolerance.ts'

/** What `(...args) => vjp(f, args)` is: the value of `f`, and the pullback from a cotangent of it to one for each argument. */
export type Vjp<A extends readonly unknown[]> = (...args: A) => readonly [out: unknown, pullback: (ct: never) => readonly unknown[]]
export type AnyVjp = (...args: readonly unknown[]) => readonly [out: unknown, pullback: (ct: unknown) => readonly unknown[]]

export const vjpOf =
  (f: AnyFunction): AnyVjp =>
  (...args) =>
    vjp(f, args)

/**
 * Checks a derivative in reverse mode: for a random cotangent and a random direction v of each leaf of the arguments,
 * ⟨Jᵀ ct, v⟩ has to be ⟨ct, J v⟩, with J v from differences of `f`. A third function in the middle is checked in place of `vjp`.
 *
 * @example
 * checkVjp((x) => np.sin(x), [np.array([0.5, 1])])
 * checkVjp((x) => np.sin(x), (x) => [np.sin(x), (ct: np.NDArray) => [np.cos(x).mul(ct)]], [np.array([0.5, 1])])
 * @throws CheckError naming argument, mode, order, what was expected and what came; ArgumentError where there is nothing to check.
 */
export function checkVjp<A extends readonly unknown[]>(f: (...a: A) => unknown, args: readonly [...A], options?: DifferenceOptions): void
export function checkVjp<A extends readonly unknown[]>(f: (...a: A) => unknown, fVjp: Vjp<A>, args: readonly [...A], options?: DifferenceOptions): void
export function checkVjp(f: unknown, second: unknown, third: unknown = {}, fourth: unknown = {}): void {
  const given = derivativeGiven<AnyVjp>('checkVjp', vjpOf, f, [second, third, fourth])
  compareVjp({ operation: 'checkVjp', mode: 'mode rev, order 1', options: given.options }, given.derivative, pointOf('checkVjp', given.f, given.args, given.options.eps))
}

/** `fVjp` against the differences of the function whose point this is. */
export function compareVjp(check: Check, fVjp: AnyVjp, point: Point): void {
  const { args, differentiable } = point
  const cotangents = cotangentsLike(point.out)
  const [out, pullback] = fVjp(...rebuildArgs(args.structure, args.list.map(({ x }) => x)))
  const value = leavesOf(out)
  requireLike(check, 'the value that vjp gives', value, point.out)
  compareValues(check, value, point.out)
  const pulled = leavesOf(pullback(rebuild(point.out.structure, cotangents)))
  requireLike(check, 'what the pullback gives', pulled, args)
  for (const i of differentiable) {
    const { x, path } = args.list[i]!
    if (x.size === 0) continue
    const v = directionLike(x, i, magnitude(x))
    const { values, noise } = point.along(i, v)
    const forward = innerProduct(values.flatMap((d, k): [Numbers, Numbers][] => (d === null ? [] : [[numbersOf(cotangents[k]!), d]])))
    const backward = innerProduct([[numbersOf(pulled.list[i]!.x), numbersOf(v)]])
    const uncertain = noise.reduce((sum, n, k) => sum + 2 * n * point.out.list[k]!.x.size, 0)
    const dtype = coarsest([x.dtype, point.precision, ...point.out.list.map((leaf) => leaf.x.dtype)])
    const tolerance = toleranceFor('derivatives', dtype, check.options.tolerance)
    // What cancels in the sum has been rounded before, so its size counts and not that of the sum alone.
    const off = furthest([forward.sum], [backward.sum], tolerance, uncertain + tolerance.absolute * Math.max(forward.size, backward.size))
    if (off === null) continue
    throw new CheckError(check.operation, `the derivative with respect to argument ${path} ${show(x)} is wrong, ${check.mode}, in the inner product of its cotangent with a direction:\n${showMismatch(off, point.source, 'vjp')}`)
  }
}

/** A cotangent for each leaf of a result; what stands for one without derivatives is not read. */
export const cotangentsLike = ({ list }: Leaves): NDArray[] => list.map(({ x }, k) => (isFloating(x.dtype) ? directionLike(x, 1000 + k) : stillLike(x)))

/** Σ a·b over all pairs, and Σ |a·b|. */
function innerProduct(pairs: readonly (readonly [Numbers, Numbers])[]): { readonly sum: number; readonly size: number } {
  let [sum, size] = [0, 0]
  for (const [a, b] of pairs) {
    for (let i = 0; i < a.length; i++) {
      sum += a[i]! * b[i]!
      size += Math.abs(a[i]! * b[i]!)
    }
  }
  return { sum, size }
}
