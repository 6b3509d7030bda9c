/** Tracing users' functions: makeJaxpr and evalShape, and what jit and scan build on. */
import type { NDArray } from '../core/array.ts'
import type { Aval } from '../core/aval.ts'
import { ArgumentError, InternalError } from '../core/errors.ts'
import type { Jaxpr } from '../core/jaxpr.ts'
import { parseJaxpr as parse } from '../core/parse.ts'
import { printJaxpr } from '../core/print.ts'
import { type MapTree, type Structure, unflatten } from '../core/tree.ts'
import { type Abstract, flattenTypes, type ShapeDtype } from './abstract-arguments.ts'
import { type AnyFunction, apply, build, flattenValues, requireFunction } from './functions.ts'
import { outputAvals } from './staging/jaxprs.ts'
import { type Staged, traceToJaxpr } from './staging/stage.ts'
import type { Args } from './types.ts'

export interface TracedFunction extends Staged {
  readonly outStructure: Structure
}

/** The program of a function of trees: leaves in, leaves out. */
export function traceFunction(operation: string, call: (args: unknown) => unknown, structure: Structure, avals: readonly Aval[], scalarsAsLiterals = true): TracedFunction {
  let outStructure: Structure | null = null
  const staged = traceToJaxpr(
    (inputs) => {
      const out = flattenValues(call(build(structure, inputs)), operation)
      outStructure = out.structure
      return out.values
    },
    avals,
    operation,
    scalarsAsLiterals,
  )
  if (outStructure === null) throw new InternalError(operation, 'traced nothing')
  return { ...staged, outStructure }
}

/** A program with the arrays that it closes over. `String(…)` gives its text, which `parseJaxpr` reads back. */
export class ClosedJaxpr {
  readonly jaxpr: Jaxpr
  readonly consts: readonly NDArray[]
  constructor(jaxpr: Jaxpr, consts: readonly NDArray[]) {
    this.jaxpr = jaxpr
    this.consts = consts
  }
  get inAvals(): readonly Aval[] {
    return this.jaxpr.inputs.map((v) => v.aval)
  }
  get outAvals(): readonly Aval[] {
    return outputAvals(this.jaxpr)
  }
  toString(): string {
    return printJaxpr(this.jaxpr)
  }
}

/**
 * Reads a program back from its text: `String(parseJaxpr(String(j)))` is `String(j)`. A text tells types only of the
 * arrays that a program closes over, so `consts` is empty.
 *
 * @example
 * parseJaxpr('{ lambda ; a:f32[3]. let b:f32[3] = sin a in (b,) }').outAvals[0]?.dtype   // 'float32'
 * @throws FormatError listing everything that is wrong.
 */
export function parseJaxpr(text: string): ClosedJaxpr {
  if (typeof text !== 'string') throw new ArgumentError('parseJaxpr', `takes the text of a program and got ${text === null ? 'null' : typeof text}; String(jaxpr) is one`)
  return new ClosedJaxpr(parse(text), [])
}

function traceCall(operation: string, f: AnyFunction, args: readonly unknown[]): TracedFunction {
  requireFunction(operation, f)
  const { values, structure } = flattenTypes([...args], operation)
  return traceFunction(operation, (tree) => apply(f, tree as unknown[]), structure, values.map((v) => v.aval))
}

/**
 * The program that a function traces to; of the arguments only types are read.
 *
 * @example
 * String(makeJaxpr((x: np.NDArray) => np.sin(x))(np.zeros([3])))   // { lambda ; a:f32[3]. let b:f32[3] = sin a in (b,) }
 */
export function makeJaxpr<A extends Args>(f: (...a: A) => unknown): (...a: A) => ClosedJaxpr {
  requireFunction('makeJaxpr', f)
  return (...args) => {
    const { jaxpr, consts } = traceCall('makeJaxpr', f, args)
    return new ClosedJaxpr(jaxpr, consts)
  }
}

/**
 * Shapes and dtypes of what a function would return; nothing is computed.
 *
 * @example
 * evalShape((x: np.NDArray) => np.sum(x, 0), np.zeros([2, 3]))                              // { shape: [3], dtype: 'float32' }
 * evalShape((x: np.NDArray) => np.sum(x, 0), { shape: [2, 3], dtype: 'float32' })   // the same, without an array
 */
export function evalShape<A extends Args, R>(f: (...a: A) => R, ...args: A | Abstract<A>): MapTree<R, ShapeDtype> {
  const { jaxpr, outStructure } = traceCall('evalShape', f, args)
  return unflatten(outStructure, outputAvals(jaxpr).map(({ shape, dtype }): ShapeDtype => ({ shape, dtype }))) as MapTree<R, ShapeDtype>
}
