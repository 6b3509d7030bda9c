/** Convolutions with many channels, and both their gradients, against plain loops: whole numbers, which are exact in every order. */
import fc from 'fast-check'
import { jit, lax, makeJaxpr, np, vjp } from 'pullback'
import { expect, test } from 'vitest'
import { lowerToProgram } from '../../../../src/lowering/index.ts'
import { kernelsOf } from '../../../../src/lowering/kernel-ir/index.ts'
import { splitPhases } from '../../../../src/lowering/wasm/contraction/phases.ts'
import { planContraction } from '../../../../src/lowering/wasm/contraction/plan.ts'
import '../../../families.ts'
import { sized } from '../../../scale.ts'

interface Axis {
  readonly size: number
  readonly window: number
  readonly stride: number
  readonly dilation: number
  readonly padding: readonly [number, number]
}
interface Case {
  readonly axes: readonly Axis[]
  readonly batch: number
  /** Of a group. */
  readonly channels: number
  readonly features: number
  readonly groups: number
  /** Channels last in data and features last in kernels, or both first. */
  readonly last: boolean
}

const plain: Axis = { size: 6, window: 3, stride: 1, dilation: 1, padding: [1, 1] }
const resultSize = (d: Axis): number => Math.floor((d.size + d.padding[0] + d.padding[1] - d.dilation * (d.window - 1) - 1) / d.stride) + 1

/** A function of places: its elements in the order of memory. */
const wholeNumbers = (count: number, seed: number): Float64Array => Float64Array.from({ length: count }, (_, i) => (((i + seed) * 7919 + 13) % 9) - 4)

/** Places in `[batch, channel, …space]`, or with the channel last; in `[feature, channel, …space]`, or both last in the other order. */
function places({ axes, batch, channels, features, groups, last }: Case): { readonly data: (size: (d: Axis) => number, c: number) => number[]; readonly kernel: number[]; readonly at: (shape: readonly number[], lead: number, channel: number, space: readonly number[]) => number; readonly atTap: (feature: number, channel: number, space: readonly number[]) => number } {
  const flat = (shape: readonly number[], index: readonly number[]): number => index.reduce((place, i, d) => place * shape[d]! + i, 0)
  const kernel = last ? [...axes.map((d) => d.window), channels, features * groups] : [features * groups, channels, ...axes.map((d) => d.window)]
  return {
    data: (size, c) => (last ? [batch, ...axes.map(size), c] : [batch, c, ...axes.map(size)]),
    kernel,
    at: (shape, lead, channel, space) => flat(shape, last ? [lead, ...space, channel] : [lead, channel, ...space]),
    atTap: (feature, channel, space) => flat(kernel, last ? [...space, channel, feature] : [feature, channel, ...space]),
  }
}

function* indices(sizes: readonly number[]): Generator<number[]> {
  if (sizes.length === 0) yield []
  else for (let i = 0; i < sizes[0]!; i++) for (const rest of indices(sizes.slice(1))) yield [i, ...rest]
}

