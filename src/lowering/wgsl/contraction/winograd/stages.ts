/** The kernels of one chunk: to matrices, and their products. */
import { addIndex, type BufferId, constantIndex, type ContractionKernel, dimIndex, dimVector, flattenIndex, floorDivIndex, type Guard, type Index, type LoopKernel, modIndex, type Node, type NodeId, scaleIndex, shiftNode, type Sizes } from '../../../kernel-ir/index.ts'
import { combinationOf, dataMatrix, gradientMatrix, type Matrix, products, tapsMatrix } from '../../../winograd/matrices.ts'
import type { WinogradPlan } from '../../../winograd/plan.ts'
import { range } from '../../shader/range.ts'
import { blocksOf, type Chunk, tilesOf } from './chunk.ts'
import { load, type Operand } from './operand.ts'

/** A kernel that takes a square of elements at each point of a space, and writes M X Mᵀ of them. */
interface Transform {
  readonly space: Sizes
  readonly matrix: Matrix
  readonly from: Operand
  readonly to: BufferId
  readonly read: (i: number, j: number) => Index
  readonly write: (i: number, j: number) => Index
}

export class Stages {
  readonly #name: string
  readonly #plan: WinogradPlan
  /** What is read and written is that of these images; matrices hold nothing else. */
  readonly #chunk: Chunk

  constructor(name: string, plan: WinogradPlan, chunk: Chunk) {
    this.#name = name
    this.#plan = plan
    this.#chunk = chunk
  }

  /** `[image][2 rows + 2][2 across + 2][group][channel]`, its rows maybe longer, to `[product][tile][group][channel]`. */
  dataToMatrices(from: Operand, to: BufferId): LoopKernel {
    const { groups, channels, tileRows, dataAcross } = this.#plan
    return this.#tilesToMatrices(from, to, [2 * tileRows + 2, dataAcross, groups * channels], dataMatrix)
  }

  /** `[image][2 rows][2 across][column]` to `[product][tile][column]`. */
  gradientsToMatrices(from: Operand, to: BufferId): LoopKernel {
    const { columns, tileRows, tilesAcross } = this.#plan
    return this.#tilesToMatrices(from, to, [2 * tileRows, 2 * tilesAcross, columns], gradientMatrix)
  }

  /** `[channel][3][3][column]` to `[product][channel][column]`. */
  tapsToMatrices(from: Operand, to: BufferId): LoopKernel {
    const { channels, columns } = this.#plan
    const space = [channels, columns]
    const [channel, column] = [dimIndex(0), dimIndex(1)]
    const at = (of: Index, place: number): Index => flattenIndex([of, constantIndex(place), column], [channels, 9, columns], space)
    return this.#transform({ space, matrix: tapsMatrix, from, to, read: (i, j) => at(channel, 3 * i + j), write: (i, j) => flattenIndex([constantIndex(4 * i + j), channel, column], [products, channels, columns], space) })
  }

