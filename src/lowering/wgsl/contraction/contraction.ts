/**
 * Contractions: a workgroup makes a tile of results, an invocation a few rows and columns of it, from panels of 16 steps of the
 * depth that the workgroup keeps in its memory. What stands before and after the product is evaluated on the way into the
 * panels and out of the sums, so convolutions and their gradients are nothing else.
 *
 * A deep product is added up in blocks of the depth, those of few results by a second shader; one with few rows, columns or
 * steps is a row kernel.
 */
import { sizeOf } from '../../../core/aval.ts'
import { type BufferId, coefficientOf, constantIndex, contractionAsLoop, type ContractionKernel, dimIndex, dimVector, type Expression, flattenIndex, type Index, isNested, isTiny, type LoopKernel, type Node, readsOfKernel, rewriteNodes, rewriteStores, writesOfKernel } from '../../kernel-ir/index.ts'
import { Bindings } from '../shader/bindings.ts'
import { expressionText, type Scope, storeText } from '../expression/expression.ts'
import { busy, type DepthParts, eachBlock, emitSumOfParts, hasTotals, partsOf, undivided } from './depth-parts.ts'
import { fits, type KernelContext, tooManyBindings } from '../shader/kernel-context.ts'
import { emitLoop } from '../loop-kernel/loop-kernel.ts'
import { block } from '../shader/module-text.ts'
import { type Bound, boxesOf, fitsInBoxes, hasLarge, isAll } from '../shader/pieces.ts'
import { range } from '../shader/range.ts'
import { type Box, boxOf, everywhere, intoBox, type Touched } from '../shader/spans.ts'
import { typeOf } from '../shader/types.ts'
import { unravel, variableNames } from '../shader/variables.ts'
import { emitWinograd } from './winograd/index.ts'

/** Steps of the depth in a panel. */
const panel = 16
/** Products with fewer rows, columns or steps are no work for tiles. */
const skinny = 4

/** A product that is no work for tiles, as a loop; else null. */
export function thinAsLoop(kernel: ContractionKernel): LoopKernel | null {
  const tiny = isTiny(kernel)
  return tiny || [kernel.m, kernel.n, kernel.k].some((axes) => sizeOf(axes) <= skinny) ? contractionAsLoop(kernel, tiny) : null
}

/** `whole`: the depth is added up in one piece. */
export function emitContraction(context: KernelContext, kernel: ContractionKernel, whole = false): void {
  const [rows, columns] = [sizeOf(kernel.m), sizeOf(kernel.n)]
  const batches = sizeOf(kernel.batch)
  if (batches * rows * columns === 0) return
  const thin = thinAsLoop(kernel)
  if (thin !== null) return emitLoop(context, thin)
  if (context.winograd && emitWinograd(context, kernel, (product) => emitContraction(context, product, true))) return
  emitPieces(context, kernel, whole)
}

/** Results in boxes, each of which a shader can bind. */
function emitPieces(context: KernelContext, kernel: ContractionKernel, whole: boolean): void {
  const factors: Bound = { buffers: factorsOf(kernel), touched: (all, box) => { touchesFactors(kernel, all, [...box, ...boxOf(kernel.k)]) }, more: 1 }
  if (hasLarge(context, factors.buffers) && !fitsInBoxes(context, spaceOf(kernel), factors)) return emitApart(context, kernel, whole)
  const boxes = boxesOf(context, spaceOf(kernel), boundBy(kernel))
  if (boxes === null) return emitTiles(context, kernel, whole)
  for (const { box, spans } of boxes) context.apart(spans, () => { emitTiles(context, restricted(kernel, [...box, ...boxOf(kernel.k)]), whole) })
}

