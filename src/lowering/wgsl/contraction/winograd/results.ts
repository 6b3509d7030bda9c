/** Back from products to results. */
import { sizeOf } from '../../../../core/aval.ts'
import type { BufferId, LoopKernel, Node } from '../../../kernel-ir/index.ts'
import { combinationOf, type Matrix, products, resultMatrix, tapsResultMatrix } from '../../../winograd/matrices.ts'
import type { WinogradPlan } from '../../../winograd/plan.ts'
import { Bindings } from '../../shader/bindings.ts'
import { eachPoint } from '../../shader/each-point.ts'
import { expressionText, type Scope, storeText } from '../../expression/expression.ts'
import { indexText } from '../../expression/index-text.ts'
import type { KernelContext } from '../../shader/kernel-context.ts'
import { block } from '../../shader/module-text.ts'
import { range } from '../../shader/range.ts'
import { unravel, variableNames } from '../../shader/variables.ts'
import { blocksOf, type Chunk, tilesOf } from './chunk.ts'

/** Back from products to results, each by an invocation, and what follows them. A sum that is not finite is computed as the convolution is written. */
export function emitResults(context: KernelContext, plan: WinogradPlan, multiplied: BufferId, chunk: Chunk): void {
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
  eachPoint(context, bindings, sizeOf(space), [
    ...unravel('point', space, 'd', 0),
    `let place = ${indexText(place, scope('').variables)};`,
    ...(plan.form === 'results' ? resultText : tapText)(plan, (index) => bindings.read(multiplied, 'float32', index), chunk),
    block('if (!is_finite(sum))', [
      'sum = 0.0f;',
      block(`for (var step = 0i; step < ${sizeOf(inner)}i; step++)`, [...unravel('step', inner, 'd', space.length), ...term.statements, `sum += ${term.values.at(-1)!};`]),
    ]),
    ...result.statements,
    ...stores.map((s) => storeText(scope('r'), s, result.values, epilogue)),
  ])
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
