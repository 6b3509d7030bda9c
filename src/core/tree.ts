/**
 * Pytrees: arrays and numbers in arrays, tuples, plain objects and registered classes. `null` and `undefined` are nodes
 * without leaves. Keys of objects are taken in sorted order, as JAX does.
 */
import type { Eq } from '../fp/eq.ts'
import { isArray, type NDArray } from './array.ts'
import { describe, isIterator } from './describe.ts'
import { TreeError } from './errors.ts'
import { valueKey } from './value-key.ts'

export type ArrayLike = NDArray | number | boolean

type None = null | undefined
type Fn = (...args: never[]) => unknown
export interface NotATree<T> {
  readonly '✗ not a pytree of arrays': T
}
/** Checks a type without asking for an index signature, so that types declared by `interface` pass; used as `t: T & Tree<T>`. */
export type Tree<T, L = ArrayLike> = T extends L | None ? T : T extends Fn | string | bigint | symbol ? NotATree<T> : T extends object ? { [K in keyof T]: Tree<T[K], L> } : NotATree<T>
/** Objects that only a class makes: with methods, or with private parts, which `keyof` leaves out. In a tree these are registered, and come back as they are. */
type OfClass<T> = [Extract<T[keyof T], Fn>] extends [never] ? ({ [K in keyof T]: T[K] } extends T ? false : true) : true
type MapRaw<T, U> = T extends ArrayLike ? U : T extends None | Fn ? T : T extends readonly unknown[] ? MapList<T, U> : T extends object ? MapObject<T, U, [U, OfClass<T>]> : T
type MapObject<T, U, C> = C extends [NDArray, true] ? T : { [K in keyof T]: MapRaw<T[K], U> }
// Lists of any length are written as lists: TypeScript looks into those when it must, into mapped ones at once, which of a type that holds itself has no end.
type MapList<T extends readonly unknown[], U> = T[number][] extends T ? (T extends unknown[] ? MapRaw<T[number], U>[] : readonly MapRaw<T[number], U>[]) : { [K in keyof T]: MapRaw<T[K], U> }
/** The tree with leaves of type U; T itself where nothing changes, so that its name stays in hovers. */
export type MapTree<T, U> = [T, MapRaw<T, U>] extends [MapRaw<T, U>, T] ? T : MapRaw<T, U>
/** What a transformation gives back: number leaves come as arrays. */
export type Out<T> = MapTree<T, NDArray>
type Hint<H> = ArrayLike | None | readonly [] | readonly [H, ...H[]] | readonly H[] | { readonly [k: string]: H } | object
/** Makes `[a, b]` in callbacks infer as a tuple; bounded on purpose. */
export type TreeHint = Hint<Hint<Hint<Hint<unknown>>>>
/** Anything, with the same hint: for arguments. */
export type AnyHint = TreeHint | {} | None
/** A value for every leaf, or one for a whole subtree. */
export type Prefix<T, V> = V | (T extends ArrayLike | None ? never : T extends object ? { readonly [K in keyof T]: Prefix<T[K], V> } : never)

/** How a tree is put together, without its leaves. Comparable by `key`. */
export type Structure =
  | { readonly kind: 'leaf'; readonly leaves: 1; readonly key: '*' }
  | { readonly kind: 'none'; readonly leaves: 0; readonly key: string; readonly value: null | undefined }
  | { readonly kind: 'list'; readonly leaves: number; readonly key: string; readonly children: readonly Structure[] }
  | { readonly kind: 'record'; readonly leaves: number; readonly key: string; readonly names: readonly string[]; readonly children: readonly Structure[] }
  | { readonly kind: 'custom'; readonly leaves: number; readonly key: string; readonly node: CustomNode; readonly aux: unknown; readonly auxKey: string; readonly child: Structure }

const leaf: Structure = { kind: 'leaf', leaves: 1, key: '*' }

interface CustomNode {
  readonly type: abstract new (...args: never[]) => object
  readonly id: number
  readonly flatten: (value: object) => readonly [children: unknown, aux: unknown]
  readonly unflatten: (children: unknown, aux: unknown) => object
}
const customNodes = new Map<object, CustomNode>()

/**
 * Makes a class a node: `flatten` gives its children (any tree) and what stays the same (`aux`): plain data, compared by what
 * they hold, or functions and objects of classes, which are equal to themselves alone.
 *
 * @example
 * class Point { constructor(readonly x: NDArray, readonly y: NDArray) {} }
 * tree.register(Point, (p) => [[p.x, p.y], null], (_aux, [x, y]) => new Point(x, y))
 */
