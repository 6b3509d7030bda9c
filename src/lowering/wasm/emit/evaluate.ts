/** One node as vector code: its value for one fork of the vector variable. */
import { type DType, dtypeInfo } from '../../../core/dtype.ts'
import { InternalError } from '../../../core/errors.ts'
import { coefficientOf, type Guard, type Index, isNested, type Node, type NodeId, type Position } from '../../kernel-ir/index.ts'
import type { FunctionBuilder, Local } from '../asm/index.ts'
import { applyPrimitive, applySide, fromInt32, fromStorageBits, keep, literal, loadContiguous, loadLanes, loadSplat, partsOf, selectParts, toStorageBits, type Value } from '../lanes/index.ts'
import { advance, isLaneGuard, laneAddress, laneStride, pushGuard, pushIndex, uniformCondition } from './address.ts'
import { isVarying, type State, valueOf } from './state.ts'
import { threefryWord } from './threefry.ts'

/** A node's value for each fork. */
export function evaluateForks(state: State, id: NodeId, forks: number): Value[] {
  const { info } = state
  const node = info.nodes[id]
  if (node?.op === 'apply') {
    const [input = -1] = node.inputs
    const nonPositive = info.nonPositive.has(input)
    if (forks === 1 && !nonPositive) return [evaluateNode(state, id, 0)]
    const operands = Array.from({ length: forks }, (_, fork) => valueOf(state, input, fork) ?? [])
    const side = applySide({ fn: info.fn, helpers: info.helpers }, node, operands, nonPositive)
    if (side !== null) return side
  }
  return Array.from({ length: forks }, (_, fork) => evaluateNode(state, id, fork))
}

/** Its value for one. */
export function evaluateNode(state: State, id: NodeId, fork: number): Value {
  const { info } = state
  const { fn } = info
  const node = info.nodes[id]
  if (node === undefined) throw new InternalError('emit', `no node ${id}`)
  const operand = (input: NodeId): Value => {
    const value = valueOf(state, input, fork)
    if (value === undefined) throw new InternalError('emit', `node ${id} (${node.op}) is computed before its operand ${input}`)
    return value
  }
  switch (node.op) {
    case 'load':
    case 'gather':
      return emitRead(state, node, id, fork, operand)
    case 'literal':
      return literal(fn, node.dtype, node.value)
    case 'index':
      return fromInt32(fn, node.dtype, indexVector(state, node.index, fork))
    case 'guarded':
      return emitGuarded(state, node, fork, operand)
    case 'apply':
      return applyPrimitive({ fn, helpers: info.helpers }, node, node.inputs.map(operand), node.inputs.map((i) => info.nodes[i]))
    case 'bitcast':
      return emitBitcast(state, info.nodes[node.input]?.dtype ?? node.dtype, node.dtype, operand(node.input))
    case 'threefry':
      return [threefryWord(state, node, fork, operand)]
    case 'reduced':
      return info.reduced(node.stage, node.output, fork)
    case 'accumulator':
      return state.accumulators[fork]?.[node.output] ?? literal(fn, node.dtype, 0)
  }
}

type Read = Extract<Node, { op: 'load' | 'gather' }>

function emitRead(state: State, node: Read, id: NodeId, fork: number, operand: (id: NodeId) => Value): Value {
  const { info } = state
  const { fn, vectorDim } = info
  const access = info.loads.get(id)
  if (access === undefined) throw new InternalError('emit', `node ${id} has no place`)
  const positions = node.op === 'gather' ? node.positions : []
  const laneGuards = node.guards.filter((g) => isLaneGuard(state, g))
  const same = node.guards.filter((g) => !isLaneGuard(state, g)).map((g) => uniformCondition(state, g))
  const fill = node.op === 'gather' && node.mode === 'fill'
  const scattered = positions.some((p) => isVarying(info, info.dependencies[p.position] ?? 0))
  const extra = new Map<number, Local>()
  let places: Places | null = null
  const allPlaces = (): Places => (places ??= placesOf(fn, positions, operand, access.bytes, fill))
  const place = (lane: number): Local | null => {
    const key = scattered ? lane : 0
    if (positions.length === 0) return null
    const known = extra.get(key)
    if (known !== undefined) return known
    const sum = laneOf(fn, allPlaces().sum, key)
    extra.set(key, sum)
    return sum
  }
  const exact = node.guards.length > 0
  const stride = laneStride(state, access)
  const { lanes } = state
  const varying = isVarying(info, info.dependencies[id] ?? 0)
  const fromLanes = (checked: boolean): Value =>
    loadLanes(fn, node.dtype, lanes, node.otherwise, (lane, load) => {
      place(lane)
      const read = (): void => load(laneAddress(state, access, fork, lane, place(lane), exact))
      let conditions = 0
      const and = (push: () => void): void => {
        push()
        if (conditions++ > 0) fn.emit('i32.and')
      }
      if (checked) for (const guard of laneGuards) and(() => pushGuard(state, guard, state.spread * fork + lane))
      if (conditions === 0) read()
      else fn.if(read)
    })
  const whole = (): Value => {
    if (scattered) {
      // Places outside are clamped, so they can be read: a choice is cheaper than a branch for each lane.
      const read = fromLanes(true)
      return fill ? selectParts(fn, node.dtype, allPlaces().ok, read, literal(fn, node.dtype, node.otherwise)) : read
    }
    if (!varying || stride === 0) return loadSplat(fn, node.dtype, laneAddress(state, access, fork, 0, place(0), exact))
    if (stride === access.bytes) return loadContiguous(fn, node.dtype, lanes, laneAddress(state, access, fork, 0, place(0), exact))
    return fromLanes(false)
  }
  const conditions = [...same]
  if (fill && !scattered) {
    place(0)
    conditions.push(laneOf(fn, allPlaces().ok, 0))
  } else if (!scattered) place(0)
  advance(state, access)
  const regular = laneGuards.every((g) => !isNested(g.index, vectorDim ?? -1))
  const read = (): Value => {
    if (laneGuards.length === 0 || scattered) return whole()
    if (!regular) return fromLanes(true)
    // an affine guard that holds in the first and the last lane holds between them
    for (const [i, guard] of laneGuards.entries()) {
      pushGuard(state, guard, state.spread * fork)
      if (i > 0) fn.emit('i32.and')
      if (lanes === 1) continue
      pushGuard(state, guard, state.spread * fork + lanes - 1)
      fn.emit('i32.and')
    }
    return either(state, node.dtype, whole, () => fromLanes(true))
  }
  if (conditions.length === 0) return read()
  for (const [i, local] of conditions.entries()) {
    fn.get(local)
    if (i > 0) fn.emit('i32.and')
  }
  return either(state, node.dtype, read, () => literal(fn, node.dtype, node.otherwise))
}

