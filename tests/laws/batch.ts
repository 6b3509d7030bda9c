/** Batches of a program's operands, and the program mapped over them. */
import { type NDArray, np, vmap } from 'pullback'
import type { Program } from 'pullback/testing'

type Fn = (...xs: NDArray[]) => NDArray[]

export interface Batch {
  readonly size: number
  /** What each call is given. */
  readonly calls: readonly (readonly NDArray[])[]
  /** Where the operands of all calls stand side by side; null for those that all calls share. */
  readonly axes: readonly (number | null)[]
  readonly operands: readonly NDArray[]
}

/** Batches of a program's operands: some along an axis, some shared by all. */
export function batchOf(f: Program, seed: number, size: number = 1 + (seed % 3), share = true): Batch {
  const each = Array.from({ length: size }, (_, i) => f.args(seed + i))
  const axes = f.operands.map(({ shape }, i) => (share && ((seed >> (3 * i)) & 3) === 3 && i > 0 ? null : (seed >> (2 * i)) % (shape.length + 1)))
  const calls = each.map((xs) => xs.map((x, i) => (axes[i] === null ? each[0]![i]! : x)))
  return { size, calls, axes, operands: axes.map((a, i) => (a === null ? each[0]![i]! : np.stack(each.map((xs) => xs[i]!), a))) }
}
export const mapped = (f: Fn, { axes, size }: Batch): Fn => vmap(f, [...axes], 0, { axisSize: size })