function emitTiles(context: KernelContext, kernel: ContractionKernel, whole: boolean): void {
  const [rows, columns, batches] = [sizeOf(kernel.m), sizeOf(kernel.n), sizeOf(kernel.batch)]
  if (!fits(context, factorsOf(kernel), 1)) return emitApart(context, kernel, whole)
  const tile = tileOf(rows, columns, batches)
  const parts = whole ? undivided(kernel) : partsOf(kernel, batches * Math.ceil(rows / tile.rows) * Math.ceil(columns / tile.columns))
  if (parts.count === 1 && fits(context, [...readsOfKernel(kernel), ...writesOfKernel(kernel)])) return new TileShader(context, kernel, tile, parts, null).emit()
  const sums = context.temp(kernel.dtype, parts.count * batches * rows * columns)
  new TileShader(context, kernel, tile, parts, sums).emit()
  if (emitSumOfParts(context, kernel, parts, sums)) return
  const totals = parts.count === 1 ? sums : context.temp(kernel.dtype, batches * rows * columns)
  if (totals !== sums && !emitSumOfParts(context, productAlone(kernel, totals), parts, sums)) throw tooManyBindings(context, kernel.name, [totals, sums].map((b) => context.locate(b).place))
  emitLoop(context, epilogueOf(kernel, totals))
}

/** What results in a box, over all of the depth, are made from and where they go. */
function boundBy(kernel: ContractionKernel): Bound {
  const { epilogue, stores } = kernel
  return { buffers: new Set([...readsOfKernel(kernel), ...writesOfKernel(kernel)]), touched: (all, box) => { touchesFactors(kernel, all, [...box, ...boxOf(kernel.k)]); all.stage({ kind: 'map', inner: [], nodes: epilogue, stores }, box) }, more: 0 }
}

const touchesFactors = ({ lhs, rhs }: ContractionKernel, all: Touched, box: Box): void => {
  for (const nodes of [lhs, rhs]) all.nodes(nodes, box)
}

/** Results in a box of rows and columns, over steps in a box of the depth. */
function restricted(kernel: ContractionKernel, box: Box): ContractionKernel {
  if (isAll([...spaceOf(kernel), ...kernel.k], box)) return kernel
  const { batch, m, n } = kernel
  const sizes = box.map(({ size }) => size)
  const results = sizes.slice(0, spaceOf(kernel).length)
  const nodes = (list: Expression, of = sizes): Expression => rewriteNodes(list, intoBox(box), of)
  const [firstOfN, firstOfK] = [batch.length + m.length, results.length]
  return {
    ...kernel,
    batch: sizes.slice(0, batch.length),
    m: sizes.slice(batch.length, firstOfN),
    n: sizes.slice(firstOfN, firstOfN + n.length),
    k: sizes.slice(firstOfK),
    lhs: nodes(kernel.lhs),
    rhs: nodes(kernel.rhs),
    epilogue: nodes(kernel.epilogue, results),
    stores: rewriteStores(kernel.stores, intoBox(box), results),
  }
}

/** Spaces of the result, and of one step of the depth. */
const spaceOf = (k: ContractionKernel): number[] => [...k.batch, ...k.m, ...k.n]

/** Sums in memory, as the results lie. */
const sumsAt = (k: ContractionKernel): Index => flattenIndex(dimVector(spaceOf(k).length), spaceOf(k), spaceOf(k))

const productAlone = (kernel: ContractionKernel, sums: BufferId): ContractionKernel => ({ ...kernel, epilogue: [{ op: 'accumulator', dtype: kernel.dtype, output: 0 }], stores: [{ buffer: sums, index: sumsAt(kernel), node: 0 }] })

/** What follows the product. */
function epilogueOf(kernel: ContractionKernel, sums: BufferId): LoopKernel {
  const nodes = kernel.epilogue.map((n): Node => (n.op === 'accumulator' ? { op: 'load', dtype: n.dtype, buffer: sums, index: sumsAt(kernel), guards: [], otherwise: 0 } : n))
  return { kind: 'loop', name: kernel.name, space: spaceOf(kernel), stages: [{ kind: 'map', inner: [], nodes, stores: kernel.stores }] }
}

const factorsOf = (kernel: ContractionKernel): ReadonlySet<BufferId> => readsOfKernel({ ...kernel, epilogue: [] })

