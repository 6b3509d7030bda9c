/**
 * Layers compose: serial is a monoid with Identity as its unit, serial and parallel interchange, and a network has the
 * shape that its `init` announces.
 */
import fc from 'fast-check'
import { evalShape, type NDArray, np, random, tree } from 'pullback'
import * as stax from 'pullback/stax'
import { describe, expect, test } from 'vitest'
import { numRuns, sized } from '../scale.ts'
import { type AnyNetwork, build, draws, type Input, parallelOf, serialOf, shapeOf, type Spec, specs } from './arbitrary-network.ts'

const key = random.key(11)
const inputs: fc.Arbitrary<Input> = fc.constantFrom('vector', 'sequence', 'image')
const identity = stax.Identity as unknown as AnyNetwork
const bits = (t: unknown): unknown[] => tree.leaves(t).map((x) => np.asarray(x)).map((x) => [x.dtype, x.shape, x.dataSync()])
const inputOf = (input: Input, batch = 2): NDArray => random.normal(random.key(5), [batch, ...shapeOf[input]])
const runs = sized(12, 200)

/** Everything that a network gives: what it announces, its parameters and state in order, its values in both modes, and the state after. */
function observed(network: AnyNetwork, input: Input): unknown {
  const [init, apply] = stax.withState(network)
  const { shape, params, state } = init(key, [-1, ...shapeOf[input]])
  const run = (mode: 'train' | 'eval'): unknown => {
    const [y, next] = apply(params, state, inputOf(input), { key: random.key(8), mode })
    return [bits(y), bits(next)]
  }
  return { shape, params: bits(params), state: bits(state), trained: run('train'), evaluated: run('eval') }
}

describe('serial is a monoid: values bit for bit, parameters and state up to nesting', () => {
  test('it is associative', () => {
    fc.assert(
      fc.property(inputs.chain((input) => fc.tuple(fc.constant(input), specs(input, 'xsmall'), specs(input, 'xsmall'), specs(input, 'xsmall'))), ([input, ...parts]) => {
        const [a, b, c] = parts.map(build) as [AnyNetwork, AnyNetwork, AnyNetwork]
        const flat = observed(serialOf([a, b, c]), input)
        expect(observed(serialOf([serialOf([a, b]), c]), input)).toEqual(flat)
        expect(observed(serialOf([a, serialOf([b, c])]), input)).toEqual(flat)
      }),
      { numRuns: runs },
    )
  })

  test('Identity, and the empty serial, are its units', () => {
    fc.assert(
      fc.property(inputs.chain((input) => fc.tuple(fc.constant(input), specs(input))), ([input, spec]) => {
        const a = build(spec)
        const alone = observed(a, input)
        for (const unit of [identity, serialOf([])]) {
          expect(observed(serialOf([unit, a]), input)).toEqual(alone)
          expect(observed(serialOf([a, unit]), input)).toEqual(alone)
        }
        expect(observed(serialOf([a]), input)).toEqual(alone)
      }),
      { numRuns: runs },
    )
  })
})

