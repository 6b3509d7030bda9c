import { coefficientOf, eachDim, type Expression, type Index, isNested, neededBy, type ScatterKernel } from '../../kernel-ir/index.ts'
import { positionsOf } from './update.ts'

/** Dimensions of the space: those that tell where an update goes, and those of the rows that are updated together. */
export interface Rows {
  readonly updates: readonly number[]
  readonly within: readonly number[]
}

/**
 * Updates that only differ in a dimension on which no position depends are a row, if rows then meet only where they are one: if positions and
 * loop variables are digits of the address.
 */
export function rowsOf(kernel: ScatterKernel): Rows {
  const { space, nodes, index, positions } = kernel
  const all = space.map((_, d) => d)
  const telling = new Set<number>()
  for (const id of neededBy(nodes, positionsOf(kernel))) for (const i of indicesOf(nodes[id]!)) eachDim(i, (d) => telling.add(d))
  // The same position for all: only the updates' own places must differ.
  const sized = all.map((d): [number, number] => [coefficientOf(index, d), space[d]!])
  if (telling.size === 0 && affineIn(index, all) && areDigits(sized.filter(([, count]) => count > 1))) return { updates: [], within: all }
  const digits: [stride: number, count: number][] = [...positions.map((p): [number, number] => [p.stride, p.limit + 1]), ...sized]
  // An update dimension that the address does not name only repeats updates.
  const distinct = digits.filter(([stride, count], i) => count > 1 && !(stride === 0 && i >= positions.length && telling.has(i - positions.length)))
  if (!affineIn(index, all) || !areDigits(distinct)) return { updates: all, within: [] }
  return { updates: all.filter((d) => telling.has(d)), within: all.filter((d) => !telling.has(d)) }
}

const affineIn = (index: Index, dims: readonly number[]): boolean => dims.every((d) => !isNested(index, d))

/** Whether numbers below each count, times their strides, add up to different sums. */
function areDigits(digits: readonly (readonly [stride: number, count: number])[]): boolean {
  let reach = 0
  for (const [stride, count] of digits.toSorted((a, b) => a[0] - b[0])) {
    if (stride <= reach) return false
    reach += stride * (count - 1)
  }
  return true
}

function indicesOf(n: Expression[number]): readonly Index[] {
  switch (n.op) {
    case 'load':
    case 'gather':
      return [n.index, ...n.guards.map((g) => g.index)]
    case 'index':
      return [n.index]
    case 'guarded':
      return n.guards.map((g) => g.index)
    default:
      return []
  }
}
