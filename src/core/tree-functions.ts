/** `tree`: what users do with pytrees. */
import { type NDArray } from './array.ts'
import { TreeError } from './errors.ts'
import { checkFunction } from './ops/checks.ts'
import { toArray } from './ops/operands.ts'
import { type ArrayLike, broadcastPrefix as spreadPrefix, eachPath, flatten as flattenTree, leavesLike, type MapTree, type Out, type Structure, unflatten as unflattenTree } from './tree.ts'

export { register } from './tree.ts'

declare const of: unique symbol
/** How a tree of type T is put together. Its text is `String(structure.key)`. */
export type TreeDef<T> = Structure & { readonly [of]?: T }

/** The leaves in order: arrays and numbers. */
export const leaves = (tree: unknown): ArrayLike[] => flattenTree(tree, 'tree.leaves')[0]

export const structure = <T>(tree: T): TreeDef<T> => flattenTree(tree, 'tree.structure')[1]

/**
 * @example
 * const [leaves, structure] = tree.flatten({ w: np.ones([2]), b: 0 })
 * tree.unflatten(structure, leaves)
 */
export function flatten<T>(tree: T): [leaves: ArrayLike[], structure: TreeDef<T>] {
  return flattenTree(tree)
}

export function unflatten<T>(def: TreeDef<T>, values: readonly ArrayLike[]): Out<T> {
  return unflattenTree(def, values) as Out<T>
}

/**
 * A function of corresponding leaves of one or several trees of one structure; number leaves come as arrays.
 *
 * @example
 * tree.map((p, g) => p.sub(g.mul(0.1)), params, grads)
 * @throws TreeError when structures differ.
 */
export function map<T, R>(f: (...leaves: NDArray[]) => R, tree: T, ...rest: readonly NoInfer<T>[]): MapTree<T, R> {
  checkFunction('tree.map', f)
  return mapped('tree.map', (_path, ...xs) => f(...xs), tree, rest)
}

/** `map` whose function gets the leaf's path first: names and positions from the root. */
export function mapWithPath<T, R>(f: (path: readonly (string | number)[], ...leaves: NDArray[]) => R, tree: T, ...rest: readonly NoInfer<T>[]): MapTree<T, R> {
  checkFunction('tree.mapWithPath', f)
  return mapped('tree.mapWithPath', f, tree, rest)
}

function mapped<T, R>(operation: string, f: (path: readonly (string | number)[], ...leaves: NDArray[]) => R, tree: T, rest: readonly T[]): MapTree<T, R> {
  const [first, def] = flattenTree(tree, operation)
  const others = rest.map((t, i) => leavesLike(operation, def, t, `argument ${i + 2}`))
  const paths: (readonly (string | number)[])[] = []
  eachPath(def, (path) => paths.push(path))
  const values = first.map((leaf, i) => f(paths[i]!, toArray(operation, leaf), ...others.map((o) => toArray(operation, o[i]!))))
  return unflattenTree(def, values, operation) as MapTree<T, R>
}

/**
 * Folds the leaves from the left, from `initial` or else from the first leaf.
 *
 * @example
 * tree.reduce((n, leaf) => n + leaf.size, params, 0)
 * @throws TreeError for a tree without leaves and without `initial`.
 */
export function reduce<R>(f: (accumulated: R, leaf: NDArray) => R, tree: unknown, initial: R): R
export function reduce(f: (accumulated: NDArray, leaf: NDArray) => NDArray, tree: unknown): NDArray
export function reduce(f: (accumulated: never, leaf: NDArray) => unknown, tree: unknown, ...initial: readonly unknown[]): unknown {
  checkFunction('tree.reduce', f)
  const fold = f as (accumulated: unknown, leaf: NDArray) => unknown // the signatures above have checked it against what it gets
  const arrays = flattenTree(tree, 'tree.reduce')[0].map((leaf) => toArray('tree.reduce', leaf))
  if (initial.length > 0) return arrays.reduce(fold, initial[0])
  if (arrays.length === 0) throw new TreeError('tree.reduce', 'the tree has no leaves; give an initial value third')
  return arrays.slice(1).reduce(fold, arrays[0])
}

/** Whether every leaf (concrete, of one element) is true. */
export const all = (tree: unknown): boolean =>
  flattenTree(tree, 'tree.all')[0].every((leaf) => {
    const a = toArray('tree.all', leaf)
    if (a.size !== 1) throw new TreeError('tree.all', `takes leaves of one element, and got shape [${a.shape.join(',')}]; use np.all on the leaf first`)
    return a.item() !== 0
  })

/**
 * One value for each leaf of `tree` from a prefix of it, in which a value in place of a subtree stands for all its leaves,
 * as `inAxes` of vmap does.
 *
 * @example
 * const isAxis = (x: unknown): x is number | null => x === null || typeof x === 'number'
 * tree.broadcastPrefix([0, null], [{ w: 1, b: 2 }, 3], isAxis)   // [0, 0, null]
 * @throws TreeError naming the path at which it is no prefix.
 */
export function broadcastPrefix<V>(prefix: unknown, tree: unknown, isValue: (x: unknown) => x is V): V[] {
  checkFunction('tree.broadcastPrefix', isValue)
  return spreadPrefix('tree.broadcastPrefix', prefix, flattenTree(tree, 'tree.broadcastPrefix')[1], isValue, 'the prefix')
}
