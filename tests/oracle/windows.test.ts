import { lax } from 'pullback'
import { type Case, decode, type Encoded, holds, load, type Tolerance } from './load.ts'

type Ints = readonly number[]
interface WindowParams {
  readonly init: Encoded
  readonly windowDimensions: Ints
  readonly windowStrides: Ints
  readonly padding: 'SAME' | 'VALID' | readonly (readonly [number, number])[]
  readonly baseDilation: Ints | null
  readonly windowDilation: Ints | null
}

const operations = { add: lax.add, mul: lax.mul, max: lax.max, min: lax.min }
const fixture = load<Readonly<Record<keyof typeof operations, readonly Case<WindowParams>[]>>>('windows.json')
const tolerance: Tolerance = { float32: 1e-6, float64: 1e-12, scale: 'array' }

for (const name of ['add', 'mul', 'max', 'min'] as const) {
  holds(
    `reduceWindow ${name}`,
    fixture[name],
    ({ init, windowDimensions, windowStrides, padding, baseDilation, windowDilation }) =>
      (x) =>
        lax.reduceWindow(x, decode(init), operations[name], windowDimensions, windowStrides, padding, {
          ...(baseDilation === null ? {} : { baseDilation }),
          ...(windowDilation === null ? {} : { windowDilation }),
        }),
    tolerance,
  )
}
