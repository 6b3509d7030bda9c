/** Holds what shaders compute against the cpu backend. */
import { expect } from 'vitest'
import { bytesOf } from '../../../src/core/aval.ts'
import type { Jaxpr } from '../../../src/core/jaxpr.ts'
import { interpret } from '../../../src/backends/cpu/interpret.ts'
import { lowerToProgram } from '../../../src/lowering/index.ts'
import { checkProgram } from '../../../src/lowering/kernel-ir/index.ts'
import type { ShaderLimits } from '../../../src/lowering/wgsl/index.ts'
import { expectClose, someBytes } from '../../lowering/agree.ts'
import { type Run, runProgram } from './run-shaders.ts'

export interface AgreementOptions {
  readonly limits?: ShaderLimits
  readonly donated?: ReadonlySet<number>
}

/** A jaxpr without constants. */
export async function expectAgreementOnDevice(jaxpr: Jaxpr, inputs: readonly Uint8Array[] = jaxpr.inputs.map((v, i) => someBytes(v.aval, i)), options: AgreementOptions = {}): Promise<Run> {
  const { program } = lowerToProgram(jaxpr)
  checkProgram(program)
  const expected = interpret(jaxpr, jaxpr.inputs.map((v, i) => ({ aval: v.aval, bytes: inputs[i]! })))
  const run = await runProgram(program, inputs, options)
  expected.forEach((want, i) => {
    expect(run.outputs[i]!.length, `bytes of output ${i}`).toBe(bytesOf(want.aval))
    expectClose(run.outputs[i]!, want.bytes, want.aval, `output ${i}`)
  })
  return run
}
