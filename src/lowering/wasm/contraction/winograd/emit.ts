/** Convolutions by Winograd's algorithm as WebAssembly: one function a kernel, which shares the loop over tiles of all products. */
import type { ContractionKernel, LoopKernel } from '../../../kernel-ir/index.ts'
import { planWinograd } from '../../../winograd/plan.ts'
import type { FunctionRef, ModuleBuilder } from '../../asm/index.ts'
import type { EmittedLoop } from '../../emitted-units.ts'
import { type EmittedContraction, scratchBuffers } from '../emitted.ts'
import { writeResults } from './results.ts'
import { Site } from './site.ts'
import { writeTaps } from './taps.ts'

/** As `emitContraction`, of a kernel for which the algorithm pays; else null. */
export function emitWinograd(module: ModuleBuilder, name: string, kernel: ContractionKernel, emitLoop: (kernel: LoopKernel) => EmittedLoop, meet: () => FunctionRef | null): EmittedContraction | null {
  const plan = planWinograd(kernel, scratchBuffers)
  if (plan === null) return null
  const loops = { data: emitLoop(plan.data), other: emitLoop(plan.other), direct: emitLoop(plan.direct), epilogue: emitLoop(plan.epilogue) }
  const scratch = new Set(Object.values(plan.buffers))
  const buffers = [...new Set(Object.values(loops).flatMap((l) => l.buffers))].filter((b) => !scratch.has(b))
  const fn = module.function(name, ['i32', 'i32', 'i32', 'i32', ...buffers.map(() => 'i32' as const)], [])
  const site = new Site(module, fn, plan, loops, buffers, meet())
  if (plan.form === 'results') writeResults(site)
  else writeTaps(site)
  const { sharedBytes, ownBytes } = site.areas
  return { fn, buffers, sharedBytes, ownBytes, parts: plan.form === 'results' ? plan.blocks * plan.blocksOfImage : plan.slices }
}
