/**
 * Accumulators of a reduction: several independent ones (forks) while it runs, combined in a fixed order at its end.
 *
 * Sums of float32 are accurate: after every block (about 32 additions a lane) the lanes are added to float64 totals, so the
 * error of a sum of any length is that of a few dozen additions.
 */
import { type DType, dtypeInfo } from '../../../core/dtype.ts'
import { InternalError } from '../../../core/errors.ts'
import type { Accumulator, Combine, PositionCombine } from '../../kernel-ir/index.ts'
import type { FunctionBuilder, Local } from '../asm/index.ts'
import { combineValues } from './apply.ts'
import { convert } from './convert.ts'
import { keep, type LaneContext, type Lanes, literal, partsOf, type Value } from './lanes.ts'
import { selectParts } from './select.ts'

type Fold = Exclude<Combine, PositionCombine>
export const primitiveOf: Readonly<Record<Fold, 'add' | 'mul' | 'max' | 'min' | 'and' | 'or' | 'xor'>> = { sum: 'add', prod: 'mul', max: 'max', min: 'min', and: 'and', or: 'or', xor: 'xor' }
const isSelect = (combine: Combine): combine is 'selectGe' | 'selectLe' => combine === 'selectGe' || combine === 'selectLe'

export interface Running {
  readonly accumulator: Accumulator
  /** The dtype it runs in: the node's, float32 for narrower floats. */
  readonly dtype: DType
  /** By fork: the value so far, in locals of its own. */
  readonly values: readonly Value[]
  /** Combines of positions: the position, by fork. */
  readonly positions: readonly Local[]
  /** Selects of floats that give the extremum as well: where there was a NaN, by fork. */
  readonly sawNaN: readonly Local[]
  /** Of the same selects: the signs of all elements, by `and` for a largest, by `or` for a smallest: where the extremum is a zero, that is its sign. By fork. */
  readonly signs: readonly Value[]
  /** Sums of float32 in blocks: float64 totals, by fork. */
  readonly totals: readonly Value[]
  /** Long maxima and minima of floats: what the cheap instruction loses, by fork. */
  readonly lost: readonly Lost[]
}

/**
 * `pmax` is one instruction where the engine makes eight of `max`, but drops NaNs and takes zeros of both signs for equal. So all
 * ones wherever there was a NaN; and the signs of all elements, by `and` for a max, by `or` for a min: where the result is a
 * zero, that is its sign.
 */
interface Lost {
  readonly nan: Value
  readonly signs: Value
}

/** Sums that lose accuracy when they are long. */
export const needsTotals = (a: Accumulator, nodeDType: DType): boolean => a.combine === 'sum' && dtypeInfo[nodeDType].kind === 'float' && nodeDType !== 'float64'

const runningDType = (dtype: DType): DType => (dtype === 'float16' || dtype === 'bfloat16' ? 'float32' : dtype)

/** Fresh accumulators at their identities. `withExtremum`: of a select, whose extremum is wanted too. */
export function startReduction(c: LaneContext, accumulator: Accumulator, nodeDType: DType, forks: number, totals: boolean, { withExtremum = false, long = false }: { readonly withExtremum?: boolean; readonly long?: boolean } = {}): Running {
  const dtype = runningDType(nodeDType)
  const copies = (d: DType, value: number | boolean): Value[] =>
    Array.from({ length: forks }, () => Array.from({ length: partsOf(d) }, () => mutable(c, literal(c.fn, d, value)[0])))
  return {
    accumulator,
    dtype,
    values: copies(dtype, identity(accumulator.combine, dtype)),
    positions: accumulator.position === null ? [] : copies('int32', isSelect(accumulator.combine) ? 0 : 0x7fffffff).map((v) => v[0]!),
    sawNaN: withExtremum && dtypeInfo[dtype].kind === 'float' ? copies('int32', 0).map((v) => v[0]!) : [],
    signs: withExtremum && dtypeInfo[dtype].kind === 'float' ? Array.from({ length: forks }, () => filled(c, dtype, accumulator.combine === 'selectGe' ? -1 : 0)) : [],
    totals: totals && needsTotals(accumulator, nodeDType) ? copies('float64', 0) : [],
    lost: long && isExtremum(accumulator.combine) && dtypeInfo[dtype].kind === 'float' ? startLost(c, accumulator.combine, dtype, forks) : [],
  }
}

