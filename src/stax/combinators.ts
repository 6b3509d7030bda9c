/** Layers from layers. */
import { ArgumentError, type NDArray, np, ShapeError, TreeError } from '../index.ts'
import { type AnyLayer, checkCount, checkInput, checkSizes, coreOf, describe, inNameOf, type InOf, type Layer, makeLayer, type OutOf, type ParamsTuple, type Shape, type ShapeOf, type StateTuple, within } from './layer.ts'

/** Shown where one layer's output is not what the next one takes. */
export interface WrongPlumbing<Out, In> {
  readonly '✗ the layer before gives': Out
  readonly 'this one takes': In
}
/** Checks that each output fits the next input; as in a chain of functions. */
export type Chain<L extends readonly AnyLayer[]> = L extends readonly [infer A extends AnyLayer, infer B extends AnyLayer, ...infer R extends readonly AnyLayer[]]
  ? OutOf<A> extends InOf<B>
    ? readonly [A, ...Chain<readonly [B, ...R]>]
    : readonly [A, WrongPlumbing<OutOf<A>, InOf<B>>, ...R]
  : L
type FirstIn<L extends readonly AnyLayer[]> = L extends readonly [infer A, ...(readonly unknown[])] ? InOf<A> : NDArray
type LastOut<L extends readonly AnyLayer[]> = L extends readonly [...(readonly unknown[]), infer Z] ? OutOf<Z> : NDArray

/** @throws TreeError unless it is null or a list: the states that `init` gave. */
function stateAt(operation: string, state: unknown, i: number): unknown {
  if (state === null) return null
  if (Array.isArray(state)) return state[i]
  throw new TreeError(operation, `got state ${describe(state)}; takes the state that init or the apply before gave`)
}
const stateOf = (states: readonly unknown[]): unknown => (states.every((s) => s === null) ? null : states)

/**
 * One layer after the other. Parameters are the tuple of the layers' parameters.
 *
 * @example
 * const [init, apply] = serial(Dense(512), Relu, Dense(10), LogSoftmax)
 * const { params } = init(random.key(0), [-1, 784])   // [[W, b], [], [W, b], []]
 */
export function serial<const L extends readonly AnyLayer[]>(...layers: L & NoInfer<Chain<L>>): Layer<ParamsTuple<L>, FirstIn<L>, LastOut<L>, StateTuple<L>> {
  const cores = layers.map((layer) => coreOf(layer, 'serial'))
  return makeLayer<ParamsTuple<L>, FirstIn<L>, LastOut<L>, StateTuple<L>>({
    init(keys, inputShape) {
      let shape: unknown = inputShape
      const params: unknown[] = []
      const state: unknown[] = []
      for (const [i, core] of cores.entries()) {
        const made = within('serial', i, () => core.init(keys, shape))
        shape = made.shape
        params.push(made.params)
        state.push(made.state)
      }
      return { shape: shape as ShapeOf<LastOut<L>>, params: params as ParamsTuple<L>, state: stateOf(state) as StateTuple<L> }
    },
    apply(params, state, x, options) {
      checkCount('serial', params, cores.length)
      let y: unknown = x
      const next = cores.map((core, i) => {
        const [out, s] = within('serial', i, () => core.apply(params[i], stateAt('serial', state, i), y, options))
        y = out
        return s
      })
      return [y as LastOut<L>, stateOf(next) as StateTuple<L>]
    },
  })
}

type Ins<L extends readonly AnyLayer[]> = { -readonly [K in keyof L]: InOf<L[K]> }
type Outs<L extends readonly AnyLayer[]> = { -readonly [K in keyof L]: OutOf<L[K]> }

/**
 * Layers side by side: layer i maps element i of a tuple.
 *
 * @example
 * serial(fanOut(2), parallel(Dense(8), Identity), fanInConcat())
 */
