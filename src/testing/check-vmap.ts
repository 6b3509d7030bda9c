/** A mapped function against a loop. */
import { ArgumentError, type NDArray, np, type Prefix, tree, vmap } from '../index.ts'
import { requireSame } from './compare.ts'
import { type AnyFunction, describe, type Leaf, type Leaves, leavesOf, rebuildArgs } from './leaves.ts'
import { checkOptions, requireArgs, requireFunction } from './options.ts'
import { checkTolerance, type Tolerance } from './tolerance.ts'

type Axis = number | null

export interface VmapCheckOptions<A extends readonly unknown[] = readonly unknown[]> {
  /** As for `vmap`: one number for all arguments, or one for each, null for what is not mapped. */
  readonly inAxes?: number | { readonly [K in keyof A]: Prefix<A[K], Axis> }
  readonly outAxes?: Axis
  /** Needed where no argument is mapped. */
  readonly axisSize?: number
  /** How far values may be apart; default by dtype: 1e-11 for float64, 1e-5 for float32. Integers are equal. */
  readonly tolerance?: number | Tolerance
}

const isAxis = (x: unknown): x is Axis => x === null || typeof x === 'number'

/**
 * Checks that `vmap(f, inAxes, outAxes)` gives what a loop over the mapped axes gives, element by element.
 *
 * @example
 * checkVmap((x, y) => np.dot(x, y), [np.ones([3, 5]), np.ones([5])], { inAxes: [0, null] })
 * @throws CheckError naming element and result, what was expected and what came; what `vmap` throws for axes that do not fit.
 */
export function checkVmap<A extends readonly unknown[]>(f: (...a: A) => unknown, args: readonly [...A], options: VmapCheckOptions<A> = {}): void {
  requireFunction('checkVmap', f)
  requireArgs('checkVmap', args)
  checkOptions('checkVmap', options, ['inAxes', 'outAxes', 'axisSize', 'tolerance'])
  const { inAxes = 0, outAxes = 0, axisSize, tolerance } = options
  checkTolerance('checkVmap', tolerance)
  if (!isAxis(outAxes)) throw new ArgumentError('checkVmap', `outAxes is a number, or null, for all results, and got ${describe(outAxes)}`)
  // The signature has checked the arguments against the function's own types.
  const single = f as unknown as AnyFunction
  const given = leavesOf(args)
  const axes = tree.broadcastPrefix(inAxes, args, isAxis)
  const mapped = leavesOf(vmap(single, inAxes as number, outAxes as number, axisSize === undefined ? {} : { axisSize })(...args))
  const size = axisSize ?? sizeAlong(given, axes)
  if (size === 0) throw new ArgumentError('checkVmap', 'the mapped axes have size 0, so there is no element to compare')
  for (let i = 0; i < size; i++) {
    const element = leavesOf(single(...rebuildArgs(given.structure, given.list.map(({ x }, k) => at(x, axes[k]!, i)))))
    const got = { structure: mapped.structure, list: mapped.list.map(({ path, x }): Leaf => ({ path, x: at(x, outAxes, i) })) }
    requireSame({ operation: 'checkVmap', tolerance, expectedFrom: `f of element ${i}`, gotFrom: `element ${i} of vmap` }, element, got, false)
  }
}

const at = (x: NDArray, axis: Axis, i: number): NDArray => (axis === null ? x : np.take(x, i, axis))

const sizeAlong = ({ list }: Leaves, axes: readonly Axis[]): number => {
  const k = axes.findIndex((axis) => axis !== null)
  const axis = axes[k]
  // vmap has refused a call in which nothing is mapped.
  return list[k]!.x.shape.at(axis ?? 0)!
}