function check(c: Case): void {
  const { axes, batch, channels, features, groups, last } = c
  const { data, kernel, at, atTap } = places(c)
  const [xShape, yShape] = [data((d) => d.size, channels * groups), data(resultSize, features * groups)]
  const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1)
  const [x, w, ct] = [xShape, kernel, yShape].map((shape, seed) => wholeNumbers(size(shape), seed)) as [Float64Array, Float64Array, Float64Array] // three of three
  const [y, dx, dw] = [new Float64Array(ct.length), new Float64Array(x.length), new Float64Array(w.length)]
  for (const place of indices(axes.map(resultSize))) {
    for (const tap of indices(axes.map((d) => d.window))) {
      const from = axes.map((d, s) => place[s]! * d.stride + tap[s]! * d.dilation - d.padding[0])
      if (from.some((i, s) => i < 0 || i >= axes[s]!.size)) continue
      for (let n = 0; n < batch; n++) {
        for (let g = 0; g < groups; g++) {
          for (let f = g * features; f < (g + 1) * features; f++) {
            const out = at(yShape, n, f, place)
            for (let i = 0; i < channels; i++) {
              const [a, b] = [at(xShape, n, g * channels + i, from), atTap(f, i, tap)]
              y[out]! += x[a]! * w[b]!
              dx[a]! += ct[out]! * w[b]!
              dw[b]! += ct[out]! * x[a]!
            }
          }
        }
      }
    }
  }
  const spatial = 'DHW'.slice(3 - axes.length)
  const [xLetters, wLetters] = last ? [`N${spatial}C`, `${spatial}IO`] : [`NC${spatial}`, `OI${spatial}`]
  const conv = (a: np.NDArray, b: np.NDArray): np.NDArray =>
    lax.convGeneralDilated(a, b, {
      windowStrides: axes.map((d) => d.stride),
      padding: axes.map((d) => d.padding),
      rhsDilation: axes.map((d) => d.dilation),
      dimensionNumbers: [xLetters, wLetters, xLetters],
      featureGroupCount: groups,
    })
  const f = jit((a: np.NDArray, b: np.NDArray, t: np.NDArray) => {
    const [value, pull] = vjp(conv, [a, b] as const)
    return [value, ...pull(t)]
  })
  const arrays = ([[x, xShape], [w, kernel], [ct, yShape]] as const).map(([values, shape]) => np.array(Float32Array.from(values)).reshape(shape)) as [np.NDArray, np.NDArray, np.NDArray] // three of three
  // twice, since the second call meets what the first left in scratch memory
  for (let call = 0; call < 2; call++) {
    for (const [k, got] of f(...arrays).entries()) {
      const want = [y, dx, dw][k]!
      const values = Array.from(got.dataSync(), Number)
      expect(values.length).toBe(want.length)
      const wrong = values.findIndex((v, i) => v !== want[i])
      expect(wrong < 0 ? null : { of: ['result', 'data', 'kernel'][k], at: wrong, got: values[wrong], expected: want[wrong] }).toBe(null)
    }
  }
}

test.each([5, 7])('windows of %i by as many: blocks of the depth end where rows of the window do, or cut them', (window) => {
  for (const channels of [64, 100]) check({ axes: [{ ...plain, window }, { ...plain, window }], batch: 2, channels, features: 8, groups: 1, last: true })
})

test('windows over places that stand last', () => {
  const wide: Axis = { size: 12, window: 5, stride: 1, dilation: 1, padding: [2, 2] }
  for (const axes of [[wide, wide], [{ ...wide, window: 7, padding: [3, 3] as const }, { ...wide, size: 24, stride: 2 }]]) check({ axes, batch: 2, channels: 20, features: 8, groups: 1, last: false })
})

test('windows that have one place along an axis', () => {
  const whole: Axis = { size: 3, window: 3, stride: 1, dilation: 1, padding: [0, 0] }
  const case_: Omit<Case, 'axes'> = { batch: 1, channels: 20, features: 8, groups: 1, last: true }
  for (const along of [whole, { ...whole, stride: 2 }, { ...whole, size: 6, dilation: 2 }]) {
    for (const across of [{ ...whole, window: 1, padding: [0, 1] as const }, plain, { ...plain, window: 2, dilation: 2 }, { ...plain, stride: 2 }]) {
      check({ ...case_, axes: [across, along] })
      check({ ...case_, axes: [along, across] })
    }
  }
})

