import type { LoopKernel } from '../../kernel-ir/index.ts'
import { normalizeLoop } from './normalize.ts'
import { orderInner, tileSpace } from './tile.ts'

/** The kernel as it is walked: its axes merged, split and ordered. */
export const arranged = (kernel: LoopKernel, fixedOuter: boolean): LoopKernel => tileSpace(orderInner(normalizeLoop(kernel, fixedOuter)), fixedOuter)
