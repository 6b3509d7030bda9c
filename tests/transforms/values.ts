/** Arrays of the reference device from numbers and back, and random ones that are the same in every run. */
import '../../src/wire.ts'
import type { DeviceArray, NDArray } from '../../src/core/array.ts'
import { aval, type Shape, sizeOf } from '../../src/core/aval.ts'
import { decodeNumbers, encodeNumbers } from '../../src/core/bytes.ts'
import { putArray } from '../../src/core/devices.ts'
import type { DType } from '../../src/core/dtype.ts'
import { materialize } from '../../src/core/evaluate.ts'
import { Literal } from '../../src/core/jaxpr.ts'
import type { Value } from '../../src/core/trace.ts'

export const array = (values: readonly number[], shape: Shape = [values.length], dtype: DType = 'float64'): DeviceArray =>
  putArray(encodeNumbers(values, dtype), aval(shape, dtype), 'cpu')

export const scalar = (value: number, dtype: DType = 'float64'): DeviceArray => array([value], [], dtype)

export function numbers(v: Value): number[] {
  const a: NDArray = v instanceof Literal ? materialize(v, 'cpu') : v
  return [...decodeNumbers(a.concrete('test').storage('test').read(), a.dtype)]
}

/** mulberry32: a small generator with a seed. */
export function generator(seed: number): () => number {
  let s = seed >>> 0
  return () => {
    s = (s + 0x6d2b79f5) >>> 0
    let t = Math.imul(s ^ (s >>> 15), 1 | s)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

export interface Input {
  readonly shape: Shape
  readonly dtype?: DType
  /** Between these; integers are below the second. Default -2 to 2. */
  readonly range?: readonly [number, number]
  readonly values?: readonly number[]
}

export function randomNumbers({ shape, dtype = 'float64', range = [-2, 2], values }: Input, random: () => number): number[] {
  if (values !== undefined) return [...values]
  const [low, high] = range
  const whole = !dtype.startsWith('float')
  return Array.from({ length: sizeOf(shape) }, () => {
    const x = low + random() * (high - low)
    return whole ? Math.floor(x) : x
  })
}
