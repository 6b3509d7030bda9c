/**
 * Convolutions by Winograd's algorithm as shaders: operands are brought into images and taps, transformed into sixteen
 * matrices, multiplied, and transformed back. All is added in the order that WebAssembly's code has, so devices round alike.
 * A result that is no finite number is computed again as the convolution is written.
 */
import { sizeOf } from '../../core/aval.ts'
import { addIndex, type BufferId, constantIndex, type ContractionKernel, dimIndex, dimVector, type Expression, flattenIndex, floorDivIndex, type Guard, type Index, type LoopKernel, modIndex, type Node, type NodeId, readsOfKernel, renameBuffers, scaleIndex, shiftNode, type Sizes, unflattenIndex, writesOfKernel } from '../kernel-ir/index.ts'
import { rewriteNodes } from '../kernel-ir/rewrite.ts'
import { combinationOf, dataMatrix, gradientMatrix, type Matrix, products, resultMatrix, tapsMatrix, tapsResultMatrix } from '../winograd/matrices.ts'
import { planWinograd, type WinogradPlan } from '../winograd/plan.ts'
import { Bindings } from './bindings.ts'
import { expressionText, type Scope, storeText } from './expression.ts'
import { indexText } from './index-text.ts'
import { fits, type KernelContext } from './kernel-context.ts'
import { emitLoop } from './loop-kernel.ts'
import { block } from './module-text.ts'
import { unravel, variableNames } from './variables.ts'

/** Each chunk has shaders of its own: from so many on, what a convolution gains is not worth their compilation. */
const mostChunks = 8
/** Nodes of an operand that are rather evaluated for each tile than stored. */
const mostRepeated = 4
/** Invocations that make results. */
const workgroup = 64
/** No buffer of a program has a number this high: what the plan's loops call their scratch memory. */
const scratchBuffers: BufferId = 1 << 28

/** Emits a convolution for which the algorithm pays, its products by `multiply`; else gives false. */
export function emitWinograd(context: KernelContext, kernel: ContractionKernel, multiply: (product: ContractionKernel) => void): boolean {
  const plan = planWinograd(kernel, scratchBuffers)
  if (plan === null) return false
  if (!fits(context, [...readsOfKernel(kernel), ...writesOfKernel(kernel)], 1)) return false
  const chunks = chunksOf(plan, context.winogradBytes)
  if (chunks === null) return false
  const { groups, channels, columns } = plan
  const results = plan.form === 'results'
  const temp = (...sizes: number[]): BufferId => context.temp('float32', sizeOf(sizes))
  const most = Math.max(...chunks.map((c) => tilesOf(plan, c)))
  const lhs = temp(products, most, groups * channels)
  const rhs = temp(products, results ? channels : most, columns)
  const multiplied = temp(products, results ? most : blocksOf(plan) * channels, columns)
  const operandOf = (loop: LoopKernel): Operand => (loop.stages[0]!.nodes.length <= mostRepeated ? inPlace(loop) : inMemory(context, loop))
  const [data, other] = [operandOf(plan.data), operandOf(plan.other)]
  if (results) emitLoop(context, new Stages(kernel.name, plan, chunks[0]!).tapsToMatrices(other, rhs))
  for (const chunk of chunks) {
    const stages = new Stages(kernel.name, plan, chunk)
    emitLoop(context, stages.dataToMatrices(data, lhs))
    if (!results) emitLoop(context, stages.gradientsToMatrices(other, rhs))
    multiply(results ? stages.product(lhs, rhs, multiplied) : stages.blockProducts(lhs, rhs, multiplied))
    if (results) emitResults(context, plan, multiplied, chunk)
  }
  if (!results) emitResults(context, plan, multiplied, all(plan))
  return true
}

/** Images that go through the matrices at a time. */
interface Chunk {
  readonly first: number
  readonly images: number
}
const all = ({ images }: WinogradPlan): Chunk => ({ first: 0, images })

