/** A function's values, and the program that is its derivative there. */
import { InternalError } from '../../core/errors.ts'
import type { Jaxpr } from '../../core/jaxpr.ts'
import { type Value, withTrace } from '../../core/trace.ts'
import { jvpFlat, type WithAux } from '../jvp/index.ts'
import { where } from '../staging/jaxprs.ts'
import { hasTangent, nonzero, type Tangent, Zero } from '../zero.ts'
import { LinearTrace, LinearTracer } from './linear-trace.ts'
import { splitRules } from './partial-eval.ts'

interface Linearized extends WithAux {
  /** From tangents of those inputs that have any to those tangents of outputs that are not zero; `constVars` are residuals. */
  readonly jaxpr: Jaxpr
  readonly residuals: readonly Value[]
  readonly nonzeroOutputs: readonly boolean[]
}

/** Evaluates `f`, and records what tangents go through. */
export function linearizeFlat(f: (inputs: readonly Value[]) => WithAux, primals: readonly Value[], name: string): Linearized {
  return withTrace(
    (level) => new LinearTrace(level, name, splitRules),
    (trace) => {
      const tangents = primals.map((p): Tangent => (hasTangent(p.aval) ? trace.input(p.aval) : new Zero(p.aval)))
      const result = jvpFlat(f, primals, tangents, name)
      if (result.outs.some((o) => o instanceof LinearTracer && o.trace === trace)) throw new InternalError(name, 'a value depends on a tangent')
      const nonzeroOutputs = result.tangents.map(nonzero)
      const { jaxpr, residuals } = trace.finish(where(result.tangents, nonzeroOutputs).filter(nonzero))
      return { outs: result.outs, aux: result.aux, jaxpr, residuals, nonzeroOutputs }
    },
  )
}

/** A function as a program of its unknown inputs, with what it computes from known values computed. */
export function recordLinear(f: (inputs: readonly Value[]) => readonly Value[], avals: readonly Value['aval'][], name: string): { readonly jaxpr: Jaxpr; readonly residuals: readonly Value[] } {
  return withTrace(
    (level) => new LinearTrace(level, name, splitRules),
    (trace) => trace.finish(f(avals.map((a) => trace.input(a)))),
  )
}
