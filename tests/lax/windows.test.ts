/** Windows that reach far beyond what they read. */
import fc from 'fast-check'
import { defaultDevice, lax, makeJaxpr, type NDArray, np } from 'pullback'
import { beforeAll, expect, test } from 'vitest'
import { bind1 } from '../../src/core/trace.ts'
import { numRuns } from '../scale.ts'

beforeAll(() => {
  defaultDevice('cpu')
})

const axis = fc.record({ size: fc.nat(4), window: fc.integer({ min: 1, max: 9 }), stride: fc.integer({ min: 1, max: 3 }), low: fc.integer({ min: -3, max: 12 }), high: fc.integer({ min: -3, max: 12 }), base: fc.integer({ min: 1, max: 3 }), hole: fc.integer({ min: 1, max: 3 }) })

test('are those that leave out the places at their ends that read nothing', () => {
  fc.assert(
    fc.property(fc.array(axis, { minLength: 1, maxLength: 2 }), (axes) => {
      const pick = (name: 'window' | 'stride' | 'base' | 'hole'): number[] => axes.map((a) => a[name])
      const padding = axes.map((a) => [a.low, a.high] as const)
      fc.pre(axes.every((a) => (a.size === 0 ? 0 : (a.size - 1) * a.base + 1) + a.low + a.high >= 0))
      const shape = axes.map((a) => a.size)
      const x = np.arange(1, 1 + shape.reduce((n, d) => n * d, 1)).reshape(shape)
      const params = { windowDimensions: pick('window'), windowStrides: pick('stride'), padding, baseDilation: pick('base'), windowDilation: pick('hole') }
      for (const [f, primitive, init] of [[lax.add, 'reduceWindowSum', 0], [lax.max, 'reduceWindowMax', -Infinity]] as const) {
        const whole: NDArray = bind1(primitive, [x.astype('float32')], params)
        const out = lax.reduceWindow(x.astype('float32'), init, f, params.windowDimensions, params.windowStrides, padding, { baseDilation: params.baseDilation, windowDilation: params.windowDilation })
        expect([out.shape, out.js()]).toEqual([whole.shape, whole.js()])
      }
    }),
    { numRuns: 4 * numRuns },
  )
})

test('end soon, however long they are: their work is that of what they read', () => {
  const long = 2 ** 30
  const f = (x: NDArray): NDArray => lax.reduceWindow(x, 0, lax.add, [long], [1], [[long - 1, 0]])
  expect(f(np.array([1, 2, 4])).js()).toEqual([1, 3, 7])
  expect(String(makeJaxpr(f)(np.array([1, 2, 4])))).toContain('windowDimensions=(3,)')
  // A window that fits is left as it is written.
  expect(String(makeJaxpr((x: NDArray) => lax.reduceWindow(x, 0, lax.add, [3], [1], 'SAME'))(np.ones([5])))).toContain('padding=((1, 1),)')
})