test('what the windows of a block of rows meet is brought into an image once', () => {
  const imageOf = (x: readonly number[], w: readonly number[], windowStrides: readonly number[], rhsDilation: readonly number[], groups = 1, layout: readonly [string, string, string] = ['NHWC', 'HWIO', 'NHWC']): { rows: number; elements: number; run: number; runs: number } | null => {
    const f = (a: np.NDArray, b: np.NDArray): np.NDArray => lax.convGeneralDilated(a, b, { windowStrides, rhsDilation, padding: 'SAME', dimensionNumbers: layout, featureGroupCount: groups })
    const [kernel] = kernelsOf(lowerToProgram(makeJaxpr(f)(np.zeros(x), np.zeros(w)).jaxpr).program)
    if (kernel?.kind !== 'contraction') throw new Error('a convolution is a contraction')
    const { lhs } = planContraction(kernel, 1000)
    if (lhs.strided !== null || !('windows' in lhs.packing)) return null
    const { blockRows, imageElements, run, runsOfBlock } = lhs.packing.windows
    return { rows: blockRows, elements: imageElements, run, runs: runsOfBlock }
  }
  // four rows of the image and two more on each side; a row of the window is one run
  expect(imageOf([32, 32, 32, 64], [5, 5, 64, 64], [1, 1], [1, 1])).toEqual({ rows: 128, elements: 8 * 36 * 64, run: 5 * 64, runs: 1 })
  expect(imageOf([32, 32, 32, 64], [3, 3, 16, 64], [1, 1], [1, 1], 4)).toEqual({ rows: 128, elements: 6 * 34 * 16, run: 3 * 16, runs: 3 })
  expect(imageOf([32, 32, 32, 64], [3, 3, 64, 64], [2, 2], [1, 1])).toEqual({ rows: 128, elements: 17 * 33 * 64, run: 3 * 64, runs: 1 })
  expect(imageOf([32, 32, 32, 64], [3, 3, 64, 64], [1, 1], [2, 2])).toEqual({ rows: 128, elements: 8 * 36 * 64, run: 64, runs: 3 })
  // of one channel a run has three elements
  expect(imageOf([32, 32, 32, 1], [3, 3, 1, 64], [1, 1], [1, 1])).toEqual({ rows: 128, elements: 6 * 34, run: 3, runs: 3 })
  // with channels first the image has them first, and places are rows all the same
  const first = ['NCHW', 'OIHW', 'NCHW'] as const
  expect(imageOf([32, 64, 32, 32], [64, 64, 5, 5], [1, 1], [1, 1], 1, first)).toEqual({ rows: 128, elements: 64 * 8 * 36, run: 5, runs: 8 * 5 })
  // nothing is met twice, it would be read element by element, or results that lie apart are most of the work
  expect(imageOf([32, 32, 32, 64], [1, 1, 64, 64], [1, 1], [1, 1])).toBe(null)
  expect(imageOf([32, 64, 32, 32], [64, 64, 5, 5], [1, 1], [2, 2], 1, first)).toBe(null)
  expect(imageOf([32, 3, 32, 32], [64, 3, 5, 5], [1, 1], [1, 1], 1, first)).toBe(null)
})

test('each phase of the gradient of strided data meets its own taps alone, through windows', () => {
  const f = (x: np.NDArray, w: np.NDArray): np.NDArray => lax.convGeneralDilated(x, w, { windowStrides: [2, 2], padding: 'SAME', dimensionNumbers: ['NHWC', 'HWIO', 'NHWC'] })
  const x = np.zeros([8, 32, 32, 64])
  const phases = (window: number): { k: readonly number[]; windows: number; guards: number }[] => {
    const w = np.zeros([window, window, 64, 64])
    const { jaxpr } = makeJaxpr((b: np.NDArray, ct: np.NDArray) => vjp((v: np.NDArray) => f(v, b), [x] as const)[1](ct))(w, f(x, w))
    const kernel = kernelsOf(lowerToProgram(jaxpr).program).find((k) => k.kind === 'contraction')
    if (kernel === undefined) throw new Error('the gradient of a convolution is a contraction')
    return splitPhases(kernel).map(({ k, sliding, rhs }) => {
      const last = rhs.at(-1)
      return { k, windows: sliding.length, guards: last?.op === 'load' ? last.guards.length : NaN }
    })
  }
  // of 3 x 3 taps by 2 four phases meet nine
  expect(phases(3)).toEqual([
    { k: [2, 2, 64], windows: 2, guards: 0 },
    { k: [1, 2, 64], windows: 1, guards: 0 },
    { k: [2, 1, 64], windows: 1, guards: 0 },
    { k: [1, 1, 64], windows: 0, guards: 0 },
  ])
  expect(phases(4).map((p) => p.k)).toEqual(Array(4).fill([2, 2, 64]))
})

const axis: fc.Arbitrary<Axis> = fc
  .record({ size: fc.integer({ min: 3, max: 9 }), window: fc.integer({ min: 1, max: 5 }), stride: fc.constantFrom(1, 1, 2, 3), dilation: fc.constantFrom(1, 1, 2), padding: fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 })) })
  .filter((d) => resultSize(d) > 0)
const cases: fc.Arbitrary<Case> = fc
  .record({
    axes: fc.array(axis, { minLength: 1, maxLength: 3 }),
    batch: fc.integer({ min: 1, max: 3 }),
    channels: fc.constantFrom(1, 3, 8, 20, 64, 100),
    features: fc.constantFrom(1, 3, 4, 8, 12, 16),
    groups: fc.constantFrom(1, 1, 1, 2),
    last: fc.constantFrom(true, true, false),
  })
  .filter(({ axes, batch, channels, features, groups }) => axes.reduce((n, d) => n * resultSize(d) * d.window, batch * channels * features * groups) < 1e6)

test('any strides, dilations and paddings, in one to three dimensions', () => {
  fc.assert(fc.property(cases, check), { numRuns: sized(25, 1500) })
})