describe('serial(parallel(a, b), parallel(c, d)) is parallel(serial(a, c), serial(b, d))', () => {
  type Pair = readonly [unknown, unknown]
  const four = inputs.chain((input) => fc.tuple(fc.constant(input), specs(input, 'xsmall'), specs(input, 'xsmall'), specs(input, 'xsmall'), specs(input, 'xsmall')))
  const both = (parts: readonly Spec[]): readonly [AnyNetwork, AnyNetwork] => {
    const [a, b, c, d] = parts.map(build) as [AnyNetwork, AnyNetwork, AnyNetwork, AnyNetwork]
    return [serialOf([parallelOf([a, b]), parallelOf([c, d])]), parallelOf([serialOf([a, c]), serialOf([b, d])])]
  }
  const made = (network: AnyNetwork, input: Input): { readonly shape: unknown; readonly params: readonly [Pair, Pair]; readonly state: readonly [Pair, Pair] } => {
    const shape = [-1, ...shapeOf[input]]
    const found = stax.withState(network)[0](key, [shape, shape] as never) // a pair of inputs, which this type does not know of
    return { shape: found.shape, params: found.params as readonly [Pair, Pair], state: pairs(found.state) }
  }
  /** No state at all is that of four layers without one. */
  const pairs = (state: unknown): readonly [Pair, Pair] => {
    const pair = (s: unknown): Pair => (s as Pair | null) ?? [null, null]
    const [first, second] = pair(state)
    return [pair(first), pair(second)]
  }

  test('of the same parameters, state and keys they give the same and end in the same state, bit for bit, in either mode; but in training b and c trade keys where both draw some', () => {
    let trained = 0
    fc.assert(
      fc.property(four, ([input, ...parts]) => {
        const [along, across] = both(parts)
        const { shape, params, state } = made(along, input)
        const [[a, b], [c, d]] = params
        const [[sa, sb], [sc, sd]] = state
        const xs = [inputOf(input), inputOf(input).mul(0.5)] as never
        const key8 = random.key(8)
        const draw = parts.map((spec) => draws(spec))
        for (const options of [{ mode: 'eval' }, ...(draw[1] === true && draw[2] === true ? [] : [{ mode: 'train', key: key8 } as const])] as const) {
          const [y, next] = stax.withState(along)[1](params, state, xs, options)
          const [z, other] = stax.withState(across)[1]([[a, c], [b, d]], [[sa, sc], [sb, sd]], xs, options)
          expect(bits(z)).toEqual(bits(y))
          const [[na, nb], [nc, nd]] = pairs(next)
          const [[oa, oc], [ob, od]] = pairs(other)
          expect([oa, ob, oc, od].map(bits)).toEqual([na, nb, nc, nd].map(bits))
          if (options.mode === 'train') trained++
        }
        expect(made(across, input).shape).toEqual(shape)
      }),
      { numRuns: runs },
    )
    expect(trained).toBeGreaterThan(runs / 2)
  })

  test('they have the same parameters up to nesting, except that b and c trade keys where both draw some', () => {
    fc.assert(
      fc.property(four, ([input, ...parts]) => {
        const [along, across] = both(parts)
        const [[a, b], [c, d]] = made(along, input).params
        const [[a2, c2], [b2, d2]] = made(across, input).params
        expect([bits(a2), bits(d2)]).toEqual([bits(a), bits(d)])
        const form = (t: unknown): unknown => [tree.structure(t).key, tree.leaves(t).map((x) => np.asarray(x).shape)]
        expect([form(b2), form(c2)]).toEqual([form(b), form(c)])
        if (tree.leaves(b).length === 0 || tree.leaves(c).length === 0) expect([bits(b2), bits(c2)]).toEqual([bits(b), bits(c)])
      }),
      { numRuns: runs },
    )
  })
})

describe('the shape that init announces is the shape that apply gives', () => {
  test('for generated networks, any batch and either mode', () => {
    fc.assert(
      fc.property(inputs.chain((input) => fc.tuple(fc.constant(input), specs(input))), fc.integer({ min: 0, max: 4 }), ([input, spec], batch) => {
        const [init, apply] = build(spec)
        const shape = [-1, ...shapeOf[input]]
        let announced: readonly number[] = []
        for (const mode of ['train', 'eval'] as const) {
          const given = evalShape(
            (k: NDArray, x: NDArray) => {
              const { shape: out, params } = init(k, shape)
              announced = out
              return apply(params, x, { key: k, mode })
            },
            key,
            np.zeros([batch, ...shapeOf[input]]),
          )
          expect([given.shape, given.dtype]).toEqual([[batch, ...announced.slice(1)], 'float32'])
          expect(announced[0]).toBe(-1)
        }
        expect(evalShape((k: NDArray) => init(k, [batch, ...shapeOf[input]]).params, key)).toEqual(evalShape((k: NDArray) => init(k, shape).params, key))
      }),
      { numRuns },
    )
  })

  test('for layers that change the axes of images', () => {
    const size = fc.integer({ min: 1, max: 7 })
    const pair = fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 }))
    const layers = fc.record({ kind: fc.constantFrom('Conv', 'ConvTranspose', 'MaxPool', 'AvgPool'), window: pair, strides: pair, padding: fc.constantFrom('SAME' as const, 'VALID' as const) })
    fc.assert(
      fc.property(size, size, fc.array(layers, { minLength: 1, maxLength: 3 }), (h, w, list) => {
        const parts = list.map(({ kind, window, ...options }): unknown => {
          if (kind === 'Conv') return stax.Conv(2, window, options)
          if (kind === 'ConvTranspose') return stax.ConvTranspose(2, window, options)
          return kind === 'MaxPool' ? stax.MaxPool(window, options) : stax.AvgPool(window, options)
        })
        const [init, apply] = serialOf([...parts, stax.Flatten, stax.Dense(2)] as AnyNetwork[])
        const run = (k: NDArray, x: NDArray): NDArray => apply(init(k, [-1, h, w, 3]).params, x)
        let announced: readonly number[]
        try {
          announced = init(key, [-1, h, w, 3]).shape
        } catch (e) {
          // A window that does not fit is refused by init, naming the layer; then there is no network.
          expect(String(e)).toMatch(/ShapeError: serial, layer \d: .*a window of \d does not fit into \d/)
          return
        }
        expect(announced).toEqual([-1, 2])
        expect(evalShape(run, key, np.zeros([2, h, w, 3])).shape).toEqual([2, 2])
      }),
      { numRuns },
    )
  })
})
