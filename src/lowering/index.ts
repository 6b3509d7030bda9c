/** From a jaxpr to a program for a machine: passes, fusion, the memory plan. */
import type { Jaxpr } from '../core/jaxpr.ts'
import { printJaxpr } from '../core/print.ts'
import { assemble } from './fusion/index.ts'
import { flopsOf, type MemoryPlan, printProgram, type Program, type Step } from './kernel-ir/index.ts'
import { optimize } from './passes/index.ts'
import { planMemory } from './plan/index.ts'
import { emitProgram } from './wasm/index.ts'
import { wgslText } from './wgsl/index.ts'

export interface LoweredProgram {
  readonly optimized: Jaxpr
  readonly program: Program
  readonly plan: MemoryPlan
}

/** Lowers a jaxpr without `constVars`. */
export function lowerToProgram(jaxpr: Jaxpr): LoweredProgram {
  const optimized = optimize(jaxpr)
  const program = assemble(optimized)
  return { optimized, program, plan: planMemory(program) }
}

/** The arrows of lowering that can be printed. */
export type LoweringStage = 'jaxpr' | 'optimized' | 'kernels' | 'wat' | 'wgsl'

/** The program as text after one of the stages: as it was traced, after the passes, as kernels, as WebAssembly, as shaders. */
export function loweringText(jaxpr: Jaxpr, stage: LoweringStage): string {
  if (stage === 'jaxpr') return printJaxpr(jaxpr)
  const { optimized, program, plan } = lowerToProgram(jaxpr)
  switch (stage) {
    case 'optimized':
      return printJaxpr(optimized)
    case 'kernels':
      return printProgram(program)
    case 'wat':
      return emitProgram(program, plan).wat()
    case 'wgsl':
      return wgslText(program)
  }
}

/** Arithmetic operations of one run, kernels (a loop's counted once), and bytes of scratch memory. */
export function analyseProgram(jaxpr: Jaxpr): { readonly flops: number; readonly kernels: number; readonly arenaBytes: number } {
  const { program, plan } = lowerToProgram(jaxpr)
  let flops = 0
  let kernels = 0
  const walk = (steps: readonly Step[], times: number): void => {
    for (const s of steps) {
      if (s.kind === 'loop') walk(s.body, times * s.count)
      else {
        kernels++
        flops += times * flopsOf(s.kernel)
      }
    }
  }
  walk(program.steps, 1)
  return { flops, kernels, arenaBytes: emitProgram(program, plan).arenaBytes }
}