/** Where one shader cannot bind what the factors are made from: those that read several arrays go through memory, or else the depth is taken in pieces. */
function emitApart(context: KernelContext, kernel: ContractionKernel, whole: boolean): void {
  const factor = (side: 'lhs' | 'rhs'): Expression => {
    const nodes = kernel[side]
    const buffers = new Set(nodes.flatMap((n) => (n.op === 'load' || n.op === 'gather' ? n.buffer : [])))
    if (buffers.size <= 1) return nodes
    const [m, n] = side === 'lhs' ? [kernel.m, kernel.n.map(() => 1)] : [kernel.m.map(() => 1), kernel.n]
    const sizes = [...kernel.batch, ...m, ...n, ...kernel.k]
    const own = context.temp(kernel.dtype, sizeOf(sizes))
    const index = flattenIndex(sizes.map((size, d) => (size === 1 ? constantIndex(0) : dimIndex(d))), sizes, sizes)
    emitLoop(context, { kind: 'loop', name: kernel.name, space: sizes, stages: [{ kind: 'map', inner: [], nodes, stores: [{ buffer: own, index, node: nodes.length - 1 }] }] })
    return [{ op: 'load', dtype: kernel.dtype, buffer: own, index, guards: [], otherwise: 0 }]
  }
  const [lhs, rhs] = [factor('lhs'), factor('rhs')]
  if (lhs !== kernel.lhs || rhs !== kernel.rhs) return emitPieces(context, { ...kernel, lhs, rhs }, whole)
  emitDepthInPieces(context, kernel)
}

/** Sums over pieces of the depth so short that a shader can bind what a result of one is made from, and their sums. */
function emitDepthInPieces(context: KernelContext, kernel: ContractionKernel): void {
  const results = boxOf(spaceOf(kernel))
  const one = results.map(() => ({ first: 0, size: 1 }))
  const boxes = boxesOf(context, kernel.k, { buffers: factorsOf(kernel), touched: (all, box) => { touchesFactors(kernel, all, [...one, ...box]) }, more: 1 })
  if (boxes === null || boxes.length === 1) throw tooManyBindings(context, kernel.name, [...factorsOf(kernel), ...writesOfKernel(kernel)].map((b) => context.locate(b).place))
  const nodes: Node[] = []
  const { dtype } = kernel
  for (const { box } of boxes) {
    const sums = context.temp(dtype, sizeOf(spaceOf(kernel)))
    context.apart(everywhere, () => { emitPieces(context, restricted(productAlone(kernel, sums), [...results, ...box]), true) })
    nodes.push({ op: 'load', dtype, buffer: sums, index: sumsAt(kernel), guards: [], otherwise: 0 })
    if (nodes.length > 1) nodes.push({ op: 'apply', primitive: 'add', params: {}, dtype, inputs: [nodes.length - 2, nodes.length - 1] })
  }
  const totals = context.temp(dtype, sizeOf(spaceOf(kernel)))
  emitLoop(context, { kind: 'loop', name: kernel.name, space: spaceOf(kernel), stages: [{ kind: 'map', inner: [], nodes, stores: [{ buffer: totals, index: sumsAt(kernel), node: nodes.length - 1 }] }] })
  emitLoop(context, epilogueOf(kernel, totals))
}

interface Tile {
  readonly rows: number
  readonly columns: number
  /** Rows and columns of each invocation, by four. */
  readonly rowQuads: number
  readonly columnQuads: number
}

/** Sides of 64, or less where there is less, or where 64 would leave too few workgroups. */
function tileOf(rows: number, columns: number, batches: number): Tile {
  const side = (n: number, most: number): number => (n <= 16 ? 16 : n <= 32 ? 32 : most)
  const tiles = (a: number, b: number): number => batches * Math.ceil(rows / a) * Math.ceil(columns / b)
  const most = tiles(side(rows, 64), side(columns, 64)) >= busy ? 64 : 32
  const [r, c] = [side(rows, most), side(columns, most)]
  return { rows: r, columns: c, rowQuads: r === 64 ? 2 : 1, columnQuads: c === 64 ? 2 : 1 }
}

class TileShader {
  readonly #context: KernelContext
  readonly #kernel: ContractionKernel
  readonly #tile: Tile
  readonly #parts: DepthParts
  /** Where each part's sums go; null: there is one, and its sums are finished at once. */
  readonly #sums: BufferId | null
  readonly #bindings: Bindings
  readonly #sizes: readonly number[]
  readonly #threads: number

