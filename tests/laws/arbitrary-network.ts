/** Networks of stax as plain descriptions, which shrink and print, and the layers that they describe. */
import fc from 'fast-check'
import { type NDArray, np, random } from 'pullback'
import * as stax from 'pullback/stax'

/** A layer whose parameters and state a test does not look into. */
export type AnyNetwork = stax.Layer<unknown, NDArray, NDArray, unknown>

/** What keeps all axes but the last, so that it can stand in a branch. `sum` brings its branches to one width. */
export type Spec =
  | { readonly kind: 'dense'; readonly units: number }
  | { readonly kind: 'activation'; readonly name: Activation }
  | { readonly kind: 'identity' }
  | { readonly kind: 'dropout' }
  | { readonly kind: 'shift' }
  | { readonly kind: 'counting' }
  | { readonly kind: 'serial'; readonly parts: readonly Spec[] }
  | { readonly kind: 'concat'; readonly parts: readonly Spec[] }
  | { readonly kind: 'sum'; readonly units: number; readonly parts: readonly Spec[] }
  /** Of sequences alone. */
  | { readonly kind: 'recurrent'; readonly units: number; readonly lstm: boolean }
  /** Of images alone. */
  | { readonly kind: 'convolution'; readonly channels: number; readonly window: readonly [number, number] }

type Activation = 'Relu' | 'Gelu' | 'Tanh' | 'Softmax' | 'LogSoftmax' | 'Elu'
const activations: { readonly [A in Activation]: stax.Layer<[]> } = { Relu: stax.Relu, Gelu: stax.Gelu, Tanh: stax.Tanh, Softmax: stax.Softmax, LogSoftmax: stax.LogSoftmax, Elu: stax.Elu }

/** A pair that somebody wrote by hand. */
const shift: stax.Layer<NDArray> = [(key, shape) => ({ shape, params: random.normal(key, []) }), (p, x, { key = null } = {}) => (key === null ? x.add(p) : x.add(p).mul(random.uniform(key, [])))]

/** The smallest layer with state: it counts how often it was applied, and shows it. */
const counting = stax.makeLayer<[], NDArray, NDArray, NDArray>({
  init: (_keys, shape) => ({ shape, params: [], state: np.array(0, { dtype: 'float32' }) }),
  apply: (_params, state, x) => {
    const count = np.add(state ?? 0, 1)
    return [x.add(count), count]
  },
})

const any = (layer: unknown): AnyNetwork => layer as AnyNetwork // the plumbing is right by construction

export function build(spec: Spec): AnyNetwork {
  switch (spec.kind) {
    case 'dense':
      return any(stax.Dense(spec.units))
    case 'activation':
      return any(activations[spec.name])
    case 'identity':
      return any(stax.Identity)
    case 'dropout':
      return any(stax.Dropout(0.4))
    case 'shift':
      return any(shift)
    case 'counting':
      return any(counting)
    case 'serial':
      return serialOf(spec.parts.map(build))
    case 'concat':
      return serialOf([any(stax.fanOut(spec.parts.length)), parallelOf(spec.parts.map(build)), any(stax.fanInConcat())])
    case 'sum':
      return serialOf([any(stax.fanOut(spec.parts.length)), parallelOf(spec.parts.map((p) => serialOf([build(p), any(stax.Dense(spec.units))]))), any(stax.fanInSum)])
    case 'recurrent':
      return any(spec.lstm ? stax.LSTM(spec.units) : stax.RNN(spec.units))
    case 'convolution':
      return any(stax.Conv(spec.channels, spec.window, { padding: 'SAME' }))
  }
}

/** Whether a network draws keys in training. */
export const draws = (spec: Spec): boolean => spec.kind === 'dropout' || spec.kind === 'shift' || ('parts' in spec && spec.parts.some(draws))

/** Combinators on networks whose types nobody knows. */
export const serialOf = (parts: readonly AnyNetwork[]): AnyNetwork => (stax.serial as unknown as (...parts: readonly AnyNetwork[]) => AnyNetwork)(...parts)
export const parallelOf = (parts: readonly AnyNetwork[]): AnyNetwork => any(stax.parallel(...parts))

export type Input = 'vector' | 'sequence' | 'image'
const units = fc.integer({ min: 1, max: 3 })
const simple: readonly fc.Arbitrary<Spec>[] = [
  units.map((n): Spec => ({ kind: 'dense', units: n })),
  fc.constantFrom(...(Object.keys(activations) as Activation[])).map((name): Spec => ({ kind: 'activation', name })),
  fc.constantFrom<Spec>({ kind: 'identity' }, { kind: 'dropout' }, { kind: 'shift' }, { kind: 'counting' }),
]
const special: { readonly [I in Input]: readonly fc.Arbitrary<Spec>[] } = {
  vector: [],
  sequence: [fc.record({ kind: fc.constant('recurrent' as const), units, lstm: fc.boolean() })],
  image: [fc.record({ kind: fc.constant('convolution' as const), channels: units, window: fc.tuple(units, units) })],
}

/** Networks that take inputs of a kind, combinators nested in combinators. */
export const specs = (input: Input, size: 'small' | 'xsmall' = 'small'): fc.Arbitrary<Spec> =>
  fc.letrec<{ network: Spec }>((tie) => {
    const parts = fc.array(tie('network'), { minLength: 1, maxLength: 3 })
    return {
      network: fc.oneof(
        { maxDepth: 3, depthSize: size, withCrossShrink: true },
        ...simple,
        ...special[input],
        fc.array(tie('network'), { maxLength: 3 }).map((list): Spec => ({ kind: 'serial', parts: list })),
        parts.map((list): Spec => ({ kind: 'concat', parts: list })),
        fc.tuple(units, parts).map(([n, list]): Spec => ({ kind: 'sum', units: n, parts: list })),
      ),
    }
  }).network

/** Without the batch. */
export const shapeOf: { readonly [I in Input]: readonly number[] } = { vector: [3], sequence: [2, 3], image: [3, 4, 2] }
