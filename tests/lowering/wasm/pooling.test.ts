/** Maxima and minima of windows, which have code of their own: four lanes walk along a row of windows. */
import fc from 'fast-check'
import { lax, makeJaxpr, np, vjp } from 'pullback'
import { expect, test } from 'vitest'
import { encodeNumbers } from '../../../src/core/bytes.ts'
import type { Jaxpr } from '../../../src/core/jaxpr.ts'
import { lowerToProgram } from '../../../src/lowering/index.ts'
import { kernelsOf } from '../../../src/lowering/kernel-ir/index.ts'
import { poolOf } from '../../../src/lowering/wasm/pooling/index.ts'
import { expectAgreement, someBytes } from '../agree.ts'
import { sized } from '../../scale.ts'

/** How many kernels of a program are such pooling. */
const pools = (jaxpr: Jaxpr): number => kernelsOf(lowerToProgram(jaxpr).program).filter((k) => k.kind === 'loop' && poolOf(k) !== null).length

interface Case {
  readonly kind: 'max' | 'min'
  readonly window: readonly [number, number]
  readonly strides: readonly [number, number]
  readonly padding: 'SAME' | 'VALID' | readonly (readonly [number, number])[]
}

const pool = (x: np.NDArray, { kind, window, strides, padding }: Case): np.NDArray =>
  lax.reduceWindow(x, kind === 'max' ? -Infinity : Infinity, kind === 'max' ? lax.max : lax.min, [1, ...window, 1], [1, ...strides, 1], padding)

/** The value alone, or with its gradient; the sign of a zero shows in the angle. */
const programs = (c: Case, x: np.NDArray): Jaxpr[] => {
  const angle = (y: np.NDArray): np.NDArray => np.arctan2(y, -1)
  const y = pool(x, c)
  return [
    makeJaxpr((v: np.NDArray) => [pool(v, c), angle(pool(v, c))])(x).jaxpr,
    makeJaxpr((v: np.NDArray, ct: np.NDArray) => {
      const [value, pullback] = vjp((w: np.NDArray) => pool(w, c), [v] as const)
      return [value, angle(value), ...pullback(ct)]
    })(x, y).jaxpr,
    makeJaxpr((v: np.NDArray, ct: np.NDArray) => vjp((w: np.NDArray) => pool(w, c), [v] as const)[1](ct))(x, y).jaxpr,
  ]
}

const specials = [NaN, -NaN, Infinity, -Infinity, 0, -0, 1, 1, -1, 2, 1e-40, -1e-40]

test('windows of any size, stride and padding over ties, zeros of both signs, infinities and NaN are those of the cpu, and so are their gradients', () => {
  const upTo = (most: number): fc.Arbitrary<readonly [number, number]> => fc.tuple(fc.integer({ min: 1, max: most }), fc.integer({ min: 1, max: most }))
  const pads = fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 }))
  const padding = fc.oneof(fc.constantFrom('SAME' as const, 'VALID' as const), fc.tuple(pads, pads).map(([rows, columns]) => [[0, 0], rows, columns, [0, 0]] as const))
  const values = fc.constantFrom<readonly number[]>(specials, [0, -0], [1, 2, 3], [-Infinity, -1], [...specials.slice(4), 0.5])
  fc.assert(
    fc.property(fc.constantFrom('max' as const, 'min' as const), upTo(4), upTo(3), padding, fc.tuple(fc.integer({ min: 8, max: 13 }), fc.integer({ min: 8, max: 13 })), fc.constantFrom(8, 20, 48), values, fc.integer({ min: 1, max: 1000 }), (kind, window, strides, pad, size, channels, some, seed) => {
      const shape = [3, ...size, channels]
      let state = seed
      const next = (): number => (state = (Math.imul(state, 1103515245) + 12345) >>> 0)
      const x = encodeNumbers(Array.from({ length: shape.reduce((a, b) => a * b) }, () => some[(next() >>> 16) % some.length]!), 'float32')
      for (const jaxpr of programs({ kind, window, strides, padding: pad }, np.zeros(shape))) expectAgreement(jaxpr, jaxpr.inputs.map((v, i) => (i === 0 ? x : someBytes(v.aval, i))))
    }),
    { numRuns: sized(6, 400) },
  )
})

test('values, places and both are recognised, with edges and without; windows side by side, other dtypes and lanes that slide are not', () => {
  const c = (window: readonly [number, number], strides: readonly [number, number], padding: 'SAME' | 'VALID'): Case => ({ kind: 'max', window, strides, padding })
  const x = np.zeros([4, 24, 24, 16])
  for (const k of [c([3, 3], [2, 2], 'VALID'), c([3, 3], [2, 2], 'SAME'), c([3, 3], [1, 1], 'SAME'), c([1, 3], [1, 1], 'SAME')]) {
    const [, both, gradient] = programs(k, x)
    expect([pools(makeJaxpr((v: np.NDArray) => pool(v, k))(x).jaxpr), pools(both!), pools(gradient!)], k.window.join()).toEqual([1, 0, 1])
  }
  expect(pools(makeJaxpr((v: np.NDArray) => pool(v, c([2, 2], [2, 2], 'VALID')))(x).jaxpr)).toBe(0)
  expect(pools(makeJaxpr((v: np.NDArray) => pool(v, c([3, 3], [1, 1], 'SAME')))(x.astype('float64')).jaxpr)).toBe(0)
  expect(pools(makeJaxpr((v: np.NDArray) => lax.reduceWindow(v, -Infinity, lax.max, [1, 1, 3, 3], [1, 1, 1, 1], 'SAME'))(np.zeros([4, 16, 24, 24])).jaxpr)).toBe(0)
})