  constructor(context: KernelContext, kernel: ContractionKernel, tile: Tile, parts: DepthParts, sums: BufferId | null) {
    this.#context = context
    this.#kernel = kernel
    this.#tile = tile
    this.#parts = parts
    this.#sums = sums
    this.#sizes = [...kernel.batch, ...kernel.m, ...kernel.n, ...kernel.k]
    this.#threads = (tile.rows / (4 * tile.rowQuads)) * (tile.columns / (4 * tile.columnQuads))
    this.#bindings = sums === null ? new Bindings(context, readsOfKernel(kernel), writesOfKernel(kernel)) : new Bindings(context, factorsOf(kernel), [sums])
  }

  #scope(prefix: string): Scope {
    return { bindings: this.#bindings, variables: { sizes: this.#sizes, names: variableNames(this.#sizes, 'd') }, prefix, reduced: () => '', accumulator: () => 'sum' }
  }

  emit(): void {
    const { batch, m, n, dtype } = this.#kernel
    const [batches, rows, columns] = [sizeOf(batch), sizeOf(m), sizeOf(n)]
    const tile = this.#tile
    const [rowTiles, columnTiles] = [Math.ceil(rows / tile.rows), Math.ceil(columns / tile.columns)]
    const parts = this.#parts.count
    const groups = parts * batches * rowTiles * columnTiles
    const type = typeOf(dtype)
    // Quads of rows and columns of one invocation stand so many quads apart.
    const across = tile.columns / (4 * tile.columnQuads)
    const down = tile.rows / (4 * tile.rowQuads)
    const each = (f: (i: number, j: number) => string): string[] => range(4 * tile.rowQuads).flatMap((i) => range(tile.columnQuads).map((j) => f(i, j)))
    const ofFour = `vec4<${type}>`
    const panels = block(`for (var start = begin; start < end; start += ${panel}i)`, [
      this.#fill('lhs'),
      this.#fill('rhs'),
      'workgroupBarrier();',
      block(`for (var k = 0i; k < ${panel}i; k++)`, [
        ...range(tile.rowQuads).map((i) => `let x${i} = lhs_panel[k * ${tile.rows / 4}i + own_row + ${i * down}i];`),
        ...range(tile.columnQuads).map((j) => `let y${j} = rhs_panel[k * ${tile.columns / 4}i + own_column + ${j * across}i];`),
        ...each((i, j) => `s${i}_${j} += x${Math.floor(i / 4)}.${'xyzw'[i % 4]} * y${j};`),
      ]),
      'workgroupBarrier();',
    ])
    const body = [
      // Workgroups past the end come to every barrier, and store nothing.
      ...(groups === 1 ? [] : [`let live = group < ${groups}i;`]),
      `let number = min(group, ${groups - 1}i);`,
      `let column_tile = number % ${columnTiles}i;`,
      `let row_tile = (number / ${columnTiles}i) % ${rowTiles}i;`,
      `let batch = (number / ${columnTiles * rowTiles}i) % ${batches}i;`,
      ...(parts === 1 ? [] : [`let part = number / ${columnTiles * rowTiles * batches}i;`]),
      ...unravel('batch', batch, 'd', 0),
      `let own_row = local / ${across}i;`,
      `let own_column = local % ${across}i;`,
      ...each((i, j) => `var s${i}_${j} = ${ofFour}();`),
      ...(hasTotals(this.#parts) ? [`var sums = array<${ofFour}, ${4 * tile.rowQuads * tile.columnQuads}>();`] : []),
      ...eachBlock(this.#parts, this.#kernel.k, [panels], each((i, j) => `sums[${i * tile.columnQuads + j}] += s${i}_${j}; s${i}_${j} = ${ofFour}();`)),
      ...(hasTotals(this.#parts) ? [] : [`var sums = array<${ofFour}, ${4 * tile.rowQuads * tile.columnQuads}>(${each((i, j) => `s${i}_${j}`).join(', ')});`]),
      block(`for (var i = 0i; i < ${16 * tile.rowQuads * tile.columnQuads}i; i++)`, [
        `let own = i / ${4 * tile.columnQuads}i;`,
        `let row = row_tile * ${tile.rows}i + (own_row + (own / 4i) * ${down}i) * 4i + own % 4i;`,
        `let column = column_tile * ${tile.columns}i + (own_column + (i / 4i) % ${tile.columnQuads}i * ${across}i) * 4i + i % 4i;`,
        block(`if (${groups === 1 ? '' : 'live && '}row < ${rows}i && column < ${columns}i)`, ['let sum = sums[i / 4i][i % 4i];', ...this.#results(rows, columns, batches)]),
      ]),
    ]
    this.#context.dispatch({
      bindings: this.#bindings,
      threads: this.#threads,
      groups,
      declarations: [`var<workgroup> lhs_panel: array<${ofFour}, ${(tile.rows * panel) / 4}>;`, `var<workgroup> rhs_panel: array<${ofFour}, ${(tile.columns * panel) / 4}>;`],
      body,
    })
  }

  #results(rows: number, columns: number, batches: number): string[] {
    const { batch, m, n, epilogue, stores, dtype } = this.#kernel
    if (this.#sums !== null) return [this.#bindings.write(this.#sums, dtype, `((${this.#parts.count === 1 ? 'batch' : `(part * ${batches}i + batch)`} * ${rows}i + row) * ${columns}i + column)`, 'sum')]
    const scope = this.#scope('e')
    const { statements, values } = expressionText(scope, epilogue, stores.map((s) => s.node))
    return [...unravel('row', m, 'd', batch.length), ...unravel('column', n, 'd', batch.length + m.length), ...statements, ...stores.map((s) => storeText(scope, s, values, epilogue))]
  }

  /** Invocations fill a panel by four rows or columns at a time, neighbours what stands side by side in memory; what is past the edges is zero. */
  #fill(side: 'lhs' | 'rhs'): string {
    const { batch, m, n, k, dtype } = this.#kernel
    const nodes = this.#kernel[side]
    const firstOfK = batch.length + m.length + n.length
    const [line, axes, first, length] = side === 'lhs' ? (['row', m, batch.length, this.#tile.rows] as const) : (['column', n, batch.length + m.length, this.#tile.columns] as const)
    const { statements, values } = expressionText(this.#scope(side === 'lhs' ? 'l' : 'r'), nodes, [nodes.length - 1])
    const quads = length / 4
    const [step, quad] = readsAlong(nodes, lastLong(k, firstOfK), lastLong(axes, first)) ? [`e % ${panel}i`, `e / ${panel}i`] : [`e / ${quads}i`, `e % ${quads}i`]
    return block(`for (var e = local; e < ${quads * panel}i; e += ${this.#threads}i)`, [
      `let step = start + ${step};`,
      `var four = vec4<${typeOf(dtype)}>();`,
      block('for (var q = 0i; q < 4i; q++)', [
        `let ${line} = ${line}_tile * ${length}i + (${quad}) * 4i + q;`,
        block(`if (${line} < ${sizeOf(axes)}i && step < end)`, [...unravel(line, axes, 'd', first), ...unravel('step', k, 'd', firstOfK), ...statements, `four[q] = ${values.at(-1)!};`]),
      ]),
      `${side}_panel[(${step}) * ${quads}i + ${quad}] = four;`,
    ])
  }
}

function lastLong(sizes: readonly number[], first: number): number | null {
  const at = sizes.findLastIndex((n) => n > 1)
  return at < 0 ? null : first + at
}

/** Whether the first of two loop variables, rather than the other, goes through neighbours in what is loaded. */
function readsAlong(nodes: Expression, one: number | null, other: number | null): boolean {
  if (one === null || other === null) return other === null
  let votes = 0
  for (const n of nodes) {
    if (n.op !== 'load') continue
    if (Math.abs(coefficientOf(n.index, other)) === 1) votes--
    else if (Math.abs(coefficientOf(n.index, one)) === 1 || isNested(n.index, one)) votes++
  }
  return votes > 0
}
