/**
 * Which convolutions Winograd's algorithm takes, and how they are cut.
 *
 * A row of tiles are the 2 × 2 blocks beside each other in an image of results (form `results`: convolutions and gradients of
 * their data) or of results' gradients (form `taps`: gradients of 3 × 3 taps). A block is some rows of tiles of one image, or
 * all of several images. Groups are channels and columns beside each other, of which those of a group meet; a window's other axes
 * (a third dimension) are channels as well. For each block the data is brought into rows of an image with the overlap of its tiles, by a loop
 * kernel that evaluates whatever fusion put into the operand; tiles are transformed into sixteen packed matrices, multiplied,
 * and transformed back. All cuts are fixed by shape.
 */
import { sizeOf } from '../../core/aval.ts'
import { addIndex, coefficientOf, constantIndex, dimIndex, dimVector, flattenIndex, floorDivIndex, modIndex, scaleIndex, type Sizes, unflattenIndex } from '../kernel-ir/index.ts'
import type { BufferId, ContractionKernel, Expression, Guard, Index, LoopKernel, Node } from '../kernel-ir/index.ts'
import { exchanged } from '../exchange.ts'
import { guarded, rewriteNodes, rewriteStores, withOperands } from '../kernel-ir/rewrite.ts'

export interface WinogradPlan {
  readonly form: 'results' | 'taps'
  readonly images: number
  /** Of an image of results, or of their gradients. */
  readonly height: number
  /** Tiles below and beside each other in an image. */
  readonly tileRows: number
  readonly tilesAcross: number
  /** Elements of a row of data: those of its tiles, which overlap by two, or some more. */
  readonly dataAcross: number
  /** What has its own channels and columns, and its own products. */
  readonly groups: number
  /** Of a group. */
  readonly channels: number
  /** Of all groups. */
  readonly columns: number
  /** As many as a row of sums has. */
  readonly paddedColumns: number
  /** Of a block: its images, and rows of tiles in each. One of the two is 1, or all. */
  readonly blockImages: number
  readonly blockTileRows: number
  /** Along the images, and in each. */
  readonly blocks: number
  readonly blocksOfImage: number
  /** Of form `taps`: blocks are summed in so many slices, which are then added in order. */
  readonly slices: number
  /** Outer axis: image · (2 tileRows + 2) + row. Writes `[row][dataAcross][group][channel]`. */
  readonly data: LoopKernel
  /** Form `results`: the taps; outer axis: the channel. Form `taps`: results' gradients; outer axis: image · 2 tileRows + row. */
  readonly other: LoopKernel
  /** The convolution as it is written, into the place of the sums: for blocks, or channels, whose results are not all finite. Outer axis as in `epilogue`. */
  readonly direct: LoopKernel
  /** Outer axis: image · height + row, or the row of the product: (tap row · 3 + tap column) · channels + channel. */
  readonly epilogue: LoopKernel
  /** The buffers of these kernels that are scratch. */
  readonly buffers: { readonly data: BufferId; readonly other: BufferId; readonly sums: BufferId }
}

/** Channels that are transformed side by side. */
const lanes = 4
/** Channels and columns of a group from which transforms pay: half as many would still gain here, but not where the matrices go through a device's memory. */
const leastChannels = 8
/** A panel of so many channels stays in the first-level cache. */
const mostChannels = 768
/** Products for each of the direct form's, at most. */
const worthwhile = 0.66
/** Tiles of a block, more or less. */
const tilesAim = 48
/** Bytes of the sixteen matrices of a block, at most. */
const mostBytes = 2 ** 22
const slicesAim = 16
const sliceBytesAim = 2 ** 21

/** Sums have rows of a multiple of so many columns: those of the tiles that WebAssembly multiplies by. */
export const columnsApart = 8