const isExtremum = (combine: Combine): combine is 'max' | 'min' => combine === 'max' || combine === 'min'

function startLost(c: LaneContext, combine: 'max' | 'min', dtype: DType, forks: number): Lost[] {
  return Array.from({ length: forks }, () => ({ nan: filled(c, dtype, 0), signs: filled(c, dtype, combine === 'max' ? -1 : 0) }))
}

const filled = (c: LaneContext, dtype: DType, word: number): Value => Array.from({ length: partsOf(dtype) }, () => keep(c.fn.i32x4(word), 'lost'))

function mutable({ fn }: LaneContext, from: Local | undefined): Local {
  if (from === undefined) throw new InternalError('reduce', 'a value without parts')
  return keep(fn.get(from), 'sum')
}

export function identity(combine: Combine, dtype: DType): number | boolean {
  const { kind, bytes } = dtypeInfo[dtype]
  const bits = 8 * bytes
  const least = kind === 'float' ? -Infinity : kind === 'int' ? -(2 ** (bits - 1)) : 0
  const greatest = kind === 'float' ? Infinity : kind === 'int' ? 2 ** (bits - 1) - 1 : kind === 'bool' ? 1 : 2 ** bits - 1
  switch (combine) {
    case 'sum':
    case 'or':
    case 'xor':
      return 0
    case 'prod':
      return 1
    case 'max':
    case 'argmax':
    case 'selectGe':
      return least
    case 'min':
    case 'argmin':
    case 'selectLe':
      return greatest
    case 'and':
      return kind === 'int' ? -1 : greatest
  }
}

/**
 * What is known of a step: nothing; that it is the first into its fork; or that it comes after all others of its fork, in
 * order of position. The last two are cheaper for argmax and argmin. Steps of selects are always in order.
 */
export type Order = 'any' | 'first' | 'later'

/** Takes one vector into fork `fork`. Of fewer than four lanes, when lanes are elements of the reduction, the others are left out. */
export function reduceStep(c: LaneContext, r: Running, fork: number, x: Value, position: Local | null, lanes: Lanes, order: Order): void {
  const own = r.values[fork]
  if (own === undefined) throw new InternalError('reduce', `no fork ${fork}`)
  const place = r.positions[fork]
  const { combine } = r.accumulator
  const sawNaN = r.sawNaN[fork]
  if (sawNaN !== undefined) {
    c.fn.get(first(combineValues(c, 'ne', r.dtype, x, x)))
    if (order !== 'first') c.fn.get(sawNaN).emit('v128.or')
    c.fn.set(sawNaN)
  }
  for (const [i, part] of (r.signs[fork] ?? []).entries()) {
    c.fn.get(x[i]!)
    if (order !== 'first') c.fn.get(part).emit(combine === 'selectGe' ? 'v128.and' : 'v128.or')
    c.fn.set(part)
  }
  if (order === 'first' && lanes === 4 && (place !== undefined || combine === 'max' || combine === 'min')) {
    assign(c, own, x)
    if (place !== undefined && position !== null) c.fn.get(position).set(place)
    return
  }
  if (place !== undefined && position !== null && isSelect(combine)) {
    // `x <= own` rather than `own >= x`: x64 has no instruction for the latter
    const stays = first(combineValues(c, combine === 'selectGe' ? 'le' : 'ge', r.dtype, x, own))
    if (dtypeInfo[r.dtype].kind === 'float') {
      // one instruction that gives x where either is a NaN, as the select does, and x of equal ones, which compare alike
      for (const [i, part] of own.entries()) c.fn.get(x[i]!).get(part).emit(`${shapeOf(r)}.${combine === 'selectGe' ? 'pmax' : 'pmin'}`).set(part)
    } else assign(c, own, selectParts(c.fn, r.dtype, stays, own, x))
    c.fn.get(place).get(position).get(stays).emit('v128.bitselect').set(place)
    return
  }
  if (place !== undefined && position !== null && order === 'later' && lanes === 4) {
    // taken where it is better or a NaN, unless there was a NaN
    const worse = first(combineValues(c, combine === 'argmax' ? 'le' : 'ge', r.dtype, x, own))
    const isNumber = first(combineValues(c, 'eq', r.dtype, own, own))
    const take = keep(c.fn.get(isNumber).get(worse).emit('v128.andnot'), 'take')
    assign(c, own, selectParts(c.fn, r.dtype, take, x, own))
    c.fn.get(position).get(place).get(take).emit('v128.bitselect').set(place)
    return
  }
  let value = x
  let at = position
  if (lanes < 4) {
    const mask = keep(c.fn.i32x4(-1, lanes > 1 ? -1 : 0, lanes > 2 ? -1 : 0, 0), 'lanes')
    value = selectParts(c.fn, r.dtype, mask, x, literal(c.fn, r.dtype, identity(combine, r.dtype)))
    if (at !== null) at = selectParts(c.fn, 'int32', mask, [at], literal(c.fn, 'int32', 0x7fffffff))[0] ?? at
  }
  const lost = r.lost[fork]
  if (lost === undefined) return merge(c, r, own, r.positions[fork] ?? null, value, at)
  const lanesOf = shapeOf(r)
  const [keepSigns, pick] = combine === 'max' ? (['v128.and', 'pmax'] as const) : (['v128.or', 'pmin'] as const)
  for (const [i, part] of value.entries()) {
    const [most, nan, signs] = [own[i]!, lost.nan[i]!, lost.signs[i]!]
    c.fn.get(most).get(part).emit(`${lanesOf}.${pick}`).set(most)
    c.fn.get(nan).get(part).get(part).emit(`${lanesOf}.ne`).emit('v128.or').set(nan)
    c.fn.get(signs).get(part).emit(keepSigns).set(signs)
  }
}

