/** Computes nodes at the outermost level where all they depend on is known. */
import { dtypeInfo } from '../../../core/dtype.ts'
import { type Expression, inputsOf, type NodeId, type Sizes, type Stage, type Store } from '../../kernel-ir/index.ts'
import { dependenciesOf, guardReads, indexMask } from '../arrange/index.ts'
import type { FunctionBuilder, Local } from '../asm/index.ts'
import { storeContiguous, storeLanes, type Value } from '../lanes/index.ts'
import type { Helpers } from '../math/index.ts'
import { accessOf, advance, isLaneGuard, laneAddress, laneStride, uniformCondition } from './address.ts'
import { evaluateForks } from './evaluate.ts'
import { type Access, isVarying, note, type StageInfo, type State, valueOf } from './state.ts'

interface StageOptions {
  readonly fn: FunctionBuilder
  readonly helpers: Helpers
  readonly sizes: Sizes
  readonly spaceMask: number
  readonly vectorDim: number | null
  readonly pointer: (buffer: number) => Local
  readonly reduced: (stage: number, output: number, fork: number) => Value
  /** Nodes that are at most 0, or NaN. */
  readonly nonPositive?: ReadonlySet<NodeId>
  /** What a reduction stores of each element. */
  readonly alsoStores?: readonly Store[]
}

/** What a stage's nodes need, whatever the loops around them. */
export function describeStage(stage: Stage, { nonPositive = new Set(), alsoStores = [], ...o }: StageOptions, moreRoots: readonly NodeId[] = []): StageInfo {
  const stores: readonly Store[] = stage.kind === 'reduce' ? alsoStores : stage.stores
  const roots = [...moreRoots, ...stores.map((s) => s.node), ...(stage.kind === 'map' ? [] : stage.accumulators.flatMap((a) => (a.position === null ? [a.node] : [a.node, a.position])))]
  const nodes = guardReads(stage.nodes, roots)
  const needed = neededBy(nodes, roots)
  const loads = new Map<NodeId, Access>()
  for (const id of needed) {
    const node = nodes[id]
    if (node?.op === 'load' || node?.op === 'gather') loads.set(id, accessOf(node.buffer, dtypeInfo[node.dtype].bytes, node.index))
  }
  const storeAccesses = stores.map((s) => accessOf(s.buffer, dtypeInfo[nodes[s.node]?.dtype ?? 'float32'].bytes, s.index))
  return { ...o, nodes, stores, nonPositive, dependencies: dependenciesOf(nodes, o.spaceMask), needed, loads, storeAccesses }
}

function neededBy(nodes: Expression, roots: readonly NodeId[]): NodeId[] {
  const wanted = new Set(roots)
  for (let id = nodes.length - 1; id >= 0; id--) {
    const node = nodes[id]
    if (node !== undefined && wanted.has(id)) for (const input of inputsOf(node)) wanted.add(input)
  }
  return [...wanted].sort((a, b) => a - b)
}

/** Computes every wanted node, partial address and condition that this level's variables suffice for. */
export function hoist(state: State): void {
  const { info } = state
  state.open = (state.parent?.open ?? [...info.loads.values(), ...info.storeAccesses]).filter((access) => advance(state, access).remaining.length > 0)
  const waiting: NodeId[] = []
  for (const id of state.parent?.pending ?? info.needed) {
    const mask = info.dependencies[id] ?? 0
    const node = info.nodes[id]
    if (node === undefined) continue
    if ((mask & ~state.mask) !== 0) {
      waiting.push(id)
      if (node.op === 'load' || node.op === 'gather' || node.op === 'guarded')
        for (const guard of node.guards) if ((indexMask(guard.index) & ~state.mask) === 0 && !isLaneGuard(state, guard)) uniformCondition(state, guard)
      continue
    }
    const forks = isVarying(info, mask) ? state.forks : 1
    note(state, 'values', id, evaluateForks(state, id, forks))
  }
  state.pending = waiting
}

/** Stores of a stage, once all nodes have values. */
export function emitStores(state: State): void {
  const { fn, stores, storeAccesses, vectorDim, nodes } = state.info
  for (const [i, store] of stores.entries()) {
    const access = storeAccesses[i]
    const dtype = nodes[store.node]?.dtype
    if (access === undefined || dtype === undefined) continue
    const stride = laneStride(state, access)
    for (let fork = 0; fork < state.forks; fork++) {
      const value = valueOf(state, store.node, fork)
      if (value === undefined) continue
      if (vectorDim === null) storeContiguous(fn, dtype, 1, laneAddress(state, access, 0, 0, null, false), value)
      else if (stride === access.bytes) storeContiguous(fn, dtype, state.lanes, laneAddress(state, access, fork, 0, null, false), value)
      else storeLanes(fn, dtype, state.lanes, value, (lane) => laneAddress(state, access, fork, lane, null, false))
    }
  }
}
