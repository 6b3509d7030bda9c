/** Which words of large buffers a kernel touches, so that only those need to be bound. */
import { sizeOf } from '../../../core/aval.ts'
import { type DType, dtypeInfo } from '../../../core/dtype.ts'
import { addConstant, type BufferId, dimIndex, type Expression, type Guard, type Index, rangeOf, simplifyGuards, type Stage, substitute } from '../../kernel-ir/index.ts'
import type { Memory } from './bindings.ts'
import { storedBytesPerElement } from './storage-form.ts'

/** Words `from` up to but not including `to`. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** Of buffers that are not named, all may be touched. */
export type Spans = ReadonlyMap<BufferId, readonly Span[]>

export const everywhere: Spans = new Map()

/** Of each loop variable the first value, and how many there are. */
export type Box = readonly { readonly first: number; readonly size: number }[]

export const boxOf = (sizes: readonly number[]): Box => sizes.map((size) => ({ first: 0, size }))

/** Loop variables, counted from the corner of a box. */
export const intoBox =
  (box: Box) =>
  (dim: number): Index =>
    addConstant(dimIndex(dim), box[dim]?.first ?? 0)

/** The smallest box around elements `from` up to but not including `to`, in row-major order. */
export function boxAround(sizes: readonly number[], from: number, to: number): Box {
  let rest = { from, last: to - 1 }
  let differ = false
  const strides = sizes.map((_, d) => sizeOf(sizes.slice(d + 1)))
  return sizes.map((size, d) => {
    if (differ) return { first: 0, size }
    const stride = strides[d]!
    const [first, last] = [Math.floor(rest.from / stride), Math.floor(rest.last / stride)]
    rest = { from: rest.from % stride, last: rest.last % stride }
    differ = first !== last
    return { first, size: last - first + 1 }
  })
}

/** Whether a buffer is at the beginning of a place that takes several bindings, not at an address that loops change. */
export const isLarge = (memory: Memory, buffer: BufferId): boolean => {
  const { place, offset, strides } = memory.locate(buffer)
  return offset === 0 && strides.length === 0 && memory.bytesOf(place) > memory.limits.bindingBytes
}

/** What is touched of large buffers: a span for each node that reads it, and each store. */
export class Touched {
  readonly #memory: Memory
  readonly #guarded: boolean
  readonly #spans = new Map<BufferId, Span[]>()

  /** `guarded`: without reads that guards keep from all of a box. */
  constructor(memory: Memory, guarded = true) {
    this.#memory = memory
    this.#guarded = guarded
  }

  get spans(): Spans {
    return new Map([...this.#spans].map(([buffer, spans]) => [buffer, spans.length === 0 ? [{ from: 0, to: 1 }] : spans]))
  }

  /** Elements `min` to `max` of a buffer, counted in elements of `dtype`; at least one of those that there are. */
  elements(buffer: BufferId, dtype: DType, min: number, max: number): void {
    if (!isLarge(this.#memory, buffer)) return
    const { shape, dtype: stored } = this.#memory.avalOf(buffer)
    const [ratio, words] = [dtypeInfo[dtype].bytes / dtypeInfo[stored].bytes, storedBytesPerElement(stored) / 4]
    const last = Math.max(0, sizeOf(shape) - 1)
    const within = (element: number): number => Math.min(Math.max(0, element), last)
    const span = { from: within(Math.floor(min * ratio)) * words, to: (within(Math.ceil((max + 1) * ratio) - 1) + 1) * words }
    this.#of(buffer).push(span)
  }

  #of(buffer: BufferId): Span[] {
    let spans = this.#spans.get(buffer)
    if (spans === undefined) this.#spans.set(buffer, (spans = []))
    return spans
  }

  /** What is at an index, and up to so many elements further on, for loop variables in a box. */
  index(buffer: BufferId, dtype: DType, index: Index, box: Box, guards: readonly Guard[] = [], further = 0): void {
    const sizes = box.map(({ size }) => size)
    if (this.#guarded && simplifyGuards(guards, intoBox(box), sizes) === null) {
      // A shader may name it all the same.
      if (isLarge(this.#memory, buffer)) this.#of(buffer)
      return
    }
    const { min, max } = rangeOf(substitute(index, intoBox(box), sizes), sizes)
    this.elements(buffer, dtype, min, max + further)
  }

  /** What nodes read. Positions that are computed may be any. */
  nodes(nodes: Expression, box: Box): void {
    for (const n of nodes) {
      if (n.op === 'load') this.index(n.buffer, n.dtype, n.index, box, n.guards)
      else if (n.op === 'gather') this.index(n.buffer, n.dtype, n.index, box, n.guards, n.positions.reduce((sum, p) => sum + p.stride * p.limit, 0))
    }
  }

  stage(stage: Stage, box: Box): void {
    this.nodes(stage.nodes, box)
    if (stage.kind !== 'reduce') for (const s of stage.stores) this.index(s.buffer, stage.nodes[s.node]!.dtype, s.index, box)
  }
}
