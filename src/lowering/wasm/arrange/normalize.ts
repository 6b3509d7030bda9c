/**
 * Loop nests in their simplest form: no axis of one element, axes split where an index map divides them evenly (so that the
 * division vanishes), neighbouring axes merged wherever every index map steps through both as through one.
 */
import { coefficientOf, constantIndex, dimIndex, type DimMap, eachIndex, type Index, type LoopKernel, rewriteStage, type Stage } from '../../kernel-ir/index.ts'

/** `fixedOuter`: the first axis stays as it is, since others count by it. */
export function normalizeLoop(kernel: LoopKernel, fixedOuter = false): LoopKernel {
  const fixed = fixedOuter ? 1 : 0
  let now = dropUnitAxes(kernel, fixed)
  // Every round removes a division, so the number of rounds is bounded by their number; eight is far beyond what fusion makes.
  for (let round = 0; round < 8; round++) {
    now = mergeAxes(now, fixed)
    const split = splitOneAxis(now, fixed)
    if (split === null) return now
    now = split
  }
  return now
}

/** One space of loop variables becoming another: extents and the map from old to new variables. */
interface Reshaping {
  readonly extents: readonly number[]
  /** By old variable of this list of axes; variables counted from 0 inside the new list. */
  readonly into: readonly Index[]
}

const unchanged = (extents: readonly number[]): Reshaping => ({ extents, into: extents.map((_, d) => dimIndex(d)) })

const shifted = (index: Index, by: number): Index =>
  by === 0 ? index : { constant: index.constant, terms: index.terms.map((t) => (t.atom.kind === 'dim' ? { coefficient: t.coefficient, atom: { kind: 'dim', dim: t.atom.dim + by } } : t)) }

function reshape(kernel: LoopKernel, space: Reshaping, innerOf: (stage: Stage) => Reshaping): LoopKernel {
  const rank = kernel.space.length
  const stages = kernel.stages.map((stage) => {
    const inner = innerOf(stage)
    const table = [...space.into, ...inner.into.map((index) => shifted(index, space.extents.length))]
    const into: DimMap = (dim) => table[dim] ?? dimIndex(dim - rank + space.extents.length)
    return rewriteStage(stage, space.extents, inner.extents, into)
  })
  return { ...kernel, space: space.extents, stages }
}

function dropUnitAxes(kernel: LoopKernel, fixed: number): LoopKernel {
  const drop = (extents: readonly number[], keep: number): Reshaping => {
    const goes = (n: number, d: number): boolean => n === 1 && d >= keep
    let next = 0
    return { extents: extents.filter((n, d) => !goes(n, d)), into: extents.map((n, d) => (goes(n, d) ? constantIndex(0) : dimIndex(next++))) }
  }
  return reshape(kernel, drop(kernel.space, fixed), (stage) => (stage.kind === 'cumulative' ? unchanged(stage.inner) : drop(stage.inner, 0)))
}

function mergeAxes(kernel: LoopKernel, fixed: number): LoopKernel {
  const rank = kernel.space.length
  const merge = (extents: readonly number[], first: number, stages: readonly Stage[], from: number): Reshaping => {
    const joined = extents.map(() => false)
    for (let d = from; d + 1 < extents.length; d++) {
      const size = extents[d + 1] ?? 1
      let same = true
      for (const stage of stages)
        eachIndex(stage, (index) => {
          same &&= coefficientOf(index, first + d) === coefficientOf(index, first + d + 1) * size
        })
      joined[d + 1] = same
    }
    const out: number[] = []
    const groups = extents.map((n, d) => {
      if (joined[d] === true) out.push((out.pop() ?? 1) * n)
      else out.push(n)
      return out.length - 1
    })
    // an old axis is a digit of the merged one; its coefficient is carried by the last axis of the group, so the others become 0
    return { extents: out, into: extents.map((_, d) => (groups[d + 1] === groups[d] ? constantIndex(0) : dimIndex(groups[d] ?? 0))) }
  }
  const space = merge(kernel.space, 0, kernel.stages, fixed)
  const inner = new Map(kernel.stages.map((stage) => [stage, stage.kind === 'cumulative' ? unchanged(stage.inner) : merge(stage.inner, rank, [stage], 0)]))
  if (space.extents.length === rank && kernel.stages.every((s) => inner.get(s)?.extents.length === s.inner.length)) return kernel
  return reshape(kernel, space, (stage) => inner.get(stage) ?? unchanged(stage.inner))
}

/** Splits the first axis d of extent n under a division or remainder of d alone by a divisor of n: d = divisor·q + r. */
function splitOneAxis(kernel: LoopKernel, fixed: number): LoopKernel | null {
  const rank = kernel.space.length
  for (const stage of kernel.stages) {
    const sizes = [...kernel.space, ...stage.inner]
    let found: { dim: number; by: number } | null = null
    eachIndex(stage, (index) => {
      for (const { atom } of index.terms) {
        if (found !== null || atom.kind === 'dim') continue
        const [term, ...more] = atom.of.terms
        if (term === undefined || more.length > 0 || term.atom.kind !== 'dim' || atom.of.constant !== 0) continue
        const by = atom.by / term.coefficient
        const { dim } = term.atom
        if (!Number.isInteger(by) || by < 2 || (sizes[dim] ?? 0) % by !== 0 || dim < fixed || (dim >= rank && stage.kind === 'cumulative')) continue
        found = { dim, by }
      }
    })
    if (found === null) continue
    const { dim, by }: { dim: number; by: number } = found
    if (dim < rank) return splitSpaceAxis(kernel, dim, by)
    return reshape(kernel, unchanged(kernel.space), (s) => (s === stage ? splitting(s.inner, dim - rank, by) : unchanged(s.inner)))
  }
  return null
}

const splitting = (extents: readonly number[], at: number, by: number): Reshaping => ({
  extents: extents.flatMap((n, d) => (d === at ? [n / by, by] : [n])),
  into: extents.map((_, d) => (d === at ? { constant: 0, terms: [{ coefficient: by, atom: { kind: 'dim', dim: d } }, { coefficient: 1, atom: { kind: 'dim', dim: d + 1 } }] } : dimIndex(d > at ? d + 1 : d))),
})

/** Axis `at` of the space as two: n / by times by. */
export const splitSpaceAxis = (kernel: LoopKernel, at: number, by: number): LoopKernel => reshape(kernel, splitting(kernel.space, at, by), (s) => unchanged(s.inner))

/** The axes of the space in another order: its points are independent. */
export function permuteSpace(kernel: LoopKernel, order: readonly number[]): LoopKernel {
  const into = kernel.space.map((_, d) => dimIndex(order.indexOf(d)))
  return reshape(kernel, { extents: order.map((d) => kernel.space[d] ?? 1), into }, (s) => unchanged(s.inner))
}
