/**
 * The depth of a contraction in its blocks: which of them a workgroup adds up, and what becomes of the sums. Where results are too few to keep a device
 * busy, workgroups of their own have parts of the depth, whose sums a second shader adds up.
 */
import { sizeOf } from '../../../core/aval.ts'
import { cutDepth, type DepthCuts, slicesOf } from '../../depth-cuts.ts'
import { type BufferId, type ContractionKernel, type Expression, writesOfKernel } from '../../kernel-ir/index.ts'
import { Bindings } from '../shader/bindings.ts'
import { eachPoint } from '../shader/each-point.ts'
import { expressionText, storeText } from '../expression/expression.ts'
import { fits, type KernelContext } from '../shader/kernel-context.ts'
import { block } from '../shader/module-text.ts'
import { literalOf } from '../shader/types.ts'
import { unravel, variableNames } from '../shader/variables.ts'

/** Workgroups that keep a device busy. */
export const busy = 64
/** So many do too, where more would take a second shader, and memory for the sums of all parts. */
const enough = busy / 2
/** Elements of the sums of all parts, at most. */
const mostSums = 2 ** 22

/** Part p has the blocks from ⌊p blocks / count⌋ on, as slices do. */
export interface DepthParts {
  readonly cuts: DepthCuts
  readonly slices: number
  readonly count: number
}

export const undivided = ({ k }: ContractionKernel): DepthParts => ({ cuts: { split: 0, inner: k, times: 1, blocks: 1 }, slices: 1, count: 1 })

/**
 * A part for every block, or none where there are workgroups enough. Of sums that take too much memory the parts are slices; where there are none the
 * order is one of longer parts, which other devices do not have.
 */
export function partsOf(kernel: ContractionKernel, groups: number): DepthParts {
  const cuts = cutDepth(kernel.k)
  const slices = slicesOf(kernel, cuts.blocks)
  const most = Math.floor(mostSums / (sizeOf(kernel.batch) * sizeOf(kernel.m) * sizeOf(kernel.n)))
  const count = cuts.blocks <= most && (groups < enough || slices > 1) ? cuts.blocks : slices > 1 ? slices : groups >= enough ? 1 : Math.max(1, Math.min(cuts.blocks, most, Math.ceil((2 * busy) / groups)))
  return { cuts, slices, count }
}

/** Statements for each block of a part: `panels`, which go from step `begin` to `end`, then `ended`. */
export function eachBlock({ cuts, count }: DepthParts, k: readonly number[], panels: readonly string[], ended: readonly string[]): string[] {
  const { split, inner, times, blocks } = cuts
  if (blocks === 1) return ['let begin = 0i;', `let end = ${sizeOf(k)}i;`, ...panels]
  const length = sizeOf(inner)
  const outer = sizeOf(k.slice(split))
  const of = (block: string): string[] =>
    times === 1 || outer === times * length
      ? [`let begin = ${block} * ${length}i;`, `let end = begin + ${length}i;`]
      : [`let begin = ${block} / ${times}i * ${outer}i + ${block} % ${times}i * ${length}i;`, `let end = min(begin + ${length}i, (${block} / ${times}i + 1i) * ${outer}i);`]
  if (count === blocks) return [...of('part'), ...panels]
  const [first, last] = count === 1 ? ['0i', `${blocks}i`] : [`part * ${blocks}i / ${count}i`, `(part + 1i) * ${blocks}i / ${count}i`]
  return [block(`for (var which = ${first}; which < ${last}; which++)`, [...of('which'), ...panels, ...ended])]
}

/** Whether workgroups of such parts add up several blocks each. */
export const hasTotals = ({ cuts, count }: DepthParts): boolean => count < cuts.blocks

/** What follows the product, on sums in memory: those of the first part of all results, then those of the second. False: one shader cannot bind it all. */
export function emitSumOfParts(context: KernelContext, kernel: ContractionKernel, { slices, count }: DepthParts, sums: BufferId): boolean {
  const { batch, m, n, dtype, epilogue, stores } = kernel
  const space = [...batch, ...m, ...n]
  const reads = readsOf(epilogue)
  const writes = [...writesOfKernel(kernel)]
  if (!fits(context, [...reads, ...writes, sums])) return false
  const bindings = new Bindings(context, [...reads, sums], writes)
  const scope = { bindings, variables: { sizes: space, names: variableNames(space, 'd') }, prefix: 'e', reduced: () => '', accumulator: () => 'sum' }
  const { statements, values } = expressionText(scope, epilogue, stores.map((s) => s.node))
  const points = sizeOf(space)
  const zero = literalOf(dtype, 0)
  const add = (to: string, from: string, last: string): string => block(`for (${from}; part < ${last}; part++)`, [`${to} += ${bindings.read(sums, dtype, `(part * ${points}i + point)`)};`])
  eachPoint(context, bindings, points, [
    ...unravel('point', space, 'd', 0),
    `var sum = ${zero};`,
    ...(slices === 1
      ? [add('sum', 'var part = 0i', `${count}i`)]
      : ['var part = 0i;', block(`for (var slice = 1i; slice <= ${slices}i; slice++)`, [`var own = ${zero};`, add('own', '', `slice * ${count}i / ${slices}i`), 'sum += own;'])]),
    ...statements,
    ...stores.map((s) => storeText(scope, s, values, epilogue)),
  ])
  return true
}

const readsOf = (nodes: Expression): BufferId[] => nodes.flatMap((n) => (n.op === 'load' || n.op === 'gather' ? n.buffer : []))
