/**
 * The contract of all layers.
 *
 *     const [init, apply] = layer
 *     const { shape, params } = init(key, inputShape)        // batch dimension -1
 *     const y = apply(params, x, { key?, mode?: 'train' | 'eval' })
 *
 * Both are pure. Parameters are plain trees of arrays. State (running statistics) stays out of them: `withState` shows it.
 * Images are NHWC, sequences [batch, time, features].
 */
import { ArgumentError, NDArray, PullbackError, random, ShapeError, TreeError } from '../index.ts'

export type Shape = readonly number[]
/** The shape of what an input or output type stands for: tuples of arrays have tuples of shapes. */
export type ShapeOf<I> = I extends NDArray ? Shape : I extends readonly unknown[] ? { readonly [K in keyof I]: ShapeOf<I[K]> } : never

export interface ApplyOptions {
  /** Needed by layers that draw random numbers in training (Dropout). */
  readonly key?: NDArray | null
  /** Default 'eval'. */
  readonly mode?: 'train' | 'eval'
}

/** The same inside: all layers of a network draw their keys from one stream. */
export interface CoreOptions {
  readonly keys: KeyStream | null
  readonly mode: 'train' | 'eval'
}

/**
 * What a layer is inside: state is an input and an output. Stateless layers have state `null`. Other layers get `null` for
 * theirs in a plain `apply`: those that cannot do without it in `eval` refuse, naming `withState`.
 */
export interface LayerCore<P, I, O, S> {
  init(keys: KeyStream, inputShape: ShapeOf<I>): { shape: ShapeOf<O>; params: P; state: S }
  apply(params: P, state: S | null, x: I, options: CoreOptions): readonly [y: O, state: S]
}

declare const carried: unique symbol
export type Init<P, I = NDArray, O = NDArray> = (key: NDArray, inputShape: ShapeOf<I>) => { shape: ShapeOf<O>; params: P }
export interface Apply<P, I = NDArray, O = NDArray, S = null> {
  (params: P, x: I, options?: ApplyOptions): O
  /** The type of the layer's state: no such property exists at run time. */
  readonly [carried]?: S
}
export type Layer<P, I = NDArray, O = NDArray, S = null> = readonly [init: Init<P, I, O>, apply: Apply<P, I, O, S>]

/** Any layer at all: what combinators accept before they look closer. */
export type AnyLayer = readonly [init: (key: NDArray, inputShape: never) => { shape: unknown; params: unknown }, apply: (params: never, x: never, options?: ApplyOptions) => unknown]
export type ParamsOf<L> = L extends readonly [init: (...a: never[]) => { params: infer P }, apply: unknown] ? P : never
export type InOf<L> = L extends readonly [init: unknown, apply: (params: never, x: infer I, ...rest: never[]) => unknown] ? I : never
export type OutOf<L> = L extends readonly [init: unknown, apply: (...a: never[]) => infer O] ? O : never
export type StateOf<L> = L extends readonly [init: unknown, apply: { readonly [carried]?: infer S }] ? S : null
export type ParamsTuple<L extends readonly AnyLayer[]> = { -readonly [K in keyof L]: ParamsOf<L[K]> }
type States<L extends readonly AnyLayer[]> = { -readonly [K in keyof L]: StateOf<L[K]> }
/** The tuple of the layers' states; `null` where no layer has one, so that `Layer<Params>` names any stateless network. */
export type StateTuple<L extends readonly AnyLayer[]> = States<L> extends readonly null[] ? null : States<L>

/** The inside of any layer: combinators work on these. */
export interface AnyCore {
  init(keys: KeyStream, inputShape: unknown): { shape: unknown; params: unknown; state: unknown }
  apply(params: unknown, state: unknown, x: unknown, options: CoreOptions): readonly [unknown, unknown]
}
const cores = new WeakMap<object, AnyCore>()

/**
 * A layer from its inside.
 *
 * @example
 * // A layer that scales by a learned number.
 * const Scale = makeLayer<np.NDArray, np.NDArray, np.NDArray, null>({
 *   init: (keys, shape) => ({ shape, params: random.normal(keys.next(), []), state: null }),
 *   apply: (scale, state, x) => [x.mul(scale), state],
 * })
 */
