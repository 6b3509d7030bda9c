/** Convolutions: XLA's general one, and what is made of it. */
import { isArray, type NDArray } from '../core/array.ts'
import { show } from '../core/describe.ts'
import { ArgumentError, ShapeError } from '../core/errors.ts'
import * as ops from '../core/ops/index.ts'
import type { ConvDimensionNumbers } from '../core/primitives/index.ts'
import { dilatedSize } from '../core/shapes/index.ts'
import { bind1, type Value } from '../core/trace.ts'
import type { ArrayLike } from '../core/tree.ts'
import { bringWindows } from '../families/windows.ts'
import { requireOneDtype } from './operands.ts'
import { type PaddingLike, paddingPairs, perAxis } from './padding.ts'

/** Layouts of lhs, rhs and result in letters: N batch, C feature, O and I of the kernel, the rest spatial. */
export type ConvLayouts = readonly [lhs: string, rhs: string, out: string]
export type ConvDimensions = ConvLayouts | ConvDimensionNumbers

const isLayouts = (d: ConvDimensions): d is ConvLayouts => Array.isArray(d)

/**
 * Axis numbers from letters; without them NC…, OI…, NC….
 *
 * @example
 * lax.convDimensionNumbers(4, ['NHWC', 'HWIO', 'NHWC'])   // { lhs: [0, 3, 1, 2], rhs: [3, 2, 0, 1], out: [0, 3, 1, 2] }
 * @throws ArgumentError when letters are missing, repeat or differ between the three.
 */
export function convDimensionNumbers(rank: number, dimensions?: ConvDimensions | null): ConvDimensionNumbers {
  return numbersOf('convDimensionNumbers', rank, dimensions)
}

function numbersOf(operation: string, rank: number, dimensions: ConvDimensions | null | undefined): ConvDimensionNumbers {
  if (ops.checkInteger(operation, 'rank', rank, 2) > 2 ** 16) throw new ArgumentError(operation, `rank is ${rank}; no array has that many axes`)
  const inOrder = Array.from({ length: rank }, (_, i) => i)
  if (dimensions === null || dimensions === undefined) return { lhs: inOrder, rhs: inOrder, out: inOrder }
  if (!isLayouts(dimensions)) {
    ops.checkOptions(operation, dimensions, ['lhs', 'rhs', 'out'])
    const axes = (side: 'lhs' | 'rhs' | 'out'): readonly number[] => [...ops.checkIntegers(operation, side, dimensions[side])]
    return { lhs: axes('lhs'), rhs: axes('rhs'), out: axes('out') }
  }
  const [lhs, rhs, out] = dimensions
  const refuse = (message: string): never => {
    throw new ArgumentError(operation, `dimension numbers ${show(dimensions)} ${message}; an example is ['NHWC', 'HWIO', 'NHWC']`)
  }
  for (const layout of [lhs, rhs, out]) {
    if (typeof layout !== 'string' || layout.length !== rank || new Set(layout).size !== rank) refuse(`must be three strings of ${rank} different letters`)
  }
  const spatial = [...rhs].filter((c) => c !== 'O' && c !== 'I')
  const places = (layout: string, first: string, second: string): number[] => [first, second, ...spatial].map((c) => (layout.includes(c) ? layout.indexOf(c) : refuse(`lack '${c}' in '${layout}'`)))
  return { lhs: places(lhs, 'N', 'C'), rhs: places(rhs, 'O', 'I'), out: places(out, 'N', 'C') }
}

export interface ConvOptions {
  /** One for each spatial axis; 1 by default. */
  readonly windowStrides?: readonly number[]
  /** Default 'VALID'. */
  readonly padding?: PaddingLike
  /** Zeros put between neighbours of lhs: a transposed convolution. */
  readonly lhsDilation?: readonly number[] | null
  /** Holes in the kernel: an atrous convolution. */
  readonly rhsDilation?: readonly number[] | null
  readonly dimensionNumbers?: ConvDimensions | null
  readonly featureGroupCount?: number
  readonly batchGroupCount?: number
}
const convOptions = ['windowStrides', 'padding', 'lhsDilation', 'rhsDilation', 'dimensionNumbers', 'featureGroupCount', 'batchGroupCount'] as const