/** Of four lanes at once. */
export interface Places {
  /** The sum of the clamped positions, in bytes. */
  readonly sum: Local
  /** All ones where every position was inside, if asked for. */
  readonly ok: Local
}

/** Clamped in every mode: a place outside is never written, and what is read there is not used, but its address must stay in memory. */
export function placesOf(fn: FunctionBuilder, positions: readonly Position[], operand: (id: NodeId) => Value, bytes: number, check: boolean): Places {
  const sum = fn.local('v128', 'gathered')
  const ok = fn.local('v128', 'inside')
  for (const [i, p] of positions.entries()) {
    const [at] = operand(p.position)
    if (at === undefined) continue
    if (check) {
      fn.get(at).i32x4(p.limit).emit('i32x4.le_u')
      if (i > 0) fn.get(ok).emit('v128.and')
      fn.set(ok)
    }
    fn.get(at).i32x4(0).emit('i32x4.max_s').i32x4(p.limit).emit('i32x4.min_s')
    const scale = p.stride * bytes
    const log = Math.log2(scale)
    if (Number.isInteger(log)) fn.i32(log).emit('i32x4.shl')
    else fn.i32x4(scale).emit('i32x4.mul')
    if (i > 0) fn.get(sum).emit('i32x4.add')
    fn.set(sum)
  }
  return { sum, ok }
}

/** One lane of int32 in a local of its own. */
export function laneOf(fn: FunctionBuilder, vector: Local, lane: number): Local {
  const local = fn.local('i32', 'lane')
  fn.get(vector).lane('i32x4.extract_lane', lane).set(local)
  return local
}

/** One of two values by the i32 on the stack; only that branch runs. */
function either(state: State, dtype: DType, then: () => Value, otherwise: () => Value): Value {
  const { fn } = state.info
  const result = Array.from({ length: partsOf(dtype) }, () => fn.local('v128', 'read'))
  const into = (make: () => Value) => (): void => {
    fn.scope(() => {
      for (const [i, part] of make().entries()) fn.get(part).set(result[i]!)
    })
  }
  fn.if(into(then), into(otherwise))
  return result
}

/** An index map at the four lanes, as int32. */
export function indexVector(state: State, index: Index, fork: number): Local {
  const { fn, vectorDim } = state.info
  if (vectorDim === null || (!isNested(index, vectorDim) && coefficientOf(index, vectorDim) === 0)) {
    pushIndex(state, index, 0)
    return keep(fn.emit('i32x4.splat'), 'index')
  }
  if (!isNested(index, vectorDim)) {
    const c = coefficientOf(index, vectorDim)
    pushIndex(state, index, state.spread * fork)
    return keep(fn.emit('i32x4.splat').i32x4(0, c, 2 * c, 3 * c).emit('i32x4.add'), 'index')
  }
  fn.i32x4(0)
  for (let lane = 0; lane < 4; lane++) {
    pushIndex(state, index, state.spread * fork + lane)
    fn.lane('i32x4.replace_lane', lane)
  }
  return keep(fn, 'index')
}

function emitGuarded(state: State, node: Extract<Node, { op: 'guarded' }>, fork: number, operand: (id: NodeId) => Value): Value {
  if (node.guards.length === 0) return operand(node.inside)
  const { fn } = state.info
  for (const [i, guard] of node.guards.entries()) {
    pushLaneMask(state, guard, fork)
    if (i > 0) fn.emit('v128.and')
  }
  return selectParts(fn, node.dtype, keep(fn, 'mask'), operand(node.inside), operand(node.outside))
}

function pushLaneMask(state: State, guard: Guard, fork: number): void {
  const { fn } = state.info
  if (!isLaneGuard(state, guard)) {
    fn.i32(0).get(uniformCondition(state, guard)).emit('i32.sub').emit('i32x4.splat')
    return
  }
  const at = indexVector(state, { constant: guard.index.constant - guard.low, terms: guard.index.terms }, fork)
  fn.get(at).i32x4(guard.high - guard.low).emit('i32x4.lt_u')
}

function emitBitcast(state: State, from: DType, to: DType, x: Value): Value {
  const { fn } = state.info
  if (from === to || dtypeInfo[from].bytes >= 4) return x
  return fromStorageBits(fn, to, toStorageBits(fn, from, x))
}
