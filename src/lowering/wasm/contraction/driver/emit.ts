/**
 * Contraction kernels as WebAssembly: pack what has to be, multiply strip by strip, finish in the epilogue. One function a
 * kernel; the loops over strips and tiles are shared by all of a module.
 */
import type { FunctionRef, ModuleBuilder } from '../../asm/index.ts'
import type { ContractionKernel, LoopKernel } from '../../../kernel-ir/index.ts'
import type { EmittedLoop } from '../../emitted-units.ts'
import { type EmittedContraction, scratchBuffers } from '../emitted.ts'
import { type ContractionPlan, planContraction } from '../plan.ts'
import { strips } from '../strip.ts'
import { writeTables } from './operands.ts'
import { inBlocks, inRows, inSlices } from './order.ts'
import { Site } from './site.ts'

/** `emitLoop` emits a loop kernel that keeps its first axis; `meet` gives the barrier, null where there is one thread. */
export function emitContraction(module: ModuleBuilder, name: string, kernel: ContractionKernel, emitLoop: (kernel: LoopKernel) => EmittedLoop, meet: () => FunctionRef | null): EmittedContraction {
  const plan = planContraction(kernel, scratchBuffers)
  const { lhs, rhs, out, sharing } = plan
  const loops = new Map<LoopKernel, EmittedLoop>()
  const emitted = (loop: LoopKernel | null | undefined): void => void (loop && loops.set(loop, emitLoop(loop)))
  if (lhs.strided === null) ('windows' in lhs.packing ? [lhs.packing.image, lhs.packing.rowTable, lhs.packing.runTable] : [lhs.packing]).forEach((p) => emitted(p.loop))
  if (rhs.strided === null && 'loop' in rhs.packing) emitted(rhs.packing.loop)
  if (out.strided === null) [out.finish.combine, out.finish.epilogue].forEach(emitted)
  const strided = [lhs, rhs, out].flatMap((o) => (o.strided === null ? ('packing' in o && 'from' in o.packing ? [o.packing.from.buffer] : []) : [o.strided.buffer]))
  const buffers = [...new Set([...strided, ...[...loops.values()].flatMap((l) => l.buffers)])].filter((b) => b < scratchBuffers)
  const fn = module.function(name, ['i32', 'i32', 'i32', 'i32', ...buffers.map(() => 'i32' as const)], [])
  const site = new Site(module, fn, plan, loops, buffers, strips(module, plan.sum, { packed: plan.rhs.strided === null, windows: lhs.strided === null && 'windows' in lhs.packing }), sharing.kind === 'batches' ? null : meet())
  writeTables(site)
  if (sharing.kind === 'slices') inSlices(site, sharing.slices)
  else if (plan.wholeRhs) inRows(site)
  else inBlocks(site)
  return { fn, buffers, sharedBytes: plan.sharedBytes, ownBytes: plan.ownBytes, parts: partsOf(plan) }
}

function partsOf(plan: ContractionPlan): number {
  switch (plan.sharing.kind) {
    case 'batches':
      return plan.batch
    case 'rows':
      return plan.lhs.strided === null ? plan.rowBlocks : plan.rows
    case 'columns':
      return plan.columnGroups
    case 'slices':
      return plan.sharing.slices
  }
}
