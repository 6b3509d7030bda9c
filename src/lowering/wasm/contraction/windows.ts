/**
 * The left operand of a convolution, where it is read through windows. For a block of rows (places of the window) the elements
 * that they meet are brought into an image, once each, with the padding around them; whatever fusion put into the operand is
 * computed then. Element (row, k) is in the image at the sum of a distance of the row and one of k: two small tables.
 */
import { sizeOf } from '../../../core/aval.ts'
import { dimIndex, dimVector, addIndex, constantIndex, flattenIndex, floorDivIndex, modIndex, scaleIndex, unflattenIndex } from '../../kernel-ir/index.ts'
import type { BufferId, ContractionKernel, Expression, Index, LoopKernel, Sizes } from '../../kernel-ir/index.ts'
import { exchanged } from '../../exchange.ts'
import { rewriteNodes } from '../../kernel-ir/rewrite.ts'
import type { DepthCuts } from '../../depth-cuts.ts'

export interface WindowsPlan {
  /** The contraction whose rows are the windows' places: the given one, or that turned around. */
  readonly kernel: ContractionKernel
  /** Rows of a block: a box of m, of which the inner axes are whole. */
  readonly blockRows: number
  /** Outer axis: batch · blocks of rows + block of rows. */
  readonly image: LoopKernel
  readonly imageElements: number
  /** Writes how many bytes each row of a block is from the image's first element, and each run of k. Space: `[1, rows]`, and `[blocks of k, runs of each]`. */
  readonly rowTable: LoopKernel
  readonly runTable: LoopKernel
  readonly runsOfBlock: number
  /** Elements of k that are neighbours in the image. */
  readonly run: number
}

export interface WindowsOptions {
  readonly depths: DepthCuts
  /** Of so many rows a block has how many, at most. */
  readonly rowsOfBlock: (rows: number) => number
  readonly elementBytes: number
  /** Brings the last node to the type that is summed in. */
  readonly convert: (nodes: Expression) => Expression
  readonly buffers: { readonly image: BufferId; readonly rows: BufferId; readonly runs: BufferId }
}

/** Rows below which the elements around a block outnumber its own. */
const fewestRows = 24
/** Elements of a run that are worth its start; where columns would be turned into rows, which are then stored apart from each other. */
const shortestRun = 3
const shortestTurned = 5
/** Steps of k from which turning is worth it. */
const leastTurned = 128
/** Bytes of an image that stays in the second-level cache. */
const mostImageBytes = 2 ** 18

/** Null where the operand is no such, or the block or its runs would be too small. */
export function planWindows(given: ContractionKernel, o: WindowsOptions): WindowsPlan | null {
  const turned = given.sliding.length > 0 && given.sliding.every((s) => s.side === 'n')
  if (turned && sizeOf(given.k) < leastTurned) return null
  const kernel = turned ? exchanged(given) : given
  const { batch, m, n, k } = kernel
  // where a window has one place, its elements are told by k alone: what is left of the operand need not name the place
  const sliding = kernel.sliding.filter((s) => m[s.place]! > 1)
  if (sliding.some((s) => s.side !== 'm' || (s.stride > 1 && s.dilation > 1)) || sizeOf(sliding.map((s) => k[s.k]!)) < 2) return null
  const box = boxOf(m, o.rowsOfBlock(sizeOf(m)))
  const blockRows = sizeOf(box.sizes)
  if (blockRows < Math.min(fewestRows, sizeOf(m))) return null
  const slides = (axis: number): (typeof sliding)[number] | undefined => sliding.find((s) => s.place === axis)
  const channels = k.flatMap((_, axis) => (sliding.some((s) => s.k === axis) ? [] : [axis]))
  // what is last in k is last in the image: channels, or places
  const channelsFirst = !channels.includes(k.length - 1)
  const [atPlaces, atChannels] = channelsFirst ? [channels.length, 0] : [0, m.length]
  const [ofPlaces, ofChannels] = [box.sizes.map((size, axis) => extentOf(size, slides(axis), k)), channels.map((axis) => k[axis]!)]
  const extents = channelsFirst ? [...ofChannels, ...ofPlaces] : [...ofPlaces, ...ofChannels]
  const strides = extents.map((_, axis) => sizeOf(extents.slice(axis + 1)))
  const rowStride = (axis: number): number => strides[atPlaces + axis]! * (slides(axis)?.stride ?? 1)
  const stepStride = (axis: number): number => {
    const window = sliding.find((s) => s.k === axis)
    return window === undefined ? strides[atChannels + channels.indexOf(axis)]! : strides[atPlaces + window.place]! * window.dilation
  }
  const runs = runsOf(k, o.depths, stepStride)
  if (runs.length < (turned ? shortestTurned : shortestRun) || sizeOf(extents) * o.elementBytes > mostImageBytes) return null

  const rowBlocks = sizeOf(m) / blockRows
  const space = [sizeOf(batch) * rowBlocks, ...extents]
  const outer = dimIndex(0)
  const starts = startsOf(modIndex(outer, rowBlocks, space), m, box, space)
  const places = m.map((_, axis) => {
    const window = slides(axis)
    const first = scaleIndex(starts[axis]!, window?.stride ?? 1)
    return addIndex(first, dimIndex(1 + atPlaces + axis), space)
  })
  const rows = places.map((place, axis) => floorDivIndex(place, slides(axis)?.stride ?? 1, space))
  const steps = k.map((_, axis) => {
    const window = sliding.find((s) => s.k === axis)
    return window === undefined ? dimIndex(1 + atChannels + channels.indexOf(axis)) : modIndex(places[window.place]!, window.stride, space)
  })
  const all = [...unflattenIndex(floorDivIndex(outer, rowBlocks, space), batch, space), ...rows, ...n.map(() => constantIndex(0)), ...steps]
  const nodes = o.convert(rewriteNodes(kernel.lhs, (dim) => all[dim]!, space))
  const image = storing(`${kernel.name} image`, space, nodes, o.buffers.image, flattenIndex(dimVector(extents.length, 1), extents, space))

  const rowSpace = [1, blockRows]
  const rowAt = distance(unflattenIndex(dimIndex(1), box.sizes, rowSpace), rowStride, o.elementBytes, rowSpace)
  const runSpace = [o.depths.blocks, runs.ofBlock]
  const stepAt = distance(stepsOf(k, o.depths, runs.sizes, runSpace), stepStride, o.elementBytes, runSpace)
  return {
    kernel,
    blockRows,
    image,
    imageElements: sizeOf(extents),
    rowTable: storing(`${kernel.name} rows`, rowSpace, [{ op: 'index', dtype: 'int32', index: rowAt }], o.buffers.rows, dimIndex(1)),
    runTable: storing(`${kernel.name} runs`, runSpace, [{ op: 'index', dtype: 'int32', index: stepAt }], o.buffers.runs, flattenIndex(dimVector(2), runSpace, runSpace)),
    runsOfBlock: runs.ofBlock,
    run: runs.length,
  }
}

