/** Scans: the loops of a program. */
import { bring } from '../lowering/brought.ts'
import { bringRules } from '../lowering/fusion/rules/index.ts'
import { scansLowering } from '../lowering/fusion/rules/scans.ts'
import { cleanScans } from '../lowering/passes/clean-scans.ts'
import { hoistFromScans } from '../lowering/passes/loops/hoist-from-scans.ts'
import { sinkFromScans } from '../lowering/passes/loops/sink-from-scans.ts'

export function bringScans(): void {
  bringRules(scansLowering)
  bring({ cleanScans, hoistFromScans, sinkFromScans })
}
