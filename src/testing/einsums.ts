/** Einstein sums with arrays that fit. */
import type fc from 'fast-check'
import { Choices, tapes } from './choices.ts'
import { checkCount, checkOptions } from './options.ts'

/** Subscripts for `np.einsum`, and shapes of its operands. */
export interface Einsum {
  readonly subscripts: string
  readonly shapes: readonly (readonly number[])[]
}

export interface EinsumsOptions {
  /** How many arrays at most: 3. */
  readonly operands?: number
  /** The largest size of an axis: 3. */
  readonly maxSize?: number
}

const letters = 'ijklm'

/**
 * Einstein sums of one to three arrays: contractions, traces, outer products, transposes, batches; with axes behind `...`
 * and without `->` at times.
 *
 * @example
 * fc.assert(fc.property(einsums(), ({ subscripts, shapes }) => {
 *   np.einsum(subscripts, ...shapes.map((s) => np.ones(s)))
 * }))
 */
export function einsums(options: EinsumsOptions = {}): fc.Arbitrary<Einsum> {
  checkOptions('einsums', options, ['operands', 'maxSize'])
  const { operands = 3, maxSize = 3 } = options
  checkCount('einsums', 'operands', operands, 1)
  checkCount('einsums', 'maxSize', maxSize, 1)
  return tapes(50).map((tape) => einsumOf(new Choices(tape), operands, maxSize))
}

function einsumOf(choices: Choices, most: number, maxSize: number): Einsum {
  const sizes = new Map(Array.from(letters, (l): [string, number] => [l, choices.between(1, maxSize)]))
  const dots = choices.oneIn(4) ? Array.from({ length: choices.between(1, 2) }, () => choices.between(1, maxSize)) : null
  const inputs = Array.from({ length: choices.between(1, most) }, () => Array.from({ length: choices.between(1, 3) }, () => choices.of(Array.from(letters)) ?? 'i').join(''))
  // Letters of the result stand in some operand, once each.
  const used = [...new Set(inputs.flatMap((input) => Array.from(input)))]
  const output = choices.oneIn(4) ? null : choices.shuffled(choices.some(used)).join('')
  const ellipsis = dots === null ? '' : '...'
  const subscripts = `${inputs.map((input) => ellipsis + input).join(',')}${output === null ? '' : `->${ellipsis}${output}`}`
  return { subscripts, shapes: inputs.map((input) => [...(dots ?? []), ...Array.from(input, (l) => sizes.get(l) ?? 1)]) }
}
