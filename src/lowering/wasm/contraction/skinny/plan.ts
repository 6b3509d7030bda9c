/**
 * Products of a matrix and a few vectors: at the speed of memory, if the matrix is read once, where it lies.
 *
 * How the matrix lies decides the form: `dots` where it is contiguous along k, `sweeps` where neighbours belong to different results.
 * One that lies otherwise, or has to be computed, is written to scratch memory for `dots` where it is small and there is one vector. Products
 * of one vector are added up in one order whatever the form (forms.ts), so that there bits follow from shapes alone.
 *
 * Units of work are blocks of results for a slice of k. The sums of slices go to scratch memory and are added up in float64, in
 * order, by a loop that finishes results as well; all cuts are fixed by shape, so no bit depends on the number of threads.
 */
import { sizeOf } from '../../../../core/aval.ts'
import { mapTuple } from '../../../../core/map-tuple.ts'
import { dimIndex, dimVector, flattenIndex, type BufferId, type ContractionKernel, type Index, isTiny, type LoopKernel, type Node } from '../../../kernel-ir/index.ts'
import { rewriteNodes, rewriteStores } from '../../../kernel-ir/rewrite.ts'
import { asPairs } from '../pairs.ts'
import { inSumType, sumType } from '../sum-type.ts'
import { type Strided, stridedOperand, stridedResult } from '../strided.ts'
import { runLength, type SkinnyType, totalLength, vectorOf } from './forms.ts'

export interface SkinnyPlan {
  readonly dtype: SkinnyType
  readonly form: 'dots' | 'sweeps'
  readonly batch: number
  /** Rows of the matrix for `dots`, its columns for `sweeps`: results of each vector. */
  readonly results: number
  readonly vectors: number
  readonly depth: number
  readonly matrix: Strided
  /** Contiguous along k: where they lie, or gathered into scratch memory first. */
  readonly factors: Strided
  /** What writes the operands that are gathered. */
  readonly gathers: readonly LoopKernel[]
  /** Steps of k in a slice, and results in a block. */
  readonly slice: number
  readonly slices: number
  readonly block: number
  readonly blocks: number
  /** Where sums go: distances of batches, results (`free`) and vectors (`step`); those of slices lie `sliceBytes` apart. */
  readonly out: Strided
  readonly sliceBytes: number
  /** Sums are float64 totals, of float32 as well. */
  readonly wide: boolean
  /** Adds up slices and does what follows; null where sums are the result. */
  readonly finish: LoopKernel | null
  /** Byte offsets of made-up buffers in scratch memory. */
  readonly scratch: ReadonlyMap<BufferId, number>
  readonly scratchBytes: number
}

/** Vectors that are worth reading the matrix in place: with more, packing it is no longer what takes the time. */
const mostVectors = 8
/** For several vectors: elements from which a matrix is large, and how long its sides have to be. */
const largeMatrix = 8192
const fewestResults = { dots: 8, sweeps: 64 }
const shortestDepth = { dots: 32, sweeps: 8 }
/** Elements of a matrix that is written to scratch memory at most: they stay in the second-level cache. */
const mostGathered = 2 ** 16
/** Units of work that can be shared well, and elements of one. */
const enoughUnits = 16
const unitAim = 32768
/** Steps of a slice at least, where k is cut for the sake of threads. */
const sliceLeast = 4096
/** Bytes of the results of a sweep, which stay in the first-level cache. */
const sweepBytes = 16384

/** Null: no skinny product, or its matrix has to be gathered and is not worth it. `free` and the two buffers after it are none of the kernel's. */
export function planSkinny(kernel: ContractionKernel, free: BufferId): SkinnyPlan | null {
  const sum = sumType(kernel.dtype)
  const [m, n, depth, batch] = mapTuple([kernel.m, kernel.n, kernel.k, kernel.batch], sizeOf)
  const [vectors, results] = m <= n ? [m, n] : [n, m]
  const elements = batch * results * depth
  if (vectors > mostVectors || (vectors === 1 ? isTiny(kernel) || depth < runLength : elements < largeMatrix) || asPairs(kernel) !== null) return null
  const [matrixSide, vectorSide] = m <= n ? (['n', 'm'] as const) : (['m', 'n'] as const)
  const { bytes } = vectorOf(sum)
  const scratch = new Map<BufferId, number>()
  let scratchBytes = 0
  const take = (buffer: BufferId, size: number): void => {
    scratch.set(buffer, scratchBytes)
    scratchBytes += Math.ceil(size / 64) * 64
  }
  const gathers: LoopKernel[] = []
  const gather = (side: 'm' | 'n', buffer: BufferId, rows: number): Strided => {
    take(buffer, batch * rows * depth * bytes)
    gathers.push(gatherKernel(kernel, side, sum, buffer))
    return { buffer, start: 0, batch: rows * depth * bytes, free: depth * bytes, step: bytes }
  }
  const lies = stridedOperand(kernel, matrixSide, sum)
  const sweeps = lies !== null && lies.step !== bytes && lies.free === bytes
  const form = sweeps ? 'sweeps' : 'dots'
  const inPlace = sweeps || lies?.step === bytes ? lies : null
  if (vectors === 1 ? inPlace === null && elements > mostGathered : inPlace === null || results < fewestResults[form] || depth < shortestDepth[form]) return null
  const matrix = inPlace ?? gather(matrixSide, free + 2, results)
  const given = stridedOperand(kernel, vectorSide, sum)
  const factors = given?.step === bytes ? given : gather(vectorSide, free, vectors)
  const cuts = sweeps ? cutSweeps(batch, results, depth, vectors * bytes) : cutDots(batch, results, depth)
  const { slices } = cuts
  const wide = form === 'dots' && sum === 'float32' && slices > 1
  const sumBytes = wide ? 8 : bytes
  const result = slices === 1 ? stridedResult(kernel, sum) : null
  // rows of the result are m: they are the matrix's results where that is the left operand
  const direct: Strided | null = result === null || matrixSide === 'm' ? result : { ...result, free: result.step, step: result.free }
  const stored = direct !== null && (form === 'dots' || direct.free === bytes)
  const sliceBytes = batch * vectors * results * sumBytes
  if (!stored) take(free + 1, slices * sliceBytes)
  const out: Strided = stored ? direct : { buffer: free + 1, start: 0, batch: vectors * results * sumBytes, free: sumBytes, step: results * sumBytes }
  const finish = stored ? null : finishKernel(kernel, matrixSide, wide ? 'float64' : sum, slices, free + 1)
  return { dtype: sum, form, batch, results, vectors, depth, matrix, factors, gathers, ...cuts, out, sliceBytes, wide, finish, scratch, scratchBytes }
}

