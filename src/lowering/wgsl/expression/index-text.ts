/** Index maps and guards as WGSL expressions over loop variables of type i32. */
import { rangeOf, type Sizes } from '../../kernel-ir/index.ts'
import type { Guard, Index, IndexAtom } from '../../kernel-ir/index.ts'

/** `names[d]` is the variable of dimension d; a dimension of size 1 is 0 and has none. */
export interface Variables {
  readonly sizes: Sizes
  readonly names: readonly string[]
}

export function indexText(index: Index, v: Variables): string {
  const terms = index.terms.map(({ coefficient, atom }) => (coefficient === 1 ? atomText(atom, v) : `${atomText(atom, v)} * ${coefficient}i`))
  if (index.constant !== 0 || terms.length === 0) terms.push(`${index.constant}i`)
  return terms.length === 1 ? terms[0]! : `(${terms.join(' + ')})`
}

function atomText(atom: IndexAtom, v: Variables): string {
  if (atom.kind === 'dim') return v.names[atom.dim] ?? '0i'
  const of = indexText(atom.of, v)
  // Division rounds towards zero, which is down only for what is not negative.
  const { min } = rangeOf(atom.of, v.sizes)
  if (min >= 0) return `(${of} ${atom.kind === 'floorDiv' ? '/' : '%'} ${atom.by}i)`
  return atom.kind === 'floorDiv' ? `floor_div(${of}, ${atom.by}i)` : `floor_mod(${of}, ${atom.by}i)`
}

/**
 * All guards hold; null where there are none. Conditions are joined by `&`, here and wherever they are cheap: each `&&` is a branch, which costs
 * invocations more than a comparison, and drivers minutes where hundreds stand in one shader.
 */
export function guardText(guards: readonly Guard[], v: Variables): string | null {
  if (guards.length === 0) return null
  const one = ({ index, low, high }: Guard): string => {
    const text = indexText(index, v)
    const { min, max } = rangeOf(index, v.sizes)
    const sides = [...(min < low ? [`(${text} >= ${low}i)`] : []), ...(max >= high ? [`(${text} < ${high}i)`] : [])]
    return sides.length === 0 ? 'true' : sides.join(' & ')
  }
  return guards.map(one).join(' & ')
}
