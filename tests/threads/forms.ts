/** In which form the contractions of a program are computed, and what their threads share. */
import { sizeOf } from '../../src/core/aval.ts'
import type { Jaxpr } from '../../src/core/jaxpr.ts'
import { lowerToProgram } from '../../src/lowering/index.ts'
import { type ContractionKernel, kernelsOf } from '../../src/lowering/kernel-ir/index.ts'
import { splitPhases } from '../../src/lowering/wasm/contraction/index.ts'
import { planContraction } from '../../src/lowering/wasm/contraction/plan.ts'
import { planSkinny } from '../../src/lowering/wasm/contraction/skinny/plan.ts'
import { planWinograd } from '../../src/lowering/winograd/plan.ts'

/** No buffer of the programs has a number as high. */
const free = 1 << 28

/** Of each contraction, and of each phase of those that have some, as the emitter tries them one after the other (src/lowering/wasm/emit/phases.ts). */
export const formsOf = (jaxpr: Jaxpr): string[] => kernelsOf(lowerToProgram(jaxpr).program).flatMap((k) => (k.kind === 'contraction' ? splitPhases(k).map(formOf) : []))

function formOf(kernel: ContractionKernel): string {
  const skinny = planSkinny(kernel, free)
  if (skinny !== null) return `${skinny.form}${skinny.slices > 1 ? ' of slices' : ''}`
  if (sizeOf(kernel.m) === 1 || sizeOf(kernel.n) === 1) return 'loop'
  const winograd = planWinograd(kernel, free)
  if (winograd !== null) return `winograd ${winograd.form}`
  const { sharing, wholeRhs, depthBlocks, lhs, out } = planContraction(kernel, free)
  const order = sharing.kind === 'slices' ? 'slices' : `${wholeRhs ? 'rows' : 'blocks'} by ${sharing.kind}`
  const windows = lhs.strided === null && 'windows' in lhs.packing ? ' of windows' : ''
  return `${order}${windows}, depth in ${depthBlocks}${out.strided === null ? ', finished apart' : ''}`
}