/**
 * The general convolution (cross-correlation, as in all of machine learning). Without `dimensionNumbers` lhs is [n, c, ...spatial]
 * and rhs [out, in, ...spatial].
 *
 * @example
 * lax.convGeneralDilated(images, kernel, { windowStrides: [1, 1], padding: 'SAME', dimensionNumbers: ['NHWC', 'HWIO', 'NHWC'] })
 * @throws ShapeError when ranks, features or groups do not fit, DtypeError for operands of two dtypes.
 */
export function convGeneralDilated(lhs: ArrayLike, rhs: ArrayLike, windowStrides?: readonly number[] | ConvOptions, padding?: PaddingLike | ConvOptions, options?: ConvOptions): NDArray {
  const name = 'convGeneralDilated'
  const o = ops.placed<ConvOptions>(name, ['windowStrides', 'padding'], [windowStrides, padding], options, convOptions)
  const [x, w] = pair(lhs, rhs, name)
  if (x.ndim < 2 || x.ndim !== w.ndim) throw new ShapeError(name, `got shapes [${x.shape.join(',')}] and [${w.shape.join(',')}]; takes two arrays of one rank, at least 2`)
  const n = x.ndim - 2
  const dimensionNumbers = numbersOf(name, x.ndim, o.dimensionNumbers)
  const strides = perAxis(name, 'windowStrides', o.windowStrides, n)
  const lhsDilation = perAxis(name, 'lhsDilation', o.lhsDilation, n)
  const rhsDilation = perAxis(name, 'rhsDilation', o.rhsDilation, n)
  const given = o.padding ?? 'VALID'
  if (typeof given === 'string' && given !== 'VALID' && lhsDilation.some((d) => d !== 1)) {
    throw new ArgumentError(name, `padding '${given}' means nothing together with lhsDilation [${lhsDilation.join(',')}]; give pairs [low, high], or use convTranspose`)
  }
  const sizes = dimensionNumbers.lhs.slice(2).map((i) => x.shape[i]!)
  const windows = dimensionNumbers.rhs.slice(2).map((i) => w.shape[i]!)
  bringWindows()
  return bind1(name, [x, w], {
    windowStrides: strides,
    padding: paddingPairs(name, given, sizes, windows, strides, rhsDilation),
    lhsDilation,
    rhsDilation,
    dimensionNumbers,
    featureGroupCount: ops.checkInteger(name, 'featureGroupCount', o.featureGroupCount ?? 1, 1),
    batchGroupCount: ops.checkInteger(name, 'batchGroupCount', o.batchGroupCount ?? 1, 1),
  })
}

function pair(lhs: ArrayLike, rhs: ArrayLike, operation: string): [NDArray, NDArray] {
  requireOneDtype(operation, [lhs, rhs])
  const type = ops.promotedType(operation, [lhs, rhs])
  const cast = (v: ArrayLike): NDArray => {
    const t: Value = ops.toType(operation, v, type)
    return isArray(t) ? t : ops.convert(v, type.dtype, false, operation)
  }
  return [cast(lhs), cast(rhs)]
}

/** A convolution of [n, c, ...spatial] with [out, in, ...spatial]. */
export const conv = (lhs: ArrayLike, rhs: ArrayLike, windowStrides: readonly number[], padding: PaddingLike): NDArray => ops.within('conv', () => convGeneralDilated(lhs, rhs, windowStrides, padding))

