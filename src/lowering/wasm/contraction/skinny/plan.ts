/**
 * Products of a large matrix and a few vectors: at the speed of memory, if the matrix is read once, where it lies.
 *
 * How the matrix lies decides the form: `dots` where it is contiguous along k, `sweeps` where neighbours belong to different results.
 * Units of work are blocks of results for a slice of k. The sums of slices go to scratch memory and are added up in float64, in
 * order, by a loop that finishes results as well; all cuts are fixed by shape, so no bit depends on the number of threads.
 */
import { sizeOf } from '../../../../core/aval.ts'
import { mapTuple } from '../../../../core/map-tuple.ts'
import { dimIndex, dimVector, flattenIndex, type BufferId, type ContractionKernel, type Index, type LoopKernel, type Node } from '../../../kernel-ir/index.ts'
import { rewriteNodes, rewriteStores } from '../../../kernel-ir/rewrite.ts'
import { asPairs } from '../pairs.ts'
import { inSumType, sumType } from '../sum-type.ts'
import { type Strided, stridedOperand, stridedResult } from '../strided.ts'
import { type SkinnyType, vectorOf } from './forms.ts'

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
  readonly gather: LoopKernel | null
  /** Steps of k in a slice, and results in a block. */
  readonly slice: number
  readonly slices: number
  readonly block: number
  readonly blocks: number
  /** Where sums go: distances of batches, results (`free`) and vectors (`step`); those of slices lie `sliceBytes` apart. */
  readonly out: Strided
  readonly sliceBytes: number
  /** Adds up slices and does what follows; null where sums are the result. */
  readonly finish: LoopKernel | null
  /** Byte offsets of made-up buffers in scratch memory. */
  readonly scratch: ReadonlyMap<BufferId, number>
  readonly scratchBytes: number
}

/** Vectors that are worth reading the matrix in place: with more, packing it is no longer what takes the time. */
const mostVectors = { dots: 8, sweeps: 8 }
/** Elements from which a matrix is large, and how long its sides have to be. */
const largeMatrix = 8192
const fewestResults = { dots: 8, sweeps: 64 }
const shortestDepth = { dots: 32, sweeps: 8 }
/** Units of work that can be shared well, and elements of one. */
const enoughUnits = 16
const unitAim = 32768
/** Steps of a slice at least, where k is cut for the sake of threads. */
const sliceLeast = 4096
/** Steps of k after which a sweep begins new sums: as accurate as 32 additions one after the other. */
const sweepSlice = 64
/** Bytes of the results of a sweep, which stay in the first-level cache. */
const sweepBytes = 16384

/** Null: no skinny product, or its matrix has to be computed. `free` and the buffer after it are none of the kernel's. */
export function planSkinny(kernel: ContractionKernel, free: BufferId): SkinnyPlan | null {
  const sum = sumType(kernel.dtype)
  const [m, n, depth, batch] = mapTuple([kernel.m, kernel.n, kernel.k, kernel.batch], sizeOf)
  const [vectors, results] = m <= n ? [m, n] : [n, m]
  if (vectors > mostVectors.dots || vectors * depth * batch === 0 || batch * results * depth < largeMatrix || asPairs(kernel) !== null) return null
  const matrixSide = m <= n ? 'n' : 'm'
  const matrix = stridedOperand(kernel, matrixSide, sum)
  if (matrix === null) return null
  const { bytes } = vectorOf(sum)
  const form = matrix.step === bytes ? 'dots' : matrix.free === bytes ? 'sweeps' : null
  if (form === null || vectors > mostVectors[form] || results < fewestResults[form] || depth < shortestDepth[form]) return null
  const scratch = new Map<BufferId, number>()
  let scratchBytes = 0
  const take = (buffer: BufferId, size: number): void => {
    scratch.set(buffer, scratchBytes)
    scratchBytes += Math.ceil(size / 64) * 64
  }
  const given = stridedOperand(kernel, matrixSide === 'n' ? 'm' : 'n', sum)
  const inPlace = given?.step === bytes ? given : null
  if (inPlace === null) take(free, batch * vectors * depth * bytes)
  const factors: Strided = inPlace ?? { buffer: free, start: 0, batch: vectors * depth * bytes, free: depth * bytes, step: bytes }
  const cuts = form === 'dots' ? cutDots(batch, results, depth) : cutSweeps(batch, results, depth, vectors * bytes)
  const { slices } = cuts
  const result = slices === 1 ? stridedResult(kernel, sum) : null
  // rows of the result are m: they are the matrix's results where that is the left operand
  const direct: Strided | null = result === null || matrixSide === 'm' ? result : { ...result, free: result.step, step: result.free }
  const stored = direct !== null && (form === 'dots' || direct.free === bytes)
  const sliceBytes = batch * vectors * results * bytes
  if (!stored) take(free + 1, slices * sliceBytes)
  const out: Strided = stored ? direct : { buffer: free + 1, start: 0, batch: vectors * results * bytes, free: bytes, step: results * bytes }
  return {
    dtype: sum,
    form,
    batch,
    results,
    vectors,
    depth,
    matrix,
    factors,
    gather: inPlace === null ? gatherKernel(kernel, matrixSide, sum, free) : null,
    ...cuts,
    out,
    sliceBytes,
    finish: stored ? null : finishKernel(kernel, matrixSide, sum, slices, free + 1),
    scratch,
    scratchBytes,
  }
}

