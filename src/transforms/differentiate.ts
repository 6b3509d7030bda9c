/** A user's function differentiated at a point: what grad, vjp, linearize and jacrev have in common. */
import type { NDArray } from '../core/array.ts'
import type { Aval } from '../core/aval.ts'
import { show } from '../core/describe.ts'
import { InternalError, TreeError } from '../core/errors.ts'
import type { Value } from '../core/trace.ts'
import { convert } from './build.ts'
import { type AnyFunction, apply, asArray, build, type Flat, flattenValues } from './functions.ts'
import { linearizeFlat } from './linearize/index.ts'
import { evalJaxpr } from './staging/jaxprs.ts'
import { backwardPass, Undefined } from './transpose/index.ts'
import { hasTangent, instantiate, type Tangent, through, Zero } from './zero.ts'

/** A function's result, split into what is differentiated and what is handed through. */
export interface Result {
  readonly out: Flat
  readonly aux: Flat | null
}

/** Calls a function on trees; with `hasAux` it must return a pair. */
export function resultOf(operation: string, f: AnyFunction, args: readonly unknown[], hasAux: boolean): Result {
  const result = apply(f, args)
  if (!hasAux) return { out: flattenValues(result, operation), aux: null }
  if (!Array.isArray(result) || result.length !== 2) throw new TreeError(operation, `hasAux is set, so the function must return [value, aux], and it returned ${show(result)}`)
  return { out: flattenValues(result[0], operation), aux: flattenValues(result[1], operation) }
}

interface Differentiated {
  readonly result: Result
  /** The result's values, aux's after them, outside of the trace. */
  readonly outs: readonly Value[]
  readonly avals: readonly Aval[]
  readonly aux: () => unknown
  /** Cotangents of the inputs from those of the outputs. */
  readonly pullback: (cotangents: readonly Tangent[]) => Tangent[]
  readonly pushforward: (tangents: readonly Value[]) => Tangent[]
}

/** A function of values, linearized at a point. `check` looks at its result while it is traced. */
export function differentiate(
  operation: string,
  f: (values: readonly Value[]) => Result,
  primals: readonly Value[],
  check: (result: Result) => void = () => undefined,
): Differentiated {
  let result: Result | null = null
  const linear = linearizeFlat(
    (values) => {
      result = f(values)
      check(result)
      return { outs: result.out.values, aux: result.aux?.values ?? [] }
    },
    primals,
    operation,
  )
  const traced = result as Result | null
  if (traced === null) throw new InternalError(operation, 'the function was not called')
  const { jaxpr, residuals, nonzeroOutputs, outs } = linear
  const differentiable = primals.map((p) => hasTangent(p.aval))
  const spread = (ts: readonly Tangent[], flags: readonly boolean[], zero: (i: number) => Tangent): Tangent[] => {
    let next = 0
    return flags.map((b, i) => (b ? ts[next++]! : zero(i)))
  }
  return {
    result: traced,
    outs,
    avals: outs.map((o) => o.aval),
    aux: () => (traced.aux === null ? null : build(traced.aux.structure, linear.aux)),
    pullback: (cotangents) => {
      const given = cotangents.filter((_, i) => nonzeroOutputs[i])
      const cts = backwardPass(jaxpr, jaxpr.inputs.map((v) => new Undefined(v.aval)), given, residuals)
      // A weakly typed primal has a weakly typed cotangent.
      return spread(cts, differentiable, (i) => new Zero(primals[i]!.aval)).map((ct, i) => (primals[i]!.aval.weakType ? through(ct, (t) => convert(t, t.aval.dtype, true)) : ct))
    },
    pushforward: (tangents) => {
      const given = tangents.filter((_, i) => differentiable[i])
      return spread(evalJaxpr(jaxpr, residuals, given), nonzeroOutputs, (i) => new Zero(outs[i]!.aval))
    },
  }
}

/** Zeros of arrays without derivatives are arrays of their own type. */
export const arrayOf = (t: Tangent): NDArray => asArray(instantiate(t))

/** The arguments that are differentiated, as one tree, and the call with those replaced. */
export function selectArguments(args: readonly unknown[], argnums: readonly number[]): { readonly tree: unknown[]; readonly call: (tree: readonly unknown[]) => unknown[] } {
  return {
    tree: argnums.map((n) => args[n]),
    call: (tree) => args.map((a, i) => (argnums.includes(i) ? tree[argnums.indexOf(i)] : a)),
  }
}
