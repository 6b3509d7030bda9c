/** Depthwise convolutions and their gradients, which have code of their own. */
import fc from 'fast-check'
import { lax, makeJaxpr, np, vjp } from 'pullback'
import { expect, test } from 'vitest'
import { decodeNumbers, encodeNumbers } from '../../../src/core/bytes.ts'
import type { Jaxpr } from '../../../src/core/jaxpr.ts'
import { lowerToProgram } from '../../../src/lowering/index.ts'
import { kernelsOf } from '../../../src/lowering/kernel-ir/index.ts'
import { ModuleBuilder } from '../../../src/lowering/wasm/asm/index.ts'
import { emitDepthwise } from '../../../src/lowering/wasm/depthwise/index.ts'
import { createHelpers } from '../../../src/lowering/wasm/math/index.ts'
import { emitLoopKernel } from '../../../src/lowering/wasm/emit/loop-kernel.ts'
import { interpret } from '../../../src/backends/cpu/interpret.ts'
import { emitProgram } from '../../../src/lowering/wasm/index.ts'
import { expectClose, someBytes } from '../agree.ts'
import { runEmitted } from './emit/harness.ts'
import { sized } from '../../scale.ts'

type Pads = readonly (readonly [number, number])[]
interface Case {
  readonly layout: 'last' | 'first'
  readonly images: number
  readonly size: readonly number[]
  readonly channels: number
  readonly window: readonly number[]
  readonly padding: Pads
}

const layouts = {
  last: [['NWC', 'WIO', 'NWC'], ['NHWC', 'HWIO', 'NHWC']],
  first: [['NCW', 'OIW', 'NCW'], ['NCHW', 'OIHW', 'NCHW']],
} as const

const shapes = ({ layout, images, size, channels, window }: Case): readonly [readonly number[], readonly number[]] =>
  layout === 'last' ? [[images, ...size, channels], [...window, 1, channels]] : [[images, channels, ...size], [channels, 1, ...window]]

const depthwise = ({ layout, window, padding, channels }: Case) => (x: np.NDArray, w: np.NDArray): np.NDArray =>
  lax.convGeneralDilated(x, w, { windowStrides: window.map(() => 1), padding: padding.map(([a, b]) => [a, b]), dimensionNumbers: layouts[layout][window.length - 1]!, featureGroupCount: channels })

/** The gradients, of operands that lie in memory (`plain`) or are computed where they are read. */
function gradients(c: Case, plain: boolean): Jaxpr {
  const [x, w] = shapes(c).map((s) => np.zeros([...s])) as [np.NDArray, np.NDArray] // of two shapes
  const f = depthwise(c)
  const both = (a: np.NDArray, b: np.NDArray, ct: np.NDArray): readonly np.NDArray[] => {
    const [y, pullback] = vjp(f, [plain ? a : np.maximum(a, b.at([0]).get().sum()), b] as const)
    return [y, ...pullback(plain ? ct : ct.mul(ct))]
  }
  return makeJaxpr(both)(x, w, f(x, w)).jaxpr
}

/** How many of the kernels have code of their own. */
function written(jaxpr: Jaxpr): number {
  const module = new ModuleBuilder({ hoist: true })
  const helpers = createHelpers(module)
  let loops = 0
  const emitted = kernelsOf(lowerToProgram(jaxpr).program).map((k, i) => (k.kind !== 'loop' ? null : emitDepthwise(module, `k${i}`, k, (l) => emitLoopKernel(module, helpers, `l${loops++}`, l, { fixedOuter: true }))))
  return emitted.filter((k) => k !== null).length
}

/** Whole numbers, whose sums are exact in any order; a few of them infinite or NaN where `wild`. */
const inputsOf = (jaxpr: Jaxpr, wild: boolean): Uint8Array[] =>
  jaxpr.inputs.map((v, i) => encodeNumbers(decodeNumbers(someBytes(v.aval, i), 'float32').map((x, k) => (wild && (k * 7 + i) % 977 === 5 ? [Infinity, NaN, -Infinity][k % 3]! : Math.round(Number(x)) % 8)), 'float32'))

/** What the code computes, beside the cpu's. */
function expectAgreement(jaxpr: Jaxpr, inputs: readonly Uint8Array[]): void {
  const { program, plan } = lowerToProgram(jaxpr)
  const want = interpret(jaxpr, jaxpr.inputs.map((v, i) => ({ aval: v.aval, bytes: inputs[i]! })))
  const got = runEmitted(emitProgram(program, plan), program, inputs)
  want.forEach(({ aval, bytes }, i) => expectClose(got[i]!, bytes, aval, `output ${i}`))
}

const sizeOf = (c: Case): number => [c.images, ...c.size, c.channels, ...c.window].reduce((a, b) => a * b, 1)

