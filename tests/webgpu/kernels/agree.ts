/** Holds what shaders compute against the cpu backend. */
import { expect } from 'vitest'
import { type Aval, bytesOf } from '../../../src/core/aval.ts'
import { decodeNumbers } from '../../../src/core/bytes.ts'
import { dtypeInfo } from '../../../src/core/dtype.ts'
import type { Jaxpr } from '../../../src/core/jaxpr.ts'
import { interpret } from '../../../src/backends/cpu/interpret.ts'
import { lowerToProgram } from '../../../src/lowering/index.ts'
import { checkProgram } from '../../../src/lowering/kernel-ir/index.ts'
import { baseLimits, emitShaders, type ShaderOptions } from '../../../src/lowering/wgsl/index.ts'
import '../../families.ts'
import { sized } from '../../scale.ts'
import { expectClose, someBytes } from '../../lowering/agree.ts'
import { hasSubgroups, type Run, runProgram, runShaders } from './run-shaders.ts'

export type AgreementOptions = Pick<ShaderOptions, 'limits' | 'donated' | 'workgroupLoops'>

let asked = 0

/** A jaxpr without constants. Where the device has subgroups, shaders that use them give the same bits: at quick scale some of them are asked. */
export async function expectAgreementOnDevice(jaxpr: Jaxpr, inputs: readonly Uint8Array[] = jaxpr.inputs.map((v, i) => someBytes(v.aval, i)), options: AgreementOptions = {}): Promise<Run> {
  const { program } = lowerToProgram(jaxpr)
  checkProgram(program)
  const expected = interpret(jaxpr, jaxpr.inputs.map((v, i) => ({ aval: v.aval, bytes: inputs[i]! })))
  const run = await runProgram(program, inputs, options)
  expected.forEach((want, i) => {
    expect(run.outputs[i]!.length, `bytes of output ${i}`).toBe(bytesOf(want.aval))
    expectClose(run.outputs[i]!, want.bytes, want.aval, `output ${i}`)
  })
  if (hasSubgroups && asked++ % sized(6, 1) === 0) {
    const shaders = emitShaders(program, { ...options, limits: { ...(options.limits ?? baseLimits), subgroups: true } })
    if (shaders.shaders.some(({ code }) => code.includes('subgroup'))) expectSame((await runShaders(program, shaders, inputs)).outputs, run.outputs, expected.map((want) => want.aval))
  }
  return run
}

/** The same bits, but that NaN is NaN. */
export function expectSame(got: readonly Uint8Array[], wanted: readonly Uint8Array[], avals: readonly Aval[]): void {
  avals.forEach(({ dtype }, i) => {
    if (dtypeInfo[dtype].kind === 'float') expect(decodeNumbers(got[i]!, dtype), `output ${i}`).toEqual(decodeNumbers(wanted[i]!, dtype))
    else expect(got[i], `output ${i}`).toEqual(wanted[i])
  })
}
