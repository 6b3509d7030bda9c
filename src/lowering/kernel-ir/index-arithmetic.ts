/**
 * Arithmetic of quasi-affine index maps: ranges, substitution, simplification. Everything here keeps maps in one
 * normal form (loop variables first and in order, equal atoms collected, divisions split where their ranges allow it),
 * so that equal maps usually have equal keys.
 */
import type { Guard, Index, IndexAtom, Term } from './index-map.ts'

/** The extent of each loop variable. */
export type Sizes = readonly number[]

export interface Range {
  readonly min: number
  readonly max: number
}

export const constantIndex = (constant: number): Index => ({ constant, terms: [] })

export const dimIndex = (dim: number): Index => ({ constant: 0, terms: [{ coefficient: 1, atom: { kind: 'dim', dim } }] })

/** The loop variables `first`, `first + 1`, … as an index vector. */
export const dimVector = (rank: number, first = 0): Index[] => Array.from({ length: rank }, (_, k) => dimIndex(first + k))

/** The coefficient of a loop variable outside of divisions and remainders. */
export function coefficientOf(index: Index, dim: number): number {
  for (const { coefficient, atom } of index.terms) if (atom.kind === 'dim' && atom.dim === dim) return coefficient
  return 0
}

/** Whether a loop variable stands under a division or remainder. */
export function isNested(index: Index, dim: number): boolean {
  return index.terms.some(({ atom }) => atom.kind !== 'dim' && mentions(atom.of, dim))
}

export function mentions(index: Index, dim: number): boolean {
  return index.terms.some(({ atom }) => (atom.kind === 'dim' ? atom.dim === dim : mentions(atom.of, dim)))
}

/** Calls `visit` with every loop variable in the index, repeated or not. */
export function eachDim(index: Index, visit: (dim: number) => void): void {
  for (const { atom } of index.terms)
    if (atom.kind === 'dim') visit(atom.dim)
    else eachDim(atom.of, visit)
}

/** The loop variable that the index is, or null: neither a sum nor a multiple. */
export function loneDim(index: Index): number | null {
  const [term, ...more] = index.terms
  if (term === undefined || more.length > 0 || index.constant !== 0) return null
  return term.coefficient === 1 && term.atom.kind === 'dim' ? term.atom.dim : null
}

function atomRange(atom: IndexAtom, sizes: Sizes): Range {
  switch (atom.kind) {
    case 'dim':
      return { min: 0, max: Math.max(0, (sizes[atom.dim] ?? 1) - 1) }
    case 'floorDiv': {
      const { min, max } = rangeOf(atom.of, sizes)
      return { min: Math.floor(min / atom.by), max: Math.floor(max / atom.by) }
    }
    case 'mod': {
      const { min, max } = rangeOf(atom.of, sizes)
      return min >= 0 && max < atom.by ? { min, max } : { min: 0, max: atom.by - 1 }
    }
  }
}

/** Bounds of an index over the whole space; not always attained. */
export function rangeOf(index: Index, sizes: Sizes): Range {
  let min = index.constant
  let max = index.constant
  for (const { coefficient, atom } of index.terms) {
    const range = atomRange(atom, sizes)
    min += coefficient * (coefficient < 0 ? range.max : range.min)
    max += coefficient * (coefficient < 0 ? range.min : range.max)
  }
  return { min, max }
}

/** The same index over other loop variables: `into(dim)` says what a variable becomes; `sizes` are the new extents. */
export function substitute(index: Index, into: (dim: number) => Index, sizes: Sizes): Index {
  let constant = index.constant
  const terms: Term[] = []
  for (const { coefficient, atom } of index.terms) {
    const becomes = atom.kind === 'dim' ? into(atom.dim) : reduceAtom(atom.kind, substitute(atom.of, into, sizes), atom.by, sizes)
    constant += coefficient * becomes.constant
    for (const term of becomes.terms) terms.push({ coefficient: coefficient * term.coefficient, atom: term.atom })
  }
  return collect(constant, terms, sizes)
}

export const simplify = (index: Index, sizes: Sizes): Index => substitute(index, dimIndex, sizes)

export const addIndex = (a: Index, b: Index, sizes: Sizes): Index => collect(a.constant + b.constant, [...a.terms, ...b.terms], sizes)

export const addConstant = (a: Index, constant: number): Index => (constant === 0 ? a : { constant: a.constant + constant, terms: a.terms })

export const scaleIndex = (a: Index, by: number): Index =>
  by === 1 ? a : by === 0 ? constantIndex(0) : { constant: a.constant * by, terms: a.terms.map((t) => ({ coefficient: t.coefficient * by, atom: t.atom })) }

export const floorDivIndex = (of: Index, by: number, sizes: Sizes): Index => reduceAtom('floorDiv', of, by, sizes)

export const modIndex = (of: Index, by: number, sizes: Sizes): Index => reduceAtom('mod', of, by, sizes)

