/**
 * Gradient transformations: one tiny contract from which optimizers compose (as in Optax).
 *
 *     const optimizer = adam(1e-3)
 *     let state = optimizer.init(params)
 *     const [updates, next] = optimizer.update(grads, state, params)
 *     params = applyUpdates(params, updates)
 *
 * They are a monoid under `chain`, with `identity` as its unit; `monoid` is fp-ts's instance.
 */
import type { Monoid } from '../fp/monoid.ts'
import { ArgumentError, NDArray, np, PullbackError, ShapeError, tree, TreeError } from '../index.ts'

declare const of: unique symbol
/** The state of an optimizer of parameters P: a tree of arrays that jit, scan and checkpoints take as any other. */
export interface OptimizerState<P> {
  readonly [of]?: P
}

export interface GradientTransformation {
  init<P>(params: P): OptimizerState<P>
  /** Gives what to add to the parameters, and the next state. */
  update<P>(grads: P, state: OptimizerState<P>, params?: P): [updates: P, state: OptimizerState<P>]
}

/**
 * A transformation from one that names the shape of its state: inside, the state is a tree `S`.
 * @throws ArgumentError for what is no `{ init, update }`; from `update`, TreeError for what gives back no pair.
 */
export function transformation<S>(inner: { init(params: unknown): S; update(grads: unknown, state: S, params: unknown): readonly [updates: unknown, state: S] }): GradientTransformation {
  requireParts('transformation', inner, 'the argument')
  return {
    init: <P>(params: P): OptimizerState<P> => within('init', () => inner.init(params) as OptimizerState<P>),
    update: <P>(grads: P, state: OptimizerState<P>, params?: P): [P, OptimizerState<P>] => {
      // Not all of it: a schedule's errors are of the operations in it.
      within('update', () => tree.structure(grads))
      const given: unknown = inner.update(grads, state as S, params)
      if (!Array.isArray(given) || given.length !== 2) throw new TreeError('update', 'an update of the transformation must return [updates, state]')
      const [updates, next] = given as readonly unknown[]
      return [updates as P, next as OptimizerState<P>]
    },
  }
}

/** @throws ArgumentError unless it is an object of the two functions. */
function requireParts(operation: string, given: unknown, name: string): void {
  const has = (part: string): boolean => typeof Reflect.get(Object(given), part) === 'function'
  if (!has('init') || !has('update')) throw new ArgumentError(operation, `${name} is no optimizer; takes two functions { init, update }, such as adam(1e-3)`)
}

/** Leaves the gradients as they are. */
export const identity: GradientTransformation = transformation<null>({ init: () => null, update: (grads, state) => [grads, state] })

/**
 * One after the other; the state is the tuple of their states.
 *
 * @example
 * const optimizer = chain(clip(1), adam(1e-3))
 */
export function chain(...parts: readonly GradientTransformation[]): GradientTransformation {
  for (const [i, part] of parts.entries()) requireParts('chain', part, `argument ${i}`)
  return transformation<readonly unknown[]>({
    init: (params) => parts.map((p) => p.init(params)),
    update(grads, states, params) {
      const given: unknown = states
      if (!Array.isArray(given) || given.length !== parts.length) throw new TreeError('update', `the state is ${Array.isArray(given) ? `a list of ${given.length}` : 'no list'}, and chain has ${parts.length} optimizers; takes what init or the update before gave`)
      let updates = grads
      const next = parts.map((p, i) => {
        const [u, s] = p.update(updates, states[i] as OptimizerState<unknown>, params)
        updates = u
        return s
      })
      return [updates, next]
    },
  })
}

export const monoid: Monoid<GradientTransformation> = { empty: identity, concat: (x, y) => chain(x, y) }

/** Leaf by leaf over trees of one structure. */
export const mapLeaves = (f: (...leaves: NDArray[]) => NDArray, first: unknown, ...rest: readonly unknown[]): unknown => tree.map<unknown, NDArray>(f, first, ...rest)

/**
 * params + updates, leaf by leaf, in the dtype of the parameters.
 * @throws TreeError where the trees differ; ShapeError where parameters would change their shape.
 */
export function applyUpdates<P>(params: P, updates: P): P {
  return within('applyUpdates', () => {
    requireLike('the updates', updates, 'the parameters are', params)
    return mapLeaves((p, u) => np.add(p, u).astype(p.dtype), params, updates) as P
  })
}

/** @throws TreeError or ShapeError unless two trees hold arrays of equal shapes at the same places; scalars stand for any. */
export function requireLike(what: string, given: unknown, origin: string, wanted: unknown): void {
  const [have, need] = [tree.structure(given), tree.structure(wanted)]
  if (have.key !== need.key) throw new TreeError('update', `${what} are ${have.key}, and ${origin} ${need.key}; takes trees of one structure`)
  tree.mapWithPath<unknown, null>(
    (path, g, w) => {
      if (g.ndim === 0 || g.shape.join() === w.shape.join()) return null
      const at = path.length === 0 ? '' : ` at ${path.map((p) => `[${JSON.stringify(p)}]`).join('')}`
      throw new ShapeError('update', `${what}${at} are ${g.dtype}[${g.shape.join(',')}], and ${origin} ${w.dtype}[${w.shape.join(',')}]; takes equal shapes`)
    },
    given,
    wanted,
  )
}

/** @throws TreeError unless it is the state that `init` of this optimizer makes. */
export function requireState(of: string, state: unknown, names: readonly string[]): void {
  if (typeof state === 'object' && state !== null && names.every((name) => name in state) && 'step' in state && state.step instanceof NDArray) return
  throw new TreeError('update', `the state is not one of ${of}, which holds ${names.join(', ')} (step an array); takes what init or the update before gave`)
}

/** Runs a body whose errors are said in the name of the function that was called. */
function within<R>(operation: string, body: () => R): R {
  try {
    return body()
  } catch (e) {
    throw e instanceof PullbackError ? e.inNameOf(operation) : e
  }
}
