/** The subscripts of `einsum`: 'ij,jk->ik', with ellipses. */
import { ArgumentError, ShapeError } from '../core/errors.ts'

export interface Subscripts {
  /** A label for every axis of every operand; the axes of an ellipsis are '0', '1' … from the right. */
  readonly inputs: readonly (readonly string[])[]
  readonly output: readonly string[]
}

/** @throws ArgumentError when malformed, ShapeError when an operand's rank does not fit. */
export function parseSubscripts(subscripts: string, ranks: readonly number[]): Subscripts {
  const refuse = (message: string): never => {
    throw new ArgumentError('einsum', `subscripts '${subscripts}' ${message}`)
  }
  const parts = subscripts.replaceAll(' ', '').split('->')
  if (parts.length > 2) refuse("hold '->' twice")
  const terms = parts[0]!.split(',')
  if (terms.length !== ranks.length) refuse(`name ${terms.length} operands, and ${ranks.length} were given`)
  for (const term of [...terms, parts[1] ?? '']) if (!/^[A-Za-z]*(\.\.\.)?[A-Za-z]*$/.test(term)) refuse(`hold '${term}'; a term is letters with at most one '...' among them`)
  const inputs = terms.map((term, i) => labelsOf(subscripts, term, ranks[i]!))
  const count = Math.max(0, ...inputs.map((labels) => labels.filter(isEllipsis).length))
  return { inputs, output: parts[1] === undefined ? implicit(inputs, count) : explicit(parts[1], inputs, count, refuse) }
}

const isEllipsis = (label: string): boolean => label >= '0' && label <= '9'
/** Counted from the right, so that axes of ellipses of different ranks line up; the first is the leftmost. */
const ellipsis = (count: number): string[] => Array.from({ length: count }, (_, i) => String(count - 1 - i))

function labelsOf(subscripts: string, term: string, rank: number): readonly string[] {
  const [before, after] = term.split('...')
  const named = term.replace('...', '').length
  if (after === undefined ? named !== rank : named > rank) {
    throw new ShapeError('einsum', `subscripts '${subscripts}' give '${term}' to an array of rank ${rank}; takes one letter for each axis`)
  }
  return [...before!, ...(after === undefined ? [] : [...ellipsis(rank - named), ...after])]
}

function implicit(inputs: readonly (readonly string[])[], count: number): readonly string[] {
  const all = inputs.flat()
  const once = all.filter((l) => !isEllipsis(l) && all.indexOf(l) === all.lastIndexOf(l))
  return [...ellipsis(count), ...once.sort()]
}

function explicit(term: string, inputs: readonly (readonly string[])[], count: number, refuse: (message: string) => never): readonly string[] {
  const [before, after] = term.split('...')
  const labels = [...before!, ...(after === undefined ? [] : [...ellipsis(count), ...after])]
  const all = new Set(inputs.flat())
  for (const [i, l] of labels.entries()) {
    if (!all.has(l)) refuse(`have '${l}' in the result and in no operand`)
    if (labels.indexOf(l) !== i) refuse(`have '${l}' twice in the result`)
  }
  return labels
}
