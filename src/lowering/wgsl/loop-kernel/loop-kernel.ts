/**
 * Loop kernels: all stages in one shader, a point for one invocation or for several lanes of a workgroup, which fold every
 * so many elements and meet in a tree in workgroup memory. A row that several stages read is kept by its lanes, so it is read once.
 *
 * Stages go to shaders of their own, results of reductions between them in memory, where a few long rows would keep few
 * workgroups busy (they are cut into chunks first), or where one shader cannot bind all the buffers.
 */
import { sizeOf } from '../../../core/aval.ts'
import { foldsInOrder, type LoopKernel, type Stage } from '../../kernel-ir/index.ts'
import { emitCumulative, isLongCumulative } from './cumulative.ts'
import { fits, type KernelContext } from '../shader/kernel-context.ts'
import { emitParts } from './loop-parts.ts'
import { loadingSaved, type Part, partOf, type Partials, type Saved, usesOfParts } from '../shader/part.ts'
import { boundBy, boxesOf, fitsInBoxes, hasLarge, restricted } from '../shader/pieces.ts'
import { chunksOf, layoutOf } from './row-layout.ts'
import { everywhere } from '../shader/spans.ts'
import { eachFittingPart, resultsOf } from './split-parts.ts'
import { isFloatSum, sumFormOf } from './sum-form.ts'

export function emitLoop(context: KernelContext, given: LoopKernel): void {
  const kernel = flattened(given)
  if (sizeOf(kernel.space) === 0) return
  const pieces = boxesOf(context, kernel.space, boundBy(kernel, ownOf(kernel)))
  if (pieces === null) return context.apart(everywhere, () => { emitPiece(context, kernel) })
  for (const { box, spans } of pieces) context.apart(spans, () => { emitPiece(context, restricted(kernel, box)) })
}

function emitPiece(context: KernelContext, kernel: LoopKernel): void {
  const parts = kernel.stages.map((_, stage) => partOf(kernel, stage))
  const { reads, writes } = usesOfParts(kernel, parts, new Map())
  if (fits(context, [...reads, ...writes]) && stagesGoTogether(kernel)) return emitParts(context, kernel, parts, { saved: new Map(), rows: sizeOf(kernel.space) })
  emitByStage(context, kernel)
}

/** Maps alone need no order among their elements: those are points too. */
export function flattened(kernel: LoopKernel): LoopKernel {
  const [first] = kernel.stages
  if (first === undefined || !kernel.stages.every((s) => s.kind === 'map' && s.inner.join() === first.inner.join())) return kernel
  return { ...kernel, space: [...kernel.space, ...first.inner], stages: kernel.stages.map((s) => (s.kind === 'map' ? { ...s, inner: [] } : s)) }
}

/** Reductions of at least so many elements do not stand in one shader with a stage that goes element by element. */
const longBesideOrdered = 256

/** Whether no stage has shaders of its own, as long as one can bind all the buffers. */
export const stagesGoTogether = (kernel: LoopKernel): boolean => !kernel.stages.some((s) => needsItsOwn(kernel, s))

/** Whether a stage keeps a device busy in shaders of its own alone. */
const needsItsOwn = (kernel: LoopKernel, stage: Stage): boolean =>
  isLongCumulative(kernel, partOf(kernel, kernel.stages.indexOf(stage))) || chunksOfStage(kernel, stage) > 1 || (foldsInOrder(stage) && kernel.stages.some((s) => s.kind === 'reduce' && !foldsInOrder(s) && sizeOf(s.inner) >= longBesideOrdered))

function chunksOfStage(kernel: LoopKernel, stage: Stage): number {
  if (stage.kind !== 'reduce') return 1
  const length = sizeOf(stage.inner)
  const form = sumFormOf(kernel, stage, [stage])
  const layout = layoutOf(kernel, [stage], length)
  return form.kind === 'blocks' ? chunksOf(layout, sizeOf(kernel.space), form.count, 1) : chunksOf(layout, sizeOf(kernel.space), length)
}

/** Buffers of a kernel's own that one of its shaders may bind, where stages have shaders of their own. */
const ownOf = (kernel: LoopKernel): number => (kernel.stages.some((s) => needsItsOwn(kernel, s)) ? Math.max(...kernel.stages.map((_, at) => resultsOf(kernel, partOf(kernel, at)))) : 0)