type Cuts = Pick<SkinnyPlan, 'slice' | 'slices' | 'block' | 'blocks'>

function cutDots(batch: number, results: number, depth: number): Cuts {
  const aim = Math.min(unitAim, Math.max(unitAim / 8, (batch * results * depth) / (2 * enoughUnits)))
  const block = Math.min(results, Math.max(8, 8 * Math.round(aim / depth / 8)))
  const blocks = Math.ceil(results / block)
  const wanted = Math.min(Math.ceil(enoughUnits / (batch * blocks)), Math.floor(depth / sliceLeast))
  const slice = wanted > 1 ? 128 * Math.ceil(depth / wanted / 128) : depth
  return { slice, slices: Math.ceil(depth / slice), block, blocks }
}

/** `bytes`: of a result of each vector. */
function cutSweeps(batch: number, results: number, depth: number, bytes: number): Cuts {
  const slice = Math.min(depth, sweepSlice)
  const slices = Math.ceil(depth / slice)
  const wanted = Math.max(Math.ceil((results * bytes) / sweepBytes), Math.min(Math.ceil(enoughUnits / (batch * slices)), Math.floor(results / 256)))
  const block = Math.min(results, 64 * Math.ceil(results / Math.max(1, wanted) / 64))
  return { slice, slices, block, blocks: Math.ceil(results / block) }
}

/** Writes the vectors behind each other: [batch][vector][k]. */
function gatherKernel(kernel: ContractionKernel, matrixSide: 'm' | 'n', sum: SkinnyType, out: BufferId): LoopKernel {
  const axes = matrixSide === 'n' ? kernel.m : kernel.n
  const space = [...kernel.batch, ...axes, ...kernel.k]
  const first = kernel.batch.length + (matrixSide === 'n' ? 0 : kernel.m.length)
  const firstOfK = kernel.batch.length + kernel.m.length + kernel.n.length
  const place = (dim: number): Index => dimIndex(dim < kernel.batch.length ? dim : dim >= firstOfK ? dim - firstOfK + kernel.batch.length + axes.length : dim - first + kernel.batch.length)
  const nodes = inSumType(rewriteNodes(matrixSide === 'n' ? kernel.lhs : kernel.rhs, place, space), sum)
  const index = flattenIndex(dimVector(space.length), space, space)
  return { kind: 'loop', name: `${kernel.name} vectors`, space, stages: [{ kind: 'map', inner: [], nodes, stores: [{ buffer: out, index, node: nodes.length - 1 }] }] }
}

/** Adds up the slices' sums, which stand as [slice][batch][vector][result], and computes the epilogue: in their order, so that they are read as vectors. */
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
  const load: Node = { op: 'load', dtype, buffer: sums, index, guards: [], otherwise: 0 }
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
