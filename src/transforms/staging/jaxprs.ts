/** Jaxprs as data: evaluation, closing over constants, order of inputs and outputs, caches. */
import type { NDArray } from '../../core/array.ts'
import type { Aval } from '../../core/aval.ts'
import { InternalError } from '../../core/errors.ts'
import type { Atom, Eqn, Jaxpr, Var } from '../../core/jaxpr.ts'
import type { Primitive } from '../../core/primitives/index.ts'
import { bind, type Value } from '../../core/trace.ts'
import { type Staged, traceToJaxpr } from './stage.ts'

export const inputAvals = (jaxpr: Jaxpr): Aval[] => jaxpr.inputs.map((v) => v.aval)
export const outputAvals = (jaxpr: Jaxpr): Aval[] => jaxpr.outputs.map((v) => v.aval)

/** Values of variables while a program is walked. */
class Environment<T> {
  readonly #values = new Map<Var, T>()
  set(v: Var, value: T): void {
    this.#values.set(v, value)
  }
  get(v: Var): T {
    const value = this.#values.get(v)
    if (value === undefined) throw new InternalError('jaxpr', 'an equation reads a variable that nothing bound')
    return value
  }
}

const bindEquation = <P extends Primitive>(e: Eqn<P>, inputs: readonly Value[]): NDArray[] => bind<P>(e.primitive, inputs, e.params)

/** Binds every equation of a program, under whatever transformations are active. */
export function evalJaxpr(jaxpr: Jaxpr, consts: readonly Value[], inputs: readonly Value[]): Value[] {
  const env = new Environment<Value>()
  const read = (a: Atom): Value => (a.kind === 'literal' ? a : env.get(a))
  jaxpr.constVars.forEach((v, i) => env.set(v, consts[i]!))
  jaxpr.inputs.forEach((v, i) => env.set(v, inputs[i]!))
  for (const e of jaxpr.equations) {
    const outs = bindEquation(e, e.inputs.map(read))
    e.outputs.forEach((v, i) => env.set(v, outs[i]!))
  }
  return jaxpr.outputs.map(read)
}

/** The program with its constants as its first inputs. */
export const constsAsInputs = (jaxpr: Jaxpr): Jaxpr => ({ ...jaxpr, constVars: [], inputs: [...jaxpr.constVars, ...jaxpr.inputs] })

/** Traces a function that must not close over anything: a rule's own program. */
export function traceClosed(f: (inputs: readonly NDArray[]) => readonly Value[], avals: readonly Aval[], name: string): Jaxpr {
  const { jaxpr, consts } = traceToJaxpr(f, avals, name)
  if (consts.length > 0) throw new InternalError(name, `a program made by a rule closes over ${consts.length} arrays`)
  return jaxpr
}

export const closed = ({ jaxpr, consts }: Staged): { readonly jaxpr: Jaxpr; readonly operands: readonly NDArray[] } => ({
  jaxpr: constsAsInputs(jaxpr),
  operands: consts,
})

/** The same program with its inputs or outputs in another order (or fewer outputs). */
export const reorder = (jaxpr: Jaxpr, inputs: readonly number[], outputs: readonly number[]): Jaxpr => ({
  ...jaxpr,
  inputs: inputs.map((i) => jaxpr.inputs[i]!),
  outputs: outputs.map((i) => jaxpr.outputs[i]!),
})

/** `f(jaxpr, key)` computed once for each jaxpr and key, and kept as long as the jaxpr. */
export function cachedBy<A extends readonly unknown[], R>(keyOf: (...args: A) => string, f: (jaxpr: Jaxpr, ...args: A) => R): (jaxpr: Jaxpr, ...args: A) => R {
  const cache = new WeakMap<Jaxpr, Map<string, R>>()
  return (jaxpr, ...args) => {
    let entries = cache.get(jaxpr)
    if (entries === undefined) cache.set(jaxpr, (entries = new Map<string, R>()))
    const key = keyOf(...args)
    let result = entries.get(key)
    if (result === undefined) entries.set(key, (result = f(jaxpr, ...args)))
    return result
  }
}

/** Flags as a cache key: `0110`. */
export const bits = (flags: readonly boolean[]): string => flags.map((b) => (b ? '1' : '0')).join('')

export const count = (flags: readonly boolean[]): number => flags.reduce((n, b) => n + (b ? 1 : 0), 0)
export const where = <T>(items: readonly T[], flags: readonly boolean[]): T[] => items.filter((_, i) => flags[i])
export const whereNot = <T>(items: readonly T[], flags: readonly boolean[]): T[] => items.filter((_, i) => !flags[i])

/** Items of two lists, `flags[i]` saying which is next. */
export function merge<T>(flags: readonly boolean[], whenTrue: readonly T[], whenFalse: readonly T[]): T[] {
  let t = 0
  let f = 0
  return flags.map((b) => (b ? whenTrue[t++]! : whenFalse[f++]!))
}

/** Consecutive runs of given lengths, and the rest. */
export function split<T>(items: readonly T[], ...lengths: number[]): T[][] {
  const parts: T[][] = []
  let at = 0
  for (const n of lengths) parts.push(items.slice(at, (at += n)))
  parts.push(items.slice(at))
  return parts
}
