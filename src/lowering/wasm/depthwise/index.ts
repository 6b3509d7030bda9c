/** Depthwise convolutions and the gradients of their taps, where code of their own is faster than that of any reduction. */
import type { LoopKernel } from '../../kernel-ir/index.ts'
import type { ModuleBuilder } from '../asm/index.ts'
import { normalizeLoop } from '../arrange/index.ts'
import type { EmittedPasses } from '../emitted-units.ts'
import { emitForward } from './forward.ts'
import type { EmitLoop } from './source.ts'
import { emitTaps } from './taps.ts'

/** Null where the kernel is no such convolution, or others compute it as fast. */
export function emitDepthwise(module: ModuleBuilder, name: string, given: LoopKernel, emitLoop: EmitLoop): EmittedPasses | null {
  const [reduce, map, ...more] = given.stages
  if (reduce?.kind !== 'reduce' || map?.kind !== 'map' || more.length > 0 || map.inner.length > 0) return null
  const kernel = normalizeLoop(given)
  return emitTaps(module, name, kernel, emitLoop) ?? emitForward(module, name, kernel, emitLoop)
}