  /** Products of tiles and taps: every tile's channels are summed. */
  product(lhs: BufferId, rhs: BufferId, out: BufferId): ContractionKernel {
    const { groups, channels, columns } = this.#plan
    const tiles = tilesOf(this.#plan, this.#chunk)
    const each = columns / groups
    const sizes = [products, groups, tiles, each, channels]
    const [product, group, row, column, step] = dimVector(5) as [Index, Index, Index, Index, Index] // five
    return this.#contraction([products, groups], tiles, channels, {
      lhs: load(lhs, flattenIndex([product, row, group, step], [products, tiles, groups, channels], sizes)),
      rhs: load(rhs, flattenIndex([product, step, group, column], [products, channels, groups, each], sizes)),
      out,
      at: flattenIndex([product, row, group, column], [products, tiles, groups, each], sizes),
    })
  }

  /** Products of tiles and gradients: the tiles of every block are summed, and stand among those of all blocks. */
  blockProducts(lhs: BufferId, rhs: BufferId, out: BufferId): ContractionKernel {
    const { groups, channels, columns, tileRows, tilesAcross, blockImages, blockTileRows, blocksOfImage } = this.#plan
    const { first, images } = this.#chunk
    const tiles = tilesOf(this.#plan, this.#chunk)
    const blocks = Math.ceil(images / blockImages) * blocksOfImage
    const before = (first / blockImages) * blocksOfImage
    const [rowsOfBlock, most] = [blockImages * blockTileRows, blockImages * blockTileRows * tilesAcross]
    const each = columns / groups
    const sizes = [products, blocks, groups, channels, each, most]
    const [product, block, group, row, column, step] = dimVector(6) as [Index, Index, Index, Index, Index, Index] // six
    // a block is rows of one image, or whole images: its tiles are neighbours
    const [image, firstRow] = [floorDivIndex(block, blocksOfImage, sizes), scaleIndex(modIndex(block, blocksOfImage, sizes), blockTileRows)]
    const rowOfImage = addIndex(firstRow, floorDivIndex(step, tilesAcross, sizes), sizes)
    const tile = addIndex(scaleIndex(addIndex(scaleIndex(image, blockImages * tileRows), firstRow, sizes), tilesAcross), step, sizes)
    const guards: Guard[] = []
    if (blocksOfImage > 1) guards.push({ index: rowOfImage, low: 0, high: tileRows })
    else if (blocks * rowsOfBlock > images * tileRows) guards.push({ index: tile, low: 0, high: tiles })
    return this.#contraction([products, blocks, groups], channels, most, {
      lhs: load(lhs, flattenIndex([product, tile, group, row], [products, tiles, groups, channels], sizes), guards),
      rhs: load(rhs, flattenIndex([product, tile, group, column], [products, tiles, groups, each], sizes), guards),
      out,
      at: flattenIndex([product, addIndex(block, constantIndex(before), sizes), row, group, column], [products, blocksOf(this.#plan), channels, groups, each], sizes),
    })
  }

  #contraction(batch: Sizes, rows: number, depth: number, of: { readonly lhs: Node; readonly rhs: Node; readonly out: BufferId; readonly at: Index }): ContractionKernel {
    return {
      kind: 'contraction',
      name: this.#name,
      dtype: 'float32',
      batch,
      m: [rows],
      n: [this.#plan.columns / this.#plan.groups],
      k: [depth],
      lhs: [of.lhs],
      rhs: [of.rhs],
      sliding: [],
      epilogue: [{ op: 'accumulator', dtype: 'float32', output: 0 }],
      stores: [{ buffer: of.out, index: of.at, node: 0 }],
    }
  }

  #tilesToMatrices(from: Operand, to: BufferId, image: readonly [rows: number, across: number, columns: number], matrix: Matrix): LoopKernel {
    const { tileRows, tilesAcross } = this.#plan
    const { first, images } = this.#chunk
    const columns = image[2]
    const space = [images, tileRows, tilesAcross, columns]
    const [number, row, across, column] = dimVector(4) as [Index, Index, Index, Index] // four
    const twice = (of: Index, more: number): Index => addIndex(scaleIndex(of, 2), constantIndex(more), space)
    return this.#transform({
      space,
      matrix,
      from,
      to,
      read: (i, j) => flattenIndex([addIndex(number, constantIndex(first), space), twice(row, i), twice(across, j), column], [this.#plan.images, ...image], space),
      write: (i, j) => flattenIndex([constantIndex(4 * i + j), number, row, across, column], [products, ...space], space),
    })
  }

  #transform({ space, matrix, from, to, read, write }: Transform): LoopKernel {
    const nodes: Node[] = []
    const push = (node: Node): NodeId => nodes.push(node) - 1
    const apply = (primitive: 'add' | 'sub' | 'mul', ...inputs: readonly NodeId[]): NodeId => push({ op: 'apply', primitive, params: {}, dtype: 'float32', inputs })
    const size = matrix[0]!.length
    const elements = range(size).map((i) => range(size).map((j) => {
      const before = nodes.length
      nodes.push(...from(read(i, j), space).map((n) => shiftNode(n, before)))
      return nodes.length - 1
    }))
    const combined = (coefficients: readonly number[], of: (i: number) => NodeId): NodeId => {
      const { terms, scale } = combinationOf(coefficients)
      const [first, ...rest] = terms
      const sum = rest.reduce((sum, { minus, i }) => apply(minus ? 'sub' : 'add', sum, of(i)), of(first!.i))
      return scale === 1 ? sum : apply('mul', sum, push({ op: 'literal', dtype: 'float32', value: scale }))
    }
    const stores = matrix.flatMap((row, j) => {
      const column = range(size).map((i) => combined(row, (k) => elements[i]![k]!))
      return matrix.map((coefficients, i) => ({ buffer: to, index: write(i, j), node: combined(coefficients, (k) => column[k]!) }))
    })
    return { kind: 'loop', name: this.#name, space, stages: [{ kind: 'map', inner: [], nodes, stores }] }
  }
}
