/** Convolutions of 3 × 3 windows by Winograd's algorithm: which they are, what they give, and that nobody can tell what they are not. */
import fc from 'fast-check'
import { jit, lax, makeJaxpr, nn, np, vjp } from 'pullback'
import { describe, expect, test } from 'vitest'
import { interpret } from '../../../../src/backends/cpu/interpret.ts'
import { WasmBackend } from '../../../../src/backends/wasm/index.ts'
import { decodeNumbers, encodeNumbers } from '../../../../src/core/bytes.ts'
import type { Jaxpr } from '../../../../src/core/jaxpr.ts'
import { lowerToProgram } from '../../../../src/lowering/index.ts'
import { kernelsOf } from '../../../../src/lowering/kernel-ir/index.ts'
import { planWinograd } from '../../../../src/lowering/winograd/plan.ts'
import '../../../families.ts'
import { someBytes } from '../../agree.ts'
import { sized } from '../../../scale.ts'

type Padding = 'SAME' | 'VALID' | (readonly [number, number])[]
interface Case {
  readonly batch: number
  readonly height: number
  readonly width: number
  /** Of a group, as the features are. */
  readonly channels: number
  readonly features: number
  readonly groups?: number
  readonly padding: Padding
  readonly layout?: Layout
}
/** Of data, kernel and result: channels last or first, kernels in either order, and the result in another order than the data. */
const layouts = { last: ['NHWC', 'HWIO', 'NHWC'], first: ['NCHW', 'OIHW', 'NCHW'], kernelLast: ['NCHW', 'HWIO', 'NCHW'], other: ['NCHW', 'OIHW', 'NHWC'] } as const
type Layout = keyof typeof layouts
const dimensionNumbers = layouts.last
const convolve = (padding: Padding, layout: Layout = 'last', featureGroupCount = 1) => (x: np.NDArray, w: np.NDArray): np.NDArray =>
  lax.convGeneralDilated(x, w, { windowStrides: [1, 1], padding, dimensionNumbers: layouts[layout], featureGroupCount })

/** A convolution and both its gradients: of data, taps and the result's cotangent. */
function derivatives({ batch, height, width, channels, features, groups = 1, padding, layout = 'last' }: Case): Jaxpr {
  const sizes: Readonly<Record<string, number>> = { N: batch, H: height, W: width, C: groups * channels }
  const taps: Readonly<Record<string, number>> = { H: 3, W: 3, I: channels, O: groups * features }
  const [data, kernel] = layouts[layout]
  return withGradients(convolve(padding, layout, groups), Array.from(data, (letter) => sizes[letter]!), Array.from(kernel, (letter) => taps[letter]!))
}

function withGradients(f: (x: np.NDArray, w: np.NDArray) => np.NDArray, data: readonly number[], kernel: readonly number[]): Jaxpr {
  const [x, w] = [np.zeros(data), np.zeros(kernel)]
  const { jaxpr } = makeJaxpr((a: np.NDArray, b: np.NDArray, ct: np.NDArray) => {
    const [y, pullback] = vjp(f, [a, b] as const)
    const [da, db] = pullback(ct)
    return [y, da, db] as const
  })(x, w, f(x, w))
  return jaxpr
}

const planned = (jaxpr: Jaxpr): (string | null)[] => kernelsOf(lowerToProgram(jaxpr).program).flatMap((k) => (k.kind === 'contraction' ? [planWinograd(k, 1000)?.form ?? null] : []))

const backends = { winograd: new WasmBackend({ threads: 1 }), direct: new WasmBackend({ threads: 1, winograd: false }) }
const run = (way: 'winograd' | 'direct', jaxpr: Jaxpr, inputs: readonly Uint8Array[]): Uint8Array[] => backends[way].compile(jaxpr).call(inputs.map((b) => backends[way].put(b.slice()))).map((s) => s.read())
const reference = (jaxpr: Jaxpr, inputs: readonly Uint8Array[]): Uint8Array[] => interpret(jaxpr, jaxpr.inputs.map((v, i) => ({ aval: v.aval, bytes: inputs[i]! }))).map((a) => a.bytes)
const numbers = (bytes: Uint8Array): ArrayLike<number> => decodeNumbers(bytes, 'float32')

/** The largest difference, as a share of the largest value. */
function difference(got: Uint8Array, want: Uint8Array): number {
  const [xs, ys] = [numbers(got), numbers(want)]
  let [most, size] = [0, 0]
  for (let i = 0; i < ys.length; i++) {
    most = Math.max(most, Math.abs(xs[i]! - ys[i]!))
    size = Math.max(size, Math.abs(ys[i]!))
  }
  return most / size
}

