/** Between users' functions of trees and the transformations' functions of values. */
import type { NDArray } from '../core/array.ts'
import { type Aval, aval, sameShape, showType } from '../core/aval.ts'
import { describe } from '../core/describe.ts'
import { ArgumentError, DtypeError, ShapeError, TreeError } from '../core/errors.ts'
import { materialize } from '../core/evaluate.ts'
import { Literal } from '../core/jaxpr.ts'
import { checkFunction } from '../core/ops/checks.ts'
import { leafValue } from '../core/ops/operands.ts'
import { bind1, isStaging, nameTraced, type Value } from '../core/trace.ts'
import { type ArrayLike, eachPath, flatten, type Structure, unflatten } from '../core/tree.ts'
import { hasTangent } from './zero.ts'

/** A function of trees whose types have been checked by the signature of a transformation. */
export type AnyFunction = (...args: never[]) => unknown

/** The array that a user sees: numbers in a program become scalars. */
export function asArray(v: Value): NDArray {
  if (!(v instanceof Literal)) return v
  return isStaging() ? bind1('broadcastInDim', [v], { shape: [], broadcastDimensions: [] }) : materialize(v)
}

export const build = (structure: Structure, values: readonly Value[]): unknown => unflatten(structure, values.map(asArray))

/** Applies a user's function to a list of arguments. */
export function apply(f: AnyFunction, args: readonly unknown[]): unknown {
  nameTraced(nameOf(f))
  // The public signature has checked the arguments against the function's own types.
  return (f as (...args: readonly unknown[]) => unknown)(...args)
}

export const nameOf = (f: AnyFunction): string => (f.name === '' ? 'fn' : f.name)

export const requireFunction: (operation: string, f: unknown) => void = checkFunction

/** @throws ArgumentError unless it is a list: an array, which can be iterated too, would be taken for one argument a row. */
export function requireList(operation: string, what: string, x: unknown): void {
  if (!Array.isArray(x)) throw new ArgumentError(operation, `${what} are a list with one entry for each argument of the function; write [x] for one argument`)
}

export interface Flat {
  readonly values: Value[]
  readonly structure: Structure
}

/** What a function gave, as values. @throws TreeError for a Promise, an iterator or anything else that is no tree. */
export function flattenValues(tree: unknown, operation: string): Flat {
  const [leaves, structure] = flatten(tree, operation)
  return { values: leaves.map(leafValue), structure }
}

export type Argnums = number | readonly number[]

function argnumList(operation: string, option: string, argnums: Argnums): readonly number[] {
  if (typeof argnums === 'number') return [argnums]
  if (!Array.isArray(argnums)) throw new ArgumentError(operation, `${option} is ${describe(argnums)}; takes a number or a list of numbers`)
  return Array.from(argnums as readonly number[]) // holes too
}

/** Argument numbers, counted from the end where negative. @throws ArgumentError when there is no such argument. */
export function normalArgnums(operation: string, option: string, argnums: Argnums, count: number): number[] {
  const list = argnumList(operation, option, argnums)
  const normal = list.map((n) => {
    if (!Number.isInteger(n) || n < -count || n >= count) {
      throw new ArgumentError(operation, `${option} ${JSON.stringify(argnums)} for a call with ${count} arguments; ${count === 0 ? 'there is none to name' : `takes numbers from 0 to ${count - 1}`}`)
    }
    return n < 0 ? n + count : n
  })
  if (new Set(normal).size < normal.length) throw new ArgumentError(operation, `${option} ${JSON.stringify(argnums)} names one argument twice`)
  return normal
}

/** As `normalArgnums`, of a call that may leave out arguments with defaults: those that `argnums` names right after the last one given are none of it. */
export function givenArgnums(operation: string, option: string, argnums: Argnums, count: number): number[] {
  const list = argnumList(operation, option, argnums)
  let end = count
  while (list.includes(end)) end++
  return normalArgnums(operation, option, end === count ? argnums : list.filter((n) => n < count || n >= end), count)
}

/** `[0]["w"]` for every leaf. */
export function paths(structure: Structure): string[] {
  const out: string[] = []
  eachPath(structure, (path) => out.push(path.map((p) => `[${JSON.stringify(p)}]`).join('')))
  return out
}

/** @throws DtypeError naming the first leaf that has no derivative. */
export function requireInexact(operation: string, flat: Flat, what: string): void {
  const i = flat.values.findIndex((v) => !hasTangent(v.aval))
  if (i < 0) return
  throw new DtypeError(
    operation,
    `${what}${paths(flat.structure)[i]} is ${showType(flat.values[i]!.aval)}; derivatives are taken with respect to floating point only. Convert it with astype('float32'), or leave it out by argnums`,
  )
}

/**
 * Values of a tree that must be like given types: tangents, cotangents. Plain numbers take the dtype asked for; what
 * stands for an array without derivatives is not read.
 * @throws TreeError, ShapeError or DtypeError naming the leaf.
 */
export function valuesLike(operation: string, tree: unknown, structure: Structure, avals: readonly Aval[], what: string): Value[] {
  const [leaves, given] = flatten(tree, operation)
  if (given.key !== structure.key) throw new TreeError(operation, `${what} has structure ${given.key}, and ${structure.key} is needed`)
  return leaves.map((leaf, i) => leafLike(operation, leaf, avals[i]!, () => `${what}${paths(structure)[i]}`))
}

function leafLike(operation: string, leaf: ArrayLike, wanted: Aval, what: () => string): Value {
  if (typeof leaf === 'number' && wanted.shape.length === 0) return new Literal(leaf, aval([], wanted.dtype, wanted.weakType))
  const v = leafValue(leaf)
  if (!hasTangent(wanted)) return v
  if (!sameShape(v.aval.shape, wanted.shape)) throw new ShapeError(operation, `${what()} is ${showType(v.aval)}, and ${showType(wanted)} is needed`)
  if (v.aval.dtype !== wanted.dtype) throw new DtypeError(operation, `${what()} is ${showType(v.aval)}, and ${showType(wanted)} is needed; convert it with astype('${wanted.dtype}')`)
  return v
}

/** A transformed function keeps the name of the user's. */
export function named<F extends AnyFunction>(g: F, f: AnyFunction): F {
  Object.defineProperty(g, 'name', { value: f.name })
  return g
}