export function planWinograd(given: ContractionKernel, freeBuffer: BufferId): WinogradPlan | null {
  const kernel = given.sliding.every((s) => s.side === 'n') ? exchanged(given) : given
  const { batch, m, n, k } = kernel
  const window = kernel.sliding.toSorted((a, b) => a.place - b.place).slice(-2)
  const [y, x] = window.map((s): Window => ({ m: s.place, k: s.k }))
  if (kernel.dtype !== 'float32' || y === undefined || x === undefined) return null
  if (window.some((s) => s.side !== 'm' || s.stride > 1 || s.dilation > 1)) return null
  if (kernel.lhs.at(-1)?.dtype !== 'float32' || kernel.rhs.at(-1)?.dtype !== 'float32') return null
  const isTaps = (axes: readonly number[], side: 'm' | 'k'): boolean => axes[y[side]] === 3 && axes[x[side]] === 3
  const form = isTaps(k, 'k') && y.m === m.length - 2 && x.m === m.length - 1 ? 'results' : isTaps(m, 'm') ? 'taps' : null
  if (form === null) return null
  const tiled = form === 'results' ? m : k
  const side = form === 'results' ? 'm' : 'k'
  const [height, width] = [tiled[y[side]]!, tiled[x[side]]!]
  const [tileRows, tilesAcross] = [Math.ceil(height / 2), Math.ceil(width / 2)]
  const images = sizeOf(tiled) / (height * width)
  const groups = sizeOf(batch)
  const channels = sizeOf(form === 'results' ? k : m) / 9
  const columnsOfGroup = sizeOf(n)
  const columns = groups * columnsOfGroup
  if (Math.min(channels, columnsOfGroup) < leastChannels || channels > mostChannels) return null
  if (channels % lanes !== 0 || columnsOfGroup % (groups > 1 ? columnsApart : lanes) !== 0) return null
  if (16 * tileRows * tilesAcross > worthwhile * 9 * height * width) return null
  const tilesOfImage = tileRows * tilesAcross
  const blockTileRows = Math.ceil(tileRows / Math.max(1, Math.round(tilesOfImage / tilesAim)))
  const blocksOfImage = Math.ceil(tileRows / blockTileRows)
  const blockImages = blocksOfImage > 1 ? 1 : Math.min(images, Math.max(1, Math.round(tilesAim / tilesOfImage)))
  // a row of tiles of a very wide image would leave the caches
  if (64 * blockImages * blockTileRows * tilesAcross * Math.max(groups * channels, columns) > mostBytes) return null
  const blocks = Math.ceil(images / blockImages)
  const paddedColumns = Math.ceil(columns / columnsApart) * columnsApart
  const slices = Math.max(1, Math.min(slicesAim, blocks * blocksOfImage, Math.floor(sliceBytesAim / (64 * channels * paddedColumns))))
  // where rows lie along the image, as in NCHW, squares of them are transposed
  const along = batch.length + (form === 'results' ? x.m : m.length + n.length + x.k)
  const dataAcross = kernel.lhs.some((node) => node.op === 'load' && coefficientOf(node.index, along) === 1) ? Math.ceil((2 * tilesAcross + 2) / 4) * 4 : 2 * tilesAcross + 2
  const shape: Shape = { form, images, height, width, tileRows, tilesAcross, dataAcross, channels, paddedColumns, y, x }
  const buffers = { data: freeBuffer, other: freeBuffer + 1, sums: freeBuffer + 2 }
  return {
    form,
    images,
    height,
    tileRows,
    tilesAcross,
    dataAcross,
    groups,
    channels,
    columns,
    paddedColumns,
    blockImages,
    blockTileRows,
    blocks,
    blocksOfImage,
    slices,
    data: dataKernel(kernel, shape, buffers.data),
    other: form === 'results' ? tapsKernel(kernel, shape, buffers.other) : gradientsKernel(kernel, shape, buffers.other),
    direct: directKernel(kernel, shape, buffers.sums),
    epilogue: epilogueKernel(kernel, shape, buffers.sums),
    buffers,
  }
}

interface Shape extends Pick<WinogradPlan, 'form' | 'images' | 'height' | 'tileRows' | 'tilesAcross' | 'dataAcross' | 'channels' | 'paddedColumns'> {
  readonly width: number
  readonly y: Window
  readonly x: Window
}

/** An axis of the window: of m, and of k. */
interface Window {
  readonly m: number
  readonly k: number
}

/** The axes of m or k that are not the window's, and what they are in terms of a flat index. */
const otherAxes = (axes: readonly number[], y: number, x: number): number[] => axes.filter((_, a) => a !== y && a !== x)

/** Puts the window's two axes back among the others. */
function withWindow(axes: readonly number[], y: number, x: number, at: { readonly y: Index; readonly x: Index; readonly others: readonly Index[] }): Index[] {
  let next = 0
  return axes.map((_, a) => (a === y ? at.y : a === x ? at.x : at.others[next++]!))
}

