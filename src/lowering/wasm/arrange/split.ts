/**
 * Long reductions over few points of the space as several kernels: partial results of chunks, their combination, then what
 * follows. One call per point would be too long to share between threads and to enter optimised code; chunks are fixed by
 * shape, so results do not depend on how many threads there are.
 */
import { sizeOf } from '../../../core/aval.ts'
import { type DType, dtypeInfo } from '../../../core/dtype.ts'
import { type Accumulator, type BufferId, dimIndex, foldsInOrder, type Index, type LoopKernel, type Node, rewriteNodes, type Stage, type Store } from '../../kernel-ir/index.ts'
import { needsTotals } from '../lanes/index.ts'
import { normalizeLoop } from './normalize.ts'
import { chooseMode } from './shape-of-work.ts'

export interface SplitKernel {
  readonly kernels: readonly LoopKernel[]
  /** Byte offsets of the buffers that were made up, in scratch memory. */
  readonly scratch: ReadonlyMap<BufferId, number>
  readonly scratchBytes: number
}

/** Elements of one chunk. */
const chunkAim = 16384
/** Of reductions so long that there are enough chunks anyway: their parts, which are read side by side, are longer. */
const longChunk = 65536
const veryLong = 2 ** 22
/** Elements of a chunk at least, however many columns there are: more axes inside of the first make one of its steps long enough. */
const leastChunk = 8
/** Points of the space that give enough to share and to repeat. */
const enoughPoints = 32
const longReduction = 2 * chunkAim

/** Rows and elements from which a reduction over rows is cut for the sake of the caches. */
const manyRows = 64
const manyElements = 2 ** 18

/** The kernels that a loop kernel becomes: itself, where none of its reductions is long. `free`: the first buffer number not in use. */
export function splitLongReductions(given: LoopKernel, free: BufferId): SplitKernel {
  const columns = columnsOfChunks(given)
  return columns === null ? { kernels: [given], scratch: new Map(), scratchBytes: 0 } : new Splitter(normalizeLoop(given), free, columns).run()
}

/** Elements that stand beside each other at one step of a chunk; null where no reduction is cut into chunks. */
function columnsOfChunks(given: LoopKernel): number | null {
  const longest = Math.max(0, ...given.stages.map((s) => (s.kind === 'reduce' ? sizeOf(s.inner) : 0)))
  if (given.stages.some(foldsInOrder) || longest < manyRows || longest * sizeOf(given.space) < longReduction) return null
  const kernel = normalizeLoop(given)
  const points = sizeOf(kernel.space)
  if (points === 0) return null
  const columns = kernel.space.at(-1) ?? 1
  // Vectors of columns, each run over all rows, would fetch lines far apart: few rows at a time, all their columns. Unless a map
  // goes along the same rows: those are short enough to stay in a cache.
  const again = kernel.stages.some((s) => s.kind === 'map' && s.inner.length > 0)
  if (!again && longest * columns >= manyElements && columns >= 64 && chooseMode(kernel, false) === 'space') return columns
  // vectors along the space share a call, so a space counts as a sixteenth of its points where its last axis is long
  return longest < longReduction || points / Math.min(16, columns) >= enoughPoints ? null : 1
}

/** Elements of the first inner axis of a normalized kernel's reduction that are reduced together before chunks are. */
export function chunkOf(given: LoopKernel, inner: readonly number[]): number {
  const columns = columnsOfChunks(given)
  return columns === null ? (inner[0] ?? 1) : cut(inner, columns).chunk
}

const round64 = (n: number): number => Math.ceil(n / 64) * 64

class Splitter {
  readonly #kernel: LoopKernel
  readonly #points: number
  /** Elements that stand beside each other at one step of a reduction. */
  readonly #columns: number
  #next: BufferId
  #bytes = 0
  readonly #scratch = new Map<BufferId, number>()
  readonly #kernels: LoopKernel[] = []
  /** Results of reductions: buffers of one element a point, by `stage.output`. */
  readonly #results = new Map<string, BufferId>()

  constructor(kernel: LoopKernel, free: BufferId, columns: number) {
    this.#kernel = kernel
    this.#columns = columns
    this.#points = sizeOf(kernel.space)
    this.#next = free
  }

  run(): SplitKernel {
    for (const [i, stage] of this.#kernel.stages.entries()) {
      if (stage.kind === 'reduce') this.#reduce(i, stage)
      else if (stage.kind === 'map') this.#map(stage)
    }
    return { kernels: this.#kernels, scratch: this.#scratch, scratchBytes: this.#bytes }
  }

  #buffer(elements: number, dtype: DType): BufferId {
    this.#scratch.set(this.#next, this.#bytes)
    this.#bytes += round64(elements * dtypeInfo[dtype].bytes)
    return this.#next++
  }

