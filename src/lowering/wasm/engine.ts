/**
 * What the engine's optimising compiler is known to do with generated code, told by what it accepts: engines with relaxed SIMD
 * are of 2023 or later.
 */
import { ModuleBuilder } from './asm/index.ts'

let relaxed: boolean | null = null

/** Whether the engine has the instructions of the relaxed SIMD proposal. */
export function hasRelaxedSimd(): boolean {
  if (relaxed === null) {
    const module = new ModuleBuilder({ relaxedSimd: true })
    const fn = module.function('madd', ['v128', 'v128', 'v128'], ['v128'])
    fn.get(fn.param(0)).get(fn.param(1)).get(fn.param(2)).emit('f32x4.relaxed_madd')
    relaxed = WebAssembly.validate(module.toBytes())
  }
  return relaxed
}

/**
 * Whether loads stay where they are written. V8 before 2023 (Node 20) moves all loads of a basic block to its top, and then has
 * too few registers for what is long.
 */
export const keepsLoads = (): boolean => hasRelaxedSimd()
