/** Trees as lists of arrays with paths, and the numbers in them. */
import { NDArray, random, tree } from '../index.ts'

export interface Leaf {
  /** `[0]["w"]`; empty where the tree is the leaf. */
  readonly path: string
  readonly x: NDArray
}

export interface Leaves {
  readonly list: readonly Leaf[]
  readonly structure: tree.TreeDef<unknown>
}

/** The leaves of a tree; numbers come as the weak arrays that transformations make of them. */
export function leavesOf(t: unknown): Leaves {
  const list: Leaf[] = []
  tree.mapWithPath((path, x) => list.push({ path: path.map((p) => `[${JSON.stringify(p)}]`).join(''), x }), t)
  return { list, structure: tree.structure(t) }
}

/** The tree of `structure` with these leaves; of a list of arguments, that list. */
export const rebuild = (structure: tree.TreeDef<unknown>, leaves: readonly NDArray[]): unknown => tree.unflatten(structure, leaves)
/** `rebuild` for the arguments of a call, which are a list. */
export const rebuildArgs = (structure: tree.TreeDef<unknown>, leaves: readonly NDArray[]): unknown[] => rebuild(structure, leaves) as unknown[]

/** Row-major; complex numbers as pairs, keys as their two words. */
export type Numbers = ArrayLike<number>
export const numbersOf = (x: NDArray): Numbers => (x.dtype === 'key' ? random.keyData(x) : x).dataSync()

/** `float32[2,3]`, with `weak` before a weak type. */
export const show = ({ aval }: NDArray): string => `${aval.weakType ? 'weak ' : ''}${aval.dtype}[${aval.shape.join(',')}]`

/** `[1,2]`: where number `i` of an array is; nothing for a scalar. */
function position(i: number, { shape, dtype }: NDArray): string {
  if (shape.length === 0) return ''
  let rest = dtype === 'complex64' || dtype === 'complex128' || dtype === 'key' ? i >> 1 : i
  const index: number[] = []
  for (const d of shape.toReversed()) {
    index.unshift(rest % d)
    rest = Math.floor(rest / d)
  }
  return `[${index.join(',')}]`
}

/** `the result`, or `result [0]`. */
export const resultAt = (path: string): string => (path === '' ? 'the result' : `result ${path}`)

/** `element [1,2] of result [0]`: where number `i` of a leaf of a result is. */
export function elementAt({ path, x }: Leaf, i: number): string {
  const at = position(i, x)
  return at === '' ? resultAt(path) : `element ${at} of ${resultAt(path)}`
}

/** Any function of trees, its type checked by the signature of the check that was called. */
export type AnyFunction = (...args: readonly unknown[]) => unknown

/** A value in a few words. Of what a user passes by mistake: never throws. */
export function describe(x: unknown, depth = 0): string {
  if (x instanceof NDArray) return `${x.dtype}[${x.shape.join(',')}]`
  // It may contain itself.
  if (Array.isArray(x)) return depth === 2 ? '[…]' : `[${Array.from(x.slice(0, 8), (item: unknown) => describe(item, depth + 1)).join(', ')}${x.length > 8 ? ', …' : ''}]`
  if (typeof x === 'string') return `'${x.slice(0, 40)}'`
  if (typeof x === 'object' && x !== null) {
    if (Object.getPrototypeOf(x) !== Object.prototype || depth === 2) return 'an object'
    return `{ ${Object.entries(x).slice(0, 8).map(([name, value]) => `${name}: ${describe(value, depth + 1)}`).join(', ')} }`
  }
  return typeof x === 'number' || typeof x === 'boolean' || x === null || x === undefined ? String(x) : `a ${typeof x}`
}
