/** The lowering of every primitive: a hole does not compile. */
import type { LoweringRules } from '../graph.ts'
import { contractionLowering } from './contraction.ts'
import { controlFlowLowering } from './control-flow.ts'
import { elementwiseLowering } from './elementwise.ts'
import { indexingLowering } from './indexing.ts'
import { randomLowering } from './random.ts'
import { reductionLowering } from './reduction.ts'
import { shapeLowering } from './shape.ts'
import { windowsLowering } from './windows.ts'

export const loweringRules: LoweringRules = {
  ...elementwiseLowering,
  ...reductionLowering,
  ...shapeLowering,
  ...indexingLowering,
  ...contractionLowering,
  ...windowsLowering,
  ...controlFlowLowering,
  ...randomLowering,
}
