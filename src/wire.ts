/**
 * Hands core its evaluator and its devices. Every entry point imports this module first; it is the only one with a
 * side effect.
 */
import { CpuBackend } from './backends/cpu/index.ts'
import { WasmBackend } from './backends/wasm/index.ts'
import { installBackend } from './core/devices.ts'
import { evaluate } from './core/evaluate.ts'
import { installEvaluator } from './core/trace.ts'

installBackend(new CpuBackend())
installBackend(new WasmBackend())
installEvaluator(evaluate)
