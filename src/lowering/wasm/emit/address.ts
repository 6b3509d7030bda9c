/** Index maps as i32 code, addresses that grow level by level, guards as conditions. */
import { coefficientOf, type Guard, type Index, type IndexAtom, indexKey, isNested, rangeOf, type Term } from '../../kernel-ir/index.ts'
import { indexMask } from '../arrange/index.ts'
import type { Local } from '../asm/index.ts'
import type { Address } from '../lanes/index.ts'
import { type Access, type Base, find, isVarying, note, type State } from './state.ts'

/** Pushes the value of an index map, at the vector variable plus `shift`. */
export function pushIndex(state: State, index: Index, shift: number): void {
  const { fn } = state.info
  let constant = index.constant
  let pushed = false
  const plus = (): void => {
    if (pushed) fn.emit('i32.add')
    pushed = true
  }
  for (const { coefficient, atom } of index.terms) {
    if (atom.kind === 'dim') {
      const at = state.bound.get(atom.dim)
      constant += coefficient * ((at?.constant ?? 0) + (atom.dim === state.info.vectorDim ? shift : 0))
      if (!at?.local) continue
      pushScaled(state, at.local, coefficient)
    } else {
      pushAtom(state, atom, shift)
      if (coefficient !== 1) fn.i32(coefficient).emit('i32.mul')
    }
    plus()
  }
  if (!pushed) fn.i32(constant)
  else if (constant !== 0) fn.i32(constant).emit('i32.add')
}

function pushScaled(state: State, local: Local, by: number): void {
  const { fn } = state.info
  fn.get(local)
  if (by === 1) return
  const log = Math.log2(by)
  if (Number.isInteger(log)) fn.i32(log).emit('i32.shl')
  else fn.i32(by).emit('i32.mul')
}

function pushAtom(state: State, atom: Exclude<IndexAtom, { kind: 'dim' }>, shift: number): void {
  const { fn, sizes } = state.info
  const { of, by } = atom
  // Unsigned division rounds down, so a value that may be negative is first raised by a multiple of the divisor. The range
  // counts whole vectors: lanes past the end of a row are computed too.
  const min = rangeOf(of, sizes).min - (isNestedLane(state, of) ? 4 * spread(state, of) : 0)
  const raise = min < 0 ? Math.ceil(-min / by) : 0
  pushIndex(state, raise > 0 ? { constant: of.constant + raise * by, terms: of.terms } : of, shift)
  const log = Math.log2(by)
  if (Number.isInteger(log)) {
    if (atom.kind === 'floorDiv') fn.i32(log).emit('i32.shr_u')
    else fn.i32(by - 1).emit('i32.and')
  } else fn.i32(by).emit(atom.kind === 'floorDiv' ? 'i32.div_u' : 'i32.rem_u')
  if (raise > 0 && atom.kind === 'floorDiv') fn.i32(raise).emit('i32.sub')
}

const isNestedLane = (state: State, of: Index): boolean => state.info.vectorDim !== null && (indexMask(of) & (1 << state.info.vectorDim)) !== 0
const spread = (state: State, of: Index): number => Math.abs(coefficientOf(of, state.info.vectorDim ?? -1))

export function accessOf(buffer: number, bytes: number, index: Index): Access {
  const monotone = index.constant >= 0 && index.terms.every((t) => t.coefficient >= 0 && (t.atom.kind === 'dim' || rangeOfAtomIsSafe(t.atom)))
  return { buffer, bytes, index, monotone }
}

// Remainders are never negative; a quotient is not where its operand is not.
const rangeOfAtomIsSafe = (atom: Exclude<IndexAtom, { kind: 'dim' }>): boolean =>
  atom.kind === 'mod' || (atom.of.constant >= 0 && atom.of.terms.every((t) => t.coefficient >= 0 && (t.atom.kind === 'dim' || rangeOfAtomIsSafe(t.atom))))

/** Adds to an access's address whatever terms have got values at this level. */
export function advance(state: State, access: Access): Base {
  const known = find(state, 'bases', access)
  if (known !== undefined && known.remaining.length === 0) return known
  const base = known ?? start(state, access)
  const now: Term[] = []
  const later: Term[] = []
  const { vectorDim } = state.info
  for (const term of base.remaining) {
    const mask = term.atom.kind === 'dim' ? 1 << term.atom.dim : indexMask(term.atom.of)
    // divisions of the vector variable differ from lane to lane in no regular way: they are added last, lane by lane
    const irregular = term.atom.kind !== 'dim' && vectorDim !== null && (mask & (1 << vectorDim)) !== 0
    if ((mask & ~state.mask) === 0 && !irregular) now.push(term)
    else later.push(term)
  }
  if (now.length === 0) {
    if (known === undefined) note(state, 'bases', access, base)
    return base
  }
  const scaled = now.map((t) => ({ coefficient: t.coefficient * access.bytes, atom: t.atom }))
  const key = `${base.key}${indexKey({ constant: 0, terms: scaled })}`
  let local = find(state, 'sums', key)
  if (local === undefined) local = addTerms(state, base.local, scaled, key)
  const next: Base = { key, local, remaining: later }
  note(state, 'bases', access, next)
  return next
}

