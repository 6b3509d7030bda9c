/** Every kind of kernel as phases: functions over ranges of units, with a barrier after each. */
import { sizeOf } from '../../../core/aval.ts'
import { brought, needed } from '../../brought.ts'
import { contractionAsLoop, type ContractionKernel, flopsOf, isTiny, type Kernel, type LoopKernel } from '../../kernel-ir/index.ts'
import { blockWindows, reuseComputed, segmentConcatenation, shareReads, splitLongReductions, splitLongScans } from '../arrange/index.ts'
import { emitContraction, emitSkinny, emitWinograd, runLength, scratchBuffers, splitPhases } from '../contraction/index.ts'
import type { EmittedLoop, EmittedOwnUnits, EmittedPasses, EmittedUnits } from '../emitted-units.ts'
import { emitLoopKernel } from './loop-kernel.ts'
import type { EmitContext, EmittedKernel, Phase } from './phase.ts'
import { emitScatter } from './scatter.ts'
import { emitShortRows } from './short-rows.ts'

/** The code of a kernel whose buffers are numbered 0, 1, … in order of first mention. `outBytes`: of a scatter's result. */
export function emitKernel(context: EmitContext, name: string, kernel: Kernel, outBytes: number): EmittedKernel {
  const { module, helpers, meet } = context
  switch (kernel.kind) {
    case 'loop': {
      let rows = 0
      const depthwise = brought.emitDepthwise?.(module, name, kernel, (k) => emitLoopKernel(module, helpers, `${name}_rows_${rows++}`, k, { fixedOuter: true })) ?? null
      if (depthwise !== null) return inPasses(context, name, depthwise)
      const pool = brought.emitPool?.(module, name, kernel) ?? null
      if (pool !== null) return { phases: [loopPhase(pool, new Map())], scratchBytes: 0, ownBytes: 0 }
      const { kernels: whole, scratch, scratchBytes } = splitLongScans(kernel, scratchBuffers) ?? splitLongReductions(reuseComputed(kernel), scratchBuffers)
      const kernels = whole.flatMap(segmentConcatenation).map((k) => blockWindows(shareReads(k)))
      let ownBytes = 0
      const phases = kernels.map((k, i): Phase => {
        const part = kernels.length > 1 ? `${name}_${i}` : name
        const short = emitShortRows(module, helpers, part, k)
        if (short === null) return loopPhase(emitLoopKernel(module, helpers, part, k), scratch)
        ownBytes = Math.max(ownBytes, short.ownBytes)
        return ownPhase(short, scratch)
      })
      return { phases, scratchBytes, ownBytes }
    }
    case 'contraction': {
      const ofPhases = splitPhases(kernel)
      if (ofPhases.length > 1) return inTurn(ofPhases.map((phase, i) => emitKernel(context, `${name}_${i}`, phase, outBytes)))
      const skinny = emitSkinny(module, name, kernel)
      if (skinny !== null) return inPasses(context, name, skinny)
      const form = loopForm(kernel)
      if (form !== null) return emitKernel(context, name, contractionAsLoop(kernel, form.inOrder), outBytes)
      let loops = 0
      const emitLoop = (k: LoopKernel): EmittedLoop => emitLoopKernel(module, helpers, `${name}_${loops++}`, k, { fixedOuter: true })
      const winograd = context.winograd ? emitWinograd(module, name, kernel, emitLoop, meet) : null
      const { fn, buffers, parts, sharedBytes, ownBytes } = winograd ?? emitContraction(module, name, kernel, emitLoop, meet)
      const phase: Phase = { kind: 'team', fn, units: parts, unitsPerCall: parts, sequential: false, time: timeOfContraction(kernel), pointers: [{ scratch: 0 }, { own: 0 }, ...buffers.map((buffer) => ({ buffer }))] }
      return { phases: [phase], scratchBytes: sharedBytes, ownBytes }
    }
    case 'scatter':
      return emitScatter(context, name, kernel, outBytes)
    case 'sort':
      return needed('emitSort')(context, name, kernel)
  }
}

/** How a contraction that packing is too much for is a loop: products of a large matrix that is computed first and a vector are added up as it lies. */
function loopForm(kernel: ContractionKernel): { readonly inOrder: boolean } | null {
  if (isTiny(kernel)) return { inOrder: true }
  return sizeOf(kernel.m) === 1 || sizeOf(kernel.n) === 1 ? { inOrder: sizeOf(kernel.k) < runLength } : null
}

/** Kernels one after the other, which have the same scratch memory in turn. */
const inTurn = (kernels: readonly EmittedKernel[]): EmittedKernel => ({
  phases: kernels.flatMap((k) => k.phases),
  scratchBytes: Math.max(...kernels.map((k) => k.scratchBytes)),
  ownBytes: Math.max(...kernels.map((k) => k.ownBytes)),
})

const timeOfContraction = (k: ContractionKernel): number => flopsOf(k) / 30

function inPasses({ module, helpers }: EmitContext, name: string, passes: EmittedPasses): EmittedKernel {
  const { before, after, scratch, scratchBytes, ownBytes } = passes
  const loop = (part: string, k: LoopKernel): Phase => loopPhase(emitLoopKernel(module, helpers, `${name}_${part}`, k), scratch)
  return { phases: [...before.map((k, i) => loop(`before_${i}`, k)), ownPhase(passes, scratch), ...(after === null ? [] : [loop('after', after)])], scratchBytes, ownBytes }
}

function ownPhase(units: EmittedOwnUnits, scratch: ReadonlyMap<number, number>): Phase {
  const phase = loopPhase(units, scratch)
  return { ...phase, pointers: [{ own: 0 }, ...phase.pointers] }
}

function loopPhase({ fn, buffers, units, unitsPerCall, time }: EmittedUnits, scratch: ReadonlyMap<number, number>): Phase {
  const pointers = buffers.map((buffer) => {
    const offset = scratch.get(buffer)
    return offset === undefined ? { buffer } : { scratch: offset }
  })
  return { kind: 'units', fn, units, unitsPerCall, sequential: false, time, pointers }
}