export function register<T extends object, C extends AnyHint>(
  type: abstract new (...args: never[]) => T,
  flattenNode: (value: T) => readonly [children: C, aux: unknown],
  unflattenNode: (aux: unknown, children: C) => T,
): void {
  for (const f of [type, flattenNode, unflattenNode]) if (typeof f !== 'function') throw new TreeError('tree.register', `got ${describe(f)}; takes a class and two functions`)
  const prototype: unknown = type.prototype
  if (typeof prototype !== 'object' || prototype === null) throw new TreeError('tree.register', 'got a function that is no class')
  customNodes.set(prototype, {
    type,
    id: customNodes.size,
    flatten: (value) => flattenNode(value as T),
    unflatten: (children, aux) => unflattenNode(aux, children as C),
  })
}

export const isLeaf = (x: unknown): x is ArrayLike => typeof x === 'number' || typeof x === 'boolean' || isArray(x)

/**
 * Leaves in order, and the structure that `unflatten` needs.
 * @throws TreeError naming the path of what is no tree.
 */
export function flatten(tree: unknown, operation = 'tree.flatten', asLeaf?: AsLeaf): [leaves: ArrayLike[], structure: Structure] {
  const leaves: ArrayLike[] = []
  const structure = collect(tree, leaves, 0, asLeaf)
  if (structure === null) throw refusal(tree, operation, asLeaf)
  return [leaves, structure]
}

/** What else is a leaf, and the array it stands for; null for what is not. */
export type AsLeaf = (x: object) => ArrayLike | null

/** Deeper trees are taken for ones that contain themselves. */
const deepest = 1000

const none = { null: { kind: 'none', leaves: 0, key: 'null', value: null }, undefined: { kind: 'none', leaves: 0, key: 'undefined', value: undefined } } as const

/** Null where something is no tree: the path to it is then looked for, which costs nothing as long as all is well. */
function collect(x: unknown, leaves: ArrayLike[], depth: number, asLeaf?: AsLeaf): Structure | null {
  if (isLeaf(x)) {
    leaves.push(x)
    return leaf
  }
  if (x === null) return none.null
  if (x === undefined) return none.undefined
  if (depth > deepest || typeof x !== 'object') return null
  const other = asLeaf?.(x) ?? null
  if (other !== null) {
    leaves.push(other)
    return leaf
  }
  if (Array.isArray(x)) {
    const children: Structure[] = []
    for (const item of x as readonly unknown[]) {
      const child = collect(item, leaves, depth + 1, asLeaf)
      if (child === null) return null
      children.push(child)
    }
    return { kind: 'list', leaves: count(children), key: `[${children.map((c) => c.key).join()}]`, children }
  }
  const proto = Object.getPrototypeOf(x) as object | null
  const node = proto === null ? undefined : customNodes.get(proto)
  if (node !== undefined) {
    const [inner, aux] = node.flatten(x)
    const child = collect(inner, leaves, depth + 1, asLeaf)
    const auxKey = valueKey(aux)
    return child === null ? null : { kind: 'custom', leaves: child.leaves, key: `${node.type.name}#${node.id}(${child.key},${auxKey})`, node, aux, auxKey, child }
  }
  if (proto !== null && proto !== Object.prototype) return null
  const names = Object.keys(x).sort()
  const children: Structure[] = []
  for (const n of names) {
    const child = collect((x as Readonly<Record<string, unknown>>)[n], leaves, depth + 1, asLeaf)
    if (child === null) return null
    children.push(child)
  }
  return { kind: 'record', leaves: count(children), key: `{${names.map((n, i) => `${JSON.stringify(n)}:${children[i]!.key}`).join()}}`, names, children }
}

type Path = readonly (string | number)[]
const pathText = (path: Path): string => (path.length === 0 ? 'the value itself' : path.map((p) => `[${typeof p === 'number' ? p : JSON.stringify(p)}]`).join(''))

/** A part of a tree that is still to be looked at; `depth` counts classes' nodes too, which a path does not show. */
interface Part {
  readonly value: unknown
  readonly path: Path
  readonly depth: number
}

/** What is wrong with a tree, and where. A loop, so that what a stack tells of a tree that contains itself is the user's line. */
function refusal(tree: unknown, operation: string, asLeaf?: AsLeaf): TreeError {
  const left: Part[] = [{ value: tree, path: [], depth: 0 }]
  for (let part = left.pop(); part !== undefined; part = left.pop()) {
    const { value, path, depth } = part
    if (isLeaf(value) || value === null || value === undefined) continue
    if (typeof value === 'object' && (asLeaf?.(value) ?? null) !== null) continue
    if (depth > deepest) return new TreeError(operation, `a tree is more than ${deepest} levels deep, or contains itself, at ${pathText(path.slice(0, 4))}…`)
    const children = childrenOf(value)
    if (children === null) {
      // An async function goes on after its refusal, and what it then throws of its tracers has been said already.
      if (value instanceof Promise) value.catch(() => undefined)
      const at = path.length === 0 ? '' : ` at ${pathText(path)}`
      return new TreeError(operation, `${describe(value)}${at} is no array, number or boolean, nor a list or plain object of them${hint(value)}`)
    }
    // The last first, so that the first is looked at next.
    for (const [key, child] of children.reverse()) left.push({ value: child, path: key === null ? path : [...path, key], depth: depth + 1 })
  }
  return new TreeError(operation, 'a registered class gave other children when asked again; its flatten must give the same each time')
}