/** Images in chunks whose matrices have no more than so many bytes, blocks in one piece; null where that cannot be, or would take too many. What is summed together is the same, however many chunks there are. */
function chunksOf(plan: WinogradPlan, mostBytes: number): readonly Chunk[] | null {
  const { images, groups, channels, columns, blockImages, form } = plan
  const bytes = (elements: number): number => 4 * products * elements
  const together = form === 'results' ? 1 : blockImages
  const each = bytes(tilesOf(plan, { first: 0, images: together }) * Math.max(groups * channels, columns))
  const fixed = form === 'results' ? bytes(channels * columns) : bytes(blocksOf(plan) * channels * columns)
  if (Math.max(each, fixed) > mostBytes) return null
  const most = Math.floor(mostBytes / each) * together
  if (images > mostChunks * most) return null
  return Array.from({ length: Math.ceil(images / most) }, (_, i) => ({ first: i * most, images: Math.min(most, images - i * most) }))
}

const tilesOf = ({ tileRows, tilesAcross }: WinogradPlan, { images }: Chunk): number => images * tileRows * tilesAcross
const blocksOf = ({ blocks, blocksOfImage }: WinogradPlan): number => blocks * blocksOfImage

/** Nodes for an element of what the plan's loop writes, at a flat place in terms of a space. */
type Operand = (place: Index, space: Sizes) => Expression

/** Evaluated wherever it is needed: several times, since tiles overlap. */
function inPlace(loop: LoopKernel): Operand {
  return (place, space) => {
    const dims = unflattenIndex(place, loop.space, space)
    return rewriteNodes(loop.stages[0]!.nodes, (dim) => dims[dim]!, space)
  }
}

/** Evaluated once, and read from memory. */
function inMemory(context: KernelContext, loop: LoopKernel): Operand {
  const buffer = context.temp('float32', sizeOf(loop.space))
  emitLoop(context, renameBuffers(loop, (b) => (b >= scratchBuffers ? buffer : b)))
  return (place) => [load(buffer, place)]
}

/** A kernel that takes a square of elements at each point of a space, and writes M X Mᵀ of them. */
interface Transform {
  readonly space: Sizes
  readonly matrix: Matrix
  readonly from: Operand
  readonly to: BufferId
  readonly read: (i: number, j: number) => Index
  readonly write: (i: number, j: number) => Index
}

class Stages {
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

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i)
const load = (buffer: BufferId, index: Index, guards: readonly Guard[] = []): Node => ({ op: 'load', dtype: 'float32', buffer, index, guards, otherwise: 0 })

/** Back from products to results, each by an invocation, and what follows them. A sum that is not finite is computed as the convolution is written. */
function emitResults(context: KernelContext, plan: WinogradPlan, multiplied: BufferId, chunk: Chunk): void {
  const [{ nodes: product, inner }, { nodes, stores }] = [plan.direct.stages[0] as ReduceStage, plan.epilogue.stages[0] as MapStage] // as the plan makes them
  const { space } = plan.epilogue
  const isSum = (n: Node): n is Extract<Node, { op: 'load' }> => n.op === 'load' && n.buffer === plan.buffers.sums
  const place = nodes.find(isSum)!.index
  const epilogue = nodes.map((n): Node => (isSum(n) ? { op: 'accumulator', dtype: 'float32', output: 0 } : n))
  const reads = [...product, ...epilogue].flatMap((n) => (n.op === 'load' || n.op === 'gather' ? n.buffer : []))
  const bindings = new Bindings(context, [...reads, multiplied], stores.map((s) => s.buffer))
  const sizes = [...space, ...inner]
  const scope = (prefix: string): Scope => ({ bindings, variables: { sizes, names: variableNames(sizes, 'd') }, prefix, reduced: () => '', accumulator: () => 'sum' })
  const term = expressionText(scope('e'), product)
  const result = expressionText(scope('r'), epilogue, stores.map((s) => s.node))
  const points = sizeOf(space)
  context.dispatch({
    bindings,
    threads: workgroup,
    groups: Math.ceil(points / workgroup),
    declarations: [],
    body: [
      `let point = group * ${workgroup}i + local;`,
      block(`if (point < ${points}i)`, [
        ...unravel('point', space, 'd', 0),
        `let place = ${indexText(place, scope('').variables)};`,
        ...(plan.form === 'results' ? resultText : tapText)(plan, (index) => bindings.read(multiplied, 'float32', index), chunk),
        block('if (!is_finite(sum))', [
          'sum = 0.0f;',
          block(`for (var step = 0i; step < ${sizeOf(inner)}i; step++)`, [...unravel('step', inner, 'd', space.length), ...term.statements, `sum += ${term.values.at(-1)!};`]),
        ]),
        ...result.statements,
        ...stores.map((s) => storeText(scope('r'), s, result.values, epilogue)),
      ]),
    ],
  })
}