/** One stage after the other. What a reduction gives stands in memory for those that follow, but for maps of a point, which go with it. */
function emitByStage(context: KernelContext, kernel: LoopKernel): void {
  const saved: Saved = new Map()
  const rows = sizeOf(kernel.space)
  let attached = 0
  for (const [at, stage] of kernel.stages.entries()) {
    if (attached > 0) {
      attached--
      continue
    }
    const alike = stage.kind === 'map' ? flattenedStage(kernel, at) : kernel
    const run = (k: LoopKernel, part: Part): void => {
      if (isLongCumulative(k, part)) return emitCumulative(context, k, part, { saved, rows })
      const chunks = chunksOfStage(k, k.stages[at]!)
      const partials = chunks > 1 ? chunked(context, k, part, chunks, saved) : null
      const after = stage.kind === 'reduce' && part.accumulators.length === stage.accumulators.length ? mapsAfter(context, k, part, saved) : []
      attached = after.length
      emitParts(context, k, [part, ...after], { saved, rows, saves: stage.kind === 'reduce' && at + 1 + after.length < k.stages.length, partials })
    }
    if (isInRanges(context, alike, at, saved)) run(alike, partOf(alike, at))
    else if (stage.kind !== 'map' || !emitMapApart(context, kernel, at, saved)) eachFittingPart(context, alike, at, { saved, rows }, run)
  }
}

/** Whether a stage's long rows are folded by shaders that each bind a range of them. */
function isInRanges(context: KernelContext, kernel: LoopKernel, at: number, saved: Saved): boolean {
  const part = partOf(kernel, at)
  const stage = kernel.stages[at]!
  const { reads, writes } = usesOfParts(kernel, [part], saved)
  if (!hasLarge(context, [...reads, ...writes]) || !(isLongCumulative(kernel, part) || chunksOfStage(kernel, stage) > 1)) return false
  return fitsInBoxes(context, [...kernel.space, ...stage.inner], { buffers: new Set([...reads, ...writes]), touched: (all, box) => { all.stage(stage, box) }, more: resultsOf(kernel, part) })
}

/** A map on arrays so large that its elements go in pieces, as a kernel by itself. */
function emitMapApart(context: KernelContext, kernel: LoopKernel, at: number, saved: Saved): boolean {
  if (kernel.stages.length === 1) return false
  const { space, stages } = flattenedStage(kernel, at)
  const stage = stages[at]!
  const map: LoopKernel = { ...kernel, space, stages: [{ ...stage, nodes: loadingSaved(context, stage.nodes, space, { saved, rows: sizeOf(kernel.space) }) }] }
  const boxes = boxesOf(context, space, boundBy(map))
  if (boxes === null || boxes.length === 1) return false
  emitLoop(context, map)
  return true
}

/** The maps behind a reduction that have one element a point, as far as they fit into one shader with it. */
function mapsAfter(context: KernelContext, kernel: LoopKernel, part: Part, saved: Saved): Part[] {
  const maps: Part[] = []
  for (let at = part.stage + 1; at < kernel.stages.length; at++) {
    const stage = kernel.stages[at]!
    const more = [...maps, partOf(kernel, at)]
    const { reads, writes } = usesOfParts(kernel, [part, ...more], saved)
    // Each accumulator may come from a buffer, or two, and go to one.
    if (stage.kind !== 'map' || sizeOf(stage.inner) !== 1 || !fits(context, [...reads, ...writes], 3 * part.accumulators.length)) break
    maps.push(partOf(kernel, at))
  }
  return maps
}

/** The kernel with the elements of one map as points: there is no order among them. */
const flattenedStage = (kernel: LoopKernel, at: number): LoopKernel => {
  const stage = kernel.stages[at]!
  return { ...kernel, space: [...kernel.space, ...stage.inner], stages: kernel.stages.map((s, i) => (i === at && s.kind === 'map' ? { ...s, inner: [] } : s)) }
}

/** Folds each chunk of each point's elements, every chunk by a workgroup of its own. */
function chunked(context: KernelContext, kernel: LoopKernel, part: Part, chunks: number, saved: Saved): Partials {
  const stage = kernel.stages[part.stage]!
  if (stage.kind !== 'reduce') return { chunks, buffers: [] }
  const count = sizeOf(kernel.space) * chunks
  const pairs = sumFormOf(kernel, stage, [stage]).kind === 'blocks'
  const buffers = part.accumulators.map((o) => {
    const a = stage.accumulators[o]!
    const { dtype, position } = a
    return { value: context.temp(dtype, pairs && isFloatSum(stage, a) ? 2 * count : count), position: position === null ? null : context.temp('int32', count) }
  })
  const partials = { chunks, buffers }
  emitParts(context, kernel, [part], { saved, rows: sizeOf(kernel.space), makes: partials })
  return partials
}
