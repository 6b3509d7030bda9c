import { type DType, type NDArray, np, random } from 'pullback'
import { describe, expect, test } from 'vitest'
import { held } from './devices.ts'
import { array, expectClose, type Fixed, load, on, onTyped, prepared, type Tolerance, ways } from './load.ts'

type Shape = readonly number[]
type Float = 'float32' | 'float64' | 'float16' | 'bfloat16'
interface Entry<P> {
  readonly name: string
  readonly seed: number
  readonly params: P
  readonly out: Fixed
}
interface Sampled {
  readonly shape: Shape
  readonly dtype: Float
}
interface Params {
  readonly uniform: Sampled & { readonly minval?: number; readonly maxval?: number }
  readonly normal: Sampled
  readonly gumbel: Sampled
  readonly exponential: Sampled
  readonly laplace: Sampled
  readonly truncatedNormal: Sampled & { readonly lower: number; readonly upper: number }
  readonly bernoulli: { readonly p: number; readonly shape: Shape }
  readonly permutation: { readonly n: number }
  readonly randint: { readonly shape: Shape; readonly minval: number; readonly maxval: number; readonly dtype: DType }
  readonly categorical: { readonly axis: number; readonly shape: Shape | null }
  readonly choice: { readonly n: number; readonly shape: Shape; readonly replace: boolean; readonly p: readonly number[] | null }
}
type Samplers = { readonly [K in keyof Params]: (key: NDArray, params: Params[K]) => NDArray }
type Words = number | readonly Words[]
interface Fixture {
  readonly keys: Readonly<Record<string, readonly number[]>>
  readonly split: readonly { readonly seed: number; readonly shape: number | Shape; readonly out: Words }[]
  readonly foldIn: readonly { readonly seed: number; readonly data: number; readonly out: Words }[]
  readonly bits: readonly Entry<{ readonly shape: Shape; readonly dtype: 'uint8' | 'uint16' | 'uint32' }>[]
  readonly samples: { readonly [K in keyof Params]: readonly Entry<Params[K]>[] }
  readonly logits: Fixed
  readonly rows: Fixed
  readonly shuffled: readonly { readonly seed: number; readonly axis: number; readonly independent: boolean; readonly out: Fixed }[]
}

const fixture = load<Fixture>('random.json')
// Bits agree exactly; logarithms and the inverse error function of them to a bit or two, near zero of one unit's size.
const tolerance: Tolerance = { float32: 1e-6, float64: 1e-12, scale: 'array' }

const samplers: Samplers = {
  uniform: (key, { shape, ...options }) => random.uniform(key, shape, options),
  normal: (key, { shape, dtype }) => random.normal(key, shape, { dtype }),
  gumbel: (key, { shape, dtype }) => random.gumbel(key, shape, { dtype }),
  exponential: (key, { shape, dtype }) => random.exponential(key, shape, { dtype }),
  laplace: (key, { shape, dtype }) => random.laplace(key, shape, { dtype }),
  truncatedNormal: (key, { lower, upper, shape, dtype }) => random.truncatedNormal(key, lower, upper, shape, { dtype }),
  bernoulli: (key, { p, shape }) => random.bernoulli(key, p, shape),
  permutation: (key, { n }) => random.permutation(key, n),
  randint: (key, { shape, minval, maxval, dtype }) => random.randint(key, shape, minval, maxval, { dtype }),
  categorical: (key, { axis, shape }) => random.categorical(key, array(fixture.logits), { axis, ...(shape === null ? {} : { shape }) }),
  choice: (key, { n, shape, replace, p }) => random.choice(key, n, shape, { replace, ...(p === null ? {} : { p: np.array([...p]) }) }),
}

for (const way of ways) {
  describe(`keys, ${way.name}`, () => {
    const words = (key: NDArray): Promise<unknown> => random.keyData(key).jsAsync()
    test('of seeds, also negative and large ones', () =>
      on(way, async () => {
        for (const [seed, expected] of held.some(Object.entries(fixture.keys))) expect([seed, await words(random.key(Number(seed)))]).toEqual([seed, expected])
      }))
    test('split', () =>
      on(way, async () => {
        for (const { seed, shape, out } of held.some(fixture.split)) {
          const [keys] = prepared(way, (key) => [random.split(key, shape)])(random.key(seed))
          expect([seed, shape, await words(keys!)]).toEqual([seed, shape, out])
        }
      }))
    test('foldIn', () =>
      on(way, async () => {
        for (const { seed, data, out } of held.some(fixture.foldIn)) {
          const [key] = prepared(way, (k) => [random.foldIn(k, data)])(random.key(seed))
          expect([seed, data, await words(key!)]).toEqual([seed, data, out])
        }
      }))
  })

  const bits = held.some(fixture.bits)
  describe.runIf(bits.length > 0)(`bits, ${way.name}`, () => {
    for (const { name, seed, params, out } of bits) {
      test(name, () =>
        on(way, async () => {
          const [drawn] = prepared(way, (key) => [random.bits(key, params.shape, { dtype: params.dtype })])(random.key(seed))
          await expectClose(drawn!, out)
        }))
    }
  })

  const sampled = <K extends keyof Params>(kind: K): void => {
    const entries = held.some(fixture.samples[kind])
    describe.runIf(entries.length > 0)(`${kind}, ${way.name}`, () => {
      for (const { name, seed, params, out } of entries) {
        test(name, () =>
          onTyped(way, [out.dtype], async () => {
            const [sample] = prepared(way, (key) => [samplers[kind](key, params)])(random.key(seed))
            await expectClose(sample!, out, tolerance)
          }))
      }
    })
  }
  for (const kind of Object.keys(samplers) as (keyof Params)[]) sampled(kind)

  test(`permutation of an array, ${way.name}`, () =>
    on(way, async () => {
      for (const { seed, axis, independent, out } of held.some(fixture.shuffled)) {
        const [rows] = prepared(way, (key, x) => [random.permutation(key, x, { axis, independent })])(random.key(seed), array(fixture.rows))
        await expectClose(rows!, out)
      }
    }))
}