const zero = constantIndex(0)

/** What a loop kernel computes: nodes over its space, of which the last is stored. */
function storing(name: string, space: Sizes, nodes: Expression, buffer: BufferId, index: Index): LoopKernel {
  return { kind: 'loop', name, space, stages: [{ kind: 'map', inner: [], nodes, stores: [{ buffer, index, node: nodes.length - 1 }] }] }
}

/** Loop variables of the contraction in terms of others: its batch, m, n and k axes one after the other. */
const placing = (...parts: readonly (readonly Index[])[]): ((dim: number) => Index) => {
  const all = parts.flat()
  return (dim) => all[dim]!
}

function dataKernel(kernel: ContractionKernel, s: Shape, out: BufferId): LoopKernel {
  const { batch, m, n, k } = kernel
  const [rows, across] = [2 * s.tileRows + 2, s.dataAcross]
  const [tiled, rest] = s.form === 'results' ? [m, k] : [k, m]
  const [ys, xs] = s.form === 'results' ? [{ tiled: s.y.m, rest: s.y.k }, { tiled: s.x.m, rest: s.x.k }] : [{ tiled: s.y.k, rest: s.y.m }, { tiled: s.x.k, rest: s.x.m }]
  const channelAxes = otherAxes(rest, ys.rest, xs.rest)
  const space = [s.images * rows, across, ...batch, ...channelAxes]
  const outer = dimIndex(0)
  const [row, column] = [modIndex(outer, rows, space), dimIndex(1)]
  const image = unflattenIndex(floorDivIndex(outer, rows, space), otherAxes(tiled, ys.tiled, xs.tiled), space)
  const inTiled = withWindow(tiled, ys.tiled, xs.tiled, { y: row, x: column, others: image })
  const inRest = withWindow(rest, ys.rest, xs.rest, { y: zero, x: zero, others: dimVector(channelAxes.length, 2 + batch.length) })
  const nothing = n.map(() => zero)
  const group = dimVector(batch.length, 2)
  const place = s.form === 'results' ? placing(group, inTiled, nothing, inRest) : placing(group, inRest, nothing, inTiled)
  const guards: Guard[] = []
  // beyond the last window of the convolution there may be nothing to read
  if (rows > s.height + 2) guards.push({ index: row, low: 0, high: s.height + 2 })
  if (across > s.width + 2) guards.push({ index: column, low: 0, high: s.width + 2 })
  const nodes = guarded(rewriteNodes(kernel.lhs, place, space), guards)
  return storing(`${kernel.name} data`, space, nodes, out, flattenIndex(dimVector(space.length), space, space))
}

function tapsKernel(kernel: ContractionKernel, s: Shape, out: BufferId): LoopKernel {
  const { batch, m, n, k } = kernel
  const space = [s.channels, 3, 3, ...batch, ...n]
  const channel = unflattenIndex(dimIndex(0), otherAxes(k, s.y.k, s.x.k), space)
  const place = placing(dimVector(batch.length, 3), m.map(() => zero), dimVector(n.length, 3 + batch.length), withWindow(k, s.y.k, s.x.k, { y: dimIndex(1), x: dimIndex(2), others: channel }))
  return storing(`${kernel.name} taps`, space, rewriteNodes(kernel.rhs, place, space), out, flattenIndex(dimVector(space.length), space, space))
}

function gradientsKernel(kernel: ContractionKernel, s: Shape, out: BufferId): LoopKernel {
  const { batch, m, n, k } = kernel
  const [rows, across] = [2 * s.tileRows, 2 * s.tilesAcross]
  const space = [s.images * rows, across, ...batch, ...n]
  const outer = dimIndex(0)
  const [row, column] = [modIndex(outer, rows, space), dimIndex(1)]
  const image = unflattenIndex(floorDivIndex(outer, rows, space), otherAxes(k, s.y.k, s.x.k), space)
  const place = placing(dimVector(batch.length, 2), m.map(() => zero), dimVector(n.length, 2 + batch.length), withWindow(k, s.y.k, s.x.k, { y: row, x: column, others: image }))
  const guards: Guard[] = []
  if (rows > s.height) guards.push({ index: row, low: 0, high: s.height })
  if (across > s.width) guards.push({ index: column, low: 0, high: s.width })
  return storing(`${kernel.name} gradients`, space, guarded(rewriteNodes(kernel.rhs, place, space), guards), out, flattenIndex(dimVector(space.length), space, space))
}