const shapeOf = (r: Running): 'f32x4' | 'f64x2' => (r.dtype === 'float64' ? 'f64x2' : 'f32x4')

/** What is lost goes back into the extrema, which are as `max` and `min` give them afterwards. */
function recover({ fn }: LaneContext, r: Running): void {
  const lanesOf = shapeOf(r)
  const constant = (x: number): void => void (lanesOf === 'f32x4' ? fn.f32x4(x) : fn.f64x2(x))
  for (const [fork, { nan, signs }] of r.lost.entries()) {
    for (const [i, most] of r.values[fork]!.entries()) {
      constant(NaN)
      fn.get(signs[i]!).get(most)
      constant(-0)
      fn.get(most)
      constant(0)
      fn.emit(`${lanesOf}.eq`).emit('v128.and').emit('v128.bitselect').get(nan[i]!).emit('v128.bitselect').set(most)
    }
  }
}

// Combines (value, position) into the locals `own`, `place`.
function merge(c: LaneContext, r: Running, own: Value, place: Local | null, value: Value, position: Local | null): void {
  const { combine } = r.accumulator
  if (isSelect(combine)) throw new InternalError('reduce', `${combine} out of order`)
  if (combine !== 'argmax' && combine !== 'argmin') {
    assign(c, own, combineValues(c, primitiveOf[combine], r.dtype, own, value))
    return
  }
  if (place === null || position === null) throw new InternalError('reduce', `${combine} without a position`)
  const { fn } = c
  const better = first(combineValues(c, combine === 'argmax' ? 'gt' : 'lt', r.dtype, value, own))
  const newNaN = first(combineValues(c, 'ne', r.dtype, value, value))
  const oldNaN = first(combineValues(c, 'ne', r.dtype, own, own))
  const equal = first(combineValues(c, 'eq', r.dtype, value, own))
  // better, or the first NaN, or as good and earlier
  fn.get(better).get(newNaN).get(oldNaN).emit('v128.andnot').emit('v128.or')
  fn.get(equal).get(newNaN).get(oldNaN).emit('v128.and').emit('v128.or').get(position).get(place).emit('i32x4.lt_s').emit('v128.and').emit('v128.or')
  // a number never replaces a NaN: comparisons with NaN are false, and two NaNs go by position
  const take = keep(fn, 'take')
  assign(c, own, selectParts(fn, r.dtype, take, value, own))
  fn.get(position).get(place).get(take).emit('v128.bitselect').set(place)
}

