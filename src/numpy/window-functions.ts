/** Windows that a signal is weighted by: symmetric vectors of float32. */
import type { NDArray } from '../core/array.ts'
import { sizeOf } from '../core/aval.ts'
import * as ops from '../core/ops/index.ts'
import { fromHost, hostNumbers } from './array.ts'

/** `at(i, n)` for each of `size` samples, n the last one's number; a window of one sample is 1. */
const windowOf =
  (operation: string, at: (i: number, n: number) => number) =>
  (M: number): NDArray => {
    const shape = ops.checkShape(operation, [ops.checkInteger(operation, 'the size', M, 0)])
    return ops.within(operation, () => fromHost(hostNumbers(operation, sizeOf(shape), (i) => (M === 1 ? 1 : at(i, M - 1))), shape, 'float32', undefined))
  }
type Window = (M: number) => NDArray

/**
 * Bartlett's triangle, 0 at both ends: [M].
 *
 * @example
 * np.bartlett(5).js()   // [0, 0.5, 1, 0.5, 0]
 */
export const bartlett: Window = windowOf('bartlett', (i, n) => 1 - Math.abs((2 * i - n) / n))
/** Hann's raised cosine: 0.5 - 0.5 cos(2πi / (M - 1)). */
export const hanning: Window = windowOf('hanning', (i, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / n))
/** Hamming's: 0.54 - 0.46 cos(2πi / (M - 1)). */
export const hamming: Window = windowOf('hamming', (i, n) => 0.54 - 0.46 * Math.cos((2 * Math.PI * i) / n))
/** Blackman's: 0.42 - 0.5 cos(2πi / (M - 1)) + 0.08 cos(4πi / (M - 1)). */
export const blackman: Window = windowOf('blackman', (i, n) => 0.42 - 0.5 * Math.cos((2 * Math.PI * i) / n) + 0.08 * Math.cos((4 * Math.PI * i) / n))