const side = fc.integer({ min: 4, max: 15 })
const edge = fc.integer({ min: -1, max: 3 })
const cases: fc.Arbitrary<Case> = fc.record({
  batch: fc.integer({ min: 1, max: 3 }),
  height: side,
  width: side,
  channels: fc.constantFrom(8, 16, 20, 32),
  features: fc.constantFrom(8, 16, 20, 24),
  groups: fc.constantFrom(1, 1, 2, 3),
  padding: fc.oneof(fc.constantFrom('SAME' as const, 'VALID' as const), fc.tuple(fc.tuple(edge, edge), fc.tuple(edge, edge)).map((p) => [...p])),
  layout: fc.constantFrom<Layout>('last', 'last', 'first', 'kernelLast', 'other'),
}).filter((c) => typeof c.padding === 'string' || c.padding.every(([a, b], i) => a + b + (i === 0 ? c.height : c.width) >= 4))

function expectAgreement(jaxpr: Jaxpr, tolerance = 2e-6): void {
  const inputs = jaxpr.inputs.map((v, i) => someBytes(v.aval, i))
  const want = reference(jaxpr, inputs)
  run('winograd', jaxpr, inputs).forEach((got, i) => expect(difference(got, want[i]!), `output ${i}`).toBeLessThan(tolerance))
}

/** Three dimensions, of which the first has its own window. */
interface Volume {
  readonly depth: number
  readonly taps: number
  readonly stride: number
  readonly holes: number
  readonly side: number
  readonly channels: number
  readonly features: number
  readonly groups: number
  readonly last: boolean
}
const volumes: fc.Arbitrary<Volume> = fc.record({
  depth: fc.integer({ min: 3, max: 6 }),
  taps: fc.integer({ min: 1, max: 3 }),
  stride: fc.constantFrom(1, 1, 2),
  holes: fc.constantFrom(1, 1, 2),
  side: fc.integer({ min: 4, max: 7 }),
  channels: fc.constantFrom(4, 8, 16),
  features: fc.constantFrom(8, 16),
  groups: fc.constantFrom(1, 1, 2),
  last: fc.boolean(),
})

function inThreeDimensions({ depth, taps, stride, holes, side, channels, features, groups, last }: Volume): Jaxpr {
  const dimensionNumbers = last ? (['NDHWC', 'DHWIO', 'NDHWC'] as const) : (['NCDHW', 'OIDHW', 'NCDHW'] as const)
  const padding = [[2, 2], [1, 1], [1, 1]] as const
  const f = (x: np.NDArray, w: np.NDArray): np.NDArray => lax.convGeneralDilated(x, w, { windowStrides: [stride, 1, 1], rhsDilation: [holes, 1, 1], padding, dimensionNumbers, featureGroupCount: groups })
  const data = [depth, side, side + 1]
  const window = [taps, 3, 3]
  const [c, o] = [groups * channels, groups * features]
  return last ? withGradients(f, [2, ...data, c], [...window, channels, o]) : withGradients(f, [2, c, ...data], [o, channels, ...window])
}

