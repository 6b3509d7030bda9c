/**
 * Stages that use more buffers than a shader may bind, as several shaders: results are made a few at a time, and what one
 * result alone is made from goes through memory.
 */
import { sizeOf } from '../../../core/aval.ts'
import type { DType } from '../../../core/dtype.ts'
import { type Accumulator, type BufferId, dimVector, type Expression, flattenIndex, type Index, type LoopKernel, neededBy, type NodeId, sameIndex, type Stage, type Store } from '../../kernel-ir/index.ts'
import { bindingCount } from '../shader/bindings.ts'
import { canGoInPasses, emitGatherInPasses } from './gather-passes.ts'
import { fits, type KernelContext, tooManyBindings } from '../shader/kernel-context.ts'
import { emitParts } from './loop-parts.ts'
import { bufferOf, loadingSaved, type Part, partOf, type PartOptions, rootsOf, type Saved, usesOfParts } from '../shader/part.ts'
import { boundBy, boxesOf, fitsInBoxes, hasLarge, restricted } from '../shader/pieces.ts'
import { type Expanded, expandWide } from './wide-nodes.ts'

type Run = (kernel: LoopKernel, part: Part) => void

/** Runs parts that fit and together make what stage `at` makes. */
export function eachFittingPart(context: KernelContext, kernel: LoopKernel, at: number, options: PartOptions, run: Run): void {
  const whole = partOf(kernel, at)
  const { reads, writes } = usesOfParts(kernel, [whole], options.saved)
  if (fits(context, [...reads, ...writes], resultsOf(kernel, whole))) return run(kernel, whole)
  const singles = singlesOf(kernel.stages[at]!, whole)
  let current = kernel
  for (const part of singles) current = cutUntilFits(context, current, part, options)
  const groups = grouped(context, current, singles, options)
  // What a group writes over that a later one reads waits in memory of its own.
  const late: Late[] = []
  groups.forEach((part, i) => {
    const later = new Set(groups.slice(i + 1).flatMap((p) => [...usesOfParts(current, [p], options.saved).reads].map((b) => context.locate(b).place)))
    const stage = current.stages[at]!
    const sizes = [...current.space, ...stage.inner]
    const redirected = redirect(stage, part, (s) => {
      if (!later.has(context.locate(s.buffer).place)) return s
      const { dtype } = stage.nodes[s.node]!
      const from = context.temp(dtype, sizeOf(sizes))
      const index = flattenIndex(dimVector(sizes.length), sizes, sizes)
      late.push({ name: kernel.name, sizes, from, dtype, index, to: s })
      return { ...s, buffer: from, index }
    })
    run(withStage(current, at, redirected), part)
  })
  for (const one of late) putLate(context, one)
}

/** What was made in memory of its own, a place a point, and where it is to be. */
interface Late {
  readonly name: string
  readonly sizes: readonly number[]
  readonly from: BufferId
  readonly dtype: DType
  readonly index: Index
  readonly to: Store
}

function putLate(context: KernelContext, { name, sizes, from, dtype, index, to: { buffer, index: place } }: Late): void {
  const { shape, dtype: stored } = context.avalOf(buffer)
  if (stored === dtype && sizeOf(shape) === sizeOf(sizes) && sameIndex(place, index)) return context.copy(from, buffer)
  const making: LoopKernel = { kind: 'loop', name, space: sizes, stages: [{ kind: 'map', inner: [], nodes: [{ op: 'load', dtype, buffer: from, index, guards: [], otherwise: 0 }], stores: [{ buffer, index: place, node: 0 }] }] }
  emitParts(context, making, [partOf(making, 0)], { saved: new Map(), rows: sizeOf(sizes) })
}

/**
 * Buffers of a part's own: for each accumulator of a reduction what its chunks gave and what they come to, the first a value, and a position
 * where that is the result; of a cumulative operation what its blocks gave.
 */
export function resultsOf({ stages }: LoopKernel, part: Part): number {
  const stage = stages[part.stage]!
  switch (stage.kind) {
    case 'map':
      return 0
    case 'reduce':
      return part.accumulators.reduce((n, o) => n + (stage.accumulators[o]!.position === null ? 2 : 3), 0)
    case 'cumulative':
      return part.accumulators.length
  }
}

/** What is written may have to wait in memory of its own, even where it takes the place of what is read. */
const partFits = (context: KernelContext, kernel: LoopKernel, part: Part, { saved }: PartOptions): boolean => {
  const { reads, writes } = usesOfParts(kernel, [part], saved)
  return fits(context, reads, bindingCount(context, writes) + resultsOf(kernel, part))
}

const singlesOf = (stage: Stage, whole: Part): Part[] =>
  stage.kind === 'reduce' ? whole.accumulators.map((o) => ({ ...whole, accumulators: [o] })) : whole.stores.map((s) => ({ ...whole, stores: [s] }))

/** Neighbours joined as long as they fit. */
function grouped(context: KernelContext, kernel: LoopKernel, singles: readonly Part[], options: PartOptions): Part[] {
  const groups: Part[] = []
  for (const part of singles) {
    const last = groups.at(-1)
    const joined = last && { stage: part.stage, stores: [...new Set([...last.stores, ...part.stores])], accumulators: [...new Set([...last.accumulators, ...part.accumulators])] }
    if (joined !== undefined && partFits(context, kernel, joined, options)) groups[groups.length - 1] = joined
    else groups.push(part)
  }
  return groups
}

