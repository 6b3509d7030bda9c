/** The number of threads changes no bit of a convolution or a pooling, nor of their gradients. */
import { lax, type np } from 'pullback'
import { describe, expect, test } from 'vitest'
import { parseJaxpr } from '../../src/core/parse.ts'
import { formsOf } from './forms.ts'
import { allThreadsAreLeft, expectRight, expectSharedBits, traced, withGradients } from './same-bits.ts'

const convolution = (lhs: string, rhs: string, out: string, dimensionNumbers: string, padding: string, groups = { batch: 1, feature: 1 }): string =>
  `{ lambda ; a:f32[${lhs}] b:f32[${rhs}]. let c:f32[${out}] = convGeneralDilated[batchGroupCount=${groups.batch} dimensionNumbers=${dimensionNumbers} featureGroupCount=${groups.feature} lhsDilation=(1, 1) padding=${padding} rhsDilation=(1, 1) windowStrides=(1, 1)] a b in (c,) }`
const [last, first] = ['{lhs=(0, 3, 1, 2) out=(0, 3, 1, 2) rhs=(3, 2, 0, 1)}', '{lhs=(0, 1, 2, 3) out=(0, 1, 2, 3) rhs=(0, 1, 2, 3)}']
const one = '((1, 1), (1, 1))'

describe('the same bits with 1, 2 and 4 threads', () => {
  test.each<[string, form: string, text: string]>([
    ['a convolution', 'rows by rows of windows, depth in 1, finished apart', convolution('2,28,28,5', '3,3,5,19', '2,28,28,19', last, one)],
    ['a convolution of many channels', 'winograd results', convolution('3,13,14,32', '3,3,32,20', '3,13,14,20', last, one)],
    ['a convolution of wide windows, channels first', 'rows by rows of windows, depth in 2, finished apart', convolution('2,16,12,14', '24,16,5,5', '2,24,12,14', first, '((2, 2), (2, 2))')],
    ['a convolution of channels in groups', 'winograd results', convolution('3,13,14,24', '3,3,8,48', '3,13,14,48', last, one, { batch: 1, feature: 3 })],
    ["a kernel's gradient of channels in groups", 'winograd taps', convolution('16,13,14,9', '13,14,9,32', '8,3,3,32', last, one, { batch: 2, feature: 1 })],
    ["a kernel's gradient of many channels", 'winograd taps', convolution('32,13,14,9', '13,14,9,20', '32,3,3,20', last, one)],
    ["a kernel's gradient", 'slices, depth in 24, finished apart', convolution('5,26,26,8', '24,24,8,6', '5,3,3,6', last, '((0, 0), (0, 0))')],
  ])('of %s: %s', (_, form, text) => {
    const jaxpr = parseJaxpr(text)
    expect(formsOf(jaxpr)).toEqual([form])
    expectSharedBits(jaxpr)
    expectRight(jaxpr)
  })

  interface Convolution {
    readonly layout?: readonly [string, string, string]
    readonly windowStrides?: readonly number[]
    readonly rhsDilation?: readonly number[]
  }
  // Of data and window; forms of the value, and of both gradients. Phases of a gradient are contractions of their own.
  test.each<[string, data: number[], window: number[], Convolution, forms: string[]]>([
    ['by 2, which has phases', [2, 20, 20, 8], [3, 3, 8, 16], { windowStrides: [2, 2] }, ['rows by rows, depth in 1', 'rows by rows, depth in 1', ...Array<string>(4).fill('rows by rows, depth in 1, finished apart')]],
    ['dilated', [2, 18, 18, 8], [3, 3, 8, 16], { rhsDilation: [2, 2] }, ['rows by rows of windows, depth in 1', 'rows by rows, depth in 2', 'rows by rows of windows, depth in 1']],
    ['of one dimension', [2, 200, 8], [5, 8, 16], { layout: ['NWC', 'WIO', 'NWC'] }, ['rows by rows of windows, depth in 1', 'slices, depth in 2, finished apart', 'rows by rows of windows, depth in 1']],
    ['of three dimensions', [1, 6, 8, 8, 16], [3, 3, 3, 16, 16], { layout: ['NDHWC', 'DHWIO', 'NDHWC'] }, ['winograd taps', 'winograd results', 'winograd results']],
    ['of channels that come first', [2, 16, 12, 12], [16, 16, 3, 3], { layout: ['NCHW', 'OIHW', 'NCHW'] }, ['winograd taps', 'winograd results', 'winograd results']],
  ])('of a convolution and its gradients, %s', (_, data, window, { layout = ['NHWC', 'HWIO', 'NHWC'], ...options }, forms) => {
    const steps = data.slice(2).map(() => 1)
    const f = (x: np.NDArray, w: np.NDArray): np.NDArray => lax.convGeneralDilated(x, w, { windowStrides: steps, padding: 'SAME', dimensionNumbers: layout, ...options })
    const jaxpr = withGradients(f, data, window)
    expect(formsOf(jaxpr)).toEqual(forms)
    expectSharedBits(jaxpr)
  })
})

