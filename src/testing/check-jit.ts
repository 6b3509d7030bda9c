/** A compiled function against the same function run operation by operation. */
import { jit, type JitOptions } from '../index.ts'
import { called, requireSame } from './compare.ts'
import { type AnyFunction, leavesOf } from './leaves.ts'
import { checkOptions, requireArgs, requireFunction } from './options.ts'
import { checkTolerance, type Tolerance } from './tolerance.ts'

export interface JitCheckOptions extends Pick<JitOptions, 'device'> {
  /** How far values may be apart; default by dtype: 1e-11 for float64, 1e-5 for float32. Integers are equal. */
  readonly tolerance?: number | Tolerance
}

/**
 * Checks that `jit(f)` gives what `f` gives: the same tree, dtypes, weak types, shapes and values; at the call that traces
 * and at the next, which runs what was compiled. A function that reads time, or keeps count, is found by it.
 *
 * @example
 * checkJit((x) => np.tanh(x).mul(2), [np.array([0.5, 1])])
 * @throws CheckError naming the result, what was expected and what came.
 */
export function checkJit<A extends readonly unknown[]>(f: (...a: A) => unknown, args: readonly [...A], options: JitCheckOptions = {}): void {
  requireFunction('checkJit', f)
  requireArgs('checkJit', args)
  checkOptions('checkJit', options, ['tolerance', 'device'])
  const { tolerance, ...rest } = options
  checkTolerance('checkJit', tolerance)
  // The signature has checked the arguments against the function's own types.
  const eager = f as unknown as AnyFunction
  const given = leavesOf(args)
  const expected = called(eager, given)
  const compiled = jit(eager, rest)
  for (const gotFrom of ['jit', 'the second call of jit']) {
    requireSame({ operation: 'checkJit', tolerance, expectedFrom: 'f itself', gotFrom }, expected, called(compiled, given), true)
  }
}