/** What stands below a node, under which key (null below a class's node); null for what is no node. */
function childrenOf(x: unknown): [key: string | number | null, value: unknown][] | null {
  if (typeof x !== 'object' || x === null) return null
  if (Array.isArray(x)) return Array.from(x as readonly unknown[], (value, i) => [i, value])
  const proto = Object.getPrototypeOf(x) as object | null
  const node = proto === null ? undefined : customNodes.get(proto)
  if (node !== undefined) return [[null, node.flatten(x)[0]]]
  return proto === null || proto === Object.prototype ? Object.entries(x) : null
}

const count = (children: readonly Structure[]): number => children.reduce((n, c) => n + c.leaves, 0)

function hint(x: unknown): string {
  if (x instanceof Promise) return '; transformed functions are synchronous: await before the call, not inside'
  if (ArrayBuffer.isView(x)) return '; make it an array with np.array first'
  if (typeof x === 'object') return x !== null && isIterator(x) ? '; collect what it yields in a list' : '; register its class with tree.register'
  return ''
}

/** Puts leaves back together. @throws TreeError when their number does not fit. */
export function unflatten(structure: Structure, leaves: readonly unknown[], operation = 'tree.unflatten'): unknown {
  if (!Array.isArray(leaves)) throw new TreeError(operation, `got ${describe(leaves)} in place of a list of leaves`)
  if (leaves.length !== structure.leaves) throw new TreeError(operation, `got ${leaves.length} leaves for a structure of ${structure.leaves}: ${structure.key}`)
  let at = 0
  const build = (s: Structure): unknown => {
    switch (s.kind) {
      case 'leaf':
        return leaves[at++]
      case 'none':
        return s.value
      case 'list':
        return s.children.map(build)
      case 'record':
        return Object.fromEntries(s.names.map((n, i) => [n, build(s.children[i]!)]))
      case 'custom':
        return s.node.unflatten(build(s.child), s.aux)
    }
  }
  return build(structure)
}

export const eqStructure: Eq<Structure> = { equals: (a, b) => a.key === b.key }

/** The leaves of `tree`, one for each leaf of `structure`. @throws TreeError showing both structures when they differ. */
export function leavesLike(operation: string, structure: Structure, tree: unknown, what: string): ArrayLike[] {
  const [leaves, other] = flatten(tree, operation)
  if (!eqStructure.equals(structure, other)) throw new TreeError(operation, `${what} has structure ${other.key} where ${structure.key} is needed`)
  return leaves
}

/** One value for every leaf of `structure` from a prefix of it: a value in place of a subtree stands for all its leaves. */
export function broadcastPrefix<V>(operation: string, prefix: unknown, structure: Structure, isValue: (x: unknown) => x is V, what: string): V[] {
  const out: V[] = []
  const spread = (p: unknown, s: Structure, path: Path): void => {
    if (isValue(p)) {
      for (let i = 0; i < s.leaves; i++) out.push(p)
      return
    }
    if (s.kind === 'custom') return spread(p, s.child, path)
    if (s.kind === 'none') return
    if (s.kind === 'list' && Array.isArray(p) && p.length === s.children.length) {
      s.children.forEach((c, i) => spread(p[i], c, [...path, i]))
      return
    }
    if (s.kind === 'record' && typeof p === 'object' && p !== null && !Array.isArray(p) && Object.keys(p).sort().join() === s.names.join()) {
      s.names.forEach((n, i) => spread((p as Record<string, unknown>)[n], s.children[i]!, [...path, n]))
      return
    }
    throw new TreeError(operation, `${what}${path.length === 0 ? '' : ` at ${pathText(path)}`} is no prefix of ${s.key}; takes one value, or a tree of values of that structure`)
  }
  spread(prefix, structure, [])
  return out
}

/** Calls `f` on every leaf with its path: indices and names from the root. */
export function eachPath(structure: Structure, visit: (path: Path) => void): void {
  const walk = (s: Structure, path: Path): void => {
    if (s.kind === 'leaf') visit(path)
    else if (s.kind === 'list') s.children.forEach((c, i) => walk(c, [...path, i]))
    else if (s.kind === 'record') s.names.forEach((n, i) => walk(s.children[i]!, [...path, n]))
    else if (s.kind === 'custom') walk(s.child, path)
  }
  walk(structure, [])
}