function start(state: State, access: Access): Base {
  const pointer = state.info.pointer(access.buffer)
  if (access.monotone || access.index.constant === 0) return { key: `${access.buffer}:`, local: pointer, remaining: access.index.terms }
  const constant = access.index.constant * access.bytes
  const key = `${access.buffer}:${constant}:`
  let local = find(state, 'sums', key)
  if (local === undefined) {
    const { fn } = state.info
    local = fn.local('i32', 'base')
    fn.get(pointer).i32(constant).emit('i32.add').set(local)
    note(state, 'sums', key, local)
  }
  return { key, local, remaining: access.index.terms }
}

function addTerms(state: State, from: Local, terms: readonly Term[], key: string): Local {
  const { fn } = state.info
  const moving = terms.filter((t) => t.atom.kind !== 'dim' || state.bound.get(t.atom.dim)?.local)
  if (moving.length === 0) return from
  const local = fn.local('i32', 'at')
  fn.get(from)
  for (const term of moving) {
    if (term.atom.kind === 'dim') pushScaled(state, state.bound.get(term.atom.dim)!.local!, term.coefficient)
    else {
      pushAtom(state, term.atom, 0)
      if (term.coefficient !== 1) fn.i32(term.coefficient).emit('i32.mul')
    }
    fn.emit('i32.add')
  }
  fn.set(local)
  note(state, 'sums', key, local)
  return local
}

/** Byte distance between neighbouring lanes; null where it is not the same everywhere. */
export function laneStride(state: State, access: Access): number | null {
  const { vectorDim } = state.info
  if (vectorDim === null) return 0
  if (isNested(access.index, vectorDim)) return null
  return coefficientOf(access.index, vectorDim) * access.bytes
}

/**
 * The address of one lane of one fork, with all variables bound. `exact`: the sum is made by wrapping additions, because the
 * address without its constant may lie below the buffer (reversed axes, guarded reads).
 */
export function laneAddress(state: State, access: Access, fork: number, lane: number, extra: Local | null, exact: boolean): Address {
  const { fn, vectorDim } = state.info
  const base = advance(state, access)
  const shift = state.spread * fork + lane
  let offset = access.monotone ? access.index.constant : 0
  for (const { coefficient, atom } of access.index.terms) {
    if (atom.kind !== 'dim') continue
    offset += coefficient * ((state.bound.get(atom.dim)?.constant ?? 0) + (atom.dim === vectorDim ? shift : 0))
  }
  offset *= access.bytes
  let local = base.local
  const irregular = base.remaining
  const apart = offset !== 0 && (offset < 0 || exact || !access.monotone)
  if (irregular.length > 0 || extra !== null || apart) {
    fn.get(local)
    if (extra !== null) fn.get(extra).emit('i32.add')
    for (const term of irregular) {
      if (term.atom.kind === 'dim') continue
      pushAtom(state, term.atom, shift)
      fn.i32(term.coefficient * access.bytes).emit('i32.mul').emit('i32.add')
    }
    if (apart) {
      fn.i32(offset).emit('i32.add')
      offset = 0
    }
    local = fn.local('i32', 'lane')
    fn.set(local)
  }
  return { local, offset }
}

/** Whether a guard takes part in choosing between lanes. */
export const isLaneGuard = (state: State, guard: Guard): boolean => isVarying(state.info, indexMask(guard.index))

/** Pushes 1 where the guard holds at the vector variable plus `shift`, else 0. */
export function pushGuard(state: State, guard: Guard, shift: number): void {
  const { fn } = state.info
  pushIndex(state, { constant: guard.index.constant - guard.low, terms: guard.index.terms }, shift)
  fn.i32(guard.high - guard.low).emit('i32.lt_u')
}

/** A guard that is the same in all lanes, computed once at the level of its variables. */
export function uniformCondition(state: State, guard: Guard): Local {
  const key = `${guard.low}<${guard.high}:${indexKey(guard.index)}`
  const known = find(state, 'conditions', key)
  if (known !== undefined) return known
  const { fn } = state.info
  const local = fn.local('i32', 'holds')
  pushGuard(state, guard, 0)
  fn.set(local)
  note(state, 'conditions', key, local)
  return local
}
