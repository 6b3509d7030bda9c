/**
 * Both gradients of a convolution are convolutions with other dimension numbers, strides exchanged for dilations, after
 * JAX's convolution.py (`_conv_general_dilated_transpose_lhs`, `_conv_general_dilated_transpose_rhs`).
 */
import type { Shape } from '../../core/aval.ts'
import type { ConvParams, Padding } from '../../core/primitives/index.ts'
import { dilatedSize } from '../../core/shapes/index.ts'
import type { Value } from '../../core/trace.ts'
import { convGeneralDilated, rev } from '../build.ts'
import { mergeAxis, splitAxis } from '../axes.ts'
import { each, knownOf, type TransposeRule } from './rule.ts'

const sizes = (shape: Shape, axes: readonly number[]): number[] => axes.slice(2).map((a) => shape[a]!)
const dilated = (shape: Shape, dilation: readonly number[]): number[] => shape.map((n, i) => dilatedSize(n, dilation[i]!))
/** Batch and feature exchanged. */
const exchanged = ([a, b, ...spatial]: readonly number[]): number[] => [b!, a!, ...spatial]

export interface Window {
  readonly input: Shape
  readonly window: Shape
  readonly output: Shape
  readonly strides: readonly number[]
  readonly padding: Padding
  readonly inputDilation: readonly number[]
  readonly windowDilation: readonly number[]
}

/** Padding of the cotangent such that windows over it give one element for each of the input. */
export function inputPadding({ input, window, output, strides, padding, inputDilation, windowDilation }: Window): [number, number][] {
  const [x, w, y] = [dilated(input, inputDilation), dilated(window, windowDilation), dilated(output, strides)]
  return padding.map(([low], i) => {
    const before = w[i]! - low - 1
    return [before, x[i]! + w[i]! - 1 - y[i]! - before]
  })
}

/** Padding of the input such that the cotangent, as a window over it, gives one element for each of the kernel. */
function kernelPadding({ input, window, output, strides, padding, inputDilation, windowDilation }: Window): [number, number][] {
  const [x, w, y] = [dilated(input, inputDilation), dilated(window, windowDilation), dilated(output, strides)]
  return padding.map(([low], i) => [low, y[i]! + w[i]! - x[i]! - 1 - low])
}

const windowOf = (lhs: Shape, rhs: Shape, out: Shape, p: ConvParams): Window => ({
  input: sizes(lhs, p.dimensionNumbers.lhs),
  window: sizes(rhs, p.dimensionNumbers.rhs),
  output: sizes(out, p.dimensionNumbers.out),
  strides: p.windowStrides,
  padding: p.padding,
  inputDilation: p.lhsDilation,
  windowDilation: p.rhsDilation,
})

function inputCotangent(ct: Value, lhs: Shape, kernel: Value, p: ConvParams): Value {
  const d = p.dimensionNumbers
  const groups = Math.max(p.featureGroupCount, p.batchGroupCount)
  // The groups of the kernel's output features stand in its input features afterwards.
  const regrouped = groups > 1 ? mergeAxis(splitAxis(kernel, d.rhs[0]!, groups), d.rhs[0]!, d.rhs[1]!) : kernel
  const out = convGeneralDilated(ct, rev(regrouped, { dimensions: d.rhs.slice(2) }), {
    windowStrides: p.lhsDilation,
    padding: inputPadding(windowOf(lhs, kernel.aval.shape, ct.aval.shape, p)),
    lhsDilation: p.windowStrides,
    rhsDilation: p.rhsDilation,
    dimensionNumbers: { lhs: d.out, rhs: exchanged(d.rhs), out: d.lhs },
    featureGroupCount: groups,
    batchGroupCount: 1,
  })
  return p.batchGroupCount > 1 ? mergeAxis(splitAxis(out, d.lhs[1]!, p.batchGroupCount), d.lhs[1]!, d.lhs[0]!) : out
}

function kernelCotangent(ct: Value, lhs: Value, rhs: Shape, p: ConvParams): Value {
  const d = p.dimensionNumbers
  return convGeneralDilated(lhs, ct, {
    windowStrides: p.rhsDilation,
    padding: kernelPadding(windowOf(lhs.aval.shape, rhs, ct.aval.shape, p)),
    lhsDilation: p.lhsDilation,
    rhsDilation: p.windowStrides,
    dimensionNumbers: { lhs: exchanged(d.lhs), rhs: exchanged(d.out), out: exchanged(d.rhs) },
    featureGroupCount: p.batchGroupCount,
    batchGroupCount: p.featureGroupCount,
  })
}

export const convTranspose: TransposeRule<'convGeneralDilated'> = each(
  (ct, [, y], params, aval) => inputCotangent(ct, aval.shape, knownOf('convGeneralDilated', y), params),
  (ct, [x], params, aval) => kernelCotangent(ct, knownOf('convGeneralDilated', x), aval.shape, params),
)