/** Rows of results: the space, the contraction's batch, m and n in terms of it, and where the sums stand. */
function resultRows(kernel: ContractionKernel, s: Shape): { readonly space: Sizes; readonly places: readonly (readonly Index[])[]; readonly sums: Index } {
  const { batch, m, n } = kernel
  const all = [...batch, ...n]
  const outer = dimIndex(0)
  const columnsFrom = (first: number): readonly Index[] => dimVector(all.length, first)
  const places = (inM: readonly Index[], columns: readonly Index[]): readonly (readonly Index[])[] => [columns.slice(0, batch.length), inM, columns.slice(batch.length)]
  if (s.form === 'taps') {
    const space = [9 * s.channels, ...all]
    const columns = columnsFrom(1)
    const tap = floorDivIndex(outer, s.channels, space)
    const others = unflattenIndex(modIndex(outer, s.channels, space), otherAxes(m, s.y.m, s.x.m), space)
    const inM = withWindow(m, s.y.m, s.x.m, { y: floorDivIndex(tap, 3, space), x: modIndex(tap, 3, space), others })
    return { space, places: places(inM, columns), sums: addIndex(scaleIndex(outer, s.paddedColumns), flattenIndex(columns, all, space), space) }
  }
  // the last axis is the one along which results are stored
  const alongRow = kernel.stores.some((store) => coefficientOf(store.index, batch.length + s.x.m) === 1)
  const space = alongRow ? [s.images * s.height, ...all, s.width] : [s.images * s.height, s.width, ...all]
  const columns = columnsFrom(alongRow ? 1 : 2)
  const across = dimIndex(alongRow ? 1 + all.length : 1)
  const [row, image] = [modIndex(outer, s.height, space), floorDivIndex(outer, s.height, space)]
  const inImages = addIndex(scaleIndex(image, 2 * s.tileRows), row, space)
  const place = addIndex(scaleIndex(inImages, 2 * s.tilesAcross), across, space)
  const inM = withWindow(m, s.y.m, s.x.m, { y: row, x: across, others: unflattenIndex(image, otherAxes(m, s.y.m, s.x.m), space) })
  return { space, places: places(inM, columns), sums: addIndex(scaleIndex(place, s.paddedColumns), flattenIndex(columns, all, space), space) }
}

function directKernel(kernel: ContractionKernel, s: Shape, sums: BufferId): LoopKernel {
  const { space, places, sums: index } = resultRows(kernel, s)
  const sizes = [...space, ...kernel.k]
  const place = placing(...places, dimVector(kernel.k.length, space.length))
  const lhs = rewriteNodes(kernel.lhs, place, sizes)
  const rhs = rewriteNodes(kernel.rhs, place, sizes).map((node) => withOperands(node, (id) => id + lhs.length))
  const { dtype } = kernel
  const nodes: Node[] = [...lhs, ...rhs, { op: 'apply', primitive: 'mul', params: {}, dtype, inputs: [lhs.length - 1, lhs.length + rhs.length - 1] }]
  return {
    kind: 'loop',
    name: `${kernel.name} direct`,
    space,
    stages: [
      { kind: 'reduce', inner: kernel.k, nodes, accumulators: [{ combine: 'sum', dtype, node: nodes.length - 1, position: null }] },
      { kind: 'map', inner: [], nodes: [{ op: 'reduced', dtype, stage: 0, output: 0 }], stores: [{ buffer: sums, index, node: 0 }] },
    ],
  }
}

function epilogueKernel(kernel: ContractionKernel, s: Shape, sums: BufferId): LoopKernel {
  const { space, places, sums: index } = resultRows(kernel, s)
  const place = placing(...places)
  const nodes = rewriteNodes(kernel.epilogue, place, space).map(
    (node): Node => (node.op === 'accumulator' ? { op: 'load', dtype: kernel.dtype, buffer: sums, index, guards: [], otherwise: 0 } : node),
  )
  return { kind: 'loop', name: `${kernel.name} epilogue`, space, stages: [{ kind: 'map', inner: [], nodes, stores: rewriteStores(kernel.stores, place, space) }] }
}
