/**
 * Sizes of dilated, padded and windowed axes, as XLA counts them
 * (https://openxla.org/xla/operation_semantics#reducewindow).
 */
import type { Shape } from '../aval.ts'
import type { Padding } from '../primitives/contraction.ts'

/** Elements of an axis with `dilation - 1` holes between neighbours. */
export const dilatedSize = (size: number, dilation: number): number => (size === 0 ? 0 : (size - 1) * dilation + 1)

/** An axis after padding; `interior` holes between neighbours; low and high may be negative. */
export const paddedSize = (size: number, low: number, high: number, interior: number): number => low + high + dilatedSize(size, interior + 1)

/** How many times a window fits into an axis. */
function windowCount(size: number, window: number, stride: number): number {
  return size < window ? 0 : Math.floor((size - window) / stride) + 1
}

export interface WindowAxes {
  readonly windowDimensions: Shape
  readonly windowStrides: readonly number[]
  readonly padding: Padding
  readonly baseDilation?: readonly number[]
  readonly windowDilation?: readonly number[]
}

/** The shape that windows over `shape` give: one element a window. */
export function windowShape(shape: Shape, w: WindowAxes): number[] {
  return shape.map((size, i) => {
    const [low, high] = w.padding[i]!
    const base = dilatedSize(size, w.baseDilation?.[i] ?? 1) + low + high
    return windowCount(base, dilatedSize(w.windowDimensions[i]!, w.windowDilation?.[i] ?? 1), w.windowStrides[i]!)
  })
}
