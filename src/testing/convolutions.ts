/** Convolutions and windows that fit their arrays. */
import fc from 'fast-check'
import { ArgumentError, type lax } from '../index.ts'
import { Choices, tapes } from './choices.ts'
import { describe } from './leaves.ts'
import { checkArbitrary, checkOptions } from './options.ts'
import { shapes } from './shapes.ts'

type Shape = readonly number[]

/** What `lax.convGeneralDilated(lhs, rhs, options)` takes: shapes of the arrays, and options that go with them. */
export interface Convolution {
  readonly lhs: Shape
  readonly rhs: Shape
  readonly options: {
    readonly windowStrides: readonly number[]
    readonly padding: readonly (readonly [low: number, high: number])[] | 'SAME' | 'VALID'
    readonly lhsDilation: readonly number[]
    readonly rhsDilation: readonly number[]
    readonly dimensionNumbers: readonly [lhs: string, rhs: string, out: string]
    readonly featureGroupCount: number
    readonly batchGroupCount: number
  }
}

export interface ConvolutionOptions {
  /** Spatial axes: 1 or 2 where nothing is said. */
  readonly spatial?: 0 | 1 | 2 | 3
}

const paddings = [[0, 0], [1, 1], [1, 0], [0, 2], [2, 1], [-1, 1]] as const
const layouts = {
  0: [['NC', 'OI', 'NC'], ['CN', 'IO', 'NC']],
  1: [['NCH', 'OIH', 'NCH'], ['NHC', 'HIO', 'NHC'], ['HNC', 'IHO', 'CNH']],
  2: [['NCHW', 'OIHW', 'NCHW'], ['NHWC', 'HWIO', 'NHWC'], ['CHNW', 'WOIH', 'HCWN']],
  3: [['NCHWD', 'OIHWD', 'NCHWD'], ['NHWDC', 'HWDIO', 'NHWDC']],
} as const

/** A convolution read off a tape of decisions; the simplest is one pixel with one weight. */
export function convolutionOf(choices: Choices, { spatial: rank = choices.of([1, 2] as const) }: ConvolutionOptions = {}): Convolution {
  const axes = Array.from({ length: rank }, (_, i) => i)
  const groups = choices.of(['none', 'none', 'features', 'batch'] as const)
  const count = groups === 'none' ? 1 : 2
  const [featureGroupCount, batchGroupCount] = [groups === 'features' ? count : 1, groups === 'batch' ? count : 1]
  const inFeatures = choices.between(1, 2)
  const outFeatures = count * choices.between(1, 2)
  const batch = batchGroupCount * choices.between(1, 2)
  const window = axes.map(() => choices.between(1, 3))
  const rhsDilation = axes.map(() => choices.of([1, 1, 2] as const))
  const lhsDilation = axes.map(() => choices.of([1, 1, 2] as const))
  const windowStrides = axes.map(() => choices.between(1, 2))
  const named = lhsDilation.every((d) => d === 1) && choices.oneIn(4) ? choices.of(['VALID', 'SAME'] as const) : null
  const padding = named ?? axes.map(() => choices.of(paddings))
  // The window fits into the dilated and padded axis at least once.
  const size = axes.map((i) => {
    const reach = ((window[i] ?? 1) - 1) * (rhsDilation[i] ?? 1) + 1
    const [low, high] = typeof padding === 'string' ? [0, 0] : (padding[i] ?? [0, 0])
    return Math.max(1, -low, -high, Math.ceil((reach - low - high - 1) / (lhsDilation[i] ?? 1)) + 1) + choices.below(3)
  })
  const dimensionNumbers = choices.of<readonly [string, string, string]>(layouts[rank]) ?? layouts[rank][0]
  // Strides, paddings and dilations are in the order of the kernel's spatial letters.
  const spatial = Array.from(dimensionNumbers[1]).filter((l) => l !== 'O' && l !== 'I')
  const place = (layout: string, first: string, second: string, sizes: readonly number[]): Shape => {
    const letters = [first, second, ...spatial]
    return [...layout].map((l) => sizes[letters.indexOf(l)] ?? 1)
  }
  return {
    lhs: place(dimensionNumbers[0], 'N', 'C', [batch, inFeatures * featureGroupCount, ...size]),
    rhs: place(dimensionNumbers[1], 'O', 'I', [outFeatures, inFeatures, ...window]),
    options: { windowStrides, padding, lhsDilation, rhsDilation, dimensionNumbers, featureGroupCount, batchGroupCount },
  }
}

/**
 * Convolutions: strides, paddings by name and by pairs (negative ones too), dilations of both sides, groups of features
 * and of the batch, layouts.
 *
 * @example
 * fc.assert(fc.property(convolutions(), ({ lhs, rhs, options }) => {
 *   lax.convGeneralDilated(np.ones(lhs), np.ones(rhs), options)
 * }))
 */
export function convolutions(options: ConvolutionOptions = {}): fc.Arbitrary<Convolution> {
  checkOptions('convolutions', options, ['spatial'])
  const { spatial } = options
  if (spatial !== undefined && ![0, 1, 2, 3].includes(spatial)) throw new ArgumentError('convolutions', `spatial is ${describe(spatial)}; takes 0 to 3`)
  return tapes(40).map((tape) => convolutionOf(new Choices(tape), options))
}

/** What `lax.reduceWindow(x, init, f, windowDimensions, windowStrides, padding, options)` takes beside x of `shape`. */
export interface Window {
  readonly shape: Shape
  readonly windowDimensions: readonly number[]
  readonly windowStrides: readonly number[]
  readonly padding: readonly (readonly [low: number, high: number])[]
  readonly options: Required<lax.WindowOptions>
}

/** A window over an array of `shape`, in which every window holds an element. */
export function windowOf(choices: Choices, shape: Shape): Window {
  const baseDilation = shape.map(() => choices.of([1, 1, 2] as const))
  const windowDilation = shape.map(() => choices.of([1, 1, 2] as const))
  const sizes = shape.map((d, i) => (d === 0 ? 0 : (d - 1) * (baseDilation[i] ?? 1) + 1))
  const windowDimensions = sizes.map((d, i) => choices.between(1, Math.max(1, Math.min(3, Math.floor((d - 1) / (windowDilation[i] ?? 1)) + 1))))
  const windowStrides = shape.map(() => choices.between(1, 2))
  // Padding stays below the window's size.
  const padding = windowDimensions.map((w): readonly [number, number] => [choices.below(w), choices.below(w)])
  return { shape, windowDimensions, windowStrides, padding, options: { baseDilation, windowDilation } }
}

export interface WindowsOptions {
  /** Shapes of what the window slides over: of up to 3 axes, none of them empty. */
  readonly shape?: fc.Arbitrary<Shape>
}

/**
 * Windows with the shapes they slide over: strides, paddings, dilations of the array and of the window.
 *
 * @example
 * fc.assert(fc.property(windows(), ({ shape, windowDimensions, windowStrides, padding, options }) => {
 *   lax.reduceWindow(np.ones(shape), 0, lax.add, windowDimensions, windowStrides, padding, options)
 * }))
 */
export function windows(options: WindowsOptions = {}): fc.Arbitrary<Window> {
  checkOptions('windows', options, ['shape'])
  const { shape = shapes({ minRank: 1, minSize: 1 }) } = options
  checkArbitrary('windows', 'shape', shape)
  return fc.tuple(shape, tapes(30)).map(([s, tape]) => windowOf(new Choices(tape), s))
}
