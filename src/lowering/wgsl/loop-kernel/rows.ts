/** How what a reduction folds lies in memory. */
import { coefficientOf, type Expression, isNested, type Stage } from '../../kernel-ir/index.ts'

/** Rows shorter than this are folded by one invocation. */
export const shortRow = 32

/** Whether most of what a stage loads has neighbouring points, not neighbouring inner elements, side by side. */
export function isByColumn(space: readonly number[], { nodes, inner }: Stage): boolean {
  const point = lastLong(space, 0)
  const element = lastLong(inner, space.length)
  if (point === null || element === null) return false
  let votes = 0
  for (const { index } of loads(nodes)) {
    if (Math.abs(coefficientOf(index, element)) === 1 || isNested(index, element)) votes--
    else if (Math.abs(coefficientOf(index, point)) === 1) votes++
  }
  return votes > 0
}

const loads = (nodes: Expression): Extract<Expression[number], { op: 'load' }>[] => nodes.filter((n) => n.op === 'load')

function lastLong(sizes: readonly number[], first: number): number | null {
  const at = sizes.findLastIndex((n) => n > 1)
  return at < 0 ? null : first + at
}