export function parallel<const L extends readonly AnyLayer[]>(...layers: L): Layer<ParamsTuple<L>, Ins<L>, Outs<L>, StateTuple<L>> {
  const cores = layers.map((layer) => coreOf(layer, 'parallel'))
  const check = (xs: readonly unknown[]): void => {
    if (!Array.isArray(xs) || xs.length !== cores.length) throw new ShapeError('parallel', `has ${cores.length} layers and got ${Array.isArray(xs) ? `${xs.length} inputs` : describe(xs)}; use fanOut(${cores.length}) before it`)
  }
  return makeLayer<ParamsTuple<L>, Ins<L>, Outs<L>, StateTuple<L>>({
    init(keys, inputShapes) {
      const shapes = inputShapes as readonly unknown[]
      check(shapes)
      const made = cores.map((core, i) => within('parallel', i, () => core.init(keys, shapes[i])))
      const shape: unknown = made.map((m) => m.shape)
      return {
        shape: shape as ShapeOf<Outs<L>>,
        params: made.map((m) => m.params) as ParamsTuple<L>,
        state: stateOf(made.map((m) => m.state)) as StateTuple<L>,
      }
    },
    apply(params, state, xs, options) {
      checkCount('parallel', params, cores.length)
      const inputs = xs as readonly unknown[]
      check(inputs)
      const made = cores.map((core, i) => within('parallel', i, () => core.apply(params[i], stateAt('parallel', state, i), inputs[i], options)))
      return [made.map(([y]) => y) as Outs<L>, stateOf(made.map(([, s]) => s)) as StateTuple<L>]
    },
  })
}

type Repeat<T, N extends number, Out extends readonly T[] = []> = number extends N ? T[] : Out['length'] extends N ? Out : Repeat<T, N, [...Out, T]>

/** Copies of one input, for `parallel` to work on. */
export function fanOut<const N extends number>(n: N): Layer<[], NDArray, Repeat<NDArray, N>> {
  checkSizes('fanOut', 'the number of copies', n)
  return makeLayer<[], NDArray, Repeat<NDArray, N>, null>({
    init: (_keys, shape) => ({ shape: Array.from({ length: n }, () => shape) as unknown[] as ShapeOf<Repeat<NDArray, N>>, params: [], state: null }),
    apply: (_params, state, x) => [Array.from({ length: n }, () => x) as unknown[] as Repeat<NDArray, N>, state],
  })
}

function checkShapes(operation: string, shapes: readonly Shape[]): void {
  if (!shapes.every((s) => Array.isArray(s))) throw new ShapeError(operation, `takes a list of shapes, one for each input, and got ${describe(shapes)}; use fanOut before it`)
}
function checkInputs(operation: string, xs: readonly NDArray[]): void {
  if (!Array.isArray(xs)) throw new ArgumentError(operation, `takes a list of arrays and got ${describe(xs)}; use fanOut before it`)
  for (const x of xs as readonly unknown[]) checkInput(operation, x)
}

function oneShape(shapes: readonly Shape[]): Shape {
  checkShapes('fanInSum', shapes)
  const [first] = shapes
  if (first === undefined) throw new ShapeError('fanInSum', 'got no inputs; it takes at least one')
  if (shapes.some((s) => s.join() !== first.join())) throw new ShapeError('fanInSum', `got shapes ${shapes.map((s) => `[${s.join(',')}]`).join(' and ')}; they must be equal`)
  return first
}

/** The sum of several inputs of one shape. */
export const fanInSum: Layer<[], readonly NDArray[], NDArray> = makeLayer<[], readonly NDArray[], NDArray, null>({
  init: (_keys, inputShapes) => ({ shape: oneShape(inputShapes), params: [], state: null }),
  apply(_params, state, xs) {
    checkInputs('fanInSum', xs)
    oneShape(xs.map((x) => x.shape))
    return [xs.reduce((a, b) => a.add(b)), state]
  },
})

/** Several inputs joined along an axis, the last by default. */
export function fanInConcat(axis = -1): Layer<[], readonly NDArray[], NDArray> {
  if (!Number.isInteger(axis)) throw new ArgumentError('fanInConcat', `axis is ${describe(axis)}; takes an integer`)
  return makeLayer<[], readonly NDArray[], NDArray, null>({
    init(_keys, inputShapes) {
      const shapes = inputShapes
      checkShapes('fanInConcat', shapes)
      const [first] = shapes
      const at = first === undefined ? -1 : axis < 0 ? axis + first.length : axis
      if (first === undefined || shapes.some((s) => s.length !== first.length || s.some((d, i) => i !== at && d !== first[i]))) {
        throw new ShapeError('fanInConcat', `got shapes ${shapes.map((s) => `[${s.join(',')}]`).join(' and ')}; they may differ along axis ${axis} alone`)
      }
      // Of sizes one of which is not known (-1, the batch), the sum is not known.
      const joined = shapes.some((s) => s[at]! < 0) ? -1 : shapes.reduce((n, s) => n + s[at]!, 0)
      return { shape: first.map((d, i) => (i === at ? joined : d)), params: [], state: null }
    },
    apply(_params, state, xs) {
      checkInputs('fanInConcat', xs)
      return [inNameOf('fanInConcat', () => np.concatenate(xs, axis)), state]
    },
  })
}