export function makeLayer<P, I, O, S>(core: LayerCore<P, I, O, S>): Layer<P, I, O, S> {
  const given: unknown = core
  const isCore = typeof given === 'object' && given !== null && 'init' in given && typeof given.init === 'function' && 'apply' in given && typeof given.apply === 'function'
  if (!isCore) throw new ArgumentError('makeLayer', `takes { init, apply }, two functions, and got ${describe(given)}`)
  const init: Init<P, I, O> = (key, inputShape) => {
    checkInit(key, inputShape)
    const { shape, params } = core.init(new KeyStream(key), inputShape)
    return { shape, params }
  }
  const apply: Apply<P, I, O, S> = (params, x, options = {}) => {
    const [y] = core.apply(params, null, x, inside(options))
    return y
  }
  // Typed P, I, O, S on the way in; combinators pass each part back to the layer that it came from.
  cores.set(apply, core)
  return [init, apply]
}

/** The inside of a layer; of a pair that somebody wrote by hand, one without state. */
export function coreOf(layer: AnyLayer, operation = 'withState'): AnyCore {
  const pair: unknown = layer
  if (!Array.isArray(pair) || pair.length !== 2 || !pair.every((f) => typeof f === 'function')) throw new ArgumentError(operation, `takes layers, pairs [init, apply] of functions such as stax.Dense(4), and got ${describe(layer)}`)
  const [init, apply] = layer as readonly [init: (key: NDArray, shape: unknown) => { shape: unknown; params: unknown }, apply: (params: unknown, x: unknown, o?: ApplyOptions) => unknown]
  return (
    cores.get(apply) ?? {
      init: (keys, shape) => ({ ...init(keys.next(), shape), state: null }),
      apply: (params, state, x, { keys, mode }) => [apply(params, x, { key: keys === null ? null : keys.next(), mode }), state],
    }
  )
}

/**
 * The same layer with its state in the open: `init(key, shape) -> { shape, params, state }`,
 * `apply(params, state, x, options?) -> [y, state]`. A stateless layer's state is `null`.
 *
 * @example
 * const [init, apply] = withState(stax.Dense(3))
 * const { params, state } = init(random.key(0), [-1, 2])
 * const [y, next] = apply(params, state, np.ones([5, 2]))   // y: [5, 3], next: null
 */
export function withState<P, I, O, S>(layer: Layer<P, I, O, S>): readonly [
  init: (key: NDArray, inputShape: ShapeOf<I>) => { shape: ShapeOf<O>; params: P; state: S },
  apply: (params: P, state: S, x: I, options?: ApplyOptions) => readonly [y: O, state: S],
] {
  const core = coreOf(layer) as LayerCore<P, I, O, S>
  const init = (key: NDArray, shape: ShapeOf<I>): { shape: ShapeOf<O>; params: P; state: S } => {
    checkInit(key, shape)
    return core.init(new KeyStream(key), shape)
  }
  return [init, (params, state, x, options = {}) => core.apply(params, state, x, inside(options))]
}

