/** `lower`: the one user's function that needs the lowering by name. An app that does not call it does not carry the printers. */
import { readyBackend } from './core/device-registry.ts'
import type { Jaxpr } from './core/jaxpr.ts'
import { printJaxpr } from './core/print.ts'
import { lowerToProgram } from './lowering/index.ts'
import { flopsOf, printProgram, type Step } from './lowering/kernel-ir/index.ts'
import { emitProgram, printWat } from './lowering/wasm/index.ts'
import { within } from './core/in-name-of.ts'
import { wgslText } from './lowering/wgsl/index.ts'
import { type Abstract, type Args, type JitOptions, type Lowered, lowerWith, type Stage } from './transforms/index.ts'

/** The program as text after one of the stages: as it was traced, after the passes, as kernels, as WebAssembly, as shaders: those of the GPU that is ready, else those that run on any. */
function loweringText(jaxpr: Jaxpr, stage: Stage, donated: ReadonlySet<number>): string {
  if (stage === 'jaxpr') return printJaxpr(jaxpr)
  const { optimized, program, plan } = lowerToProgram(jaxpr)
  switch (stage) {
    case 'optimized':
      return printJaxpr(optimized)
    case 'kernels':
      return printProgram(program)
    case 'wat':
      return printWat(emitProgram(program, plan).module)
    case 'wgsl':
      return within('lower', () => readyBackend('webgpu')?.shaderText?.(jaxpr, donated) ?? wgslText(program, { donated, results: jaxpr.outputs.map((v) => v.aval) }))
  }
}

/** Arithmetic operations of one run, kernels (a loop's counted once), and bytes of scratch memory. */
function analyseProgram(jaxpr: Jaxpr): { readonly flops: number; readonly kernels: number; readonly arenaBytes: number } {
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

/**
 * Traces a function as `jit` does, and shows its program.
 *
 * @example
 * lower((x: np.NDArray) => np.tanh(x.add(1)))(np.zeros([8])).text('kernels')
 */
export function lower<A extends Args, R>(f: (...a: A) => R, options: JitOptions = {}): (...a: A | Abstract<A>) => Lowered<A, R> {
  return lowerWith({ text: loweringText, analyse: analyseProgram }, f, options)
}
