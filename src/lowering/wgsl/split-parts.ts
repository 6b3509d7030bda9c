/**
 * Stages that use more buffers than a shader may bind, as several shaders: results are made a few at a time, and what one
 * result alone is made from goes through memory.
 */
import { sizeOf } from '../../core/aval.ts'
import { DeviceError } from '../../core/errors.ts'
import { type Accumulator, type BufferId, type Expression, flattenIndex, dimVector, type LoopKernel, neededBy, type NodeId, type Stage, type Store } from '../kernel-ir/index.ts'
import { bindingCount } from './bindings.ts'
import { fits, type KernelContext } from './kernel-context.ts'
import { emitParts } from './loop-parts.ts'
import { bufferOf, type Part, partOf, type PartOptions, rootsOf, type Saved, usesOfParts } from './part.ts'
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
  const late: { readonly from: BufferId; readonly to: BufferId }[] = []
  groups.forEach((part, i) => {
    const later = new Set(groups.slice(i + 1).flatMap((p) => [...usesOfParts(current, [p], options.saved).reads].map((b) => context.locate(b).place)))
    const redirected = redirect(current.stages[at]!, part, (s) => {
      if (!later.has(context.locate(s.buffer).place)) return s
      const a = context.avalOf(s.buffer)
      const from = context.temp(a.dtype, sizeOf(a.shape))
      late.push({ from, to: s.buffer })
      return { ...s, buffer: from }
    })
    run(withStage(current, at, redirected), part)
  })
  for (const { from, to } of late) context.copy(from, to)
}

/**
 * Buffers of a part's own: for each accumulator of a reduction what its chunks gave and what they come to, the first a value, and a position
 * where that is the result; of a cumulative operation what its blocks gave.
 */
function resultsOf({ stages }: LoopKernel, part: Part): number {
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
    if (node === null) {
      const expanded = expandWide(stage.nodes)
      if (expanded !== null) {
        kernel = withStage(kernel, part.stage, movedTo(stage, expanded))
        continue
      }
      throw new DeviceError('webgpu', `binds at most ${context.limits.storageBuffers} storage buffers a shader, and one operation of kernel ${kernel.name || 'copy'} needs more; combine fewer arrays in one operation, or keep this part on 'wasm' with devicePut(x, 'wasm')`)
    }
    const sizes = [...kernel.space, ...stage.inner]
    const { dtype } = stage.nodes[node]!
    const buffer = context.temp(dtype, sizeOf(sizes))
    const index = flattenIndex(dimVector(sizes.length), sizes, sizes)
    const nodes = stage.nodes.slice(0, node + 1)
    const making = withStage({ ...kernel, space: sizes }, part.stage, { kind: 'map', inner: [], nodes, stores: [{ buffer, index, node }] })
    emitParts(context, making, [partOf(making, part.stage)], { saved: options.saved, rows: options.rows })
    const load: Expression[number] = { op: 'load', dtype, buffer, index, guards: [], otherwise: 0 }
    kernel = withStage(kernel, part.stage, { ...stage, nodes: stage.nodes.map((n, i) => (i === node ? load : n)) })
  }
  return kernel
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
    const places = new Set(below.flatMap((i) => bufferOf(nodes[i]!, saved) ?? []).map((b) => context.locate(b).place))
    const buffers = below.flatMap((i) => bufferOf(nodes[i]!, saved) ?? [])
    if (places.size > most && fits(context, buffers, 1)) {
      best = id
      most = places.size
    }
  }
  return best
}
