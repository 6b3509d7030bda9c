/** Convolutions of any form as kernels, against the cpu. */
import fc from 'fast-check'
import { lax, makeJaxpr, np, vjp } from 'pullback'
import { expect, test } from 'vitest'
import { kernelsOf } from '../../src/lowering/kernel-ir/index.ts'
import { decodeNumbers, encodeNumbers } from '../../src/core/bytes.ts'
import { expectAgreement, someBytes } from './agree.ts'
import { sized } from '../scale.ts'

interface Axis {
  readonly size: number
  readonly window: number
  readonly stride: number
  readonly operandDilation: number
  readonly windowDilation: number
  readonly padding: readonly [number, number]
}
const axis: fc.Arbitrary<Axis> = fc.record({
  size: fc.integer({ min: 1, max: 6 }),
  window: fc.integer({ min: 1, max: 4 }),
  stride: fc.constantFrom(1, 1, 2, 3),
  operandDilation: fc.constantFrom(1, 2, 3),
  windowDilation: fc.constantFrom(1, 1, 2),
  padding: fc.tuple(fc.integer({ min: -2, max: 3 }), fc.integer({ min: -2, max: 3 })),
})
const cases = fc.record({ axes: fc.array(axis, { minLength: 1, maxLength: 3 }), batch: fc.integer({ min: 1, max: 3 }), channels: fc.constantFrom(1, 2, 6), features: fc.constantFrom(1, 4, 9), groups: fc.constantFrom(1, 1, 2, 3), last: fc.boolean() })

test('any strides, dilations of both sides, paddings and groups, in one to three dimensions', () => {
  fc.assert(
    fc.property(cases, ({ axes, batch, channels, features, groups, last }) => {
      const spatial = 'DHW'.slice(3 - axes.length)
      const [x, w] = last ? [`N${spatial}C`, `${spatial}IO`] : [`NC${spatial}`, `OI${spatial}`]
      const extent = (letters: string, of: (letter: string) => number): number[] => [...letters].map(of)
      const along = (letter: string): Axis => axes[spatial.indexOf(letter)]!
      const operand = np.zeros(extent(x, (c) => (c === 'N' ? batch : c === 'C' ? channels * groups : along(c).size)))
      const kernel = np.zeros(extent(w, (c) => (c === 'I' ? channels : c === 'O' ? features * groups : along(c).window)))
      const f = (a: np.NDArray, b: np.NDArray): np.NDArray =>
        lax.convGeneralDilated(a, b, {
          windowStrides: axes.map((d) => d.stride),
          padding: axes.map((d) => d.padding),
          lhsDilation: axes.map((d) => d.operandDilation),
          rhsDilation: axes.map((d) => d.windowDilation),
          dimensionNumbers: [x, w, x],
          featureGroupCount: groups,
        })
      expectAgreement(makeJaxpr(f)(operand, kernel).jaxpr)
    }),
    { numRuns: sized(40, 3000) },
  )
})

test('the gradient of strided data multiplies no zeros that stand between elements', () => {
  const f = (x: np.NDArray, w: np.NDArray): np.NDArray => lax.convGeneralDilated(x, w, { windowStrides: [2, 3], padding: 'SAME', dimensionNumbers: ['NHWC', 'HWIO', 'NHWC'] })
  const [x, w] = [np.zeros([2, 9, 12, 4]), np.zeros([3, 4, 4, 8])]
  const { jaxpr } = makeJaxpr((a: np.NDArray, b: np.NDArray, ct: np.NDArray) => vjp((v: np.NDArray) => f(v, b), [a] as const)[1](ct))(x, w, f(x, w))
  const kernel = kernelsOf(expectAgreement(jaxpr).program).find((k) => k.kind === 'contraction')
  // two phases of rows, of which 9 are one too few, and three of columns; every second and every third of the taps
  expect(kernel).toMatchObject({ kind: 'contraction', batch: [2, 3], m: [2, 5, 4], n: [4], k: [2, 2, 8] })
})

test('an element that is no number meets no offset that the window does not have', () => {
  const f = (x: np.NDArray, w: np.NDArray): np.NDArray => lax.convGeneralDilated(x, w, { windowStrides: [1, 1], padding: [[2, 1], [1, 3]], lhsDilation: [2, 3], dimensionNumbers: ['NHWC', 'HWIO', 'NHWC'] })
  const { jaxpr } = makeJaxpr(f)(np.zeros([1, 3, 4, 2]), np.zeros([1, 2, 2, 3]))
  for (const value of [NaN, Infinity]) {
    const [x, w] = jaxpr.inputs.map((v, i) => Array.from(decodeNumbers(someBytes(v.aval, i), 'float32')))
    for (const at of [0, 9, 23]) x![at] = value
    expectAgreement(jaxpr, [encodeNumbers(x!, 'float32'), encodeNumbers(w!, 'float32')])
  }
})

test('but a weight that is no number meets the zeros, as it meets padding', () => {
  const f = (x: np.NDArray, w: np.NDArray): np.NDArray => lax.convGeneralDilated(x, w, { windowStrides: [1, 1], padding: [[2, 1], [1, 3]], lhsDilation: [2, 3], dimensionNumbers: ['NHWC', 'HWIO', 'NHWC'] })
  const { jaxpr } = makeJaxpr(f)(np.zeros([2, 5, 4, 4]), np.zeros([3, 4, 4, 8]))
  for (const value of [NaN, Infinity]) {
    const [x, w] = jaxpr.inputs.map((v, i) => Array.from(decodeNumbers(someBytes(v.aval, i), 'float32')))
    w![37] = value
    expectAgreement(jaxpr, [encodeNumbers(x!, 'float32'), encodeNumbers(w!, 'float32')])
  }
})
