/**
 * Kernels on arrays larger than a binding, in pieces of their space: boxes so small that one shader binds what they touch.
 * Points are in no order, and a result that lies over an operand is read only where it is written, so pieces may run one after the other.
 */
import { sizeOf } from '../../../core/aval.ts'
import { type DType, dtypeInfo } from '../../../core/dtype.ts'
import { type BufferId, type LoopKernel, rewriteStage } from '../../kernel-ir/index.ts'
import { bindingCount } from './bindings.ts'
import type { KernelContext } from './kernel-context.ts'
import { partOf, usesOfParts } from './part.ts'
import { type Box, boxOf, intoBox, isLarge, type Span, type Spans, Touched } from './spans.ts'
import { storedBytesPerElement } from './storage-form.ts'

/** What is touched in a box of points, of all of whose loop variables it is a box. */
type TouchedIn = (touched: Touched, box: Box) => void

export interface Piece {
  readonly box: Box
  readonly spans: Spans
}

/** What shaders bind: buffers, of which they touch some of the large ones in part, and other things besides. */
export interface Bound {
  readonly buffers: ReadonlySet<BufferId>
  readonly touched: TouchedIn
  readonly more: number
}

const spansIn = (context: KernelContext, { touched }: Bound, box: Box, guarded = true): Spans => {
  const all = new Touched(context, guarded)
  touched(all, box)
  return all.spans
}

const countIn = (context: KernelContext, bound: Bound, box: Box, guarded = true): number =>
  context.apart(spansIn(context, bound, box, guarded), () => bindingCount(context, bound.buffers)) + bound.more

/** So many bindings does one point take, wherever it is. */
const leastCount = (context: KernelContext, bound: Bound, space: readonly number[]): number => countIn(context, bound, space.map(() => ({ first: 0, size: 1 })), false)

export const hasLarge = (context: KernelContext, buffers: Iterable<BufferId>): boolean => [...buffers].some((b) => isLarge(context, b))

/** Boxes of a space that take few enough bindings, or as few as one point does; null where there is nothing large. */
export function boxesOf(context: KernelContext, space: readonly number[], bound: Bound): readonly Piece[] | null {
  if (!hasLarge(context, bound.buffers)) return null
  const enough = Math.max(context.limits.storageBuffers, leastCount(context, bound, space))
  const words = (box: Box): number => [...spansIn(context, bound, box, false).values()].flat().reduce((n, { from, to }) => n + to - from, 0)
  const split = (box: Box): Box[] => {
    if (countIn(context, bound, box) <= enough) return [box]
    let best: { readonly halves: readonly Box[]; readonly words: number } = { halves: [], words: words(box) }
    for (const [d, { first, size }] of box.entries()) {
      if (size < 2) continue
      const half = Math.ceil(size / 2)
      const halves = [box.with(d, { first, size: half }), box.with(d, { first: first + half, size: size - half })]
      const own = words(halves[0]!)
      if (own < best.words) best = { halves, words: own }
    }
    return best.halves.length === 0 ? [box] : best.halves.flatMap(split)
  }
  return split(boxOf(space)).map((box) => ({ box, spans: spansIn(context, bound, box) }))
}

/** Whether shaders can bind what points touch, a few at a time. */
export const fitsInBoxes = (context: KernelContext, space: readonly number[], bound: Bound): boolean => leastCount(context, bound, space) <= context.limits.storageBuffers

/** What a kernel binds, with so much besides. */
export function boundBy(kernel: LoopKernel, more = 0): Bound {
  const { reads, writes } = usesOfParts(kernel, kernel.stages.map((_, at) => partOf(kernel, at)), new Map())
  const touched: TouchedIn = (all, box) => {
    for (const s of kernel.stages) all.stage(s, [...box, ...boxOf(s.inner)])
  }
  return { buffers: new Set([...reads, ...writes]), touched, more }
}

export const isAll = (space: readonly number[], box: Box): boolean => box.every(({ size }, d) => size === space[d])

/** A kernel's points in a box, counted from its corner. */
export function restricted(kernel: LoopKernel, box: Box): LoopKernel {
  if (isAll(kernel.space, box)) return kernel
  const space = box.map(({ size }) => size)
  return { ...kernel, space, stages: kernel.stages.map((s) => rewriteStage(s, space, s.inner, intoBox(box))) }
}

/** Runs shaders for ranges of `count`, each of which can bind what it touches. */
export function inRanges(context: KernelContext, buffers: readonly BufferId[], count: number, touched: (range: Box[number], all: Touched) => void, run: (range: Box[number]) => void): void {
  const ranges = boxesOf(context, [count], { buffers: new Set(buffers), touched: (all, [range]) => { touched(range!, all) }, more: 0 })
  if (ranges === null) return run({ first: 0, size: count })
  for (const { box: [range], spans } of ranges) context.apart(spans, () => { run(range!) })
}

/** Elements `first` up to but not including `last` of an array that shaders see in part, and what that part is. */
export interface Pass {
  readonly first: number
  readonly last: number
  readonly spans: Spans
}

/** An array's elements, counted in `dtype`, so many windows at a time. */
export function passesOver(context: KernelContext, buffer: BufferId, dtype: DType, windows: number): readonly Pass[] {
  const elements = (sizeOf(context.avalOf(buffer).shape) * dtypeInfo[context.avalOf(buffer).dtype].bytes) / dtypeInfo[dtype].bytes
  const each = Math.floor(context.limits.bindingBytes / 256) * 256 * windows / storedBytesPerElement(dtype)
  return Array.from({ length: Math.ceil(elements / each) }, (_, i) => {
    const touched = new Touched(context)
    const [first, last] = [i * each, Math.min((i + 1) * each, elements)]
    touched.elements(buffer, dtype, first, last - 1)
    return { first, last, spans: touched.spans }
  })
}

/** Several spans for one shader. */
export function together(...all: readonly Spans[]): Spans {
  const spans = new Map<BufferId, readonly Span[]>()
  for (const one of all) for (const [buffer, more] of one) spans.set(buffer, [...(spans.get(buffer) ?? []), ...more])
  return spans
}