/** The same, with holes in either operand. */
export function convWithGeneralPadding(lhs: ArrayLike, rhs: ArrayLike, windowStrides: readonly number[], padding: PaddingLike, lhsDilation: readonly number[] | null, rhsDilation: readonly number[] | null): NDArray {
  return ops.within('convWithGeneralPadding', () => {
    return convGeneralDilated(lhs, rhs, windowStrides, padding, { lhsDilation, rhsDilation })
  })
}

export interface ConvTransposeOptions {
  /** One for each spatial axis; 1 by default. */
  readonly strides?: readonly number[]
  /** 'SAME' multiplies sizes by the stride; default 'VALID'. */
  readonly padding?: PaddingLike
  readonly rhsDilation?: readonly number[] | null
  /** Default NHWC, HWIO, NHWC, or their kin of another rank. */
  readonly dimensionNumbers?: ConvDimensions | null
  /** Flips the kernel and swaps its features: then this is the gradient of a convolution with that kernel. */
  readonly transposeKernel?: boolean
}

const transposeLayouts: Readonly<Record<number, ConvLayouts>> = {
  2: ['NC', 'IO', 'NC'],
  3: ['NHC', 'HIO', 'NHC'],
  4: ['NHWC', 'HWIO', 'NHWC'],
  5: ['NHWDC', 'HWDIO', 'NHWDC'],
}

/**
 * Transposed ("de-") convolution: lhs dilated by the strides, then convolved.
 *
 * @example
 * lax.convTranspose(images, kernel, [2, 2], 'SAME')   // [n, h, w, in] and [kh, kw, in, out] to [n, 2h, 2w, out]
 */
export function convTranspose(lhs: ArrayLike, rhs: ArrayLike, strides?: readonly number[] | ConvTransposeOptions, padding?: PaddingLike | ConvTransposeOptions, options?: ConvTransposeOptions): NDArray {
  return ops.within('convTranspose', () => {
    const name = 'convTranspose'
    const o = ops.placed<ConvTransposeOptions>(name, ['strides', 'padding'], [strides, padding], options, ['strides', 'padding', 'rhsDilation', 'dimensionNumbers', 'transposeKernel'])
    const x = ops.toArray(name, lhs)
    let w = ops.toArray(name, rhs)
    const layouts = o.dimensionNumbers ?? transposeLayouts[x.ndim]
    if (layouts === undefined) throw new ArgumentError(name, `needs dimensionNumbers for rank ${x.ndim}`)
    const dimensionNumbers = numbersOf(name, x.ndim, layouts)
    const [outFeature, inFeature, ...spatial] = dimensionNumbers.rhs
    const steps = perAxis(name, 'strides', o.strides, spatial.length)
    const rhsDilation = perAxis(name, 'rhsDilation', o.rhsDilation, spatial.length)
    const given = o.padding ?? 'VALID'
    const pairs = typeof given === 'string' ? spatial.map((axis, i) => transposePadding(name, dilatedSize(w.shape[axis] ?? 0, rhsDilation[i]!), steps[i]!, given)) : given
    if (o.transposeKernel === true) {
      const swapped = w.shape.map((_, i) => (i === outFeature ? inFeature! : i === inFeature ? outFeature! : i))
      w = ops.transpose(ops.flip(w, spatial), swapped)
    }
    return convGeneralDilated(x, w, { windowStrides: spatial.map(() => 1), padding: pairs, lhsDilation: steps, rhsDilation, dimensionNumbers })
  })
}

/** Source: jax.lax.conv_transpose. */
function transposePadding(operation: string, window: number, stride: number, padding: string): readonly [low: number, high: number] {
  if (padding === 'SAME') {
    const total = window + stride - 2
    const low = stride > window - 1 ? window - 1 : Math.ceil(total / 2)
    return [low, total - low]
  }
  if (padding === 'VALID') return [window - 1, stride - 1 + Math.max(window - stride, 0)]
  throw new ArgumentError(operation, `unknown padding ${show(padding)}; takes 'SAME', 'VALID' or pairs [low, high]`)
}
