/** Moving arrays between devices. */
import { DeviceArray, type NDArray } from './array.ts'
import type { DeviceName } from './device-name.ts'
import { backendFor, backendOf, readArray } from './devices.ts'
import { toArray } from './ops/operands.ts'
import { flatten, type Out, unflatten } from './tree.ts'

/**
 * A tree of arrays on another device; arrays that are there already are passed through.
 *
 * @example
 * const onCpu = devicePut(params, 'cpu')
 */
export function devicePut<T>(tree: T, device: DeviceName): Out<T> {
  backendOf(device, 'devicePut')
  const [leaves, def] = flatten(tree, 'devicePut')
  const move = (x: NDArray): NDArray => {
    const a = x.concrete('devicePut')
    if (a.device !== device) return new DeviceArray(a.aval, backendFor(device, a.dtype, 'devicePut').put(readArray(a, 'devicePut')))
    if (a.placed) return a
    const storage = a.storage('devicePut')
    storage.markShared()
    return new DeviceArray(a.aval, storage)
  }
  return unflatten(def, leaves.map((leaf) => move(toArray('devicePut', leaf)))) as Out<T>
}
