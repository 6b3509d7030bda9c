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
import { type NDArray, np, tree, TreeError } from '../index.ts'

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

/** A transformation from one that names the shape of its state: inside, the state is a tree `S`. */
export function transformation<S>(inner: { init(params: unknown): S; update(grads: unknown, state: S, params: unknown): readonly [updates: unknown, state: S] }): GradientTransformation {
  return {
    init: <P>(params: P): OptimizerState<P> => inner.init(params) as OptimizerState<P>,
    update: <P>(grads: P, state: OptimizerState<P>, params?: P): [P, OptimizerState<P>] => {
      const [updates, next] = inner.update(grads, state as S, params)
      return [updates as P, next as OptimizerState<P>]
    },
  }
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
  return transformation<readonly unknown[]>({
    init: (params) => parts.map((p) => p.init(params)),
    update(grads, states, params) {
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

/** params + updates, leaf by leaf, in the dtype of the parameters. */
export function applyUpdates<P>(params: P, updates: P): P {
  try {
    return mapLeaves((p, u) => np.add(p, u).astype(p.dtype), params, updates) as P
  } catch (e) {
    throw e instanceof TreeError ? new TreeError('applyUpdates', e.message.slice(e.operation.length + 2)) : e
  }
}
