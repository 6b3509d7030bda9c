/** Forward mode of primitives that hold programs: a program for values and tangents. */
import type { Jaxpr } from '../../core/jaxpr.ts'
import type { ControlFlowParams } from '../../core/primitives/index.ts'
import { bind } from '../../core/trace.ts'
import { bits, count, reorder, split, where } from '../staging/jaxprs.ts'
import { range } from '../build.ts'
import { instantiate, nonzero, type Tangent, Zero } from '../zero.ts'
import type { JvpResult, JvpRules } from './rule.ts'

/** A program with tangents: inputs `...primals, ...nonzero tangents`, outputs likewise. */
interface JvpProgram {
  readonly jaxpr: Jaxpr
  readonly nonzeroOutputs: readonly boolean[]
}
/** `instantiate[i]` asks for output i's tangent even where it is zero. */
export type JvpJaxpr = (jaxpr: Jaxpr, nonzeroInputs: readonly boolean[], instantiate: readonly boolean[]) => JvpProgram

export function controlFlowJvp(jvpJaxpr: JvpJaxpr): JvpRules<keyof ControlFlowParams> {
  return {
    jit: (primals, tangents, params) => {
      const { jaxpr, nonzeroOutputs } = jvpJaxpr(params.jaxpr, tangents.map(nonzero), params.jaxpr.outputs.map(() => false))
      const outs = bind('jit', [...primals, ...tangents.filter(nonzero)], { ...params, jaxpr })
      return withZeros(outs, nonzeroOutputs)
    },
    scan: (primals, tangents, params) => {
      const { numConsts, numCarry } = params
      const nonzeroIn = tangents.map(nonzero)
      const [constsNonzero, carryGiven, xsNonzero] = split(nonzeroIn, numConsts, numCarry)
      // A carry's tangent is other than zero if it starts so, or if an iteration makes it so.
      let carryNonzero = carryGiven!
      const numYs = params.jaxpr.outputs.length - numCarry
      const program = (): JvpProgram =>
        jvpJaxpr(params.jaxpr, [...constsNonzero!, ...carryNonzero, ...xsNonzero!], [...carryNonzero, ...new Array<boolean>(numYs).fill(false)])
      for (;;) {
        const next = program().nonzeroOutputs.slice(0, numCarry).map((b, i) => b || carryNonzero[i]!)
        if (bits(next) === bits(carryNonzero)) break
        carryNonzero = next
      }
      const { jaxpr, nonzeroOutputs } = program()
      const [consts, carry, xs] = split(primals, numConsts, numCarry)
      const [tConsts, tCarry, tXs] = split(tangents, numConsts, numCarry)
      const operands = [
        ...consts!,
        ...tConsts!.filter(nonzero),
        ...carry!,
        ...where(tCarry!, carryNonzero).map(instantiate),
        ...xs!,
        ...tXs!.filter(nonzero),
      ]
      const [nc, nk, nx] = [count(constsNonzero!), count(carryNonzero), count(xsNonzero!)]
      const inputs = interleaved([numConsts, numCarry, xs!.length], [nc, nk, nx])
      const outputs = interleaved([numCarry, numYs], [nk, count(nonzeroOutputs) - nk])
      const outs = bind('scan', operands, {
        ...params,
        numConsts: numConsts + nc,
        numCarry: numCarry + nk,
        jaxpr: reorder(jaxpr, inputs, outputs),
      })
      const back = outputs.map((_, i) => outputs.indexOf(i))
      return withZeros(back.map((i) => outs[i]!), nonzeroOutputs)
    },
  }
}

/** Places of `a₀ b₀ a₁ b₁ …` in `a₀ a₁ … b₀ b₁ …`, given the lengths of the groups. */
function interleaved(a: readonly number[], b: readonly number[]): number[] {
  let nextA = 0
  let nextB = a.reduce((n, k) => n + k, 0)
  return a.flatMap((n, i) => {
    const group = [...range(nextA + n, nextA), ...range(nextB + b[i]!, nextB)]
    nextA += n
    nextB += b[i]!
    return group
  })
}

function withZeros(outs: readonly Tangent[], nonzeroOutputs: readonly boolean[]): JvpResult {
  const n = nonzeroOutputs.length
  const primals = outs.slice(0, n).map(instantiate)
  let next = n
  return [primals, nonzeroOutputs.map((b, i) => (b ? outs[next++]! : new Zero(primals[i]!.aval)))]
}