describe('a convolution and its gradients', () => {
  test('are those of the cpu, for any size and padding', () => {
    const seen = new Map<string | null, number>()
    fc.assert(
      fc.property(cases, (c) => {
        const jaxpr = derivatives(c)
        for (const form of planned(jaxpr)) seen.set(form, (seen.get(form) ?? 0) + 1)
        expectAgreement(jaxpr)
      }),
      { numRuns: sized(12, 400) },
    )
    // most of them are what this file is about
    expect(seen.get('results') ?? 0).toBeGreaterThan(seen.get(null) ?? 0)
    expect(seen.get('taps') ?? 0).toBeGreaterThan(0)
  })

  test('in three dimensions are those of the cpu, however the window moves along the first', () => {
    const seen = new Map<string | null, number>()
    fc.assert(
      fc.property(volumes, (volume) => {
        const jaxpr = inThreeDimensions(volume)
        for (const form of planned(jaxpr)) seen.set(form, (seen.get(form) ?? 0) + 1)
        expectAgreement(jaxpr)
      }),
      { numRuns: sized(8, 300) },
    )
    expect(seen.get('results') ?? 0).toBeGreaterThan(seen.get(null) ?? 0)
    expect(seen.get('taps') ?? 0).toBeGreaterThan(0)
  })

  test('whose groups are of images: taps of their own for each', () => {
    const f = (x: np.NDArray, w: np.NDArray): np.NDArray => lax.convGeneralDilated(x, w, { windowStrides: [1, 1], padding: 'SAME', dimensionNumbers, batchGroupCount: 2 })
    const jaxpr = withGradients(f, [6, 9, 7, 8], [3, 3, 8, 16])
    expect(planned(jaxpr).filter((form) => form === 'results')).toHaveLength(2)
    expect(planned(jaxpr)).toContain('taps')
    expectAgreement(jaxpr)
  })

  test.each([[64, 1], [16, 4], [8, 1]])('of %i channels in %i groups are as accurate as the direct form, or nearly', (channels, groups) => {
    const jaxpr = derivatives({ batch: 2, height: 32, width: 32, channels, features: channels, groups, padding: 'SAME' })
    const inputs = jaxpr.inputs.map((v, i) => someBytes(v.aval, i))
    const doubles = derivativesInDoubles(jaxpr, inputs, groups)
    const [mine, direct] = [run('winograd', jaxpr, inputs), run('direct', jaxpr, inputs)]
    doubles.forEach((want, i) => {
      const [error, of] = [rootMeanSquare(numbers(mine[i]!), want), rootMeanSquare(numbers(direct[i]!), want)]
      expect(error, `output ${i}: ${error} beside ${of}`).toBeLessThan(Math.max(3 * of, 5e-7))
    })
  })

  test.each(([NaN, Infinity, -Infinity] as const).flatMap((value) => (['last', 'first'] as const).map((layout) => [value, layout] as const)))('with %d at a few places, channels %s, give what the direct form gives, and nothing else is touched', (value, layout) => {
    const jaxpr = derivatives({ batch: 2, height: 9, width: 10, channels: 8, features: 8, groups: 2, padding: 'SAME', layout })
    expect(planned(jaxpr).filter((form) => form === 'results')).toHaveLength(2)
    expect(planned(jaxpr)).toContain('taps')
    for (const place of [0, 1, 2]) {
      const inputs = jaxpr.inputs.map((v, i) => {
        const xs = Array.from(decodeNumbers(someBytes(v.aval, i), 'float32'))
        if (i === place) for (const at of i === 1 ? [17] : [0, 16 * 47 + 3, xs.length - 1]) xs[at] = value
        return encodeNumbers(xs, 'float32')
      })
      const want = reference(jaxpr, inputs)
      run('winograd', jaxpr, inputs).forEach((got, i) => {
        const [xs, ys] = [numbers(got), numbers(want[i]!)]
        for (let e = 0; e < ys.length; e++) {
          const what = `element ${e} of output ${i}, ${value} in input ${place}`
          if (Number.isFinite(ys[e]!)) expect(Math.abs(xs[e]! - ys[e]!), what).toBeLessThan(1e-5 * (1 + Math.abs(ys[e]!)))
          else expect(xs[e], what).toBe(ys[e])
        }
      })
    }
  })

  test('what comes before and after stands in the same kernels', () => {
    const f = (x: np.NDArray, w: np.NDArray, b: np.NDArray): np.NDArray => nn.relu(convolve('SAME')(np.tanh(x).mul(2), w.mul(0.5)).add(b)).add(x)
    const { jaxpr } = makeJaxpr(f)(np.zeros([2, 11, 8, 16]), np.zeros([3, 3, 16, 16]), np.zeros([16]))
    expect(planned(jaxpr)).toEqual(['results'])
    expectAgreement(jaxpr, 1e-6)
  })

  test('in images of one row or column of tiles, and in batches that no number of blocks divides', () => {
    for (const c of [{ batch: 7, height: 4, width: 4 }, { batch: 1, height: 64, width: 4 }, { batch: 31, height: 6, width: 6 }, { batch: 1, height: 20, width: 40 }]) {
      expectAgreement(derivatives({ ...c, channels: 16, features: 16, padding: 'VALID' }), 1e-6)
    }
  })
})