describe('of depthwise convolutions and their gradients', () => {
  test.each([[[3, 12, 13, 32], [3, 3], 1], [[2, 20, 20, 6], [5, 5], 1], [[5, 7, 7, 512], [3, 3], 1], [[2, 300, 16], [9], 1], [[2, 20, 20, 16], [3, 3], 2]])('%j, windows of %j by %i', (shape, window, stride) => {
    const dimensionNumbers = window.length === 1 ? ['NWC', 'WIO', 'NWC'] as const : ['NHWC', 'HWIO', 'NHWC'] as const
    const f = (x: np.NDArray, w: np.NDArray): np.NDArray => lax.convGeneralDilated(x, w, { windowStrides: window.map(() => stride), padding: 'SAME', dimensionNumbers, featureGroupCount: shape.at(-1)! })
    expectSharedBits(withGradients(f, shape, [...window, 1, shape.at(-1)!]))
  })
})

describe('of pooling, and of its gradients', () => {
  const maxima = (window: readonly number[], strides: readonly number[], padding: 'SAME' | 'VALID') => (x: np.NDArray): np.NDArray => lax.reduceWindow(x, -Infinity, lax.max, window, strides, padding)
  const minima = (x: np.NDArray): np.NDArray => lax.reduceWindow(x, Infinity, lax.min, [1, 3, 3, 1], [1, 1, 1, 1], 'SAME')
  const means = (x: np.NDArray): np.NDArray => lax.reduceWindow(x, 0, lax.add, [1, 3, 3, 1], [1, 1, 1, 1], 'SAME').div(9)
  test('maxima alone', () => {
    expectSharedBits(traced(maxima([1, 3, 3, 1], [1, 1, 1, 1], 'SAME'), [4, 24, 24, 16]))
  })
  test.each<[string, (x: np.NDArray) => np.NDArray, number[]]>([
    ['maxima', maxima([1, 3, 3, 1], [1, 1, 1, 1], 'SAME'), [4, 24, 24, 16]],
    ['maxima by 2', maxima([1, 3, 3, 1], [1, 2, 2, 1], 'VALID'), [4, 25, 25, 16]],
    ['maxima of windows side by side', maxima([1, 2, 2, 1], [1, 2, 2, 1], 'VALID'), [4, 24, 24, 16]],
    ['maxima, channels first', maxima([1, 1, 3, 3], [1, 1, 2, 2], 'SAME'), [2, 16, 24, 24]],
    ['minima', minima, [4, 24, 24, 16]],
    ['means', means, [4, 24, 24, 16]],
  ])('%s', (_, f, shape) => {
    expectSharedBits(withGradients(f, shape))
  })
})

allThreadsAreLeft()
