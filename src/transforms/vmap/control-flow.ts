/** Batching of primitives that hold programs: the program for a batch. */
import type { Jaxpr } from '../../core/jaxpr.ts'
import type { ControlFlowParams } from '../../core/primitives/index.ts'
import { bind } from '../../core/trace.ts'
import { bits, split } from '../staging/jaxprs.ts'
import { batchedAt, type BatchRules, toFront } from './rule.ts'

/** Mapped axes of inputs and outputs are their first ones. */
interface BatchedProgram {
  readonly jaxpr: Jaxpr
  readonly mappedOutputs: readonly boolean[]
}
/** `forced[i]` asks for output i to be mapped whatever it depends on. */
export type BatchJaxpr = (jaxpr: Jaxpr, size: number, mappedInputs: readonly boolean[], forced: readonly boolean[]) => BatchedProgram

export function controlFlowBatch(batchJaxpr: BatchJaxpr): BatchRules<keyof ControlFlowParams> {
  return {
    jit: (size, inputs, dims, params) => {
      const { jaxpr, mappedOutputs } = batchJaxpr(params.jaxpr, size, dims.map((d) => d !== null), params.jaxpr.outputs.map(() => false))
      const outs = bind('jit', inputs.map((x, i) => toFront(x, dims[i]!)), { ...params, jaxpr })
      return [outs, mappedOutputs.map((m) => (m ? 0 : null))]
    },
    // A carry is mapped if it starts so, or if an iteration makes it so. Slices of xs are mapped along their first axis.
    scan: (size, inputs, dims, params) => {
      const { numConsts, numCarry } = params
      const [consts, start, xs] = split(dims.map((d) => d !== null), numConsts, numCarry)
      const numYs = params.jaxpr.outputs.length - numCarry
      let carry = start!
      const program = (): BatchedProgram =>
        batchJaxpr(params.jaxpr, size, [...consts!, ...carry, ...xs!], [...carry, ...new Array<boolean>(numYs).fill(false)])
      for (;;) {
        const mapped = program().mappedOutputs.slice(0, numCarry)
        if (bits(mapped) === bits(carry)) break
        carry = mapped
      }
      const { jaxpr, mappedOutputs } = program()
      const operands = inputs.map((x, i) => {
        const dim = dims[i]!
        if (i >= numConsts + numCarry) return dim === null ? x : batchedAt(x, dim, size, 1)
        return i >= numConsts && carry[i - numConsts] ? batchedAt(x, dim, size, 0) : toFront(x, dim)
      })
      const outs = bind('scan', operands, { ...params, jaxpr })
      return [outs, mappedOutputs.map((m, i) => (m ? (i < numCarry ? 0 : 1) : null))]
    },
  }
}