/** Keys drawn one after the other: nested combinators share one, so that keys do not depend on nesting. */
export class KeyStream {
  readonly #key: NDArray
  #drawn = 0
  #keys: NDArray | null = null
  constructor(key: NDArray) {
    this.#key = key
  }
  /** Key i is `split(key, n)[i]`, whatever n is. */
  next(): NDArray {
    const i = this.#drawn++
    if (this.#keys === null || i >= this.#keys.shape[0]!) this.#keys = random.split(this.#key, Math.max(8, 2 * i))
    return this.#keys.slice(i)
  }
}

function inside(options: ApplyOptions): CoreOptions {
  checkOptions('apply', options, ['key', 'mode'])
  const { key = null, mode = 'eval' } = options
  if (mode !== 'train' && mode !== 'eval') throw new ArgumentError('apply', `mode is 'train' or 'eval', and got ${describe(mode)}`)
  return { keys: key === null ? null : new KeyStream(key), mode }
}

/** A value in a few words. */
export function describe(x: unknown): string {
  if (x instanceof NDArray) return `${x.dtype}[${x.shape.join(',')}]`
  if (typeof x === 'string') return `'${x.slice(0, 40)}'`
  if (Array.isArray(x)) return x.every((d) => typeof d === 'number') ? `[${x.slice(0, 8).join(',')}]` : `a list of ${x.length}`
  return typeof x === 'number' || typeof x === 'boolean' || x === null || x === undefined ? String(x) : typeof x === 'object' ? 'an object' : `a ${typeof x}`
}

/** @throws ArgumentError for what is no key, ShapeError for what is no shape, or tree of shapes. */
function checkInit(key: unknown, shape: unknown): void {
  if (!(key instanceof NDArray) || key.dtype !== 'key') throw new ArgumentError('init', `takes a key first, such as random.key(0), and got ${describe(key)}`)
  if (!isShapes(shape, 0)) throw new ShapeError('init', `takes the shape of the input second, a list of sizes with -1 for the batch, and got ${describe(shape)}`)
}
/** A shape, or lists of shapes: what layers of several inputs take. */
function isShapes(x: unknown, depth: number): boolean {
  return Array.isArray(x) && depth < 10 && (Array.from(x, (d: unknown) => Number.isSafeInteger(d) && Number(d) >= -1).every(Boolean) || Array.from(x, (s: unknown) => isShapes(s, depth + 1)).every(Boolean))
}

/** Runs a layer's own part: what fails in the operations that it is made of is said in its name. */
export function inNameOf<T>(layer: string, body: () => T): T {
  try {
    return body()
  } catch (e) {
    throw e instanceof PullbackError ? e.inNameOf(layer) : e
  }
}

/** @throws TreeError unless there are as many parameters, or states, as a combinator has layers. */
export function checkCount(operation: string, params: unknown, count: number): void {
  if (!Array.isArray(params) || params.length !== count) throw new TreeError(operation, `has ${count} layers and got params ${describe(params)}; takes the params that init gave`)
}

/** @throws TreeError unless these are the layer's parameters (a list, or under names), ArgumentError unless x is an array. */
export function checkApply(layer: string, params: unknown, names: readonly string[], x: unknown, kind: 'list' | 'record' = 'list'): void {
  const held = kind === 'list' ? (Array.isArray(params) && params.length === names.length ? (params as readonly unknown[]) : null) : typeof params === 'object' && params !== null ? names.map((name) => (params as Readonly<Record<string, unknown>>)[name]) : null
  if (held === null || !held.every((p) => p instanceof NDArray)) throw new TreeError(layer, `takes params ${kind === 'list' ? `[${names.join(', ')}]` : `{ ${names.join(', ')} }`} of arrays, as init gives them, and got ${describe(params)}`)
  checkInput(layer, x)
}
export function checkInput(layer: string, x: unknown): void {
  if (!(x instanceof NDArray)) throw new ArgumentError(layer, `takes an array and got ${describe(x)}`)
}

/** @throws ArgumentError for an option that is not among the known ones. */
export function checkOptions<O extends object>(operation: string, options: O, known: readonly (keyof O & string)[]): void {
  const given: unknown = options
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw new ArgumentError(operation, `got ${describe(given)} in place of options; known options: ${known.join(', ')}`)
  const unknown = Reflect.ownKeys(given).filter((name) => !known.some((k) => k === name))
  if (unknown.length > 0) throw new ArgumentError(operation, `unknown option '${unknown.map(String).join(', ')}'; known options: ${known.join(', ')}`)
}

/** @throws ArgumentError unless every size is a positive integer. */
export function checkSizes(operation: string, what: string, ...sizes: readonly number[]): void {
  if (!sizes.every((n) => Number.isInteger(n) && n > 0)) throw new ArgumentError(operation, `takes positive integers for ${what}, and got ${sizes.map((n: unknown) => (typeof n === 'number' ? String(n) : `a ${typeof n}`)).join(', ')}`)
}

/** @throws ArgumentError unless it is a pair of positive integers, one for each spatial axis. */
export function checkWindow(operation: string, what: string, window: readonly number[]): void {
  const given: unknown = window
  if (!Array.isArray(given) || given.length !== 2) throw new ArgumentError(operation, `takes ${what} as two positive integers such as [3, 3], and got ${describe(window)}`)
  checkSizes(operation, what, ...window)
}

/** Runs part of a combinator; an error says which layer failed, in its stack too, which is what a console shows. */
export function within<T>(combinator: string, position: number, body: () => T): T {
  try {
    return body()
  } catch (e) {
    if (e instanceof PullbackError) {
      const said = e.message
      e.message = `${combinator}, layer ${position}: ${said}`
      if (e.stack !== undefined) e.stack = e.stack.replace(said, () => e.message)
    }
    throw e
  }
}