interface Box {
  /** The axis that is cut; those before it have one place in a block, those after it all. */
  readonly cut: number
  readonly sizes: readonly number[]
}

/** As many rows as there may be, in blocks that divide the axis that they cut. */
function boxOf(m: readonly number[], rows: number): Box {
  let cut = m.length - 1
  let inside = 1
  while (cut > 0 && inside * m[cut]! <= rows) inside *= m[cut--]!
  let length = Math.max(1, Math.min(m[cut]!, Math.floor(rows / inside)))
  while (m[cut]! % length !== 0) length--
  return { cut, sizes: m.map((size, axis) => (axis < cut ? 1 : axis === cut ? length : size)) }
}

const extentOf = (places: number, window: ContractionKernel['sliding'][number] | undefined, k: readonly number[]): number =>
  window === undefined ? places : (places - 1) * window.stride + (k[window.k]! - 1) * window.dilation + 1

/** The first place of a block of rows. */
function startsOf(block: Index, m: readonly number[], { cut, sizes }: Box, space: Sizes): readonly Index[] {
  const times = m[cut]! / sizes[cut]!
  const before = unflattenIndex(floorDivIndex(block, times, space), m.slice(0, cut), space)
  return [...before, scaleIndex(modIndex(block, times, space), sizes[cut]!), ...m.slice(cut + 1).map(() => constantIndex(0))]
}

/** How long runs are, how many a block of k has, and its axes, of which the last ones are the run's. */
function runsOf(k: readonly number[], { split, inner, times }: DepthCuts, stride: (axis: number) => number): { readonly length: number; readonly ofBlock: number; readonly sizes: readonly number[] } {
  let length = 1
  let last = k.length
  const mayJoin = (axis: number): boolean => axis > split || (axis === split && times * inner[0]! === k[split])
  while (last > split && mayJoin(last - 1) && (k[last - 1] === 1 || stride(last - 1) === length)) length *= inner[--last - split]!
  const sizes = inner.slice(0, last - split)
  return { length, ofBlock: sizeOf(sizes), sizes }
}

/** The coordinates of k where a run of a block begins. */
function stepsOf(k: readonly number[], { split, inner, times }: DepthCuts, sizes: readonly number[], space: Sizes): Index[] {
  const [block, run] = [dimIndex(0), dimIndex(1)]
  const before = unflattenIndex(floorDivIndex(block, times, space), k.slice(0, split), space)
  const inside = unflattenIndex(run, sizes, space)
  const from = k.slice(split).map((_, at) => inside[at] ?? constantIndex(0))
  from[0] = addIndex(scaleIndex(modIndex(block, times, space), inner[0]!), from[0]!, space)
  return [...before, ...from]
}

function distance(coordinates: readonly Index[], stride: (axis: number) => number, elementBytes: number, space: Sizes): Index {
  return coordinates.reduce((sum, at, axis) => addIndex(sum, scaleIndex(at, stride(axis) * elementBytes), space), constantIndex(0))
}

function storing(name: string, space: Sizes, nodes: Expression, buffer: BufferId, index: Index): LoopKernel {
  return { kind: 'loop', name, space, stages: [{ kind: 'map', inner: [], nodes, stores: [{ buffer, index, node: nodes.length - 1 }] }] }
}
