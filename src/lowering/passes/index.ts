/** The passes in their order. Each is a function from programs to programs that compute the same. */
import type { Jaxpr } from '../../core/jaxpr.ts'
import { brought } from '../brought.ts'
import { canonicalContractions } from './canonical-contractions.ts'
import { foldConstants } from './fold-constants.ts'
import { inlineJits } from './inline-jits.ts'
import { mergeEqual } from './merge-equal.ts'
import { rectifiedMasks } from './rectified-masks.ts'
import { removeDead } from './remove-dead.ts'
import { simplify } from './simplify.ts'

export interface Pass {
  readonly name: string
  readonly run: (jaxpr: Jaxpr) => Jaxpr
  /** Present where sums are added up in another order, so that last bits may differ; every other pass keeps every bit. */
  readonly reorders?: true
}

/** Where nobody brought scans there are none. */
const overScans = (pass: 'cleanScans' | 'hoistFromScans' | 'sinkFromScans') => (jaxpr: Jaxpr): Jaxpr => brought[pass]?.(jaxpr) ?? jaxpr

export const passes: readonly Pass[] = [
  { name: 'inlineJits', run: inlineJits },
  // Before anything else is looked at: rules of differentiation leave much that nobody reads.
  { name: 'removeDead', run: removeDead },
  { name: 'simplify', run: simplify },
  { name: 'foldConstants', run: foldConstants },
  { name: 'mergeEqual', run: mergeEqual },
  { name: 'cleanScans', run: overScans('cleanScans') },
  { name: 'rectifiedMasks', run: rectifiedMasks },
  // Once more, over what folding and merging brought together.
  { name: 'simplify', run: simplify },
  { name: 'foldConstants', run: foldConstants },
  { name: 'canonicalContractions', run: canonicalContractions },
  { name: 'removeDead', run: removeDead },
  // On canonical products: a transposed one is recognised as what it is.
  { name: 'hoistFromScans', run: overScans('hoistFromScans') },
  // A loop from which everything was hoisted only repeats what it reads.
  { name: 'cleanScans', run: overScans('cleanScans') },
  { name: 'sinkFromScans', run: overScans('sinkFromScans'), reorders: true },
  // What left two loops may be equal, or move what was moved inside.
  { name: 'simplify', run: simplify },
  { name: 'mergeEqual', run: mergeEqual },
  { name: 'removeDead', run: removeDead },
]

export const optimize = (jaxpr: Jaxpr): Jaxpr => passes.reduce((j, pass) => pass.run(j), jaxpr)
