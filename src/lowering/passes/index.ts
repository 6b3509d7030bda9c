/** The passes in their order. Each is a function from programs to programs that compute the same, to the last bit. */
import type { Jaxpr } from '../../core/jaxpr.ts'
import { inlineJits } from './inline-jits.ts'
import { removeDead } from './remove-dead.ts'

export interface Pass {
  readonly name: string
  readonly run: (jaxpr: Jaxpr) => Jaxpr
}

export const passes: readonly Pass[] = [
  { name: 'inlineJits', run: inlineJits },
  { name: 'removeDead', run: removeDead },
]

export const optimize = (jaxpr: Jaxpr): Jaxpr => passes.reduce((j, pass) => pass.run(j), jaxpr)
