/** What jit remembers of each function: the programs it traced, by the types they were traced for. */
import type { NDArray } from '../core/array.ts'
import type { Aval } from '../core/aval.ts'
import { eqAval } from '../core/aval.ts'
import type { DeviceName } from '../core/device-name.ts'
import { Literal } from '../core/jaxpr.ts'
import type { PrimitiveParams } from '../core/primitives/index.ts'
import type { Value } from '../core/trace.ts'
import { type ArrayLike, isLeaf, type Structure } from '../core/tree.ts'
import { valueKey } from '../core/value-key.ts'
import type { AnyFunction } from './functions.ts'

export interface Entry {
  readonly structure: Structure
  readonly avals: readonly Aval[]
  /** The static arguments' values. */
  readonly staticKey: string
  readonly staticArgnums: readonly number[]
  readonly device: DeviceName | null
  /** Kept as one object, so that its program is compiled once. */
  readonly params: PrimitiveParams['jit']
  readonly consts: readonly NDArray[]
  /** The default device while it was traced: where arrays that the function makes were put. */
  readonly madeOn: DeviceName
  readonly outStructure: Structure
  /** False where it closes over values of a transformation outside. */
  readonly reusable: boolean
}

/** Programs kept for one function; the least recently used goes first. */
const entriesKept = 64
const entries = new WeakMap<AnyFunction, Entry[]>()

export function findEntry(f: AnyFunction, matches: (e: Entry) => boolean): Entry | null {
  const known = entries.get(f)
  const at = known?.findIndex(matches) ?? -1
  if (known === undefined || at < 0) return null
  const [entry] = known.splice(at, 1)
  known.unshift(entry!)
  return entry!
}

/** The program of the last call, if there was one. */
export const latestEntry = (f: AnyFunction): Entry | undefined => entries.get(f)?.[0]

export function keepEntry(f: AnyFunction, entry: Entry): void {
  const known = entries.get(f)
  if (known === undefined) entries.set(f, [entry])
  else if (known.unshift(entry) > entriesKept) known.pop()
}

const weakFloat: Pick<Aval, 'dtype' | 'weakType'> = { dtype: 'float32', weakType: true }
const plainBool: Pick<Aval, 'dtype' | 'weakType'> = { dtype: 'bool', weakType: false }

/** True when a leaf is of a type that a program was traced for. */
function leafMatches(x: ArrayLike, a: Aval): boolean {
  if (typeof x === 'object') {
    return eqAval.equals(x.aval, a)
  }
  const plain = typeof x === 'number' ? weakFloat : plainBool
  return a.dtype === plain.dtype && a.weakType === plain.weakType && a.shape.length === 0
}

/**
 * The leaves of a tree, pushed as values, when it has a given structure and types: the way of a call that hits the
 * cache, without a structure or a key being made. False otherwise; `into` is then of no use.
 */
export function collectMatching(tree: unknown, structure: Structure, avals: readonly Aval[], into: Value[]): boolean {
  switch (structure.kind) {
    case 'leaf': {
      if (!isLeaf(tree)) return false
      const a = avals[into.length]!
      if (!leafMatches(tree, a)) return false
      into.push(typeof tree === 'object' ? tree : new Literal(tree, a))
      return true
    }
    case 'none':
      return tree === structure.value
    case 'list': {
      const { children } = structure
      if (!Array.isArray(tree) || tree.length !== children.length) return false
      for (let i = 0; i < children.length; i++) if (!collectMatching(tree[i], children[i]!, avals, into)) return false
      return true
    }
    case 'record': {
      const { names, children } = structure
      if (typeof tree !== 'object' || tree === null || (Object.getPrototypeOf(tree) ?? Object.prototype) !== Object.prototype) return false
      const record = tree as Readonly<Record<string, unknown>>
      let own = 0
      for (const name in record) own += Object.hasOwn(record, name) ? 1 : 0
      if (own !== names.length) return false
      for (let i = 0; i < names.length; i++) {
        if (!Object.hasOwn(record, names[i]!) || !collectMatching(record[names[i]!], children[i]!, avals, into)) return false
      }
      return true
    }
    case 'custom': {
      const { node, auxKey, child } = structure
      if (typeof tree !== 'object' || tree === null || Object.getPrototypeOf(tree) !== node.type.prototype) return false
      const [children, itsAux] = node.flatten(tree)
      return valueKey(itsAux) === auxKey && collectMatching(children, child, avals, into)
    }
  }
}
