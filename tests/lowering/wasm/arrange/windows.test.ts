/** Neighbouring points of short reductions become one: pooling whose windows overlap, depthwise convolutions, gradients of both. */
import fc from 'fast-check'
import { lax, makeJaxpr, np, vjp } from 'pullback'
import { expect, test } from 'vitest'
import { decodeNumbers, encodeNumbers } from '../../../../src/core/bytes.ts'
import type { Jaxpr } from '../../../../src/core/jaxpr.ts'
import { lowerToProgram } from '../../../../src/lowering/index.ts'
import { inputsOf, kernelsOf } from '../../../../src/lowering/kernel-ir/index.ts'
import { shareReads } from '../../../../src/lowering/wasm/arrange/share-reads.ts'
import { splitLongReductions } from '../../../../src/lowering/wasm/arrange/split.ts'
import { blockWindows } from '../../../../src/lowering/wasm/arrange/windows.ts'
import { sized } from '../../../scale.ts'
import { expectAgreement, someBytes } from '../../agree.ts'

/** How many points of each loop kernel become one. */
const blocked = (jaxpr: Jaxpr): number[] =>
  kernelsOf(lowerToProgram(jaxpr).program).flatMap((k) => {
    if (k.kind !== 'loop') return []
    const size = (space: readonly number[]): number => space.reduce((a, b) => a * b, 1)
    return [size(k.space) / size(blockWindows(k).space)]
  })

type Window = readonly [number, number]
const pool = (x: np.NDArray, kind: 'sum' | 'max' | 'min', window: Window, strides: Window, padding: 'SAME' | 'VALID'): np.NDArray => {
  const [start, f] = kind === 'sum' ? [0, lax.add] as const : kind === 'max' ? [-Infinity, lax.max] as const : [Infinity, lax.min] as const
  return lax.reduceWindow(x, start, f, [1, ...window, 1], [1, ...strides, 1], padding)
}
const withGradient = (f: (x: np.NDArray) => np.NDArray) => (x: np.NDArray, ct: np.NDArray): readonly np.NDArray[] => {
  const [y, pullback] = vjp(f, [x] as const)
  return [y, ...pullback(ct)]
}
const depthwise = (x: np.NDArray, w: np.NDArray): np.NDArray =>
  lax.convGeneralDilated(x, w, { windowStrides: [1, 1], padding: 'SAME', dimensionNumbers: ['NHWC', 'HWIO', 'NHWC'], featureGroupCount: x.shape.at(-1)! })

test('windows of any size and stride, and their gradients, are those of the cpu', () => {
  const pair = (least: number, most: number): fc.Arbitrary<Window> => fc.tuple(fc.integer({ min: least, max: most }), fc.integer({ min: least, max: most }))
  fc.assert(
    fc.property(fc.constantFrom('sum' as const, 'max' as const, 'min' as const), pair(1, 4), pair(1, 3), fc.constantFrom('SAME' as const, 'VALID' as const), pair(8, 14), fc.constantFrom(5, 16, 18), fc.constantFrom('float32' as const, 'float64' as const, 'int32' as const), (kind, window, strides, padding, size, channels, dtype) => {
      const x = np.zeros([3, ...size, channels], { dtype })
      const f = (v: np.NDArray): np.NDArray => pool(v, kind, window, strides, padding)
      expectAgreement((dtype === 'int32' ? makeJaxpr(f)(x) : makeJaxpr(withGradient(f))(x, f(x))).jaxpr)
    }),
    { numRuns: sized(8, 1000) },
  )
})

test('an element that several windows read is read once for a block of them', () => {
  const x = np.zeros([4, 32, 32, 8])
  const jaxpr = (window: Window, strides: Window): Jaxpr => makeJaxpr((v: np.NDArray) => pool(v, 'sum', window, strides, 'SAME'))(x).jaxpr
  expect(blocked(jaxpr([3, 3], [1, 1]))[0]).toBeGreaterThanOrEqual(4)
  expect(blocked(jaxpr([3, 3], [2, 2]))[0]).toBeGreaterThan(1)
  // nothing is shared where windows do not overlap
  expect(blocked(jaxpr([2, 2], [2, 2]))).toEqual([1])
})

