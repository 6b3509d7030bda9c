/** From a jaxpr to a program for a machine: passes, fusion, the memory plan. */
import type { Jaxpr } from '../core/jaxpr.ts'
import { assemble } from './fusion/index.ts'
import type { MemoryPlan, Program } from './kernel-ir/index.ts'
import { optimize } from './passes/index.ts'
import { planMemory } from './plan/index.ts'

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