const withStage = (kernel: LoopKernel, at: number, stage: Stage): LoopKernel => ({ ...kernel, stages: kernel.stages.map((s, i) => (i === at ? stage : s)) })

const redirect = (stage: Stage, part: Part, to: (s: Store) => Store): Stage =>
  stage.kind === 'reduce' ? stage : { ...stage, stores: stage.stores.map((s, i) => (part.stores.includes(i) ? to(s) : s)) }

/** The kernel with so many nodes of a part's stage loaded from memory, where another shader puts them first, that the part fits. */
function cutUntilFits(context: KernelContext, given: LoopKernel, part: Part, options: PartOptions): LoopKernel {
  let kernel = given
  while (!partFits(context, kernel, part, options)) {
    const stage = kernel.stages[part.stage]!
    const node = nodeToCut(context, kernel, part, options.saved)
    const expanded = node === null ? expandWide(stage.nodes) : null
    if (expanded !== null) {
      kernel = withStage(kernel, part.stage, movedTo(stage, expanded))
      continue
    }
    const cut = node ?? gatherToPass(context, kernel, part)
    if (cut === null) {
      const { reads, writes } = usesOfParts(kernel, [part], options.saved)
      throw tooManyBindings(context, kernel.name, [...reads, ...writes].map((b) => context.locate(b).place))
    }
    const sizes = [...kernel.space, ...stage.inner]
    const { dtype } = stage.nodes[cut]!
    const buffer = context.temp(dtype, sizeOf(sizes))
    const index = flattenIndex(dimVector(sizes.length), sizes, sizes)
    const nodes = loadingSaved(context, stage.nodes.slice(0, cut + 1), sizes, options)
    const making: LoopKernel = { ...kernel, space: sizes, stages: [{ kind: 'map', inner: [], nodes, stores: [{ buffer, index, node: cut }] }] }
    if (node === null) emitGatherInPasses(context, making)
    else emitMaking(context, making, options)
    const load: Expression[number] = { op: 'load', dtype, buffer, index, guards: [], otherwise: 0 }
    kernel = withStage(kernel, part.stage, { ...stage, nodes: stage.nodes.map((n, i) => (i === cut ? load : n)) })
  }
  return kernel
}

function emitMaking(context: KernelContext, making: LoopKernel, { saved, rows }: PartOptions): void {
  const emit = (kernel: LoopKernel): void => { emitParts(context, kernel, [partOf(kernel, 0)], { saved, rows }) }
  const boxes = boxesOf(context, making.space, boundBy(making))
  if (boxes === null) return emit(making)
  for (const { box, spans } of boxes) context.apart(spans, () => { emit(restricted(making, box)) })
}

/** A node that reads one large array wherever it is told: several shaders can, a part of the array each. */
function gatherToPass(context: KernelContext, kernel: LoopKernel, part: Part): NodeId | null {
  const { nodes } = kernel.stages[part.stage]!
  for (const id of neededBy(nodes, rootsOf(kernel, part))) if (canGoInPasses(context, nodes, id)) return id
  return null
}

function movedTo(stage: Stage, { nodes, at }: Expanded): Stage {
  const stores = (list: readonly Store[]): Store[] => list.map((s) => ({ ...s, node: at[s.node]! }))
  const folds = (list: readonly Accumulator[]): Accumulator[] => list.map((a) => ({ ...a, node: at[a.node]!, position: a.position === null ? null : at[a.position]! }))
  switch (stage.kind) {
    case 'map':
      return { ...stage, nodes, stores: stores(stage.stores) }
    case 'reduce':
      return { ...stage, nodes, accumulators: folds(stage.accumulators) }
    case 'cumulative':
      return { ...stage, nodes, accumulators: folds(stage.accumulators), stores: stores(stage.stores) }
  }
}

/** The node that reads the most buffers of those that another shader can make; null where none reads two. */
function nodeToCut(context: KernelContext, kernel: LoopKernel, part: Part, saved: Saved): NodeId | null {
  const { nodes } = kernel.stages[part.stage]!
  let best: NodeId | null = null
  let most = 1
  for (const id of neededBy(nodes, rootsOf(kernel, part))) {
    const below = [...neededBy(nodes, [id])]
    // what runs along a cumulative operation is made there
    if (below.some((i) => nodes[i]!.op === 'accumulator')) continue
    const buffers = below.flatMap((i) => bufferOf(nodes[i]!, saved) ?? [])
    const places = new Set(buffers.map((b) => context.locate(b).place))
    if (places.size > most && canBeMade(context, kernel, part, below, buffers)) {
      best = id
      most = places.size
    }
  }
  return best
}

/** Whether a shader can make what these nodes come to: all elements at once, or a few at a time. What it makes is bound besides. */
function canBeMade(context: KernelContext, kernel: LoopKernel, part: Part, below: readonly NodeId[], buffers: readonly BufferId[]): boolean {
  if (!hasLarge(context, buffers)) return fits(context, buffers, 1)
  const { nodes, inner } = kernel.stages[part.stage]!
  return fitsInBoxes(context, [...kernel.space, ...inner], { buffers: new Set(buffers), touched: (all, box) => { all.nodes(below.map((i) => nodes[i]!), box) }, more: 1 })
}