test('depthwise convolutions share weights, and are those of the cpu', () => {
  const [x, w] = [np.zeros([2, 12, 13, 20]), np.zeros([3, 3, 1, 20])]
  const { jaxpr } = makeJaxpr((a: np.NDArray, b: np.NDArray, ct: np.NDArray) => {
    const [y, pullback] = vjp(depthwise, [a, b] as const)
    return [y, ...pullback(ct)]
  })(x, w, x)
  expectAgreement(jaxpr)
  expect(Math.max(...blocked(jaxpr))).toBeGreaterThan(1)
})

test('what reads the result stands in the same kernel, once for each point', () => {
  const f = (x: np.NDArray, b: np.NDArray): np.NDArray => np.tanh(pool(x, 'max', [3, 3], [1, 1], 'SAME').add(b)).mul(x)
  const { jaxpr } = makeJaxpr(f)(np.zeros([2, 16, 16, 12]), np.zeros([12]))
  expect(blocked(jaxpr)).toHaveLength(1)
  expect(blocked(jaxpr)[0]).toBeGreaterThan(1)
  expectAgreement(jaxpr)
})

test('elements of a block of windows go into its results as they are read', () => {
  const { jaxpr } = makeJaxpr(depthwise)(np.zeros([4, 32, 32, 64]), np.zeros([3, 3, 1, 64]))
  const [kernel] = kernelsOf(lowerToProgram(jaxpr).program)
  if (kernel?.kind !== 'loop') throw new Error('a depthwise convolution is a loop')
  const stage = blockWindows(kernel).stages[0]!
  // 24 elements and 9 weights for 8 results: at no time are more alive than the weights, the results, one element and what it gives
  const last = new Map(stage.nodes.flatMap((node, id) => inputsOf(node).map((input) => [input, id] as const)))
  const alive = stage.nodes.map((_, at) => stage.nodes.filter((node, id) => node.op !== 'literal' && id <= at && (last.get(id) ?? at) > at).length)
  expect(stage.nodes.filter((n) => n.op === 'load')).toHaveLength(24 + 9)
  expect(Math.max(...alive)).toBeLessThanOrEqual(9 + 8 + 2)
})

test("the gradient of a depthwise convolution's taps is one pass over the data", () => {
  const [x, w] = [np.zeros([4, 40, 40, 6]), np.zeros([3, 3, 1, 6])]
  const { jaxpr } = makeJaxpr((a: np.NDArray, b: np.NDArray, ct: np.NDArray) => vjp((v: np.NDArray) => depthwise(a, v), [b] as const)[1](ct))(x, w, x)
  const [kernel] = kernelsOf(lowerToProgram(jaxpr).program)
  if (kernel?.kind !== 'loop') throw new Error('a depthwise gradient is a loop')
  const shared = shareReads(kernel)
  expect([kernel.space, shared.space]).toEqual([[3, 3, 1, 6], [6]])
  expect(shared.stages[0]).toMatchObject({ kind: 'reduce', accumulators: Array(9).fill({ combine: 'sum' }) })
  // whole numbers, whose sums are exact in any order
  expectAgreement(jaxpr, jaxpr.inputs.map((v, i) => encodeNumbers(decodeNumbers(someBytes(v.aval, i), 'float32').map(Math.round), 'float32')))
})

test("the gradient of a depthwise convolution's taps is added up image by image, each of which the caches keep for the next channels", () => {
  const [x, w] = [np.zeros([4, 40, 40, 64]), np.zeros([3, 3, 1, 64])]
  const { jaxpr } = makeJaxpr((a: np.NDArray, b: np.NDArray, ct: np.NDArray) => vjp((v: np.NDArray) => depthwise(a, v), [b] as const)[1](ct))(x, w, x)
  const [kernel] = kernelsOf(lowerToProgram(jaxpr).program)
  if (kernel?.kind !== 'loop') throw new Error('a depthwise gradient is a loop')
  expect(splitLongReductions(kernel, 1000).kernels[0]).toMatchObject({ space: [4, 3, 3, 64], stages: [{ inner: [1, 40, 40] }, {}] })
})

test('products of few rows read the other side once for all of them', () => {
  expectAgreement(makeJaxpr((a: np.NDArray, b: np.NDArray) => np.sum(np.expandDims(a, 2).mul(np.expandDims(b, 0)), 1))(np.zeros([3, 70]), np.zeros([70, 12])).jaxpr)
})
