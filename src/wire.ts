/**
 * Hands core its evaluator and its devices. Every entry point imports this module first; it is the only one with a
 * side effect.
 */
import { CpuBackend } from './backends/cpu/index.ts'
import { WasmBackend } from './backends/wasm/index.ts'
import { installBackend } from './core/devices.ts'
import { evaluate } from './core/evaluate.ts'
import { installEvaluator } from './core/trace.ts'
import { flopsOf, kernelsOf } from './lowering/kernel-ir/index.ts'
import { loweringText, lowerToProgram } from './lowering/index.ts'
import { installLowering } from './transforms/index.ts'

installBackend(new CpuBackend())
installBackend(new WasmBackend())
installEvaluator(evaluate)
installLowering({
  text: loweringText,
  analyse: (jaxpr) => {
    const { program, plan } = lowerToProgram(jaxpr)
    const kernels = kernelsOf(program)
    return { flops: kernels.reduce((n, k) => n + flopsOf(k), 0), kernels: kernels.length, arenaBytes: plan.arenaBytes }
  },
})
