/** The updates of a scatter as one function: in order, four places and values computed at a time. */
import { sizeOf } from '../../../core/aval.ts'
import { dtypeInfo } from '../../../core/dtype.ts'
import { InternalError } from '../../../core/errors.ts'
import { buffersOf, coefficientOf, isNested, type LoopKernel, type ScatterKernel } from '../../kernel-ir/index.ts'
import { dependenciesOf, normalizeLoop } from '../arrange/index.ts'
import type { FunctionRef, Local } from '../asm/index.ts'
import { combineValues, type Lanes, loadContiguous, loadSplat, storeContiguous, storeLane, type Value } from '../lanes/index.ts'
import { accessOf, laneAddress } from './address.ts'
import { laneOf, placesOf } from './evaluate.ts'
import { bindAll, nest, vectorLoop } from './loops.ts'
import type { EmitContext } from './phase.ts'
import { describeStage, hoist } from './schedule.ts'
import { type Access, rootState, type State, valueOf } from './state.ts'

const combining = { sum: 'add', prod: 'mul', min: 'min', max: 'max' } as const

export interface Updates {
  /** Its space in its simplest form. */
  readonly kernel: ScatterKernel
  /** Updates that are neighbours on the last axis go to neighbouring places, so that they are stored as one vector. */
  readonly together: boolean
  /** Neighbours that threads can share; 1: single updates. */
  readonly columns: number
  /** Points of the first axis. */
  readonly units: number
  /** Nanoseconds of all, roughly. */
  readonly time: number
}

export function updatesOf(given: ScatterKernel): Updates {
  const asLoop: LoopKernel = { kind: 'loop', name: given.name, space: given.space, stages: [{ kind: 'map', inner: [], nodes: given.nodes, stores: [{ buffer: given.out, index: given.index, node: given.value }] }] }
  const { space, stages } = normalizeLoop(asLoop)
  const [stage] = stages
  if (stage?.kind !== 'map') throw new InternalError('scatter', 'its nodes became no map')
  const index = stage.stores[0]?.index ?? given.index
  const last = space.length - 1
  const dependencies = dependenciesOf(stage.nodes, (1 << space.length) - 1)
  const together = last >= 1 && !isNested(index, last) && coefficientOf(index, last) === 1 && given.positions.every((p) => ((dependencies[p.position] ?? 0) & (1 << last)) === 0)
  return { kernel: { ...given, space, nodes: stage.nodes, index }, together, columns: together ? (space[last] ?? 1) : 1, units: space[0] ?? 1, time: sizeOf(space) }
}

/** `(begin, end, first column, last column, ...pointers)`: points of the first axis in order; ranges of four, where that is the only one. */
export function emitUpdates({ module, helpers }: EmitContext, name: string, { kernel, together }: Updates): FunctionRef {
  const { space, index, nodes } = kernel
  const buffers = buffersOf(kernel)
  const last = space.length - 1
  const fn = module.function(name, ['i32', 'i32', 'i32', 'i32', ...buffers.map(() => 'i32' as const)])
  const pointers = new Map<number, Local>(buffers.map((b, i) => [b, fn.param(4 + i)]))
  const options = { fn, helpers, sizes: space, spaceMask: (1 << space.length) - 1, vectorDim: last < 0 ? null : last, pointer: (b: number): Local => pointers.get(b)!, reduced: () => [] }
  const info = describeStage({ kind: 'map', inner: [], nodes, stores: [] }, options, [...kernel.positions.map((p) => p.position), kernel.value])
  const access = accessOf(kernel.out, dtypeInfo[kernel.dtype].bytes, index)
  const root = rootState({ ...info, storeAccesses: [access] })
  hoist(root)
  const update = ([state]: readonly State[], lanes: Lanes): void => {
    if (together) updateVector(kernel, access, state!, lanes)
    else updateLanes(kernel, access, state!, lanes)
  }
  const [begin, end] = [fn.param(0), fn.param(1)]
  if (last < 0) update([root], 1)
  else if (last === 0) vectorLoop(fn, [root], { dim: 0, size: space[0] ?? 1, part: { begin, end }, forks: 1 }, (states, _, lanes) => update(states, lanes))
  else {
    const unit = fn.local('i32', 'unit')
    const part = together ? { begin: fn.param(2), end: fn.param(3) } : null
    fn.forLoop(unit, begin, end, 1, () => {
      fn.scope(() => {
        nest(fn, bindAll([root], [[0, { local: unit, constant: 0 }]]), space.map((_, d) => d).slice(1, -1), (inside) => {
          vectorLoop(fn, inside, { dim: last, size: space[last] ?? 1, part, forks: 1 }, (states, _, lanes) => update(states, lanes))
        })
      })
    })
  }
  return fn
}

const isDropping = (kernel: ScatterKernel): boolean => kernel.mode === 'drop' && kernel.positions.length > 0

const given = (state: State) => (id: number): Value => valueOf(state, id, 0) ?? []

/** Neighbours, all at the place of the first. */
function updateVector(kernel: ScatterKernel, access: Access, state: State, lanes: Lanes): void {
  const { fn, helpers } = state.info
  const { combine, dtype, positions } = kernel
  const value = given(state)(kernel.value)
  const { sum, ok } = placesOf(fn, positions, given(state), access.bytes, isDropping(kernel))
  const write = (): void => {
    const address = laneAddress(state, access, 0, 0, positions.length > 0 ? laneOf(fn, sum, 0) : null, false)
    if (combine === 'set') return storeContiguous(fn, dtype, lanes, address, value)
    const old = loadContiguous(fn, dtype, lanes, address)
    storeContiguous(fn, dtype, lanes, address, combineValues({ fn, helpers }, combining[combine], dtype, old, value))
  }
  if (isDropping(kernel)) fn.get(laneOf(fn, ok, 0)).if(() => fn.scope(write))
  else write()
}

/** Each lane at a place of its own, one after the other, since two may be the same. */
function updateLanes(kernel: ScatterKernel, access: Access, state: State, lanes: Lanes): void {
  const { fn, helpers } = state.info
  const { combine, dtype, positions } = kernel
  const value = given(state)(kernel.value)
  const { sum, ok } = placesOf(fn, positions, given(state), access.bytes, isDropping(kernel))
  const write = (lane: number): void => {
    const address = laneAddress(state, access, 0, lane, positions.length > 0 ? laneOf(fn, sum, lane) : null, false)
    if (combine === 'set') return storeLane(fn, dtype, lane, value, address)
    const old = loadSplat(fn, dtype, address)
    storeLane(fn, dtype, lane, combineValues({ fn, helpers }, combining[combine], dtype, old, value), address)
  }
  const each = (body: (lane: number) => void): void => {
    for (let lane = 0; lane < lanes; lane++) fn.scope(() => body(lane))
  }
  if (!isDropping(kernel)) return each(write)
  const checked = (): void => each((lane) => void fn.get(laneOf(fn, ok, lane)).if(() => write(lane)))
  if (lanes === 4) fn.get(ok).emit('i32x4.all_true').if(() => each(write), checked)
  else checked()
}