/** The row-major position of an index vector in an array of `shape`. */
export function flattenIndex(index: readonly Index[], shape: readonly number[], sizes: Sizes): Index {
  let constant = 0
  const terms: Term[] = []
  let stride = 1
  for (let k = shape.length - 1; k >= 0; k--) {
    const { constant: c, terms: ts } = index[k]!
    constant += c * stride
    for (const t of ts) terms.push({ coefficient: t.coefficient * stride, atom: t.atom })
    stride *= shape[k]!
  }
  return collect(constant, terms, sizes)
}

/** The index vector of the row-major position `flat` in an array of `shape`. */
export function unflattenIndex(flat: Index, shape: readonly number[], sizes: Sizes): Index[] {
  const out = new Array<Index>(shape.length)
  // The first axis longer than 1 takes the quotient as it is: positions are within the array.
  const first = shape.findIndex((n) => n !== 1)
  let stride = 1
  for (let k = shape.length - 1; k >= 0; k--) {
    const size = shape[k]!
    const quotient = floorDivIndex(flat, stride, sizes)
    out[k] = size === 1 ? constantIndex(0) : k === first ? quotient : modIndex(quotient, size, sizes)
    stride *= Math.max(1, size)
  }
  return out
}

// floorDiv(by·a + b, by) = a + floorDiv(b, by); mod(by·a + b, by) = mod(b, by); both vanish where 0 <= b < by.
function reduceAtom(kind: 'floorDiv' | 'mod', of: Index, by: number, sizes: Sizes): Index {
  if (by === 1) return kind === 'floorDiv' ? of : constantIndex(0)
  const whole: Term[] = []
  const rest: Term[] = []
  for (const term of of.terms) {
    if (term.coefficient % by === 0) whole.push({ coefficient: term.coefficient / by, atom: term.atom })
    else rest.push(term)
  }
  const quotient = Math.floor(of.constant / by)
  const inner: Index = { constant: of.constant - quotient * by, terms: rest }
  const { min, max } = rangeOf(inner, sizes)
  if (min >= 0 && max < by) return kind === 'floorDiv' ? { constant: quotient, terms: whole } : inner
  if (kind === 'mod') return remainder(inner, by, sizes)
  const divided = quotientOf(inner, by, sizes)
  return whole.length === 0 && quotient === 0 ? divided : collect(quotient + divided.constant, [...whole, ...divided.terms], sizes)
}

const lone = (atom: IndexAtom): Index => ({ constant: 0, terms: [{ coefficient: 1, atom }] })

// floor((g·x + c) / (g·k)) = floor((x + floor(c/g)) / k); floor(floor(x/a) / b) = floor(x / ab); floor((x mod ab) / b) = floor(x/b) mod a.
function quotientOf(of: Index, by: number, sizes: Sizes): Index {
  let g = by
  for (const t of of.terms) g = gcd(g, t.coefficient)
  if (g > 1) {
    const smaller = { constant: Math.floor(of.constant / g), terms: of.terms.map((t) => ({ coefficient: t.coefficient / g, atom: t.atom })) }
    return reduceAtom('floorDiv', smaller, by / g, sizes)
  }
  const apart = digits(of, by, sizes)
  if (apart !== null) return reduceAtom('floorDiv', apart.high, by / apart.by, sizes)
  const sole = soleAtom(of)
  if (sole?.kind === 'floorDiv') return reduceAtom('floorDiv', sole.of, sole.by * by, sizes)
  if (sole?.kind === 'mod' && sole.by % by === 0) return reduceAtom('mod', reduceAtom('floorDiv', sole.of, by, sizes), sole.by / by, sizes)
  return lone({ kind: 'floorDiv', of, by })
}

// (x mod ab) mod b = x mod b; (g·x) mod (g·k) = g·(x mod k).
function remainder(of: Index, by: number, sizes: Sizes): Index {
  let g = by
  for (const t of of.terms) g = gcd(g, t.coefficient)
  if (g > 1) {
    const rest = ((of.constant % g) + g) % g
    const smaller = { constant: (of.constant - rest) / g, terms: of.terms.map((t) => ({ coefficient: t.coefficient / g, atom: t.atom })) }
    return addConstant(scaleIndex(reduceAtom('mod', smaller, by / g, sizes), g), rest)
  }
  const apart = digits(of, by, sizes)
  if (apart !== null) return addIndex(scaleIndex(reduceAtom('mod', apart.high, by / apart.by, sizes), apart.by), apart.low, sizes)
  const sole = soleAtom(of)
  if (sole?.kind === 'mod' && sole.by % by === 0) return reduceAtom('mod', sole.of, by, sizes)
  return lone({ kind: 'mod', of, by })
}

/**
 * `of` as b·high + low with 0 <= low < b for a proper divisor b of `by`: then floor(of / (b·k)) = floor(high / k), and
 * of mod (b·k) = b·(high mod k) + low. Null where there is none.
 */
