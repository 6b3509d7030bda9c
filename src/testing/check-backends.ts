/** One program on several devices. */
import { ArgumentError, type DeviceName, devicePut, devices, jit } from '../index.ts'
import { called, requireSame } from './compare.ts'
import { type AnyFunction, describe, leavesOf } from './leaves.ts'
import { checkOptions, requireArgs, requireFunction } from './options.ts'
import { checkTolerance, type Tolerance } from './tolerance.ts'

export interface BackendsOptions {
  /** The first is what the others are held against; default 'cpu', which is plain loops, and 'wasm'. */
  readonly devices?: readonly DeviceName[]
  /** How far values may be apart; default by dtype: 1e-11 for float64, 1e-5 for float32. Integers are equal. */
  readonly tolerance?: number | Tolerance
}

/**
 * Checks that `f`, compiled, gives the same on every device: the same tree, dtypes, shapes and values.
 *
 * @example
 * checkBackends((x) => np.cumsum(np.exp(x)), [np.array([0.5, 1])])
 * @throws CheckError naming the result, the devices, what was expected and what came.
 */
export function checkBackends<A extends readonly unknown[]>(f: (...a: A) => unknown, args: readonly [...A], options: BackendsOptions = {}): void {
  requireFunction('checkBackends', f)
  requireArgs('checkBackends', args)
  checkOptions('checkBackends', options, ['devices', 'tolerance'])
  const { devices: names = ['cpu', 'wasm'], tolerance } = options
  checkTolerance('checkBackends', tolerance)
  if (!Array.isArray(names) || names.length < 2) throw new ArgumentError('checkBackends', `devices is a list of at least two, and got ${describe(names)}; ready are ${devices().join(', ')}`)
  const given = leavesOf(args)
  // The signature has checked the arguments against the function's own types.
  const on = (device: DeviceName): ReturnType<typeof called> =>
    called(jit(f as unknown as AnyFunction, { device }), { ...given, list: given.list.map(({ path, x }) => ({ path, x: devicePut(x, device) })) })
  const [first, ...others] = names as readonly DeviceName[]
  const expected = on(first!)
  for (const name of others) requireSame({ operation: 'checkBackends', tolerance, expectedFrom: first!, gotFrom: name }, expected, on(name), true)
}