const cases: fc.Arbitrary<Case> = fc
  .record({
    layout: fc.constantFrom('last' as const, 'last' as const, 'first' as const),
    images: fc.integer({ min: 1, max: 4 }),
    axes: fc.array(fc.record({ size: fc.integer({ min: 5, max: 40 }), window: fc.integer({ min: 1, max: 7 }), low: fc.integer({ min: -2, max: 8 }), high: fc.integer({ min: -2, max: 8 }) }), { minLength: 1, maxLength: 2 }),
    channels: fc.constantFrom(4, 5, 8, 12, 16, 18, 32, 48),
  })
  .map(({ axes, ...c }) => ({ ...c, size: axes.map((a) => a.size), window: axes.map((a) => a.window), padding: axes.map((a) => [a.low, a.high] as const) }))
  .filter((c) => sizeOf(c) > 2 ** 15 && sizeOf(c) < 150_000 && c.size.every((n, k) => n + c.padding[k]![0] + c.padding[k]![1] >= c.window[k]!))

test('windows of any size and padding, in images of any size: as the cpu has them, infinities and NaN too', () => {
  fc.assert(
    fc.property(cases, fc.boolean(), fc.boolean(), (c, plain, wild) => {
      const jaxpr = gradients(c, plain)
      expectAgreement(jaxpr, inputsOf(jaxpr, wild))
    }),
    { numRuns: sized(12, 2000) },
  )
})

const square = (channels: number, size: number, window: number, images = 2): Case => ({ layout: 'last', images, size: [size, size], channels, window: [window, window], padding: Array(2).fill([(window - 1) >> 1, (window - 1) >> 1]) as Pads })

test.each<[string, Case, number]>([
  ['3 x 3', square(16, 15, 3), 1],
  ['5 x 5, of channels that fill no vectors', square(6, 13, 5, 3), 3],
  ['7 x 7', square(4, 14, 7), 3],
  ['many channels in small images', square(512, 4, 3, 1), 3],
  ['one long row', { layout: 'last', images: 2, size: [300], channels: 8, window: [9], padding: [[8, 0]] }, 1],
  ['channels first', { ...square(8, 16, 3), layout: 'first' }, 1],
])("gradients of the taps, and what is not written out elsewhere, have code of their own: %s", (_, c, count) => {
  for (const plain of [true, false]) {
    const jaxpr = gradients(c, plain)
    expect(written(jaxpr)).toBe(count)
    expectAgreement(jaxpr, inputsOf(jaxpr, false))
  }
})

test('what follows a convolution is computed with it: a row of the results after the other', () => {
  const c = square(12, 14, 5)
  const f = (x: np.NDArray, w: np.NDArray, b: np.NDArray): readonly np.NDArray[] => {
    const y = depthwise(c)(x, w)
    return [np.maximum(y.add(b), 0).add(x), y]
  }
  const { jaxpr } = makeJaxpr(f)(np.zeros([2, 14, 14, 12]), np.zeros([5, 5, 1, 12]), np.zeros([12]))
  expect(kernelsOf(lowerToProgram(jaxpr).program)).toHaveLength(1)
  expect(written(jaxpr)).toBe(1)
  expectAgreement(jaxpr, inputsOf(jaxpr, true))
})

test('windows that reach far beyond the data, and those of three dimensions, are left to others', () => {
  const far = { ...square(16, 8, 3), padding: Array(2).fill([9, 9]) as Pads }
  expect(written(gradients(far, true))).toBe(0)
  expectAgreement(gradients(far, true), inputsOf(gradients(far, true), true))
  const deep = (x: np.NDArray, w: np.NDArray, ct: np.NDArray): readonly np.NDArray[] =>
    vjp((v: np.NDArray) => lax.convGeneralDilated(x, v, { windowStrides: [1, 1, 1], padding: 'SAME', dimensionNumbers: ['NDHWC', 'DHWIO', 'NDHWC'], featureGroupCount: 8 }), [w] as const)[1](ct)
  const x = np.zeros([2, 5, 6, 7, 8])
  const { jaxpr } = makeJaxpr(deep)(x, np.zeros([3, 3, 3, 1, 8]), x)
  expect(written(jaxpr)).toBe(0)
  expectAgreement(jaxpr, inputsOf(jaxpr, false))
})

test('sums over long rows and many of them are accurate', () => {
  const [images, height, width] = [2, 30, 500]
  const c: Case = { layout: 'last', images, size: [height, width], channels: 4, window: [3, 3], padding: [[1, 1], [1, 1]] }
  const x = np.zeros([images, height, width, 4])
  const { jaxpr } = makeJaxpr((a: np.NDArray, b: np.NDArray, ct: np.NDArray) => vjp((v: np.NDArray) => depthwise(c)(a, v), [b] as const)[1](ct))(x, np.zeros([3, 3, 1, 4]), x)
  const inputs = jaxpr.inputs.map(({ aval }) => encodeNumbers(new Array<number>(aval.shape.reduce((a, b) => a * b, 1)).fill(0.1), 'float32'))
  const { program, plan } = lowerToProgram(jaxpr)
  const [taps] = runEmitted(emitProgram(program, plan), program, inputs)
  // as one float32 sum of 30,000 they are off by a ten-thousandth
  decodeNumbers(taps!, 'float32').forEach((sum, i) => {
    const [row, column] = [Math.floor(i / 12), Math.floor(i / 4) % 3]
    const exact = images * (height - Number(row !== 1)) * (width - Number(column !== 1)) * Math.fround(0.1) ** 2
    expect(Math.abs(Number(sum) / exact - 1)).toBeLessThan(1e-6)
  })
})
