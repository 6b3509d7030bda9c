/** Arithmetic of quasi-affine index maps: ranges, substitution, simplification. */
import type { Guard, Index, IndexAtom, Term } from '../../kernel-ir/index.ts'

/** The extent of each loop variable. */
export type Sizes = readonly number[]

export interface Range {
  readonly min: number
  readonly max: number
}

export const constantIndex = (constant: number): Index => ({ constant, terms: [] })

export const dimIndex = (dim: number): Index => ({ constant: 0, terms: [{ coefficient: 1, atom: { kind: 'dim', dim } }] })

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

export function atomRange(atom: IndexAtom, sizes: Sizes): Range {
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

/** The same index over other loop variables: `into(dim)` says what a variable becomes. */
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
  const atom: IndexAtom = { kind, of: inner, by }
  if (kind === 'mod') return { constant: 0, terms: [{ coefficient: 1, atom }] }
  return { constant: quotient, terms: [...whole, { coefficient: 1, atom }] }
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
  for (const { coefficient, atom } of merged.values()) {
    if (coefficient === 0 || atom.kind !== 'mod') continue
    const twin = atomKey({ kind: 'floorDiv', of: atom.of, by: atom.by })
    if (merged.get(twin)?.coefficient !== coefficient * atom.by) continue
    merged.delete(twin)
    merged.delete(atomKey(atom))
    const scaled = atom.of.terms.map((t) => ({ coefficient: t.coefficient * coefficient, atom: t.atom }))
    return collect(constant + coefficient * atom.of.constant, [...out, ...merged.values(), ...scaled], sizes)
  }
  for (const term of merged.values()) if (term.coefficient !== 0) out.push(term)
  return { constant, terms: out }
}

export const atomKey = (atom: IndexAtom): string =>
  atom.kind === 'dim' ? `d${atom.dim}` : `${atom.kind === 'mod' ? 'm' : 'q'}${atom.by}(${indexKey(atom.of)})`

/** Equal for equal maps, as far as `simplify` makes them alike. */
export const indexKey = (index: Index): string => `${index.constant}${index.terms.map((t) => `+${t.coefficient}${atomKey(t.atom)}`).join('')}`

/** Guards that can fail; null when one can never hold. */
export function simplifyGuards(guards: readonly Guard[], into: (dim: number) => Index, sizes: Sizes): readonly Guard[] | null {
  const out: Guard[] = []
  for (const { index, low, high } of guards) {
    const to = substitute(index, into, sizes)
    const { min, max } = rangeOf(to, sizes)
    if (min >= low && max < high) continue
    if (max < low || min >= high || low >= high) return null
    // a lone variable with a coefficient dividing both bounds and so on is left as it stands: only ranges matter here
    out.push({ index: to, low, high })
  }
  return out
}