describe('which convolutions', () => {
  interface Options {
    readonly windowStrides?: readonly number[]
    readonly padding?: 'SAME' | readonly (readonly [number, number])[]
    readonly lhsDilation?: readonly number[]
    readonly rhsDilation?: readonly number[]
    readonly featureGroupCount?: number
  }
  const formOf = (x: readonly number[], w: readonly number[], options: Options = {}, dtype: 'float32' | 'float64' = 'float32'): (string | null)[] =>
    planned(makeJaxpr((a: np.NDArray, b: np.NDArray) => lax.convGeneralDilated(a, b, { windowStrides: [1, 1], padding: 'SAME', dimensionNumbers, ...options }))(np.zeros(x, { dtype }), np.zeros(w, { dtype })).jaxpr)

  test('3 × 3 windows that move by one, over enough channels', () => {
    expect(formOf([2, 8, 8, 16], [3, 3, 16, 16])).toEqual(['results'])
    expect(formOf([2, 8, 8, 8], [3, 3, 8, 8])).toEqual(['results'])
    expect(formOf([2, 8, 8, 4], [3, 3, 4, 16])).toEqual([null])
    expect(formOf([2, 8, 8, 16], [3, 3, 16, 4])).toEqual([null])
    expect(formOf([2, 8, 8, 18], [3, 3, 18, 16])).toEqual([null])
    expect(formOf([2, 8, 8, 16], [5, 5, 16, 16])).toEqual([null])
    expect(formOf([2, 8, 8, 16], [1, 1, 16, 16])).toEqual([null])
  })
  test('in any order of dimensions', () => {
    for (const layout of ['first', 'kernelLast', 'other'] as const) {
      const forms = planned(derivatives({ batch: 2, height: 8, width: 8, channels: 16, features: 16, padding: 'SAME', layout }))
      expect(forms.filter((form) => form === 'results'), layout).toHaveLength(2)
      expect(forms.filter((form) => form === 'taps'), layout).toHaveLength(1)
    }
  })
  test('in groups of eights of features', () => {
    expect(formOf([2, 8, 8, 24], [3, 3, 12, 16], { featureGroupCount: 2 })).toEqual(['results'])
    expect(formOf([2, 8, 8, 24], [3, 3, 12, 24], { featureGroupCount: 2 })).toEqual([null])
    expect(formOf([2, 8, 8, 8], [3, 3, 4, 16], { featureGroupCount: 2 })).toEqual([null])
  })
  test('no strides or dilations, and float32 alone', () => {
    expect(formOf([2, 8, 8, 16], [3, 3, 16, 16], { windowStrides: [2, 1] })).toEqual([null])
    expect(formOf([2, 8, 8, 16], [3, 3, 16, 16], { rhsDilation: [1, 2] })).toEqual([null])
    expect(formOf([2, 8, 8, 16], [3, 3, 16, 16], { lhsDilation: [2, 2], padding: [[1, 1], [1, 1]] })).toEqual([null])
    expect(formOf([2, 8, 8, 16], [3, 3, 16, 16], {}, 'float64')).toEqual([null])
  })
  test('not where tiles that stand over the edge eat the gain', () => {
    expect(formOf([2, 3, 3, 16], [3, 3, 16, 16])).toEqual([null])
    expect(formOf([2, 1, 8, 16], [3, 3, 16, 16])).toEqual([null])
  })
  test('not in images so wide that a row of tiles leaves the caches', () => {
    expect(formOf([1, 8, 224, 64], [3, 3, 64, 64])).toEqual(['results'])
    expect(formOf([1, 8, 1024, 256], [3, 3, 256, 16])).toEqual([null])
  })
  test('none with the option off', () => {
    const f = jit(convolve('SAME'))
    expect(f(np.ones([1, 8, 8, 16]), np.ones([3, 3, 16, 16])).at(0, 0, 0, 0).get().item()).toBe(64)
    const jaxpr = derivatives({ batch: 1, height: 8, width: 8, channels: 16, features: 16, padding: 'SAME' })
    const inputs = jaxpr.inputs.map((v, i) => someBytes(v.aval, i))
    const [on, off] = [run('winograd', jaxpr, inputs), run('direct', jaxpr, inputs)]
    on.forEach((bytes, i) => expect(Buffer.compare(bytes, off[i]!), `output ${i} has the bits of another algorithm`).not.toBe(0))
  })
})

/** The same in float64: what both are measured against. */
function derivativesInDoubles(jaxpr: Jaxpr, inputs: readonly Uint8Array[], groups: number): ArrayLike<number>[] {
  const [x, w, ct] = inputs.map((bytes, i) => np.array(Float64Array.from(numbers(bytes))).reshape(jaxpr.inputs[i]!.aval.shape)) as [np.NDArray, np.NDArray, np.NDArray] // as many as it takes
  const [y, da, db] = jit((a: np.NDArray, b: np.NDArray, c: np.NDArray) => {
    const [out, pullback] = vjp(convolve('SAME', 'last', groups), [a, b] as const)
    return [out, ...pullback(c)] as const
  })(x, w, ct)
  return [y, da, db].map((a) => a.dataSync() as Float64Array) // the dtype of all three
}

function rootMeanSquare(got: ArrayLike<number>, want: ArrayLike<number>): number {
  let [error, size] = [0, 0]
  for (let i = 0; i < want.length; i++) {
    error += (got[i]! - want[i]!) ** 2
    size += want[i]! ** 2
  }
  return Math.sqrt(error / size)
}