type Cuts = Pick<SkinnyPlan, 'slice' | 'slices' | 'block' | 'blocks'>

function cutDots(batch: number, results: number, depth: number): Cuts {
  const aim = Math.min(unitAim, Math.max(unitAim / 8, (batch * results * depth) / (2 * enoughUnits)))
  const block = Math.min(results, Math.max(8, 8 * Math.round(aim / depth / 8)))
  const blocks = Math.ceil(results / block)
  const wanted = Math.min(Math.ceil(enoughUnits / (batch * blocks)), Math.floor(depth / sliceLeast))
  const slice = wanted > 1 ? totalLength * Math.ceil(depth / wanted / totalLength) : depth
  return { slice, slices: Math.ceil(depth / slice), block, blocks }
}

/** `bytes`: of a result of each vector. */
function cutSweeps(batch: number, results: number, depth: number, bytes: number): Cuts {
  const slice = Math.min(depth, totalLength)
  const slices = Math.ceil(depth / slice)
  const wanted = Math.max(Math.ceil((results * bytes) / sweepBytes), Math.min(Math.ceil(enoughUnits / (batch * slices)), Math.floor(results / 256)))
  const block = Math.min(results, 64 * Math.ceil(results / Math.max(1, wanted) / 64))
  return { slice, slices, block, blocks: Math.ceil(results / block) }
}

/** Writes the rows or columns of an operand behind each other: [batch][row][k]. */
function gatherKernel(kernel: ContractionKernel, side: 'm' | 'n', sum: SkinnyType, out: BufferId): LoopKernel {
  const axes = kernel[side]
  const space = [...kernel.batch, ...axes, ...kernel.k]
  const first = kernel.batch.length + (side === 'm' ? 0 : kernel.m.length)
  const firstOfK = kernel.batch.length + kernel.m.length + kernel.n.length
  const place = (dim: number): Index => dimIndex(dim < kernel.batch.length ? dim : dim >= firstOfK ? dim - firstOfK + kernel.batch.length + axes.length : dim - first + kernel.batch.length)
  const nodes = inSumType(rewriteNodes(side === 'm' ? kernel.lhs : kernel.rhs, place, space), sum)
  const index = flattenIndex(dimVector(space.length), space, space)
  return { kind: 'loop', name: `${kernel.name} ${side === 'm' ? 'lhs' : 'rhs'}`, space, stages: [{ kind: 'map', inner: [], nodes, stores: [{ buffer: out, index, node: nodes.length - 1 }] }] }
}

/** Adds up the slices' sums, which stand as [slice][batch][vector][result], and computes the epilogue: in their order, so that they are read as vectors. `sum`: what they are. */
function finishKernel(kernel: ContractionKernel, matrixSide: 'm' | 'n', sum: SkinnyType, slices: number, sums: BufferId): LoopKernel {
  const { batch, m, n, dtype, name } = kernel
  const [vectors, results] = matrixSide === 'n' ? [m, n] : [n, m]
  const space = [...batch, ...vectors, ...results]
  const ofResult = (dim: number): number => (dim < batch.length || matrixSide === 'n' ? dim : dim < batch.length + m.length ? dim + n.length : dim - m.length)
  const place = (dim: number): Index => dimIndex(ofResult(dim))
  const slice: Index[] = slices > 1 ? [dimIndex(space.length)] : []
  const index = flattenIndex([...slice, ...dimVector(space.length)], [...slice.map(() => slices), ...space], [...space, ...slice.map(() => slices)])
  const epilogue = rewriteNodes(kernel.epilogue, place, space)
  const stores = rewriteStores(kernel.stores, place, space)
  const load: Node = { op: 'load', dtype: sum === 'int32' ? dtype : sum, buffer: sums, index, guards: [], otherwise: 0 }
  if (slices === 1) {
    const nodes = epilogue.map((node): Node => (node.op === 'accumulator' ? load : node))
    return { kind: 'loop', name: `${name} epilogue`, space, stages: [{ kind: 'map', inner: [], nodes, stores }] }
  }
  const wide: Node[] = sum === 'float32' ? [{ op: 'apply', primitive: 'convertElementType', params: { newDtype: 'float64', weakType: false }, dtype: 'float64', inputs: [0] }] : []
  const nodes = epilogue.map((node): Node => (node.op === 'accumulator' ? { op: 'reduced', dtype, stage: 0, output: 0 } : node))
  return {
    kind: 'loop',
    name: `${name} slices`,
    space,
    stages: [
      { kind: 'reduce', inner: [slices], nodes: [load, ...wide], accumulators: [{ combine: 'sum', dtype, node: wide.length, position: null }] },
      { kind: 'map', inner: [], nodes, stores },
    ],
  }
}