function digits(of: Index, by: number, sizes: Sizes): { readonly by: number; readonly high: Index; readonly low: Index } | null {
  const bounds = new Set(of.terms.map((t) => gcd(by, t.coefficient)))
  for (const b of [...bounds].sort((p, q) => q - p)) {
    if (b === 1 || b === by) continue
    const quotient = Math.floor(of.constant / b)
    const low: Index = { constant: of.constant - quotient * b, terms: of.terms.filter((t) => t.coefficient % b !== 0) }
    if (low.terms.length === of.terms.length) continue
    const { min, max } = rangeOf(low, sizes)
    if (min < 0 || max >= b) continue
    const high: Index = { constant: quotient, terms: of.terms.filter((t) => t.coefficient % b === 0).map((t) => ({ coefficient: t.coefficient / b, atom: t.atom })) }
    return { by: b, high, low }
  }
  return null
}

function soleAtom(of: Index): IndexAtom | null {
  const [term] = of.terms
  return of.terms.length === 1 && of.constant === 0 && term!.coefficient === 1 ? term!.atom : null
}

function gcd(a: number, b: number): number {
  let x = Math.abs(a)
  let y = Math.abs(b)
  while (y !== 0) [x, y] = [y, x % y]
  return x
}

// Terms of equal atoms are added; loop variables come first, in order. by·floorDiv(x, by) + mod(x, by) becomes x.
function collect(constant: number, terms: readonly Term[], sizes: Sizes): Index {
  const byDim = new Map<number, number>()
  let others: Term[] | null = null
  for (const term of terms) {
    if (term.coefficient === 0) continue
    if (term.atom.kind === 'dim') byDim.set(term.atom.dim, (byDim.get(term.atom.dim) ?? 0) + term.coefficient)
    else (others ??= []).push(term)
  }
  const out: Term[] = []
  for (const dim of [...byDim.keys()].sort((a, b) => a - b)) {
    const coefficient = byDim.get(dim) ?? 0
    if (coefficient !== 0 && (sizes[dim] ?? 2) > 1) out.push({ coefficient, atom: { kind: 'dim', dim } })
  }
  if (others === null) return { constant, terms: out }
  const merged = new Map<string, Term>()
  for (const term of others) {
    const key = atomKey(term.atom)
    const known = merged.get(key)
    merged.set(key, known ? { coefficient: known.coefficient + term.coefficient, atom: term.atom } : term)
  }
  for (const [key, { coefficient, atom }] of merged) {
    if (coefficient === 0 || atom.kind !== 'mod') continue
    const quotient = reduceAtom('floorDiv', atom.of, atom.by, sizes)
    const [term] = quotient.terms
    if (quotient.terms.length !== 1 || quotient.constant !== 0 || term!.atom.kind === 'dim') continue
    const twin = atomKey(term!.atom)
    if (merged.get(twin)?.coefficient !== coefficient * atom.by * term!.coefficient) continue
    merged.delete(twin)
    merged.delete(key)
    const scaled = atom.of.terms.map((t) => ({ coefficient: t.coefficient * coefficient, atom: t.atom }))
    return collect(constant + coefficient * atom.of.constant, [...out, ...merged.values(), ...scaled], sizes)
  }
  for (const key of [...merged.keys()].sort()) {
    const term = merged.get(key)!
    if (term.coefficient !== 0) out.push(term)
  }
  return { constant, terms: out }
}

const atomKey = (atom: IndexAtom): string =>
  atom.kind === 'dim' ? `d${atom.dim}` : `${atom.kind === 'mod' ? 'm' : 'q'}${atom.by}(${indexKey(atom.of)})`

const keys = new WeakMap<Index, string>()

/** Equal for equal maps, as far as normal form makes them alike. */
export function indexKey(index: Index): string {
  let key = keys.get(index)
  if (key === undefined) {
    key = String(index.constant)
    for (const t of index.terms) key += `+${t.coefficient}${atomKey(t.atom)}`
    keys.set(index, key)
  }
  return key
}

export const sameIndex = (a: Index, b: Index): boolean => a === b || indexKey(a) === indexKey(b)

export const guardKey = (g: Guard): string => `${g.low}<=${indexKey(g.index)}<${g.high}`

/** The guards that can fail, each once; null when one can never hold. */
export function reduceGuards(guards: readonly Guard[], sizes: Sizes): readonly Guard[] | null {
  const out = new Map<string, Guard>()
  for (const g of guards) {
    const { min, max } = rangeOf(g.index, sizes)
    if (g.low >= g.high || max < g.low || min >= g.high) return null
    if (min >= g.low && max < g.high) continue
    out.set(guardKey(g), g)
  }
  return [...out.values()]
}

/** Guards over other loop variables; null when one can never hold. */
export function simplifyGuards(guards: readonly Guard[], into: (dim: number) => Index, sizes: Sizes): readonly Guard[] | null {
  return reduceGuards(
    guards.map((g) => ({ ...g, index: substitute(g.index, into, sizes) })),
    sizes,
  )
}