  /** The flat point of the space, its variables counted from `first`. */
  #point(first: number): Index {
    const { space } = this.#kernel
    return { constant: 0, terms: space.map((_, d) => ({ coefficient: sizeOf(space.slice(d + 1)), atom: { kind: 'dim', dim: first + d } })) }
  }

  /** Results of earlier stages are read from memory. */
  #readResults(nodes: readonly Node[], first: number): Node[] {
    return nodes.map((node): Node => {
      if (node.op !== 'reduced') return node
      const buffer = this.#results.get(`${node.stage}.${node.output}`) ?? 0
      return { op: 'load', dtype: node.dtype, buffer, index: this.#point(first), guards: [], otherwise: 0 }
    })
  }

  #push(space: readonly number[], stages: readonly Stage[]): void {
    this.#kernels.push({ kind: 'loop', name: this.#kernel.name, space, stages })
  }

  #map(stage: Extract<Stage, { kind: 'map' }>): void {
    const nodes = this.#readResults(stage.nodes, 0)
    this.#push([...this.#kernel.space, ...stage.inner], [{ ...stage, inner: [], nodes }])
  }

  #reduce(number: number, stage: Extract<Stage, { kind: 'reduce' }>): void {
    const { space } = this.#kernel
    const rank = space.length
    const nodes = this.#readResults(stage.nodes, 0)
    const { chunk, chunks, rest } = cut(stage.inner, this.#columns)
    const all = chunks + (rest > 0 ? 1 : 0)
    if (all <= 1) {
      const results = this.#resultsOf(number, stage.accumulators)
      this.#push(space, [{ ...stage, nodes }, this.#storeResults(results)])
      return
    }
    const plans = stage.accumulators.map((a) => this.#plan(a, nodes, all))
    const accumulators = plans.flatMap((p) => p.partial)
    // chunk c of the first inner axis, in a space with c in front
    const part = (count: number, length: number, from: number): void => {
      const sizes = [count, ...space, length, ...stage.inner.slice(1)]
      const into = (dim: number): Index => {
        if (dim < rank) return dimIndex(1 + dim)
        if (dim > rank) return dimIndex(1 + dim)
        return { constant: from, terms: [{ coefficient: chunk, atom: { kind: 'dim', dim: 0 } }, { coefficient: 1, atom: { kind: 'dim', dim: 1 + rank } }] }
      }
      const at: Index = { constant: from > 0 ? chunks * this.#points : 0, terms: [{ coefficient: this.#points, atom: { kind: 'dim', dim: 0 } }, ...this.#point(1).terms] }
      const read: Node[] = accumulators.map((a, output) => ({ op: 'reduced', dtype: a.dtype, stage: 0, output }))
      const stores: Store[] = plans.flatMap((p) => p.buffers).map((buffer, node) => ({ buffer, index: at, node }))
      this.#push([count, ...space], [
        { kind: 'reduce', inner: [length, ...stage.inner.slice(1)], nodes: rewriteNodes(nodes, into, sizes), accumulators },
        { kind: 'map', inner: [], nodes: read, stores },
      ])
    }
    if (chunks > 0) part(chunks, chunk, 0)
    if (rest > 0) part(1, rest, chunks * chunk)
    this.#combine(number, stage.accumulators, plans, all)
  }

  /** What a chunk leaves of one accumulator: sums of floats in float64, argmax its value and position. */
  #plan(a: Accumulator, nodes: readonly Node[], chunks: number): { partial: Accumulator[]; buffers: BufferId[]; dtypes: DType[] } {
    const dtype = nodes[a.node]?.dtype ?? a.dtype
    const partial: Accumulator[] =
      a.combine === 'argmax' || a.combine === 'argmin'
        ? [{ combine: a.combine === 'argmax' ? 'max' : 'min', dtype, node: a.node, position: null }, a]
        : [{ ...a, dtype: needsTotals(a, dtype) ? 'float64' : dtype }]
    const dtypes = partial.map((p) => p.dtype)
    return { partial, buffers: dtypes.map((d) => this.#buffer(chunks * this.#points, d)), dtypes }
  }

  #combine(number: number, accumulators: readonly Accumulator[], plans: readonly { buffers: BufferId[]; dtypes: DType[] }[], chunks: number): void {
    const { space } = this.#kernel
    const at: Index = { constant: 0, terms: [...this.#point(0).terms, { coefficient: this.#points, atom: { kind: 'dim', dim: space.length } }] }
    const nodes: Node[] = []
    const combined: Accumulator[] = []
    for (const [i, a] of accumulators.entries()) {
      const { buffers, dtypes } = plans[i]!
      const first = nodes.length
      buffers.forEach((buffer, k) => nodes.push({ op: 'load', dtype: dtypes[k]!, buffer, index: at, guards: [], otherwise: 0 }))
      combined.push({ ...a, node: first, position: a.position === null ? null : first + 1 })
    }
    const results = this.#resultsOf(number, accumulators)
    this.#push(space, [{ kind: 'reduce', inner: [chunks], nodes, accumulators: combined }, this.#storeResults(results)])
  }

  #resultsOf(number: number, accumulators: readonly Accumulator[]): { dtype: DType; buffer: BufferId }[] {
    return accumulators.map((a, output) => {
      const dtype = a.position === null ? a.dtype : 'int32'
      const buffer = this.#buffer(this.#points, dtype)
      this.#results.set(`${number}.${output}`, buffer)
      return { dtype, buffer }
    })
  }

  #storeResults(results: readonly { dtype: DType; buffer: BufferId }[]): Stage {
    return {
      kind: 'map',
      inner: [],
      nodes: results.map(({ dtype }, output): Node => ({ op: 'reduced', dtype, stage: 0, output })),
      stores: results.map(({ buffer }, node) => ({ buffer, index: this.#point(0), node })),
    }
  }
}

/** Chunks of the first inner axis: of a length that divides it, where there is one near the aim. */
function cut(inner: readonly number[], columns: number): { chunk: number; chunks: number; rest: number } {
  const size = inner[0] ?? 1
  const aim = Math.min(size, Math.max(Math.ceil(leastChunk / sizeOf(inner.slice(1))), Math.floor((columns === 1 && sizeOf(inner) >= veryLong ? longChunk : chunkAim) / Math.max(1, columns * sizeOf(inner.slice(1))))))
  let chunk = aim
  for (let d = aim; d >= Math.max(1, aim / 4); d--) {
    if (size % d === 0) {
      chunk = d
      break
    }
  }
  const chunks = Math.floor(size / chunk)
  return { chunk, chunks, rest: size - chunks * chunk }
}

