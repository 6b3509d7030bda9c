/** Evaluates jaxprs equation by equation. */
import { bytesOf } from '../../core/aval.ts'
import { scalarBytes } from '../../core/bytes.ts'
import { InternalError } from '../../core/errors.ts'
import type { Atom, Eqn, Jaxpr, Var } from '../../core/jaxpr.ts'
import type { ControlFlowParams, Primitive } from '../../core/primitives/index.ts'
import { contractionCpu } from './contraction.ts'
import { elementwiseCpu } from './elementwise.ts'
import type { CpuRules, HostArray } from './host-array.ts'
import { indexingCpu } from './indexing.ts'
import { randomCpu } from './random.ts'
import { reductionCpu } from './reduction.ts'
import { shapeCpu } from './shape.ts'
import { windowsCpu } from './windows.ts'

const controlFlowCpu: CpuRules<keyof ControlFlowParams> = {
  jit: (inputs, { jaxpr }) => interpret(jaxpr, inputs),
  scan: (inputs, { length, reverse, numConsts, numCarry, jaxpr }, outs) => {
    const consts = inputs.slice(0, numConsts)
    const xs = inputs.slice(numConsts + numCarry)
    let carry = inputs.slice(numConsts, numConsts + numCarry)
    const stacked = outs.slice(numCarry).map((aval) => ({ aval, bytes: new Uint8Array(bytesOf(aval)) }))
    for (let step = 0; step < length; step++) {
      const i = reverse ? length - 1 - step : step
      const slices = xs.map((x) => ({ aval: { ...x.aval, shape: x.aval.shape.slice(1) }, bytes: row(x, i, length) }))
      const results = interpret(jaxpr, [...consts, ...carry, ...slices])
      carry = results.slice(0, numCarry)
      for (const [k, y] of stacked.entries()) row(y, i, length).set(results[numCarry + k]!.bytes)
    }
    return [...carry, ...stacked]
  },
}

/** The bytes of one entry along the leading axis: shared, not copied. */
function row(x: HostArray, i: number, length: number): Uint8Array {
  const n = x.bytes.length / length
  return x.bytes.subarray(i * n, (i + 1) * n)
}

export const cpuRules: CpuRules = {
  ...elementwiseCpu,
  ...reductionCpu,
  ...shapeCpu,
  ...indexingCpu,
  ...contractionCpu,
  ...windowsCpu,
  ...controlFlowCpu,
  ...randomCpu,
}

const apply = <P extends Primitive>(e: Eqn<P>, inputs: readonly HostArray[]): HostArray[] =>
  cpuRules[e.primitive](inputs, e.params, e.outputs.map((v) => v.aval))

/** The values of a program's outputs; a value may share its bytes with an input. */
export function interpret(jaxpr: Jaxpr, inputs: readonly HostArray[]): HostArray[] {
  const values = new Map<Var, HostArray>()
  for (const [i, v] of jaxpr.inputs.entries()) values.set(v, inputs[i]!)
  const read = (a: Atom): HostArray => {
    if (a.kind === 'literal') return { aval: a.aval, bytes: scalarBytes(a.value, a.aval.dtype) }
    const value = values.get(a)
    if (value === undefined) throw new InternalError('cpu', 'an equation reads a variable that nothing bound')
    return value
  }
  for (const e of jaxpr.equations) {
    const results = apply(e, e.inputs.map(read))
    for (const [i, v] of e.outputs.entries()) values.set(v, results[i]!)
  }
  return jaxpr.outputs.map(read)
}