type ReduceStage = Extract<LoopKernel['stages'][number], { kind: 'reduce' }>
type MapStage = Extract<LoopKernel['stages'][number], { kind: 'map' }>

/** `sum`, of the products `[product][tile][column]`; `place` counts `[image][2 rows][2 across][column]`, columns padded. */
function resultText(plan: WinogradPlan, read: (index: string) => string, chunk: Chunk): string[] {
  const { tileRows, tilesAcross, columns, paddedColumns } = plan
  const { first, images } = chunk
  return [
    `let pixel = place / ${paddedColumns}i${first === 0 ? '' : ` - ${4 * first * tileRows * tilesAcross}i`};`,
    // Points of other images are other chunks'.
    ...(images === plan.images ? [] : [`if (pixel < 0i || pixel >= ${4 * images * tileRows * tilesAcross}i) { return; }`]),
    `let across = pixel % ${2 * tilesAcross}i;`,
    `let row = pixel / ${2 * tilesAcross}i % ${2 * tileRows}i;`,
    `let tile = (pixel / ${4 * tilesAcross * tileRows}i * ${tileRows}i + row / 2i) * ${tilesAcross}i + across / 2i;`,
    `let first = tile * ${columns}i + place % ${paddedColumns}i;`,
    ...range(products).map((p) => `let m${p} = ${read(`(first + ${p * tilesOf(plan, chunk) * columns}i)`)};`),
    ...transformText(resultMatrix, 'row % 2i', 'across % 2i'),
  ]
}

/** `sum`, of the products `[product][block][channel][column]`; `place` counts `[3][3][channel][column]`, columns padded. Slices of the blocks are summed, then the slices. */
function tapText(plan: WinogradPlan, read: (index: string) => string): string[] {
  const { channels, columns, paddedColumns, slices } = plan
  const blocks = blocksOf(plan)
  const each = (line: (p: number) => string): string[] => range(products).map(line)
  const at = (p: number): string => `(first + ${p * blocks * channels * columns}i)`
  return [
    `let tap = place / ${channels * paddedColumns}i;`,
    `var first = place / ${paddedColumns}i % ${channels}i * ${columns}i + place % ${paddedColumns}i;`,
    ...each((p) => `var m${p} = 0.0f;`),
    'var summed = 0i;',
    block(`for (var slice = 1i; slice <= ${slices}i; slice++)`, [
      ...each((p) => `var s${p} = ${read(at(p))};`),
      `first += ${channels * columns}i;`,
      'summed += 1i;',
      block(`while (summed < slice * ${blocks}i / ${slices}i)`, [...each((p) => `s${p} += ${read(at(p))};`), `first += ${channels * columns}i;`, 'summed += 1i;']),
      ...each((p) => `m${p} += s${p};`),
    ]),
    ...transformText(tapsResultMatrix, 'tap / 3i', 'tap % 3i'),
  ]
}

/** `sum`: the element of M X Mᵀ in this row and column, of the square X of `m0` … `m15`. */
function transformText(matrix: Matrix, row: string, column: string): string[] {
  const combined = (coefficients: readonly number[], of: (i: number) => string): string => {
    const { terms } = combinationOf(coefficients) // of scale 1
    return terms.map(({ minus, i }, at) => `${at === 0 ? '' : minus ? ' - ' : ' + '}${of(i)}`).join('')
  }
  const chosen = (which: string, of: (i: number) => string): string =>
    matrix.slice(1).reduce((text, coefficients, at) => `select(${text}, ${combined(coefficients, of)}, ${which} == ${at + 1}i)`, combined(matrix[0]!, of))
  return [
    `let which_row = ${row};`,
    `let which_column = ${column};`,
    ...range(4).map((i) => `let c${i} = ${chosen('which_column', (j) => `m${4 * i + j}`)};`),
    `var sum = ${chosen('which_row', (i) => `c${i}`)};`,
  ]
}