const first = (v: Value): Local => v[0] as Local // every value has a part

function assign({ fn }: LaneContext, to: Value, from: Value): void {
  for (const [i, part] of from.entries()) fn.get(part).set(to[i]!)
}

/** Adds the lanes of a block to the totals and starts the next one. */
export function flush(c: LaneContext, r: Running): void {
  for (const [fork, total] of r.totals.entries()) {
    const block = r.values[fork] ?? []
    assign(c, total, combineValues(c, 'add', 'float64', total, convert(c.fn, 'float32', 'float64', block)))
    for (const part of block) c.fn.i32x4(0).set(part)
  }
}

/** The result of each fork, lanes apart: for reductions whose lanes are points of the parallel space. */
export function finishLanes(c: LaneContext, r: Running): Value[] {
  if (r.positions.length > 0) return r.positions.map((p) => [p])
  recover(c, r)
  if (r.totals.length > 0) {
    flush(c, r)
    return r.totals.map((t) => convert(c.fn, 'float64', r.accumulator.dtype, t))
  }
  return r.values.map((v) => convert(c.fn, r.dtype, r.accumulator.dtype, v))
}

/** The extremum itself, which a finished select carries beside its position, but for NaN and the signs of zeros: for a max or min of the same node. */
export const extremum = (c: LaneContext, r: Running, a: Accumulator): Value[] =>
  r.values.map((v, fork) => {
    const [sawNaN, signs] = [r.sawNaN[fork], r.signs[fork]]
    if (sawNaN === undefined || signs === undefined) return convert(c.fn, r.dtype, a.dtype, v)
    const isZero = first(combineValues(c, 'eq', r.dtype, v, literal(c.fn, r.dtype, 0)))
    const zeros = literal(c.fn, r.dtype, -0).map((sign, i) => keep(c.fn.get(sign).get(signs[i]!).emit('v128.and')))
    const signed = selectParts(c.fn, r.dtype, isZero, zeros, v)
    return convert(c.fn, r.dtype, a.dtype, selectParts(c.fn, r.dtype, sawNaN, literal(c.fn, r.dtype, NaN), signed))
  })

/** One result in every lane: for reductions over the vector axis. */
export function finishAcross(c: LaneContext, r: Running): Value {
  const { fn } = c
  recover(c, r)
  // forks in pairs, a fixed tree
  for (let width = 1; width < r.values.length; width *= 2)
    for (let i = 0; i + width < r.values.length; i += 2 * width) merge(c, r, r.values[i]!, r.positions[i] ?? null, r.values[i + width]!, r.positions[i + width] ?? null)
  let total = r.totals[0]
  if (total !== undefined) {
    for (let i = 1; i < r.totals.length; i++) assign(c, total, combineValues(c, 'add', 'float64', total, r.totals[i]!))
    total = combineValues(c, 'add', 'float64', total, convert(fn, 'float32', 'float64', r.values[0]!))
    for (const by of [2, 1]) total = combineValues(c, 'add', 'float64', total, rotate(fn, total, by))
    return convert(fn, 'float64', r.accumulator.dtype, total)
  }
  const own = r.values[0]!
  const place = r.positions[0] ?? null
  for (const by of [2, 1]) merge(c, r, own, place, rotate(fn, own, by), place === null ? null : first(rotate(fn, [place], by)))
  return place === null ? convert(fn, r.dtype, r.accumulator.dtype, own) : [place]
}

/** Lanes exchanged with those `by` (2 or 1) away. */
function rotate(fn: FunctionBuilder, x: Value, by: number): Value {
  const [a, b, d, e] = x
  if (a === undefined) return x
  if (b === undefined) return [keep(by === 2 ? fn.get(a).get(a).shuffle32(2, 3, 0, 1) : fn.get(a).get(a).shuffle32(1, 0, 3, 2))]
  // copies: the originals are written to while these are still read
  const copy = (v: Local): Local => keep(fn.get(v))
  if (d === undefined || e === undefined) {
    if (by === 2) return [copy(b), copy(a)]
    return [a, b].map((v) => keep(fn.get(v).get(v).shuffle32(2, 3, 0, 1)))
  }
  return (by === 2 ? [d, e, a, b] : [b, a, e, d]).map(copy)
}
