/** Derivatives of any order, in both modes, against differences. */
import { ArgumentError, type NDArray } from '../index.ts'
import { called } from './compare.ts'
import { compareJvp, jvpOf } from './check-jvp.ts'
import { compareVjp, cotangentsLike, vjpOf } from './check-vjp.ts'
import { directionsLike, pointOf } from './differences.ts'
import { type AnyFunction, describe, leavesOf, rebuild, rebuildArgs } from './leaves.ts'
import { checkCount, checkDifferences, checkOptions, type DifferenceOptions, type Mode, mostDepth, requireArgs, requireFunction } from './options.ts'

export interface GradsOptions extends DifferenceOptions {
  /** Up to which derivative; default 1. Each order is checked in every sequence of modes. */
  readonly order?: number
  /** Default both: 'fwd' is jvp, 'rev' is vjp. */
  readonly modes?: readonly Mode[]
}

const allModes: readonly Mode[] = ['fwd', 'rev']

/**
 * Checks the derivatives of `f` at `args`: jvp and vjp have to agree with differences of its values along random
 * directions, one for each leaf of the arguments, and so have the derivatives of these derivatives, up to `order`.
 *
 * The arguments are trees; numbers come to `f` as arrays, and leaves that are not of floating point are held fixed. `f` has to be pure, and smooth within a
 * step of the arguments: at a kink (`abs` at 0) differences see the mean of both sides. They are computed in float64 where
 * `f` takes float64 arguments. A function that computes in a narrower type inside needs a larger `eps` and `tolerance`.
 *
 * @example
 * checkGrads((x, y) => np.sum(np.sin(x).mul(y)), [np.ones([3]), np.array([1, 2, 3])], { order: 2 })
 * @throws CheckError naming argument, mode, order, what was expected and what came, and how far that is off;
 * ArgumentError for a wrong option, or where no argument or no result is of floating point.
 */
export function checkGrads<A extends readonly unknown[]>(f: (...a: A) => unknown, args: readonly [...A], options: GradsOptions = {}): void {
  requireFunction('checkGrads', f)
  requireArgs('checkGrads', args)
  checkOptions('checkGrads', options, ['order', 'modes', 'eps', 'tolerance'])
  checkDifferences('checkGrads', options)
  const { order = 1, modes = allModes } = options
  const known = (list: readonly unknown[]): boolean => list.length > 0 && list.every((m) => m === 'fwd' || m === 'rev')
  checkCount('checkGrads', 'order', order, 1, mostDepth)
  if (!Array.isArray(modes) || !known(modes)) throw new ArgumentError('checkGrads', `modes is ${describe(modes)}; takes a list of 'fwd' and 'rev'`)
  // The signature has checked the arguments against the function's own types.
  checkOrders(f as unknown as AnyFunction, args, { ...options, modes }, order, [])
}

interface Settings extends DifferenceOptions {
  readonly modes: readonly Mode[]
}

/** `f` is the derivative in the modes of `made`, the innermost first. */
function checkOrders(f: AnyFunction, args: readonly unknown[], options: Settings, order: number, made: readonly Mode[]): void {
  const point = pointOf('checkGrads', f, args, options.eps)
  for (const mode of new Set(options.modes)) {
    const sequence = [...made, mode]
    const check = { operation: 'checkGrads', mode: `mode ${sequence.toReversed().join(' of ')}, order ${sequence.length}`, options }
    if (mode === 'fwd') compareJvp(check, jvpOf(f), point)
    else compareVjp(check, vjpOf(f), point)
    if (sequence.length < order) checkOrders(mode === 'fwd' ? tangentOf(f, args) : cotangentOf(f, args), args, options, order, sequence)
  }
}

const like = (v: NDArray, x: NDArray): NDArray => (v.dtype === x.dtype ? v : v.astype(x.dtype))

/** The tangent of `f` along fixed directions, as a function of the primals alone. */
function tangentOf(f: AnyFunction, args: readonly unknown[]): AnyFunction {
  const directions = directionsLike(leavesOf(args).list, 100)
  return (...primals) => {
    const { list, structure } = leavesOf(primals)
    return jvpOf(f)(primals, rebuildArgs(structure, list.map(({ x }, i) => like(directions[i]!, x))))[1]
  }
}

/** The cotangents of the arguments for a fixed cotangent of the result. */
function cotangentOf(f: AnyFunction, args: readonly unknown[]): AnyFunction {
  const cotangents = cotangentsLike(called(f, leavesOf(args)))
  return (...primals) => {
    const [out, pullback] = vjpOf(f)(...primals)
    const { list, structure } = leavesOf(out)
    return pullback(rebuild(structure, list.map(({ x }, k) => like(cotangents[k]!, x))))
  }
}
