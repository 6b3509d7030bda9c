/**
 * Long reductions that read the same elements at several points of the space, such as the gradient of a depthwise
 * convolution's taps: the points of short axes become accumulators of one pass.
 */
import { sizeOf } from '../../../core/aval.ts'
import { type Accumulator, constantIndex, dimIndex, type Index, type LoopKernel, mentions, rewriteNodes, type Stage, type Store, substitute } from '../../kernel-ir/index.ts'
import { guardReads } from './guards.ts'
import { Nodes, points } from './nodes.ts'
import { normalizeLoop } from './normalize.ts'
import { chooseMode } from './shape-of-work.ts'

/** Accumulators that the registers hold beside what is read. */
const mostAccumulators = 10
/** Nodes of the expression, at most. */
const mostNodes = 128
const fewestElements = 32

export function shareReads(given: LoopKernel): LoopKernel {
  const [reduce, map, ...more] = given.stages
  if (reduce?.kind !== 'reduce' || map?.kind !== 'map' || more.length > 0 || map.inner.length > 0) return given
  if (sizeOf(reduce.inner) < fewestElements || reduce.accumulators.some((a) => a.position !== null)) return given
  const kernel = normalizeLoop(given)
  const [first, last] = kernel.stages as [Extract<Stage, { kind: 'reduce' }>, Extract<Stage, { kind: 'map' }>] // as they were
  if (chooseMode(kernel, false) !== 'space') return given
  const axes = sharedAxes(kernel.space, first)
  const count = sizeOf(axes.map((a) => kernel.space[a]!))
  if (count === 1 || count * first.nodes.length > mostNodes) return given
  const rank = kernel.space.length
  const kept = kernel.space.flatMap((_, d) => (axes.includes(d) ? [] : [d]))
  const space = kept.map((d) => kernel.space[d]!)
  const sizes = [...space, ...first.inner]
  const guarded = guardReads(first.nodes, first.accumulators.map((a) => a.node))
  const [folded, stored] = [new Nodes(), new Nodes()]
  const accumulators: Accumulator[] = []
  const stores: Store[] = []
  for (const at of points(axes.map((a) => kernel.space[a]!))) {
    const into = (dim: number): Index => (dim >= rank ? dimIndex(dim - axes.length) : axes.includes(dim) ? constantIndex(at[axes.indexOf(dim)]!) : dimIndex(kept.indexOf(dim)))
    const ids = folded.add(rewriteNodes(guarded, into, sizes), [])
    const before = accumulators.length
    for (const a of first.accumulators) accumulators.push({ ...a, node: ids[a.node]! })
    const results = first.accumulators.map((a, k) => stored.put({ op: 'reduced', dtype: a.dtype, stage: 0, output: before + k }))
    const values = stored.add(rewriteNodes(last.nodes, into, space), results)
    for (const s of last.stores) stores.push({ ...s, index: substitute(s.index, into, space), node: values[s.node]! })
  }
  return { ...kernel, space, stages: [{ ...first, nodes: folded.nodes, accumulators }, { ...last, nodes: stored.nodes, stores }] }
}

/** Short axes, but not the last, on which some of what is read does not depend, and something does; as many as there may be accumulators. */
function sharedAxes(space: readonly number[], { nodes, accumulators }: Extract<Stage, { kind: 'reduce' }>): number[] {
  const loads = nodes.flatMap((n) => (n.op === 'load' ? [n] : []))
  const depends = (n: (typeof loads)[number], dim: number): boolean => mentions(n.index, dim) || n.guards.some((g) => mentions(g.index, dim))
  const axes: number[] = []
  let room = Math.floor(mostAccumulators / accumulators.length)
  for (let d = space.length - 2; d >= 0; d--) {
    const size = space[d]!
    const some = loads.filter((n) => depends(n, d)).length
    if (size > room || some === 0 || some === loads.length) continue
    axes.unshift(d)
    room = Math.floor(room / size)
  }
  return axes
}
