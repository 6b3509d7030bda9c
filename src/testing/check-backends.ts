/** One program on several devices. */
import { ArgumentError, type DeviceName, devicePut, devices, jit, type NDArray, random } from '../index.ts'
import { called, requireSame } from './compare.ts'
import { type AnyFunction, describe, type Leaves, leavesOf } from './leaves.ts'
import { checkOptions, requireArgs, requireFunction } from './options.ts'
import { checkTolerance, type Tolerance } from './tolerance.ts'

export interface BackendsOptions<D extends DeviceName = DeviceName> {
  /** The first is what the others are held against; default 'cpu', which is plain loops, and 'wasm'. */
  readonly devices?: readonly D[]
  /** How far values may be apart; default by dtype: 1e-11 for float64, 1e-5 for float32. Integers are equal. */
  readonly tolerance?: number | Tolerance
}

/** Devices whose arrays are read at once. */
type SynchronousDevice = Exclude<DeviceName, 'webgpu'>
const readsAtOnce = (device: DeviceName): device is SynchronousDevice => device !== 'webgpu'

/** The same array on a device that reads at once. */
async function hither(x: NDArray): Promise<NDArray> {
  const plain = x.dtype === 'key' ? random.keyData(x) : x
  await plain.data() // the host keeps what was read
  const here = devicePut(plain, 'cpu')
  return x.dtype === 'key' ? random.wrapKeyData(here) : here
}
const allHither = async (leaves: Leaves): Promise<Leaves> =>
  ({ ...leaves, list: await Promise.all(leaves.list.map(async ({ path, x }) => ({ path, x: await hither(x) }))) })

/**
 * Checks that `f`, compiled, gives the same on every device: the same tree, dtypes, shapes and values. With 'webgpu' among the devices, whose
 * arrays are not read at once, it gives a promise to await; the device has to be ready (`init`).
 *
 * @example
 * checkBackends((x) => np.cumsum(np.exp(x)), [np.array([0.5, 1])])
 * await checkBackends((x) => np.cumsum(np.exp(x)), [np.array([0.5, 1])], { devices: ['cpu', 'webgpu'] })
 * @throws CheckError naming the result, the devices, what was expected and what came; a promise is rejected with it.
 */
export function checkBackends<A extends readonly unknown[]>(f: (...a: A) => unknown, args: readonly [...A], options?: BackendsOptions<SynchronousDevice>): void
export function checkBackends<A extends readonly unknown[]>(f: (...a: A) => unknown, args: readonly [...A], options: BackendsOptions): void | Promise<void>
export function checkBackends<A extends readonly unknown[]>(f: (...a: A) => unknown, args: readonly [...A], options: BackendsOptions = {}): void | Promise<void> {
  requireFunction('checkBackends', f)
  requireArgs('checkBackends', args)
  checkOptions('checkBackends', options, ['devices', 'tolerance'])
  const { devices: names = ['cpu', 'wasm'], tolerance } = options
  checkTolerance('checkBackends', tolerance)
  if (!Array.isArray(names) || names.length < 2) throw new ArgumentError('checkBackends', `devices is a list of at least two, and got ${describe(names)}; ready are ${devices().join(', ')}`)
  const [first, ...others] = names as readonly DeviceName[]
  // The signature has checked the arguments against the function's own types.
  const on = (device: DeviceName, given: Leaves): Leaves =>
    called(jit(f as unknown as AnyFunction, { device }), { ...given, list: given.list.map(({ path, x }) => ({ path, x: devicePut(x, device) })) })
  const compare = (expected: Leaves, name: DeviceName, got: Leaves): void => {
    requireSame({ operation: 'checkBackends', tolerance, expectedFrom: first!, gotFrom: name }, expected, got, true)
  }

  const given = leavesOf(args)
  if (names.every(readsAtOnce)) {
    const expected = on(first!, given)
    for (const name of others) compare(expected, name, on(name, given))
    return undefined
  }
  const later = async (): Promise<void> => {
    const here = await allHither(given)
    const expected = await allHither(on(first!, here))
    for (const name of others) compare(expected, name, await allHither(on(name, here)))
  }
  return later()
}
